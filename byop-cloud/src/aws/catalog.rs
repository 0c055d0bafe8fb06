//! What there is to have: sizes and images.

use std::collections::BTreeMap;
use std::time::Duration;

use byop_core::clock::Timestamp;
use byop_core::model::{RegionId, ServerImage, ServerSize};
use byop_core::{ErrorKind, Result};
use serde_json::json;
use tokio::sync::{Mutex, OnceCell};

use super::Aws;
use super::client::Form;
use super::convert;
use super::locate::missing;
use super::wire::{Image, InstanceType, ParameterAnswer};

/// How long what was asked is taken for true: sizes change with the seasons, images with the weeks.
const SIZES_KEEP: Duration = Duration::from_secs(3600);
const IMAGES_KEEP: Duration = Duration::from_secs(600);

/// A region, and the id that was asked for; all of them without one.
type SizeSlot = (String, Option<String>);

/// What was asked already. The locks are held while it is asked, so that many calls ask once.
#[derive(Debug, Default)]
pub(super) struct Catalog {
    pub(super) regions: OnceCell<Vec<String>>,
    sizes: Mutex<BTreeMap<SizeSlot, (Timestamp, Vec<InstanceType>)>>,
    images: Mutex<BTreeMap<(String, String), (Timestamp, Image)>>,
}

/// A common name of an image, and how it is found.
struct Alias {
    parameter: String,
    owner: &'static str,
    pattern: String,
    architecture: &'static str,
}

impl Alias {
    fn find(name: &str) -> Option<Self> {
        let (name, short, long) = match name.strip_suffix("-arm64") {
            Some(name) => (name, "arm64", "arm64"),
            None => (name.strip_suffix("-x86_64").unwrap_or(name), "amd64", "x86_64"),
        };
        let (parameter, owner, pattern) = match name {
            "debian-12" | "debian-13" => {
                let release = &name[7..];
                (
                    format!("/aws/service/debian/release/{release}/latest/{short}"),
                    "136693071363",
                    format!("debian-{release}-{short}-*"),
                )
            }
            "ubuntu-22.04" | "ubuntu-24.04" => {
                let release = &name[7..];
                let disk = if release == "22.04" { "ebs-gp2" } else { "ebs-gp3" };
                (
                    format!(
                        "/aws/service/canonical/ubuntu/server/{release}/stable/current/{short}/hvm/{disk}/ami-id"
                    ),
                    "099720109477",
                    format!("ubuntu/images/hvm-ssd*/ubuntu-*-{release}-{short}-server-*"),
                )
            }
            "amazon-linux-2023" => (
                format!("/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{long}"),
                "137112412989",
                format!("al2023-ami-2023*-{long}"),
            ),
            _ => return None,
        };
        Some(Self { parameter, owner, pattern, architecture: long })
    }
}

impl Aws {
    pub(super) async fn sizes(&self, region: &RegionId) -> Result<Vec<ServerSize>> {
        let mut sizes = self.sizes_of("size.list", region, None).await?;
        sizes.sort_by(|a, b| (a.cpus, a.memory_bytes, &a.id).cmp(&(b.cpus, b.memory_bytes, &b.id)));
        Ok(sizes)
    }

    pub(super) async fn size(&self, region: &RegionId, id: &str) -> Result<Option<ServerSize>> {
        let found = self.sizes_of("size.find", region, Some(id)).await?;
        Ok(found.into_iter().find(|size| size.id == id))
    }

    /// The sizes that a region offers, or the one of an id; those that were asked for lately are not asked for again.
    async fn sizes_of(
        &self,
        operation: &'static str,
        region: &RegionId,
        id: Option<&str>,
    ) -> Result<Vec<ServerSize>> {
        self.check_region(operation, region).await?;
        let slot = |id: Option<&str>| (region.0.clone(), id.map(str::to_owned));
        let mut kept = self.catalog.sizes.lock().await;
        let now = self.api.clock().now();
        kept.retain(|_, (asked, _)| now < asked.plus(SIZES_KEEP));
        if !kept.contains_key(&slot(None)) && !kept.contains_key(&slot(id)) {
            let found = self.instance_types(operation, &region.0, id).await?;
            kept.insert(slot(id), (now, found));
        }
        let found = kept.get(&slot(None)).or_else(|| kept.get(&slot(id)));
        let found = found.map(|(_, found)| found.as_slice()).unwrap_or_default();
        let config = &self.api.config;
        let size = |found| convert::size(&region.0, config.disk_gib, &config.prices, found);
        Ok(found.iter().filter_map(size).collect())
    }

