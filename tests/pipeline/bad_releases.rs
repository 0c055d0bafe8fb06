//! A release that is not healthy never takes the old one down, and leaves nothing behind.

use std::time::Duration;

use byop_core::model::{AppSpec, LogStream};
use byop_core::testing::FakeProgram;
use byop_core::{Error, ErrorKind};

use crate::support::{World, app, deploy, deploy_badly, image, remove};

/// Deploys a good release and then a bad one; the good one serves on.
async fn check(program: FakeProgram, prepare: impl FnOnce(&World, &mut AppSpec)) -> Error {
    let world = World::new();
    let engine = world.engine();
    deploy(&engine, &image("shop", "shop:1")).await.unwrap();
    let before = world.census().await;
    world.runtime.add_image("bad:1", program);
    let mut spec = image("shop", "bad:1").with_port(8080).with_domain("more.example.com").unwrap();
    spec.health.timeout_seconds = 1;
    prepare(&world, &mut spec);
    let error = deploy_badly(&engine, &spec).await;
    assert_eq!(error.kind(), ErrorKind::Unhealthy, "{error:?}");
    assert!(error.remedy().is_some(), "{error:?}");
    assert_eq!(world.ingress.request("shop.example.com"), (200, "shop 1".into()));
    assert_eq!(world.ingress.request("more.example.com").0, 404);
    assert_eq!(world.ingress.switches(&app("shop")), 1);
    assert_eq!(world.ingress.route(&app("shop")).unwrap().candidate, None);
    assert_eq!(world.census().await, before);
    world.assert_census(&engine).await;
    let next = deploy(&engine, &image("shop", "shop:3")).await.unwrap();
    assert_eq!(next.release, 3, "a number is never given twice");
    error
}

#[tokio::test(start_paused = true)]
async fn it_exits() {
    let error = check(FakeProgram::exiting(7).with_line("cannot reach the database"), |_, _| {}).await;
    assert_eq!(error.context("cause"), Some("exited"));
    assert!(error.message().contains("code 7"), "{error}");
    assert_eq!(error.context("log"), Some("cannot reach the database"));
}

#[tokio::test(start_paused = true)]
async fn it_exits_after_a_while() {
    let program =
        FakeProgram::server(8080).with_boot(Duration::from_secs(9)).with_exit(Duration::from_secs(2), 1);
    assert_eq!(check(program, |_, _| {}).await.context("cause"), Some("exited"));
}

#[tokio::test(start_paused = true)]
async fn it_uses_too_much_memory() {
    let error = check(FakeProgram::server(8080).with_memory(1 << 40), |_, _| {}).await;
    assert_eq!(error.context("cause"), Some("out_of_memory"));
}

#[tokio::test(start_paused = true)]
async fn it_never_listens() {
    let error = check(FakeProgram::worker().with_line("working"), |_, _| {}).await;
    assert_eq!(error.context("cause"), Some("never_listened"));
}

#[tokio::test(start_paused = true)]
async fn it_listens_on_another_port() {
    let error = check(FakeProgram::server(3001), |_, _| {}).await;
    assert_eq!(error.context("cause"), Some("wrong_port"));
    assert!(error.message().contains("3001") && error.message().contains("8080"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn it_boots_too_slowly() {
    let program = FakeProgram::server(8080).with_boot(Duration::from_secs(60));
    let program = program.with_line_after(Duration::from_secs(5), LogStream::Stdout, "loading the index");
    assert_eq!(check(program, |_, _| {}).await.context("cause"), Some("slow_boot"));
}

#[tokio::test(start_paused = true)]
async fn it_answers_with_a_bad_status() {
    let error =
        check(FakeProgram::server(8080), |world, _| world.ingress.set_status("byop-shop-r2", 503)).await;
    assert_eq!(error.context("cause"), Some("bad_status"));
    assert!(error.message().contains("503"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn it_answers_with_a_redirect() {
    let error = check(FakeProgram::server(8080), |world, spec| {
        spec.health.status_max = 299;
        world.ingress.set_redirect("byop-shop-r2", 302, "/login");
    });
    let error = error.await;
    assert_eq!(error.context("cause"), Some("redirect"));
    assert!(error.message().contains("/login"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn it_never_answers() {
    let error = check(FakeProgram::server(8080), |world, _| world.ingress.set_silent("byop-shop-r2")).await;
    assert_eq!(error.context("cause"), Some("no_answer"));
}

#[tokio::test(start_paused = true)]
async fn its_program_cannot_be_started() {
    let world = World::new();
    let engine = world.engine();
    deploy(&engine, &image("shop", "shop:1")).await.unwrap();
    world.runtime.add_image("bad:1", FakeProgram::missing());
    let error = deploy_badly(&engine, &image("shop", "bad:1").with_port(8080)).await;
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error:?}");
    assert_eq!(world.ingress.request("shop.example.com"), (200, "shop 1".into()));
    world.assert_census(&engine).await;
}

#[tokio::test(start_paused = true)]
async fn its_build_fails() {
    let world = World::new();
    let engine = world.engine();
    deploy(&engine, &image("shop", "shop:1")).await.unwrap();
    let dockerfile = "FROM scratch\nEXPOSE 8080\nRUN echo no such module; exit 3\n";
    let mut spec = image("shop", "shop:1");
    spec.source = world.source("broken", &[("Dockerfile", dockerfile)]);
    let error = deploy_badly(&engine, &spec).await;
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error:?}");
    assert!(error.context("step").unwrap().starts_with("RUN echo"), "{error:?}");
    assert_eq!(world.ingress.request("shop.example.com"), (200, "shop 1".into()));
    world.assert_census(&engine).await;
}

#[tokio::test(start_paused = true)]
async fn a_first_release_that_fails_can_be_removed() {
    let world = World::new();
    let engine = world.engine();
    world.runtime.set_program("byop/own:", FakeProgram::exiting(1));
    let source = world.source("own", &[("Dockerfile", "FROM scratch\nEXPOSE 8080\n")]);
    let mut spec = image("own", "unused");
    spec.source = source;
    let error = deploy_badly(&engine, &spec).await;
    assert_eq!(error.context("cause"), Some("exited"), "{error:?}");
    assert!(world.running().is_empty());
    assert_eq!(world.ingress.route(&app("own")), None);
    let missing = engine.stats(&app("own")).await.unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NotFound, "{missing:?}");
    remove(&engine, &app("own")).await;
    assert!(world.census().await.is_empty(), "{:?}", world.census().await);
    assert!(world.runtime.census().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_first_release_of_a_missing_image_can_be_removed() {
    let world = World::new();
    let engine = world.engine();
    let error = deploy_badly(&engine, &image("shop", "missing:1")).await;
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
    remove(&engine, &app("shop")).await;
    assert!(world.census().await.is_empty());
    assert!(engine.list_apps().await.unwrap().is_empty());
}
