//! Fills a store that was lost again, from the labels of what runs.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::Inner;
use super::apps::APPS;
use super::host_view::{APP, HostView, RELEASE};
use super::route::{backend, route};
use crate::clock::Timestamp;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{
    App, AppName, AppSpec, AppState, ClientId, ContainerInfo, ContainerState, ContainerSummary, Rebuilt,
    RebuiltApp, Release, RouteInfo, Unrecovered,
};
use crate::stage::{RECORD_LABEL, ReleaseContainer, network_name, read_record};
use crate::store::{Expected, Scope};

impl Inner {
    pub(super) async fn rebuild_store(&self, scope: &Scope) -> Result<Rebuilt> {
        if let Some(client) = scope.client() {
            return Err(Error::new(
                ErrorKind::PermissionDenied,
                "store.rebuild",
                "a store holds the apps of all clients: only the platform can rebuild it",
            )
            .with_context("client", client));
        }
        let mut rebuilt = Rebuilt::default();
        for host in self.hosts.keys() {
            let view = match self.look_at(host).await {
                Ok(view) => view,
                Err(error) => {
                    tracing::warn!(host, %error, "nothing could be recovered from the host");
                    rebuilt.unreachable.push(host.clone());
                    continue;
                }
            };
            let labels = view.containers.iter().filter_map(|container| container.labels.get(APP));
            for label in labels.cloned().collect::<BTreeSet<String>>() {
                self.rebuild_app(&view, &label, &mut rebuilt).await?;
            }
        }
        Ok(rebuilt)
    }

    async fn rebuild_app(&self, view: &HostView, label: &str, rebuilt: &mut Rebuilt) -> Result<()> {
        let mut missing = |what: &str, reason: String| {
            let (host, app) = (view.host.clone(), label.to_owned());
            rebuilt.unrecovered.push(Unrecovered { host, app, what: what.to_owned(), reason });
        };
        let Ok(name) = AppName::new(label) else {
            missing("app", "the label names no app that byop could have made".into());
            return Ok(());
        };
        if let Some((app, _)) = self.find_app(&Scope::Platform, &name).await? {
            if app.host == view.host {
                if !rebuilt.known.contains(&name) && !rebuilt.apps.iter().any(|app| app.app == name) {
                    rebuilt.known.push(name);
                }
            } else {
                missing("app", format!("the store has an app of this name on the host {}", app.host));
            }
            return Ok(());
        }
        if let Some(proxy) = self.other_proxy(view, &name) {
            missing("app", format!("another proxy serves it, {proxy}: it is another engine's"));
            return Ok(());
        }
        let Some(container) = chosen(view, &name) else {
            missing("app", "an earlier version of byop has made it; deploy it again".into());
            return Ok(());
        };
        let details = view.inspect([container.id.as_str()]).await?;
        let Some(info) = details.get(&container.id) else {
            missing("app", "its container was removed meanwhile".into());
            return Ok(());
        };
        let recovered = match Recovered::read(info) {
            Ok(recovered) => recovered,
            Err(error) => {
                missing("app", format!("{error}; deploy it again"));
                return Ok(());
            }
        };
        let Recovered { mut spec, release, client, left_out } = recovered;
        for key in left_out {
            missing(&format!("spec.{key}"), "there was no room for it in the label".into());
        }
        if !is_as_made(&name, &release, info) {
            let reason = "the container is not as byop made it; look at the drift";
            missing("release", reason.into());
        }
        self.compare_route(view, &mut spec, &release, &mut missing);
        let releases = view.containers_of(label).filter_map(number_of).chain([release.number]);
        let next_release = releases.max().unwrap_or(0) + 1;
        let runs = matches!(
            info.state,
            ContainerState::Running | ContainerState::Restarting | ContainerState::Paused
        );
        let wanted = if runs { AppState::Running } else { AppState::Stopped };
        let app = App {
            name: name.clone(),
            spec,
            host: view.host.clone(),
            next_release,
            wanted,
            created_at: release.created_at,
            updated_at: self.clock.now(),
            current: Some(release),
        };
        self.write_rebuilt(&Scope::of(client.as_ref()), &app, &mut missing).await?;
        let release = app.current.map_or(0, |release| release.number);
        rebuilt.apps.push(RebuiltApp { app: name, host: app.host, release, wanted });
        Ok(())
    }

