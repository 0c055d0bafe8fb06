//! Builds, deployments and components: read from what was written and what runs.

use std::time::Duration;

use byop_core::ErrorKind;
use byop_core::engine::Engine;
use byop_core::id::JobId;
use byop_core::model::{AppSpec, AppState, BuildState, ComponentKind, EventBody, JobFilter, UserSpec};
use byop_core::testing::FakeProgram;
use futures_util::StreamExt;

use crate::clients::client;
use crate::support::{World, app, deploy, deploy_badly, done, events, image};

const DOCKERFILE: &str = "FROM scratch\nEXPOSE 8080\nRUN echo hello\n";

fn built(world: &World, dockerfile: &str) -> AppSpec {
    let mut spec = image("shop", "unused");
    spec.source = world.source("shop", &[("Dockerfile", dockerfile)]);
    spec
}

/// The states that the build shows from one event to the next, each once.
async fn states(engine: &Engine, job: &JobId) -> Vec<BuildState> {
    let mut seen = vec![engine.get_build(job).await.unwrap().state];
    let mut events = engine.events(job, 0);
    while let Some(event) = events.next().await {
        event.unwrap();
        seen.push(engine.get_build(job).await.unwrap().state);
    }
    seen.push(engine.get_build(job).await.unwrap().state);
    seen.dedup();
    seen
}

/// Waits until the job is in a step.
async fn reaches(engine: &Engine, job: &JobId, wanted: &str) {
    let mut events = engine.events(job, 0);
    while let Some(event) = events.next().await {
        if matches!(event.unwrap().body, EventBody::StepStarted { stage, .. } if stage == wanted) {
            return;
        }
    }
    panic!("the job never was in {wanted}");
}

#[tokio::test(start_paused = true)]
async fn a_build_passes_through_its_states_in_order() {
    let world = World::new();
    let engine = world.engine();
    world.runtime.set_build_time(Duration::from_secs(60));
    let job = engine.deploy(built(&world, DOCKERFILE)).await.unwrap();
    let seen = states(&engine, &job).await;
    assert!(seen.windows(2).all(|pair| pair[0].may_become(pair[1])), "{seen:?}");
    assert_eq!(seen[seen.len() - 2..], [BuildState::Building, BuildState::Success]);
    let build = engine.get_build(&job).await.unwrap();
    let release = engine.get_app(&app("shop")).await.unwrap().app.current.unwrap();
    assert_eq!(build.image.as_deref(), Some(release.image.as_str()));
    assert_eq!(build.image_id.as_deref(), Some(release.image_id.as_str()));
    assert_eq!((build.source_digest, build.attempt, build.error), (release.source_digest, 1, None));
    let (started, finished) = (build.started_at.unwrap(), build.finished_at.unwrap());
    assert!(build.requested_at <= started && finished.0 - started.0 >= 60_000, "{started:?} {finished:?}");
}

#[tokio::test(start_paused = true)]
async fn a_build_that_fails_keeps_its_message_and_its_log() {
    let world = World::new();
    let engine = world.engine();
    let job = engine.deploy(built(&world, "FROM scratch\nRUN echo no such module; exit 3\n")).await.unwrap();
    assert_eq!(states(&engine, &job).await.last(), Some(&BuildState::Failed));
    let build = engine.get_build(&job).await.unwrap();
    let error = build.error.unwrap();
    assert!(
        error.context.iter().any(|(key, value)| key == "step" && value.starts_with("RUN echo")),
        "{error:?}"
    );
    assert!(build.image.is_none() && build.finished_at.is_some());
    let said = events(&engine, &job, 0).await;
    let is_told = |body: &EventBody| matches!(body, EventBody::Log { stage, line } if stage == "build" && line.contains("no such module"));
    assert!(said.iter().any(|event| is_told(&event.body)), "{said:?}");
}

#[tokio::test(start_paused = true)]
async fn a_build_that_is_cancelled_says_so() {
    let world = World::new();
    let engine = world.engine();
    world.runtime.set_build_time(Duration::from_secs(600));
    let job = engine.deploy(built(&world, DOCKERFILE)).await.unwrap();
    reaches(&engine, &job, "build").await;
    engine.cancel(&job).await.unwrap();
    engine.wait(&job).await.unwrap_err();
    assert_eq!(engine.get_build(&job).await.unwrap().state, BuildState::Cancelled);
}

