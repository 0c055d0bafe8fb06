//! A server that is killed while it is written to.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use byop_core::ErrorKind;
use byop_core::model::{AuditFilter, JobFilter};
use byop_core::store::{Expected, PostgresStore, Store, WhenBusy};
use serde_json::json;

use super::open;
use super::server::Server;
use crate::support::{PLATFORM, new_job};

/// What one writer was told.
#[derive(Default)]
struct Told {
    done: Vec<String>,
    unknown: usize,
    unavailable: usize,
}

/// Creates jobs until it is told to stop.
async fn write(store: Arc<PostgresStore>, writer: usize, stop: Arc<AtomicBool>) -> Told {
    let mut told = Told::default();
    for number in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let job = new_job(&format!("app-{writer}-{number}"));
        match store.create_job(&PLATFORM, &job, WhenBusy::Refuse).await {
            Ok(()) => told.done.push(job.id.as_str().to_owned()),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
                if error.message().contains("may have happened") {
                    told.unknown += 1;
                } else {
                    told.unavailable += 1;
                }
            }
        }
    }
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_loses_nothing_and_leaves_nothing_half_written() {
    let Some(server) = Server::own() else { return };
    let url = server.database();
    let store = Arc::new(open(&url).await);
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> =
        (0..4).map(|writer| tokio::spawn(write(store.clone(), writer, stop.clone()))).collect();
    let server = Arc::new(server);
    for round in 1..=3u64 {
        let before = count(&store).await;
        let started = Instant::now();
        while count(&store).await < before + 20 {
            assert!(started.elapsed() < Duration::from_secs(20), "nothing is written any more");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let killed = server.clone();
        tokio::task::spawn_blocking(move || {
            killed.kill();
            killed.start();
        })
        .await
        .unwrap();
        println!("killed {round} times");
    }
    stop.store(true, Ordering::Relaxed);
    let (mut done, mut unknown, mut unavailable) = (Vec::new(), 0, 0);
    for writer in writers {
        let told = writer.await.unwrap();
        done.extend(told.done);
        unknown += told.unknown;
        unavailable += told.unavailable;
    }
    let jobs = store.list_jobs(&PLATFORM, &JobFilter::all()).await.unwrap();
    let audited = store.list_audit(&PLATFORM, &AuditFilter::all()).await.unwrap();
    println!(
        "{} acknowledged, {unknown} of unknown outcome, {unavailable} not done, {} jobs found",
        done.len(),
        jobs.len()
    );
    for id in &done {
        assert!(jobs.iter().any(|job| job.id.as_str() == id), "an acknowledged job is gone");
    }
    assert!(jobs.len() <= done.len() + unknown, "a job that was refused is there");
    assert_eq!(audited.len(), jobs.len(), "a job without its audit record, or the reverse");
    let mut previous = None;
    for (position, record) in (1..).zip(&audited) {
        assert!(record.is_intact() && record.position == position && record.previous == previous);
        previous = Some(record.hash.clone());
    }
}

async fn count(store: &PostgresStore) -> usize {
    match store.list_jobs(&PLATFORM, &JobFilter::all()).await {
        Ok(jobs) => jobs.len(),
        Err(error) => panic!("reads wait for a server that restarts: {error:?}"),
    }
}

#[tokio::test]
async fn a_restart_of_the_server_passes_unnoticed() {
    let Some(server) = Server::own() else { return };
    let store = open(&server.database()).await;
    store.put_record(&PLATFORM, "a", "b", &json!(1), Expected::Absent).await.unwrap();
    server.stop();
    server.start();
    assert_eq!(store.find_record(&PLATFORM, "a", "b").await.unwrap().unwrap().value, json!(1));
    store.put_record(&PLATFORM, "a", "b", &json!(2), Expected::Any).await.unwrap();
    let seen = store.wait_for_change(0, Duration::from_secs(5)).await.unwrap();
    crate::support::create(&store, "shop").await;
    assert_ne!(store.wait_for_change(seen, Duration::from_secs(5)).await.unwrap(), seen);
}

#[tokio::test]
async fn without_a_server_a_call_gives_up_after_a_while() {
    let Some(server) = Server::own() else { return };
    let store = open(&server.database()).await;
    server.stop();
    let started = Instant::now();
    let error = store.find_record(&PLATFORM, "a", "b").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
}
