//! Containers live, end and are found.

use std::time::{Duration, Instant};

use futures_util::StreamExt;

use super::{Program, RuntimeEnv};
use crate::error::ErrorKind;
use crate::model::{
    ContainerHealth, ContainerSetup, ContainerState, MountSpec, PortBinding, Protocol, ResourceLimits,
    RestartPolicy, UserSpec,
};

const GRACE: Duration = Duration::from_secs(10);

/// Info has an id and processors.
pub async fn the_engine_says_what_it_is(env: &RuntimeEnv) {
    let info = env.runtime.info().await.unwrap();
    assert!(!info.id.is_empty() && !info.api_version.is_empty());
    assert!(info.cpus > 0 && info.memory_bytes > 0);
    assert_eq!(env.runtime.info().await.unwrap().id, info.id);
}

/// Equal `byop.key`: the same container.
pub async fn creating_the_same_container_twice_gives_the_same_id(env: &RuntimeEnv) {
    let spec = env.spec("a", &Program::Worker);
    let first = env.runtime.create_container(&spec).await.unwrap();
    assert_eq!(env.runtime.create_container(&spec).await.unwrap(), first);
    env.runtime.start_container(&first).await.unwrap();
    assert_eq!(env.runtime.create_container(&spec).await.unwrap(), first);
}

/// As two workers do that both believe to hold a job.
pub async fn creating_at_the_same_time_gives_the_same_id(env: &RuntimeEnv) {
    let spec = env.spec("a", &Program::Worker);
    let create = || env.runtime.create_container(&spec);
    let (a, b, c) = tokio::join!(create(), create(), create());
    let first = a.unwrap();
    assert_eq!((b.unwrap(), c.unwrap()), (first.clone(), first));
}

/// A creation that was interrupted is completed by the next.
pub async fn creating_again_joins_the_networks_that_are_missing(env: &RuntimeEnv) {
    let mut spec = env.spec("a", &Program::Worker);
    spec.networks = vec![env.network("m").await];
    env.runtime.create_container(&spec).await.unwrap();
    spec.networks.push(env.network("n").await);
    let id = env.start(&spec).await;
    let addresses = env.runtime.inspect_container(&id).await.unwrap().addresses;
    assert!(addresses.keys().eq(&spec.networks), "{addresses:?}");
}

/// Another `byop.key`: refused.
pub async fn a_name_that_another_container_has_is_refused(env: &RuntimeEnv) {
    let mut spec = env.spec("a", &Program::Worker);
    env.runtime.create_container(&spec).await.unwrap();
    spec.labels.insert("byop.key".into(), "another".into());
    let error = env.runtime.create_container(&spec).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error:?}");
}

/// No `byop.key` on either side is not an equal key.
pub async fn a_name_without_a_key_is_never_taken_over(env: &RuntimeEnv) {
    let mut spec = env.spec("a", &Program::Worker);
    spec.labels.remove("byop.key");
    env.runtime.create_container(&spec).await.unwrap();
    let error = env.runtime.create_container(&spec).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error:?}");
}

/// `NotFound` for the image.
pub async fn a_container_of_a_missing_image_is_not_created(env: &RuntimeEnv) {
    let mut spec = env.spec("a", &Program::Worker);
    spec.image = "byop-test-suite:missing".into();
    let error = env.runtime.create_container(&spec).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
    assert_eq!(env.runtime.list_containers(&env.filter()).await.unwrap(), []);
}

/// `NotFound` for the network, before anything is made.
pub async fn a_container_in_a_missing_network_is_not_created(env: &RuntimeEnv) {
    let mut spec = env.spec("a", &Program::Worker);
    spec.networks = vec![env.name("missing")];
    let error = env.runtime.create_container(&spec).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
    assert_eq!(env.runtime.list_containers(&env.filter()).await.unwrap(), []);
}

