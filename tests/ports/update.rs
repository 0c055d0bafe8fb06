//! A port of the host leads to one release: how the next one takes over.

use std::sync::Arc;
use std::time::Duration;

use byop_core::ErrorKind;
use byop_core::clock::ManualClock;
use byop_core::model::{AppState, ContainerInfo, ContainerState, Protocol};
use byop_core::store::SqliteStore;
use byop_core::testing::{Fault, Moment};

use crate::world::{World, host, spec, tcp, udp, with_image};

#[tokio::test]
async fn a_release_with_the_same_port_starts_after_the_old_one_has_stopped() {
    let world = World::with_ports(1);
    let spec = spec("game", &[tcp("play")]);
    world.deploy(&spec).await.unwrap();
    world.deploy(&with_image(&spec, "game:2")).await.unwrap();
    assert!(world.place("container.stop byop-game-r1") < world.place("container.start byop-game-r2"));
    let report = world.report(&spec.name).await;
    assert_eq!((report.state, report.containers.len()), (AppState::Running, 1));
    assert_eq!(world.ports(&spec.name).await, [(Protocol::Tcp, 20_000)]);
}

#[tokio::test]
async fn a_release_that_shares_no_port_starts_beside_the_old_one() {
    let world = World::with_ports(2);
    let mut old: Option<ContainerInfo> = None;
    for ports in [vec![], vec![tcp("play")], vec![tcp("play").with_host_port(30_000)], vec![udp("play")]] {
        let spec = spec("game", &ports);
        let new = world.deploy(&spec).await.unwrap().container;
        if let Some(old) = old.replace(world.report(&spec.name).await.containers[0].clone()) {
            let stop = world.place(&format!("container.stop {}", old.id));
            assert!(world.place(&format!("container.start {new}")) < stop, "{ports:?}");
        }
    }
}

#[tokio::test]
async fn an_update_that_fails_brings_the_old_release_back() {
    let world = World::with_ports(1);
    let spec = spec("game", &[tcp("play")]);
    world.deploy(&spec).await.unwrap();
    let error = world.deploy(&with_image(&spec, "game:bad")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unhealthy, "{error:?}");
    let report = world.report(&spec.name).await;
    assert_eq!((report.state, report.containers.len()), (AppState::Running, 1));
    assert_eq!(report.containers[0].ports[0].host_port, 20_000);
    assert_eq!(report.app.current.unwrap().number, 1);
}

#[tokio::test]
async fn an_update_that_is_cancelled_brings_the_old_release_back() {
    let world = World::with_ports(1);
    let spec = spec("game", &[tcp("play")]);
    world.deploy(&spec).await.unwrap();
    world.runtime.inject(Fault::new("container.start", Moment::Never));
    let job = world.engine.deploy(with_image(&spec, "game:2")).await.unwrap();
    until_called(&world, "container.start byop-game-r2", 1).await;
    world.engine.cancel(&job).await.unwrap();
    assert_eq!(world.engine.wait(&job).await.unwrap_err().kind(), ErrorKind::Cancelled);
    assert_eq!(world.report(&spec.name).await.state, AppState::Running);
    assert_eq!(world.releases().len(), 1);
}

#[tokio::test]
async fn a_stopped_app_is_not_started_by_an_update_that_fails() {
    let world = World::with_ports(1);
    let spec = spec("game", &[tcp("play")]);
    world.deploy(&spec).await.unwrap();
    let job = world.engine.stop(&spec.name).await.unwrap();
    world.engine.wait(&job).await.unwrap();
    world.deploy(&with_image(&spec, "game:bad")).await.unwrap_err();
    assert_eq!(world.report(&spec.name).await.state, AppState::Stopped);
}

#[tokio::test]
async fn an_update_whose_old_container_is_gone_succeeds() {
    let world = World::with_ports(1);
    let spec = spec("game", &[tcp("play")]);
    world.deploy(&spec).await.unwrap();
    byop_core::runtime::ContainerRuntime::remove_container(&world.runtime, "byop-game-r1").await.unwrap();
    world.deploy(&with_image(&spec, "game:2")).await.unwrap();
    assert_eq!(world.report(&spec.name).await.state, AppState::Running);
}

/// Ends the engine's process when an update to `image` starts `container`, while both releases are down, and lets the
/// next process go on. Returns the containers that are left.
fn cut_off(image: &str, container: &str) -> Vec<(String, ContainerState)> {
    let runtime = || tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (host, clock) = (host(), Arc::new(ManualClock::default()));
    let open = async || {
        let store = SqliteStore::open_with(folder.path().join("byop.db"), clock.clone()).await.unwrap();
        World::on(host.clone(), store, 1)
    };
    let spec = spec("game", &[tcp("play")]);
    let call = format!("container.start {container}");

    let first = runtime();
    first.block_on(async {
        let world = open().await;
        world.deploy(&spec).await.unwrap();
        let earlier = world.calls(&call);
        host.inject(Fault::new("container.start", Moment::Never).with_subject(container));
        world.engine.deploy(with_image(&spec, image)).await.unwrap();
        until_called(&world, &call, earlier + 1).await;
        let is_down = |(_, state): &(String, ContainerState)| *state != ContainerState::Running;
        assert!(world.releases().iter().all(is_down), "{:?}", world.releases());
    });
    drop(first);
    clock.advance(Duration::from_secs(3600));

    runtime().block_on(async {
        let world = open().await;
        let resumed = world.engine.resume().await.unwrap();
        let _ = world.engine.wait(&resumed[0]).await;
        assert_eq!(world.ports(&spec.name).await, [(Protocol::Tcp, 20_000)]);
        world.releases()
    })
}

#[test]
fn an_update_that_was_cut_off_between_the_releases_is_finished_by_the_next_process() {
    let left = cut_off("game:2", "byop-game-r2");
    assert_eq!(left, [("byop-game-r2".to_owned(), ContainerState::Running)]);
}

#[test]
fn an_update_that_was_cut_off_before_the_old_release_came_back_is_undone_by_the_next_process() {
    let left = cut_off("game:bad", "byop-game-r1");
    assert_eq!(left, [("byop-game-r1".to_owned(), ContainerState::Running)]);
}

async fn until_called(world: &World, call: &str, times: usize) {
    let seen = async {
        while world.calls(call) < times {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), seen).await.expect(call);
}
