//! Snapshots of instances.
//!
//! The call that makes one answers nothing, and lists are late. So its name, which holds the key, is the id by which it
//! is known here: that is known before it is listed.

use async_trait::async_trait;
use byop_core::cloud::Snapshots;
use byop_core::model::{RegionId, Resource, ResourceKind, ServerId, Snapshot, SnapshotId};
use byop_core::{ErrorKind, Result};
use serde_json::json;

use super::client::encode;
use super::convert::{self, Mark};
use super::error::{foreign, missing};
use super::servers::under_way;
use super::{Ovh, wire};
use crate::http::Repeat;

const CREATE: &str = "snapshot.create";

#[async_trait]
impl Snapshots for Ovh {
    async fn create_snapshot(&self, key: &str, server: &ServerId) -> Result<Snapshot> {
        let found = self.server(CREATE, server).await?;
        let Some(of) = Mark::read(found.name()) else { return Err(foreign(CREATE, &server.0)) };
        let mark = Mark::new(CREATE, of.name, key)?;
        let session = self.session();
        let known = self.list_snapshots(CREATE, found.region.as_deref()).await?;
        let is_it = |image: &&wire::Image| Mark::read(image.name()).is_some_and(|known| known.key == key);
        if let Some(known) = known.iter().find(is_it) {
            return Ok(snapshot(known));
        }
        if !matches!(found.status(), "ACTIVE" | "SHUTOFF" | "STOPPED") {
            return Err(under_way(CREATE, server, found.status()));
        }
        let path = session.path(&format!("/instance/{}/snapshot", encode(&server.0))).await?;
        let body = json!({ "snapshotName": mark.text() });
        session.api.act(CREATE, &path, Some(&body), Repeat::Never).await?;
        Ok(Snapshot::new(SnapshotId(mark.text())))
    }

    async fn get_snapshot(&self, id: &SnapshotId) -> Result<Snapshot> {
        const GET: &str = "snapshot.get";
        let all = self.list_snapshots(GET, None).await?;
        let found = all.iter().filter(|image| is(image, &id.0)).max_by_key(|image| image.is_active());
        found.map(snapshot).ok_or_else(|| missing(GET, "snapshot", &id.0))
    }
}

impl Ovh {
    async fn list_snapshots(
        &self,
        operation: &'static str,
        region: Option<&str>,
    ) -> Result<Vec<wire::Image>> {
        let session = self.session();
        let query = region.map(|region| format!("?region={}", encode(region))).unwrap_or_default();
        let path = session.path(&format!("/snapshot{query}")).await?;
        let all: Vec<wire::Image> = session.api.list(operation, &path).await?;
        let is_there =
            |image: &wire::Image| !matches!(image.status.as_deref(), Some("deleted" | "pending_delete"));
        Ok(all.into_iter().filter(is_there).collect())
    }

    pub(super) async fn snapshot_resources(&self) -> Result<Vec<Resource>> {
        let resource = |image: wire::Image| {
            let mark = Mark::read(image.name())?;
            let mut resource =
                Resource::new(ResourceKind::Snapshot, image.name(), mark.name).with_key(mark.key);
            resource.region = image.region.clone().map(RegionId);
            resource.created_at = image.creation_date.as_deref().and_then(convert::timestamp);
            Some(resource)
        };
        Ok(self.list_snapshots("resource.list", None).await?.into_iter().filter_map(resource).collect())
    }

    /// All of this name: a call that was sent twice makes two.
    pub(super) async fn remove_snapshot(&self, operation: &'static str, id: &str) -> Result<()> {
        let session = self.session();
        let all = self.list_snapshots(operation, None).await?;
        for image in all.iter().filter(|image| is(image, id)) {
            if Mark::read(image.name()).is_none() {
                return Err(foreign(operation, id));
            }
            let path = session.path(&format!("/snapshot/{}", encode(&image.id))).await?;
            match session.api.delete(operation, &path).await {
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                other => other?,
            }
        }
        Ok(())
    }
}

/// Whether it is meant by this id: its name, or the provider's id.
fn is(image: &wire::Image, id: &str) -> bool {
    image.name() == id || image.id == id
}

fn snapshot(image: &wire::Image) -> Snapshot {
    let id = if Mark::read(image.name()).is_some() { image.name() } else { &image.id };
    let mut snapshot = Snapshot::new(SnapshotId(id.to_owned()));
    if image.is_active() {
        snapshot = snapshot.with_image(&image.id);
    }
    snapshot.created_at = image.creation_date.as_deref().and_then(convert::timestamp);
    snapshot
}
