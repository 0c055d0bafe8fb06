//! Servers: instances of EC2.

use std::sync::PoisonError;

use byop_core::cloud::is_no_capacity;
use byop_core::model::{PowerAction, Server, ServerFilter, ServerId, ServerSpec, ServerState, SshKeyId};
use byop_core::{Error, ErrorKind, Result, Secret};

use super::client::{Age, Form};
use super::convert::{self, KEY, MARKED, is_failed, is_gone, is_ours};
use super::error::has_code;
use super::locate::{foreign, hollow, missing, not_yet};
use super::wire::{Image, Instance, KeyPair};
use super::{Aws, user_data};
use crate::http::Repeat;

const CREATE: &str = "server.create";
const LIST: &str = "server.list";

/// All but `terminated`.
const PRESENT: [&str; 5] = ["pending", "running", "stopping", "stopped", "shutting-down"];

impl Aws {
    /// One call, because the vendor keeps the key unique. Before a second one of the same key it is looked for: the
    /// vendor forgets keys one day, and what only behaves like the vendor may not know them.
    pub(super) async fn create(&self, spec: &ServerSpec) -> Result<Server> {
        check_labels(spec)?;
        self.check_region(CREATE, &spec.region).await?;
        let region = spec.region.0.as_str();
        let image = self.known_image(CREATE, region, &spec.image).await?;
        let (key, others) = self.keys(region, &spec.ssh_keys).await?;
        let data = user_data::encode(spec.user_data.as_ref(), &others)?;
        let form = self.run_instances(spec, &image, key, data)?;
        let turn = self.turns.of(&spec.key);
        let mut earlier = turn.lock().await;
        let asked = Some(form.digest());
        if earlier.is_some()
            && let Some(server) = self.made(spec).await?
        {
            return if *earlier == asked { Ok(server) } else { Err(another(spec, &server)) };
        }
        *earlier = asked;
        let how = (Repeat::Keyed, Age::Fresh);
        let started = self.api.ec2_as(CREATE, region, form, how, Instance::started).await;
        let started = started.map_err(|error| refused(error, spec))?;
        let instance = started.into_iter().next().ok_or_else(|| hollow(CREATE, "RunInstances"))?;
        // The vendor may know the key of a server that was removed meanwhile.
        if is_gone(&instance) && !is_failed(&instance) {
            return Err(Error::new(ErrorKind::Conflict, CREATE, "the server of this key was removed")
                .with_context("key", &spec.key)
                .with_context("server", &instance.id)
                .with_remedy("use a new key for another server"));
        }
        Ok(convert::server(region, &instance))
    }

    /// The server of this key, as far as lists show it.
    async fn made(&self, spec: &ServerSpec) -> Result<Option<Server>> {
        let filter = ServerFilter::all().with_key(&spec.key).with_region(spec.region.clone());
        Ok(self.list(&filter).await?.into_iter().next())
    }

    /// All parameters follow from the specification, so that a second try is the same.
    fn run_instances(
        &self,
        spec: &ServerSpec,
        image: &Image,
        key: Option<String>,
        data: Option<Secret>,
    ) -> Result<Form> {
        let config = &self.api.config;
        let mut form = Form::new("RunInstances")
            .with("ImageId", &image.id)
            .with("InstanceType", &spec.size)
            .with("MinCount", "1")
            .with("MaxCount", "1")
            .with("ClientToken", format!("byop-{}", spec.key))
            .with("InstanceInitiatedShutdownBehavior", "stop")
            .with("MetadataOptions.HttpTokens", "required")
            .with("MetadataOptions.HttpEndpoint", "enabled")
            .with("MetadataOptions.HttpPutResponseHopLimit", "2");
        if let Some(root) = &image.root_device {
            let needs =
                image.disks.iter().find(|disk| disk.device.as_ref() == Some(root)).and_then(|disk| disk.gib);
            let gib = u64::from(config.disk_gib).max(needs.unwrap_or(0));
            form = form
                .with("BlockDeviceMapping.1.DeviceName", root)
                .with("BlockDeviceMapping.1.Ebs.VolumeType", "gp3")
                .with("BlockDeviceMapping.1.Ebs.VolumeSize", gib.to_string())
                .with("BlockDeviceMapping.1.Ebs.DeleteOnTermination", "true");
        }
        if let Some(key) = key {
            form = form.with("KeyName", key);
        }
        let firewall =
            spec.firewall.as_ref().map(|firewall| self.there(&spec.region.0, "firewall", &firewall.0));
        let firewall = firewall.transpose()?;
        if let Some(subnet) = &config.subnet {
            form = form
                .with("NetworkInterface.1.DeviceIndex", "0")
                .with("NetworkInterface.1.SubnetId", subnet)
                .with("NetworkInterface.1.AssociatePublicIpAddress", "true")
                .with("NetworkInterface.1.DeleteOnTermination", "true")
                .with_list("NetworkInterface.1.SecurityGroupId", firewall);
        } else {
            form = form.with_list("SecurityGroupId", firewall);
        }
        if let Some(data) = data {
            form = form.with("UserData", data.expose());
        }
        Ok(form.with_tags(&["instance", "volume"], &convert::tags(&spec.name, Some(&spec.key), &spec.labels)))
    }

