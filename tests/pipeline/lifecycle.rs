//! What an owner does with an app after it serves.

use byop_core::ErrorKind;
use byop_core::model::{AppState, EventBody, VolumeSpec};
use byop_core::runtime::ContainerRuntime;
use byop_core::stage::Data;
use byop_core::store::{Expected, Scope, Store};
use byop_core::testing::FakeProgram;
use futures_util::StreamExt;

use crate::support::{World, app, deploy, deploy_badly, done, image, remove};

#[tokio::test(start_paused = true)]
async fn stop_start_and_restart_do_what_they_say() {
    let world = World::new();
    let engine = world.engine();
    let name = app("shop");
    deploy(&engine, &image("shop", "shop:1")).await.unwrap();
    for _ in 0..2 {
        done(&engine, engine.stop(&name).await).await;
        assert_eq!(engine.get_app(&name).await.unwrap().state, AppState::Stopped);
        assert_eq!(world.ingress.request("shop.example.com").0, 404);
    }
    done(&engine, engine.start(&name).await).await;
    assert_eq!(engine.get_app(&name).await.unwrap().state, AppState::Running);
    assert_eq!(world.ingress.request("shop.example.com").0, 200);
    done(&engine, engine.restart(&name).await).await;
    assert_eq!(world.ingress.request("shop.example.com").0, 200);
    world.assert_census(&engine).await;
}

#[tokio::test(start_paused = true)]
async fn starting_what_serves_sends_no_request_elsewhere() {
    let world = World::new();
    let engine = world.engine();
    deploy(&engine, &image("shop", "shop:1")).await.unwrap();
    done(&engine, engine.start(&app("shop")).await).await;
    assert_eq!(world.ingress.switches(&app("shop")), 1);
    assert_eq!(world.ingress.route(&app("shop")).unwrap().candidate, None);
}

#[tokio::test(start_paused = true)]
async fn an_app_that_does_not_start_again_is_stopped() {
    let world = World::new();
    let engine = world.engine();
    let name = app("shop");
    deploy(&engine, &image("shop", "shop:1")).await.unwrap();
    world.ingress.set_status("byop-shop-r1", 500);
    let job = engine.restart(&name).await.unwrap();
    let error = engine.wait(&job).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unhealthy, "{error:?}");
    assert_eq!(engine.get_app(&name).await.unwrap().state, AppState::Stopped);
    assert_eq!(world.ingress.route(&name), None);
}

#[tokio::test(start_paused = true)]
async fn deploying_a_stopped_app_starts_it() {
    let world = World::new();
    let engine = world.engine();
    let name = app("shop");
    deploy(&engine, &image("shop", "shop:1")).await.unwrap();
    done(&engine, engine.stop(&name).await).await;
    world.runtime.add_image("bad:1", FakeProgram::exiting(1));
    deploy_badly(&engine, &image("shop", "bad:1").with_port(1)).await;
    assert_eq!(
        world.ingress.request("shop.example.com").0,
        404,
        "a failed release does not start the old one"
    );
    deploy(&engine, &image("shop", "shop:1")).await.unwrap();
    assert_eq!(world.ingress.request("shop.example.com").0, 200);
    assert_eq!(engine.get_app(&name).await.unwrap().state, AppState::Running);
    world.assert_census(&engine).await;
}

#[tokio::test(start_paused = true)]
async fn removing_leaves_nothing() {
    let world = World::new();
    let engine = world.engine();
    let mut spec = image("own", "unused");
    spec.source = world.source("own", &[("Dockerfile", "FROM scratch\nEXPOSE 80\nUSER 1000\n")]);
    spec.volumes = vec![VolumeSpec { name: app("data"), path: "/data".into() }];
    deploy(&engine, &spec).await.unwrap();
    world.assert_census(&engine).await;
    remove(&engine, &app("own")).await;
    assert!(world.census().await.is_empty(), "{:?}", world.census().await);
    assert!(world.runtime.census().is_empty());
    let error = engine.get_app(&app("own")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test(start_paused = true)]
async fn data_stays_when_it_is_to_be_kept() {
    let world = World::new();
    let engine = world.engine();
    let mut spec = image("shop", "shop:1");
    spec.volumes = vec![VolumeSpec { name: app("data"), path: "/data".into() }];
    deploy(&engine, &spec).await.unwrap();
    done(&engine, engine.remove(&app("shop"), Data::Keep).await).await;
    let census = world.census().await;
    assert_eq!(census.into_iter().collect::<Vec<_>>(), [("volumes", vec!["byop-shop--data".to_owned()])]);
    deploy(&engine, &spec).await.unwrap();
    world.assert_census(&engine).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_not_byops_is_left_alone() {
    let world = World::new();
    let engine = world.engine();
    let other = byop_core::model::ContainerSpec::new("neighbour", "shop:3");
    world.runtime.create_container(&other).await.unwrap();
    world.runtime.start_container("neighbour").await.unwrap();
    deploy(&engine, &image("shop", "shop:1")).await.unwrap();
    remove(&engine, &app("shop")).await;
    assert_eq!(world.running(), ["neighbour"]);
    assert!(world.runtime.inspect_image("shop:1").await.is_ok(), "a prebuilt image is its owner's");
}

#[tokio::test(start_paused = true)]
async fn a_second_job_on_a_busy_app_is_refused() {
    let world = World::new();
    let engine = world.engine();
    let job = engine.deploy(image("shop", "shop:1")).await.unwrap();
    let error = engine.deploy(image("shop", "shop:2")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error:?}");
    assert_eq!(error.context("job"), Some(job.as_str()));
    engine.wait(&job).await.unwrap();
    deploy(&engine, &image("shop", "shop:2")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_app_that_is_not_there_is_not_found() {
    let world = World::new();
    let engine = world.engine();
    let name = app("nobody");
    let refused = [
        engine.stop(&name).await,
        engine.start(&name).await,
        engine.restart(&name).await,
        engine.remove(&name, Data::Keep).await,
    ];
    for result in refused {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert_eq!(error.context("app"), Some("nobody"));
    }
    assert!(world.runtime.calls().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_proxy_that_is_told_again_keeps_the_candidate_of_another_app() {
    let world = World::new();
    let engine = world.engine();
    let shop = image("shop", "shop:1");
    deploy(&engine, &shop).await.unwrap();
    world.ingress.set_status("byop-shop-r2", 503);
    let update = engine.deploy(shop.with_env("APP_VERSION", "2").unwrap()).await.unwrap();
    let mut events = engine.events(&update, 0);
    while let Some(event) = events.next().await {
        if matches!(event.unwrap().body, EventBody::StepStarted { stage, .. } if stage == "gate") {
            break;
        }
    }
    // As a process leaves it that dies between starting the proxy and telling it of all apps.
    let untold = serde_json::json!({ "routed": false });
    world.store.put_record(&Scope::Platform, "hosts", "local", &untold, Expected::Any).await.unwrap();
    deploy(&engine, &image("blog", "shop:1")).await.unwrap();
    world.ingress.set_status("byop-shop-r2", 200);
    engine.wait(&update).await.unwrap();
    let serving = world.ingress.route(&app("shop")).unwrap().serving.unwrap();
    assert_eq!(serving.container, "byop-shop-r2");
}
