//! What a deployment would change, as a value that can be stored, shown, approved and applied later.

use serde::{Deserialize, Serialize};

use super::app::AppSpec;
use super::name::AppName;
use crate::digest::Digest;

/// What a deployment would change. It can be applied as long as neither the app nor its source changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Proposal {
    /// The app.
    pub app: AppName,
    /// The spec that it was made from.
    pub spec: AppSpec,
    /// The version of the app's record that it was made from; none for an app that is not there yet.
    pub version: Option<u64>,
    /// The number of the release that serves; `None` before the first.
    pub serving: Option<u64>,
    /// The source as it was read; none for a prebuilt image.
    pub source: Option<Digest>,
    /// What would change, in order; empty when nothing would.
    pub changes: Vec<Change>,
    /// The digest of all of this, which names the proposal.
    pub digest: Digest,
}

impl Proposal {
    pub(crate) fn new(
        spec: AppSpec,
        version: Option<u64>,
        serving: Option<u64>,
        source: Option<Digest>,
        changes: Vec<Change>,
    ) -> Self {
        let digest = Digest::of_json(&(&spec, version, serving, &source, &changes));
        Self { app: spec.name.clone(), spec, version, serving, source, changes, digest }
    }

    /// Whether applying it would change nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}

/// One thing that a deployment would change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Change {
    /// What kind of thing.
    pub part: ChangedPart,
    /// Whether it comes, goes, or becomes another.
    pub action: ChangeAction,
    /// Which one, such as the name of a variable or a host name.
    pub name: String,
    /// How it is now, where that is short and no secret.
    pub from: Option<String>,
    /// How it would be, where that is short and no secret.
    pub to: Option<String>,
}

/// A part of an app that can change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ChangedPart {
    /// The app itself.
    App,
    /// The source, and so the image that is built from it.
    Source,
    /// How the image is built.
    Build,
    /// A prebuilt image.
    Image,
    /// A plain environment variable; values are not shown.
    Env,
    /// A secret environment variable, or the value that it has.
    Secret,
    /// A port beside HTTP.
    Port,
    /// A folder that outlives a release.
    Volume,
    /// A host name.
    Domain,
    /// How the proxy treats requests to it.
    Routing,
    /// How its health is checked.
    Health,
    /// Limits of memory, processors and processes.
    Resources,
    /// Anything else of its spec, by name of the key.
    Setting,
    /// Its container, which is not as the serving release says.
    Container,
}

/// What happens to a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ChangeAction {
    /// It is made.
    Add,
    /// It becomes another.
    Change,
    /// It goes.
    Remove,
}
