//! What an owner does with an app after it serves.

use std::collections::BTreeSet;
use std::time::Duration;

use bollard::query_parameters::ListContainersOptionsBuilder;
use byop_core::ErrorKind;
use byop_core::model::{
    AppName, AppState, DeploymentState, EventBody, JobFilter, JobState, LogOptions, UserSpec, VolumeSpec,
};
use byop_core::stage::Data;
use byop_core::testing::require;
use futures_util::StreamExt;

use crate::support::{World, host, world};

#[tokio::test]
async fn the_second_deploy_of_the_same_changes_nothing() {
    let world = world!();
    let spec = world.behaves("same");
    let first = world.deploy(&spec).await.unwrap();
    let before = world.api.inspect_container(&first.container, None).await.unwrap();
    let second = world.deploy(&spec).await.unwrap();
    let after = world.api.inspect_container(&second.container, None).await.unwrap();
    assert_eq!(second.state, DeploymentState::Unchanged);
    assert_eq!(second.release, first.release);
    assert_eq!(before.id, after.id);
    assert_eq!(before.state.unwrap().started_at, after.state.unwrap().started_at);
    world.end().await;
}

#[tokio::test]
async fn stop_start_and_restart_do_what_they_say() {
    let world = world!();
    let spec = world.behaves("power");
    let name = host(spec.name.as_str());
    world.deploy(&spec).await.unwrap();
    finish(&world, world.engine.stop(&spec.name).await).await;
    assert_eq!(world.engine.get_app(&spec.name).await.unwrap().state, AppState::Stopped);
    assert_eq!(world.get(&name, "/version").await.0, 404);
    finish(&world, world.engine.stop(&spec.name).await).await;
    finish(&world, world.engine.start(&spec.name).await).await;
    assert_eq!(world.engine.get_app(&spec.name).await.unwrap().state, AppState::Running);
    assert_eq!(world.get(&name, "/version").await.0, 200);
    finish(&world, world.engine.start(&spec.name).await).await;
    finish(&world, world.engine.restart(&spec.name).await).await;
    assert_eq!(world.get(&name, "/version").await.0, 200);
    let missing = AppName::new("no-such-app").unwrap();
    assert_eq!(world.engine.stop(&missing).await.unwrap_err().kind(), ErrorKind::NotFound);
    world.end().await;
}

