//! What a release is made from beside its image.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::app::{ResourceLimits, UserSpec, VolumeSpec};
use super::name::EnvName;
use crate::secret::SecretRef;

/// What the container of a release is made from besides its image and ports: enough to make it again, and to tell
/// whether it has changed. Secrets are names.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct ReleaseConfig {
    /// Plain environment variables: those of the spec, and planned ones.
    pub env: BTreeMap<String, String>,
    /// Environment variables whose values are secrets.
    pub secrets: BTreeMap<EnvName, SecretRef>,
    /// The command in place of the image's.
    pub command: Option<Vec<String>>,
    /// Folders that persist across releases.
    pub volumes: Vec<VolumeSpec>,
    /// Folders in memory to which the app writes, besides `/tmp`.
    pub writable: Vec<String>,
    /// Limits of memory, processors and processes.
    pub resources: ResourceLimits,
    /// The user that it runs as, in place of the image's.
    pub user: Option<UserSpec>,
}
