//! Faults and programs of the fake engine; its behaviour as an engine is in the suite.

use futures_util::TryStreamExt;
use tokio::time::advance;

use super::*;
use crate::model::{ContainerHealth, LogStream, RestartPolicy};

async fn started(engine: &FakeRuntime, program: FakeProgram) -> String {
    engine.add_image("app:1", program);
    let id = engine.create_container(&ContainerSpec::new("app", "app:1")).await.unwrap();
    engine.start_container(&id).await.unwrap();
    id
}

#[tokio::test]
async fn a_fault_before_a_call_leaves_nothing_behind() {
    let engine = FakeRuntime::new();
    engine.add_image("app:1", FakeProgram::worker());
    engine.inject(Fault::new("container.create", Moment::Before));
    let spec = ContainerSpec::new("app", "app:1");
    assert_eq!(engine.create_container(&spec).await.unwrap_err().kind(), ErrorKind::Unavailable);
    assert!(engine.census().is_empty());
    engine.create_container(&spec).await.unwrap();
}

#[tokio::test]
async fn a_fault_after_a_call_hides_its_effect() {
    let engine = FakeRuntime::new();
    engine.add_image("app:1", FakeProgram::worker());
    let error = Error::new(ErrorKind::Timeout, "container.create", "lost");
    engine.inject(Fault::new("container.create", Moment::After).with_error(error));
    let error = engine.create_container(&ContainerSpec::new("app", "app:1")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(engine.census().len(), 1);
}

#[tokio::test]
async fn a_fault_waits_for_its_turn_and_subject() {
    let engine = FakeRuntime::new();
    engine.inject(Fault::new("volume.create", Moment::Before).with_subject("b").with_nth(2));
    let mut failed = Vec::new();
    for name in ["a", "b", "a", "b", "b"] {
        failed.push(engine.create_volume(name, &BTreeMap::new()).await.is_err());
    }
    assert_eq!(failed, [false, false, false, true, false]);
    assert_eq!(engine.calls()[3], "volume.create b");
}

#[tokio::test(start_paused = true)]
async fn a_call_can_hang() {
    let engine = FakeRuntime::new();
    engine.inject(Fault::new("runtime.info", Moment::Never));
    assert!(tokio::time::timeout(Duration::from_secs(3600), engine.info()).await.is_err());
    engine.info().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_slow_server_answers_after_its_boot_and_nowhere_else() {
    let engine = FakeRuntime::new();
    started(&engine, FakeProgram::server(3000).with_boot(Duration::from_secs(5)).with_answer("hello")).await;
    advance(Duration::from_secs(4)).await;
    assert_eq!(engine.answer("app", 3000), None);
    advance(Duration::from_secs(2)).await;
    assert_eq!(engine.answer("app", 3000).as_deref(), Some("hello"));
    assert_eq!(engine.answer("app", 8080), None);
    engine.crash("app", 1);
    assert_eq!(engine.answer("app", 3000), None);
}

#[tokio::test(start_paused = true)]
async fn a_program_that_crashes_is_restarted_with_growing_pauses() {
    let engine = FakeRuntime::new();
    engine.add_image("app:1", FakeProgram::exiting(1).with_line("boom"));
    let mut spec = ContainerSpec::new("app", "app:1");
    spec.restart = RestartPolicy::UnlessStopped;
    let id = engine.create_container(&spec).await.unwrap();
    engine.start_container(&id).await.unwrap();
    advance(Duration::from_millis(750)).await;
    // After 100, 200 and 400 ms.
    assert_eq!(engine.inspect_container(&id).await.unwrap().restarts, 3);
    let logs: Vec<_> = engine.logs(&id, &LogOptions::all()).await.unwrap().try_collect().await.unwrap();
    assert_eq!(logs.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn health_follows_the_program() {
    for (health, verdict) in [
        (FakeHealth::WhenListening, Some(true)),
        (FakeHealth::After(Duration::from_secs(60)), Some(false)),
        (FakeHealth::Never, Some(false)),
    ] {
        let engine = FakeRuntime::new();
        engine.add_image("app:1", FakeProgram::server(80).with_health(health));
        let mut spec = ContainerSpec::new("app", "app:1");
        spec.health = Some(ContainerHealth {
            command: vec!["curl".into()],
            interval_seconds: 2,
            timeout_seconds: 1,
            retries: 3,
            start_period_seconds: 0,
        });
        engine.create_container(&spec).await.unwrap();
        engine.start_container("app").await.unwrap();
        advance(Duration::from_secs(1)).await;
        assert_eq!(engine.inspect_container("app").await.unwrap().healthy, None);
        advance(Duration::from_secs(7)).await;
        assert_eq!(engine.inspect_container("app").await.unwrap().healthy, verdict, "{health:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn lines_are_printed_when_they_are_due() {
    let engine = FakeRuntime::new();
    let program = FakeProgram::worker().with_line("one").with_line_after(
        Duration::from_secs(9),
        LogStream::Stderr,
        "two",
    );
    let id = started(&engine, program).await;
    let read = async || {
        let lines: Vec<_> = engine.logs(&id, &LogOptions::all()).await.unwrap().try_collect().await.unwrap();
        lines.into_iter().map(|line| line.text).collect::<Vec<_>>()
    };
    assert_eq!(read().await, ["one"]);
    advance(Duration::from_secs(10)).await;
    assert_eq!(read().await, ["one", "two"]);
}

#[tokio::test]
async fn the_longest_prefix_of_a_name_chooses_the_program() {
    let engine = FakeRuntime::new();
    engine.add_image("shop/web:1", FakeProgram::server(1));
    engine.set_program("shop/", FakeProgram::server(2));
    engine.set_program("shop/web", FakeProgram::server(3));
    engine.create_container(&ContainerSpec::new("web", "shop/web:1")).await.unwrap();
    engine.start_container("web").await.unwrap();
    assert!(engine.answer("web", 3).is_some());
}
