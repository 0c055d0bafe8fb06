//! From a spec to a release that serves.

use byop_core::ErrorKind;
use byop_core::model::{AppSpec, AppState, DeploymentState};
use byop_core::store::{Page, Scope, Store};

use crate::support::{World, app, deploy, deploy_badly, image, remove};

const DOCKERFILE: &str = "FROM scratch\nEXPOSE 3000\nUSER 10001:10001\nCMD [\"/app\"]\n";

#[tokio::test(start_paused = true)]
async fn a_prebuilt_image_comes_to_serve() {
    let world = World::new();
    let engine = world.engine();
    let deployment = deploy(&engine, &image("shop", "shop:1")).await.unwrap();
    assert_eq!((deployment.release, deployment.state), (1, DeploymentState::Serving));
    assert_eq!(deployment.url.as_deref(), Some("http://shop.example.com/"));
    assert_eq!(world.ingress.request("shop.example.com"), (200, "shop 1".into()));
    assert_eq!(engine.get_app(&app("shop")).await.unwrap().state, AppState::Running);
    world.assert_census(&engine).await;
}

#[tokio::test(start_paused = true)]
async fn a_folder_with_a_dockerfile_is_built_and_comes_to_serve() {
    let world = World::new();
    let engine = world.engine();
    let source = world.source("own", &[("Dockerfile", DOCKERFILE), ("app", "1")]);
    let spec = AppSpec::new("own", source).unwrap().with_domain("own.example.com").unwrap();
    let deployment = deploy(&engine, &spec).await.unwrap();
    assert_eq!(deployment.container, "byop-own-r1");
    assert_eq!(world.ingress.request("own.example.com").0, 200);
    let report = engine.get_app(&app("own")).await.unwrap();
    let release = report.app.current.unwrap();
    assert_eq!(release.detection.unwrap().stack, "dockerfile");
    assert_eq!(release.port, 3000);
    world.assert_census(&engine).await;
}

#[tokio::test(start_paused = true)]
async fn a_static_site_is_recognised_and_comes_to_serve() {
    let world = World::new();
    let engine = world.engine();
    let source = world.source("site", &[("index.html", "<h1>hello</h1>")]);
    let spec = AppSpec::new("site", source).unwrap().with_domain("site.example.com").unwrap();
    deploy(&engine, &spec).await.unwrap();
    assert_eq!(world.ingress.request("site.example.com").0, 200);
    world.assert_census(&engine).await;
}

