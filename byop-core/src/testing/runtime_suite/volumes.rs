//! Volumes.

use super::{Program, RuntimeEnv};
use crate::error::ErrorKind;
use crate::model::{ContainerSpec, ExecSpec, MountSpec};

fn with_volume(env: &RuntimeEnv, suffix: &str, volume: &str, path: &str) -> ContainerSpec {
    let mut spec = env.spec(suffix, &Program::Worker);
    spec.mounts = vec![MountSpec { volume: volume.to_owned(), path: path.to_owned(), read_only: false }];
    spec
}

async fn exit_code(env: &RuntimeEnv, id: &str, command: [&str; 2]) -> i64 {
    env.runtime.exec(id, &ExecSpec::new(command)).await.unwrap().exit_code
}

/// Its data too, therefore.
pub async fn creating_a_volume_twice_keeps_its_labels(env: &RuntimeEnv) {
    let name = env.volume("a").await;
    env.runtime.create_volume(&name, &[("byop.other".to_owned(), "x".to_owned())].into()).await.unwrap();
    let found = env.runtime.list_volumes(&env.filter()).await.unwrap();
    assert_eq!((found.len(), &found[0].name, &found[0].labels), (1, &name, &env.labels()));
}

/// Gone is what was asked for.
pub async fn removing_a_missing_volume_is_ok(env: &RuntimeEnv) {
    let name = env.volume("a").await;
    env.runtime.remove_volume(&name).await.unwrap();
    env.runtime.remove_volume(&name).await.unwrap();
}

/// `Conflict`, even if the container is stopped.
pub async fn a_volume_in_use_cannot_be_removed(env: &RuntimeEnv) {
    let volume = env.volume("v").await;
    env.runtime.create_container(&with_volume(env, "a", &volume, "/data")).await.unwrap();
    let error = env.runtime.remove_volume(&volume).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error:?}");
}

/// And is the same wherever it is mounted.
pub async fn a_volume_outlives_its_container(env: &RuntimeEnv) {
    let volume = env.volume("v").await;
    let id = env.start(&with_volume(env, "a", &volume, "/data")).await;
    assert_eq!(exit_code(env, &id, ["touch", "/data/kept"]).await, 0);
    env.runtime.remove_container(&id).await.unwrap();
    let id = env.start(&with_volume(env, "b", &volume, "/elsewhere")).await;
    assert_eq!(exit_code(env, &id, ["cat", "/elsewhere/kept"]).await, 0);
}

/// But read.
pub async fn a_read_only_volume_cannot_be_written_to(env: &RuntimeEnv) {
    let volume = env.volume("v").await;
    let id = env.start(&with_volume(env, "a", &volume, "/data")).await;
    assert_eq!(exit_code(env, &id, ["touch", "/data/a"]).await, 0);
    let mut spec = with_volume(env, "b", &volume, "/data");
    spec.mounts[0].read_only = true;
    let id = env.start(&spec).await;
    assert_eq!(exit_code(env, &id, ["cat", "/data/a"]).await, 0);
    assert_ne!(exit_code(env, &id, ["touch", "/data/b"]).await, 0);
}

/// In order of name.
pub async fn volumes_are_listed_by_label(env: &RuntimeEnv) {
    let mut labels = env.labels();
    labels.insert("byop.app".into(), "shop".into());
    env.runtime.create_volume(&env.name("b"), &labels).await.unwrap();
    env.volume("a").await;
    let listed = async |filter| {
        let found = env.runtime.list_volumes(&filter).await.unwrap();
        found.into_iter().map(|found| found.name).collect::<Vec<_>>()
    };
    assert_eq!(listed(env.filter()).await, [env.name("a"), env.name("b")]);
    assert_eq!(listed(env.filter().with_label("byop.app", "")).await, [env.name("b")]);
}
