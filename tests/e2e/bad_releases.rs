//! Releases that go wrong: the old one keeps serving, and the job says why.

use byop_core::ErrorKind;
use byop_core::model::{AppState, EventBody};

use crate::load::Load;
use crate::support::{World, host, world};

/// A bad release beside a good one under load.
async fn check(world: World, mode: &str, cause: &str, message: &str, log: &str) {
    let mut spec = world.behaves(mode);
    spec.health.deadline_seconds = 5;
    world.deploy(&spec).await.unwrap();
    let load = Load::start(world.port, host(spec.name.as_str()), 50, 1_000_000);

    let bad = spec.clone().with_env("MODE", mode).unwrap().with_env("APP_VERSION", "2").unwrap();
    let (error, events) = world.deploy_badly(&bad).await;

    assert_eq!(error.kind(), ErrorKind::Unhealthy, "{error:?}");
    assert_eq!(error.context("cause"), Some(cause), "{error:?}");
    assert!(error.message().contains(message), "{error:?}");
    assert!(error.context("log").unwrap().contains(log), "{error:?}");
    assert!(error.remedy().is_some());
    let told = events.iter().any(|e| matches!(&e.body, EventBody::Log { line, .. } if line.contains(log)));
    assert!(told, "the last log lines are events: {events:#?}");

    let counts = load.stop().await;
    println!("{mode}: {} requests, {} failed", counts.requests, counts.failed.values().sum::<u32>());
    assert!(counts.failed.is_empty(), "{:?}", counts.failed);
    assert!(counts.requests > 20);
    assert_eq!(counts.answers.keys().collect::<Vec<_>>(), [r#"{"app":"behaves","version":"1"}"#]);
    let report = world.engine.get_app(&spec.name).await.unwrap();
    assert_eq!(report.state, AppState::Running);
    assert_eq!(report.containers.len(), 1, "the bad release is gone");
    assert_eq!(report.app.current.unwrap().number, 1);
    world.end().await;
}

#[tokio::test]
async fn a_release_that_exits_is_taken_back() {
    let log = "cannot reach the database: giving up";
    check(world!(), "exit", "exited", "exited with code 7", log).await;
}

#[tokio::test]
async fn a_release_that_never_listens_is_taken_back() {
    check(world!(), "never", "never_listened", "opened no port within 5 s", "mode never").await;
}

#[tokio::test]
async fn a_release_on_the_wrong_port_is_taken_back() {
    check(world!(), "wrong-port", "wrong_port", "listens on port 3001, not on port 3000", ":3001").await;
}

#[tokio::test]
async fn a_release_that_boots_too_slowly_is_taken_back() {
    check(world!(), "slow-boot", "slow_boot", "still starting after 5 s", "loading the index").await;
}

#[tokio::test]
async fn a_release_on_loopback_only_is_taken_back() {
    check(world!(), "loopback", "loopback_only", "loopback address only", "127.0.0.1").await;
}

#[tokio::test]
async fn a_release_that_uses_too_much_memory_is_taken_back() {
    let world = world!();
    let mut spec =
        world.behaves("hog").with_env("MODE", "hog").unwrap().with_env("BOOT_MS", "60000").unwrap();
    spec.resources.memory_bytes = 96 << 20;
    spec.health.deadline_seconds = 20;
    let (error, _) = world.deploy_badly(&spec).await;
    assert_eq!(error.context("cause"), Some("out_of_memory"), "{error:?}");
    world.end().await;
}

#[tokio::test]
async fn a_release_whose_health_path_redirects_is_taken_back() {
    let world = world!();
    let mut spec = world.behaves("redirect");
    spec.health.deadline_seconds = 3;
    spec.health.status_max = 299;
    world.deploy(&spec).await.unwrap();
    let bad = spec.clone().with_env("MODE", "redirect").unwrap();
    let (error, _) = world.deploy_badly(&bad).await;
    assert_eq!(error.context("cause"), Some("redirect"), "{error:?}");
    assert!(error.message().contains("/login"), "{error:?}");
    world.end().await;
}

#[tokio::test]
async fn a_sick_first_release_fails_and_leaves_no_container() {
    let world = world!();
    let mut spec = world.behaves("sick").with_env("MODE", "sick").unwrap();
    spec.health.deadline_seconds = 3;
    let (error, _) = world.deploy_badly(&spec).await;
    assert_eq!(error.context("cause"), Some("bad_status"), "{error:?}");
    assert!(error.message().contains("503"), "{error:?}");
    let report = world.engine.get_app(&spec.name).await.unwrap();
    assert_eq!(report.state, AppState::Absent);
    assert!(report.containers.is_empty());
    world.end().await;
}
