//! A steady load on one host name: every request is counted, keep-alive connections are used again.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper::client::conn::http1::SendRequest;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;

use crate::support::connect;

type Connection = SendRequest<Empty<Bytes>>;

/// What a load saw.
#[derive(Debug, Default)]
pub struct Counts {
    pub requests: u32,
    pub slow_requests: u32,
    pub connections: u32,
    /// Failures by kind: a status, or what went wrong with the connection.
    pub failed: BTreeMap<String, u32>,
    /// Good answers by body.
    pub answers: BTreeMap<String, u32>,
    pub latencies: Vec<Duration>,
}

impl Counts {
    pub fn percentile(&mut self, percent: usize) -> Duration {
        self.latencies.sort_unstable();
        self.latencies[(self.latencies.len() - 1) * percent / 100]
    }
}

/// A load that runs until it is stopped.
pub struct Load {
    stop: Arc<AtomicBool>,
    task: JoinHandle<Counts>,
}

impl Load {
    /// `rate` requests a second to `/version`; every `slow_every`th goes to `/slow?ms=3000` instead.
    pub fn start(port: u16, host: String, rate: u32, slow_every: u32) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let task = tokio::spawn(run(port, host, rate, slow_every, Arc::clone(&stop)));
        Self { stop, task }
    }

    /// Lets requests in flight end, and counts.
    pub async fn stop(self) -> Counts {
        self.stop.store(true, Ordering::SeqCst);
        self.task.await.unwrap()
    }
}

async fn run(port: u16, host: String, rate: u32, slow_every: u32, stop: Arc<AtomicBool>) -> Counts {
    let idle: Arc<Mutex<Vec<Connection>>> = Arc::default();
    let counts: Arc<Mutex<Counts>> = Arc::default();
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / rate);
    // A late tick is made up for: the rate is kept over the whole run.
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Burst);
    let mut requests = JoinSet::new();
    let mut number = 0;
    while !stop.load(Ordering::SeqCst) {
        ticks.tick().await;
        number += 1;
        let slow = number % slow_every == 0;
        let (host, idle, counts) = (host.clone(), Arc::clone(&idle), Arc::clone(&counts));
        requests.spawn(async move {
            let started = Instant::now();
            let outcome =
                tokio::time::timeout(Duration::from_secs(10), request(port, &host, slow, &idle, &counts))
                    .await;
            let mut counts = counts.lock().unwrap();
            counts.requests += 1;
            counts.slow_requests += u32::from(slow);
            match outcome.unwrap_or_else(|_| Err("no answer within 10 s".into())) {
                Ok(body) => {
                    *counts.answers.entry(body).or_default() += 1;
                    if !slow {
                        counts.latencies.push(started.elapsed());
                    }
                }
                Err(kind) => *counts.failed.entry(kind).or_default() += 1,
            }
        });
        while requests.try_join_next().is_some() {}
    }
    while requests.join_next().await.is_some() {}
    Arc::try_unwrap(counts).unwrap().into_inner().unwrap()
}

async fn request(
    port: u16,
    host: &str,
    slow: bool,
    idle: &Mutex<Vec<Connection>>,
    counts: &Mutex<Counts>,
) -> Result<String, String> {
    let pooled = idle.lock().unwrap().pop();
    let mut sender = match pooled {
        Some(sender) => sender,
        None => {
            counts.lock().unwrap().connections += 1;
            connect(port).await.map_err(|error| format!("connect: {error}"))?
        }
    };
    let path = if slow { "/slow?ms=3000" } else { "/version" };
    let request = hyper::Request::get(path).header("host", host).body(Empty::new()).unwrap();
    let response = sender.send_request(request).await.map_err(|error| format!("send: {error}"))?;
    let status = response.status();
    let body = response.into_body().collect().await.map_err(|error| format!("body: {error}"))?.to_bytes();
    idle.lock().unwrap().push(sender);
    if status.is_success() {
        Ok(String::from_utf8_lossy(&body).into_owned())
    } else {
        Err(format!("status {}", status.as_u16()))
    }
}
