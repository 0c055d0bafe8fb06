//! What people do to containers by hand, found on a host with 50 apps.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bollard::models::{HostConfig, Mount, MountType};
use byop_core::model::{AppName, AppSpec, DriftKind, DriftReport, ImageRef, RepairStep, Source, VolumeSpec};
use byop_core::runtime::ContainerRuntime;
use futures_util::future::join_all;
use futures_util::{StreamExt, stream};

use crate::support::{World, host, world};
use crate::tools::Tools;

const APPS: usize = 50;

/// Kinds that an app each is tampered with for, and whether its volume, a name of its own for its image or its owner's
/// wish to stop it are part of it.
const KINDS: &[DriftKind] = &[
    DriftKind::ContainerMissing,
    DriftKind::ContainerRenamed,
    DriftKind::ContainerStopped,
    DriftKind::ContainerPaused,
    DriftKind::ContainerRestarting,
    DriftKind::ContainerUnhealthy,
    DriftKind::ContainerRunning,
    DriftKind::ImageChanged,
    DriftKind::ImageRetagged,
    DriftKind::EnvChanged,
    DriftKind::LabelsChanged,
    DriftKind::CommandChanged,
    DriftKind::EntrypointChanged,
    DriftKind::UserChanged,
    DriftKind::PortsChanged,
    DriftKind::MountsChanged,
    DriftKind::TmpfsChanged,
    DriftKind::LimitsChanged,
    DriftKind::RootChanged,
    DriftKind::CapabilitiesChanged,
    DriftKind::BoxOpened,
    DriftKind::RestartPolicyChanged,
    DriftKind::HealthCheckChanged,
    DriftKind::InitChanged,
    DriftKind::NetworkMissing,
    DriftKind::NetworkForeign,
    DriftKind::NetworkChanged,
    DriftKind::ContainerDisconnected,
    DriftKind::ProxyDisconnected,
    DriftKind::NetworkAdded,
    DriftKind::NetworkIntruder,
    DriftKind::VolumeMissing,
    DriftKind::VolumeReplaced,
    DriftKind::VolumeShared,
    DriftKind::RouteMissing,
    DriftKind::RouteChanged,
    DriftKind::RouteForeign,
    DriftKind::SecondCopy,
    DriftKind::ReleaseUnknown,
];

fn spec(world: &World, number: usize) -> AppSpec {
    let mut spec = world.spec(&format!("a{number}"));
    let kind = KINDS.get(number);
    let with_volume = [DriftKind::VolumeMissing, DriftKind::VolumeReplaced, DriftKind::VolumeShared];
    if kind.is_some_and(|kind| with_volume.contains(kind)) {
        spec.volumes = vec![VolumeSpec { name: AppName::new("data").unwrap(), path: "/data".into() }];
    }
    if kind == Some(&DriftKind::ImageRetagged) {
        spec.source = Source::Image(ImageRef::new(world.second_name()).unwrap());
    }
    spec
}