    async fn instance_types(
        &self,
        operation: &'static str,
        region: &str,
        id: Option<&str>,
    ) -> Result<Vec<InstanceType>> {
        let form = Form::new("DescribeInstanceTypes")
            .with_filter("current-generation", ["true"])
            .with_filter("bare-metal", ["false"])
            .with_filter("supported-virtualization-type", ["hvm"])
            .with_filter("supported-usage-class", ["on-demand"]);
        // Who asks by name cannot ask for pages.
        let Some(id) = id else {
            return self
                .api
                .ec2_list(operation, region, form.with("MaxResults", "100"), InstanceType::list)
                .await;
        };
        match self.api.ec2(operation, region, form.with("InstanceType.1", id), InstanceType::list).await {
            Err(error)
                if error.context("code").is_some_and(|code| code.starts_with("InvalidInstanceType")) =>
            {
                Ok(Vec::new())
            }
            other => other,
        }
    }

    pub(super) async fn image(&self, region: &RegionId, name: &str) -> Result<Option<ServerImage>> {
        const FIND: &str = "image.find";
        self.check_region(FIND, region).await?;
        Ok(self
            .find(FIND, &region.0, name)
            .await?
            .filter(|image| image.state == "available")
            .map(|image| convert::image(&image)))
    }

    /// An image of that id, which is asked for once.
    pub(super) async fn known_image(&self, operation: &'static str, region: &str, id: &str) -> Result<Image> {
        self.find(operation, region, id).await?.ok_or_else(|| missing(operation, "image", id))
    }

    async fn find(&self, operation: &'static str, region: &str, name: &str) -> Result<Option<Image>> {
        let slot = (region.to_owned(), name.to_owned());
        let mut kept = self.catalog.images.lock().await;
        let now = self.api.clock().now();
        let lasts = |(asked, image): &&(Timestamp, Image)| {
            // What an id means does not change; when the image will be ready does.
            now < asked.plus(IMAGES_KEEP) || (image.id == name && image.state == "available")
        };
        if let Some((_, image)) = kept.get(&slot).filter(lasts) {
            return Ok(Some(image.clone()));
        }
        let found = self.ask(operation, region, name).await?;
        if let Some(image) = found.as_ref().filter(|image| image.state == "available") {
            kept.insert((region.to_owned(), image.id.clone()), (now, image.clone()));
            kept.insert(slot, (now, image.clone()));
        }
        Ok(found)
    }

    async fn ask(&self, operation: &'static str, region: &str, name: &str) -> Result<Option<Image>> {
        if name.starts_with("ami-") {
            return self.describe_image(operation, region, name).await;
        }
        if name.starts_with('/') {
            return self.parameter(operation, region, name).await;
        }
        let form = Form::new("DescribeImages").with("MaxResults", "1000");
        let available = |form: Form| form.with_filter("state", ["available"]);
        let Some(alias) = Alias::find(name) else {
            let form = available(form.with_list("Owner", ["self", "amazon", "aws-marketplace"]));
            return self.newest(operation, region, form.with_filter("name", [name])).await;
        };
        match self.parameter(operation, region, &alias.parameter).await {
            Ok(Some(image)) => return Ok(Some(image)),
            // Without the right to read parameters, or where the maker wrote none, names tell.
            Ok(None) => {}
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {}
            Err(error) => return Err(error),
        }
        // The owner always: anyone can imitate a name.
        let form = available(form.with("Owner.1", alias.owner))
            .with_filter("name", [alias.pattern])
            .with_filter("architecture", [alias.architecture]);
        self.newest(operation, region, form).await
    }

    async fn newest(&self, operation: &'static str, region: &str, form: Form) -> Result<Option<Image>> {
        let found = self.api.ec2_list(operation, region, form, Image::list).await?;
        let rank = |image: &Image| (image.architecture == "x86_64", image.created.clone(), image.id.clone());
        Ok(found.into_iter().max_by_key(rank))
    }

    async fn parameter(&self, operation: &'static str, region: &str, name: &str) -> Result<Option<Image>> {
        let input = json!({ "Name": name });
        let answer = match self.api.ssm::<ParameterAnswer>(operation, region, "GetParameter", &input).await {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            other => other?,
        };
        match answer.parameter.and_then(|parameter| parameter.value) {
            Some(id) if id.starts_with("ami-") => self.describe_image(operation, region, &id).await,
            _ => Ok(None),
        }
    }

    pub(super) async fn describe_image(
        &self,
        operation: &'static str,
        region: &str,
        id: &str,
    ) -> Result<Option<Image>> {
        let form = Form::new("DescribeImages").with("ImageId.1", id);
        match self.api.ec2(operation, region, form, Image::list).await {
            Ok(images) => Ok(images.into_iter().find(|image| image.id == id)),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::InvalidInput) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
