//! Who gets which port, and how long.

use std::collections::BTreeSet;

use byop_core::ErrorKind;
use byop_core::model::{AppName, ContainerSpec, DeploymentState, PortBinding, Protocol};
use byop_core::runtime::ContainerRuntime;
use byop_core::store::{MemoryStore, SqliteStore};

use crate::world::{World, host, spec, tcp, udp, with_image};

/// Installs `count` apps with a TCP and a UDP port each, all at once, over these engines in turn.
async fn install_at_once(worlds: &[World], count: usize) {
    let specs: Vec<_> = (0..count).map(|n| spec(&format!("app-{n}"), &[tcp("play"), udp("voice")])).collect();
    let installs = specs.iter().zip(worlds.iter().cycle()).map(|(spec, world)| world.deploy(spec));
    for result in futures_util::future::join_all(installs).await {
        result.unwrap();
    }
    let (mut distinct, mut published) = (BTreeSet::new(), BTreeSet::new());
    for spec in &specs {
        let report = worlds[0].report(&spec.name).await;
        distinct.extend(report.ports.iter().map(|port| (port.protocol, port.host_port)));
        published.extend(report.containers[0].ports.iter().map(|port| (port.protocol, port.host_port)));
    }
    assert_eq!(distinct.len(), 2 * count);
    assert_eq!(published, distinct, "what is reserved is what the host publishes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_installs_at_once_get_distinct_ports() {
    install_at_once(&[World::on(host(), MemoryStore::default(), 100)], 100).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn engines_that_share_a_database_give_distinct_ports() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = host();
    let mut worlds = Vec::new();
    for _ in 0..4 {
        let store = SqliteStore::open(folder.path().join("byop.db")).await.unwrap();
        worlds.push(World::on(runtime.clone(), store, 100));
    }
    install_at_once(&worlds, 100).await;
}

#[tokio::test]
async fn tcp_and_udp_are_numbered_apart() {
    let world = World::with_ports(1);
    let spec = spec("game", &[tcp("play"), udp("voice")]);
    world.deploy(&spec).await.unwrap();
    assert_eq!(world.ports(&spec.name).await, [(Protocol::Tcp, 20_000), (Protocol::Udp, 20_000)]);
}

#[tokio::test]
async fn a_port_stays_the_same_over_releases() {
    let world = World::with_ports(10);
    let one = spec("game", &[tcp("play")]);
    world.deploy(&one).await.unwrap();
    let before = world.ports(&one.name).await;
    // A further port that comes first, and a neighbour, change nothing.
    world.deploy(&spec("other", &[tcp("play")])).await.unwrap();
    let mut admin = tcp("admin");
    admin.container_port = 7001;
    let deployment = world.deploy(&spec("game", &[admin, tcp("play")])).await.unwrap();
    assert_eq!(deployment.release, 2);
    let after = world.ports(&one.name).await;
    assert_eq!((after.len(), after[1]), (2, before[0]));
}

#[tokio::test]
async fn the_same_spec_again_changes_nothing() {
    let world = World::with_ports(1);
    let spec = spec("game", &[tcp("play")]);
    world.deploy(&spec).await.unwrap();
    assert_eq!(world.deploy(&spec).await.unwrap().state, DeploymentState::Unchanged);
    assert_eq!(world.ports(&spec.name).await, [(Protocol::Tcp, 20_000)]);
}

#[tokio::test]
async fn a_port_that_is_asked_for_is_given() {
    let world = World::with_ports(1);
    let spec = spec("game", &[tcp("play").with_host_port(25_565)]);
    world.deploy(&spec).await.unwrap();
    assert_eq!(world.ports(&spec.name).await, [(Protocol::Tcp, 25_565)]);
}

#[tokio::test]
async fn a_port_that_is_asked_for_is_given_to_no_other_port_of_the_app() {
    let world = World::with_ports(2);
    let mut second = tcp("admin").with_host_port(20_000);
    second.container_port = 7001;
    let spec = spec("game", &[tcp("play"), second]);
    world.deploy(&spec).await.unwrap();
    assert_eq!(world.ports(&spec.name).await, [(Protocol::Tcp, 20_001), (Protocol::Tcp, 20_000)]);
}

#[tokio::test]
async fn another_apps_port_is_a_conflict_that_names_it() {
    let world = World::with_ports(1);
    world.deploy(&spec("first", &[tcp("play")])).await.unwrap();
    let error = world.deploy(&spec("second", &[tcp("play").with_host_port(20_000)])).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error:?}");
    assert_eq!(error.context("app"), Some("first"), "{error:?}");
    assert_eq!(error.context("port"), Some("local/tcp/20000"), "{error:?}");
}

