//! Everything that bears our mark.

use std::collections::BTreeSet;
use std::pin::Pin;

use byop_core::model::{Resource, ResourceKind, ServerId};
use byop_core::{Error, ErrorKind, Result};

use super::Aws;
use super::client::Form;
use super::convert::{self, MARKED, is_ours};
use super::locate::{foreign, join_all};
use super::servers::instances;
use super::wire::{Address, DiskCopy, Group, Image, Instance, KeyPair, Volume};

const LIST: &str = "resource.list";
const DELETE: &str = "resource.delete";

type Listing<'a> = Pin<Box<dyn Future<Output = Result<Vec<Resource>>> + Send + 'a>>;

impl Aws {
    pub(super) async fn resources(&self) -> Result<Vec<Resource>> {
        self.everywhere(|region| async move {
            let (api, prices, region) = (&self.api, &self.api.config.prices, region.as_str());
            let of = |action: &'static str| Form::new(action).with_filter(MARKED, ["1"]);
            let paged = |action: &'static str| of(action).with("MaxResults", "1000");
            let lists: Vec<Listing<'_>> = vec![
                Box::pin(async move {
                    let found = api.ec2_list(LIST, region, instances(), Instance::list).await?;
                    Ok(found.iter().map(|found| convert::server_resource(region, prices, found)).collect())
                }),
                Box::pin(async move {
                    let found = api.ec2(LIST, region, of("DescribeKeyPairs"), KeyPair::list).await?;
                    Ok(found.iter().map(|found| convert::key_resource(region, found)).collect())
                }),
                Box::pin(async move {
                    let found =
                        api.ec2_list(LIST, region, paged("DescribeSecurityGroups"), Group::list).await?;
                    Ok(found.iter().map(|found| convert::group_resource(region, found)).collect())
                }),
                Box::pin(async move {
                    let found = api.ec2(LIST, region, of("DescribeAddresses"), Address::list).await?;
                    Ok(found.iter().map(|found| convert::address_resource(region, found)).collect())
                }),
                Box::pin(async move {
                    // The disk of a server goes with it; one that nothing uses is on its own.
                    let form = paged("DescribeVolumes").with_filter("status", ["available", "error"]);
                    let found = api.ec2_list(LIST, region, form, Volume::list).await?;
                    Ok(found.iter().map(|found| convert::volume_resource(region, found)).collect())
                }),
                Box::pin(self.copies(region)),
            ];
            join_all(lists.into_iter()).await
        })
        .await
    }

    /// Images, and copies of disks that belong to none of them: what is left when a removal broke off.
    async fn copies(&self, region: &str) -> Result<Vec<Resource>> {
        let form = |action: &'static str, owner: &'static str| {
            Form::new(action).with(owner, "self").with("MaxResults", "1000").with_filter(MARKED, ["1"])
        };
        // Copies first: one that belongs to an image that is made meanwhile must not be taken for a left one.
        let copies =
            self.api.ec2_list(LIST, region, form("DescribeSnapshots", "Owner.1"), DiskCopy::list).await?;
        let images = self.api.ec2_list(LIST, region, form("DescribeImages", "Owner.1"), Image::list).await?;
        let used: BTreeSet<_> =
            images.iter().flat_map(|image| &image.disks).filter_map(|disk| disk.snapshot.as_ref()).collect();
        let mut all: Vec<_> = images.iter().map(|image| convert::image_resource(region, image)).collect();
        let left = copies.iter().filter(|copy| !used.contains(&copy.id));
        all.extend(left.map(|copy| convert::copy_resource(region, copy)));
        Ok(all)
    }

    pub(super) async fn delete_any(&self, kind: ResourceKind, id: &str) -> Result<()> {
        match kind {
            ResourceKind::Server => self.terminate(DELETE, &ServerId(id.to_owned())).await,
            ResourceKind::SshKey => self.delete_ssh_key(DELETE, id).await,
            ResourceKind::Firewall => self.delete_firewall(DELETE, id).await,
            ResourceKind::ReservedIp => self.delete_reserved_ip(DELETE, id).await,
            ResourceKind::Volume => self.delete_volume(DELETE, id).await,
            ResourceKind::Snapshot => self.delete_snapshot(DELETE, id).await,
            _ => Err(Error::new(ErrorKind::Unsupported, DELETE, "records are removed at the name servers")
                .with_context("kind", kind.as_str())
                .with_remedy("use the name servers of the provider")),
        }
    }

    async fn delete_volume(&self, operation: &'static str, id: &str) -> Result<()> {
        let (region, name) = self.locate(operation, id)?;
        let form = Form::new("DescribeVolumes").with("VolumeId.1", name);
        let found = match self.api.ec2(operation, region, form, Volume::list).await {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            other => other?,
        };
        let Some(volume) = found.iter().find(|volume| volume.id == name) else { return Ok(()) };
        if !is_ours(&volume.tags) {
            return Err(foreign(operation, id));
        }
        let form = Form::new("DeleteVolume").with("VolumeId", name);
        match self.api.ec2(operation, region, form, |_| ()).await {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }
}