    /// A proxy of byop that reaches the app and is not this engine's.
    fn other_proxy<'a>(&self, view: &'a HostView, app: &AppName) -> Option<&'a str> {
        let (own, network) = (self.ingress.container(), network_name(app));
        let is_proxy = |container: &&ContainerSummary| {
            container.labels.get("byop.role").map(String::as_str) == Some("ingress")
                && container.networks.contains_key(&network)
        };
        let proxies: Vec<_> = view.containers.iter().filter(is_proxy).collect();
        let is_ours = proxies.iter().any(|proxy| proxy.name == own);
        proxies.first().filter(|_| !is_ours).map(|proxy| proxy.name.as_str())
    }

    /// The app comes last: whoever is interrupted before does all of it again.
    async fn write_rebuilt(
        &self,
        scope: &Scope,
        app: &App,
        missing: &mut impl FnMut(&str, String),
    ) -> Result<()> {
        for domain in &app.spec.domains {
            match self.claim_domains(scope, &app.name, std::slice::from_ref(domain)).await {
                Err(error) if error.kind() == ErrorKind::Conflict => {
                    missing(&format!("domain {domain}"), error.to_string());
                }
                other => other?,
            }
        }
        let ports = app.current.as_ref().map(|release| release.ports.clone()).unwrap_or_default();
        for port in &ports {
            match self.claim_port(scope, &app.host, &app.name, port).await {
                Err(error) if error.kind() == ErrorKind::Conflict => {
                    missing(&format!("port {}/{}", port.host_port, port.protocol), error.to_string());
                }
                other => other?,
            }
        }
        if let Some(release) = &app.current {
            self.put_release(scope, &app.spec, app.spec.clone(), release).await?;
        }
        match self.store.put_record(scope, APPS, app.name.as_str(), &json!(app), Expected::Absent).await {
            // Somebody else was faster.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            other => other.map(drop),
        }
    }

    /// Host names and options can change without a new container; then the proxy knows better than the label.
    fn compare_route(
        &self,
        view: &HostView,
        spec: &mut AppSpec,
        release: &Release,
        missing: &mut impl FnMut(&str, String),
    ) {
        let found = view.routes.iter().flatten();
        let mut found = found.filter(|route| route.app.as_ref() == Some(&spec.name) && !route.is_candidate);
        let Some(found) = found.next() else { return };
        let describe = |spec: &AppSpec| {
            self.ingress.describe_route(&route(spec, Some(backend(&spec.name, release)), None))
        };
        let is_same =
            |wanted: Option<RouteInfo>| wanted.is_some_and(|wanted| wanted.domains == found.domains);
        if !is_same(describe(spec)) {
            missing("spec.domains", "they have changed since; those of the proxy are taken".into());
            spec.domains.clone_from(&found.domains);
        }
        if describe(spec).as_ref() != Some(found) {
            let reason = "the proxy uses other options than the label names; deploy the app again";
            missing("spec.routing", reason.into());
        }
    }
}

/// What a container says of its app.
struct Recovered {
    spec: AppSpec,
    release: Release,
    client: Option<ClientId>,
    left_out: Vec<String>,
}

impl Recovered {
    fn read(container: &ContainerInfo) -> Result<Self> {
        let record = read_record(container.labels.get(RECORD_LABEL).map_or("", String::as_str))?;
        let mut release: Release = serde_json::from_value(record.release).map_err(|error| {
            Error::invalid("record.read", "the release in the record cannot be read").with_source(error)
        })?;
        let value = |name: &str| container.setup.env.get(name).map(|value| value.expose().to_owned());
        let mut spec = record.spec;
        for (name, text) in &mut spec.env {
            *text = value(name.as_str()).unwrap_or_default();
        }
        if let Some(config) = &mut release.config {
            for (name, text) in &mut config.env {
                *text = value(name).unwrap_or_default();
            }
        }
        release.image_id.clone_from(&container.image_id);
        release.created_at = container.created_at.unwrap_or(Timestamp(0));
        Ok(Self { spec, release, client: record.client, left_out: record.left_out })
    }
}

/// The container of the release that serves: the one that the proxy sends requests to, else the newest that runs, else
/// the newest. Only those with a record count.
fn chosen<'a>(view: &'a HostView, app: &AppName) -> Option<&'a ContainerSummary> {
    let routes = view.routes.iter().flatten().filter(|route| route.app.as_ref() == Some(app));
    let targets: Vec<&String> =
        routes.filter(|route| !route.is_candidate).flat_map(|route| &route.targets).collect();
    let is_target = |container: &ContainerSummary| {
        targets.iter().any(|target| target.contains(&format!("://{}:", container.name)))
    };
    let candidates = view.containers_of(app.as_str()).filter(|container| {
        container.labels.contains_key(RECORD_LABEL) && container.state != ContainerState::Created
    });
    candidates.max_by_key(|container| {
        (is_target(container), container.state == ContainerState::Running, number_of(container))
    })
}

fn number_of(container: &ContainerSummary) -> Option<u64> {
    container.labels.get(RELEASE)?.parse().ok()
}

/// Whether the key that the container was made with is that of what was recovered.
fn is_as_made(app: &AppName, release: &Release, container: &ContainerInfo) -> bool {
    let (Some(config), Some(job)) = (&release.config, &release.job) else { return true };
    let backend = backend(app, release);
    let made = ReleaseContainer {
        app,
        job,
        backend: &backend,
        image_id: &release.image_id,
        config,
        ports: &release.ports,
    };
    let spec = made.spec(&BTreeMap::new());
    spec.labels.get("byop.key") == container.labels.get("byop.key")
}
