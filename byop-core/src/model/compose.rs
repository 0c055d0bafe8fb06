//! What an own compose file says.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::detection::Diagnostic;
use super::port::Protocol;

/// What is done about keys of an own compose file that byop does not take, or that reach beyond the app.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ComposePolicy {
    /// Each is a diagnostic, and has no effect.
    #[default]
    Warn,
    /// The first is an error.
    Refuse,
}

/// An own compose file as a graph of services.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ComposeApp {
    /// The name of the project, if the file has one.
    pub name: Option<String>,
    /// The services by name.
    pub services: BTreeMap<String, ComposeService>,
    /// Variables that the file asks for and that have no value.
    pub missing: Vec<String>,
    /// Keys that were not taken, each with its service and line.
    pub diagnostics: Vec<Diagnostic>,
}

/// One service of a compose file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ComposeService {
    /// The image that it runs, or the name that its build is given.
    pub image: Option<String>,
    /// How its image is built.
    pub build: Option<ComposeBuild>,
    /// The arguments of its program.
    pub command: Option<Vec<String>>,
    /// Its program.
    pub entrypoint: Option<Vec<String>>,
    /// The ports that it publishes.
    pub ports: Vec<ComposePort>,
    /// The ports that it opens to the other services.
    pub expose: Vec<u16>,
    /// Its variables; those without a value come from the surroundings.
    pub env: BTreeMap<String, Option<String>>,
    /// What is mounted.
    pub volumes: Vec<ComposeVolume>,
    /// The services that it waits for, and for what of them, such as `service_healthy`.
    pub depends_on: BTreeMap<String, String>,
    /// Its health check: an argument list, with `CMD` or `CMD-SHELL` before it. Empty: none, in spite of the image's.
    pub health: Option<Vec<String>>,
    /// Runs as.
    pub user: Option<String>,
}

/// How a service's image is built.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ComposeBuild {
    /// The folder, relative to that of the file; empty for that folder itself.
    pub context: String,
    /// The Dockerfile, relative to the context.
    pub dockerfile: String,
}

/// A port of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ComposePort {
    /// The port inside.
    pub container_port: u16,
    /// The port of the host, if it is fixed.
    pub host_port: Option<u16>,
    /// The address of the host, if it is fixed.
    pub host_ip: Option<String>,
    /// The protocol.
    pub protocol: Protocol,
}

/// A mount of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ComposeVolume {
    /// The name of the volume, or the path of a folder of the app; none for one without a name.
    pub source: Option<String>,
    /// Where the service finds it.
    pub path: String,
    /// Whether it is a folder of the tree and no volume.
    pub is_folder: bool,
    /// Whether it cannot be written to.
    pub read_only: bool,
}
