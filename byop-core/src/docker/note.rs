//! What an engine remembers for us where it has no place for it: texts, as labels of empty volumes.

use std::collections::BTreeMap;

use bollard::query_parameters::ListVolumesOptionsBuilder;

use super::{Docker, checked, convert, error, label_filters};
use crate::clock::Timestamp;
use crate::error::Result;
use crate::model::ContainerFilter;

/// A text that an engine remembers.
#[derive(Debug)]
pub(crate) struct Note {
    pub(crate) name: String,
    /// `None` for a volume that has the name but not the label.
    pub(crate) text: Option<String>,
    pub(crate) created_at: Option<Timestamp>,
}

impl Docker {
    /// Lets the engine remember a text. One of that name stays as it is.
    pub(crate) async fn apply_note(&self, name: &str, label: &str, text: &str) -> Result<()> {
        self.volume(name, &BTreeMap::from([(label.to_owned(), text.to_owned())])).await
    }

    /// All texts with this label.
    pub(crate) async fn notes(&self, label: &str) -> Result<Vec<Note>> {
        let filter = ContainerFilter::all().with_label(label, "");
        let options = ListVolumesOptionsBuilder::default().filters(&label_filters(&filter)).build();
        let found = self.api.list_volumes(Some(options)).await;
        let found = found.map_err(|failure| error::engine("volume.list", failure))?;
        Ok(found.volumes.unwrap_or_default().into_iter().map(|volume| note(label, volume)).collect())
    }

    /// What has this name.
    ///
    /// # Errors
    /// `NotFound`.
    pub(crate) async fn note(&self, name: &str, label: &str) -> Result<Note> {
        let operation = "volume.inspect";
        let found = self.api.inspect_volume(checked(operation, name)?).await;
        found
            .map(|volume| note(label, volume))
            .map_err(|failure| error::engine(operation, failure).with_context("volume", name))
    }

    /// Forgets a text. Missing: `Ok`.
    pub(crate) async fn remove_note(&self, name: &str) -> Result<()> {
        error::missing_is_ok(self.drop_volume(name).await)
    }
}

fn note(label: &str, mut volume: bollard::models::Volume) -> Note {
    Note {
        name: volume.name,
        text: volume.labels.remove(label),
        created_at: volume.created_at.as_deref().and_then(convert::timestamp),
    }
}
