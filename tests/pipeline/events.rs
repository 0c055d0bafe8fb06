//! Events: without gaps, replayed from a cursor, followed to the end.

use byop_core::model::{EventBody, JobState};
use byop_core::{ErrorKind, Result};
use futures_util::StreamExt;

use crate::support::{World, events, image};

#[tokio::test(start_paused = true)]
async fn they_are_without_gaps_and_end_with_the_job() {
    let world = World::new();
    let engine = world.engine();
    let mut spec = image("own", "unused");
    spec.source = world.source("own", &[("Dockerfile", "FROM scratch\nEXPOSE 80\nRUN echo hello\n")]);
    let job = engine.deploy(spec).await.unwrap();
    let live = events(&engine, &job, 0).await;
    let numbers: Vec<_> = live.iter().map(|event| event.sequence).collect();
    assert_eq!(numbers, (1..=live.len() as u64).collect::<Vec<_>>());
    let stages: Vec<_> = live
        .iter()
        .filter_map(|event| match &event.body {
            EventBody::StepFinished { stage, replayed: false, .. } => Some(stage.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(stages, ["fetch", "prepare", "build", "start", "gate", "switch", "retire"]);
    assert!(live.iter().any(|e| matches!(&e.body, EventBody::Log { line, .. } if line == "hello")));
    let last = &live.last().unwrap().body;
    assert!(matches!(last, EventBody::Job { state: JobState::Succeeded, .. }), "{last:?}");
    for after in 0..=live.len() {
        assert_eq!(events(&engine, &job, after as u64).await, live[after..], "from {after}");
    }
    assert_eq!(events(&engine, &job, 10_000).await, []);
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_goes_away_goes_on_where_it_was() {
    let world = World::new();
    let engine = world.engine();
    let job = engine.deploy(image("shop", "shop:1")).await.unwrap();
    let mut pieced = Vec::new();
    loop {
        let after = pieced.len() as u64;
        let next: Vec<_> = engine.events(&job, after).take(2).map(Result::unwrap).collect().await;
        if next.is_empty() {
            break;
        }
        pieced.extend(next);
    }
    assert_eq!(pieced, events(&engine, &job, 0).await);
}

#[tokio::test(start_paused = true)]
async fn another_engine_on_the_same_store_can_follow() {
    let world = World::new();
    let (engine, other) = (world.engine(), world.engine());
    let job = engine.deploy(image("shop", "shop:1")).await.unwrap();
    let (here, there) = tokio::join!(events(&engine, &job, 0), events(&other, &job, 0));
    assert_eq!(here, there);
}

#[tokio::test(start_paused = true)]
async fn the_events_of_an_app_go_on_over_its_jobs() {
    let world = World::new();
    let engine = world.engine();
    let mut wanted = Vec::new();
    for version in 1..3 {
        let job = engine.deploy(image("shop", &format!("shop:{version}"))).await.unwrap();
        wanted.extend(events(&engine, &job, 0).await);
    }
    let shop = crate::support::app("shop").into();
    let followed: Vec<_> =
        engine.subject_events(&shop, 0).take(wanted.len()).map(Result::unwrap).collect().await;
    assert_eq!(followed, wanted);
    assert_eq!(
        followed.iter().map(|e| e.position).collect::<Vec<_>>(),
        (1..=wanted.len() as u64).collect::<Vec<_>>()
    );
}

#[tokio::test(start_paused = true)]
async fn the_events_of_a_missing_job_are_not_found() {
    let world = World::new();
    let id = byop_core::id::JobId::random(&byop_core::id::SystemEntropy);
    let first = world.engine().events(&id, 0).next().await.unwrap();
    assert_eq!(first.unwrap_err().kind(), ErrorKind::NotFound);
}
