//! What an app says in its `byop.yaml` reaches the container that runs.

use byop_core::ErrorKind;
use byop_core::model::AppSpec;
use byop_core::testing::FakeProgram;

use crate::support::{World, app, deploy, deploy_badly, done, write};

const DOCKERFILE: &str = "FROM scratch\nEXPOSE 3000\nUSER 10001:10001\nCMD [\"/app\"]\n";

fn spec(world: &World, file: &str) -> AppSpec {
    let source = world.source("own", &[("Dockerfile", DOCKERFILE), ("app", "1"), ("byop.yaml", file)]);
    AppSpec::new("own", source).unwrap().with_domain("own.example.com").unwrap()
}

#[tokio::test(start_paused = true)]
async fn port_environment_folders_and_limits_reach_the_container() {
    let world = World::new();
    let engine = world.engine();
    let file = "port: 9000\nenv: {LEVEL: file, MODE: file}\nvolumes: [{name: media, path: /media}]\n\
                writable: [/cache]\nresources: {pids: 64}\n";
    world.runtime.set_program("byop/own", FakeProgram::server(9000));
    let spec = spec(&world, file).with_env("LEVEL", "spec").unwrap();
    let deployment = deploy(&engine, &spec).await.unwrap();
    let container = world.runtime.container_spec(&deployment.container).unwrap();
    let env = |name: &str| container.env[name].expose().to_owned();
    assert_eq!((env("LEVEL"), env("MODE"), env("PORT")), ("spec".into(), "file".into(), "9000".into()));
    assert_eq!(container.mounts[0].path, "/media");
    assert!(container.tmpfs.contains_key("/cache"));
    assert_eq!(container.resources.unwrap().pids, 64);
}

#[tokio::test(start_paused = true)]
async fn the_health_that_the_app_asks_for_is_what_is_judged() {
    let world = World::new();
    let engine = world.engine();
    let spec = spec(&world, "health: {path: /live, status_max: 204, deadline_seconds: 5}\n");
    deploy(&engine, &spec).await.unwrap();
    let release = engine.get_app(&app("own")).await.unwrap().app.current.unwrap();
    assert_eq!(release.health_path, "/live");
    let health = release.health.unwrap();
    assert_eq!((health.status_max, health.deadline_seconds), (204, 5));
}

#[tokio::test(start_paused = true)]
async fn the_same_judgement_counts_when_the_app_is_started_again() {
    let world = World::new();
    let engine = world.engine();
    let spec = spec(&world, "health: {path: /live, status_max: 404, deadline_seconds: 5}\n");
    let deployment = deploy(&engine, &spec).await.unwrap();
    done(&engine, engine.stop(&app("own")).await).await;
    // Good by the app's own word, and bad by the default.
    world.ingress.set_status(&deployment.container, 404);
    done(&engine, engine.start(&app("own")).await).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_stored_of_the_app_stays_its_owners() {
    let world = World::new();
    let engine = world.engine();
    let spec = spec(&world, "env: {MODE: one}\n");
    deploy(&engine, &spec).await.unwrap();
    let stored = engine.get_app(&app("own")).await.unwrap().app.spec;
    assert_eq!(stored, spec);
    // So the next word of the app counts, and the same word changes nothing.
    write(&world.folder.path().join("own"), &[("byop.yaml", "env: {MODE: two}\n")]);
    let second = deploy(&engine, &stored).await.unwrap();
    let container = world.runtime.container_spec(&second.container).unwrap();
    assert_eq!((second.release, container.env["MODE"].expose()), (2, "two"));
}

#[tokio::test(start_paused = true)]
async fn a_file_that_cannot_be_taken_fails_the_job_with_its_place() {
    let world = World::new();
    let engine = world.engine();
    let error = deploy_badly(&engine, &spec(&world, "port: 80\nheatlh: {path: /}\n")).await;
    assert_eq!((error.kind(), error.context("line")), (ErrorKind::InvalidInput, Some("2")));
    assert_eq!(error.report().remedy.as_deref(), Some("did you mean `health`?"));
}

#[tokio::test(start_paused = true)]
async fn build_secrets_are_refused_before_anything_is_built() {
    let world = World::new();
    let engine = world.engine();
    let files = [("package.json", r#"{"scripts":{"start":"node a.js"}}"#), ("a.js", "")];
    let mut spec = AppSpec::new("own", world.source("own", &files)).unwrap();
    spec.build.secrets = vec!["npm_token".into()];
    let error = deploy_badly(&engine, &spec).await;
    assert_eq!((error.kind(), error.context("key")), (ErrorKind::Unsupported, Some("build.secrets")));
    assert!(!world.runtime.calls().iter().any(|call| call.starts_with("image.build")));
}

#[tokio::test(start_paused = true)]
async fn an_app_that_may_be_of_two_stacks_waits_for_the_answer() {
    let world = World::new();
    let engine = world.engine();
    let files = [
        ("package.json", r#"{"scripts":{"start":"node server.js"},"dependencies":{"express":"5"}}"#),
        ("server.js", ""),
        ("go.mod", "module a\n"),
        ("main.go", "package main\nfunc main() {}\n"),
    ];
    let mut spec = AppSpec::new("own", world.source("own", &files)).unwrap();
    spec.domains.push("own.example.com".parse().unwrap());
    let error = deploy_badly(&engine, &spec).await;
    assert_eq!((error.context("code"), error.context("choices")), (Some("unsure"), Some("node, go")));
    spec.build.stack = Some("go".into());
    deploy(&engine, &spec).await.unwrap();
}
