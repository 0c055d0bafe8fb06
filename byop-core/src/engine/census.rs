//! Counts what carries byop's label, and holds it against the store.

use std::collections::{BTreeMap, BTreeSet};

use super::Inner;
use super::drift::serving;
use super::host_view::{APP, HostView, RELEASE};
use super::route::{route, serving_backend};
use crate::error::Result;
use crate::model::{App, AppName, Census, CensusObject, ContainerFilter, ContainerSummary, ObjectKind};
use crate::runtime::ContainerRuntimeExt;
use crate::stage::{container_name, network_name, volume_name};
use crate::store::Scope;

const ROLE: &str = "byop.role";

impl Inner {
    /// Holds the labelled objects of all hosts against the store.
    pub(super) async fn census(&self, scope: &Scope) -> Result<Census> {
        let busy = self.busy_apps().await?;
        let all = self.all_apps(&Scope::Platform).await?;
        let apps: BTreeMap<String, App> = all.into_iter().map(|app| (app.name.to_string(), app)).collect();
        let hosts: BTreeSet<&String> = self.hosts.keys().chain(apps.values().map(|app| &app.host)).collect();
        let mut census = Census::default();
        for host in hosts {
            let view = match self.look_at(host).await {
                Ok(view) => view,
                Err(error) => {
                    tracing::warn!(host, %error, "the host could not be counted");
                    census.unreachable.push(host.clone());
                    continue;
                }
            };
            let mut count = Count { inner: self, view: &view, apps: &apps, busy: &busy, census: &mut census };
            count.unknown().await?;
            count.missing().await?;
        }
        if scope.client().is_some() {
            let own = self.all_apps(scope).await?;
            let is_own = |object: &CensusObject| {
                own.iter().any(|app| Some(app.name.as_str()) == object.app.as_deref())
            };
            census.unknown.retain(is_own);
            census.missing.retain(is_own);
        }
        census.unknown.sort();
        census.missing.sort();
        Ok(census)
    }
}

struct Count<'a> {
    inner: &'a Inner,
    view: &'a HostView,
    apps: &'a BTreeMap<String, App>,
    busy: &'a BTreeSet<AppName>,
    census: &'a mut Census,
}

