//! From an app and its release to what the proxy and its probes are told.

use crate::model::{App, AppName, AppSpec, AppState, Backend, HealthSpec, Release, Route};
use crate::stage::container_name;

pub(super) fn backend(app: &AppName, release: &Release) -> Backend {
    Backend { release: release.number, container: container_name(app, release.number), port: release.port }
}

/// Who answers the app's requests: nobody while its owner wants it stopped.
pub(super) fn serving_backend(app: &App) -> Option<Backend> {
    let current = app.current.as_ref().filter(|_| app.wanted == AppState::Running);
    current.map(|release| backend(&app.name, release))
}

pub(super) fn route(spec: &AppSpec, serving: Option<Backend>, candidate: Option<Backend>) -> Route {
    Route {
        app: spec.name.clone(),
        domains: spec.domains.clone(),
        options: spec.routing.clone(),
        serving,
        candidate,
    }
}

/// What counts as healthy. Where `/` is only a guess, nobody knows whether the app has such a page: any answer that is
/// no server error will do, unless the owner says which.
pub(super) fn gate_health(spec: &AppSpec, release: &Release) -> HealthSpec {
    let wanted = release.health.as_ref().unwrap_or(&spec.health);
    let is_known = wanted.path.is_some() || release.plan.as_ref().is_some_and(|plan| plan.health.is_known);
    let mut health = wanted.clone();
    if !is_known && health.status_max == HealthSpec::default().status_max {
        health.status_max = 499;
    }
    health
}

/// The host name that probes carry: applications may refuse names that they do not know.
pub(super) fn probe_host(spec: &AppSpec) -> String {
    spec.domains.first().map_or_else(|| "localhost".into(), ToString::to_string)
}
