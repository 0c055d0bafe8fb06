//! Servers.

use std::collections::BTreeMap;

use byop_core::clock::Timestamp;
use byop_core::model::ResourceKind;

use super::answer::{Fault, set, tag};
use super::disks::Volume;
use super::form::{Form, passes};
use super::images::TYPES;
use super::state::{Base, State, tag_set, written};

pub(super) struct Instance {
    pub(super) base: Base,
    pub(super) size: String,
    pub(super) image: String,
    pub(super) state: &'static str,
    pub(super) reason: Option<(&'static str, &'static str)>,
    pub(super) groups: Vec<String>,
    pub(super) launched_at: Timestamp,
    /// Its own address, and from when on it is known.
    address: (Timestamp, String),
    /// The next state, and when.
    then: Option<(Timestamp, &'static str)>,
    pub(super) gone_at: Option<Timestamp>,
    token: Option<String>,
    /// What it was asked for with.
    asked: BTreeMap<String, String>,
}

const BY_USER: (&str, &str) =
    ("Client.UserInitiatedShutdown", "Client.UserInitiatedShutdown: User initiated shutdown");
const NO_HOST: (&str, &str) =
    ("Server.InsufficientInstanceCapacity", "Insufficient capacity to satisfy instance request");

impl Instance {
    /// `true` when it has just gone.
    pub(super) fn settle(&mut self, now: Timestamp) -> bool {
        let Some((at, state)) = self.then.take_if(|(at, _)| *at <= now) else { return false };
        self.state = state;
        if state == "terminated" {
            self.gone_at = Some(at);
            return true;
        }
        false
    }

    fn shown(&self, state: &State, now: Timestamp) -> String {
        let code = match self.state {
            "pending" => 0,
            "running" => 16,
            "shutting-down" => 32,
            "terminated" => 48,
            "stopping" => 64,
            _ => 80,
        };
        let mut text = tag("instanceId", &self.base.id)
            + &tag("imageId", &self.image)
            + &format!("<instanceState>{}{}</instanceState>", tag("code", code), tag("name", self.state))
            + &tag("instanceType", &self.size)
            + &tag("launchTime", written(self.launched_at))
            + &tag("privateIpAddress", "172.31.0.4")
            + &format!(
                "<placement>{}</placement>",
                tag("availabilityZone", format!("{}a", self.base.region))
            );
        if let Some((code, message)) = self.reason {
            text += &format!("<stateReason>{}{}</stateReason>", tag("code", code), tag("message", message));
        }
        let reserved =
            state.addresses.iter().find(|address| address.instance.as_ref() == Some(&self.base.id));
        if self.state == "running" {
            match reserved {
                Some(address) => text += &tag("ipAddress", &address.ip),
                None if self.address.0 <= now => text += &tag("ipAddress", &self.address.1),
                None => {}
            }
        }
        let disk = tag("deviceName", "/dev/xvda")
            + &format!(
                "<ebs>{}{}</ebs>",
                tag("status", "attached"),
                tag("attachTime", written(self.base.made_at))
            );
        text + &set("blockDeviceMapping", [disk]) + &tag_set(&self.base.tags)
    }
}

impl State {
    pub(super) fn describe_instances(
        &mut self,
        form: &Form,
        region: &str,
        now: Timestamp,
    ) -> Result<String, Fault> {
        let ids = form.list("InstanceId");
        for id in &ids {
            if !id.starts_with("i-") {
                return Err(Fault::new(400, "InvalidInstanceID.Malformed", format!("Invalid id: \"{id}\"")));
            }
            self.instance(id, region, now)?;
        }
        let mut found = Vec::new();
        for instance in self.instances.iter().filter(|instance| instance.base.region == region) {
            let wanted = if ids.is_empty() {
                instance.base.listed_at <= now
            } else {
                ids.contains(&instance.base.id.as_str())
            };
            let value = |name: &str| match name {
                "instance-state-name" => Some(instance.state.to_owned()),
                _ => None,
            };
            if wanted && passes(form, &instance.base.tags, value)? {
                found.push(
                    tag("reservationId", format!("r-{}", &instance.base.id[2..]))
                        + &set("instancesSet", [instance.shown(self, now)]),
                );
            }
        }
        self.page(form, "reservationSet", found)
    }

