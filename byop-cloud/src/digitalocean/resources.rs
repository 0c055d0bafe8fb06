//! Everything that bears our mark.

use byop_core::model::{Resource, ResourceKind, ServerFilter, ServerId};
use byop_core::{Error, ErrorKind, Result};

use super::client::encode;
use super::servers::foreign;
use super::{DigitalOcean, convert, marks, snapshots, wire};

const LIST: &str = "resource.list";
const DELETE: &str = "resource.delete";

impl DigitalOcean {
    pub(super) async fn resources(&self) -> Result<Vec<Resource>> {
        let droplets = self.droplets(LIST, &ServerFilter::all()).await?;
        let mut found: Vec<_> = droplets.iter().map(convert::droplet_resource).collect();
        let keys = droplets.iter().map(|d| (d.id, marks::key_in(&d.tags).map(str::to_owned))).collect();
        let ssh_keys = self.list_ssh_keys().await?;
        let ours = ssh_keys.iter().filter(|key| marks::is_our_ssh_key(&key.name));
        found.extend(ours.map(convert::ssh_key_resource));
        let firewalls: Vec<wire::Firewall> = self.api.list(LIST, "firewalls", &[], "firewalls").await?;
        found.extend(firewalls.iter().filter_map(convert::firewall_resource));
        found.extend(self.address_resources(LIST, &keys).await?);
        let volumes: Vec<wire::Volume> = self.api.list(LIST, "volumes", &[], "volumes").await?;
        let ours = volumes.iter().filter(|volume| marks::is_marked(&volume.tags));
        found.extend(ours.map(convert::volume_resource));
        let snapshots = self.all_snapshots(LIST).await?;
        found.extend(snapshots.iter().filter_map(|s| convert::snapshot_resource(s, snapshots::id_of(s))));
        Ok(found)
    }

    pub(super) async fn remove(&self, kind: ResourceKind, id: &str) -> Result<()> {
        match kind {
            ResourceKind::Server => self.delete(&ServerId(id.to_owned())).await,
            ResourceKind::SshKey => self.delete_ssh_key(DELETE, id).await,
            ResourceKind::Firewall => self.delete_firewall(DELETE, id).await,
            ResourceKind::ReservedIp => self.delete_address(DELETE, id).await,
            ResourceKind::Snapshot => self.delete_snapshot(DELETE, id).await,
            ResourceKind::Volume => self.delete_volume(id).await,
            _ => Err(Error::new(ErrorKind::Unsupported, DELETE, "this is not removed as a resource")
                .with_context("kind", kind.as_str())
                .with_remedy("remove records at the name servers")),
        }
    }

    async fn delete_volume(&self, id: &str) -> Result<()> {
        let path = format!("volumes/{}", encode(id));
        let Some(volume) = self.api.find::<wire::Volume>(DELETE, &path, "volume").await? else {
            return Ok(());
        };
        if !marks::is_marked(&volume.tags) {
            return Err(foreign(DELETE, id));
        }
        if let Some(droplet) = volume.droplet_ids.first() {
            return Err(Error::new(ErrorKind::Conflict, DELETE, "a server uses the volume")
                .with_context("volume", id)
                .with_context("server", droplet)
                .with_remedy("remove the server first"));
        }
        self.api.delete(DELETE, &path).await
    }
}
