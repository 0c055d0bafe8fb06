//! What there is to have: types of instances, images, and the parameters that name them.

use byop_core::clock::Timestamp;
use byop_core::model::ResourceKind;
use serde_json::{Value, json};

use super::answer::{Fault, json as answer_json, set, tag};
use super::disks::Copy;
use super::form::{Form, passes};
use super::state::{Base, State, Tags, tag_set, written};
use crate::http::{Request, Response};

/// Name, processors, memory in MiB, architecture.
pub(super) const TYPES: [(&str, u32, u64, &str); 5] = [
    ("t3.micro", 2, 1024, "x86_64"),
    ("t3.small", 2, 2048, "x86_64"),
    ("t3.medium", 2, 4096, "x86_64"),
    ("t4g.small", 2, 2048, "arm64"),
    ("c5.large", 2, 4096, "x86_64"),
];

pub(super) const DEBIAN: &str = "ami-00000000000000d12";

pub(super) struct Image {
    pub(super) base: Base,
    pub(super) name: String,
    pub(super) owner: &'static str,
    pub(super) architecture: &'static str,
    pub(super) ready_at: Timestamp,
    pub(super) state: &'static str,
    pub(super) copies: Vec<String>,
}

impl Image {
    pub(super) fn settle(&mut self, now: Timestamp) {
        if self.state == "pending" && self.ready_at <= now {
            self.state = "available";
        }
    }
}

const US: &str = "123456789012";

/// The images of others.
pub(super) fn catalog() -> Vec<Image> {
    let old = Timestamp(1_790_000_000_000);
    let new = Timestamp(1_794_000_000_000);
    let all = [
        (DEBIAN, "debian-12-amd64-20261101-2285", "136693071363", "x86_64", new),
        ("ami-00000000000000d11", "debian-12-amd64-20260901-2200", "136693071363", "x86_64", old),
        ("ami-00000000000000a12", "debian-12-arm64-20261101-2285", "136693071363", "arm64", new),
        ("ami-00000000000000f12", "debian-12-amd64-20261120-9999", "666666666666", "x86_64", new),
        (
            "ami-0000000000000024a",
            "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20260901",
            "099720109477",
            "x86_64",
            old,
        ),
        (
            "ami-0000000000000024b",
            "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20261101",
            "099720109477",
            "x86_64",
            new,
        ),
    ];
    let image =
        |region: &str,
         (id, name, owner, architecture, made_at): (&str, &str, &'static str, &'static str, _)| {
            Image {
                base: Base {
                    id: id.to_owned(),
                    region: region.to_owned(),
                    tags: Tags::new(),
                    made_at,
                    listed_at: made_at,
                    known_at: made_at,
                },
                name: name.to_owned(),
                owner,
                architecture,
                ready_at: made_at,
                state: "available",
                copies: Vec::new(),
            }
        };
    super::REGIONS.iter().flat_map(|region| all.map(|facts| image(region, facts))).collect()
}

impl State {
    pub(super) fn describe_types(&self, form: &Form) -> Result<String, Fault> {
        let (ids, mut found) = (form.list("InstanceType"), Vec::new());
        if let Some(unknown) = ids.iter().find(|id| TYPES.iter().all(|(name, ..)| name != *id)) {
            let message = format!("The following supplied instance types do not exist: [{unknown}]");
            return Err(Fault::new(400, "InvalidInstanceType", message));
        }
        for (name, cpus, memory, architecture) in TYPES {
            if !ids.is_empty() && !ids.contains(&name) {
                continue;
            }
            let value = |filter: &str| match filter {
                "current-generation" => Some("true".to_owned()),
                "bare-metal" => Some("false".to_owned()),
                "supported-virtualization-type" => Some("hvm".to_owned()),
                "supported-usage-class" => Some("on-demand".to_owned()),
                _ => None,
            };
            if passes(form, &Tags::new(), value)? {
                found.push(
                    tag("instanceType", name)
                        + &format!("<vCpuInfo>{}</vCpuInfo>", tag("defaultVCpus", cpus))
                        + &format!("<memoryInfo>{}</memoryInfo>", tag("sizeInMiB", memory))
                        + &format!(
                            "<processorInfo>{}</processorInfo>",
                            set("supportedArchitectures", [architecture.to_owned()])
                        ),
                );
            }
        }
        self.page(form, "instanceTypeSet", found)
    }