    /// An instance that is known by its id.
    fn instance(&mut self, id: &str, region: &str, now: Timestamp) -> Result<&mut Instance, Fault> {
        self.instances
            .iter_mut()
            .find(|instance| {
                instance.base.id == id && instance.base.region == region && instance.base.known_at <= now
            })
            .ok_or_else(|| Fault::missing("InvalidInstanceID", id))
    }

    pub(super) fn run_instances(
        &mut self,
        form: &Form,
        region: &str,
        now: Timestamp,
    ) -> Result<String, Fault> {
        let token = form.get("ClientToken").map(str::to_owned);
        if token.as_ref().is_some_and(|token| token.len() > 64) {
            return Err(Fault::complaint("InvalidParameterValue", "ClientToken is longer than 64"));
        }
        let same = |instance: &&Instance| instance.token == token && instance.base.region == region;
        if let Some(known) = self.instances.iter().filter(|_| token.is_some()).find(same) {
            if known.asked != form.params {
                let message = "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).";
                return Err(Fault::new(400, "IdempotentParameterMismatch", message));
            }
            return Ok(set("instancesSet", [known.shown(self, now)]));
        }
        self.check_run(form, region, now)?;
        let tags = form.tags("instance");
        let base = self.base("i", region, tags, now);
        let fails = self.broken > 0;
        self.broken = self.broken.saturating_sub(1);
        let up_at = now.plus(self.times.boot);
        let [.., high, low] = self.counter.to_be_bytes();
        let groups = [form.list("SecurityGroupId"), form.list("NetworkInterface.1.SecurityGroupId")].concat();
        let instance = Instance {
            base: base.clone(),
            size: form.need("InstanceType").to_owned(),
            image: form.need("ImageId").to_owned(),
            state: "pending",
            reason: fails.then_some(NO_HOST),
            groups: groups.into_iter().map(str::to_owned).collect(),
            launched_at: now,
            address: (up_at.plus(self.times.address), format!("203.0.{}.{low}", 113 + u16::from(high % 100))),
            then: Some((up_at, if fails { "terminated" } else { "running" })),
            gone_at: None,
            token,
            asked: form.params.clone(),
        };
        let shown = instance.shown(self, now);
        self.enter(ResourceKind::Server, &base, now);
        let volume = self.base("vol", region, form.tags("volume"), now);
        self.volumes.push(Volume { base: volume, instance: Some(base.id), gib: 20 });
        self.instances.push(instance);
        Ok(set("instancesSet", [shown]))
    }

    fn check_run(&self, form: &Form, region: &str, now: Timestamp) -> Result<(), Fault> {
        let size = form.need("InstanceType");
        if !TYPES.iter().any(|known| known.0 == size) {
            let message = format!("Invalid value '{size}' for InstanceType.");
            return Err(Fault::new(400, "InvalidParameterValue", message));
        }
        let image = form.need("ImageId");
        if !image.starts_with("ami-") {
            return Err(Fault::new(400, "InvalidAMIID.Malformed", format!("Invalid id: \"{image}\"")));
        }
        let image = self.images.iter().find(|found| found.base.id == image && found.base.region == region);
        let image = image.ok_or_else(|| Fault::missing("InvalidAMIID", form.need("ImageId")))?;
        if form.get("BlockDeviceMapping.1.DeviceName") != Some("/dev/xvda") {
            return Err(Fault::complaint("InvalidBlockDeviceMapping", "this is not the image's root device"));
        }
        let architecture = TYPES.iter().find(|known| known.0 == size).map_or("", |known| known.3);
        if architecture != image.architecture {
            let message = "The architecture of the specified instance type does not match that of the AMI.";
            return Err(Fault::new(400, "InvalidParameterValue", message));
        }
        for (name, value) in [
            ("MinCount", "1"),
            ("MaxCount", "1"),
            ("MetadataOptions.HttpTokens", "required"),
            ("BlockDeviceMapping.1.Ebs.VolumeType", "gp3"),
        ] {
            if form.get(name) != Some(value) {
                return Err(Fault::complaint("InvalidParameterValue", format!("{name} should be {value}")));
            }
        }
        if form.tags("volume").is_empty()
            || form.tags("instance").is_empty()
            || form.get("ClientToken").is_none()
        {
            return Err(Fault::complaint(
                "InvalidParameterValue",
                "byop tags what it makes and gives a token",
            ));
        }
        if let Some(key) = form.get("KeyName")
            && !self.keys.iter().any(|known| known.base.id == key && known.base.region == region)
        {
            let message = format!("The key pair '{key}' does not exist");
            return Err(Fault::new(400, "InvalidKeyPair.NotFound", message));
        }
        for id in [form.list("SecurityGroupId"), form.list("NetworkInterface.1.SecurityGroupId")].concat() {
            let is_it = |group: &&super::network::Group| group.base.id == id && group.base.region == region;
            if self.groups.iter().find(is_it).is_none_or(|group| group.base.known_at > now) {
                return Err(Fault::missing("InvalidGroup", id));
            }
        }
        if self.sold_out.contains(size) {
            let message = format!(
                "We currently do not have sufficient {size} capacity in the Availability Zone you requested."
            );
            return Err(Fault::new(500, "InsufficientInstanceCapacity", message));
        }
        if self.instances.iter().filter(|instance| instance.gone_at.is_none()).count() >= self.quota {
            let message = "You have requested more vCPU capacity than your current vCPU limit allows";
            return Err(Fault::new(400, "VcpuLimitExceeded", message));
        }
        Ok(())
    }