    /// What the vendor calls a thing that has to be in this region.
    fn there<'a>(&self, region: &str, what: &'static str, id: &'a str) -> Result<&'a str> {
        let (where_it_is, name) = self.locate(CREATE, id)?;
        if where_it_is == region {
            return Ok(name);
        }
        Err(Error::invalid(CREATE, format!("this {what} is in another region than the server"))
            .with_context(what, id)
            .with_context("region", region)
            .with_remedy("make it in the server's region"))
    }

    /// The name of the key that the vendor lets in, and the texts of all others.
    async fn keys(&self, region: &str, ids: &[SshKeyId]) -> Result<(Option<String>, Vec<String>)> {
        let names: Vec<_> =
            ids.iter().map(|id| self.there(region, "ssh_key", &id.0)).collect::<Result<_>>()?;
        let Some((first, others)) = names.split_first() else { return Ok((None, Vec::new())) };
        if others.is_empty() {
            return Ok((Some((*first).to_owned()), Vec::new()));
        }
        let form =
            Form::new("DescribeKeyPairs").with_list("KeyName", others).with("IncludePublicKey", "true");
        let found = self.api.ec2(CREATE, region, form, KeyPair::list).await?;
        let text = |name: &&str| {
            let key = found.iter().find(|key| key.name == **name).and_then(|key| key.public_key.clone());
            key.ok_or_else(|| missing(CREATE, "ssh_key", name))
        };
        Ok((Some((*first).to_owned()), others.iter().map(text).collect::<Result<_>>()?))
    }

    /// An instance of ours that is not gone.
    pub(super) async fn our_instance(&self, operation: &'static str, id: &ServerId) -> Result<Instance> {
        let (region, name) = self.locate(operation, &id.0)?;
        let found = self.instance(operation, region, name).await?.filter(|instance| !is_gone(instance));
        let instance = found.ok_or_else(|| missing(operation, "server", &id.0))?;
        if is_ours(&instance.tags) { Ok(instance) } else { Err(foreign(operation, &id.0)) }
    }

    pub(super) async fn get(&self, id: &ServerId) -> Result<Server> {
        const GET: &str = "server.get";
        let (region, name) = self.locate(GET, &id.0)?;
        let found = self.instance(GET, region, name).await?;
        let is_there = |instance: &Instance| {
            // One that could not be started is shown until somebody has removed it.
            !is_gone(instance) || (is_failed(instance) && !self.was_removed(&id.0))
        };
        let instance = found.filter(is_there).ok_or_else(|| missing(GET, "server", &id.0))?;
        Ok(convert::server(region, &instance))
    }

    fn was_removed(&self, id: &str) -> bool {
        self.removed.lock().unwrap_or_else(PoisonError::into_inner).contains(id)
    }

    pub(super) async fn list(&self, filter: &ServerFilter) -> Result<Vec<Server>> {
        let mut form = instances();
        if let Some(key) = &filter.key {
            form = form.with_filter(format!("tag:{KEY}"), [key]);
        }
        for (label, value) in &filter.labels {
            form = form.with_filter(format!("tag:{label}"), [value]);
        }
        let ask = |region: String| {
            let form = form.clone();
            async move {
                if filter.region.as_ref().is_some_and(|wanted| wanted.0 != region) {
                    return Ok(Vec::new());
                }
                let found = self.api.ec2_list(LIST, &region, form, Instance::list).await?;
                Ok(found.iter().map(|instance| convert::server(&region, instance)).collect())
            }
        };
        let mut servers = self.everywhere(ask).await?;
        servers.retain(|server| filter.is_match(server));
        servers.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        Ok(servers)
    }

