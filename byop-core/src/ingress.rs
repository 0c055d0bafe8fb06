//! How requests from outside reach containers: routes, and the proxy that carries them out.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;

use crate::error::Result;
use crate::model::{AppName, ContainerSpec, DomainName, Route, RouteInfo};
use crate::runtime::ContainerRuntime;

#[cfg(feature = "docker")]
mod http;
mod probe;
#[cfg(feature = "docker")]
mod traefik;
#[cfg(feature = "docker")]
mod traefik_config;

pub use probe::Probe;
#[cfg(feature = "docker")]
pub use traefik::Traefik;

/// What [`Ingress::prepare`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Prepared {
    /// The proxy was running as configured.
    Running,
    /// The proxy was started now.
    Started,
}

/// A reverse proxy on a host.
///
/// A route is applied as a whole. `apply_route` and `delete_route` return when the proxy *uses* what they said,
/// not when it was told: this is what lets a release be replaced without a failed request.
///
/// All methods can return `Unavailable` and `Timeout` when the proxy or the engine below it does not answer.
#[async_trait]
pub trait Ingress: Debug + Send + Sync {
    /// Makes sure that the proxy runs on the host, as configured, and says whether it did already. One that was
    /// started now may know no network and no route.
    ///
    /// # Errors
    /// `Conflict` when a port is taken; `NotFound` when the proxy's image cannot be had.
    async fn prepare(&self, runtime: &dyn ContainerRuntime) -> Result<Prepared>;

    /// Whether the proxy runs on the host as configured, so that [`Ingress::prepare`] would have nothing to do.
    ///
    /// # Errors
    /// Only those that all methods share.
    async fn is_running(&self, runtime: &dyn ContainerRuntime) -> Result<bool>;

    /// Lets the proxy reach the containers of a network. Reaches them already: `Ok`.
    ///
    /// # Errors
    /// `NotFound` when there is no such network.
    async fn join_network(&self, runtime: &dyn ContainerRuntime, network: &str) -> Result<()>;

    /// Takes the proxy out of a network, so that the network can be removed. Not in it: `Ok`.
    ///
    /// # Errors
    /// Only those that all methods share.
    async fn leave_network(&self, runtime: &dyn ContainerRuntime, network: &str) -> Result<()>;

    /// Sets the route of an app, in place of any earlier one.
    ///
    /// # Errors
    /// `InvalidInput` when the proxy refuses it.
    async fn apply_route(&self, runtime: &dyn ContainerRuntime, route: &Route) -> Result<()>;

    /// Sets the route of an app that has none, and says whether it did. Has one: it stays, as whoever works on that app
    /// may have changed it just now. This is how a proxy that was started anew is told of the apps of others.
    ///
    /// # Errors
    /// `InvalidInput` when the proxy refuses it.
    async fn restore_route(&self, runtime: &dyn ContainerRuntime, route: &Route) -> Result<bool>;

    /// Removes the route of an app. None there: `Ok`.
    ///
    /// # Errors
    /// Only those that all methods share.
    async fn delete_route(&self, runtime: &dyn ContainerRuntime, app: &AppName) -> Result<()>;

    /// Sends one GET to the candidate of the app's route, through the proxy, with `host` as its host name.
    ///
    /// # Errors
    /// `NotFound` when the app has no candidate.
    async fn probe(
        &self,
        runtime: &dyn ContainerRuntime,
        app: &AppName,
        host: &str,
        path: &str,
        timeout: Duration,
    ) -> Result<Probe>;

    /// The rules that the proxy uses for requests from outside and for probes, byop's and those of others; its own
    /// interface is none of them. In order of name.
    ///
    /// # Errors
    /// `NotFound` when there is no proxy; `Unavailable` when it does not run.
    async fn list_routes(&self, runtime: &dyn ContainerRuntime) -> Result<Vec<RouteInfo>>;

    /// The rule by which requests reach what serves, as [`Ingress::list_routes`] shows it once the route is applied;
    /// none when they reach nobody. A candidate is left out: with one beside it, `settings` may be others.
    fn describe_route(&self, route: &Route) -> Option<RouteInfo>;

    /// Removes the proxy and all that belongs to it. Gone already: `Ok`.
    ///
    /// # Errors
    /// Only those that all methods share.
    async fn remove(&self, runtime: &dyn ContainerRuntime) -> Result<()>;

    /// The name of the proxy's container.
    fn container(&self) -> String;

    /// What the proxy's container is made from, so that one that was set up otherwise is noticed. In which networks it
    /// is depends on the apps.
    fn container_spec(&self) -> ContainerSpec;

    /// The port of the host at which it answers plain HTTP.
    fn http_port(&self) -> u16;

    /// The URL under which a host name answers.
    fn url(&self, domain: &DomainName) -> String;

    /// An image on the host that has `cat`, for looking into a container's network from beside it.
    fn toolbox_image(&self) -> Option<&str>;
}
