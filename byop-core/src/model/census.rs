//! What there is and what the store knows, held against each other.

use serde::{Deserialize, Serialize};

use super::name::AppName;
use super::release::AppState;

/// The result of `census`: how byop's objects on all hosts differ from the store.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Census {
    /// Objects that carry byop's label and that the store does not know.
    pub unknown: Vec<CensusObject>,
    /// Objects that the store knows and that do not exist.
    pub missing: Vec<CensusObject>,
    /// Hosts that did not answer: nothing is known of them.
    pub unreachable: Vec<String>,
}

impl Census {
    /// Whether store and hosts agree.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.unknown.is_empty() && self.missing.is_empty() && self.unreachable.is_empty()
    }
}

/// An object on a host.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct CensusObject {
    /// The host.
    pub host: String,
    /// What it is.
    pub kind: ObjectKind,
    /// Its name.
    pub name: String,
    /// The app that its label names; none for a proxy.
    pub app: Option<String>,
    /// The release that its label names.
    pub release: Option<u64>,
    /// The job that its label names: the one that made it.
    pub job: Option<String>,
    /// Why it is listed, for people.
    pub reason: String,
}

/// What kind of thing an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ObjectKind {
    /// A container.
    Container,
    /// An image.
    Image,
    /// A network.
    Network,
    /// A volume.
    Volume,
    /// A rule of the proxy.
    Route,
}

/// The result of `rebuild_store`: what was recovered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Rebuilt {
    /// Apps that were written, with the release that serves and whether it runs.
    pub apps: Vec<RebuiltApp>,
    /// Apps that the store knew already, and that were left as they were.
    pub known: Vec<AppName>,
    /// What could not be recovered.
    pub unrecovered: Vec<Unrecovered>,
    /// Hosts that did not answer.
    pub unreachable: Vec<String>,
}

/// An app that was recovered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct RebuiltApp {
    /// Its name.
    pub app: AppName,
    /// Its host.
    pub host: String,
    /// The release that serves.
    pub release: u64,
    /// Its wanted state: running if its container runs.
    pub wanted: AppState,
}

/// Something that could not be recovered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Unrecovered {
    /// The host.
    pub host: String,
    /// The app, as its label names it.
    pub app: String,
    /// What is missing, such as `spec.build` or `release`.
    pub what: String,
    /// Why, and what to do about it.
    pub reason: String,
}