/// `NotFound` for the volume, which is not made on the way.
pub async fn a_container_with_a_missing_volume_is_not_created(env: &RuntimeEnv) {
    let mut spec = env.spec("a", &Program::Worker);
    spec.mounts.push(MountSpec { volume: env.name("missing"), path: "/data".into(), read_only: false });
    let error = env.runtime.create_container(&spec).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
}

/// Names cannot leave their place in a URL or a path.
pub async fn a_name_that_is_none_is_refused(env: &RuntimeEnv) {
    for name in ["a/b", "../a", "a b", "-a"] {
        let mut spec = env.spec("a", &Program::Worker);
        spec.name = name.into();
        let error = env.runtime.create_container(&spec).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error:?}");
    }
}

/// It is `Created`.
pub async fn a_created_container_does_not_run(env: &RuntimeEnv) {
    let id = env.runtime.create_container(&env.spec("a", &Program::Worker)).await.unwrap();
    assert_eq!(env.runtime.inspect_container(&id).await.unwrap().state, ContainerState::Created);
}

/// Running already is success.
pub async fn starting_twice_is_ok(env: &RuntimeEnv) {
    let id = env.started("a", &Program::Worker).await;
    env.runtime.start_container(&id).await.unwrap();
    assert_eq!(env.runtime.inspect_container(&id).await.unwrap().state, ContainerState::Running);
}

/// `NotFound`.
pub async fn starting_a_missing_container_is_not_found(env: &RuntimeEnv) {
    let error = env.runtime.start_container(&env.name("missing")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
}

/// `InvalidInput`: the image or the command has to change.
pub async fn a_program_that_the_image_lacks_cannot_be_started(env: &RuntimeEnv) {
    let id = env.runtime.create_container(&env.spec("a", &Program::Missing)).await.unwrap();
    let error = env.runtime.start_container(&id).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error:?}");
    assert!(!env.runtime.inspect_container(&id).await.unwrap().error.is_empty());
}

/// Stopped already is success.
pub async fn stopping_twice_is_ok(env: &RuntimeEnv) {
    let id = env.started("a", &Program::Worker).await;
    env.runtime.stop_container(&id, GRACE).await.unwrap();
    env.runtime.stop_container(&id, GRACE).await.unwrap();
    assert_eq!(env.runtime.inspect_container(&id).await.unwrap().state, ContainerState::Exited);
}

/// `NotFound`.
pub async fn stopping_a_missing_container_is_not_found(env: &RuntimeEnv) {
    let error = env.runtime.stop_container(&env.name("missing"), GRACE).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
}

/// The stop signal is enough, and the grace is not waited for.
pub async fn a_program_may_end_by_itself_when_it_is_stopped(env: &RuntimeEnv) {
    let id = env.started("a", &Program::PrintAndStay(vec!["ready".into()])).await;
    env.printed(&id).await;
    let start = Instant::now();
    env.runtime.stop_container(&id, GRACE).await.unwrap();
    assert!(start.elapsed() < GRACE / 2, "it took {:?}", start.elapsed());
    assert_eq!(env.runtime.inspect_container(&id).await.unwrap().exit_code, 0);
}

/// Exit code 137, not before the grace is over.
pub async fn a_program_that_ignores_the_stop_is_ended_after_the_grace(env: &RuntimeEnv) {
    let id = env.started("a", &Program::Stubborn).await;
    env.printed(&id).await;
    let start = Instant::now();
    env.runtime.stop_container(&id, Duration::from_secs(1)).await.unwrap();
    assert!(start.elapsed() >= Duration::from_millis(900), "it took only {:?}", start.elapsed());
    assert_eq!(env.ended(&id).await.exit_code, 137);
}

/// A stop is not the end of a container.
pub async fn a_stopped_container_can_be_started_again(env: &RuntimeEnv) {
    let id = env.started("a", &Program::Worker).await;
    env.runtime.stop_container(&id, Duration::ZERO).await.unwrap();
    env.runtime.start_container(&id).await.unwrap();
    assert_eq!(env.runtime.inspect_container(&id).await.unwrap().state, ContainerState::Running);
}

