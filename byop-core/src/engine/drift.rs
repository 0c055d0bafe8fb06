//! Compares what the store says with what there is.
//!
//! What a container should look like is computed from its stored release, as it was when the container was made, and
//! held against what the engine says of it: a label with a digest would prove nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::Inner;
use super::host_view::HostView;
use crate::error::Result;
use crate::model::{
    App, AppName, ContainerInfo, Drift, DriftFilter, DriftKind, DriftReport, ImageInfo, JobFilter,
    RepairStep, Severity,
};
use crate::secret::Secret;

mod app;
mod container;
mod proxy;
mod route;

pub(super) use container::serving;

/// What there is, and what is needed to judge it.
struct World<'a> {
    inner: &'a Inner,
    view: &'a HostView,
    /// By id.
    details: BTreeMap<String, ContainerInfo>,
    /// By name or id.
    images: BTreeMap<String, ImageInfo>,
    /// Every app that the store knows.
    known: BTreeSet<AppName>,
}

/// Collects what is found about one app, or about a host.
struct Findings<'a> {
    host: &'a str,
    app: Option<&'a AppName>,
    list: Vec<Drift>,
}

impl Findings<'_> {
    fn add(
        &mut self,
        kind: DriftKind,
        object: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) {
        self.list.push(Drift {
            host: self.host.to_owned(),
            app: self.app.cloned(),
            kind,
            object: object.into(),
            expected: expected.into(),
            found: found.into(),
            severity: kind.severity(),
            repair: kind.repair(),
        });
    }

    /// Changes what was added last.
    fn with(&mut self, repair: RepairStep, severity: Severity) {
        if let Some(last) = self.list.last_mut() {
            last.repair = repair;
            last.severity = severity;
        }
    }
}

impl Inner {
    /// Compares apps with what there is of them. Nothing is changed.
    pub(super) async fn drift(&self, filter: &DriftFilter) -> Result<DriftReport> {
        let busy = self.store.list_jobs(&JobFilter::all().with_unfinished()).await?;
        let busy: BTreeSet<AppName> = busy.into_iter().map(|job| job.app).collect();
        self.drift_but(filter, &busy).await
    }

    /// The same, without the apps that are busy.
    pub(super) async fn drift_but(
        &self,
        filter: &DriftFilter,
        busy: &BTreeSet<AppName>,
    ) -> Result<DriftReport> {
        let mut report = DriftReport::new(self.clock.now());
        for name in &filter.apps {
            self.load_app(name).await?;
        }
        let all = self.all_apps().await?;
        let known: BTreeSet<AppName> = all.iter().map(|app| app.name.clone()).collect();
        let mut hosts: BTreeMap<String, Vec<App>> = BTreeMap::new();
        for app in all {
            if !filter.apps.is_empty() && !filter.apps.contains(&app.name) {
                continue;
            }
            if busy.contains(&app.name) {
                report.busy.push(app.name);
                continue;
            }
            report.apps.push(app.name.clone());
            hosts.entry(app.host.clone()).or_default().push(app);
        }
        for (host, apps) in &hosts {
            let view = match self.look_at(host).await {
                Ok(view) => view,
                Err(error) => {
                    let kind = if self.hosts.contains_key(host) {
                        DriftKind::HostUnreachable
                    } else {
                        DriftKind::HostUnknown
                    };
                    let mut findings = Findings { host, app: None, list: Vec::new() };
                    findings.add(kind, host, "an engine that answers", error.to_string());
                    report.findings.extend(findings.list);
                    continue;
                }
            };
            let world = World::new(self, &view, apps, known.clone()).await?;
            report.findings.extend(world.judge_proxy());
            for app in apps {
                report.findings.extend(world.judge_app(app).await?);
            }
        }
        report
            .findings
            .sort_by(|a, b| (&a.app, &a.host, a.kind, &a.object).cmp(&(&b.app, &b.host, b.kind, &b.object)));
        Ok(report)
    }
}

impl<'a> World<'a> {
    async fn new(
        inner: &'a Inner,
        view: &'a HostView,
        apps: &[App],
        known: BTreeSet<AppName>,
    ) -> Result<Self> {
        let mut ids = BTreeSet::new();
        ids.extend(view.container(&inner.ingress.container()).map(|proxy| proxy.id.as_str()));
        let mut names = BTreeSet::from([inner.ingress.container_spec().image]);
        for app in apps {
            let Some(current) = &app.current else { continue };
            names.extend([current.image_id.clone(), current.image.clone()]);
            if let Some(container) = container::serving(view, app, current) {
                ids.insert(container.id.as_str());
                names.insert(container.image_id.clone());
            }
        }
        names.remove("");
        let (details, images) = tokio::try_join!(view.inspect(ids), view.images(names))?;
        Ok(Self { inner, view, details, images, known })
    }

    /// The image of an id or name; where it is gone, one that brings along whatever the container has.
    fn image_for(&self, id: &str, container: &ContainerInfo, own: &BTreeMap<String, Secret>) -> ImageInfo {
        if let Some(image) = self.images.get(id) {
            return image.clone();
        }
        let mut image = ImageInfo::new(id);
        image.user.clone_from(&container.setup.user);
        image.defaults.entrypoint.clone_from(&container.setup.entrypoint);
        image.defaults.command.clone_from(&container.setup.command);
        image.defaults.health.clone_from(&container.setup.health);
        let given = container.setup.env.iter().filter(|(name, _)| !own.contains_key(*name));
        image.defaults.env = given.map(|(name, value)| (name.clone(), value.clone())).collect();
        image
    }
}
