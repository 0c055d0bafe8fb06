//! A proxy that fails.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::faults::Port;
use super::{Flaw, Process, Seen};
use crate::error::Result;
use crate::ingress::{Ingress, Prepared, Probe};
use crate::model::{AppName, Backend, ContainerSpec, DomainName, Route, RouteInfo};
use crate::runtime::ContainerRuntime;

/// A proxy as one [`Process`] reaches it: calls fail, come late or twice, or never return. Made by
/// [`Process::ingress`].
#[derive(Debug)]
pub struct FaultyIngress {
    process: Process,
    ingress: Arc<dyn Ingress>,
}

impl FaultyIngress {
    pub(super) fn new(process: Process, ingress: Arc<dyn Ingress>) -> Self {
        Self { process, ingress }
    }

    async fn call<T: Send, F: Future<Output = Result<T>> + Send>(
        &self,
        operation: &'static str,
        subject: &str,
        mut effect: impl FnMut() -> F + Send,
    ) -> Result<T> {
        let simulation = &self.process.simulation;
        let effect = || {
            let work = effect();
            Some(async {
                let result = work.await;
                simulation.tell(&Seen::HostCalled { operation, subject });
                result
            })
        };
        self.process.call(Port::Host, operation, subject, effect).await
    }
}

fn show(backend: Option<&Backend>) -> String {
    backend.map_or_else(|| "-".into(), |backend| backend.release.to_string())
}

#[async_trait]
impl Ingress for FaultyIngress {
    async fn prepare(&self, runtime: &dyn ContainerRuntime) -> Result<Prepared> {
        self.call("ingress.prepare", "", || self.ingress.prepare(runtime)).await
    }

    async fn is_running(&self, runtime: &dyn ContainerRuntime) -> Result<bool> {
        self.call("ingress.is_running", "", || self.ingress.is_running(runtime)).await
    }

    async fn join_network(&self, runtime: &dyn ContainerRuntime, network: &str) -> Result<()> {
        self.call("ingress.join_network", network, || self.ingress.join_network(runtime, network)).await
    }

    async fn leave_network(&self, runtime: &dyn ContainerRuntime, network: &str) -> Result<()> {
        self.call("ingress.leave_network", network, || self.ingress.leave_network(runtime, network)).await
    }

    async fn apply_route(&self, runtime: &dyn ContainerRuntime, route: &Route) -> Result<()> {
        let simulation = &self.process.simulation;
        let mut route = route.clone();
        if simulation.has(Flaw::RoutedTooEarly) && route.candidate.is_some() {
            route.serving.clone_from(&route.candidate);
        }
        let subject =
            format!("{} {} {}", route.app, show(route.serving.as_ref()), show(route.candidate.as_ref()));
        self.call("ingress.apply_route", &subject, || {
            let lost = simulation.shows(Flaw::RouteLost, 300);
            let route = &route;
            async move { if lost { Ok(()) } else { self.ingress.apply_route(runtime, route).await } }
        })
        .await
    }

    async fn restore_route(&self, runtime: &dyn ContainerRuntime, route: &Route) -> Result<bool> {
        let subject = format!("{} {}", route.app, show(route.serving.as_ref()));
        self.call("ingress.restore_route", &subject, || self.ingress.restore_route(runtime, route)).await
    }

    async fn list_routes(&self, runtime: &dyn ContainerRuntime) -> Result<Vec<RouteInfo>> {
        self.call("ingress.list_routes", "", || self.ingress.list_routes(runtime)).await
    }

    fn describe_route(&self, route: &Route) -> Option<RouteInfo> {
        self.ingress.describe_route(route)
    }

    fn container_spec(&self) -> ContainerSpec {
        self.ingress.container_spec()
    }

    async fn delete_route(&self, runtime: &dyn ContainerRuntime, app: &AppName) -> Result<()> {
        self.call("ingress.delete_route", app.as_str(), || self.ingress.delete_route(runtime, app)).await
    }

    async fn probe(
        &self,
        runtime: &dyn ContainerRuntime,
        app: &AppName,
        host: &str,
        path: &str,
        timeout: Duration,
    ) -> Result<Probe> {
        self.call("ingress.probe", app.as_str(), || async {
            let probe = self.ingress.probe(runtime, app, host, path, timeout).await;
            if self.process.simulation.has(Flaw::ProbeLies) {
                return Ok(Probe { status: 200, location: None });
            }
            probe
        })
        .await
    }

    async fn remove(&self, runtime: &dyn ContainerRuntime) -> Result<()> {
        self.call("ingress.remove", "", || self.ingress.remove(runtime)).await
    }

    fn container(&self) -> String {
        self.ingress.container()
    }

    fn http_port(&self) -> u16 {
        self.ingress.http_port()
    }

    fn url(&self, domain: &DomainName) -> String {
        self.ingress.url(domain)
    }

    fn toolbox_image(&self) -> Option<&str> {
        self.ingress.toolbox_image()
    }
}