async fn tamper(world: &World, kind: DriftKind, app: &AppName) {
    use DriftKind as K;
    let tools = Tools::new(world, app);
    let set =
        |change: fn(&mut HostConfig)| tools.remake(move |body| change(body.host_config.as_mut().unwrap()));
    match kind {
        K::ContainerMissing => tools.remove().await,
        K::ContainerRenamed => tools.rename().await,
        K::ContainerStopped => tools.stop().await,
        K::ContainerPaused => world.api.pause_container(&tools.container).await.unwrap(),
        K::ContainerRestarting => {
            let command = ["sh", "-c", "exit 3"].map(str::to_owned).to_vec();
            tools.remake(|body| body.cmd = Some(command)).await;
        }
        K::ContainerUnhealthy => tools.remake_with_check(&["CMD", "false"]).await,
        K::ContainerRunning => {
            let job = world.engine.stop(app).await.unwrap();
            world.engine.wait(&job).await.unwrap();
            world.docker.start_container(&tools.container).await.unwrap();
        }
        K::ImageChanged => tools.remake(|body| body.image = Some("busybox:1.37-musl".into())).await,
        K::ImageRetagged => {
            let tag = ImageRef::new(world.second_name()).unwrap();
            world.docker.tag_image("busybox:1.37-musl", &tag).await.unwrap();
        }
        K::EnvChanged => tools.remake(|body| body.env.as_mut().unwrap().push("COLOUR=red".into())).await,
        K::LabelsChanged => {
            tools.remake(|body| drop(body.labels.as_mut().unwrap().remove("byop.key"))).await;
        }
        K::CommandChanged => tools.remake(|body| body.cmd.as_mut().unwrap().push("-v".into())).await,
        K::EntrypointChanged => {
            tools.remake(|body| body.entrypoint = Some(vec!["/bin/busybox".into()])).await;
        }
        K::UserChanged => tools.remake(|body| body.user = Some("0:0".into())).await,
        K::PortsChanged => tools.publish().await,
        K::MountsChanged => {
            let name = format!("byop-test-drift-{}-v", world.port);
            world.docker.create_volume(&name, &BTreeMap::new()).await.unwrap();
            tools.remake(|body| mount(body.host_config.as_mut().unwrap(), name)).await;
        }
        K::TmpfsChanged => {
            set(|host| drop(host.tmpfs.as_mut().unwrap().insert("/var".into(), "rw".into()))).await;
        }
        K::LimitsChanged => tools.update_memory().await,
        K::RootChanged => set(|host| host.readonly_rootfs = Some(false)).await,
        K::CapabilitiesChanged => set(|host| host.cap_add = Some(vec!["NET_RAW".into()])).await,
        K::BoxOpened => set(|host| host.binds = Some(vec!["/etc:/host:ro".into()])).await,
        K::RestartPolicyChanged => tools.update_restart().await,
        K::HealthCheckChanged => tools.remake_with_check(&["CMD", "true"]).await,
        K::InitChanged => set(|host| host.init = Some(false)).await,
        K::NetworkMissing => tools.lose_network().await,
        K::NetworkForeign => tools.remake_network(false, false).await,
        K::NetworkChanged => tools.remake_network(true, true).await,
        K::ContainerDisconnected => {
            world.docker.disconnect_network(&tools.network, &tools.container).await.unwrap();
        }
        K::ProxyDisconnected => {
            world.docker.disconnect_network(&tools.network, &world.proxy()).await.unwrap();
        }
        K::NetworkAdded => world.docker.connect_network(&world.proxy(), &tools.container).await.unwrap(),
        K::NetworkIntruder => tools.stranger(|spec| spec.networks = vec![tools.network.clone()]).await,
        K::VolumeMissing => {
            tools.remove().await;
            world.docker.remove_volume(&tools.volume).await.unwrap();
        }
        K::VolumeReplaced => tools.remake_volume().await,
        K::VolumeShared => {
            tools
                .stranger(|spec| {
                    spec.mounts.push(byop_core::model::MountSpec {
                        volume: tools.volume.clone(),
                        path: "/theirs".into(),
                        read_only: true,
                    });
                })
                .await;
        }
        K::RouteMissing => tools.in_proxy(&format!("rm /etc/traefik/dynamic/app-{app}.yml")).await,
        K::RouteChanged => {
            let file = format!("/etc/traefik/dynamic/app-{app}.yml");
            tools.in_proxy(&format!("sed -i s/:8080/:8081/ {file}")).await;
        }
        K::RouteForeign => {
            let rule = format!("Host(`{}`) && PathPrefix(`/admin`)", host(app));
            tools.foreign_route(&rule).await;
        }
        K::SecondCopy => tools.copy(|_| {}).await,
        K::ReleaseUnknown => {
            tools.copy(|labels| drop(labels.insert("byop.release".into(), "77".into()))).await;
        }
        other => panic!("{other:?} is not tried here"),
    }
}

fn mount(host: &mut HostConfig, volume: String) {
    host.mounts = Some(vec![Mount {
        typ: Some(MountType::VOLUME),
        source: Some(volume),
        target: Some("/data".into()),
        ..Default::default()
    }]);
}

async fn range_of(world: &World, network: &str) -> String {
    let network = world.api.inspect_network(network, None).await.unwrap();
    network.ipam.unwrap().config.unwrap()[0].subnet.clone().unwrap()
}

