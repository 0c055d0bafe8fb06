//! An app as stored, and what runs of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::app::{AppSpec, HealthSpec};
use super::container::ContainerInfo;
use super::detection::Detection;
use super::name::AppName;
use super::plan::Plan;
use super::port::PublishedPort;
use super::release_config::ReleaseConfig;
use crate::clock::Timestamp;
use crate::digest::Digest;
use crate::id::JobId;
use crate::secret::SecretRef;

/// An app as stored: the wanted state and the current release.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct App {
    /// Its name.
    pub name: AppName,
    /// The spec that was last deployed with success.
    pub spec: AppSpec,
    /// The host it runs on.
    pub host: String,
    /// The release that serves; `None` before the first success.
    pub current: Option<Release>,
    /// The number of the next release. Numbers are never reused.
    pub next_release: u64,
    /// Whether its owner wants it to run.
    pub wanted: AppState,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Whether an app runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AppState {
    /// Its container runs and is healthy, or has no check.
    Running,
    /// Its container runs but is not healthy.
    Unhealthy,
    /// Its container has ended or was stopped.
    Stopped,
    /// There is no container.
    Absent,
}

/// A numbered, immutable version of an app: image, plan and configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Release {
    /// Counted from 1 within the app.
    pub number: u64,
    /// The image's id on the engine.
    pub image_id: String,
    /// The image's name.
    pub image: String,
    /// Digest of the source tree; none for a prebuilt image.
    pub source_digest: Option<Digest>,
    /// Digest of everything that the container is made from. Deploying the same digest again changes nothing.
    pub config_digest: Digest,
    /// The names of its secrets, each with a fingerprint of the value; `None` for one given by an engine without keys.
    #[serde(default)]
    pub secret_versions: BTreeMap<SecretRef, Option<String>>,
    /// The port that it listens on.
    pub port: u16,
    /// The ports of the host that lead into it, beside HTTP.
    #[serde(default)]
    pub ports: Vec<PublishedPort>,
    /// The health path.
    pub health_path: String,
    /// How its health is checked: as the spec says, else as the app's `byop.yaml` says.
    #[serde(default)]
    pub health: Option<HealthSpec>,
    /// What the source was found to be; none for a prebuilt image.
    pub detection: Option<Detection>,
    /// How it was built; none for a prebuilt image.
    pub plan: Option<Plan>,
    /// What its container is made from; `None` for a release made by an earlier version of byop.
    #[serde(default)]
    pub config: Option<ReleaseConfig>,
    /// The job that made it.
    #[serde(default)]
    pub job: Option<JobId>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A release with what it was made for, as stored for going back to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReleaseRecord {
    /// The release.
    pub release: Release,
    /// What its owner asked for.
    pub spec: AppSpec,
    /// The same, with what the app says itself.
    pub wanted: AppSpec,
}

/// A release on a host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Deployment {
    /// The app.
    pub app: AppName,
    /// The host.
    pub host: String,
    /// The number of the release.
    pub release: u64,
    /// The container.
    pub container: String,
    /// How far it is.
    pub state: DeploymentState,
    /// The URL at which it answers; none without a domain.
    pub url: Option<String>,
}

/// How far a deployment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DeploymentState {
    /// It receives the app's requests.
    Serving,
    /// Nothing had to change: this release was serving already.
    Unchanged,
}

/// An app as stored, with the containers observed on its host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AppReport {
    /// As stored.
    pub app: App,
    /// As observed.
    pub state: AppState,
    /// The containers of the app, as observed; the serving one first.
    pub containers: Vec<ContainerInfo>,
    /// The ports of the host that are the app's.
    pub ports: Vec<PublishedPort>,
    /// The URL at which it answers; none without a domain.
    pub url: Option<String>,
}
