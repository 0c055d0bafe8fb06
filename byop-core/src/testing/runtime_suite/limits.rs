//! What a container may not do, and what it uses.

use std::time::{Duration, Instant};

use super::{Program, RuntimeEnv};
use crate::error::ErrorKind;
use crate::model::{ExecSpec, ResourceLimits};

async fn exit_code(env: &RuntimeEnv, id: &str, command: &[&str]) -> i64 {
    env.runtime.exec(id, &ExecSpec::new(command.iter().copied())).await.unwrap().exit_code
}

/// Unless the spec says otherwise.
pub async fn the_root_cannot_be_written_to(env: &RuntimeEnv) {
    let id = env.started("a", &Program::Worker).await;
    assert_ne!(exit_code(env, &id, &["touch", "/etc/a"]).await, 0);
    let mut spec = env.spec("b", &Program::Worker);
    spec.writable_root = true;
    let id = env.start(&spec).await;
    assert_eq!(exit_code(env, &id, &["touch", "/etc/a"]).await, 0);
}

/// And what is in it is gone after a stop.
pub async fn a_declared_folder_in_memory_can_be_written_to(env: &RuntimeEnv) {
    let id = env.started("a", &Program::Worker).await;
    assert_eq!(exit_code(env, &id, &["touch", "/tmp/a"]).await, 0);
    assert_eq!(exit_code(env, &id, &["cat", "/tmp/a"]).await, 0);
    env.runtime.stop_container(&id, Duration::ZERO).await.unwrap();
    env.runtime.start_container(&id).await.unwrap();
    assert_ne!(exit_code(env, &id, &["cat", "/tmp/a"]).await, 0);
}

async fn status(env: &RuntimeEnv, id: &str, field: &str) -> String {
    let output = env.runtime.exec(id, &ExecSpec::new(["cat", "/proc/self/status"])).await.unwrap();
    let line = output.stdout.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    line.expect("the field is there").trim().to_owned()
}

/// Even for root.
pub async fn no_capability_and_no_new_privilege_is_left(env: &RuntimeEnv) {
    let id = env.started("a", &Program::Worker).await;
    assert_eq!(status(env, &id, "CapEff").await.trim_matches('0'), "");
    assert_eq!(status(env, &id, "NoNewPrivs").await, "1");
}

/// Only those.
pub async fn capabilities_are_added_when_asked_for(env: &RuntimeEnv) {
    let mut spec = env.spec("a", &Program::Worker);
    // Number 0, hence the lowest bit.
    spec.capabilities = vec!["CHOWN".into()];
    let id = env.start(&spec).await;
    assert_eq!(status(env, &id, "CapEff").await.trim_start_matches('0'), "1");
}

/// Exit code 137 and the flag.
pub async fn a_program_that_needs_too_much_memory_is_ended_and_flagged(env: &RuntimeEnv) {
    let mut spec = env.spec("a", &Program::Eater);
    spec.resources = Some(ResourceLimits { memory_bytes: 32 << 20, cpus: 1.0, pids: 32 });
    let id = env.start(&spec).await;
    let info = env.ended(&id).await;
    assert_eq!((info.exit_code, info.oom_killed), (137, true));
}

/// It fails; without the limit it does not.
pub async fn a_program_cannot_start_more_processes_than_allowed(env: &RuntimeEnv) {
    let mut spec = env.spec("a", &Program::Crowd);
    spec.resources = Some(ResourceLimits { memory_bytes: 64 << 20, cpus: 1.0, pids: 16 });
    let id = env.start(&spec).await;
    assert_ne!(env.ended(&id).await.exit_code, 0);
    let id = env.started("b", &Program::Crowd).await;
    assert_eq!(env.ended(&id).await.exit_code, 0);
}

/// Within a second, with its limit.
pub async fn usage_of_a_running_container_is_told_at_once(env: &RuntimeEnv) {
    let mut spec = env.spec("a", &Program::Worker);
    spec.resources = Some(ResourceLimits { memory_bytes: 64 << 20, cpus: 1.0, pids: 32 });
    let id = env.start(&spec).await;
    let start = Instant::now();
    let stats = env.runtime.stats(&id).await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(1), "it took {:?}", start.elapsed());
    assert_eq!((stats.container.as_str(), stats.memory_limit_bytes), (spec.name.as_str(), 64 << 20));
    assert!(stats.memory_bytes > 0 && stats.memory_bytes < 64 << 20, "{stats:?}");
    assert!(stats.pids > 0 && stats.cpu_nanos > 0, "{stats:?}");
    assert!((0.0..=200.0).contains(&stats.cpu_percent), "{stats:?}");
}

/// No error either.
pub async fn a_stopped_container_uses_nothing(env: &RuntimeEnv) {
    let id = env.runtime.create_container(&env.spec("a", &Program::Worker)).await.unwrap();
    let stats = env.runtime.stats(&id).await.unwrap();
    assert_eq!((stats.container, stats.memory_bytes, stats.pids, stats.cpu_nanos), (env.name("a"), 0, 0, 0));
}

/// `NotFound`.
pub async fn usage_of_a_missing_container_is_not_found(env: &RuntimeEnv) {
    let error = env.runtime.stats(&env.name("missing")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
}
