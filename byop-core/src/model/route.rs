//! How requests find a container.

use serde::{Deserialize, Serialize};

use super::name::{AppName, DomainName};
use super::routing::RoutingSpec;
use crate::digest::Digest;

/// The route of an app: host names, and the container that answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Route {
    /// The app.
    pub app: AppName,
    /// The host names.
    pub domains: Vec<DomainName>,
    /// Paths, headers, limits and the like.
    pub options: RoutingSpec,
    /// Who answers requests; none yet for a first release that is still being checked.
    pub serving: Option<Backend>,
    /// A new release that only byop's own probes reach.
    pub candidate: Option<Backend>,
}

impl Route {
    /// The rule that requests to the app fit: its host names and its path, if it has one.
    #[must_use]
    pub fn rule(&self) -> String {
        rule(&self.domains, &self.options)
    }
}

/// The rule for requests to these host names.
pub(crate) fn rule(domains: &[DomainName], options: &RoutingSpec) -> String {
    // Host names are checked types: they hold no backtick that could end the rule.
    let hosts = domains.iter().map(|domain| format!("Host(`{domain}`)")).collect::<Vec<_>>().join(" || ");
    match options.path_rule() {
        Some(path) if domains.len() > 1 => format!("({hosts}) && {path}"),
        Some(path) => format!("{hosts} && {path}"),
        None => hosts,
    }
}

/// One rule of a proxy, as the proxy shows it. What byop wrote and what it finds can be compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct RouteInfo {
    /// Its name in the proxy.
    pub name: String,
    /// The app that byop wrote it for; none for one that is somebody else's.
    pub app: Option<AppName>,
    /// Whether it only leads byop's probes to a candidate.
    pub is_candidate: bool,
    /// The requests that it is for, in the proxy's words.
    pub rule: String,
    /// The host names in it, in its order.
    pub domains: Vec<DomainName>,
    /// Where it leads, such as `http://byop-shop-r1:8080`.
    pub targets: Vec<String>,
    /// Digest of everything else that is set about it: headers, limits and the like.
    pub settings: Digest,
}

impl RouteInfo {
    /// A rule that leads nowhere yet.
    #[must_use]
    pub fn new(name: impl Into<String>, rule: impl Into<String>, settings: Digest) -> Self {
        Self {
            name: name.into(),
            app: None,
            is_candidate: false,
            rule: rule.into(),
            domains: Vec::new(),
            targets: Vec::new(),
            settings,
        }
    }
}

/// A container that can answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Backend {
    /// The number of the release.
    pub release: u64,
    /// The container's name, which is its host name in the app's network.
    pub container: String,
    /// The port that it listens on.
    pub port: u16,
}
