//! A fake host, a store and engines on them.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use byop_core::clock::{Clock, ManualClock, Timestamp};
use byop_core::engine::{Engine, EngineBuilder};
use byop_core::id::JobId;
use byop_core::model::{
    AppName, AppSpec, ContainerFilter, ContainerState, Deployment, Event, ImageRef, Job, Source, StepPolicy,
};
use byop_core::runtime::ContainerRuntime;
use byop_core::secret::MemorySecrets;
use byop_core::stage::{Data, container_name, network_name};
use byop_core::store::{MemoryStore, Page, Scope, Store};
use byop_core::testing::{FakeIngress, FakeProgram, FakeRuntime};
use byop_core::{Error, Result};
use futures_util::StreamExt;
use tempfile::TempDir;

use crate::store::Shared;

/// Longer than a lease that nobody renews.
pub const LEASE: Duration = Duration::from_secs(30);
pub const PROXY: &str = "byop-fake-proxy";

/// A clock that several engines share.
#[derive(Debug, Clone)]
pub struct SharedClock(pub Arc<ManualClock>);

impl Clock for SharedClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

/// Tokio's time, so that a paused test sees it pass.
#[derive(Debug, Clone)]
struct TokioClock(tokio::time::Instant, Timestamp);

impl TokioClock {
    fn new() -> Self {
        Self(tokio::time::Instant::now(), byop_core::clock::SystemClock.now())
    }
}

impl Clock for TokioClock {
    fn now(&self) -> Timestamp {
        self.1.plus(self.0.elapsed())
    }
}

/// What outlives an engine.
pub struct World {
    pub runtime: FakeRuntime,
    pub ingress: FakeIngress,
    pub store: Shared,
    pub clock: SharedClock,
    pub folder: TempDir,
}

impl World {
    pub fn new() -> Self {
        let clock = SharedClock(Arc::default());
        Self::with_store(MemoryStore::new(Arc::new(clock.clone())), clock)
    }

    pub fn with_store(store: impl Store + 'static, clock: SharedClock) -> Self {
        let runtime = FakeRuntime::new();
        let ingress = FakeIngress::new(&runtime);
        for version in 1..4 {
            runtime.add_image(
                &format!("shop:{version}"),
                FakeProgram::server(8080).with_answer(format!("shop {version}")),
            );
        }
        Self { runtime, ingress, store: Shared::new(store), clock, folder: tempfile::tempdir().unwrap() }
    }

    /// What every engine of this world is made of.
    pub fn builder(&self) -> EngineBuilder {
        Engine::builder()
            .with_store(self.store.clone())
            .with_runtime("local", self.runtime.clone())
            .with_ingress(self.ingress.clone())
            .with_lease(LEASE)
            .with_work_dir(self.folder.path().join("work"))
    }

    /// An engine by tokio's time.
    pub fn engine(&self) -> Engine {
        self.builder().with_clock(TokioClock::new()).build().unwrap()
    }

    /// An engine whose steps are tried once.
    pub fn engine_without_retries(&self) -> Engine {
        let stages =
            ["fetch", "prepare", "build", "start", "gate", "switch", "retire", "stop", "undo", "remove"];
        let once = StepPolicy::default().with_attempts(1);
        let builder = self.builder().with_clock(TokioClock::new());
        stages.into_iter().fold(builder, |builder, stage| builder.with_policy(stage, once)).build().unwrap()
    }

    pub fn engine_with(&self, secrets: MemorySecrets) -> Engine {
        self.builder().with_clock(TokioClock::new()).with_secrets(secrets).build().unwrap()
    }

    /// A folder with these files, to deploy from.
    pub fn source(&self, name: &str, files: &[(&str, &str)]) -> Source {
        let folder = self.folder.path().join(name);
        write(&folder, files);
        Source::Directory(folder)
    }

    /// The names of running containers of apps, proxies left out.
    pub fn running(&self) -> Vec<String> {
        let census = self.runtime.census().into_iter();
        census
            .filter(|(name, state)| *state == ContainerState::Running && name != PROXY)
            .map(|(name, _)| name)
            .collect()
    }

