//! How requests go wrong, in memory and over a connection.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use byop_core::testing::CallHook;
use byop_core::{ErrorKind, Result};
use tokio::time::{Instant, timeout};

use super::*;
use crate::http::{HttpOptions, HttpTransport, Method, Plaintext, Transport};

/// Counts what it was asked to make.
#[derive(Debug, Default)]
struct Counter {
    made: AtomicUsize,
    broken: AtomicUsize,
}

impl Simulator for Counter {
    fn answer(&self, request: &Request) -> Response {
        let mut response = Response::new(200);
        response.headers.push(("content-type".into(), "application/json".into()));
        if request.method == Method::Post {
            self.made.fetch_add(1, Ordering::SeqCst);
            response.status = 201;
            response.body = br#"{"server": {"id": 12345}}"#.to_vec();
        } else {
            response.headers.push(("x-path".into(), request.url.clone()));
        }
        response
    }
    fn set_times(&self, _: CloudTimes) {}
    fn set_quota(&self, _: usize) {}
    fn break_servers(&self, count: usize) {
        self.broken.store(count, Ordering::SeqCst);
    }
    fn ledger(&self) -> Vec<CloudEntry> {
        Vec::new()
    }
    fn plant(&self, _: ResourceKind, _: &str) -> String {
        String::new()
    }
    fn plant_foreign(&self, _: ResourceKind, _: &str) -> String {
        String::new()
    }
    fn foreign(&self) -> String {
        String::new()
    }
    fn kinds(&self) -> &'static [ResourceKind] {
        &[]
    }
    fn complaints(&self) -> Vec<String> {
        Vec::new()
    }
    fn refusal(&self, status: u16, retry_after: Option<u64>) -> Response {
        let mut response = Response::new(status);
        response.headers.extend(retry_after.map(|seconds| ("retry-after".to_owned(), seconds.to_string())));
        response
    }
}

fn world() -> (Arc<Counter>, Simulated) {
    let counter = Arc::new(Counter::default());
    let simulator: Arc<dyn Simulator> = Arc::<Counter>::clone(&counter);
    (counter, Simulated::new(simulator))
}

fn create() -> Request {
    Request::new("server.create", Method::Post, "https://api.example/v2/servers?token=canary")
        .with_body("application/json", "{}")
}

/// What a caller sees, and how many were made.
async fn seen(mishap: Mishap) -> (std::result::Result<(u16, Vec<u8>), ErrorKind>, usize) {
    let (counter, simulated) = world();
    simulated.inject(Fault::new("server.create", mishap));
    let answer = simulated.send(&create()).await;
    let answer = answer.map(|answer| (answer.status, answer.body)).map_err(|error| error.kind());
    assert_eq!(simulated.faults(), 1);
    (answer, counter.made.load(Ordering::SeqCst))
}

#[tokio::test(start_paused = true)]
async fn every_mishap_looks_as_it_does_on_the_network() {
    let made = || br#"{"server": {"id": 12345}}"#.to_vec();
    assert_eq!(seen(Mishap::TimeoutBefore).await, (Err(ErrorKind::Timeout), 0));
    assert_eq!(seen(Mishap::TimeoutAfter).await, (Err(ErrorKind::Timeout), 1));
    assert_eq!(seen(Mishap::ResetBefore).await, (Err(ErrorKind::Unavailable), 0));
    assert_eq!(seen(Mishap::ResetAfter).await, (Err(ErrorKind::Unavailable), 1));
    assert_eq!(seen(Mishap::RateLimited(Some(3))).await, (Ok((429, vec![])), 0));
    assert_eq!(seen(Mishap::OutOfOrderBefore).await, (Ok((500, vec![])), 0));
    assert_eq!(seen(Mishap::OutOfOrderAfter).await, (Ok((500, vec![])), 1));
    assert_eq!(seen(Mishap::HalfBody).await, (Ok((201, made()[..12].to_vec())), 1));
    assert_eq!(seen(Mishap::Late(Duration::from_secs(9))).await, (Ok((201, made())), 1));
    let (page, made) = seen(Mishap::ProxyPage(502)).await;
    let (status, body) = page.unwrap();
    assert_eq!((status, body.starts_with(b"<!DOCTYPE html>"), made), (502, true, 0));
}

#[tokio::test(start_paused = true)]
async fn what_never_returns_is_done_or_not() {
    for (mishap, made) in [(Mishap::Never, 0), (Mishap::Lost, 1)] {
        let (counter, simulated) = world();
        simulated.inject(Fault::new("*", mishap));
        timeout(Duration::from_secs(3600), simulated.send(&create())).await.unwrap_err();
        assert_eq!(counter.made.load(Ordering::SeqCst), made);
    }
}

#[tokio::test]
async fn a_fault_waits_for_its_request() {
    let (_, simulated) = world();
    simulated.inject(Fault::new("server.create", Mishap::OutOfOrderBefore).with_nth(2));
    simulated.inject(Fault::new("GET /v2/keys", Mishap::OutOfOrderBefore));
    let get = |path: &str| Request::new("x.get", Method::Get, format!("https://api.example{path}"));
    let mut seen = Vec::new();
    for request in [create(), get("/v2/servers"), get("/v2/keys/7"), create(), create()] {
        seen.push(simulated.send(&request).await.unwrap().status);
    }
    assert_eq!(seen, [201, 200, 500, 500, 201]);
}

