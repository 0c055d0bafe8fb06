//! A store that was lost.

use byop_core::model::{AppState, DeploymentState, DriftFilter, PortSpec, Protocol, UserSpec, VolumeSpec};

use crate::support::{World, deploy, host, remove, world};

async fn two_apps(world: &World) -> Vec<byop_core::model::AppSpec> {
    let mut first = world.spec("first");
    first.user = Some(UserSpec { uid: 1234, gid: 1234 });
    first.volumes = vec![VolumeSpec { name: world.app("data"), path: "/data".into() }];
    first.ports = vec![PortSpec::new("play", Protocol::Udp, 7777).unwrap()];
    first.routing.headers = [("X-Shop".to_owned(), "yes".to_owned())].into();
    let second = world.spec("second");
    world.deploy(&first).await;
    world.deploy(&second).await;
    vec![first, second]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_store_is_rebuilt_while_everything_goes_on_serving() {
    let world = world!();
    let specs = two_apps(&world).await;
    let job = world.engine.stop(&specs[1].name).await.unwrap();
    world.engine.wait(&job).await.unwrap();
    let before = world.engine.list_apps().await.unwrap();

    let engine = world.without_store();
    let rebuilt = engine.rebuild_store().await.unwrap();
    let ours = |app: &str| app.ends_with(&format!("-{}", world.port));
    let unrecovered: Vec<_> = rebuilt.unrecovered.iter().filter(|one| ours(&one.app)).collect();
    assert!(unrecovered.is_empty(), "{unrecovered:?}");
    for before in before {
        let name = &before.app.name;
        let found = rebuilt.apps.iter().find(|app| app.app == *name).unwrap();
        assert_eq!(found.wanted, before.state);
        let after = engine.get_app(name).await.unwrap();
        assert_eq!(after.app.spec, before.app.spec);
        assert_eq!((after.ports, after.url, after.state), (before.ports, before.url, before.state));
        let (old, new) = (before.app.current.unwrap(), after.app.current.unwrap());
        assert_eq!((old.image_id, old.config, old.job), (new.image_id, new.config, new.job));
        let report = engine.drift(&DriftFilter::all().with_app(name.clone())).await.unwrap();
        assert_eq!(report.findings, []);
    }
    assert_eq!(world.get(&host(&specs[0].name)).await, 200);
    let again = engine.rebuild_store().await.unwrap();
    assert!(again.apps.is_empty() && again.known.contains(&specs[0].name));
    assert_eq!(deploy(&engine, &specs[0]).await.state, DeploymentState::Unchanged);
    let job = engine.start(&specs[1].name).await.unwrap();
    engine.wait(&job).await.unwrap();
    assert_eq!(engine.get_app(&specs[1].name).await.unwrap().state, AppState::Running);
    // What the rebuilt store does not know of, such as apps of others on this host, stays as it is.
    for spec in &specs {
        remove(&engine, &spec.name).await;
    }
    let census = engine.census().await.unwrap();
    let left: Vec<_> = census.unknown.iter().filter(|one| ours(one.app.as_deref().unwrap_or(""))).collect();
    assert!(left.is_empty(), "{left:?}");
}
