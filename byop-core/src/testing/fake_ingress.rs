//! A reverse proxy in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use super::{FakeProgram, FakeRuntime};
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::ingress::{Ingress, Prepared, Probe};
use crate::model::{
    AppName, Backend, ContainerSpec, ContainerState, DomainName, ExecSpec, ImageRef, NetworkSpec, Route,
    RouteInfo,
};
use crate::runtime::{ContainerRuntime, ContainerRuntimeExt};

const NAME: &str = "byop-fake-proxy";
const IMAGE: &str = "byop-fake-proxy:1";

/// A reverse proxy in memory, for tests of what drives one: it is a container of a [`FakeRuntime`], holds routes, and
/// asks the programs of fake containers when it probes.
///
/// Each of its methods is a call of the runtime (`ingress.prepare`, `ingress.apply_route`, ...) besides the calls that
/// it makes: so it stands in [`FakeRuntime::calls`] in order with all others, and fails where a test says so with
/// [`FakeRuntime::inject`]. Like a real proxy it only reaches containers in networks that it has joined, and forgets
/// its routes with its container. Clones share their state.
///
/// ```
/// use byop_core::ingress::{Ingress, Prepared};
/// use byop_core::testing::{FakeIngress, FakeRuntime};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> byop_core::Result<()> {
/// let engine = FakeRuntime::new();
/// let proxy = FakeIngress::new(&engine);
/// assert_eq!(proxy.prepare(&engine).await?, Prepared::Started);
/// assert_eq!(proxy.prepare(&engine).await?, Prepared::Running);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct FakeIngress {
    engine: FakeRuntime,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    routes: BTreeMap<AppName, Route>,
    switches: Vec<(AppName, Option<Backend>)>,
    answers: BTreeMap<String, Answer>,
    foreign: Vec<RouteInfo>,
}

#[derive(Debug, Clone)]
enum Answer {
    Probe(Probe),
    Silence,
}

impl FakeIngress {
    /// A proxy whose container runs on this engine; the engine gets its image.
    #[must_use]
    pub fn new(engine: &FakeRuntime) -> Self {
        engine.add_image(IMAGE, FakeProgram::worker());
        Self { engine: engine.clone(), state: Arc::default() }
    }

    /// Lets a container, once it listens, answer with this status instead of 200.
    pub fn set_status(&self, container: impl Into<String>, status: u16) {
        self.set(container, Answer::Probe(Probe { status, location: None }));
    }

    /// Lets a container, once it listens, answer with a redirect.
    pub fn set_redirect(&self, container: impl Into<String>, status: u16, location: impl Into<String>) {
        self.set(container, Answer::Probe(Probe { status, location: Some(location.into()) }));
    }

    /// Lets a container take requests and never answer them.
    pub fn set_silent(&self, container: impl Into<String>) {
        self.set(container, Answer::Silence);
    }

    /// The route of an app, as the proxy uses it.
    #[must_use]
    pub fn route(&self, app: &AppName) -> Option<Route> {
        self.state().routes.get(app).cloned()
    }

    /// Adds a rule that is not byop's.
    pub fn add_foreign_route(&self, route: RouteInfo) {
        self.state().foreign.push(route);
    }

    /// Changes or takes away the route of an app, as somebody with access to the proxy would.
    pub fn edit_route(&self, app: &AppName, change: impl FnOnce(Route) -> Option<Route>) {
        let mut state = self.state();
        if let Some(route) = state.routes.remove(app).and_then(change) {
            state.routes.insert(app.clone(), route);
        }
    }

    /// How often an app's requests began to go elsewhere or nowhere.
    #[must_use]
    pub fn switches(&self, app: &AppName) -> usize {
        self.state().switches.iter().filter(|(name, _)| name == app).count()
    }