impl Count<'_> {
    /// What carries a label and is none of what the store says.
    async fn unknown(&mut self) -> Result<()> {
        let view = self.view;
        // Those that strangers run from images of apps have the images' labels, but no release.
        let is_ours =
            |labels: &BTreeMap<String, String>| !labels.contains_key(APP) || labels.contains_key(RELEASE);
        for container in view.containers.iter().filter(|container| is_ours(&container.labels)) {
            if let Some(reason) = self.judge(&container.labels, |app| self.is_strange(app, container)) {
                self.note(ObjectKind::Container, &container.name, &container.labels, reason);
            }
        }
        for network in &view.networks {
            let is_strange = |app: &App| {
                (network.name != network_name(&app.name)).then(|| "the app has another network".to_owned())
            };
            if let Some(reason) = self.judge(&network.labels, is_strange) {
                self.note(ObjectKind::Network, &network.name, &network.labels, reason);
            }
        }
        for volume in &view.volumes {
            let is_strange = |app: &App| {
                let known = volumes_of(app);
                (!known.contains(&volume.name)).then(|| "no release mounts it".to_owned())
            };
            if let Some(reason) = self.judge(&volume.labels, is_strange) {
                self.note(ObjectKind::Volume, &volume.name, &volume.labels, reason);
            }
        }
        let labelled = ContainerFilter::all().with_label(APP, "");
        for image in view.runtime.list_images(&labelled).await? {
            // Those of earlier releases stay for going back.
            if let Some(reason) = self.judge(&image.labels, |_| None) {
                let name = image.tags.first().unwrap_or(&image.id).clone();
                self.note(ObjectKind::Image, &name, &image.labels, reason);
            }
        }
        for found in view.routes.iter().flatten() {
            let Some(app) = &found.app else { continue };
            let labels = BTreeMap::from([(APP.to_owned(), app.to_string())]);
            if let Some(reason) = self.judge(&labels, |_| None) {
                self.note(ObjectKind::Route, &found.name, &labels, reason);
            }
        }
        Ok(())
    }

    /// Why something with these labels is unknown to the store, if it is.
    fn judge(
        &self,
        labels: &BTreeMap<String, String>,
        is_strange: impl FnOnce(&App) -> Option<String>,
    ) -> Option<String> {
        let Some(name) = labels.get(APP) else {
            let proxy = labels.get(ROLE).filter(|role| *role == "ingress")?;
            let is_ours =
                labels.get("byop.ingress").is_none_or(|name| *name == self.inner.ingress.container());
            let is_needed = self.apps.values().any(|app| app.host == self.view.host);
            return match (is_ours, is_needed) {
                (true, true) => None,
                (true, false) => Some(format!("no app needs the {proxy}")),
                (false, _) => Some(format!("another {proxy} than that of this engine")),
            };
        };
        let Some(app) = self.apps.get(name) else {
            return Some("the store knows no app of this name".to_owned());
        };
        if app.host != self.view.host {
            return Some(format!("the app is on the host {}", app.host));
        }
        // What a job is making is not known yet.
        if self.busy.contains(&app.name) { None } else { is_strange(app) }
    }

    fn is_strange(&self, app: &App, container: &ContainerSummary) -> Option<String> {
        let own = app.current.as_ref().and_then(|current| serving(self.view, app, current));
        match own {
            Some(own) if own.id == container.id => None,
            _ => Some("it is not the container of the release that serves".to_owned()),
        }
    }

    /// What the store says and is not there.
    async fn missing(&mut self) -> Result<()> {
        let view = self.view;
        let apps = self.apps.values().filter(|app| app.host == view.host && !self.busy.contains(&app.name));
        for app in apps.collect::<Vec<_>>() {
            let Some(current) = &app.current else { continue };
            let labels = BTreeMap::from([
                (APP.to_owned(), app.name.to_string()),
                (RELEASE.to_owned(), current.number.to_string()),
            ]);
            let mut absent = Vec::new();
            if serving(view, app, current).is_none() {
                absent.push((ObjectKind::Container, container_name(&app.name, current.number)));
            }
            let network = network_name(&app.name);
            if !view.networks.iter().any(|found| found.name == network) {
                absent.push((ObjectKind::Network, network));
            }
            let volumes = volumes_of(app).into_iter();
            absent.extend(
                volumes
                    .filter(|name| !view.volumes.iter().any(|found| found.name == *name))
                    .map(|name| (ObjectKind::Volume, name)),
            );
            if view.runtime.find_image(&current.image_id).await?.is_none() {
                absent.push((ObjectKind::Image, current.image.clone()));
            }
            let wanted = self.inner.ingress.describe_route(&route(&app.spec, serving_backend(app), None));
            let is_there = |name: &str| {
                view.routes.as_ref().is_none_or(|all| all.iter().any(|route| route.name == name))
            };
            if let Some(wanted) = wanted.filter(|wanted| !is_there(&wanted.name)) {
                absent.push((ObjectKind::Route, wanted.name));
            }
            for (kind, name) in absent {
                let object = object(&view.host, kind, &name, &labels, "it is not there".into());
                self.census.missing.push(object);
            }
        }
        Ok(())
    }

    fn note(&mut self, kind: ObjectKind, name: &str, labels: &BTreeMap<String, String>, reason: String) {
        let object = object(&self.view.host, kind, name, labels, reason);
        self.census.unknown.push(object);
    }
}

/// The volumes of the release that serves, and those that its owner named.
fn volumes_of(app: &App) -> BTreeSet<String> {
    let config = app.current.as_ref().and_then(|current| current.config.as_ref());
    let planned = config.into_iter().flat_map(|config| &config.volumes);
    planned.chain(&app.spec.volumes).map(|volume| volume_name(&app.name, &volume.name)).collect()
}

fn object(
    host: &str,
    kind: ObjectKind,
    name: &str,
    labels: &BTreeMap<String, String>,
    reason: String,
) -> CensusObject {
    CensusObject {
        host: host.to_owned(),
        kind,
        name: name.to_owned(),
        app: labels.get(APP).cloned(),
        release: labels.get(RELEASE).and_then(|number| number.parse().ok()),
        job: labels.get("byop.job").cloned(),
        reason,
    }
}
