//! Apps beside apps, for looking at a branch.

use std::time::Duration;

use byop_core::ErrorKind;
use byop_core::model::{ClientId, DomainName, EnvName, PreviewAppSpec};
use byop_core::store::Page;

use crate::support::{LEASE, World, app, deploy, done, image};

fn look(lifetime: u64) -> PreviewAppSpec {
    let domain = DomainName::new("look.example.com").unwrap();
    PreviewAppSpec::new(app("shop"), app("shop-look"), Duration::from_secs(lifetime)).with_domain(domain)
}

#[tokio::test(start_paused = true)]
async fn a_preview_app_serves_beside_its_app_and_goes_when_its_time_is_over() {
    let world = World::new();
    let engine = world.engine();
    let mut spec = image("shop", "shop:1");
    spec.env.insert(EnvName::new("MODE").unwrap(), "x".into());
    deploy(&engine, &spec).await.unwrap();
    let preview = engine.create_preview_app(look(300)).await.unwrap();
    engine.wait(&preview.job).await.unwrap();
    assert_eq!(world.ingress.request("look.example.com"), (200, "shop 1".into()));
    assert_eq!(world.ingress.request("shop.example.com"), (200, "shop 1".into()));
    assert_eq!(engine.get_app(&app("shop-look")).await.unwrap().app.spec.env, spec.env);
    assert_eq!(engine.list_preview_apps(&Page::all()).await.unwrap(), [preview]);
    // Longer than it lives, with the time that an engine takes to look.
    tokio::time::sleep(Duration::from_secs(300) + LEASE).await;
    assert_eq!(engine.get_preview_app(&app("shop-look")).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(engine.get_app(&app("shop-look")).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(world.ingress.request("shop.example.com"), (200, "shop 1".into()));
    world.assert_census(&engine).await;
}

#[tokio::test(start_paused = true)]
async fn a_preview_app_goes_before_its_time_when_asked() {
    let world = World::new();
    let engine = world.engine().for_client(ClientId::new("ours").unwrap());
    deploy(&engine, &image("shop", "shop:1")).await.unwrap();
    let preview = engine.create_preview_app(look(300)).await.unwrap();
    engine.wait(&preview.job).await.unwrap();
    let job = engine.delete_preview_app(&app("shop-look")).await.map(Option::unwrap);
    done(&engine, job).await;
    assert_eq!(world.running(), ["byop-shop-r1"]);
    assert!(engine.list_preview_apps(&Page::all()).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn bad_preview_apps_are_refused() {
    let world = World::new();
    let engine = world.engine();
    assert_eq!(engine.create_preview_app(look(60)).await.unwrap_err().kind(), ErrorKind::NotFound);
    deploy(&engine, &image("shop", "shop:1")).await.unwrap();
    deploy(&engine, &image("blog", "shop:2")).await.unwrap();
    let taken = PreviewAppSpec::new(app("shop"), app("blog"), Duration::from_secs(60));
    assert_eq!(engine.create_preview_app(taken).await.unwrap_err().kind(), ErrorKind::AlreadyExists);
    let same = PreviewAppSpec::new(app("shop"), app("shop"), Duration::from_secs(60));
    for (spec, key) in
        [(look(0), "lifetime_seconds"), (same, "name"), (look(60).with_reference("main"), "reference")]
    {
        let error = engine.create_preview_app(spec).await.unwrap_err();
        assert_eq!((error.kind(), error.context("key")), (ErrorKind::InvalidInput, Some(key)));
    }
    assert!(engine.list_preview_apps(&Page::all()).await.unwrap().is_empty());
}
