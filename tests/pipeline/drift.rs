//! Store and world held against each other, on fakes: each kind of difference is found and made right again.

use byop_core::ErrorKind;
use byop_core::digest::Digest;
use byop_core::engine::Engine;
use byop_core::model::{
    AppSpec, AppState, ClientId, ContainerFilter, ContainerSpec, Drift, DriftFilter, DriftKind, DriftReport,
    ImageRef, NetworkSpec, ObjectKind, RepairReport, RepairStep, RouteInfo, UserSpec, VolumeSpec,
};
use byop_core::runtime::ContainerRuntime;
use byop_core::secret::{MemorySecrets, Secret, SecretRef};
use byop_core::store::{Expected, MemoryStore, Scope, Store};
use byop_core::testing::FakeProgram;

use crate::support::{PROXY, World, app, deploy, done, image, remove};

/// An app with a bit of everything.
fn spec() -> AppSpec {
    let mut spec = image("shop", "shop:1").with_env("COLOUR", "blue").unwrap();
    spec.volumes = vec![VolumeSpec { name: app("data"), path: "/data".into() }];
    spec.user = Some(UserSpec { uid: 1000, gid: 1000 });
    spec
}

async fn drift(engine: &Engine) -> DriftReport {
    engine.drift(&DriftFilter::all()).await.unwrap()
}

async fn kinds(engine: &Engine) -> Vec<DriftKind> {
    drift(engine).await.findings.into_iter().map(|drift| drift.kind).collect()
}

async fn repair(engine: &Engine) -> RepairReport {
    let job = done(engine, engine.repair(&app("shop")).await).await;
    serde_json::from_value(job.output.unwrap()).unwrap()
}

const SERVING: &str = "byop-shop-r1";
const NETWORK: &str = "byop-shop";

/// Changes the container of the release.
fn edit(world: &World, change: impl FnOnce(&mut ContainerSpec)) {
    world.runtime.edit_container(SERVING, |spec, _| change(spec));
}

/// Starts a container in the app's network that is nobody's.
async fn stranger(world: &World, change: impl FnOnce(&mut ContainerSpec)) {
    let mut spec = ContainerSpec::new("stranger", "shop:3");
    change(&mut spec);
    world.runtime.create_container(&spec).await.unwrap();
    world.runtime.start_container("stranger").await.unwrap();
}

