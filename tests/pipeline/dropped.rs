//! Calls that are dropped while they are under way: what they have begun comes to its end.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use byop_core::engine::Engine;
use byop_core::model::{AppName, JobFilter, JobState, PreviewAppSpec, Proposal};
use byop_core::store::SqliteStore;

use crate::support::{LEASE, SharedClock, World, app, deploy, image};

/// Follows a call to the `n`th moment at which it waits, and drops it there; its answer when it does not come so far.
async fn dropped_at<T>(n: usize, call: impl Future<Output = T>) -> Option<T> {
    let mut call = pin!(call);
    let mut waits = 0;
    poll_fn(|cx| match call.as_mut().poll(cx) {
        Poll::Ready(answer) => Poll::Ready(Some(answer)),
        Poll::Pending if waits == n => Poll::Ready(None),
        Poll::Pending => {
            waits += 1;
            Poll::Pending
        }
    })
    .await
}

/// Every job ends well, before anybody looks for jobs that were left behind.
async fn assert_nothing_waits(engine: &Engine) -> usize {
    let jobs = engine.list_jobs(&JobFilter::all()).await.unwrap();
    for job in &jobs {
        let ended = tokio::time::timeout(LEASE / 6, engine.wait(&job.id)).await;
        assert_eq!(ended.expect("nobody works on the job").unwrap().state, JobState::Succeeded);
    }
    jobs.len()
}

/// Drops a call at every moment at which it waits, each time on another app.
async fn check(call: impl AsyncFn(&Engine, AppName, usize) -> bool) {
    let folder = tempfile::tempdir().unwrap();
    let clock = SharedClock(Arc::default());
    // A store whose answers are waited for.
    let store = SqliteStore::open(folder.path().join("byop.db")).await.unwrap();
    let world = World::with_store(store, clock);
    let engine = world.builder().with_clock(world.clock.clone()).build().unwrap();
    let mut n = 0;
    while !call(&engine, app(&format!("shop-{n}")), n).await {
        n += 1;
    }
    assert!(n > 0, "it never waited");
    assert!(assert_nothing_waits(&engine).await > 0);
}

#[tokio::test]
async fn a_dropped_deployment_leaves_no_job_that_nobody_works_on() {
    check(async |engine, name, n| {
        dropped_at(n, engine.deploy(image(name.as_str(), "shop:1"))).await.is_some()
    })
    .await;
}

#[tokio::test]
async fn a_dropped_apply_leaves_no_job_that_nobody_works_on() {
    check(async |engine, name, n| {
        let proposal: Proposal = engine.plan(&image(name.as_str(), "shop:1")).await.unwrap();
        dropped_at(n, engine.apply(&proposal)).await.is_some()
    })
    .await;
}

#[tokio::test]
async fn a_dropped_preview_app_leaves_no_job_that_nobody_works_on() {
    check(async |engine, name, n| {
        deploy(engine, &image(name.as_str(), "shop:1")).await.unwrap();
        let look = PreviewAppSpec::new(name.clone(), app(&format!("{name}-look")), LEASE * 100);
        dropped_at(n, engine.create_preview_app(look)).await.is_some()
    })
    .await;
}
