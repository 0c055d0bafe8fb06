//! What every [`Ingress`] does, one function a behaviour.
//!
//! Run them all with [`ingress_suite!`](crate::ingress_suite), which makes a test of each.

#![allow(clippy::unwrap_used, clippy::missing_panics_doc)]

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;

use super::runtime_suite::{self, Program, RuntimeEnv};
use crate::error::{ErrorKind, Result};
use crate::ingress::{Ingress, Prepared, Probe};
use crate::model::{AppName, Backend, DomainName, RateLimit, Route, RoutingSpec};
use crate::runtime::{ContainerRuntime, ContainerRuntimeExt};

const PORT: u16 = 8080;
const PATIENCE: Duration = Duration::from_secs(5);

/// Makes a `#[tokio::test]` of each behaviour of a proxy. The argument is the path of an
/// `async fn() -> Option<Subject>`, called once for each test; `None` skips it.
///
/// ```
/// use std::sync::Arc;
/// use byop_core::testing::ingress_suite::Subject;
/// use byop_core::testing::runtime_suite::RuntimeEnv;
/// use byop_core::testing::{FakeIngress, FakeRuntime};
///
/// async fn make() -> Option<Subject> {
///     let engine = FakeRuntime::new();
///     Some(Subject::new(RuntimeEnv::on_fake(engine.clone()), Arc::new(FakeIngress::new(&engine))))
/// }
///
/// byop_core::ingress_suite!(make);
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! ingress_suite {
    ($make:path) => {
        $crate::ingress_suite! { @ $make;
            preparing_twice_says_that_it_runs
            a_candidate_is_reached_by_probes
            a_route_that_is_applied_twice_is_ok
            a_route_takes_the_place_of_the_earlier_one
            a_route_is_restored_only_where_there_is_none
            a_candidate_that_does_not_listen_is_a_bad_gateway
            limits_and_passwords_are_not_for_probes
            options_can_change_while_an_app_serves
            routes_are_listed_as_they_are_described
            an_app_without_a_candidate_is_not_probed
            a_route_to_nobody_is_no_route
            deleting_a_missing_route_is_ok
            joining_twice_is_ok
            joining_a_missing_network_is_not_found
            leaving_twice_lets_the_network_go
            removing_twice_is_ok
            a_removed_proxy_can_be_prepared_again
        }
    };
    (@ $make:path; $($name:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                if let Some(subject) = $make().await {
                    $crate::testing::ingress_suite::run(subject, $crate::testing::ingress_suite::$name).await;
                }
            }
        )*
    };
}

/// A proxy under test, and the engine that it runs on.
#[derive(Debug)]
pub struct Subject {
    env: RuntimeEnv,
    ingress: Arc<dyn Ingress>,
}

impl Subject {
    /// A proxy that is not there yet, on an engine whose programs can be [`Program::Server`].
    #[must_use]
    pub fn new(env: RuntimeEnv, ingress: Arc<dyn Ingress>) -> Self {
        Self { env, ingress }
    }

    fn runtime(&self) -> &dyn ContainerRuntime {
        self.env.runtime.as_ref()
    }

    /// A network that the proxy has joined.
    async fn joined(&self) -> String {
        self.ingress.prepare(self.runtime()).await.unwrap();
        let network = self.env.network("app");
        let network = network.await;
        self.ingress.join_network(self.runtime(), &network).await.unwrap();
        network
    }

    /// A container in the network, as a candidate.
    async fn candidate(&self, suffix: &str, program: &Program, network: &str) -> Route {
        let mut spec = self.env.spec(suffix, program);
        spec.networks = vec![network.to_owned()];
        self.env.start(&spec).await;
        let backend = Backend { release: 1, container: spec.name, port: PORT };
        route(None, Some(backend))
    }

    async fn probe(&self) -> Result<Probe> {
        self.ingress.probe(self.runtime(), &app(), "suite.localhost", "/", PATIENCE).await
    }

    /// Waits until a probe gives this status.
    async fn probes(&self, status: u16) {
        let look = || async { (self.probe().await.ok()?.status == status).then_some(()) };
        self.env.until("the status", look).await;
    }
}

/// Runs one behaviour and removes what it made, whether it passes or not.
pub async fn run(subject: Subject, behaviour: impl AsyncFnOnce(&Subject)) {
    let outcome = AssertUnwindSafe(behaviour(&subject)).catch_unwind().await;
    let removed = subject.ingress.remove(subject.runtime()).await;
    let check = async |_: &RuntimeEnv| match outcome {
        Err(panic) => resume_unwind(panic),
        Ok(()) => removed.unwrap(),
    };
    runtime_suite::run(subject.env, check).await;
}

fn app() -> AppName {
    AppName::new("suite").unwrap()
}

fn route(serving: Option<Backend>, candidate: Option<Backend>) -> Route {
    let domains = vec![DomainName::new("suite.localhost").unwrap()];
    Route { app: app(), domains, options: RoutingSpec::default(), serving, candidate }
}