    pub(super) fn describe_images(&self, form: &Form, region: &str, now: Timestamp) -> Result<String, Fault> {
        let (ids, owners) = (form.list("ImageId"), form.list("Owner"));
        for id in &ids {
            if !id.starts_with("ami-") {
                return Err(Fault::new(400, "InvalidAMIID.Malformed", format!("Invalid id: \"{id}\"")));
            }
            let known = |image: &&Image| {
                image.base.id == *id && image.base.region == region && image.base.known_at <= now
            };
            if !self.images.iter().any(|image| known(&image)) {
                return Err(Fault::missing("InvalidAMIID", id));
            }
        }
        let mut found = Vec::new();
        for image in self.images.iter().filter(|image| image.base.region == region) {
            let wanted = if ids.is_empty() {
                image.base.listed_at <= now
            } else {
                ids.contains(&image.base.id.as_str())
            };
            let of_owner = owners.is_empty()
                || owners.contains(&image.owner)
                || (image.owner == US && owners.contains(&"self"));
            let value = |filter: &str| match filter {
                "name" => Some(image.name.clone()),
                "state" => Some(image.state.to_owned()),
                "architecture" => Some(image.architecture.to_owned()),
                _ => None,
            };
            if wanted && of_owner && passes(form, &image.base.tags, value)? {
                let disk = |copy: &str| {
                    tag("deviceName", "/dev/xvda")
                        + &format!("<ebs>{}{}</ebs>", tag("snapshotId", copy), tag("volumeSize", 8))
                };
                let foreign = ["snap-0000000000000f0e1".to_owned()];
                let copies = if image.copies.is_empty() { &foreign[..] } else { &image.copies };
                found.push(
                    tag("imageId", &image.base.id)
                        + &tag("name", &image.name)
                        + &tag("imageState", image.state)
                        + &tag("imageOwnerId", image.owner)
                        + &tag("architecture", image.architecture)
                        + &tag("rootDeviceName", "/dev/xvda")
                        + &tag("creationDate", written(image.base.made_at))
                        + &set("blockDeviceMapping", copies.iter().map(|copy| disk(copy)))
                        + &tag_set(&image.base.tags),
                );
            }
        }
        self.page(form, "imagesSet", found)
    }

    pub(super) fn create_image(
        &mut self,
        form: &Form,
        region: &str,
        now: Timestamp,
    ) -> Result<String, Fault> {
        let (id, name) = (form.need("InstanceId"), form.need("Name"));
        let is_it = |instance: &&super::instances::Instance| {
            instance.base.id == id && instance.base.region == region && instance.base.known_at <= now
        };
        let instance =
            self.instances.iter().find(is_it).ok_or_else(|| Fault::missing("InvalidInstanceID", id))?;
        if !matches!(instance.state, "running" | "stopped" | "stopping") {
            return Err(Fault::new(
                400,
                "IncorrectInstanceState",
                format!("Instance '{id}' is {}", instance.state),
            ));
        }
        let same = |image: &Image| image.name == name && image.owner == US && image.base.region == region;
        if self.images.iter().any(same) {
            let message = format!("AMI name {name} is already in use");
            return Err(Fault::new(400, "InvalidAMIName.Duplicate", message));
        }
        let size = instance.size.clone();
        let architecture = TYPES.iter().find(|known| known.0 == size).map_or("x86_64", |known| known.3);
        let image = self.image(form.tags("image"), form.tags("snapshot"), region, name, now);
        let id = image.base.id.clone();
        self.images.push(Image { architecture, ..image });
        Ok(tag("imageId", id))
    }

    /// An image of ours with its copy of a disk.
    pub(super) fn image(
        &mut self,
        tags: Tags,
        copy: Tags,
        region: &str,
        name: &str,
        now: Timestamp,
    ) -> Image {
        let copy = self.base("snap", region, copy, now);
        let base = self.base("ami", region, tags, now);
        self.enter(ResourceKind::Snapshot, &base, now);
        let copies = vec![copy.id.clone()];
        self.copies.push(Copy { base: copy, gib: 20 });
        let ready_at = now.plus(self.times.boot);
        let state = if ready_at <= now { "available" } else { "pending" };
        Image { base, name: name.to_owned(), owner: US, architecture: "x86_64", ready_at, state, copies }
    }

    pub(super) fn deregister_image(
        &mut self,
        form: &Form,
        region: &str,
        now: Timestamp,
    ) -> Result<String, Fault> {
        let id = form.need("ImageId");
        let is_it = |image: &Image| {
            image.base.id == id
                && image.base.region == region
                && image.base.known_at <= now
                && image.owner == US
        };
        let at = self.images.iter().position(is_it).ok_or_else(|| Fault::missing("InvalidAMIID", id))?;
        let image = self.images.remove(at);
        self.strike_out(&image.base, now);
        // From here on its disks are on their own.
        let left = self.copies.iter().filter(|copy| image.copies.contains(&copy.base.id));
        for base in left.map(|copy| copy.base.clone()).collect::<Vec<_>>() {
            self.enter(ResourceKind::Snapshot, &base, now);
        }
        Ok(tag("return", true))
    }

    /// The parameter store: what Debian's makers write there, and nothing of Ubuntu's.
    pub(super) fn parameters(&mut self, request: &Request, region: &str) -> Result<Response, Fault> {
        self.actions.push("GetParameter".to_owned());
        let target = request.headers.iter().find(|(name, _)| name == "x-amz-target");
        if target.is_none_or(|(_, value)| value.expose() != "AmazonSSM.GetParameter") {
            return Err(Fault::complaint("UnknownOperationException", "the target is unknown"));
        }
        let input: Value = serde_json::from_slice(&request.body)
            .map_err(|_| Fault::complaint("SerializationException", "the body is no JSON"))?;
        let name = input.get("Name").and_then(Value::as_str).unwrap_or_default();
        let id = match name {
            "/aws/service/debian/release/12/latest/amd64" => DEBIAN,
            "/aws/service/debian/release/12/latest/arm64" => "ami-00000000000000a12",
            _ => return Err(Fault::new(400, "ParameterNotFound", "")),
        };
        let arn = format!("arn:aws:ssm:{region}::parameter{name}");
        let body =
            json!({ "Parameter": { "Name": name, "Type": "String", "Value": id, "ARN": arn, "Version": 7 } });
        Ok(answer_json(200, &body, self.next()))
    }
}
