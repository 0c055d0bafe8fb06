//! What really runs, asked of the host.

use std::sync::Arc;

use super::Inner;
use crate::error::{Error, Result};
use crate::model::{App, AppName, AppReport, AppState, ContainerFilter, ContainerInfo, ContainerState};
use crate::runtime::{ContainerRuntime, ContainerRuntimeExt};
use crate::stage::container_name;
use crate::store::Scope;

impl Inner {
    pub(super) async fn list_apps(&self, scope: &Scope) -> Result<Vec<AppReport>> {
        let mut reports = Vec::new();
        for app in self.all_apps(scope).await? {
            reports.push(self.observe(app).await?);
        }
        Ok(reports)
    }

    pub(super) async fn observe(&self, app: App) -> Result<AppReport> {
        let runtime = self.runtime(&app.host)?;
        let filter =
            ContainerFilter::all().with_label("byop.app", app.name.as_str()).with_label("byop.release", "");
        let mut containers: Vec<ContainerInfo> = Vec::new();
        for summary in runtime.list_containers(&filter).await? {
            containers.extend(runtime.find_container(&summary.id).await?);
        }
        let serving = app.current.as_ref().map(|release| container_name(&app.name, release.number));
        containers.sort_by_key(|container| Some(&container.name) != serving.as_ref());
        let state = containers
            .first()
            .filter(|container| Some(&container.name) == serving.as_ref())
            .map_or(AppState::Absent, state_of);
        let url = app.spec.domains.first().map(|domain| self.ingress.url(domain));
        let ports = app.current.as_ref().map(|release| release.ports.clone()).unwrap_or_default();
        Ok(AppReport { app, state, containers, ports, url })
    }

    /// The host and the container that serve an app.
    pub(super) async fn serving_container(
        &self,
        scope: &Scope,
        name: &AppName,
    ) -> Result<(Arc<dyn ContainerRuntime>, String)> {
        let (app, _) = self.load_app(scope, name).await?;
        let runtime = self.runtime(&app.host)?;
        let release = app.current.ok_or_else(|| {
            Error::not_found("app.container", "no release of this app has come to serve yet")
                .with_context("app", name)
                .with_remedy("look at the events of its last job")
        })?;
        Ok((runtime, container_name(name, release.number)))
    }
}

fn state_of(container: &ContainerInfo) -> AppState {
    match (container.state, container.healthy) {
        (ContainerState::Running, Some(false)) | (ContainerState::Restarting, _) => AppState::Unhealthy,
        (ContainerState::Running, _) => AppState::Running,
        _ => AppState::Stopped,
    }
}