#[tokio::test(start_paused = true)]
async fn chaos_is_the_same_for_the_same_seed_until_it_heals() {
    async fn run(seed: u64) -> Vec<SentRequest> {
        let (_, simulated) = world();
        simulated.set_chaos(seed, 500);
        for _ in 0..50 {
            let _ = simulated.send(&create()).await;
        }
        assert!((10..40).contains(&simulated.faults()), "{}", simulated.faults());
        let before = simulated.faults();
        simulated.heal();
        assert_eq!(simulated.send(&create()).await.unwrap().status, 201);
        assert_eq!(simulated.faults(), before);
        simulated.requests()
    }
    assert_eq!(run(7).await, run(7).await);
    assert_ne!(run(7).await, run(8).await);
}

#[tokio::test]
async fn healing_leaves_servers_whole() {
    let (counter, simulated) = world();
    counter.break_servers(3);
    simulated.heal();
    assert_eq!(counter.broken.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn requests_are_noted_without_what_may_be_secret() {
    let (_, simulated) = world();
    simulated.inject(Fault::new("*", Mishap::ResetBefore));
    let _ = simulated.send(&create()).await;
    simulated.send(&create()).await.unwrap();
    let statuses: Vec<_> = simulated.requests().iter().map(|request| request.status).collect();
    assert_eq!(statuses, [None, Some(201)]);
    assert_eq!(simulated.requests()[0].url, "https://api.example/v2/servers");
    assert!(!format!("{simulated:?}").contains("canary"));
}

#[derive(Debug, Clone, Default)]
struct Notes(Arc<Mutex<Vec<String>>>);

#[async_trait]
impl CallHook for Notes {
    async fn before(&self, operation: &'static str, subject: &str) -> Result<()> {
        self.0.lock().unwrap().push(format!("before {operation} {subject}"));
        Ok(())
    }
    async fn after(&self, operation: &'static str, _: &str) -> Result<()> {
        self.0.lock().unwrap().push(format!("after {operation}"));
        Ok(())
    }
}

#[tokio::test]
async fn a_hook_takes_part_in_its_own_handle_only() {
    let (_, simulated) = world();
    let notes = Notes::default();
    simulated.with_hook(notes.clone()).send(&create()).await.unwrap();
    simulated.send(&create()).await.unwrap();
    let seen = notes.0.lock().unwrap().clone();
    assert_eq!(seen, ["before server.create https://api.example/v2/servers", "after server.create"]);
    assert_eq!(simulated.requests().len(), 2);
}

fn network() -> HttpTransport {
    let options = HttpOptions::default()
        .with_plaintext(Plaintext::Allowed)
        .with_timeouts(Duration::from_secs(5), Duration::from_millis(300));
    HttpTransport::new(&options).unwrap()
}

#[tokio::test]
async fn other_programs_reach_it_over_http() {
    let (counter, simulated) = world();
    let server = serve(&simulated, "127.0.0.1:0".parse().unwrap()).await.unwrap();
    let at = |path: &str| format!("{}{path}", server.url());
    let made = network().send(&Request::new("x.create", Method::Post, at("/v2/servers"))).await.unwrap();
    assert_eq!((made.status, counter.made.load(Ordering::SeqCst)), (201, 1));
    let url = at("/v2/servers/a%20b?tag=c%3Ad");
    let read = network().send(&Request::new("x.get", Method::Get, &*url)).await.unwrap();
    assert_eq!(read.header("x-path"), Some(url.as_str()));
}

#[tokio::test]
async fn requests_go_wrong_over_http_as_well() {
    let (counter, simulated) = world();
    let server = serve(&simulated, "127.0.0.1:0".parse().unwrap()).await.unwrap();
    let post = Request::new("x.create", Method::Post, format!("{}/v2/servers", server.url()));
    let faults = [Mishap::ResetAfter, Mishap::TimeoutAfter, Mishap::RateLimited(Some(2)), Mishap::HalfBody];
    for mishap in faults {
        simulated.inject(Fault::new("POST /v2", mishap));
    }
    let network = network();
    assert_eq!(network.send(&post).await.unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(network.send(&post).await.unwrap_err().kind(), ErrorKind::Timeout);
    assert_eq!(network.send(&post).await.unwrap().header("retry-after"), Some("2"));
    assert_eq!(network.send(&post).await.unwrap().body.len(), 12);
    assert_eq!(counter.made.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_server_that_is_dropped_answers_no_more() {
    let (_, simulated) = world();
    let server = serve(&simulated, "127.0.0.1:0".parse().unwrap()).await.unwrap();
    let request = Request::new("x.get", Method::Get, server.url());
    network().send(&request).await.unwrap();
    drop(server);
    let end = Instant::now() + Duration::from_secs(10);
    // The port is free as soon as the task has been dropped.
    while network().send(&request).await.is_ok() {
        assert!(Instant::now() < end, "it still answers");
        tokio::task::yield_now().await;
    }
}