#[tokio::test(start_paused = true)]
async fn an_image_that_is_there_is_a_success_though_its_release_is_none() {
    let world = World::new();
    let engine = world.engine();
    world.runtime.set_program("byop/shop:", FakeProgram::exiting(1));
    deploy_badly(&engine, &built(&world, DOCKERFILE)).await;
    let builds = engine.list_builds(&JobFilter::all()).await.unwrap();
    assert_eq!(builds.len(), 1);
    assert_eq!((builds[0].state, builds[0].error.as_ref()), (BuildState::Success, None));
}

#[tokio::test(start_paused = true)]
async fn builds_are_listed_page_by_page_without_what_builds_nothing() {
    let world = World::new();
    let acme = world.engine().for_client(client("acme"));
    for version in 0..3 {
        deploy(&acme, &built(&world, &format!("{DOCKERFILE}LABEL version={version}\n"))).await.unwrap();
        done(&acme, acme.restart(&app("shop")).await).await;
        deploy(&acme, &image("blog", "shop:1")).await.unwrap();
    }
    let all = acme.list_builds(&JobFilter::all()).await.unwrap();
    assert_eq!(all.len(), 3);
    assert!(all.iter().all(|build| build.client == Some(client("acme")) && build.app == app("shop")));
    let first = acme.list_builds(&JobFilter::all().with_page(None, 2)).await.unwrap();
    assert_eq!(first, all[..2]);
    let rest = JobFilter::all().with_page(Some(first[1].job.clone()), 2);
    assert_eq!(acme.list_builds(&rest).await.unwrap(), all[2..]);
    let blog = acme.list_jobs(&JobFilter::all().with_app(app("blog"))).await.unwrap();
    assert_eq!(acme.get_build(&blog[0].id).await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test(start_paused = true)]
async fn a_deployment_says_what_the_host_says() {
    let world = World::new();
    let acme = world.engine().for_client(client("acme"));
    deploy(&acme, &image("shop", "shop:1")).await.unwrap();
    deploy(&acme, &image("shop", "shop:2")).await.unwrap();
    let release = acme.get_app(&app("shop")).await.unwrap().app.current.unwrap();
    let deployments = acme.list_deployments(None).await.unwrap();
    assert_eq!(deployments.len(), 1);
    let found = &deployments[0];
    assert_eq!((found.release, found.is_current, found.state), (Some(2), true, AppState::Running));
    assert_eq!((found.host.as_str(), found.client.as_ref()), ("local", Some(&client("acme"))));
    assert_eq!((found.image.as_deref(), &found.image_id), (Some("shop:2"), &release.image_id));
    assert_eq!(found.domains[0].as_str(), "shop.example.com");
    assert_eq!(found.deployed_at, Some(release.created_at));
    world.runtime.crash("byop-shop-r2", 1);
    let state = async || acme.list_deployments(Some(&app("shop"))).await.unwrap()[0].state;
    assert_eq!(state().await, AppState::Unhealthy, "it is started again and again");
    byop_core::runtime::ContainerRuntime::remove_container(&world.runtime, "byop-shop-r2").await.unwrap();
    assert_eq!(state().await, AppState::Absent);
}

#[tokio::test(start_paused = true)]
async fn the_parts_of_an_app_follow_from_its_spec() {
    let world = World::new();
    let engine = world.engine();
    let mut spec = image("shop", "shop:1");
    spec.processes.insert("queue".into(), "bin/work".into());
    spec.addons = Some(vec!["postgresql".into()]);
    deploy(&engine, &spec).await.unwrap();
    let parts = engine.list_components(&app("shop")).await.unwrap();
    let shown: Vec<_> = parts.iter().map(|part| (part.name.as_str(), part.kind, part.is_public)).collect();
    assert_eq!(
        shown,
        [
            ("web", ComponentKind::Web, true),
            ("queue", ComponentKind::Worker, false),
            ("postgresql", ComponentKind::Addon, false),
        ]
    );
    assert_eq!((parts[0].state, parts[1].command.as_deref()), (Some(AppState::Running), Some("bin/work")));
}

#[tokio::test(start_paused = true)]
async fn parts_that_a_deployment_does_not_start_are_told() {
    let world = World::new();
    let engine = world.engine();
    let mut spec = image("shop", "shop:1");
    spec.user = Some(UserSpec { uid: 1000, gid: 1000 });
    spec.processes.insert("queue".into(), "bin/work".into());
    spec.addons = Some(vec!["postgresql".into()]);
    let job = engine.deploy(spec).await.unwrap();
    let said = events(&engine, &job, 0).await;
    let warnings: Vec<_> = said
        .iter()
        .filter_map(|event| match &event.body {
            EventBody::Warning { message } => Some(message.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(
        warnings,
        [
            "the process `queue` is not started: a deployment runs the web process only",
            "the add-on `postgresql` is not started: run it beside the app",
        ]
    );
}
