//! Snapshots of droplets.
//!
//! DigitalOcean tells the number of a snapshot only once it is ready, so byop names one by its droplet and its name:
//! `3164444/byop-snapshot-k1`. The number is that of the image.

use async_trait::async_trait;
use byop_core::cloud::Snapshots;
use byop_core::model::{ServerId, Snapshot, SnapshotId};
use byop_core::{Error, ErrorKind, Result};

use super::client::encode;
use super::servers::{busy, foreign};
use super::{DigitalOcean, convert, marks, wire};

const CREATE: &str = "snapshot.create";
const GET: &str = "snapshot.get";

impl DigitalOcean {
    pub(super) async fn all_snapshots(&self, operation: &'static str) -> Result<Vec<wire::Snapshot>> {
        self.api.list(operation, "snapshots", &[("resource_type", "droplet")], "snapshots").await
    }

    async fn snapshots_of(&self, operation: &'static str, id: &str) -> Result<Vec<wire::Snapshot>> {
        let mut all = self.all_snapshots(operation).await?;
        all.retain(|snapshot| id_of(snapshot) == id);
        Ok(all)
    }

    /// Whether a snapshot of this droplet is being made.
    async fn is_being_made(&self, operation: &'static str, droplet: &str) -> Result<bool> {
        let path = format!("droplets/{}/actions", encode(droplet));
        let actions: Result<Vec<wire::Action>> = self.api.list(operation, &path, &[], "actions").await;
        match actions {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            other => {
                Ok(other?.iter().any(|action| action.kind == "snapshot" && action.status == "in-progress"))
            }
        }
    }

    pub(super) async fn delete_snapshot(&self, operation: &'static str, id: &str) -> Result<()> {
        let Some((droplet, name)) = id.split_once('/') else {
            // A number: it is not by this that byop names its own.
            let path = format!("snapshots/{}", encode(id));
            let found = self.api.find::<wire::Snapshot>(operation, &path, "snapshot").await?;
            return if found.is_some() { Err(foreign(operation, id)) } else { Ok(()) };
        };
        let found = self.snapshots_of(operation, id).await?;
        if !found.is_empty() && marks::snapshot_key(name).is_none() {
            return Err(foreign(operation, id));
        }
        if found.is_empty() && self.is_being_made(operation, droplet).await? {
            return Err(busy(operation, &ServerId(droplet.to_owned())));
        }
        for snapshot in found {
            self.api.delete(operation, &format!("snapshots/{}", encode(&snapshot.id.0))).await?;
        }
        Ok(())
    }
}

/// By which byop names a snapshot.
pub(super) fn id_of(snapshot: &wire::Snapshot) -> String {
    format!("{}/{}", snapshot.resource_id.0, snapshot.name)
}

fn ready(id: SnapshotId, snapshot: &wire::Snapshot) -> Snapshot {
    let mut ready = Snapshot::new(id).with_image(&snapshot.id.0);
    ready.created_at = convert::time(&snapshot.created_at);
    ready
}

#[async_trait]
impl Snapshots for DigitalOcean {
    async fn create_snapshot(&self, key: &str, server: &ServerId) -> Result<Snapshot> {
        if !marks::is_key(key) {
            return Err(Error::invalid(CREATE, "this cannot be the key of a snapshot")
                .with_remedy("use 1 to 20 lower-case letters and digits"));
        }
        let droplet = self.our_droplet(CREATE, server).await?;
        let name = marks::snapshot_name(key);
        let id = SnapshotId(format!("{}/{name}", droplet.id));
        let path = format!("droplets/{}/snapshots", droplet.id);
        let known: Vec<wire::Snapshot> = self.api.list(CREATE, &path, &[], "snapshots").await?;
        if let Some(known) = known.iter().find(|known| known.name == name) {
            return Ok(ready(id, known));
        }
        if droplet.locked {
            return Err(busy(CREATE, server));
        }
        let mut action = wire::NewAction::new("snapshot");
        action.name = Some(&name);
        self.act(CREATE, droplet.id, &action).await?;
        Ok(Snapshot::new(id))
    }

    async fn get_snapshot(&self, id: &SnapshotId) -> Result<Snapshot> {
        if let Some(snapshot) = self.snapshots_of(GET, &id.0).await?.first() {
            return Ok(ready(id.clone(), snapshot));
        }
        if let Some((droplet, _)) = id.0.split_once('/')
            && self.is_being_made(GET, droplet).await?
        {
            return Ok(Snapshot::new(id.clone()));
        }
        Err(Error::not_found(GET, "there is no such snapshot")
            .with_context("snapshot", encode(&id.0))
            .with_remedy("use an id that a list of resources shows"))
    }
}
