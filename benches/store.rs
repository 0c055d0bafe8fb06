//! The SQLite store: durable steps beside bare inserts, a store with a long past, and what an idle engine takes.
//!
//! Prints its figures and fails when one misses its goal. `BYOP_BENCH_EVENTS` and `BYOP_BENCH_RELEASES` make the store
//! with a past smaller.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use byop_core::clock::Timestamp;
use byop_core::engine::Engine;
use byop_core::id::{JobId, SystemEntropy};
use byop_core::model::{
    App, AppName, AppSpec, AppState, EventBody, Job, JobFilter, JobKind, Source, StepRecord, StepState,
    Subject,
};
use byop_core::store::{Expected, Page, Scope, SqliteStore, Store, WhenBusy};
use byop_core::testing::FakeRuntime;
use futures_util::future::join_all;
use serde_json::json;

const IDLE: &str = "BYOP_BENCH_IDLE_ENGINE";
const SCOPE: Scope = Scope::Platform;

/// A figure beside its goal.
struct Figures(Vec<String>);

impl Figures {
    fn at_most(&mut self, what: &str, found: f64, goal: f64, unit: &str) {
        self.note(what, found, found <= goal, &format!("at most {goal} {unit}"), unit);
    }

    fn at_least(&mut self, what: &str, found: f64, goal: f64) {
        self.note(what, found, found >= goal, &format!("at least {goal}"), "");
    }

    fn note(&mut self, what: &str, found: f64, is_met: bool, goal: &str, unit: &str) {
        println!("{what}: {found:.2} {unit} (goal: {goal}){}", if is_met { "" } else { "  MISSED" });
        if !is_met {
            self.0.push(what.to_owned());
        }
    }
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    if let Some(path) = std::env::var_os(IDLE) {
        return runtime.block_on(idle(Path::new(&path)));
    }
    // `cargo test` runs benches too, to see that they build.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let mut figures = Figures(Vec::new());
    runtime.block_on(steps(&mut figures));
    runtime.block_on(delivery(&mut figures));
    runtime.block_on(long_past(&mut figures));
    runtime.block_on(many_apps(&mut figures));
    assert!(figures.0.is_empty(), "missed: {}", figures.0.join(", "));
}

fn number_of(variable: &str, ordinary: usize) -> usize {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(ordinary)
}

fn new_file() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("byop.db");
    (folder, path)
}

fn new_job(app: &str) -> Job {
    let app = AppName::new(app).unwrap();
    Job::new(JobId::random(&SystemEntropy), app, JobKind::Deploy, json!({}), Timestamp(1))
}

/// Durable steps, each awaited and written as the engine does, how the last one ended with the intent of the next;
/// beside inserts of the same text by the same driver with the same settings, each committed; in turns, so that both
/// see the same disk.
async fn steps(figures: &mut Figures) {
    const ROUNDS: usize = 20;
    const EACH: usize = 50;
    let (folder, path) = new_file();
    let store = SqliteStore::open(&path).await.unwrap();
    let job = new_job("shop");
    store.create_job(&SCOPE, &job, WhenBusy::Refuse).await.unwrap();
    let lease = store.claim_job(&job.id, "bench", Duration::from_secs(3600)).await.unwrap();
    let intent =
        |number: usize| StepRecord::intent(job.id.clone(), "build", format!("build:{number}"), Timestamp(1));
    let done = |number: usize| {
        let mut step = intent(number);
        step.state = StepState::Done;
        step.output = Some(json!({ "image": "sha256:0123456789abcdef".repeat(8) }));
        step
    };
    let text = serde_json::to_string(&done(0)).unwrap();
    store.put_steps(&lease, &[intent(0)]).await.unwrap();
    let bare = rusqlite::Connection::open(folder.path().join("bare.db")).unwrap();
    bare.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         CREATE TABLE steps (position INTEGER PRIMARY KEY, job TEXT, key TEXT, body TEXT, UNIQUE (job, key))",
    )
    .unwrap();
    let (mut through_store, mut by_driver) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let started = Instant::now();
        for number in round * EACH..(round + 1) * EACH {
            store.put_steps(&lease, &[done(number), intent(number + 1)]).await.unwrap();
        }
        through_store.push(started.elapsed());
        let started = Instant::now();
        for number in 0..EACH {
            let key = format!("build:{}", round * EACH + number);
            bare.prepare_cached("INSERT INTO steps (job, key, body) VALUES (?1, ?2, ?3)")
                .unwrap()
                .execute((job.id.as_str(), key, &text))
                .unwrap();
        }
        by_driver.push(started.elapsed());
    }
    let rate = |mut times: Vec<Duration>| {
        times.sort();
        EACH as f64 / times[ROUNDS / 2].as_secs_f64()
    };
    let (ours, theirs) = (rate(through_store), rate(by_driver));
    println!("durable steps {ours:.0}/s, bare committed inserts {theirs:.0}/s (medians of {ROUNDS} rounds)");
    figures.at_least("durable steps to bare committed inserts", ours / theirs, 0.5);
}