    /// What a request from outside is answered: the status, and the answer of the program. A host name without a route
    /// gives 404, a container that does not answer 502.
    #[must_use]
    pub fn request(&self, domain: &str) -> (u16, String) {
        let serving = self
            .state()
            .routes
            .values()
            .find(|route| route.domains.iter().any(|name| name.as_str() == domain))
            .and_then(|route| route.serving.clone());
        let running = self.engine.census().get(NAME) == Some(&ContainerState::Running);
        let Some(backend) = serving.filter(|_| running) else { return (404, String::new()) };
        match self.engine.answer(&backend.container, backend.port) {
            Some(text) => (200, text),
            None => (502, String::new()),
        }
    }

    fn set(&self, container: impl Into<String>, answer: Answer) {
        self.state().answers.insert(container.into(), answer);
    }

    // Each change is one assignment: a panic elsewhere leaves nothing half done.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_route(&self, app: &AppName, route: Option<Route>) {
        let mut state = self.state();
        let before = state.routes.get(app).and_then(|route| route.serving.clone());
        let after = route.as_ref().and_then(|route| route.serving.clone());
        match route {
            Some(route) => state.routes.insert(app.clone(), route),
            None => state.routes.remove(app),
        };
        if before != after {
            state.switches.push((app.clone(), after));
        }
    }

    async fn is_running(runtime: &dyn ContainerRuntime) -> Result<bool> {
        let found = runtime.find_container(NAME).await?;
        Ok(found.is_some_and(|container| container.state == ContainerState::Running))
    }

    async fn check_running(&self, runtime: &dyn ContainerRuntime) -> Result<()> {
        if Self::is_running(runtime).await? {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Unavailable, "ingress.inspect", "the proxy is not running")
            .with_context("container", NAME))
    }

    fn spec() -> ContainerSpec {
        let mut spec = ContainerSpec::new(NAME, IMAGE);
        spec.labels.insert("byop.role".into(), "ingress".into());
        spec.networks = vec![NAME.into()];
        spec.labels.insert("byop.key".into(), Digest::of_json(&spec).to_string());
        spec
    }
}

fn target(backend: &Backend) -> String {
    format!("http://{}:{}", backend.container, backend.port)
}

fn show(route: &Route) -> String {
    let release =
        |backend: &Option<Backend>| backend.as_ref().map_or("-".into(), |b| format!("r{}", b.release));
    format!("{} serving={} candidate={}", route.app, release(&route.serving), release(&route.candidate))
}

#[async_trait]
impl Ingress for FakeIngress {
    async fn prepare(&self, runtime: &dyn ContainerRuntime) -> Result<Prepared> {
        self.engine.beside("ingress.prepare", "", || ()).await?;
        if Self::is_running(runtime).await? {
            return Ok(Prepared::Running);
        }
        runtime.ensure_image(&ImageRef::new(IMAGE)?).await?;
        let spec = Self::spec();
        let network = NetworkSpec { name: NAME.into(), labels: spec.labels.clone(), internal: false };
        runtime.create_network(&network).await?;
        runtime.create_container(&spec).await?;
        runtime.start_container(NAME).await?;
        // The harshest that the contract allows, so that nobody relies on more.
        self.state().routes.clear();
        Ok(Prepared::Started)
    }

    async fn is_running(&self, runtime: &dyn ContainerRuntime) -> Result<bool> {
        self.engine.beside("ingress.is_running", "", || ()).await?;
        Ok(self.check_running(runtime).await.is_ok())
    }

    async fn join_network(&self, runtime: &dyn ContainerRuntime, network: &str) -> Result<()> {
        self.engine.beside("ingress.join_network", network, || ()).await?;
        self.check_running(runtime).await?;
        runtime.connect_network(network, NAME).await
    }

    async fn leave_network(&self, runtime: &dyn ContainerRuntime, network: &str) -> Result<()> {
        self.engine.beside("ingress.leave_network", network, || ()).await?;
        runtime.disconnect_network(network, NAME).await
    }

    async fn apply_route(&self, runtime: &dyn ContainerRuntime, route: &Route) -> Result<()> {
        self.check_running(runtime).await?;
        let kept = (route.serving.is_some() || route.candidate.is_some()).then(|| route.clone());
        self.engine.beside("ingress.apply_route", &show(route), || self.set_route(&route.app, kept)).await
    }