#[tokio::test(start_paused = true)]
async fn the_second_deploy_of_the_same_changes_nothing() {
    let world = World::new();
    let engine = world.engine();
    let source = world.source("own", &[("Dockerfile", DOCKERFILE), ("app", "1")]);
    let spec = AppSpec::new("own", source).unwrap().with_domain("own.example.com").unwrap();
    deploy(&engine, &spec).await.unwrap();
    let before = world.runtime.calls().len();
    let second = deploy(&engine, &spec).await.unwrap();
    assert_eq!((second.release, second.state), (1, DeploymentState::Unchanged));
    assert_eq!(world.ingress.switches(&app("own")), 1);
    let calls = &world.runtime.calls()[before..];
    for changing in
        ["container.create", "container.start", "container.stop", "container.remove", "image.build"]
    {
        assert!(!calls.iter().any(|call| call.starts_with(changing)), "{changing} in {calls:#?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_update_starts_beside_and_stops_the_old_one_last() {
    let world = World::new();
    let engine = world.engine();
    deploy(&engine, &image("shop", "shop:1")).await.unwrap();
    let second = deploy(&engine, &image("shop", "shop:2")).await.unwrap();
    assert_eq!((second.release, second.state), (2, DeploymentState::Serving));
    assert_eq!(world.ingress.request("shop.example.com"), (200, "shop 2".into()));
    let old = "container.stop";
    let calls = world.runtime.calls();
    let stop = calls.iter().rposition(|call| call.starts_with(old)).unwrap();
    let order = [
        world.position("container.create byop-shop-r2"),
        world.position("container.start byop-shop-r2"),
        world.position("ingress.probe shop"),
        world.position("ingress.apply_route shop serving=r2 candidate=-"),
        stop,
    ];
    assert!(order.is_sorted(), "{order:?} in {calls:#?}");
    assert!(calls.contains(&"ingress.apply_route shop serving=r1 candidate=r2".to_owned()), "{calls:#?}");
    assert_eq!(world.running(), ["byop-shop-r2"]);
    assert_eq!(world.ingress.switches(&app("shop")), 2);
    world.assert_census(&engine).await;
}

#[tokio::test(start_paused = true)]
async fn the_old_release_serves_until_the_new_one_is_healthy() {
    let world = World::new();
    let engine = world.engine();
    deploy(&engine, &image("shop", "shop:1")).await.unwrap();
    let boot = std::time::Duration::from_secs(3);
    world.runtime.add_image("slow:1", byop_core::testing::FakeProgram::server(8080).with_boot(boot));
    let job = engine.deploy(image("shop", "slow:1")).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    assert_eq!(world.ingress.request("shop.example.com"), (200, "shop 1".into()));
    engine.wait(&job).await.unwrap();
    assert_eq!(world.ingress.request("shop.example.com"), (200, "ok".into()));
}

#[tokio::test(start_paused = true)]
async fn a_change_of_host_names_needs_no_new_release() {
    let world = World::new();
    let engine = world.engine();
    deploy(&engine, &image("shop", "shop:1")).await.unwrap();
    let mut moved = image("shop", "shop:1");
    moved.domains = vec![byop_core::model::DomainName::new("new.example.com").unwrap()];
    assert_eq!(deploy(&engine, &moved).await.unwrap().state, DeploymentState::Unchanged);
    assert_eq!(world.ingress.request("new.example.com").0, 200);
    assert_eq!(world.ingress.request("shop.example.com").0, 404);
    world.assert_census(&engine).await;
}

#[tokio::test(start_paused = true)]
async fn a_host_name_belongs_to_one_app() {
    let world = World::new();
    let engine = world.engine();
    deploy(&engine, &image("shop", "shop:1")).await.unwrap();
    let thief = image("thief", "shop:2").with_domain("shop.example.com").unwrap();
    let error = deploy_badly(&engine, &thief).await;
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error:?}");
    assert_eq!(error.context("domain"), Some("shop.example.com"));
    assert_eq!(error.context("app"), Some("shop"));
    assert_eq!(world.ingress.request("shop.example.com"), (200, "shop 1".into()));
    let taken = world.store.list_records(&Scope::Platform, "domains", &Page::all()).await.unwrap();
    assert_eq!(taken.len(), 1, "what the refused app had taken before is free again: {taken:?}");
}

#[tokio::test(start_paused = true)]
async fn several_apps_share_a_host_and_the_last_takes_the_proxy_with_it() {
    let world = World::new();
    let engine = world.engine();
    let specs = [image("a", "shop:1"), image("b", "shop:2"), image("c", "shop:3")];
    let jobs = futures_util::future::join_all(specs.iter().map(|spec| deploy(&engine, spec))).await;
    assert!(jobs.iter().all(Result::is_ok), "{jobs:?}");
    assert_eq!(world.running(), ["byop-a-r1", "byop-b-r1", "byop-c-r1"]);
    assert_eq!(world.ingress.request("b.example.com"), (200, "shop 2".into()));
    world.assert_census(&engine).await;
    for (name, left) in [("a", 2), ("b", 1), ("c", 0)] {
        remove(&engine, &app(name)).await;
        assert_eq!(engine.list_apps().await.unwrap().len(), left);
        world.assert_census(&engine).await;
    }
    assert!(world.census().await.is_empty(), "{:?}", world.census().await);
    assert!(world.runtime.census().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_proxy_that_was_taken_away_is_told_of_every_app_again() {
    let world = World::new();
    let engine = world.engine();
    deploy(&engine, &image("a", "shop:1")).await.unwrap();
    use byop_core::runtime::ContainerRuntime;
    world.runtime.remove_container(crate::support::PROXY).await.unwrap();
    assert_eq!(world.ingress.request("a.example.com").0, 404);
    deploy(&engine, &image("b", "shop:2")).await.unwrap();
    assert_eq!(world.ingress.request("a.example.com"), (200, "shop 1".into()));
}

#[tokio::test(start_paused = true)]
async fn old_images_are_let_go_but_the_newest() {
    let world = World::new();
    let engine = world.engine();
    for version in 0..6 {
        let source = world.source("own", &[("Dockerfile", DOCKERFILE), ("app", &version.to_string())]);
        deploy(&engine, &AppSpec::new("own", source).unwrap()).await.unwrap();
    }
    let images = &world.census().await["images"];
    assert_eq!(images.len(), 3, "the serving one and two to go back to: {images:?}");
    world.assert_census(&engine).await;
}
