//! The host's engine, the proxy or another port fails at any call of a deployment.

use byop_core::generator::Generator;
use byop_core::model::{AppSpec, Detection, Plan};
use byop_core::source::SourceTree;
use byop_core::store::{Scope, Store};
use byop_core::testing::{Fault, Moment};
use byop_core::{ErrorKind, Result};

use crate::support::{World, app, deploy, image, remove};

/// Lets each call of an update fail in turn: the app serves throughout, and the next deployment sets all right.
async fn every_call_fails_once(moment: Moment) {
    let mut failed = 0;
    for nth in 1.. {
        let world = World::new();
        let engine = world.engine_without_retries();
        deploy(&engine, &image("shop", "shop:1")).await.unwrap();
        let before = world.runtime.calls().len();
        world.runtime.inject(Fault::new("*", moment).with_nth(nth));
        let result = deploy(&engine, &image("shop", "shop:2")).await;
        let calls = world.runtime.calls().split_off(before);
        let Some(call) = calls.get(nth - 1) else { break };
        if let Err(error) = &result {
            failed += 1;
            assert_eq!(error.kind(), ErrorKind::Unavailable, "call {nth}, {call}: {error:?}");
        }
        let (status, text) = world.ingress.request("shop.example.com");
        assert_eq!(status, 200, "call {nth}, {call}: {result:?} {calls:#?}");
        let serves = engine.get_app(&app("shop")).await.unwrap().app.current.unwrap();
        assert_eq!(text, serves.image.replace(':', " "), "call {nth}, {call}: what serves is what is stored");
        deploy(&engine, &image("shop", "shop:3"))
            .await
            .unwrap_or_else(|error| panic!("{nth}, {call}: {error:?}"));
        assert_eq!(world.ingress.request("shop.example.com"), (200, "shop 3".into()), "call {nth}, {call}");
        world.assert_census(&engine).await;
        remove(&engine, &app("shop")).await;
        assert!(world.runtime.census().is_empty());
    }
    // What is no step is tried again whatever the policies say.
    assert!(failed > 10, "only {failed} calls failed");
}

#[tokio::test(start_paused = true)]
async fn before_it_has_an_effect() {
    every_call_fails_once(Moment::Before).await;
}

#[tokio::test(start_paused = true)]
async fn after_it_had_its_effect() {
    every_call_fails_once(Moment::After).await;
}

#[derive(Debug)]
struct Panics;

impl Generator for Panics {
    fn name(&self) -> &str {
        "panics"
    }
    fn detect(&self, _: &SourceTree) -> Result<Option<Detection>> {
        panic!("a defect in a stack of the embedding program")
    }
    fn plan(&self, _: &SourceTree, _: &Detection, _: &AppSpec) -> Result<Plan> {
        unreachable!()
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_a_port_ends_the_job_with_an_error() {
    let world = World::new();
    let engine = world.builder().with_generator(Panics).build().unwrap();
    let mut spec = image("shop", "unused");
    spec.source = world.source("own", &[("Dockerfile", "FROM scratch\nEXPOSE 80\n")]);
    let error = deploy(&engine, &spec).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Internal, "{error:?}");
    assert!(error.to_string().contains("a defect in a stack"), "{error}");
    deploy(&engine, &image("shop", "shop:1")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_failed_retirement_is_made_up_for() {
    let world = World::new();
    let engine = world.engine_without_retries();
    deploy(&engine, &image("shop", "shop:1")).await.unwrap();
    world.runtime.inject(Fault::new("container.stop", Moment::Before));
    deploy(&engine, &image("shop", "shop:2")).await.unwrap();
    assert_eq!(world.running(), ["byop-shop-r1", "byop-shop-r2"]);
    assert_eq!(world.ingress.request("shop.example.com"), (200, "shop 2".into()));
    deploy(&engine, &image("shop", "shop:2")).await.unwrap();
    assert_eq!(world.running(), ["byop-shop-r2"]);
    world.assert_census(&engine).await;
}

#[tokio::test(start_paused = true)]
async fn a_step_that_fails_once_is_tried_again() {
    let world = World::new();
    let engine = world.engine();
    deploy(&engine, &image("shop", "shop:1")).await.unwrap();
    world.runtime.inject(Fault::new("container.start", Moment::After));
    let job = engine.deploy(image("shop", "shop:2")).await.unwrap();
    engine.wait(&job).await.unwrap();
    let steps = world.store.list_steps(&Scope::Platform, &job).await.unwrap();
    let tries: Vec<_> = steps.iter().filter(|step| step.attempt > 1).map(|step| &step.stage).collect();
    assert_eq!(tries, ["start"]);
    world.assert_census(&engine).await;
}

#[tokio::test(start_paused = true)]
async fn resuming_does_not_begin_what_is_at_work_again() {
    let world = World::new();
    let engine = world.engine();
    let job = engine.deploy(image("shop", "shop:1")).await.unwrap();
    assert_eq!(engine.resume().await.unwrap(), []);
    engine.wait(&job).await.unwrap();
    let steps = world.store.list_steps(&Scope::Platform, &job).await.unwrap();
    assert!(steps.iter().all(|step| step.attempt == 1), "{steps:#?}");
}