/// How long an event takes from its writer to a follower in the same process.
async fn delivery(figures: &mut Figures) {
    const EVENTS: usize = 1000;
    let (_folder, path) = new_file();
    let store = SqliteStore::open(&path).await.unwrap();
    let job = new_job("shop");
    store.create_job(&SCOPE, &job, WhenBusy::Refuse).await.unwrap();
    let lease = store.claim_job(&job.id, "bench", Duration::from_secs(3600)).await.unwrap();
    let started = Instant::now();
    let write = async {
        let mut written = Vec::with_capacity(EVENTS);
        for number in 0..EVENTS {
            // The time before the write: committing it is part of the delivery.
            written.push(started.elapsed());
            let body = EventBody::Log { stage: "build".into(), line: number.to_string() };
            store.append_events(&lease, vec![body]).await.unwrap();
        }
        written
    };
    let follow = async {
        let (mut seen, mut read) = (0, Vec::with_capacity(EVENTS));
        while read.len() < EVENTS {
            seen = store.wait_for_change(seen, Duration::from_secs(5)).await.unwrap();
            let events = store.list_events(&SCOPE, &job.id, read.len() as u64, 200).await.unwrap();
            read.extend(events.iter().map(|_| started.elapsed()));
        }
        read
    };
    let (written, read) = tokio::join!(write, follow);
    let mut times: Vec<f64> =
        written.iter().zip(&read).map(|(from, to)| (*to - *from).as_secs_f64() * 1e3).collect();
    times.sort_by(f64::total_cmp);
    println!("delivery of an event: median {:.2} ms", times[EVENTS / 2]);
    figures.at_most("delivery of an event, 99th percentile", times[EVENTS * 99 / 100], 20.0, "ms");
}

/// 100,000 releases of 1,000 apps, 1,000 jobs, and 1 million events.
async fn long_past(figures: &mut Figures) {
    let (_folder, path) = new_file();
    let (releases, events) =
        (number_of("BYOP_BENCH_RELEASES", 100_000), number_of("BYOP_BENCH_EVENTS", 1_000_000));
    let started = Instant::now();
    let last = write_past(&path, releases, events).await;
    println!(
        "{releases} releases and {events} events written in {:.1} s, {} MB",
        started.elapsed().as_secs_f64(),
        fs::metadata(&path).unwrap().len() >> 20
    );
    let started = Instant::now();
    drop(SqliteStore::open(&path).await.unwrap());
    println!("opened for the first time in {:.2} ms", started.elapsed().as_secs_f64() * 1e3);
    let mut opened = Vec::new();
    for _ in 0..5 {
        let started = Instant::now();
        let store = SqliteStore::open(&path).await.unwrap();
        opened.push(started.elapsed().as_secs_f64() * 1e3);
        drop(store);
    }
    opened.sort_by(f64::total_cmp);
    figures.at_most("opening", opened[4], 100.0, "ms");
    let store = SqliteStore::open(&path).await.unwrap();
    let subject: Subject = "app/app-77".parse().unwrap();
    let of_app = Page::all().with_prefix("app-77/").with_limit(50);
    let late = Page::all().with_after("app-999/0000000040").with_limit(50);
    let of_client = Page::all().with_after("app-799/").with_limit(50);
    let client = Scope::Client("client-7".parse().unwrap());
    let half = events as u64 / 2000;
    page(figures, "a page of an app's releases", || store.list_records(&SCOPE, "releases", &of_app)).await;
    page(figures, "the last page of all releases", || store.list_records(&SCOPE, "releases", &late)).await;
    page(figures, "a page of a client's releases", || store.list_records(&client, "releases", &of_client))
        .await;
    page(figures, "a page of a job's events", || store.list_events(&SCOPE, &last, half, 100)).await;
    page(figures, "a page of an app's events", || store.list_subject_events(&SCOPE, &subject, half, 100))
        .await;
    page(figures, "a page of a client's view of them", || store.list_events(&client, &last, half, 100)).await;
    let jobs = JobFilter::all().with_page(None, 50);
    page(figures, "a page of jobs", || store.list_jobs(&SCOPE, &jobs)).await;
    let jobs = JobFilter::all().with_page(Some(last.clone()), 50);
    page(figures, "an older page of jobs", || store.list_jobs(&SCOPE, &jobs)).await;
    page(figures, "an older page of a client's jobs", || store.list_jobs(&client, &jobs)).await;
    let audit = byop_core::model::AuditFilter::all().with_subject("app/app-77").with_page(0, 50);
    page(figures, "a page of an app's audit", || store.list_audit(&SCOPE, &audit)).await;
    let unfinished = JobFilter::all().with_unfinished().with_page(None, 50);
    page(figures, "a page of jobs that have not ended", || store.list_jobs(&SCOPE, &unfinished)).await;
    let started = Instant::now();
    store.check().await.unwrap();
    println!("a full check: {:.1} s", started.elapsed().as_secs_f64());
}