async fn tamper(world: &World, kind: DriftKind) -> bool {
    use DriftKind as K;
    let (runtime, ingress) = (&world.runtime, &world.ingress);
    match kind {
        K::ProxyMissing => runtime.remove_container(PROXY).await.unwrap(),
        K::ProxyStopped => runtime.crash(PROXY, 1),
        K::ProxyChanged => runtime.edit_container(PROXY, |spec, _| spec.writable_root = true),
        K::ContainerMissing => runtime.remove_container(SERVING).await.unwrap(),
        K::ContainerRenamed => edit(world, |spec| spec.name = "renamed".into()),
        K::ContainerStopped => runtime.stop_container(SERVING, std::time::Duration::ZERO).await.unwrap(),
        K::ContainerPaused => runtime.pause(SERVING),
        K::ContainerRestarting => runtime.crash(SERVING, 3),
        K::EnvChanged => edit(world, |spec| {
            spec.env.insert("COLOUR".into(), Secret::new("red"));
        }),
        K::LabelsChanged => edit(world, |spec| {
            spec.labels.insert("byop.port".into(), "1".into());
        }),
        K::CommandChanged => edit(world, |spec| spec.command = Some(vec!["sh".into()])),
        K::EntrypointChanged => edit(world, |spec| spec.entrypoint = Some(vec!["sh".into()])),
        K::UserChanged => edit(world, |spec| spec.user = None),
        K::PortsChanged => edit(world, |spec| {
            spec.ports.push(byop_core::model::PortBinding {
                host_ip: "0.0.0.0".into(),
                host_port: 22,
                container_port: 22,
                protocol: byop_core::model::Protocol::Tcp,
            });
        }),
        K::MountsChanged => edit(world, |spec| spec.mounts[0].read_only = true),
        K::TmpfsChanged => edit(world, |spec| {
            spec.tmpfs.insert("/var".into(), 1);
        }),
        K::LimitsChanged => edit(world, |spec| spec.resources.as_mut().unwrap().pids = 7),
        K::RootChanged => edit(world, |spec| spec.writable_root = true),
        K::CapabilitiesChanged => edit(world, |spec| spec.capabilities = vec!["SYS_ADMIN".into()]),
        K::BoxOpened => runtime.edit_container(SERVING, |_, hazards| hazards.push("privileged".into())),
        K::RestartPolicyChanged => {
            edit(world, |spec| spec.restart = byop_core::model::RestartPolicy::No);
        }
        K::InitChanged => edit(world, |spec| spec.init = false),
        K::ImageRetagged => runtime.add_image("shop:1", FakeProgram::server(8080)),
        K::NetworkMissing => runtime.lose_network(NETWORK),
        K::NetworkForeign => {
            runtime.lose_network(NETWORK);
            let spec = NetworkSpec { name: NETWORK.into(), labels: [].into(), internal: false };
            runtime.create_network(&spec).await.unwrap();
            for container in [SERVING, PROXY] {
                runtime.connect_network(NETWORK, container).await.unwrap();
            }
        }
        K::ContainerDisconnected => runtime.disconnect_network(NETWORK, SERVING).await.unwrap(),
        K::ProxyDisconnected => runtime.disconnect_network(NETWORK, PROXY).await.unwrap(),
        K::NetworkAdded => runtime.connect_network(PROXY, SERVING).await.unwrap(),
        K::NetworkIntruder => stranger(world, |spec| spec.networks = vec![NETWORK.into()]).await,
        K::VolumeMissing => runtime.lose_volume("byop-shop--data"),
        K::VolumeReplaced => {
            runtime.lose_volume("byop-shop--data");
            runtime.create_volume("byop-shop--data", &[].into()).await.unwrap();
        }
        K::VolumeShared => {
            let mount = byop_core::model::MountSpec {
                volume: "byop-shop--data".into(),
                path: "/theirs".into(),
                read_only: true,
            };
            stranger(world, |spec| spec.mounts = vec![mount]).await;
        }
        K::RouteMissing => ingress.edit_route(&app("shop"), |_| None),
        K::RouteChanged => ingress.edit_route(&app("shop"), |mut route| {
            route.options.security_headers = false;
            Some(route)
        }),
        K::RouteForeign => {
            let mut route = RouteInfo::new("evil", "Host(`shop.example.com`)", Digest::of("x"));
            route.domains = spec().domains;
            ingress.add_foreign_route(route);
        }
        K::CandidateLeft => ingress.edit_route(&app("shop"), |mut route| {
            route.candidate = route.serving.clone();
            Some(route)
        }),
        K::SecondCopy => {
            let mut copy = runtime.container_spec(SERVING).unwrap();
            copy.name = "copy".into();
            runtime.create_container(&copy).await.unwrap();
            runtime.start_container("copy").await.unwrap();
        }
        K::ReleaseUnknown => {
            let mut copy = runtime.container_spec(SERVING).unwrap();
            copy.name = "byop-shop-r77".into();
            copy.labels.insert("byop.release".into(), "77".into());
            runtime.create_container(&copy).await.unwrap();
        }
        _ => return false,
    }
    true
}

#[tokio::test(start_paused = true)]
async fn nothing_differs_after_a_deployment() {
    let world = World::new();
    let engine = world.engine();
    assert!(drift(&engine).await.is_clean() && engine.census().await.unwrap().is_clean());
    deploy(&engine, &spec()).await.unwrap();
    deploy(&engine, &image("other", "shop:2")).await.unwrap();
    let report = drift(&engine).await;
    assert_eq!(report.findings, []);
    assert_eq!(report.apps, [app("other"), app("shop")]);
    assert!(engine.census().await.unwrap().is_clean());
    done(&engine, engine.stop(&app("shop")).await).await;
    assert_eq!(drift(&engine).await.findings, []);
    deploy(&engine, &image("other", "shop:3")).await.unwrap();
    assert_eq!(drift(&engine).await.findings, []);
}

