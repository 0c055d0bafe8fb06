//! What is deployed where, as the hosts say it.

use serde::{Deserialize, Serialize};

use super::container::{ContainerInfo, ContainerState};
use super::name::{AppName, ClientId, DomainName};
use super::release::{AppReport, AppState};
use crate::clock::Timestamp;
use crate::digest::Digest;

/// A release on a host: what was wanted from the store, what runs from the host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct DeploymentReport {
    /// The app.
    pub app: AppName,
    /// The client that owns it; `None` when it is the platform's.
    pub client: Option<ClientId>,
    /// The host.
    pub host: String,
    /// The host's address, where the platform rented it.
    pub address: Option<String>,
    /// The container's name.
    pub container: String,
    /// The number of the release, where the container says so.
    pub release: Option<u64>,
    /// Whether this is the release that requests go to.
    pub is_current: bool,
    /// How the container is.
    pub state: AppState,
    /// The image's name, of the current release.
    pub image: Option<String>,
    /// The image's id on the engine: of the container, if there is one.
    pub image_id: String,
    /// Digest of everything that the container is made from, of the current release.
    pub config_digest: Option<Digest>,
    /// The host names that lead to it; only the current release has any.
    pub domains: Vec<DomainName>,
    /// The URL at which it answers; none without a domain.
    pub url: Option<String>,
    /// When the current release was made.
    pub deployed_at: Option<Timestamp>,
}

impl DeploymentReport {
    /// What a container of an app is.
    #[must_use]
    pub fn of(report: &AppReport, container: &ContainerInfo) -> Self {
        let state = match (container.state, container.healthy) {
            (ContainerState::Running, Some(false)) | (ContainerState::Restarting, _) => AppState::Unhealthy,
            (ContainerState::Running, _) => AppState::Running,
            _ => AppState::Stopped,
        };
        let number = container.labels.get("byop.release").and_then(|number| number.parse().ok());
        let deployment = Self::new(report, container.name.clone(), container.image_id.clone(), state);
        deployment.with_release(report, number)
    }

    /// The release that should serve and has no container, if the app has one.
    #[must_use]
    pub fn absent(report: &AppReport) -> Option<Self> {
        let current = report.app.current.as_ref()?;
        let deployment = Self::new(report, String::new(), current.image_id.clone(), AppState::Absent);
        Some(deployment.with_release(report, Some(current.number)))
    }

    fn new(report: &AppReport, container: String, image_id: String, state: AppState) -> Self {
        Self {
            app: report.app.name.clone(),
            client: None,
            host: report.app.host.clone(),
            address: None,
            container,
            release: None,
            is_current: false,
            state,
            image: None,
            image_id,
            config_digest: None,
            domains: Vec::new(),
            url: None,
            deployed_at: None,
        }
    }

    /// What the store says of the release, if it is the current one.
    fn with_release(mut self, report: &AppReport, number: Option<u64>) -> Self {
        self.release = number;
        if let Some(current) = report.app.current.as_ref().filter(|current| Some(current.number) == number) {
            self.is_current = true;
            self.image = Some(current.image.clone());
            self.config_digest = Some(current.config_digest.clone());
            self.domains.clone_from(&report.app.spec.domains);
            self.url.clone_from(&report.url);
            self.deployed_at = Some(current.created_at);
        }
        self
    }
}
