//! Volumes.

use std::collections::BTreeMap;

use bollard::models::VolumeCreateRequest;
use bollard::query_parameters::{ListVolumesOptionsBuilder, RemoveVolumeOptions};

use super::{Docker, checked, checked_new, error, label_filters};
use crate::error::Result;
use crate::model::{ContainerFilter, VolumeInfo};

impl Docker {
    pub(super) async fn volume(&self, name: &str, labels: &BTreeMap<String, String>) -> Result<()> {
        let operation = "volume.create";
        let name = checked_new(operation, name)?;
        let request = VolumeCreateRequest {
            name: Some(name.to_owned()),
            labels: Some(labels.clone().into_iter().collect()),
            ..Default::default()
        };
        self.api
            .create_volume(request)
            .await
            .map(drop)
            .map_err(|failure| error::engine(operation, failure).with_context("volume", name))
    }

    pub(super) async fn drop_volume(&self, name: &str) -> Result<()> {
        let operation = "volume.remove";
        let name = checked(operation, name)?;
        self.api
            .remove_volume(name, None::<RemoveVolumeOptions>)
            .await
            .map_err(|failure| error::engine(operation, failure).with_context("volume", name))
    }

    pub(super) async fn volumes(&self, filter: &ContainerFilter) -> Result<Vec<VolumeInfo>> {
        let options = ListVolumesOptionsBuilder::default().filters(&label_filters(filter)).build();
        let found = self
            .api
            .list_volumes(Some(options))
            .await
            .map_err(|failure| error::engine("volume.list", failure))?;
        let mut found: Vec<_> = found
            .volumes
            .unwrap_or_default()
            .into_iter()
            .map(|volume| VolumeInfo {
                name: volume.name,
                labels: volume.labels.into_iter().collect(),
                options: volume.options.into_iter().collect(),
            })
            .collect();
        found.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }
}