#[tokio::test(start_paused = true)]
async fn every_kind_of_tampering_is_found_and_what_is_byops_is_made_right() {
    let mut tried = 0;
    for kind in DriftKind::ALL {
        let world = World::new();
        let engine = world.engine();
        deploy(&engine, &spec()).await.unwrap();
        if !tamper(&world, *kind).await {
            continue;
        }
        tried += 1;
        let before = drift(&engine).await;
        let found: Vec<_> = before.findings.iter().map(|drift| drift.kind).collect();
        assert!(found.contains(kind), "{kind:?}: {found:?}");
        let finding = |drift: &&Drift| drift.kind == *kind;
        let finding = before.findings.iter().find(finding).unwrap().clone();
        let report = repair(&engine).await;
        let left = drift(&engine).await.findings;
        if matches!(finding.repair, RepairStep::Decide | RepairStep::Deploy) {
            assert!(left.iter().any(|drift| drift.kind == *kind), "{kind:?} is for a person: {report:?}");
            assert!(report.left.iter().any(|drift| drift.kind == *kind), "{kind:?}: {report:?}");
            continue;
        }
        assert_eq!(left, [], "{kind:?} was repaired by {:?}", report.done);
        assert_eq!(report.left, [], "{kind:?}");
        assert_eq!(world.ingress.request("shop.example.com").0, 200, "{kind:?}");
        assert!(engine.census().await.unwrap().is_clean(), "{kind:?}");
        assert!(repair(&engine).await.done.is_empty(), "the second repair has nothing to do");
    }
    assert!(tried >= 35, "{tried}");
}

#[tokio::test(start_paused = true)]
async fn values_of_variables_are_in_no_finding() {
    let world = World::new();
    let secrets = MemorySecrets::new().with_secret("db", "hunter2-secret");
    let engine = world.engine_with(secrets);
    let mut spec = spec();
    spec.secrets.insert(byop_core::model::EnvName::new("DB").unwrap(), SecretRef("db".into()));
    deploy(&engine, &spec).await.unwrap();
    assert_eq!(drift(&engine).await.findings, []);
    edit(&world, |spec| {
        spec.env.insert("DB".into(), Secret::new("another-secret"));
        spec.env.insert("COLOUR".into(), Secret::new("purple"));
    });
    let report = drift(&engine).await;
    assert_eq!(report.findings[0].kind, DriftKind::EnvChanged);
    assert_eq!(report.findings[0].found, "COLOUR has another value, DB has another value");
    let text = format!("{report:?}{}", serde_json::to_string(&report).unwrap());
    for value in ["hunter2", "another-secret", "purple", "blue"] {
        assert!(!text.contains(value), "{value}");
    }
    // Without its secrets the engine says what it cannot compare, and compares the rest.
    let without = world.engine();
    let found = kinds(&without).await;
    assert_eq!(found, [DriftKind::EnvChanged, DriftKind::SecretUnknown]);
}

#[tokio::test(start_paused = true)]
async fn an_app_that_its_owner_stopped_must_not_run_or_be_served() {
    let world = World::new();
    let engine = world.engine();
    deploy(&engine, &spec()).await.unwrap();
    let route = world.ingress.route(&app("shop")).unwrap();
    done(&engine, engine.stop(&app("shop")).await).await;
    world.runtime.start_container(SERVING).await.unwrap();
    byop_core::ingress::Ingress::apply_route(&world.ingress, &world.runtime, &route).await.unwrap();
    assert_eq!(kinds(&engine).await, [DriftKind::ContainerRunning, DriftKind::RouteUnwanted]);
    let report = repair(&engine).await;
    assert_eq!(report.left, []);
    assert_eq!(engine.get_app(&app("shop")).await.unwrap().state, AppState::Stopped);
}

#[tokio::test(start_paused = true)]
async fn an_app_that_a_job_works_on_is_left_out() {
    let world = World::new();
    let engine = world.engine();
    deploy(&engine, &spec()).await.unwrap();
    world.runtime.remove_container(SERVING).await.unwrap();
    let job = engine.deploy(image("shop", "shop:2")).await.unwrap();
    let report = drift(&engine).await;
    assert_eq!((report.busy, report.findings), (vec![app("shop")], Vec::new()));
    engine.wait(&job).await.unwrap();
    assert_eq!(drift(&engine).await.findings, []);
}