/// [`Ingress::prepare`] tells a start from a look.
pub async fn preparing_twice_says_that_it_runs(subject: &Subject) {
    let runtime = subject.runtime();
    assert_eq!(subject.ingress.prepare(runtime).await.unwrap(), Prepared::Started);
    assert_eq!(subject.ingress.prepare(runtime).await.unwrap(), Prepared::Running);
    assert!(runtime.find_container(&subject.ingress.container()).await.unwrap().is_some());
}

/// A probe is answered by the app.
pub async fn a_candidate_is_reached_by_probes(subject: &Subject) {
    let network = subject.joined().await;
    let route = subject.candidate("server", &Program::Server(PORT), &network).await;
    subject.ingress.apply_route(subject.runtime(), &route).await.unwrap();
    subject.probes(200).await;
}

/// The same route again changes nothing.
pub async fn a_route_that_is_applied_twice_is_ok(subject: &Subject) {
    let network = subject.joined().await;
    let route = subject.candidate("server", &Program::Server(PORT), &network).await;
    for _ in 0..2 {
        subject.ingress.apply_route(subject.runtime(), &route).await.unwrap();
    }
    subject.probes(200).await;
}

/// A candidate that came to serve is no candidate any more.
pub async fn a_route_takes_the_place_of_the_earlier_one(subject: &Subject) {
    let network = subject.joined().await;
    let first = subject.candidate("server", &Program::Server(PORT), &network).await;
    subject.ingress.apply_route(subject.runtime(), &first).await.unwrap();
    subject.probes(200).await;
    let serving = route(first.candidate, None);
    subject.ingress.apply_route(subject.runtime(), &serving).await.unwrap();
    assert_eq!(subject.probe().await.unwrap_err().kind(), ErrorKind::NotFound);
}

/// [`Ingress::restore_route`] leaves a route as it is, and sets one that is missing.
pub async fn a_route_is_restored_only_where_there_is_none(subject: &Subject) {
    let network = subject.joined().await;
    let current = subject.candidate("server", &Program::Server(PORT), &network).await;
    subject.ingress.apply_route(subject.runtime(), &current).await.unwrap();
    let serving = route(current.candidate.clone(), None);
    subject.ingress.restore_route(subject.runtime(), &serving).await.unwrap();
    subject.probes(200).await;
    subject.ingress.delete_route(subject.runtime(), &app()).await.unwrap();
    let restored = Route { candidate: current.candidate, ..serving };
    subject.ingress.restore_route(subject.runtime(), &restored).await.unwrap();
    subject.probes(200).await;
}

/// What the proxy says when nobody listens.
pub async fn a_candidate_that_does_not_listen_is_a_bad_gateway(subject: &Subject) {
    let network = subject.joined().await;
    let route = subject.candidate("worker", &Program::Worker, &network).await;
    subject.ingress.apply_route(subject.runtime(), &route).await.unwrap();
    assert_eq!(subject.probe().await.unwrap().status, 502);
}

/// What the owner asks of strangers is not asked of byop: a release is judged by its own answers.
pub async fn limits_and_passwords_are_not_for_probes(subject: &Subject) {
    let network = subject.joined().await;
    let mut route = subject.candidate("server", &Program::Server(PORT), &network).await;
    route.options = strict();
    subject.ingress.apply_route(subject.runtime(), &route).await.unwrap();
    subject.probes(200).await;
    for _ in 0..3 {
        assert_eq!(subject.probe().await.unwrap().status, 200);
    }
}

/// Every option is taken, alone and with the others, beside a candidate and without one.
pub async fn options_can_change_while_an_app_serves(subject: &Subject) {
    let network = subject.joined().await;
    let first = subject.candidate("server", &Program::Server(PORT), &network).await;
    let mut serving = route(first.candidate.clone(), first.candidate);
    let runtime = subject.runtime();
    for options in [strict(), RoutingSpec::default(), strict()] {
        serving.options = options;
        subject.ingress.apply_route(runtime, &serving).await.unwrap();
        assert_eq!(subject.probe().await.unwrap().status, 200);
    }
    serving.options =
        RoutingSpec { https_redirect: true, body_limit_bytes: Some(1 << 20), ..RoutingSpec::default() };
    serving.candidate = None;
    subject.ingress.apply_route(runtime, &serving).await.unwrap();
}

/// A route that nobody outside can use.
fn strict() -> RoutingSpec {
    RoutingSpec {
        path_prefix: Some("/suite".into()),
        strip_prefix: true,
        headers: [("X-Suite".to_owned(), "a".to_owned())].into(),
        rate_limit: Some(RateLimit { average: 1, burst: 1, period_seconds: 3600 }),
        basic_auth: vec!["ann:$2y$10$abcdefghijklmnopqrstuu4SuEsu2LsUrAYUpWQHLMMc4GV5pZTxK".into()],
        compress: true,
        sticky: Some("suite".into()),
        allowed_ips: vec!["192.0.2.1".into()],
        ..RoutingSpec::default()
    }
}

