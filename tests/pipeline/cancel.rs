//! A job that is asked to end takes back what it has begun.

use std::time::Duration;

use byop_core::ErrorKind;
use byop_core::engine::Engine;
use byop_core::id::JobId;
use byop_core::model::{EventBody, JobState};
use byop_core::testing::FakeProgram;
use futures_util::StreamExt;

use crate::support::{World, app, deploy, image, remove};

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

async fn assert_cancelled(engine: &Engine, job: &JobId) {
    let error = engine.wait(job).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled, "{error:?}");
    assert_eq!(engine.get_job(job).await.unwrap().state, JobState::Cancelled);
    engine.cancel(job).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn during_the_build() {
    let world = World::new();
    let engine = world.engine();
    world.runtime.set_build_time(Duration::from_secs(600));
    let mut spec = image("own", "unused");
    spec.source = world.source("own", &[("Dockerfile", "FROM scratch\nEXPOSE 80\n")]);
    let job = engine.deploy(spec).await.unwrap();
    reaches(&engine, &job, "build").await;
    engine.cancel(&job).await.unwrap();
    assert_cancelled(&engine, &job).await;
    assert!(world.census().await.is_empty(), "{:?}", world.census().await);
    remove(&engine, &app("own")).await;
    assert!(engine.list_apps().await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn during_the_wait_for_health() {
    let world = World::new();
    let engine = world.engine();
    deploy(&engine, &image("shop", "shop:1")).await.unwrap();
    let before = world.census().await;
    world.runtime.add_image("slow:1", FakeProgram::server(8080).with_boot(Duration::from_secs(5)));
    let job = engine.deploy(image("shop", "slow:1")).await.unwrap();
    reaches(&engine, &job, "gate").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    engine.cancel(&job).await.unwrap();
    assert_cancelled(&engine, &job).await;
    assert_eq!(world.census().await, before);
    assert_eq!(world.ingress.request("shop.example.com"), (200, "shop 1".into()));
    assert_eq!(world.ingress.route(&app("shop")).unwrap().candidate, None);
    world.assert_census(&engine).await;
}

#[tokio::test(start_paused = true)]
async fn after_the_switch_it_is_too_late() {
    let world = World::new();
    let engine = world.engine();
    deploy(&engine, &image("shop", "shop:1")).await.unwrap();
    let job = engine.deploy(image("shop", "shop:2")).await.unwrap();
    reaches(&engine, &job, "retire").await;
    engine.cancel(&job).await.unwrap();
    assert_eq!(engine.wait(&job).await.unwrap().state, JobState::Succeeded);
    assert_eq!(world.running(), ["byop-shop-r2"]);
    world.assert_census(&engine).await;
}

#[tokio::test(start_paused = true)]
async fn during_a_start() {
    let world = World::new();
    let engine = world.engine();
    let name = app("shop");
    world.runtime.add_image("slow:1", FakeProgram::server(8080).with_boot(Duration::from_secs(5)));
    deploy(&engine, &image("shop", "slow:1")).await.unwrap();
    crate::support::done(&engine, engine.stop(&name).await).await;
    let job = engine.start(&name).await.unwrap();
    reaches(&engine, &job, "gate").await;
    engine.cancel(&job).await.unwrap();
    assert_cancelled(&engine, &job).await;
    assert!(world.running().is_empty(), "it is stopped as before");
    assert_eq!(world.ingress.route(&name), None);
}

#[tokio::test(start_paused = true)]
async fn a_job_is_cancelled_from_another_process() {
    let world = World::new();
    let (engine, other) = (world.engine(), world.engine());
    world.runtime.add_image("slow:1", FakeProgram::server(8080).with_boot(Duration::from_secs(60)));
    let mut spec = image("shop", "slow:1");
    spec.health.deadline_seconds = 100;
    let job = engine.deploy(spec).await.unwrap();
    reaches(&engine, &job, "gate").await;
    let asked = tokio::time::Instant::now();
    other.cancel(&job).await.unwrap();
    let error = engine.wait(&job).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled, "{error:?}");
    assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
    assert!(world.running().is_empty());
}