#[tokio::test]
async fn a_used_up_range_is_said_to_be() {
    let world = World::with_ports(1);
    world.deploy(&spec("first", &[tcp("play")])).await.unwrap();
    let error = world.deploy(&spec("second", &[tcp("play")])).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::QuotaExceeded, "{error:?}");
    assert_eq!(error.context("range"), Some("20000 to 20000"), "{error:?}");
}

/// Starts a container that is not byop's and publishes a port.
async fn stranger(world: &World, host_port: u16) {
    let mut spec = ContainerSpec::new("stranger", "game:1");
    let binding =
        PortBinding { host_ip: "127.0.0.1".into(), host_port, container_port: 1, protocol: Protocol::Tcp };
    spec.ports = vec![binding];
    world.runtime.create_container(&spec).await.unwrap();
    world.runtime.start_container("stranger").await.unwrap();
}

#[tokio::test]
async fn a_port_that_something_else_has_is_passed_over() {
    let world = World::with_ports(2);
    stranger(&world, 20_000).await;
    let spec = spec("game", &[tcp("play"), udp("voice")]);
    world.deploy(&spec).await.unwrap();
    assert_eq!(world.ports(&spec.name).await, [(Protocol::Tcp, 20_001), (Protocol::Udp, 20_000)]);
}

#[tokio::test]
async fn asking_for_a_port_that_something_else_has_is_a_conflict_that_reserves_nothing() {
    let world = World::with_ports(1);
    stranger(&world, 25_565).await;
    let asks = spec("game", &[tcp("play").with_host_port(25_565)]);
    assert_eq!(world.deploy(&asks).await.unwrap_err().kind(), ErrorKind::Conflict);
    world.runtime.remove_container("stranger").await.unwrap();
    world.deploy(&spec("other", &[tcp("play").with_host_port(25_565)])).await.unwrap();
}

/// Whether the only port of the range can be had.
async fn is_free(world: &World) -> bool {
    let probe = spec("probe", &[tcp("play")]);
    match world.deploy(&probe).await {
        Ok(_) => {
            world.remove(&probe.name).await;
            true
        }
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::QuotaExceeded, "{error:?}");
            false
        }
    }
}

#[tokio::test]
async fn a_stopped_app_keeps_its_port_until_it_is_removed() {
    let world = World::with_ports(1);
    let spec = spec("game", &[tcp("play")]);
    world.deploy(&spec).await.unwrap();
    let job = world.engine.stop(&spec.name).await.unwrap();
    world.engine.wait(&job).await.unwrap();
    assert!(!is_free(&world).await);
    let job = world.engine.start(&spec.name).await.unwrap();
    world.engine.wait(&job).await.unwrap();
    assert!(!is_free(&world).await);
    world.remove(&spec.name).await;
    assert!(is_free(&world).await);
}

#[tokio::test]
async fn a_first_deployment_that_fails_keeps_no_port() {
    let world = World::with_ports(1);
    let bad = with_image(&spec("game", &[tcp("play")]), "game:bad");
    assert_eq!(world.deploy(&bad).await.unwrap_err().kind(), ErrorKind::Unhealthy);
    assert!(is_free(&world).await);
}

#[tokio::test]
async fn an_update_that_fails_keeps_only_the_ports_of_what_serves() {
    let world = World::with_ports(1);
    let name = AppName::new("game").unwrap();
    world.deploy(&spec("game", &[])).await.unwrap();
    let bad = with_image(&spec("game", &[tcp("play")]), "game:bad");
    assert_eq!(world.deploy(&bad).await.unwrap_err().kind(), ErrorKind::Unhealthy);
    assert!(is_free(&world).await);
    assert!(world.ports(&name).await.is_empty());
}

#[tokio::test]
async fn a_port_that_is_no_longer_asked_for_is_freed() {
    let world = World::with_ports(1);
    world.deploy(&spec("game", &[tcp("play")])).await.unwrap();
    world.deploy(&spec("game", &[])).await.unwrap();
    assert!(is_free(&world).await);
}