/// The median of 20; the slowest is said beside it, since on a busy machine it is not ours.
async fn page<T, F>(figures: &mut Figures, what: &str, ask: impl Fn() -> F)
where
    F: Future<Output = byop_core::Result<Vec<T>>>,
{
    let mut times = Vec::new();
    let mut rows = 0;
    for _ in 0..20 {
        let started = Instant::now();
        rows = ask().await.unwrap().len();
        times.push(started.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    figures.at_most(&format!("{what} ({rows} rows, slowest {:.2} ms)", times[19]), times[10], 10.0, "ms");
}

/// Gives a job in the middle.
async fn write_past(path: &Path, releases: usize, events: usize) -> JobId {
    let store = SqliteStore::open(path).await.unwrap();
    let value = json!({ "image": "sha256:0123456789abcdef".repeat(4), "plan": "x".repeat(400) });
    let keys: Vec<_> = (0..releases).map(|n| format!("app-{}/{:010}", n % 1000, n / 1000)).collect();
    for keys in keys.chunks(512) {
        // A tenth is a client's.
        let puts = keys.iter().map(async |key| {
            let scope =
                if key.starts_with("app-7") { &Scope::Client("client-7".parse().unwrap()) } else { &SCOPE };
            store.put_record(scope, "releases", key, &value, Expected::Absent).await.unwrap();
        });
        join_all(puts).await;
    }
    let mut jobs = Vec::new();
    for app in 0..1000 {
        let mut job = new_job(&format!("app-{app}"));
        if app.to_string().starts_with('7') {
            job.client = Some("client-7".parse().unwrap());
        }
        store.create_job(&SCOPE, &job, WhenBusy::Refuse).await.unwrap();
        jobs.push(job.id);
    }
    drop(store);
    // As the store writes them, without the answers that nobody waits for here.
    let connection = rusqlite::Connection::open(path).unwrap();
    connection.busy_timeout(Duration::from_secs(30)).unwrap();
    let each = events / 1000;
    connection
        .execute_batch(&format!(
            "BEGIN;
             WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {each})
             INSERT INTO events (job, sequence, subject, position, time, body)
             SELECT id, n, subject, n, 1, '{{\"type\":\"log\",\"stage\":\"build\",\"line\":\"line ' || n || ' of a build that says a lot\"}}'
             FROM jobs CROSS JOIN n;
             INSERT INTO subjects SELECT subject, {each} FROM jobs WHERE true
             ON CONFLICT (subject) DO UPDATE SET last_position = excluded.last_position;
             UPDATE jobs SET last_sequence = {each};
             COMMIT; PRAGMA wal_checkpoint(TRUNCATE)"
        ))
        .unwrap();
    jobs.swap_remove(77)
}

/// An engine on 10,000 apps, in a process of its own.
async fn many_apps(figures: &mut Figures) {
    let (_folder, path) = new_file();
    let store = SqliteStore::open(&path).await.unwrap();
    let apps: Vec<_> = (0..10_000).map(|number| new_app(&format!("app-{number}"))).collect();
    for apps in apps.chunks(512) {
        let puts = apps.iter().map(async |app| {
            store.put_record(&SCOPE, "apps", app.name.as_str(), &json!(app), Expected::Absent).await.unwrap();
        });
        join_all(puts).await;
    }
    drop(store);
    let output = Command::new(std::env::current_exe().unwrap()).env(IDLE, &path).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let mut numbers = text.split_whitespace().map(|number| number.parse::<f64>().unwrap());
    figures.at_most("an idle engine with 10,000 apps", numbers.next().unwrap(), 60.0, "MB");
    println!("the same after it listed them all: {:.1} MB", numbers.next().unwrap());
}

fn new_app(name: &str) -> App {
    let mut spec = AppSpec::new(name, Source::Directory("/srv/apps/shop".into())).unwrap();
    for variable in 0..20 {
        spec.env.insert(format!("VARIABLE_{variable}").parse().unwrap(), "x".repeat(60));
    }
    App {
        name: AppName::new(name).unwrap(),
        spec,
        host: "local".into(),
        current: None,
        next_release: 1,
        wanted: AppState::Running,
        created_at: Timestamp(1),
        updated_at: Timestamp(1),
    }
}

/// Prints the megabytes in use: idle, and after all apps were listed.
async fn idle(path: &Path) {
    let store = SqliteStore::open(path).await.unwrap();
    let engine =
        Engine::builder().with_store(store).with_runtime("local", FakeRuntime::new()).build().unwrap();
    // The background work begins with the first call.
    engine.list_jobs(&JobFilter::all()).await.unwrap();
    println!("{:.1}", in_use());
    assert_eq!(engine.list_apps().await.unwrap().len(), 10_000);
    println!("{:.1}", in_use());
}

fn in_use() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    let kilobytes: f64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kilobytes / 1024.0
}
