//! Several jobs on one app, and jobs whose process has died.

use std::time::Duration;

use byop_core::ErrorKind;
use byop_core::model::{ClientId, JobState};
use byop_core::store::{Page, WhenBusy};

use crate::support::{LEASE, World, app, deploy, image};

#[tokio::test(start_paused = true)]
async fn a_second_job_of_an_app_is_refused_or_waits_as_asked() {
    let world = World::new();
    let engine = world.engine();
    let first = engine.deploy(image("shop", "shop:1")).await.unwrap();
    let refused = engine.deploy(image("shop", "shop:2")).await.unwrap_err();
    assert_eq!((refused.kind(), refused.context("job")), (ErrorKind::Conflict, Some(first.as_str())));
    let patient = engine.when_busy(WhenBusy::Wait);
    let second = patient.deploy(image("shop", "shop:2")).await.unwrap();
    let third = patient.deploy(image("shop", "shop:3")).await.unwrap();
    for job in [&first, &second, &third] {
        engine.wait(job).await.unwrap();
    }
    assert_eq!(world.ingress.request("shop.example.com"), (200, "shop 3".into()));
    world.assert_census(&engine).await;
}

#[tokio::test(start_paused = true)]
async fn a_job_that_waits_can_be_cancelled() {
    let world = World::new();
    let engine = world.engine().when_busy(WhenBusy::Wait);
    let first = engine.deploy(image("shop", "shop:1")).await.unwrap();
    let second = engine.deploy(image("shop", "shop:2")).await.unwrap();
    engine.cancel(&second).await.unwrap();
    assert_eq!(engine.get_job(&second).await.unwrap().state, JobState::Cancelled);
    engine.wait(&first).await.unwrap();
    assert_eq!(world.ingress.request("shop.example.com"), (200, "shop 1".into()));
}

#[tokio::test(start_paused = true)]
async fn the_jobs_of_a_process_that_died_are_taken_over_within_a_lease() {
    let world = World::new();
    let other = world.engine();
    // The other engine looks for jobs that were left behind from its first job on.
    deploy(&other, &image("blog", "shop:1")).await.unwrap();
    let job = {
        let dying =
            tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        let (engine, store) = (world.engine(), world.store.clone());
        let thread = std::thread::spawn(move || {
            dying.block_on(async {
                store.hang_at(4, true);
                let job = engine.deploy(image("shop", "shop:2")).await.unwrap();
                while !store.hangs() {
                    tokio::time::sleep(Duration::from_micros(200)).await;
                }
                job
            })
        });
        thread.join().unwrap()
    };
    world.store.heal();
    world.clock.0.advance(LEASE);
    let ran_out = tokio::time::Instant::now();
    other.wait(&job).await.unwrap();
    assert!(ran_out.elapsed() <= LEASE + LEASE / 2, "{:?}", ran_out.elapsed());
    assert_eq!(world.ingress.request("shop.example.com"), (200, "shop 2".into()));
}

#[tokio::test(start_paused = true)]
async fn a_client_sees_its_own_apps_only() {
    let world = World::new();
    let engine = world.engine();
    let (ours, theirs) = (
        engine.for_client(ClientId::new("ours").unwrap()),
        engine.for_client(ClientId::new("theirs").unwrap()),
    );
    deploy(&ours, &image("shop", "shop:1")).await.unwrap();
    assert_eq!(theirs.get_app(&app("shop")).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(theirs.restart(&app("shop")).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert!(theirs.list_apps().await.unwrap().is_empty());
    let taken = theirs.deploy(image("shop", "shop:2")).await.unwrap_err();
    assert_eq!(taken.kind(), ErrorKind::AlreadyExists, "{taken:?}");
    let mut spec = image("blog", "shop:2");
    spec.domains = image("shop", "shop:1").domains;
    let taken = deploy(&theirs, &spec).await.unwrap_err();
    assert_eq!((taken.kind(), taken.context("app")), (ErrorKind::Conflict, None), "{taken:?}");
    assert_eq!(ours.list_apps().await.unwrap().len(), 1);
    let domains = ours.list_domains(&Page::all()).await.unwrap();
    assert_eq!((domains[0].name.as_str(), &domains[0].app), ("shop.example.com", &app("shop")));
    assert!(theirs.list_domains(&Page::all()).await.unwrap().is_empty());
    deploy(&theirs, &image("blog", "shop:2")).await.unwrap();
    assert_eq!(engine.list_apps().await.unwrap().len(), 2);
}
