//! An app: its container, network, volumes and image.

use std::collections::{BTreeMap, BTreeSet};

use super::container::{judge_labels, judge_setup, judge_state, serving};
use super::{Findings, World};
use crate::engine::host_view::{APP, RELEASE, is_of};
use crate::engine::route::backend;
use crate::error::Result;
use crate::model::{
    App, AppState, ContainerInfo, ContainerSetup, ContainerSummary, Drift, DriftKind, Release, RepairStep,
    Severity, Source,
};
use crate::secret::SecretSource as _;
use crate::stage::{ReleaseContainer, container_name, network_name, volume_name};
use crate::store::Scope;

impl World<'_> {
    pub(super) async fn judge_app(&self, app: &App) -> Result<Vec<Drift>> {
        let mut findings = Findings { host: &self.view.host, app: Some(&app.name), list: Vec::new() };
        let mut own = None;
        if let Some(current) = &app.current {
            own = serving(self.view, app, current);
            self.judge_release(&mut findings, app, current, own).await?;
            self.judge_image(&mut findings, app, current);
            self.judge_network(&mut findings, app, own);
            self.judge_volumes(&mut findings, app, current);
        }
        self.judge_copies(&mut findings, app, own);
        self.judge_route(&mut findings, app);
        if app.wanted != AppState::Running {
            // A new container would run. What is broken is made again when its owner deploys.
            for drift in findings.list.iter_mut().filter(|drift| drift.repair == RepairStep::Replace) {
                drift.repair = RepairStep::Deploy;
            }
        }
        Ok(findings.list)
    }

    async fn judge_release(
        &self,
        findings: &mut Findings<'_>,
        app: &App,
        release: &Release,
        own: Option<&ContainerSummary>,
    ) -> Result<()> {
        let name = container_name(&app.name, release.number);
        let container = own.and_then(|own| self.details.get(&own.id));
        let Some(container) = container else {
            let found = match self.view.container(&name) {
                Some(_) => "a container without the app's label has its name",
                None => "no container",
            };
            findings.add(DriftKind::ContainerMissing, name, "running", found);
            return Ok(());
        };
        if container.name != name {
            findings.add(DriftKind::ContainerRenamed, &container.name, &name, &container.name);
        }
        judge_state(findings, container, app.wanted == AppState::Running, self.inner.clock.now().0);
        let is_image_changed = container.image_id != release.image_id;
        if is_image_changed {
            findings.add(DriftKind::ImageChanged, &container.name, &release.image_id, &container.image_id);
        }
        self.judge_config(findings, app, release, container).await
    }

    /// Compares the container with the one that would be made from the release now.
    async fn judge_config(
        &self,
        findings: &mut Findings<'_>,
        app: &App,
        release: &Release,
        container: &ContainerInfo,
    ) -> Result<()> {
        // Releases of earlier versions do not say what they were made from.
        let (Some(config), Some(job)) = (&release.config, &release.job) else { return Ok(()) };
        let mut secrets = BTreeMap::new();
        let mut unknown = BTreeSet::new();
        let owner = self.inner.find_owned(&app.name).await?.map_or(Scope::Platform, |(_, owner)| owner);
        let source = self.inner.secrets_of(&owner);
        for (name, reference) in &config.secrets {
            match source.get_secret(reference).await {
                Ok(secret) => drop(secrets.insert(name.clone(), secret)),
                Err(error) => {
                    let expected = format!("the secret {reference}");
                    findings.add(DriftKind::SecretUnknown, name.as_str(), expected, error.to_string());
                    unknown.insert(name);
                }
            }
        }
        let backend = backend(&app.name, release);
        let spec = ReleaseContainer {
            app: &app.name,
            job,
            backend: &backend,
            image_id: &release.image_id,
            config,
            ports: &release.ports,
        }
        .spec(&secrets);
        // What another image brings along is no finding of its own.
        let image = self.image_for(&container.image_id, container, &spec.env);
        let wanted = ContainerSetup::of(&spec, &image);
        judge_setup(findings, &container.name, &wanted, &container.setup, &unknown);
        judge_labels(findings, app, release, &spec.labels, container, &image.labels);
        Ok(())
    }

    fn judge_image(&self, findings: &mut Findings<'_>, app: &App, release: &Release) {
        let has_image = self.images.contains_key(&release.image_id);
        if !has_image {
            let found = "the host does not have it";
            findings.add(DriftKind::ImageMissing, &release.image, &release.image_id, found);
            return;
        }
        let named = self.images.get(&release.image).map(|image| image.id.as_str());
        if named == Some(release.image_id.as_str()) {
            return;
        }
        let found = named.unwrap_or("nothing");
        findings.add(DriftKind::ImageRetagged, &release.image, &release.image_id, found);
        if matches!(app.spec.source, Source::Image(_)) {
            // The name is its owner's; perhaps a new version was pulled.
            findings.with(RepairStep::Deploy, Severity::Info);
        } else {
            findings.with(RepairStep::NameImage, Severity::Warning);
        }
    }

    fn judge_network(&self, findings: &mut Findings<'_>, app: &App, own: Option<&ContainerSummary>) {
        let name = network_name(&app.name);
        let Some(network) = self.view.networks.iter().find(|network| network.name == name) else {
            findings.add(DriftKind::NetworkMissing, name, "a network", "none of this name");
            return;
        };
        if network.labels.get(APP).map(String::as_str) != Some(app.name.as_str()) {
            findings.add(DriftKind::NetworkForeign, &name, "the label of the app", "no label of the app");
        }
        if network.internal {
            findings.add(DriftKind::NetworkChanged, &name, "a way out", "none");
        }
        // A container that never ran is not told the id.
        let is_in = |container: &ContainerSummary| {
            container.networks.get(&name).is_some_and(|id| id.is_empty() || *id == network.id)
        };
        if let Some(own) = own {
            if !is_in(own) {
                let found = match own.networks.contains_key(&name) {
                    true => "in an earlier network of this name",
                    false => "not in it",
                };
                findings.add(DriftKind::ContainerDisconnected, &own.name, format!("in {name}"), found);
            }
            let others: Vec<_> = own.networks.keys().filter(|other| **other != name).cloned().collect();
            if !others.is_empty() {
                let others = others.join(", ");
                findings.add(DriftKind::NetworkAdded, &own.name, format!("in {name}"), self.told(&others));
            }
        }
        let proxy = self.inner.ingress.container();
        match self.view.container(&proxy) {
            Some(proxy) if !is_in(proxy) => {
                findings.add(DriftKind::ProxyDisconnected, &proxy.name, format!("in {name}"), "not in it");
            }
            _ => {}
        }
        for container in self.view.containers.iter().filter(|container| is_in(container)) {
            if container.name != proxy && !is_of(container, app.name.as_str()) {
                let expected = "only the app and its proxy";
                findings.add(DriftKind::NetworkIntruder, &name, expected, self.told(&container.name));
            }
        }
    }

    fn judge_volumes(&self, findings: &mut Findings<'_>, app: &App, release: &Release) {
        let volumes = release.config.as_ref().map_or(&app.spec.volumes, |config| &config.volumes);
        for volume in volumes {
            let name = volume_name(&app.name, &volume.name);
            let Some(found) = self.view.volumes.iter().find(|found| found.name == name) else {
                findings.add(DriftKind::VolumeMissing, name, "a volume", "none of this name");
                continue;
            };
            if found.labels.get(APP).map(String::as_str) != Some(app.name.as_str()) {
                let found = "no label of the app";
                findings.add(DriftKind::VolumeReplaced, &name, "the label of the app", found);
            } else if !found.options.is_empty() {
                let options: Vec<_> = found.options.keys().map(String::as_str).collect();
                let found = format!("a driver with settings: {}", options.join(", "));
                findings.add(DriftKind::VolumeReplaced, &name, "a plain volume", found);
            }
            for other in &self.view.containers {
                if other.volumes.contains(&name) && !is_of(other, app.name.as_str()) {
                    findings.add(
                        DriftKind::VolumeShared,
                        &name,
                        "only the app mounts it",
                        self.told(&other.name),
                    );
                }
            }
        }
    }

    /// Containers beside that of the serving release.
    fn judge_copies(&self, findings: &mut Findings<'_>, app: &App, own: Option<&ContainerSummary>) {
        let is_own = |other: &ContainerSummary| own.is_some_and(|own| own.id == other.id);
        for other in self.view.containers_of(app.name.as_str()).filter(|other| !is_own(other)) {
            let release = other.labels.get(RELEASE).and_then(|number| number.parse::<u64>().ok());
            match release {
                Some(number) if number < app.next_release => {
                    let found = format!("a further container of release {number}");
                    findings.add(DriftKind::SecondCopy, &other.name, "one container", found);
                }
                Some(number) => {
                    let found = format!("release {number}, which was never made");
                    findings.add(DriftKind::ReleaseUnknown, &other.name, "one container", found);
                }
                None => {
                    let found = "a release that is no number";
                    findings.add(DriftKind::ReleaseUnknown, &other.name, "one container", found);
                }
            }
        }
        // A prebuilt image is anybody's.
        let Some(current) = app.current.as_ref().filter(|_| !matches!(app.spec.source, Source::Image(_)))
        else {
            return;
        };
        for other in &self.view.containers {
            if other.image_id == current.image_id && !is_of(other, app.name.as_str()) && !is_own(other) {
                let found = "a container that is not byop's runs the app's image";
                findings.add(DriftKind::ForeignCopy, self.told(&other.name), "one container", found);
            }
        }
    }
}
