//! What a release is made from beside its image.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::app::{ResourceLimits, UserSpec, VolumeSpec};
use super::name::EnvName;
use crate::secret::SecretRef;

/// What the container of a release is made from, beside its image, its port and its ports of the host: enough to make
/// it again, and to tell whether what runs is still the same. Secrets are references.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct ReleaseConfig {
    /// Plain environment variables: the owner's, and what was planned.
    pub env: BTreeMap<String, String>,
    /// Environment variables whose values are secrets.
    pub secrets: BTreeMap<EnvName, SecretRef>,
    /// The command in place of the image's.
    pub command: Option<Vec<String>>,
    /// Folders that outlive a release.
    pub volumes: Vec<VolumeSpec>,
    /// Folders in memory that the app writes to besides `/tmp`.
    pub writable: Vec<String>,
    /// Memory, processors, processes.
    pub resources: ResourceLimits,
    /// Runs as this user instead of the image's.
    pub user: Option<UserSpec>,
}
