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
use crate::store::Scope;

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
    /// Whether names of what belongs to others may be told.
    tells_names: bool,
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
    pub(super) async fn drift(&self, scope: &Scope, filter: &DriftFilter) -> Result<DriftReport> {
        let busy = self.busy_apps().await?;
        self.drift_but(scope, filter, &busy).await
    }

    /// The apps that jobs work on.
    pub(super) async fn busy_apps(&self) -> Result<BTreeSet<AppName>> {
        let jobs = self.store.list_jobs(&Scope::Platform, &JobFilter::all().with_unfinished()).await?;
        Ok(jobs.iter().filter_map(|job| job.app().cloned()).collect())
    }

    /// The same, without the apps that are busy.
    pub(super) async fn drift_but(
        &self,
        scope: &Scope,
        filter: &DriftFilter,
        busy: &BTreeSet<AppName>,
    ) -> Result<DriftReport> {
        let mut report = DriftReport::new(self.clock.now());
        for name in &filter.apps {
            self.load_app(scope, name).await?;
        }
        let known: BTreeSet<AppName> =
            self.all_apps(&Scope::Platform).await?.into_iter().map(|app| app.name).collect();
        let mut hosts: BTreeMap<String, Vec<App>> = BTreeMap::new();
        for app in self.all_apps(scope).await? {
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
                    let is_client = scope.client().is_some();
                    let told = if is_client { "it does not answer".into() } else { error.to_string() };
                    // Of an app that could not be compared its owner must not think that all is well.
                    let whom =
                        if is_client { apps.iter().map(|app| Some(&app.name)).collect() } else { vec![None] };
                    for app in whom {
                        let mut findings = Findings { host, app, list: Vec::new() };
                        findings.add(kind, host, "an engine that answers", &told);
                        report.findings.extend(findings.list);
                    }
                    continue;
                }
            };
            let mut world = World::new(self, &view, apps, known.clone()).await?;
            world.tells_names = scope.client().is_none();
            report.findings.extend(world.judge_proxy());
            for app in apps {
                report.findings.extend(world.judge_app(app).await?);
            }
        }
        if scope.client().is_some() {
            let is_everybodys = [DriftKind::ProxyMissing, DriftKind::ProxyStopped];
            report.findings.retain(|drift| drift.app.is_some() || is_everybodys.contains(&drift.kind));
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
        Ok(Self { inner, view, details, images, known, tells_names: false })
    }

    /// What is told of the name of something that may be another's.
    fn told<'b>(&self, name: &'b str) -> &'b str {
        if self.tells_names { name } else { "something that is not the app's" }
    }

    /// The image of an id or name; where it is gone, one that brings along whatever the container has.
    fn image_for(&self, id: &str, container: &ContainerInfo, own: &BTreeMap<String, Secret>) -> ImageInfo {
        if let Some(image) = self.images.get(id) {
            return image.clone();
        }
        let mut image = ImageInfo::new(id);
        image.user.clone_from(&container.setup.user);
        image.labels.clone_from(&container.labels);
        image.defaults.entrypoint.clone_from(&container.setup.entrypoint);
        image.defaults.command.clone_from(&container.setup.command);
        image.defaults.health.clone_from(&container.setup.health);
        let given = container.setup.env.iter().filter(|(name, _)| !own.contains_key(*name));
        image.defaults.env = given.map(|(name, value)| (name.clone(), value.clone())).collect();
        image
    }
}