    pub(super) fn switch(&mut self, form: &Form, region: &str, now: Timestamp) -> Result<String, Fault> {
        let (boot, address) = (self.times.boot, self.times.address);
        let instance = self.instance(form.need("InstanceId.1"), region, now)?;
        let wrong = |instance: &Instance| {
            let message = format!("The instance '{}' is in the state {}", instance.base.id, instance.state);
            Err(Fault::new(400, "IncorrectInstanceState", message))
        };
        match (form.action.as_str(), instance.state) {
            ("StartInstances", "running" | "pending")
            | ("StopInstances", "stopped" | "stopping")
            | ("RebootInstances", "running") => {}
            ("StartInstances", "stopped") => {
                instance.state = "pending";
                instance.reason = None;
                instance.then = Some((now.plus(boot), "running"));
                instance.launched_at = now;
                instance.address.0 = now.plus(boot).plus(address);
            }
            ("StopInstances", "running") => {
                instance.state = "stopping";
                instance.reason = Some(BY_USER);
                instance.then = Some((now.plus(boot), "stopped"));
            }
            _ => return wrong(instance),
        }
        instance.settle(now);
        let shown = instance.state;
        Ok(set("instancesSet", [format!("<currentState>{}</currentState>", tag("name", shown))]))
    }

    pub(super) fn terminate(&mut self, form: &Form, region: &str, now: Timestamp) -> Result<String, Fault> {
        let gone_at = now.plus(self.times.delete);
        let instance = self.instance(form.need("InstanceId.1"), region, now)?;
        if !matches!(instance.state, "terminated" | "shutting-down") {
            instance.state = "shutting-down";
            instance.reason = Some(BY_USER);
            instance.then = Some((gone_at, "terminated"));
        }
        let shown = instance.state;
        self.settle(now);
        Ok(set("instancesSet", [format!("<currentState>{}</currentState>", tag("name", shown))]))
    }

    pub(super) fn modify(&mut self, form: &Form, region: &str, now: Timestamp) -> Result<String, Fault> {
        let size = form.need("InstanceType.Value").to_owned();
        let instance = self.instance(form.need("InstanceId"), region, now)?;
        if instance.state != "stopped" {
            return Err(Fault::new(
                400,
                "IncorrectInstanceState",
                "The instance must be in a 'stopped' state",
            ));
        }
        let architecture = |name: &str| TYPES.iter().find(|known| known.0 == name).map(|known| known.3);
        if architecture(&size).is_none() || architecture(&size) != architecture(&instance.size) {
            let message = format!("Invalid value '{size}' for InstanceType.");
            return Err(Fault::new(400, "InvalidInstanceAttributeValue", message));
        }
        instance.size = size;
        Ok(tag("return", true))
    }

    /// One that runs already.
    pub(super) fn planted_instance(&self, base: Base, now: Timestamp) -> Instance {
        Instance {
            base,
            size: "t3.micro".into(),
            image: super::images::DEBIAN.into(),
            state: "running",
            reason: None,
            groups: Vec::new(),
            launched_at: now,
            address: (now, "198.51.100.9".into()),
            then: None,
            gone_at: None,
            token: None,
            asked: BTreeMap::new(),
        }
    }
}