/// What is there can be held against what should be; a proxy that is gone has nothing to show.
pub async fn routes_are_listed_as_they_are_described(subject: &Subject) {
    let (ingress, runtime) = (&subject.ingress, subject.runtime());
    assert!(ingress.list_routes(runtime).await.is_err(), "there is no proxy");
    let network = subject.joined().await;
    assert_eq!(ingress.list_routes(runtime).await.unwrap(), []);
    let first = subject.candidate("server", &Program::Server(PORT), &network).await;
    let mut serving = route(first.candidate.clone(), first.candidate);
    ingress.apply_route(runtime, &serving).await.unwrap();
    let listed = ingress.list_routes(runtime).await.unwrap();
    assert_eq!(listed.iter().filter(|route| route.is_candidate).count(), 1, "{listed:?}");
    assert!(listed.len() == 2 && listed.iter().all(|route| route.app == Some(app())), "{listed:?}");
    serving.candidate = None;
    for options in [RoutingSpec::default(), strict()] {
        let before = ingress.describe_route(&serving);
        serving.options = options;
        ingress.apply_route(runtime, &serving).await.unwrap();
        let described = ingress.describe_route(&serving).unwrap();
        assert_eq!(described.domains, serving.domains);
        assert_eq!(ingress.list_routes(runtime).await.unwrap(), std::slice::from_ref(&described));
        if serving.options != RoutingSpec::default() {
            assert_ne!(before, Some(described), "other options are another rule");
        }
    }
    ingress.delete_route(runtime, &app()).await.unwrap();
    assert_eq!(ingress.list_routes(runtime).await.unwrap(), []);
    assert_eq!(ingress.describe_route(&route(None, None)), None);
}

/// A probe never falls through to what serves.
pub async fn an_app_without_a_candidate_is_not_probed(subject: &Subject) {
    subject.joined().await;
    assert_eq!(subject.probe().await.unwrap_err().kind(), ErrorKind::NotFound);
}

/// Neither serving nor candidate: as if it had been deleted.
pub async fn a_route_to_nobody_is_no_route(subject: &Subject) {
    let network = subject.joined().await;
    let first = subject.candidate("server", &Program::Server(PORT), &network).await;
    subject.ingress.apply_route(subject.runtime(), &first).await.unwrap();
    subject.ingress.apply_route(subject.runtime(), &route(None, None)).await.unwrap();
    assert_eq!(subject.probe().await.unwrap_err().kind(), ErrorKind::NotFound);
}

/// Deleting what is not there is success, with the proxy and without.
pub async fn deleting_a_missing_route_is_ok(subject: &Subject) {
    subject.ingress.delete_route(subject.runtime(), &app()).await.unwrap();
    subject.ingress.prepare(subject.runtime()).await.unwrap();
    for _ in 0..2 {
        subject.ingress.delete_route(subject.runtime(), &app()).await.unwrap();
    }
}

/// A network is joined once.
pub async fn joining_twice_is_ok(subject: &Subject) {
    let network = subject.joined().await;
    subject.ingress.join_network(subject.runtime(), &network).await.unwrap();
}

/// A network must be there.
pub async fn joining_a_missing_network_is_not_found(subject: &Subject) {
    subject.ingress.prepare(subject.runtime()).await.unwrap();
    let missing = subject.env.name("missing");
    let error = subject.ingress.join_network(subject.runtime(), &missing).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
}

/// A network that the proxy has left can be removed.
pub async fn leaving_twice_lets_the_network_go(subject: &Subject) {
    let network = subject.joined().await;
    let runtime = subject.runtime();
    assert_eq!(runtime.remove_network(&network).await.unwrap_err().kind(), ErrorKind::Conflict);
    for _ in 0..2 {
        subject.ingress.leave_network(runtime, &network).await.unwrap();
    }
    runtime.remove_network(&network).await.unwrap();
}

/// Removing what is not there is success.
pub async fn removing_twice_is_ok(subject: &Subject) {
    subject.ingress.prepare(subject.runtime()).await.unwrap();
    for _ in 0..2 {
        subject.ingress.remove(subject.runtime()).await.unwrap();
    }
    let left = subject.runtime().find_container(&subject.ingress.container()).await.unwrap();
    assert!(left.is_none(), "{left:?}");
}

/// A proxy that was removed has no routes when it comes back.
pub async fn a_removed_proxy_can_be_prepared_again(subject: &Subject) {
    let network = subject.joined().await;
    let first = subject.candidate("server", &Program::Server(PORT), &network).await;
    subject.ingress.apply_route(subject.runtime(), &first).await.unwrap();
    subject.ingress.remove(subject.runtime()).await.unwrap();
    assert_eq!(subject.ingress.prepare(subject.runtime()).await.unwrap(), Prepared::Started);
    assert_eq!(subject.probe().await.unwrap_err().kind(), ErrorKind::NotFound);
}
