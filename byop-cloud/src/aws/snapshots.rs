//! Snapshots: images of EC2 that are made from a server, with the copies of disks that they consist of.

use std::collections::BTreeMap;

use async_trait::async_trait;
use byop_core::cloud::Snapshots;
use byop_core::model::{ServerId, Snapshot, SnapshotId};
use byop_core::{Error, ErrorKind, Result, Retry};

use super::Aws;
use super::client::{Age, Form};
use super::convert::{self, is_ours};
use super::error::has_code;
use super::locate::{foreign, hollow, missing, not_yet};
use super::wire::{DiskCopy, Image};
use super::xml::text;
use crate::http::Repeat;

const CREATE: &str = "snapshot.create";

#[async_trait]
impl Snapshots for Aws {
    /// The server goes on running meanwhile, so the disk is as if the power had failed.
    async fn create_snapshot(&self, key: &str, server: &ServerId) -> Result<Snapshot> {
        let instance = self.our_instance(CREATE, server).await?;
        let (region, id) = self.locate(CREATE, &server.0)?;
        let name = format!("byop-{key}");
        let shown = instance.tags.get("Name").unwrap_or(&instance.id);
        let tags = convert::tags(shown, Some(key), &BTreeMap::new());
        let form = Form::new("CreateImage")
            .with("InstanceId", id)
            .with("Name", &name)
            .with("NoReboot", "true")
            .with_tags(&["image", "snapshot"], &tags);
        let how = (Repeat::Keyed, Age::Settled);
        match self.api.ec2_as(CREATE, region, form, how, |root| text(root, "imageId")).await {
            Ok(id) => {
                let id = id.ok_or_else(|| hollow(CREATE, "CreateImage"))?;
                Ok(Snapshot::new(SnapshotId(convert::id(region, &id))))
            }
            Err(error) if has_code(&error, "InvalidAMIName.Duplicate") => {
                let form = Form::new("DescribeImages").with("Owner.1", "self").with_filter("name", [&name]);
                let found = self.api.ec2_list(CREATE, region, form, Image::list).await?;
                let found = found.into_iter().find(|image| image.name == name);
                let image = found.ok_or_else(|| not_yet(CREATE, error))?;
                if !is_ours(&image.tags) {
                    return Err(foreign(CREATE, &image.id).with_context("name", name));
                }
                Ok(convert::snapshot(region, &image))
            }
            Err(error) => Err(error),
        }
    }

    async fn get_snapshot(&self, id: &SnapshotId) -> Result<Snapshot> {
        const GET: &str = "snapshot.get";
        let (region, name) = self.locate(GET, &id.0)?;
        let found = self.describe_image(GET, region, name).await?.filter(is_there);
        let image = found.ok_or_else(|| missing(GET, "snapshot", &id.0))?;
        if matches!(image.state.as_str(), "failed" | "error" | "invalid") {
            return Err(Error::new(ErrorKind::Unavailable, GET, "the provider could not make the snapshot")
                .with_context("snapshot", id)
                .with_context("reason", image.reason.as_deref().unwrap_or("unknown"))
                .with_retry(Retry::Never)
                .with_remedy("delete it, and make another"));
        }
        Ok(convert::snapshot(region, &image))
    }
}

fn is_there(image: &Image) -> bool {
    image.state != "deregistered"
}

impl Aws {
    /// The image first, since its disks cannot go before it; they bear the mark as well, so that they are found if
    /// nobody comes to remove them.
    pub(super) async fn delete_snapshot(&self, operation: &'static str, id: &str) -> Result<()> {
        let (region, name) = self.locate(operation, id)?;
        if name.starts_with("snap-") {
            return self.delete_copy(operation, id, true).await;
        }
        let found = self.describe_image(operation, region, name).await?;
        let Some(image) = found.filter(is_there) else { return Ok(()) };
        if !is_ours(&image.tags) {
            return Err(foreign(operation, id));
        }
        let form = Form::new("DeregisterImage").with("ImageId", name);
        match self.api.ec2(operation, region, form, |_| ()).await {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            other => other?,
        }
        for copy in image.disks.iter().filter_map(|disk| disk.snapshot.as_deref()) {
            self.delete_copy(operation, &convert::id(region, copy), false).await?;
        }
        Ok(())
    }

    async fn delete_copy(&self, operation: &'static str, id: &str, unsure: bool) -> Result<()> {
        let (region, name) = self.locate(operation, id)?;
        if unsure {
            let form = Form::new("DescribeSnapshots").with("SnapshotId.1", name);
            let found = match self.api.ec2(operation, region, form, DiskCopy::list).await {
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
                other => other?,
            };
            let Some(copy) = found.iter().find(|copy| copy.id == name) else { return Ok(()) };
            if !is_ours(&copy.tags) {
                return Err(foreign(operation, id));
            }
        }
        let form = Form::new("DeleteSnapshot").with("SnapshotId", name);
        let how = (Repeat::Safe, Age::Settled);
        match self.api.ec2_as(operation, region, form, how, |_| ()).await {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }
}