/// Waits until everything that takes a moment can be seen: a proxy reads its files, a check fails, a program ends.
async fn settled(world: &World, wanted: &[(AppName, DriftKind)]) -> (DriftReport, Duration) {
    let deadline = Instant::now() + Duration::from_secs(15);
    let mut ticks = tokio::time::interval(Duration::from_millis(100));
    loop {
        ticks.tick().await;
        let began = Instant::now();
        let report = world.drift().await;
        let took = began.elapsed();
        let is_found =
            |(app, kind): &&(AppName, DriftKind)| report.of_app(app).any(|drift| drift.kind == *kind);
        let missing: Vec<_> = wanted.iter().filter(|one| !is_found(one)).collect();
        if missing.is_empty() {
            return (report, took);
        }
        assert!(Instant::now() < deadline, "not found: {missing:#?} in {report:#?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kinds_of_tampering_are_found_among_fifty_apps_and_made_right() {
    let world = world!();
    let began = Instant::now();
    world.docker.tag_image(&world.image, &ImageRef::new(world.second_name()).unwrap()).await.unwrap();
    let specs: Vec<_> = (0..APPS).map(|number| spec(&world, number)).collect();
    world.deploy_all(&specs).await;
    println!("{APPS} apps deployed in {} ms", began.elapsed().as_millis());
    let before = world.drift().await;
    assert_eq!(before.findings, []);
    assert_eq!(before.apps.len(), APPS);
    // The engine has addresses for about 30 networks; the others have a small range of byop's.
    let networks = specs.iter().map(|spec| format!("byop-{}", spec.name));
    let ranges: Vec<_> = join_all(networks.map(async |name| range_of(&world, &name).await)).await;
    let small = ranges.iter().filter(|range| range.ends_with("/26")).count();
    println!("{small} of {APPS} networks have a range of byop's own, such as {:?}", ranges.iter().max());
    assert!(small >= APPS - 31, "{ranges:?}");

    let apps: Vec<_> = specs.iter().map(|spec| spec.name.clone()).collect();
    let wanted: Vec<_> = apps.iter().cloned().zip(KINDS.iter().copied()).collect();
    let began = Instant::now();
    stream::iter(&wanted)
        .for_each_concurrent(4, |(app, kind)| {
            let world = &world;
            async move { tamper(world, *kind, app).await }
        })
        .await;
    println!("{} apps tampered with in {} ms", KINDS.len(), began.elapsed().as_millis());
    let (report, took) = settled(&world, &wanted).await;
    println!(
        "{} kinds of tampering among {APPS} apps found by drift in {} ms ({} findings)",
        KINDS.len(),
        took.as_millis(),
        report.findings.len(),
    );
    let untouched = &apps[KINDS.len()..];
    let noise: Vec<_> = report
        .findings
        .iter()
        .filter(|drift| drift.app.as_ref().is_none_or(|app| untouched.contains(app)))
        .collect();
    assert!(noise.is_empty(), "{noise:#?}");

    // A repair of each sort: a new container, a start, a stop, a network, the proxy's part, a copy.
    let sorts = [
        DriftKind::EnvChanged,
        DriftKind::ContainerStopped,
        DriftKind::ContainerPaused,
        DriftKind::ContainerRunning,
        DriftKind::NetworkMissing,
        DriftKind::ProxyDisconnected,
        DriftKind::RouteChanged,
        DriftKind::SecondCopy,
    ];
    let began = Instant::now();
    let repaired: Vec<_> = wanted.iter().filter(|(_, kind)| sorts.contains(kind)).collect();
    stream::iter(&repaired)
        .for_each_concurrent(4, |(app, kind)| {
            let world = &world;
            async move {
                let report = world.repair(app).await;
                assert!(report.left.is_empty() && !report.done.is_empty(), "{kind:?}: {report:#?}");
            }
        })
        .await;
    println!("{} apps repaired in {} ms", repaired.len(), began.elapsed().as_millis());
    let report = world.drift().await;
    for (app, kind) in &repaired {
        assert_eq!(report.of_app(app).next(), None, "{kind:?}");
        let status = world.get(&host(app)).await;
        assert_eq!(status, if *kind == DriftKind::ContainerRunning { 404 } else { 200 }, "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_that_was_stopped_changed_or_removed_is_found_and_comes_back() {
    let world = world!();
    let spec = world.spec("behind");
    world.deploy(&spec).await;
    let tools = Tools::of_container(&world, &spec.name, &world.proxy());
    for kind in [DriftKind::ProxyStopped, DriftKind::ProxyChanged, DriftKind::ProxyMissing] {
        match kind {
            DriftKind::ProxyStopped => tools.stop().await,
            DriftKind::ProxyChanged => {
                tools.remake(|body| body.cmd.as_mut().unwrap().push("--log.level=DEBUG".into())).await;
            }
            _ => tools.remove().await,
        }
        let report = world.drift().await;
        let found: Vec<_> = report.findings.iter().map(|drift| drift.kind).collect();
        assert!(found.contains(&kind), "{kind:?}: {report:#?}");
        let repaired = world.repair(&spec.name).await;
        assert_eq!(repaired.left, [], "{kind:?}");
        let step =
            if kind == DriftKind::ProxyChanged { RepairStep::ReplaceProxy } else { RepairStep::StartProxy };
        assert_eq!(repaired.done[0], step);
        assert_eq!(world.get(&host(&spec.name)).await, 200, "{kind:?}");
    }
}
