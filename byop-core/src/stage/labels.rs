//! Names and labels of what byop makes on a host. The label, not the name, says whose it is.

use std::collections::BTreeMap;

use crate::id::JobId;
use crate::model::{AppName, ContainerFilter};

/// The container of a release.
#[must_use]
pub fn container_name(app: &AppName, release: u64) -> String {
    format!("byop-{app}-r{release}")
}

/// The app's own network.
#[must_use]
pub fn network_name(app: &AppName) -> String {
    format!("byop-{app}")
}

/// A volume of the app.
#[must_use]
pub fn volume_name(app: &AppName, volume: &AppName) -> String {
    format!("byop-{app}--{volume}")
}

/// The labels that every object of an app carries.
pub(super) fn of_app(app: &AppName, job: &JobId) -> BTreeMap<String, String> {
    BTreeMap::from([("byop.app".into(), app.to_string()), ("byop.job".into(), job.to_string())])
}

/// The labels of what outlives the release that it was made for: a network, a volume. Its key is its name: there is one
/// of it, whoever makes it.
pub(super) fn of_lasting(app: &AppName, job: &JobId, release: u64, name: &str) -> BTreeMap<String, String> {
    let mut labels = of_app(app, job);
    labels.insert("byop.release".into(), release.to_string());
    labels.insert("byop.key".into(), name.to_owned());
    labels
}

/// Finds the containers of an app. One that a stranger runs from the app's image inherits the image's labels, but no
/// image has a release.
pub(super) fn containers(app: &AppName) -> ContainerFilter {
    filter(app).with_label("byop.release", "")
}

/// Finds every object of an app but its containers.
pub(super) fn filter(app: &AppName) -> ContainerFilter {
    ContainerFilter::all().with_label("byop.app", app.as_str())
}
