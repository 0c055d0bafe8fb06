//! An engine dies at each call to the host and at each write to the store; another one brings its job to an end.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use byop_core::Result;
use byop_core::engine::Engine;
use byop_core::id::JobId;
use byop_core::model::{AppSpec, AppState, Job, JobState, StepState, UserSpec, VolumeSpec};
use byop_core::stage::{Data, container_name};
use byop_core::store::{Page, Scope, SqliteStore, Store};
use byop_core::testing::{FakeProgram, Fault, Moment};
use tokio::runtime::{Builder, Runtime};

use crate::support::{LEASE, SharedClock, World, app, deploy, done, image};

/// Where an engine dies.
#[derive(Debug, Clone, Copy)]
enum Death {
    BeforeCall(usize),
    AfterCall(usize),
    BeforeWrite(usize),
    AfterWrite(usize),
}

struct Scenario {
    /// What was done before.
    before: fn(&World) -> Vec<AppSpec>,
    stopped: bool,
    /// The job that dies.
    job: fn(&World) -> Verb,
    wanted: JobState,
    /// Running containers at the end.
    running: usize,
}

enum Verb {
    Deploy(Box<AppSpec>),
    Stop,
    Start,
    Restart,
    Remove,
    Repair,
}

impl Verb {
    async fn submit(self, engine: &Engine) -> Result<JobId> {
        let name = app("shop");
        match self {
            Self::Deploy(spec) => engine.deploy(*spec).await,
            Self::Stop => engine.stop(&name).await,
            Self::Start => engine.start(&name).await,
            Self::Restart => engine.restart(&name).await,
            Self::Remove => engine.remove(&name, Data::Delete).await,
            Self::Repair => engine.repair(&name).await,
        }
    }
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn quick(image_name: &str) -> AppSpec {
    let mut spec = image("shop", image_name);
    spec.routing.drain_seconds = 0;
    spec.health.deadline_seconds = 1;
    spec
}

fn built(world: &World, text: &str) -> AppSpec {
    let mut spec = quick("unused");
    spec.source = world.source("own", &[("Dockerfile", "FROM scratch\nEXPOSE 80\n"), ("text", text)]);
    spec.user = Some(UserSpec { uid: 1000, gid: 1000 });
    spec.volumes = vec![VolumeSpec { name: app("data"), path: "/data".into() }];
    spec
}

async fn world(folder: &Path) -> World {
    let clock = SharedClock(Arc::default());
    let store = SqliteStore::open_with(folder.join("byop.db"), Arc::new(clock.clone())).await.unwrap();
    World::with_store(store, clock)
}

/// Runs a scenario with the engine dying there, and whether it was alive long enough to get there.
fn dies(scenario: &Scenario, death: Death) -> bool {
    // In memory where the machine has such a folder: hundreds of stores need not wait for a disk.
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    let (first, second) = (runtime(), runtime());
    let world = second.block_on(world(folder.path()));
    let new_engine = || world.builder().with_clock(world.clock.clone()).build().unwrap();
    let (job, finished) = first.block_on(async {
        let engine = new_engine();
        for spec in (scenario.before)(&world) {
            deploy(&engine, &spec).await.unwrap();
        }
        if scenario.stopped {
            done(&engine, engine.stop(&app("shop")).await).await;
        }
        let verb = (scenario.job)(&world);
        let calls = world.runtime.calls().len();
        match death {
            Death::BeforeCall(n) => world.runtime.inject(Fault::new("*", Moment::Never).with_nth(n)),
            Death::AfterCall(n) => world.runtime.inject(Fault::new("*", Moment::Lost).with_nth(n)),
            Death::BeforeWrite(n) => world.store.hang_at(n, false),
            Death::AfterWrite(n) => world.store.hang_at(n, true),
        }
        let job = verb.submit(&engine).await.unwrap();
        let reached = || match death {
            Death::BeforeCall(n) | Death::AfterCall(n) => world.runtime.calls().len() >= calls + n,
            _ => world.store.hangs(),
        };
        loop {
            if reached() {
                // What runs beside the call that hangs gets on as far as it can.
                tokio::time::sleep(Duration::from_millis(2)).await;
                break (job, false);
            }
            if world.store.get_job(&Scope::Platform, &job).await.unwrap().state.is_finished() {
                break (job, true);
            }
            tokio::time::sleep(Duration::from_micros(200)).await;
        }
    });
    if finished {
        return false;
    }
    drop(first);
    world.store.heal();
    second.block_on(async {
        let engine = new_engine();
        let unfinished = !engine.get_job(&job).await.unwrap().state.is_finished();
        if unfinished {
            assert_eq!(engine.resume().await.unwrap(), [], "{death:?}: the lease is alive");
            world.clock.0.advance(LEASE * 2);
            assert_eq!(engine.resume().await.unwrap(), std::slice::from_ref(&job), "{death:?}");
        }
        let _ = tokio::time::timeout(Duration::from_secs(20), engine.wait(&job)).await.expect("the job ends");
        let ended = engine.get_job(&job).await.unwrap();
        check(scenario, death, &world, &engine, &ended).await;
    });
    true
}

async fn check(scenario: &Scenario, death: Death, world: &World, engine: &Engine, job: &Job) {
    let steps = world.store.list_steps(&Scope::Platform, &job.id).await.unwrap();
    let shown = || format!("{death:?}: {:?}\n{:#?}\n{:#?}", job.error, steps, world.runtime.calls());
    assert_eq!(job.state, scenario.wanted, "{}", shown());
    if let Some(error) = &job.error {
        assert_eq!(error.kind, byop_core::ErrorKind::Unhealthy, "{}", shown());
    }
    let running: Vec<_> = world.running();
    assert_eq!(running.len(), scenario.running, "{running:?} {}", shown());
    world.assert_census(engine).await;
    if job.state == JobState::Succeeded {
        assert!(steps.iter().all(|step| step.state == StepState::Done), "{}", shown());
    }
    // A stage has several steps only where the workflow has: each key stands for one effect.
    let mut keys: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for step in &steps {
        keys.entry(&step.stage).or_default().insert(&step.key);
    }
    for (stage, keys) in keys {
        let most = if stage == "switch" { 3 } else { 1 };
        assert!(keys.len() <= most, "{stage} was done with different inputs: {keys:?} {}", shown());
    }
    if let Ok(report) = engine.get_app(&app("shop")).await {
        let current = report.app.current.unwrap();
        let serving = world.ingress.route(&app("shop")).and_then(|route| route.serving);
        if report.app.wanted == AppState::Running {
            assert_eq!(
                serving.unwrap().container,
                container_name(&app("shop"), current.number),
                "{}",
                shown()
            );
            assert_eq!(running, [container_name(&app("shop"), current.number)], "{}", shown());
            assert_eq!(world.ingress.request("shop.example.com").0, 200, "{}", shown());
        } else {
            assert_eq!(serving, None, "{}", shown());
        }
    } else {
        assert!(world.runtime.census().is_empty(), "{}", shown());
        assert!(world.census().await.is_empty(), "{}", shown());
    }
    // Each release was made once: no number is left out and none was given twice.
    let records = world.store.list_records(&Scope::Platform, "apps", &Page::all()).await.unwrap();
    if let Some(record) = records.first() {
        let wanted =
            1 + (scenario.before)(world).len() as u64 + u64::from(steps.iter().any(|s| s.stage == "reserve"));
        assert_eq!(record.value["next_release"], wanted, "{}", shown());
    }
}

/// Lets the engine die everywhere, until it lives to the end of the job.
fn dies_everywhere(scenario: &Scenario) {
    let mut deaths = 0;
    for death in
        [Death::BeforeCall as fn(usize) -> Death, Death::AfterCall, Death::BeforeWrite, Death::AfterWrite]
    {
        deaths += (1..).take_while(|n| dies(scenario, death(*n))).count();
    }
    println!("the engine died in {deaths} places");
    assert!(deaths > 20, "only {deaths} places");
}

fn one(_: &World) -> Vec<AppSpec> {
    vec![quick("shop:1")]
}

#[test]
fn in_a_first_deployment_with_a_build_and_a_volume() {
    dies_everywhere(&Scenario {
        before: |_| Vec::new(),
        stopped: false,
        job: |world| Verb::Deploy(Box::new(built(world, "1"))),
        wanted: JobState::Succeeded,
        running: 1,
    });
}

#[test]
fn in_an_update() {
    dies_everywhere(&Scenario {
        before: one,
        stopped: false,
        job: |_| Verb::Deploy(Box::new(quick("shop:2"))),
        wanted: JobState::Succeeded,
        running: 1,
    });
}

#[test]
fn in_an_update_that_is_taken_back() {
    dies_everywhere(&Scenario {
        before: one,
        stopped: false,
        job: |world| {
            world.runtime.add_image("bad:1", FakeProgram::exiting(3).with_line("no"));
            Verb::Deploy(Box::new(quick("bad:1").with_port(8080)))
        },
        wanted: JobState::Failed,
        running: 1,
    });
}

#[test]
fn in_a_deployment_that_changes_nothing() {
    dies_everywhere(&Scenario {
        before: one,
        stopped: false,
        job: |_| Verb::Deploy(Box::new(quick("shop:1"))),
        wanted: JobState::Succeeded,
        running: 1,
    });
}

#[test]
fn in_a_stop() {
    dies_everywhere(&Scenario {
        before: one,
        stopped: false,
        job: |_| Verb::Stop,
        wanted: JobState::Succeeded,
        running: 0,
    });
}

#[test]
fn in_a_start() {
    dies_everywhere(&Scenario {
        before: one,
        stopped: true,
        job: |_| Verb::Start,
        wanted: JobState::Succeeded,
        running: 1,
    });
}

#[test]
fn in_a_restart() {
    dies_everywhere(&Scenario {
        before: one,
        stopped: false,
        job: |_| Verb::Restart,
        wanted: JobState::Succeeded,
        running: 1,
    });
}

#[test]
fn in_a_repair() {
    dies_everywhere(&Scenario {
        before: one,
        stopped: false,
        job: |world| {
            world.runtime.edit_container("byop-shop-r1", |spec, _| spec.writable_root = true);
            world.ingress.edit_route(&app("shop"), |_| None);
            Verb::Repair
        },
        wanted: JobState::Succeeded,
        running: 1,
    });
}

#[test]
fn in_a_removal() {
    dies_everywhere(&Scenario {
        before: one,
        stopped: false,
        job: |_| Verb::Remove,
        wanted: JobState::Succeeded,
        running: 0,
    });
}

#[test]
fn sources_that_were_unpacked_are_unpacked_again_where_they_are_gone() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (runtime(), runtime());
    let world = second.block_on(world(folder.path()));
    let new_engine = || world.builder().with_clock(world.clock.clone()).build().unwrap();
    let archive = world.folder.path().join("app.tar");
    let mut tar = tar::Builder::new(std::fs::File::create(&archive).unwrap());
    let text = "FROM scratch\nEXPOSE 80\n";
    let mut header = tar::Header::new_gnu();
    header.set_size(text.len() as u64);
    header.set_mode(0o644);
    tar.append_data(&mut header, "Dockerfile", text.as_bytes()).unwrap();
    tar.finish().unwrap();
    let mut spec = quick("unused");
    spec.source = byop_core::model::Source::Archive(byop_core::model::Archive { path: archive });
    let job = first.block_on(async {
        let engine = new_engine();
        world.runtime.inject(Fault::new("image.build", Moment::Never));
        let job = engine.deploy(spec).await.unwrap();
        while !world.runtime.calls().iter().any(|call| call.starts_with("image.build")) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        job
    });
    drop(first);
    std::fs::remove_dir_all(world.folder.path().join("work")).unwrap();
    second.block_on(async {
        let engine = new_engine();
        world.clock.0.advance(LEASE * 2);
        assert_eq!(engine.resume().await.unwrap(), std::slice::from_ref(&job));
        engine.wait(&job).await.unwrap();
        world.assert_census(&engine).await;
        // The folder goes after the job's end, and nobody is told.
        let folder = world.folder.path().join("work/jobs").join(job.as_str());
        let gone = async {
            while folder.exists() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), gone).await.expect("the job's folder goes");
    });
}
