//! How requests find a container.

use serde::{Deserialize, Serialize};

use super::app::RoutingSpec;
use super::name::{AppName, DomainName};

/// The route of an app: host names, and the container that answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// The app.
    pub app: AppName,
    /// The host names.
    pub domains: Vec<DomainName>,
    /// Redirects and headers.
    pub options: RoutingSpec,
    /// Who answers requests; none yet for a first release that is still being checked.
    pub serving: Option<Backend>,
    /// A new release that only byop's own probes reach.
    pub candidate: Option<Backend>,
}

/// A container that can answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backend {
    /// The number of the release.
    pub release: u64,
    /// The container's name, which is its host name in the app's network.
    pub container: String,
    /// The port that it listens on.
    pub port: u16,
}