    /// Every object on the host that carries one of byop's labels.
    pub async fn census(&self) -> BTreeMap<&'static str, Vec<String>> {
        let mut found = BTreeMap::new();
        for label in ["byop.app", "byop.role"] {
            let filter = ContainerFilter::all().with_label(label, "");
            let runtime = &self.runtime;
            let lists = [
                ("containers", names(runtime.list_containers(&filter).await.unwrap(), |c| c.name)),
                ("networks", names(runtime.list_networks(&filter).await.unwrap(), |n| n.name)),
                ("volumes", names(runtime.list_volumes(&filter).await.unwrap(), |v| v.name)),
                ("images", names(runtime.list_images(&filter).await.unwrap(), |i| i.tags.join(" "))),
            ];
            for (kind, names) in lists {
                if !names.is_empty() {
                    found.entry(kind).or_insert_with(Vec::new).extend(names);
                }
            }
        }
        found.values_mut().for_each(|names: &mut Vec<String>| names.sort());
        found
    }

    /// Asserts that the host has what the store says, and nothing else; images aside, of which some stay.
    pub async fn assert_census(&self, engine: &Engine) {
        let mut wanted: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        let apps = engine.list_apps().await.unwrap();
        for report in &apps {
            let app = &report.app;
            if let Some(current) = &app.current {
                wanted.entry("containers").or_default().push(container_name(&app.name, current.number));
                wanted.entry("networks").or_default().push(network_name(&app.name));
                for volume in &app.spec.volumes {
                    let name = byop_core::stage::volume_name(&app.name, &volume.name);
                    wanted.entry("volumes").or_default().push(name);
                }
            }
        }
        if !apps.is_empty() {
            wanted.entry("containers").or_default().push(PROXY.into());
            wanted.entry("networks").or_default().push(PROXY.into());
        }
        wanted.values_mut().for_each(|names| names.sort());
        let mut census = self.census().await;
        census.remove("images");
        assert_eq!(census, wanted);
        let domains = self.store.list_records(&Scope::Platform, "domains", &Page::all()).await.unwrap();
        let claimed: Vec<_> = domains.iter().map(|record| record.key.clone()).collect();
        let served = apps.iter().filter(|report| report.app.current.is_some());
        let mut served: Vec<_> = served.flat_map(|r| &r.app.spec.domains).map(ToString::to_string).collect();
        served.sort();
        assert_eq!(claimed, served, "host names that are taken");
    }

    /// The calls that match, in order.
    pub fn position(&self, call: &str) -> usize {
        let calls = self.runtime.calls();
        calls.iter().rposition(|found| found == call).unwrap_or_else(|| panic!("no {call} in {calls:#?}"))
    }
}

fn names<T>(list: Vec<T>, name: impl Fn(T) -> String) -> Vec<String> {
    list.into_iter().map(name).collect()
}

pub fn write(folder: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

/// An app made from a prebuilt image, with the host name `<name>.example.com`.
pub fn image(name: &str, image: &str) -> AppSpec {
    let spec = AppSpec::new(name, Source::Image(ImageRef::new(image).unwrap())).unwrap();
    let mut spec = spec.with_domain(format!("{name}.example.com")).unwrap();
    spec.health.deadline_seconds = 6;
    spec
}

pub fn app(name: &str) -> AppName {
    AppName::new(name).unwrap()
}

/// Waits for a job that must succeed.
pub async fn done(engine: &Engine, job: Result<JobId>) -> Job {
    engine.wait(&job.unwrap()).await.unwrap()
}

pub async fn deploy(engine: &Engine, spec: &AppSpec) -> Result<Deployment> {
    let job = engine.deploy(spec.clone()).await?;
    Ok(serde_json::from_value(engine.wait(&job).await?.output.unwrap()).unwrap())
}

/// Deploys what must fail.
pub async fn deploy_badly(engine: &Engine, spec: &AppSpec) -> Error {
    deploy(engine, spec).await.expect_err("this release must not come to serve")
}

pub async fn remove(engine: &Engine, name: &AppName) {
    done(engine, engine.remove(name, Data::Delete).await).await;
}

pub async fn events(engine: &Engine, job: &JobId, after: u64) -> Vec<Event> {
    engine.events(job, after).map(|event| event.unwrap()).collect().await
}