#[tokio::test]
async fn a_second_job_on_a_busy_app_is_refused() {
    let world = world!();
    let spec = world.behaves("busy").with_env("BOOT_MS", "1500").unwrap();
    let job = world.engine.deploy(spec.clone()).await.unwrap();
    let error = world.engine.deploy(spec.clone()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(error.context("job"), Some(job.as_str()));
    world.engine.wait(&job).await.unwrap();
    world.end().await;
}

#[tokio::test]
async fn logs_stats_and_events_show_what_happens() {
    let world = world!();
    let spec = world.behaves("shown").with_env("APP_VERSION", "7").unwrap();
    let job = world.engine.deploy(spec.clone()).await.unwrap();
    let events: Vec<_> = world.engine.events(&job, 0).map(|event| event.unwrap()).collect().await;
    assert!(
        events.iter().enumerate().all(|(i, event)| event.sequence == i as u64 + 1),
        "gapless: {events:#?}"
    );
    let steps: Vec<&str> = events
        .iter()
        .filter_map(|event| match &event.body {
            EventBody::StepFinished { stage, .. } => Some(stage.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(steps, ["fetch", "prepare", "build", "start", "gate", "switch", "retire"]);
    assert!(
        events
            .iter()
            .any(|e| matches!(&e.body, EventBody::Detected { detection, .. } if detection.stack == "node"))
    );
    let last = &events.last().unwrap().body;
    assert!(matches!(last, EventBody::Job { state: JobState::Succeeded, .. }), "{last:?}");

    let lines: Vec<_> = world.engine.logs(&spec.name, &LogOptions::tail(10)).await.unwrap().collect().await;
    let text: Vec<String> = lines.into_iter().map(|line| line.unwrap().text).collect();
    assert_eq!(text, ["behaves 7: mode good", "listening on 0.0.0.0:3000"]);
    let stats = world.engine.stats(&spec.name).await.unwrap();
    assert!(stats.memory_bytes > 1 << 20 && stats.memory_bytes < stats.memory_limit_bytes, "{stats:?}");
    assert!(stats.pids > 0, "{stats:?}");
    let jobs = world.engine.list_jobs(&JobFilter::all().with_app(spec.name.clone())).await.unwrap();
    assert_eq!(jobs.len(), 1);
    world.end().await;
}

#[tokio::test]
async fn a_container_is_hardened_and_its_volume_outlives_releases() {
    let world = world!();
    let mut spec = world.behaves("hard");
    spec.user = Some(UserSpec { uid: 12_345, gid: 12_345 });
    spec.volumes = vec![VolumeSpec { name: AppName::new("data").unwrap(), path: "/data".into() }];
    let name = host(spec.name.as_str());
    let deployment = world.deploy(&spec).await.unwrap();

    let inspected = world.api.inspect_container(&deployment.container, None).await.unwrap();
    let limits = inspected.host_config.unwrap();
    assert_eq!(limits.readonly_rootfs, Some(true));
    assert_eq!(limits.cap_drop, Some(vec!["ALL".into()]));
    assert_eq!(limits.privileged, Some(false));
    assert!(limits.security_opt.unwrap().iter().any(|option| option.starts_with("no-new-privileges")));
    assert_eq!(limits.memory, Some(512 << 20));
    assert_eq!(limits.nano_cpus, Some(1_000_000_000));
    assert_eq!(limits.pids_limit, Some(512));
    assert_eq!(inspected.config.unwrap().user.as_deref(), Some("12345:12345"));

    assert_eq!(world.get(&name, "/write?path=/app/x").await, (500, "EROFS".into()));
    assert_eq!(world.get(&name, "/write?path=/tmp/x").await, (200, "12345".into()));
    assert_eq!(world.get(&name, "/write?path=/data/x").await, (200, "12345".into()));
    let next = spec.clone().with_env("APP_VERSION", "2").unwrap();
    assert_eq!(world.deploy(&next).await.unwrap().release, 2);
    assert_eq!(world.get(&name, "/read?path=/data/x").await, (200, "written".into()));
    assert_eq!(world.get(&name, "/read?path=/tmp/x").await.0, 404);
    world.end().await;
}

#[tokio::test]
async fn an_app_that_crashes_comes_back() {
    let world = world!();
    let spec = world.behaves("crash");
    let name = host(spec.name.as_str());
    world.deploy(&spec).await.unwrap();
    assert_eq!(world.get(&name, "/crash").await.0, 200);
    let mut ticks = tokio::time::interval(Duration::from_millis(100));
    for _ in 0..100 {
        ticks.tick().await;
        if world.get(&name, "/version").await.0 == 200 {
            let report = world.engine.get_app(&spec.name).await.unwrap();
            if report.containers[0].restarts == 1 {
                world.end().await;
                return;
            }
        }
    }
    panic!("the app did not come back");
}

#[tokio::test]
async fn a_cancelled_deploy_leaves_the_old_release_serving() {
    let world = world!();
    let spec = world.behaves("cancel");
    world.deploy(&spec).await.unwrap();
    let slow = spec.clone().with_env("MODE", "slow-boot").unwrap();
    let job = world.engine.deploy(slow).await.unwrap();
    let mut events = world.engine.events(&job, 0);
    while let Some(event) = events.next().await {
        if matches!(event.unwrap().body, EventBody::StepStarted { stage, .. } if stage == "gate") {
            world.engine.cancel(&job).await.unwrap();
        }
    }
    assert_eq!(world.engine.get_job(&job).await.unwrap().state, JobState::Cancelled);
    assert_eq!(world.engine.wait(&job).await.unwrap_err().kind(), ErrorKind::Cancelled);
    let report = world.engine.get_app(&spec.name).await.unwrap();
    assert_eq!((report.state, report.containers.len()), (AppState::Running, 1));
    assert_eq!(world.get(&host(spec.name.as_str()), "/version").await.0, 200);
    world.end().await;
}

#[tokio::test]
async fn removing_leaves_no_object_and_touches_none_of_others() {
    let world = world!();
    let foreign = Foreign::make(&world).await;
    let spec = world.behaves("trace");
    world.deploy(&spec).await.unwrap();
    world.deploy(&spec.clone().with_env("APP_VERSION", "2").unwrap()).await.unwrap();
    let before = foreign.seen(&world).await;
    let job = world.engine.remove(&spec.name, Data::Delete).await.unwrap();
    world.engine.wait(&job).await.unwrap();

    assert_eq!(labelled(&world, &format!("byop.app={}", spec.name)).await, 0);
    assert_eq!(labelled(&world, &format!("byop.ingress=byop-e2e-{}-traefik", world.port)).await, 0);
    assert_eq!(foreign.seen(&world).await, before);
    assert_eq!(before.len(), 20);
    assert_eq!(world.engine.get_app(&spec.name).await.unwrap_err().kind(), ErrorKind::NotFound);
    foreign.remove(&world).await;
    world.end().await;
}

#[tokio::test]
async fn compose_sees_the_app_through_the_written_file() {
    let found = compose(&["version".into()]).await;
    if require("compose", found).is_none() {
        return;
    }
    let world = world!();
    let spec = world.behaves("composed");
    world.deploy(&spec).await.unwrap();
    let preview = world.engine.preview(&spec).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("compose.yaml");
    std::fs::write(&file, preview.files.get("compose.yaml").unwrap()).unwrap();
    let file = file.display().to_string();
    let run = |words: &[&str]| {
        let mut command = vec!["-f".to_owned(), file.clone()];
        command.extend(words.iter().map(|word| (*word).to_owned()));
        command
    };
    let listed = compose(&run(&["ps", "--format", "json"])).await.unwrap();
    assert!(listed.contains(&format!("byop-{}-r1", spec.name)) && listed.contains("running"), "{listed}");
    let logs = compose(&run(&["logs", "--no-log-prefix"])).await.unwrap();
    assert!(logs.contains("listening on 0.0.0.0:3000"), "{logs}");
    compose(&run(&["config", "--quiet"])).await.unwrap();
    world.end().await;
}

/// What `docker compose` prints, or why it failed.
async fn compose(words: &[String]) -> std::io::Result<String> {
    let output = tokio::process::Command::new("docker").arg("compose").args(words).output().await?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() {
        Ok(text(&output.stdout))
    } else {
        Err(std::io::Error::other(text(&output.stderr)))
    }
}

async fn finish(world: &World, job: byop_core::Result<byop_core::id::JobId>) {
    world.engine.wait(&job.unwrap()).await.unwrap();
}

/// How many containers, networks, volumes and images have a label.
async fn labelled(world: &World, label: &str) -> usize {
    let filters = std::collections::HashMap::from([("label".to_owned(), vec![label.to_owned()])]);
    let containers = ListContainersOptionsBuilder::default().all(true).filters(&filters).build();
    let networks = bollard::query_parameters::ListNetworksOptionsBuilder::default().filters(&filters).build();
    let volumes = bollard::query_parameters::ListVolumesOptionsBuilder::default().filters(&filters).build();
    let images = bollard::query_parameters::ListImagesOptionsBuilder::default().filters(&filters).build();
    world.api.list_containers(Some(containers)).await.unwrap().len()
        + world.api.list_networks(Some(networks)).await.unwrap().len()
        + world.api.list_volumes(Some(volumes)).await.unwrap().volumes.unwrap_or_default().len()
        + world.api.list_images(Some(images)).await.unwrap().len()
}

/// Objects of someone else: 5 containers, networks, volumes and images each.
struct Foreign(Vec<String>);

impl Foreign {
    const IMAGE: &str = "busybox:1.37-musl";

    async fn make(world: &World) -> Self {
        use bollard::models::{ContainerCreateBody, NetworkCreateRequest, VolumeCreateRequest};
        let names: Vec<String> = (0..5).map(|i| format!("foreign-{}-{i}", world.port)).collect();
        for name in &names {
            let body = ContainerCreateBody {
                image: Some(Self::IMAGE.into()),
                cmd: Some(vec!["sleep".into(), "600".into()]),
                ..Default::default()
            };
            let options =
                bollard::query_parameters::CreateContainerOptionsBuilder::default().name(name).build();
            world.api.create_container(Some(options), body).await.unwrap();
            world.api.start_container(name, None).await.unwrap();
            let network = NetworkCreateRequest { name: name.clone(), ..Default::default() };
            world.api.create_network(network).await.unwrap();
            let volume = VolumeCreateRequest { name: Some(name.clone()), ..Default::default() };
            world.api.create_volume(volume).await.unwrap();
            let tag =
                bollard::query_parameters::TagImageOptionsBuilder::default().repo(name).tag("1").build();
            world.api.tag_image(Self::IMAGE, Some(tag)).await.unwrap();
        }
        Self(names)
    }

    /// Every object with what would change if someone touched it.
    async fn seen(&self, world: &World) -> BTreeSet<String> {
        let mut seen = BTreeSet::new();
        for name in &self.0 {
            let container = world.api.inspect_container(name, None).await.unwrap();
            let state = container.state.unwrap();
            seen.insert(format!(
                "container {name} {:?} {:?} {:?}",
                container.id, state.running, state.started_at
            ));
            let network = world.api.inspect_network(name, None).await.unwrap();
            seen.insert(format!("network {name} {:?} {:?}", network.id, network.created));
            let volume = world.api.inspect_volume(name).await.unwrap();
            seen.insert(format!("volume {name} {:?}", volume.created_at));
            let image = world.api.inspect_image(&format!("{name}:1")).await.unwrap();
            seen.insert(format!("image {name} {:?}", image.id));
        }
        seen
    }

    async fn remove(self, world: &World) {
        for name in &self.0 {
            let force =
                bollard::query_parameters::RemoveContainerOptionsBuilder::default().force(true).build();
            world.api.remove_container(name, Some(force)).await.unwrap();
            world.api.remove_network(name).await.unwrap();
            world
                .api
                .remove_volume(name, None::<bollard::query_parameters::RemoveVolumeOptions>)
                .await
                .unwrap();
            world
                .api
                .remove_image(
                    &format!("{name}:1"),
                    None::<bollard::query_parameters::RemoveImageOptions>,
                    None,
                )
                .await
                .unwrap();
        }
    }
}
