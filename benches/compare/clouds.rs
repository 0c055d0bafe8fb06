//! 100 servers made in parallel and listed, on one moto server (a simulated AWS in Python): byop through its provider
//! and through a whole engine with a store, beside boto3 and Apache libcloud with threads. Each is a process of its own,
//! in turns, so that a noisy machine disturbs all alike. `benches/compare/clouds/run.sh` installs what is needed.
//!
//! moto serves one request after the other, so its own work is the floor of everybody's time: it is told beside, as are
//! the calls that each made (by moto's record, in a round that is not measured) and the time that the client itself took.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use byop_cloud::registry::{CloudRegistry, ProviderOptions};
use byop_core::cloud::CloudProvider;
use byop_core::engine::Engine;
use byop_core::model::{RegionId, ServerFilter, ServerRequest, ServerSpec};
use byop_core::store::SqliteStore;
use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::iter;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tempfile::TempDir;

const REGION: &str = "eu-central-1";
const SIZE: &str = "t3.micro";
/// What the processes that this one starts are to do.
const ROLE: &str = "BYOP_BENCH_ROLE";

fn main() {
    match std::env::var(ROLE) {
        Ok(role) => contend(&role),
        Err(_) => compare(),
    }
}

fn number(name: &str, otherwise: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// What a contender says of itself.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Told {
    create: f64,
    list: f64,
    cpu: f64,
    peak_kib: u64,
}

// ---- byop's side

fn contend(role: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut told = runtime.block_on(async {
        let aws = CloudRegistry::vendors().open("aws", &ProviderOptions::from_env()).unwrap();
        let count = number("BYOP_BENCH_SERVERS", 100);
        if role == "engine" { through_engine(aws, count).await } else { through_provider(&aws, count).await }
    });
    (told.cpu, told.peak_kib) = (cpu("self"), peak_kib());
    println!("{}", serde_json::to_string(&told).unwrap());
}

async fn through_provider(aws: &dyn CloudProvider, count: usize) -> Told {
    let started = Instant::now();
    let image = std::env::var("BYOP_BENCH_IMAGE").unwrap();
    let at_once = number("BYOP_BENCH_AT_ONCE", 100);
    let made = iter(0..count).map(|number| {
        let key = format!("bench{number:015}");
        let spec = ServerSpec::new(key, format!("web-{number}"), RegionId(REGION.into()), SIZE, &image);
        async move { aws.create_server(&spec).await.unwrap().id }
    });
    let made: BTreeSet<_> = made.buffer_unordered(at_once).collect::<Vec<_>>().await.into_iter().collect();
    let created = Instant::now();
    let listed = aws.list_servers(&ServerFilter::all()).await.unwrap();
    let listed: BTreeSet<_> = listed.into_iter().map(|server| server.id).collect();
    assert_eq!((made.len(), &made), (count, &listed));
    told(started, created)
}

async fn through_engine(aws: std::sync::Arc<dyn CloudProvider>, count: usize) -> Told {
    let started = Instant::now();
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("state.db")).await.unwrap();
    let engine = Engine::builder().with_store(store).with_cloud(aws).build().unwrap();
    let image = std::env::var("BYOP_BENCH_IMAGE").unwrap();
    let made = (0..count).map(|number| {
        let request = ServerRequest::new(&format!("web-{number}"), REGION, SIZE).unwrap().with_image(&image);
        let engine = &engine;
        async move {
            let job = engine.create_server(request).await.unwrap();
            engine.wait(&job).await.unwrap()
        }
    });
    assert_eq!(join_all(made).await.len(), count);
    let created = Instant::now();
    let listed = engine.list_servers().await.unwrap();
    assert!(listed.len() == count && listed.iter().all(|report| report.server.is_some()));
    told(started, created)
}

fn told(started: Instant, created: Instant) -> Told {
    let (create, list) = (created - started, created.elapsed());
    Told { create: create.as_secs_f64(), list: list.as_secs_f64(), ..Told::default() }
}

/// The processor time of a process, in seconds.
fn cpu(process: &str) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let after_name: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    // User and system time, in hundredths of a second.
    let ticks: u64 = after_name[11..13].iter().map(|text| text.parse::<u64>().unwrap()).sum();
    ticks as f64 / 100.0
}

fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

// ---- the comparison

/// Who contends, and how it is started.
struct Contender {
    name: &'static str,
    command: Box<dyn Fn(&Moto) -> Command>,
}

fn byop(name: &'static str, role: &'static str) -> Contender {
    let command = move |moto: &Moto| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .env(ROLE, role)
            .env("BYOP_BENCH_IMAGE", &moto.image)
            .env("AWS_ENDPOINT_URL", moto.url())
            .env("AWS_REGION", REGION)
            .env("AWS_ACCESS_KEY_ID", "AKIABENCH")
            .env("AWS_SECRET_ACCESS_KEY", "bench");
        command
    };
    Contender { name, command: Box::new(command) }
}

