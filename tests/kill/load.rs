//! Requests to one app, all the time, and what became of them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::{JoinHandle, JoinSet};

type Connection = SendRequest<Empty<Bytes>>;

/// Requests of a second while the app is being replaced.
const RATE: u32 = 60;
/// While it serves and nothing happens to it, one of so many.
const CALM: u32 = 6;
/// Of so many requests one comes over a connection of its own, the others over kept ones.
const NEW: u32 = 3;
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug, Default, Clone)]
pub struct Counts {
    /// All that were to be answered.
    pub judged: u32,
    /// Of these, while it was being replaced.
    pub replacing: u32,
    pub connections: u32,
    pub failed: BTreeMap<String, u32>,
    /// When the first ones failed, as Docker tells the time.
    pub first: Vec<String>,
}

#[derive(Debug, Default)]
struct Shared {
    /// Odd while the app is to answer; raised by each change.
    epoch: u64,
    is_replacing: bool,
    counts: Counts,
    idle: Vec<Connection>,
}

/// A load on one app.
pub struct Load {
    shared: Arc<Mutex<Shared>>,
    task: JoinHandle<()>,
}

impl Load {
    pub fn start(port: u16, host: String) -> Self {
        let shared = Arc::<Mutex<Shared>>::default();
        let task = tokio::spawn(run(port, host, Arc::clone(&shared)));
        Self { shared, task }
    }

    /// From now on each request has to be answered well, or need not be.
    pub fn expect(&self, answers: bool) {
        let mut shared = self.shared.lock().unwrap();
        if (shared.epoch % 2 == 1) != answers {
            shared.epoch += 1;
        }
    }

    /// Whether the app is being replaced.
    pub fn replacing(&self, is_replacing: bool) {
        self.shared.lock().unwrap().is_replacing = is_replacing;
    }

    pub fn counts(&self) -> Counts {
        self.shared.lock().unwrap().counts.clone()
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn run(port: u16, host: String, shared: Arc<Mutex<Shared>>) {
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / RATE);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut requests = JoinSet::new();
    for number in 0_u32.. {
        ticks.tick().await;
        let (epoch, is_replacing) = {
            let shared = shared.lock().unwrap();
            (shared.epoch, shared.is_replacing)
        };
        if epoch % 2 == 0 || (!is_replacing && number % CALM != 0) {
            continue;
        }
        let (host, shared) = (host.clone(), Arc::clone(&shared));
        requests.spawn(async move {
            let asked_at = std::time::Instant::now();
            let asked = request(port, &host, number % NEW == 0, &shared);
            let outcome = tokio::time::timeout(PATIENCE, asked).await;
            let outcome = outcome.unwrap_or_else(|_| Err("no answer in time".into()));
            let mut shared = shared.lock().unwrap();
            if shared.epoch != epoch {
                // It was told to stop meanwhile.
                return;
            }
            shared.counts.judged += 1;
            shared.counts.replacing += u32::from(shared.is_replacing);
            if let Err(why) = outcome {
                if shared.counts.first.len() < 10 {
                    let line = format!("{:.3}: {why} (asked {:.3?} before)", now(), asked_at.elapsed());
                    shared.counts.first.push(line);
                }
                *shared.counts.failed.entry(why).or_default() += 1;
            }
        });
        while requests.try_join_next().is_some() {}
    }
}

async fn request(port: u16, host: &str, anew: bool, shared: &Mutex<Shared>) -> Result<(), String> {
    let kept = if anew { None } else { shared.lock().unwrap().idle.pop() };
    let mut sender = match kept.filter(|sender| !sender.is_closed()) {
        Some(sender) => sender,
        None => {
            shared.lock().unwrap().counts.connections += 1;
            connect(port).await.map_err(|error| format!("connect: {error}"))?
        }
    };
    let (status, _) = get(&mut sender, host, "/").await?;
    if !anew {
        shared.lock().unwrap().idle.push(sender);
    }
    if status == 200 { Ok(()) } else { Err(format!("status {status}")) }
}

async fn connect(port: u16) -> std::io::Result<Connection> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(std::io::Error::other)?;
    tokio::spawn(connection);
    Ok(sender)
}

async fn get(sender: &mut Connection, host: &str, path: &str) -> Result<(u16, String), String> {
    let request = hyper::Request::get(path).header("host", host).body(Empty::new()).unwrap();
    let response = sender.send_request(request).await.map_err(|error| format!("send: {error}"))?;
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.map_err(|error| format!("body: {error}"))?.to_bytes();
    Ok((status, String::from_utf8_lossy(&body).trim().to_owned()))
}

/// Seconds since 1970.
pub fn now() -> f64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0.0, |since| since.as_secs_f64())
}

/// One request over a connection of its own.
pub async fn ask(port: u16, host: &str, path: &str) -> Result<(u16, String), String> {
    let mut sender = connect(port).await.map_err(|error| format!("connect: {error}"))?;
    tokio::time::timeout(PATIENCE, get(&mut sender, host, path)).await.map_err(|error| error.to_string())?
}