    async fn restore_route(&self, runtime: &dyn ContainerRuntime, route: &Route) -> Result<bool> {
        self.check_running(runtime).await?;
        let set = || {
            let is_new = route.serving.is_some() && self.route(&route.app).is_none();
            if is_new {
                self.set_route(&route.app, Some(route.clone()));
            }
            is_new
        };
        self.engine.beside("ingress.restore_route", &show(route), set).await
    }

    async fn delete_route(&self, _: &dyn ContainerRuntime, app: &AppName) -> Result<()> {
        self.engine.beside("ingress.delete_route", app.as_str(), || self.set_route(app, None)).await
    }

    async fn probe(
        &self,
        runtime: &dyn ContainerRuntime,
        app: &AppName,
        _host: &str,
        path: &str,
        timeout: Duration,
    ) -> Result<Probe> {
        self.engine.beside("ingress.probe", app.as_str(), || ()).await?;
        self.check_running(runtime).await?;
        let candidate = self.state().routes.get(app).and_then(|route| route.candidate.clone());
        let candidate = candidate.ok_or_else(|| {
            Error::not_found("ingress.probe", "the app has no candidate").with_context("app", app)
        })?;
        // Asked from inside the proxy's container, so that only shared networks lead there.
        let url = format!("http://{}:{}{path}", candidate.container, candidate.port);
        let seen = runtime.exec(NAME, &ExecSpec::new(["wget", "-q", "-O-", &url])).await?;
        if seen.exit_code != 0 {
            return Ok(Probe { status: 502, location: None });
        }
        let answer = self.state().answers.get(&candidate.container).cloned();
        match answer {
            None => Ok(Probe { status: 200, location: None }),
            Some(Answer::Probe(probe)) => Ok(probe),
            Some(Answer::Silence) => {
                tokio::time::sleep(timeout).await;
                Err(Error::new(ErrorKind::Timeout, "ingress.probe", "no answer in time")
                    .with_context("app", app))
            }
        }
    }

    async fn list_routes(&self, runtime: &dyn ContainerRuntime) -> Result<Vec<RouteInfo>> {
        self.engine.beside("ingress.list_routes", "", || ()).await?;
        self.check_running(runtime).await?;
        let state = self.state();
        let mut routes = state.foreign.clone();
        for route in state.routes.values() {
            routes.extend(self.describe_route(route));
            let Some(backend) = &route.candidate else { continue };
            let rule = format!("candidate of {}", route.app);
            let mut info =
                RouteInfo::new(format!("{}--candidate", route.app), rule, Digest::of_json(&route.options));
            info.app = Some(route.app.clone());
            info.is_candidate = true;
            info.targets = vec![target(backend)];
            routes.push(info);
        }
        routes.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(routes)
    }

    fn describe_route(&self, route: &Route) -> Option<RouteInfo> {
        let backend = route.serving.as_ref().filter(|_| !route.domains.is_empty())?;
        let mut info = RouteInfo::new(route.app.as_str(), route.rule(), Digest::of_json(&route.options));
        info.app = Some(route.app.clone());
        info.domains.clone_from(&route.domains);
        info.targets = vec![target(backend)];
        Some(info)
    }

    async fn remove(&self, runtime: &dyn ContainerRuntime) -> Result<()> {
        self.engine.beside("ingress.remove", "", || ()).await?;
        runtime.remove_container(NAME).await?;
        self.state().routes.clear();
        runtime.remove_network(NAME).await
    }

    fn container(&self) -> String {
        NAME.into()
    }

    fn container_spec(&self) -> ContainerSpec {
        Self::spec()
    }

    fn http_port(&self) -> u16 {
        80
    }

    fn url(&self, domain: &DomainName) -> String {
        format!("http://{domain}/")
    }

    fn toolbox_image(&self) -> Option<&str> {
        Some(IMAGE)
    }
}