fn python(name: &'static str, script: &'static str, waits: bool) -> Contender {
    let command = move |moto: &Moto| {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/compare/clouds");
        let count = number("BYOP_BENCH_SERVERS", 100);
        let threads = number("BYOP_BENCH_THREADS", 16);
        let mut command =
            Command::new(std::env::var("PEERS_PYTHON").expect("benches/compare/clouds/run.sh sets it"));
        command.arg(format!("{folder}/{script}")).arg(moto.url());
        command.args([count.to_string(), threads.to_string(), moto.image.clone()]);
        command.arg(if waits { "wait" } else { "-" });
        command
    };
    Contender { name, command: Box::new(command) }
}

/// What one round of a contender took.
#[derive(Debug, Clone)]
struct Round {
    whole: f64,
    moto: f64,
    told: Told,
}

fn compare() {
    let contenders = [
        byop("byop, provider", "provider"),
        python("boto3", "boto3_servers.py", false),
        python("libcloud", "libcloud_servers.py", false),
        byop("byop, engine with SQLite, until they run", "engine"),
        python("boto3, until they run", "boto3_servers.py", true),
        python("libcloud, until they run", "libcloud_servers.py", true),
    ];
    let (rounds, count) = (number("BYOP_BENCH_ROUNDS", 5), number("BYOP_BENCH_SERVERS", 100));
    let moto = Moto::start();
    // The first time each has files to read and moto has modules to load; and this is where calls are counted.
    let calls: Vec<usize> = contenders.iter().map(|contender| moto.calls(contender)).collect();
    let mut seen: Vec<Vec<Round>> = vec![Vec::new(); contenders.len()];
    for _ in 0..rounds {
        for (contender, seen) in contenders.iter().zip(&mut seen) {
            seen.push(moto.round(contender));
        }
    }
    println!("{count} servers made in parallel and listed, medians of {rounds} rounds, seconds:");
    println!(
        "{:42} {:>7} {:>7} {:>7} {:>7} {:>7} {:>7} {:>9}",
        "", "whole", "create", "list", "client", "moto", "calls", "peak MiB"
    );
    for ((contender, seen), calls) in contenders.iter().zip(&seen).zip(calls) {
        let of = |part: fn(&Round) -> f64| median(seen.iter().map(part).collect());
        println!(
            "{:42} {:7.2} {:7.2} {:7.2} {:7.2} {:7.2} {:7} {:9.1}",
            contender.name,
            of(|round| round.whole),
            of(|round| round.told.create),
            of(|round| round.told.list),
            of(|round| round.told.cpu),
            of(|round| round.moto),
            calls,
            of(|round| round.told.peak_kib as f64 / 1024.0),
        );
    }
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

/// The one server that all use.
struct Moto {
    process: Child,
    port: u16,
    image: String,
    _folder: TempDir,
}

impl Moto {
    fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let program = std::env::var("MOTO_SERVER").expect("benches/compare/clouds/run.sh sets it");
        // Where it writes its record.
        let folder = tempfile::tempdir().unwrap();
        let process = Command::new(program)
            .args(["-H", "127.0.0.1", "-p", &port.to_string()])
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut moto = Self { process, port, image: String::new(), _folder: folder };
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            std::thread::sleep(Duration::from_millis(50));
        }
        let images = moto.ask("POST", "/", "Action=DescribeImages&Version=2016-11-15");
        let (_, rest) = images.split_once("<imageId>").expect("moto has images");
        moto.image = rest.split('<').next().unwrap().to_owned();
        moto
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let credential = format!("Credential=AKIABENCH/20260101/{REGION}/ec2/aws4_request");
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: ec2.{REGION}.amazonaws.com\r\nConnection: close\r\n\
             Authorization: AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, Signature=00\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn round(&self, contender: &Contender) -> Round {
        self.ask("POST", "/moto-api/reset", "");
        let (id, started) = (self.process.id().to_string(), Instant::now());
        let before = cpu(&id);
        let output = (contender.command)(self).stderr(Stdio::inherit()).output().unwrap();
        let whole = started.elapsed().as_secs_f64();
        assert!(output.status.success(), "{} failed", contender.name);
        let told = serde_json::from_slice(&output.stdout).unwrap();
        Round { whole, moto: cpu(&id) - before, told }
    }

    /// The calls of one round.
    fn calls(&self, contender: &Contender) -> usize {
        self.ask("POST", "/moto-api/recorder/reset-recording", "");
        self.ask("POST", "/moto-api/recorder/start-recording", "");
        self.round(contender);
        self.ask("POST", "/moto-api/recorder/stop-recording", "");
        let record = self.ask("GET", "/moto-api/recorder/download-recording", "");
        let is_call =
            |line: &&str| serde_json::from_str::<Value>(line).is_ok_and(|line| line["method"].is_string());
        record.lines().filter(is_call).count()
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
