//! Several engines on one queue.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use byop_core::model::{JobFilter, JobState};
use byop_core::store::{PostgresStore, Store};

use super::server::Server;
use super::{open, options};
use crate::support::{PLATFORM, TTL, claimed, create, log};

/// 500 jobs, of which each tenth waits for another of its app, and four engines that each take what is next.
#[tokio::test(flavor = "multi_thread")]
async fn many_engines_run_each_job_once_and_those_of_an_app_in_order() {
    let Some(server) = Server::shared() else { return };
    let url = server.database();
    let first = open(&url).await;
    let mut made = Vec::new();
    for number in 0..500 {
        made.push(create(&first, &format!("app-{}", if number % 10 == 0 { 0 } else { number })).await.id);
    }
    let started = Instant::now();
    let workers: Vec<_> = (0..4)
        .map(|worker| tokio::spawn(work(url.clone(), format!("worker-{worker}"), made.len())))
        .collect();
    let mut ran = BTreeMap::new();
    for worker in workers {
        let jobs = worker.await.unwrap();
        assert!(!jobs.is_empty(), "a worker got nothing");
        for (job, began, ended) in jobs {
            assert!(ran.insert(job, (began, ended)).is_none(), "a job ran twice");
        }
    }
    println!("500 jobs by 4 engines in {:?}", started.elapsed());
    assert_eq!(ran.len(), 500);
    let of_one_app: Vec<_> = made.iter().step_by(10).map(|id| ran[id.as_str()]).collect();
    assert!(of_one_app.windows(2).all(|pair| pair[0].1 <= pair[1].0), "two jobs of one app overlapped");
}

/// Takes and ends jobs until all have ended.
async fn work(url: String, name: String, all: usize) -> Vec<(String, Instant, Instant)> {
    let store = PostgresStore::open_with(options(&url).with_connections(2)).await.unwrap();
    let (mut ran, mut seen) = (Vec::new(), 0);
    loop {
        let Some(lease) = store.claim_next(&name, TTL, Duration::ZERO).await.unwrap() else {
            let jobs = store.list_jobs(&PLATFORM, &JobFilter::all().with_unfinished()).await.unwrap();
            if jobs.is_empty() {
                return ran;
            }
            assert!(ran.len() <= all, "jobs do not end");
            seen = store.wait_for_change(seen, Duration::from_secs(1)).await.unwrap();
            continue;
        };
        let began = Instant::now();
        let mut job = store.get_job(&PLATFORM, &lease.job).await.unwrap();
        job.state = JobState::Succeeded;
        let id = job.id.as_str().to_owned();
        let ended = Instant::now();
        store.update_job(&lease, &job).await.unwrap();
        ran.push((id, began, ended));
    }
}

/// The median of 50; what another connection writes wakes this one.
#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_engine_is_woken_by_another_at_once() {
    let Some(server) = Server::shared() else { return };
    let url = server.database();
    let (waiting, writing) = (open(&url).await, open(&url).await);
    let (_, lease) = claimed(&writing, "shop").await;
    let mut seen = settled(&waiting).await;
    let mut delays = Vec::new();
    for _ in 0..50 {
        let wait = async { (waiting.wait_for_change(seen, Duration::from_secs(5)).await, Instant::now()) };
        let write = async {
            writing.append_events(&lease, vec![log("a")]).await.unwrap();
            Instant::now()
        };
        let ((woken, at), written) = tokio::join!(wait, write);
        assert_ne!(woken.as_ref().unwrap(), &seen, "nobody woke");
        seen = woken.unwrap();
        delays.push(at.saturating_duration_since(written));
    }
    delays.sort();
    println!("woken after {:?} (median), {:?} (most)", delays[25], delays[49]);
    assert!(delays[25] < Duration::from_millis(100), "{delays:?}");
}

/// What was seen when nothing changes any more: the first numbers count the beginning of the listening too.
async fn settled(store: &PostgresStore) -> u64 {
    let mut seen = 0;
    loop {
        match store.wait_for_change(seen, Duration::from_millis(300)).await.unwrap() {
            now if now == seen && seen > 1 => return seen,
            now => seen = now,
        }
    }
}

#[tokio::test]
async fn a_waiting_engine_gives_up_when_its_patience_ends() {
    let Some(server) = Server::shared() else { return };
    let store = open(&server.database()).await;
    let seen = settled(&store).await;
    let started = Instant::now();
    assert_eq!(store.wait_for_change(seen, Duration::from_millis(50)).await.unwrap(), seen);
    assert!(started.elapsed() < Duration::from_secs(2));
}

/// Leases are judged by the server's clock, so a process whose own clock is wrong takes nobody's job.
#[tokio::test]
async fn leases_are_judged_by_the_clock_of_the_server() {
    let Some(server) = Server::shared() else { return };
    let url = server.database();
    let store = open(&url).await;
    let (job, _) = claimed(&store, "shop").await;
    let until = super::server::run_sql(
        &url,
        "SELECT round(lease_until / 1000.0 - extract(epoch FROM clock_timestamp())) FROM byop.jobs",
    );
    let left: i64 = until.unwrap().parse().unwrap();
    assert!((20..=30).contains(&left), "{job:?}: {left}");
}