#[tokio::test(start_paused = true)]
async fn a_filter_names_apps_and_an_unknown_one_is_not_found() {
    let world = World::new();
    let engine = world.engine();
    deploy(&engine, &spec()).await.unwrap();
    deploy(&engine, &image("other", "shop:2")).await.unwrap();
    world.runtime.remove_container(SERVING).await.unwrap();
    let one = engine.drift(&DriftFilter::all().with_app(app("other"))).await.unwrap();
    assert_eq!((one.apps, one.findings), (vec![app("other")], Vec::new()));
    let error = engine.drift(&DriftFilter::all().with_app(app("nobody"))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let error = engine.repair(&app("nobody")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test(start_paused = true)]
async fn a_census_lists_what_is_labelled_and_unknown_and_what_is_known_and_gone() {
    let world = World::new();
    let engine = world.engine();
    deploy(&engine, &spec()).await.unwrap();
    deploy(&engine, &image("gone", "shop:2")).await.unwrap();
    stranger(&world, |_| {}).await;
    world.runtime.create_volume("theirs", &[].into()).await.unwrap();
    world.store.delete_record(&Scope::Platform, "apps", "shop", Expected::Any).await.unwrap();
    world.runtime.remove_container("byop-gone-r1").await.unwrap();
    let census = engine.census().await.unwrap();
    let unknown: Vec<_> = census.unknown.iter().map(|object| (object.kind, object.name.as_str())).collect();
    let expected = [
        (ObjectKind::Container, SERVING),
        (ObjectKind::Network, NETWORK),
        (ObjectKind::Volume, "byop-shop--data"),
        (ObjectKind::Route, "shop"),
    ];
    assert_eq!(unknown, expected, "a stranger is never among them");
    assert_eq!(census.unknown[0].release, Some(1));
    let missing: Vec<_> = census.missing.iter().map(|object| (object.kind, object.name.as_str())).collect();
    assert_eq!(missing, [(ObjectKind::Container, "byop-gone-r1")]);
    assert_eq!(world.running(), [SERVING, "stranger"], "nothing is removed");
}

#[tokio::test(start_paused = true)]
async fn a_kept_volume_is_in_the_census_until_its_app_comes_back() {
    let world = World::new();
    let engine = world.engine();
    deploy(&engine, &spec()).await.unwrap();
    done(&engine, engine.remove(&app("shop"), byop_core::stage::Data::Keep).await).await;
    let census = engine.census().await.unwrap();
    assert_eq!((census.unknown.len(), census.unknown[0].kind), (1, ObjectKind::Volume));
    deploy(&engine, &spec()).await.unwrap();
    assert!(engine.census().await.unwrap().is_clean());
}

/// Another engine on the same host, with a store that knows nothing.
fn without_store(world: &World) -> World {
    let mut other = World::with_store(MemoryStore::default(), world.clock.clone());
    other.runtime = world.runtime.clone();
    other.ingress = world.ingress.clone();
    other
}

#[tokio::test(start_paused = true)]
async fn a_lost_store_is_rebuilt_and_the_next_deployment_changes_nothing() {
    let world = World::new();
    let engine = world.engine();
    let mut first = spec();
    first.ports =
        vec![byop_core::model::PortSpec::new("play", byop_core::model::Protocol::Udp, 7777).unwrap()];
    deploy(&engine, &image("shop", "shop:2")).await.unwrap();
    deploy(&engine, &first).await.unwrap();
    deploy(&engine, &image("other", "shop:2")).await.unwrap();
    done(&engine, engine.stop(&app("other")).await).await;
    let before = engine.list_apps().await.unwrap();
    let calls = world.runtime.calls().len();

    let other = without_store(&world);
    let rebuilt_engine = other.engine();
    let rebuilt = rebuilt_engine.rebuild_store().await.unwrap();
    assert_eq!(rebuilt.unrecovered, []);
    let found: Vec<_> = rebuilt.apps.iter().map(|app| (app.app.as_str(), app.release, app.wanted)).collect();
    assert_eq!(found, [("other", 1, AppState::Stopped), ("shop", 2, AppState::Running)]);
    let after = rebuilt_engine.list_apps().await.unwrap();
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(before.app.spec, after.app.spec);
        let (old, new) = (before.app.current.clone().unwrap(), after.app.current.clone().unwrap());
        assert_eq!((old.number, old.config, old.config_digest), (new.number, new.config, new.config_digest));
        assert_eq!((&before.ports, before.app.next_release), (&after.ports, after.app.next_release));
    }
    let changes = world.runtime.calls().split_off(calls);
    let reads = ["list", "inspect", "exec", "list_routes"];
    let is_read = |call: &String| reads.iter().any(|read| call.split(' ').next().unwrap().ends_with(read));
    assert!(changes.iter().all(is_read), "nothing is touched: {changes:?}");

    assert_eq!(drift(&rebuilt_engine).await.findings, []);
    assert!(rebuilt_engine.census().await.unwrap().is_clean());
    let again = rebuilt_engine.rebuild_store().await.unwrap();
    assert_eq!((again.apps.len(), again.known), (0, vec![app("other"), app("shop")]));
    let deployment = deploy(&rebuilt_engine, &first).await.unwrap();
    assert_eq!(deployment.state, byop_core::model::DeploymentState::Unchanged);
    // What the store holds for an app is held again.
    let mut thief = image("thief", "shop:3");
    thief.domains = first.domains.clone();
    assert_eq!(deploy(&rebuilt_engine, &thief).await.unwrap_err().kind(), ErrorKind::Conflict);
    remove(&rebuilt_engine, &app("shop")).await;
    remove(&rebuilt_engine, &app("other")).await;
    assert!(world.census().await.is_empty(), "{:?}", world.census().await);
}

#[tokio::test(start_paused = true)]
async fn host_names_that_changed_without_a_new_release_come_from_the_proxy() {
    let world = World::new();
    let engine = world.engine();
    deploy(&engine, &spec()).await.unwrap();
    let moved = spec().with_domain("new.example.com").unwrap();
    assert_eq!(deploy(&engine, &moved).await.unwrap().release, 1, "the container is the same");
    let other = without_store(&world);
    let engine = other.engine();
    let rebuilt = engine.rebuild_store().await.unwrap();
    assert_eq!(rebuilt.unrecovered.len(), 1);
    assert_eq!(rebuilt.unrecovered[0].what, "spec.domains");
    assert_eq!(drift(&engine).await.findings, []);
}

#[tokio::test(start_paused = true)]
async fn a_container_without_a_record_is_reported_and_left_alone() {
    let world = World::new();
    let engine = world.engine();
    deploy(&engine, &spec()).await.unwrap();
    edit(&world, |spec| {
        spec.labels.remove("byop.record");
    });
    let other = without_store(&world);
    let rebuilt = other.engine().rebuild_store().await.unwrap();
    assert_eq!((rebuilt.apps.len(), rebuilt.unrecovered.len()), (0, 1));
    assert_eq!(rebuilt.unrecovered[0].what, "app");
    assert_eq!(world.running(), [SERVING]);
}

#[tokio::test(start_paused = true)]
async fn a_client_is_told_of_its_own_and_only_the_platform_rebuilds() {
    let world = World::new();
    let engine = world.engine();
    let client = |id: &str| engine.for_client(ClientId::new(id).unwrap());
    let (acme, other) = (client("acme"), client("other"));
    deploy(&acme, &spec()).await.unwrap();
    deploy(&other, &image("theirs", "shop:2")).await.unwrap();
    world.runtime.connect_network(NETWORK, "byop-theirs-r1").await.unwrap();
    world.runtime.edit_container(PROXY, |spec, _| spec.writable_root = true);

    let report = drift(&acme).await;
    assert_eq!((report.apps, report.findings.len()), (vec![app("shop")], 1));
    let text = serde_json::to_string(&report.findings).unwrap();
    assert!(!text.contains("theirs"), "another client's name is told: {text}");
    let filter = DriftFilter::all().with_app(app("theirs"));
    assert_eq!(acme.drift(&filter).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(acme.repair(&app("theirs")).await.unwrap_err().kind(), ErrorKind::NotFound);
    let report = repair(&acme).await;
    assert!(report.done.is_empty(), "a proxy of all is not for one client to replace");
    assert!(!serde_json::to_string(&report).unwrap().contains("theirs"));
    assert!(kinds(&engine).await.contains(&DriftKind::ProxyChanged), "the platform is told");

    world.runtime.remove_container("byop-theirs-r1").await.unwrap();
    assert!(acme.census().await.unwrap().is_clean());
    assert_eq!(other.census().await.unwrap().missing.len(), 1);
    assert_eq!(acme.rebuild_store().await.unwrap_err().kind(), ErrorKind::PermissionDenied);

    let rebuilt = without_store(&world).engine();
    rebuilt.rebuild_store().await.unwrap();
    let acme = rebuilt.for_client(ClientId::new("acme").unwrap());
    assert_eq!(acme.list_apps().await.unwrap().len(), 1, "whose it is, is in the label");
    assert_eq!(rebuilt.for_client(ClientId::new("other").unwrap()).list_apps().await.unwrap().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn everything_made_carries_the_labels() {
    let world = World::new();
    let engine = world.engine();
    deploy(&engine, &spec()).await.unwrap();
    let filter = ContainerFilter::all().with_label("byop.app", "shop");
    let mut all = Vec::new();
    all.extend(world.runtime.list_containers(&filter).await.unwrap().into_iter().map(|c| c.labels));
    all.extend(world.runtime.list_networks(&filter).await.unwrap().into_iter().map(|n| n.labels));
    all.extend(world.runtime.list_volumes(&filter).await.unwrap().into_iter().map(|v| v.labels));
    assert_eq!(all.len(), 3);
    for labels in all {
        for label in ["byop.app", "byop.release", "byop.job", "byop.key"] {
            assert!(labels.contains_key(label), "{label}: {labels:?}");
        }
        let record = labels.get("byop.record").cloned().unwrap_or_default();
        assert!(!record.contains("blue"), "values of variables are in no label");
    }
}

#[tokio::test(start_paused = true)]
async fn a_container_that_a_stranger_runs_from_the_apps_image_is_told_and_left_alone() {
    let world = World::new();
    let engine = world.engine();
    let mut spec = image("shop", "unused");
    spec.source = world.source("own", &[("Dockerfile", "FROM scratch\nEXPOSE 80\nUSER 1000\n")]);
    deploy(&engine, &spec).await.unwrap();
    let release = engine.get_app(&app("shop")).await.unwrap().app.current.unwrap();
    let made = world.runtime.inspect_image(&release.image_id).await.unwrap();
    // As an engine does it: the labels of the image are those of its containers too.
    let run = |spec: &mut ContainerSpec| (spec.image, spec.labels) = (release.image.clone(), made.labels);
    stranger(&world, run).await;
    let found = drift(&engine).await.findings;
    assert_eq!(found.iter().map(|drift| drift.kind).collect::<Vec<_>>(), [DriftKind::ForeignCopy]);
    assert!(engine.census().await.unwrap().is_clean());
    deploy(&engine, &spec.with_env("A", "1").unwrap()).await.unwrap();
    assert_eq!(engine.get_app(&app("shop")).await.unwrap().containers.len(), 1);
    assert!(world.running().contains(&"stranger".to_owned()), "neither an update");
    let job = engine.remove(&app("shop"), byop_core::stage::Data::Delete).await.unwrap();
    let _ = engine.wait(&job).await;
    assert!(world.running().contains(&"stranger".to_owned()), "nor the end of the app touches it");
}

#[tokio::test(start_paused = true)]
async fn the_name_of_a_built_image_is_given_back() {
    let world = World::new();
    let engine = world.engine();
    let mut spec = image("shop", "unused");
    spec.source = world.source("own", &[("Dockerfile", "FROM scratch\nEXPOSE 80\nUSER 1000\n")]);
    deploy(&engine, &spec).await.unwrap();
    assert_eq!(drift(&engine).await.findings, []);
    let release = engine.get_app(&app("shop")).await.unwrap().app.current.unwrap();
    world.runtime.tag_image("shop:3", &ImageRef::new(&release.image).unwrap()).await.unwrap();
    assert_eq!(kinds(&engine).await, [DriftKind::ImageRetagged]);
    assert_eq!(repair(&engine).await.done, [RepairStep::NameImage]);
    assert_eq!(drift(&engine).await.findings, []);
}
