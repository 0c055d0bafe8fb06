//! What a deployment would change, said beforehand; and going back to an earlier release.

use byop_core::model::{AppRetention, ChangeAction, ChangedPart, EnvName, JobFilter, Proposal, Retention};
use byop_core::testing::{Fault, Moment};
use byop_core::{Error, ErrorKind};

use crate::support::{World, app, deploy, done, image};

fn parts(proposal: &Proposal) -> Vec<(ChangedPart, ChangeAction, &str)> {
    proposal.changes.iter().map(|change| (change.part, change.action, change.name.as_str())).collect()
}

#[tokio::test(start_paused = true)]
async fn planning_right_after_applying_is_empty() {
    let world = World::new();
    let engine = world.engine();
    let mut own = image("own", "unused");
    own.source = world.source("own", &[("Dockerfile", "FROM scratch\nEXPOSE 80\n")]);
    for spec in [image("shop", "shop:1"), own] {
        let proposal = engine.plan(&spec).await.unwrap();
        assert_eq!(proposal.changes[0].part, ChangedPart::App, "{proposal:#?}");
        let job = engine.apply(&proposal).await.unwrap();
        assert_eq!(engine.wait(&job).await.unwrap().plan, Some(proposal.digest));
        let again = engine.plan(&spec).await.unwrap();
        assert_eq!(parts(&again), [], "{again:#?}");
        let job = engine.apply(&again).await.unwrap();
        engine.wait(&job).await.unwrap();
        assert!(engine.plan(&spec).await.unwrap().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn each_change_is_named() {
    let world = World::new();
    let engine = world.engine();
    let mut spec = image("shop", "shop:1");
    spec.env.insert(EnvName::new("MODE").unwrap(), "hidden-old".into());
    spec.env.insert(EnvName::new("OLD").unwrap(), "x".into());
    deploy(&engine, &spec).await.unwrap();
    spec.env.insert(EnvName::new("MODE").unwrap(), "hidden-new".into());
    spec.env.remove(&EnvName::new("OLD").unwrap());
    spec.env.insert(EnvName::new("NEW").unwrap(), "y".into());
    spec.domains = image("other", "shop:1").domains;
    spec.health.deadline_seconds = 60;
    spec.source = image("shop", "shop:2").source;
    let proposal = engine.plan(&spec).await.unwrap();
    assert_eq!(
        parts(&proposal),
        [
            (ChangedPart::Image, ChangeAction::Change, "image"),
            (ChangedPart::Env, ChangeAction::Change, "MODE"),
            (ChangedPart::Env, ChangeAction::Add, "NEW"),
            (ChangedPart::Env, ChangeAction::Remove, "OLD"),
            (ChangedPart::Domain, ChangeAction::Add, "other.example.com"),
            (ChangedPart::Domain, ChangeAction::Remove, "shop.example.com"),
            (ChangedPart::Health, ChangeAction::Change, "health"),
        ]
    );
    let shown = serde_json::to_string(&proposal.changes).unwrap();
    assert!(!shown.contains("hidden"), "{shown}");
    let stored = serde_json::to_string(&proposal).unwrap();
    let read: Proposal = serde_json::from_str(&stored).unwrap();
    let job = world.engine().apply(&read).await.unwrap();
    engine.wait(&job).await.unwrap();
    assert!(engine.plan(&spec).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_plan_is_refused_when_the_world_has_moved() {
    let world = World::new();
    let engine = world.engine();
    let spec = image("shop", "shop:2");
    let early = engine.plan(&spec).await.unwrap();
    deploy(&engine, &image("shop", "shop:1")).await.unwrap();
    let planned = engine.plan(&spec).await.unwrap();
    done(&engine, engine.stop(&app("shop")).await).await;
    for proposal in [&early, &planned] {
        let error = engine.apply(proposal).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict, "{error:?}");
    }
    let jobs = engine.list_jobs(&JobFilter::all().with_unfinished()).await.unwrap();
    assert!(jobs.is_empty(), "a refused plan leaves no job: {jobs:?}");
    let now = engine.plan(&spec).await.unwrap();
    assert!(parts(&now).iter().any(|(part, ..)| *part == ChangedPart::Container), "{now:#?}");
    let job = engine.apply(&now).await.unwrap();
    engine.wait(&job).await.unwrap();
    assert_eq!(world.ingress.request("shop.example.com"), (200, "shop 2".into()));
}

#[tokio::test(start_paused = true)]
async fn a_source_that_changed_after_the_plan_is_noticed() {
    let world = World::new();
    let engine = world.engine();
    let mut spec = image("own", "unused");
    spec.source = world.source("own", &[("Dockerfile", "FROM scratch\nEXPOSE 80\n")]);
    deploy(&engine, &spec).await.unwrap();
    world.source("own", &[("Dockerfile", "FROM scratch\nEXPOSE 81\n")]);
    let proposal = engine.plan(&spec).await.unwrap();
    assert!(
        parts(&proposal).contains(&(ChangedPart::Source, ChangeAction::Change, "files")),
        "{proposal:#?}"
    );
    world.source("own", &[("Dockerfile", "FROM scratch\nEXPOSE 82\n")]);
    assert_eq!(engine.apply(&proposal).await.unwrap_err().kind(), ErrorKind::Conflict);
}

#[tokio::test(start_paused = true)]
async fn an_earlier_release_serves_again() {
    let world = World::new();
    let engine = world.engine();
    let shop = app("shop");
    let mut first = image("shop", "shop:1");
    first.env.insert(EnvName::new("MODE").unwrap(), "one".into());
    deploy(&engine, &first).await.unwrap();
    deploy(&engine, &image("shop", "shop:2")).await.unwrap();
    done(&engine, engine.rollback(&shop, None).await).await;
    assert_eq!(world.ingress.request("shop.example.com"), (200, "shop 1".into()));
    let report = engine.get_app(&shop).await.unwrap();
    assert_eq!((report.app.spec.clone(), report.app.current.unwrap().number), (first.clone(), 3));
    assert!(engine.plan(&first).await.unwrap().is_empty());
    done(&engine, engine.rollback(&shop, Some(2)).await).await;
    assert_eq!(world.ingress.request("shop.example.com"), (200, "shop 2".into()));
    let numbers: Vec<_> = engine.list_releases(&shop).await.unwrap().iter().map(|r| r.number).collect();
    assert_eq!(numbers, [4, 3, 2, 1]);
    world.assert_census(&engine).await;
}

#[tokio::test(start_paused = true)]
async fn going_back_to_what_is_not_there_is_told() {
    let world = World::new();
    let engine = world.engine();
    let shop = app("shop");
    assert_eq!(engine.rollback(&shop, None).await.unwrap_err().kind(), ErrorKind::NotFound);
    deploy(&engine, &image("shop", "shop:1")).await.unwrap();
    assert_eq!(engine.rollback(&shop, None).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(engine.rollback(&shop, Some(7)).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(engine.rollback(&shop, Some(1)).await.unwrap_err().kind(), ErrorKind::InvalidInput);
}

#[tokio::test(start_paused = true)]
async fn a_way_back_that_fails_leaves_what_serves() {
    let world = World::new();
    let engine = world.engine();
    deploy(&engine, &image("shop", "shop:1")).await.unwrap();
    deploy(&engine, &image("shop", "shop:2")).await.unwrap();
    let broken = Error::new(ErrorKind::Internal, "container.start", "it cannot start");
    world.runtime.inject(Fault::new("container.start", Moment::Before).with_error(broken));
    let job = engine.rollback(&app("shop"), None).await.unwrap();
    assert_eq!(engine.wait(&job).await.unwrap_err().kind(), ErrorKind::Internal);
    assert_eq!(world.ingress.request("shop.example.com"), (200, "shop 2".into()));
    world.assert_census(&engine).await;
}

#[tokio::test(start_paused = true)]
async fn the_past_is_bounded_but_for_the_way_back() {
    let world = World::new();
    let jobs = Retention::forever().with_jobs_per_subject(3);
    let retention = AppRetention::default().with_releases(0).with_images(0).with_jobs(jobs);
    let engine = world.builder().with_retention(retention).build().unwrap();
    for version in [1, 2, 3, 1, 2, 3] {
        deploy(&engine, &image("shop", &format!("shop:{version}"))).await.unwrap();
    }
    let shop = app("shop");
    let numbers: Vec<_> = engine.list_releases(&shop).await.unwrap().iter().map(|r| r.number).collect();
    assert_eq!(numbers, [6, 5]);
    // The job that prunes has not ended itself.
    assert_eq!(engine.list_jobs(&JobFilter::all().with_app(shop.clone())).await.unwrap().len(), 4);
    done(&engine, engine.rollback(&shop, None).await).await;
    assert_eq!(world.ingress.request("shop.example.com"), (200, "shop 2".into()));
}