/// Removal needs no stop.
pub async fn removing_a_running_container_is_ok(env: &RuntimeEnv) {
    let id = env.started("a", &Program::Worker).await;
    env.runtime.remove_container(&id).await.unwrap();
    let error = env.runtime.inspect_container(&id).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
}

/// Gone is what was asked for.
pub async fn removing_a_missing_container_is_ok(env: &RuntimeEnv) {
    let id = env.runtime.create_container(&env.spec("a", &Program::Worker)).await.unwrap();
    env.runtime.remove_container(&id).await.unwrap();
    env.runtime.remove_container(&id).await.unwrap();
    env.runtime.remove_container(&env.name("missing")).await.unwrap();
}

/// `NotFound`.
pub async fn inspecting_a_missing_container_is_not_found(env: &RuntimeEnv) {
    let error = env.runtime.inspect_container(&env.name("missing")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
}

/// Both lead to the same container, with its labels and image.
pub async fn a_container_is_found_by_its_name_and_its_id(env: &RuntimeEnv) {
    let spec = env.spec("a", &Program::Worker);
    let id = env.start(&spec).await;
    let by_id = env.runtime.inspect_container(&id).await.unwrap();
    let by_name = env.runtime.inspect_container(&spec.name).await.unwrap();
    assert_eq!((by_id.id.as_str(), by_name.id.as_str()), (id.as_str(), id.as_str()));
    assert_eq!((by_name.name, by_name.image), (spec.name, spec.image.clone()));
    assert!(spec.labels.iter().all(|(key, value)| by_name.labels.get(key) == Some(value)));
    assert_eq!(by_name.image_id, env.runtime.inspect_image(&spec.image).await.unwrap().id);
}

/// The code of the last run.
pub async fn the_exit_code_is_kept(env: &RuntimeEnv) {
    let id = env.started("a", &Program::Exit(7)).await;
    let info = env.ended(&id).await;
    assert_eq!((info.exit_code, info.oom_killed), (7, false));
}

/// `UnlessStopped` starts it again, and counts.
pub async fn a_crashed_program_is_started_again_when_asked(env: &RuntimeEnv) {
    let mut spec = env.spec("a", &Program::Exit(1));
    spec.restart = RestartPolicy::UnlessStopped;
    let id = env.start(&spec).await;
    env.until("two restarts", || async {
        let info = env.runtime.inspect_container(&id).await.unwrap();
        (info.restarts >= 2).then_some(())
    })
    .await;
}

/// A stop on purpose is no crash.
pub async fn a_container_that_was_stopped_on_purpose_stays_stopped(env: &RuntimeEnv) {
    let mut spec = env.spec("a", &Program::Worker);
    spec.restart = RestartPolicy::UnlessStopped;
    let id = env.start(&spec).await;
    env.runtime.stop_container(&id, Duration::ZERO).await.unwrap();
    // Longer than the pause before a restart.
    tokio::time::sleep(Duration::from_millis(400)).await;
    let info = env.runtime.inspect_container(&id).await.unwrap();
    assert_eq!((info.state, info.restarts), (ContainerState::Exited, 0));
}

/// Stopped ones too; an empty value matches any.
pub async fn containers_are_listed_by_label_in_order_of_name(env: &RuntimeEnv) {
    let mut spec = env.spec("b", &Program::Worker);
    spec.labels.insert("byop.app".into(), "shop".into());
    env.start(&spec).await;
    env.runtime.create_container(&env.spec("a", &Program::Worker)).await.unwrap();
    let found = env.runtime.list_containers(&env.filter()).await.unwrap();
    let names: Vec<_> = found.iter().map(|found| found.name.clone()).collect();
    assert_eq!(names, [env.name("a"), env.name("b")]);
    assert_eq!((found[0].state, found[1].state), (ContainerState::Created, ContainerState::Running));
    let listed = async |value: &str| {
        let filter = env.filter().with_label("byop.app", value);
        env.runtime.list_containers(&filter).await.unwrap().len()
    };
    assert_eq!((listed("shop").await, listed("").await, listed("other").await), (1, 1, 0));
}

/// From the call on, and only about what has the labels.
pub async fn events_tell_what_happens_to_labelled_containers(env: &RuntimeEnv) {
    let mut events = env.runtime.events(&env.filter()).await.unwrap();
    let id = env.started("a", &Program::Exit(0)).await;
    let mut actions = Vec::new();
    let collect = async {
        while let Some(event) = events.next().await {
            let event = event.unwrap();
            if event.object == "container" {
                assert_eq!(event.id, id);
                actions.push(event.action);
            }
            if actions.last().is_some_and(|action| action == "die") {
                break;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), collect).await.expect("the end is told");
    assert_eq!(actions.iter().map(String::as_str).collect::<Vec<_>>(), ["create", "start", "die"]);
}

async fn checked(env: &RuntimeEnv, command: &str) -> Option<bool> {
    let mut spec = env.spec("a", &Program::Worker);
    spec.health = Some(ContainerHealth {
        command: vec![command.into()],
        interval_seconds: 1,
        timeout_seconds: 5,
        retries: 1,
        start_period_seconds: 0,
    });
    let id = env.start(&spec).await;
    env.until("a verdict", || async { env.runtime.inspect_container(&id).await.unwrap().healthy.map(Some) })
        .await
}

/// `Some(true)`.
pub async fn a_check_that_passes_makes_a_container_healthy(env: &RuntimeEnv) {
    assert_eq!(checked(env, "true").await, Some(true));
}

/// `Some(false)`.
pub async fn a_check_that_fails_makes_a_container_unhealthy(env: &RuntimeEnv) {
    assert_eq!(checked(env, "false").await, Some(false));
}

/// `None`.
pub async fn a_container_without_a_check_has_no_health(env: &RuntimeEnv) {
    let id = env.started("a", &Program::Worker).await;
    assert_eq!(env.runtime.inspect_container(&id).await.unwrap().healthy, None);
}

/// What a container was set up with is told, to the last setting.
pub async fn the_setup_is_read_back(env: &RuntimeEnv) {
    let mut spec = env.spec("a", &Program::Worker);
    let volume = env.volume("v").await;
    spec.env = [("TOKEN".to_owned(), crate::secret::Secret::new("a=b c"))].into();
    spec.user = Some(UserSpec { uid: 12, gid: 34 });
    spec.mounts = vec![MountSpec { volume: volume.clone(), path: "/data".into(), read_only: true }];
    spec.tmpfs = [("/scratch".to_owned(), 1 << 20)].into();
    spec.resources = Some(ResourceLimits { memory_bytes: 64 << 20, cpus: 0.5, pids: 32 });
    spec.capabilities = vec!["CHOWN".into()];
    spec.restart = RestartPolicy::UnlessStopped;
    spec.init = true;
    spec.networks = vec![env.network("n").await];
    spec.ports = vec![PortBinding {
        host_ip: "127.0.0.1".into(),
        host_port: 0,
        container_port: 8080,
        protocol: Protocol::Udp,
    }];
    let id = env.runtime.create_container(&spec).await.unwrap();
    let info = env.runtime.inspect_container(&id).await.unwrap();
    let image = env.runtime.inspect_image(&info.image_id).await.unwrap();
    assert_eq!(info.setup, ContainerSetup::of(&spec, &image));
    assert!(!format!("{info:?}").contains("a=b c"), "values of variables are shown to nobody");
    let listed = env.runtime.list_containers(&env.filter()).await.unwrap().remove(0);
    assert_eq!((listed.image_id, listed.volumes), (info.image_id, vec![volume]));
    let network = env.runtime.list_networks(&env.filter()).await.unwrap().remove(0);
    assert!(listed.networks.contains_key(&network.name), "a container that never ran is in its networks too");
}