    pub(super) async fn switch(&self, id: &ServerId, action: PowerAction) -> Result<()> {
        const POWER: &str = "server.power";
        let instance = self.our_instance(POWER, id).await?;
        let action = match (action, instance.state.as_str()) {
            (PowerAction::Start, "running" | "pending") | (PowerAction::Stop, "stopped" | "stopping") => {
                return Ok(());
            }
            (PowerAction::Start | PowerAction::Restart, "stopped") => "StartInstances",
            (PowerAction::Stop, "running") => "StopInstances",
            (PowerAction::Restart, "running") => "RebootInstances",
            _ => return Err(busy(POWER, id, &instance)),
        };
        let (region, name) = self.locate(POWER, &id.0)?;
        self.api.ec2(POWER, region, Form::new(action).with("InstanceId.1", name), |_| ()).await
    }

    pub(super) async fn resize(&self, id: &ServerId, size: &str) -> Result<()> {
        const RESIZE: &str = "server.resize";
        let instance = self.our_instance(RESIZE, id).await?;
        if instance.size == size {
            return Ok(());
        }
        if instance.state != "stopped" {
            return Err(
                busy(RESIZE, id, &instance).with_remedy("stop it, wait until it is stopped, and try again")
            );
        }
        let (region, name) = self.locate(RESIZE, &id.0)?;
        let form =
            Form::new("ModifyInstanceAttribute").with("InstanceId", name).with("InstanceType.Value", size);
        self.api.ec2(RESIZE, region, form, |_| ()).await.map_err(|error| match error.kind() {
            // Of another architecture, or one that the zone does not have: nothing that time would mend.
            ErrorKind::Unavailable if is_no_capacity(&error) => {
                Error::invalid(RESIZE, error.message()).with_context("size", size).with_source(error)
            }
            _ => error.with_context("size", size),
        })
    }

    pub(super) async fn terminate(&self, operation: &'static str, id: &ServerId) -> Result<()> {
        let (region, name) = self.locate(operation, &id.0)?;
        let Some(instance) = self.instance(operation, region, name).await? else { return Ok(()) };
        let ours = is_ours(&instance.tags);
        if is_failed(&instance) && ours {
            self.removed.lock().unwrap_or_else(PoisonError::into_inner).insert(id.0.clone());
        }
        if is_gone(&instance) {
            return Ok(());
        }
        if !ours {
            return Err(foreign(operation, &id.0));
        }
        if convert::server(region, &instance).state == ServerState::Deleting {
            return Ok(());
        }
        let form = Form::new("TerminateInstances").with("InstanceId.1", name);
        match self.api.ec2(operation, region, form, |_| ()).await {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }
}

/// All instances of ours that are not gone.
pub(super) fn instances() -> Form {
    Form::new("DescribeInstances")
        .with("MaxResults", "1000")
        .with_filter(MARKED, ["1"])
        .with_filter("instance-state-name", PRESENT)
}

fn check_labels(spec: &ServerSpec) -> Result<()> {
    if let Some(label) = spec.labels.keys().find(|label| convert::is_reserved(label)) {
        return Err(Error::invalid(CREATE, "this label is byop's own")
            .with_context("label", label)
            .with_remedy("choose another name for the label"));
    }
    if spec.labels.len() > 40 {
        return Err(Error::invalid(CREATE, "a server can have at most 40 labels")
            .with_context("labels", spec.labels.len())
            .with_remedy("leave some out"));
    }
    Ok(())
}

fn another(spec: &ServerSpec, server: &Server) -> Error {
    Error::new(ErrorKind::Conflict, CREATE, "the key belongs to a server of another spec")
        .with_context("key", &spec.key)
        .with_context("server", &server.id)
        .with_remedy("use a new key for another server")
}

fn busy(operation: &'static str, id: &ServerId, instance: &Instance) -> Error {
    Error::new(ErrorKind::Conflict, operation, "the server is in a state in which this cannot be done")
        .with_context("server", id)
        .with_context("state", &instance.state)
        .with_remedy("wait until it has come to rest, and try again")
}

fn refused(error: Error, spec: &ServerSpec) -> Error {
    let error = error.with_context("size", &spec.size).with_context("region", &spec.region);
    match error.kind() {
        ErrorKind::Conflict => error.with_context("key", &spec.key),
        // It is made a moment before its server.
        ErrorKind::NotFound if has_code(&error, "InvalidGroup.NotFound") => not_yet(CREATE, error),
        _ => error,
    }
}
