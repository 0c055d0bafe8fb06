//! The stores.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use byop_core::ErrorKind;
use byop_core::clock::{Clock, ManualClock, Timestamp};
use byop_core::id::{JobId, SystemEntropy};
use byop_core::model::{AppName, EventBody, Job, JobFilter, JobKind, JobState, StepRecord};
use byop_core::store::{Expected, MemoryStore, Page, Scope, SqliteStore, Store, WhenBusy};
use byop_core::testing::store_suite::Subject;
use serde_json::json;
use tempfile::TempDir;

async fn memory_store(clock: Arc<ManualClock>) -> Subject {
    Subject::new(MemoryStore::new(clock.clone()), clock)
}

async fn sqlite_store(clock: Arc<ManualClock>) -> Subject {
    let (folder, path) = new_file();
    let store = SqliteStore::open_with(path, clock.clone()).await.unwrap();
    Subject::new(store, clock).with_folder(folder)
}

byop_core::store_suite!(memory, super::memory_store);
byop_core::store_suite!(sqlite, super::sqlite_store);

fn new_file() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("byop.db");
    (folder, path)
}

fn new_job(app: &str) -> Job {
    let app = AppName::new(app).unwrap();
    Job::new(JobId::random(&SystemEntropy), app, JobKind::Deploy, json!({}), Timestamp(1))
}

fn log(line: &str) -> EventBody {
    EventBody::Log { stage: "build".into(), line: line.into() }
}

fn sql(path: &Path, statement: &str) {
    rusqlite::Connection::open(path).unwrap().execute_batch(statement).unwrap();
}

async fn refusal(path: &Path) -> byop_core::Error {
    SqliteStore::open(path).await.unwrap_err()
}

#[tokio::test]
async fn a_reopened_store_has_everything() {
    let (_folder, path) = new_file();
    let job = new_job("shop");
    let store = SqliteStore::open(&path).await.unwrap();
    store.put_record(&Scope::Platform, "apps", "shop", &json!({"a": 1}), Expected::Absent).await.unwrap();
    store.create_job(&Scope::Platform, &job, WhenBusy::Refuse).await.unwrap();
    let lease = store.claim_job(&job.id, "one", Duration::from_secs(30)).await.unwrap();
    let step = StepRecord::intent(job.id.clone(), "build", "build:1", Timestamp(2));
    store.put_steps(&lease, std::slice::from_ref(&step)).await.unwrap();
    let event = store.append_events(&lease, vec![log("a")]).await.unwrap().remove(0);
    drop(store);

    let store = SqliteStore::open(&path).await.unwrap();
    assert_eq!(
        store.find_record(&Scope::Platform, "apps", "shop").await.unwrap().unwrap().value,
        json!({"a": 1})
    );
    let mut stored = job.clone();
    stored.step = Some("build".into());
    assert_eq!(store.get_job(&Scope::Platform, &job.id).await.unwrap(), stored);
    assert_eq!(store.list_steps(&Scope::Platform, &job.id).await.unwrap(), [step]);
    assert_eq!(store.list_events(&Scope::Platform, &job.id, 0, 9).await.unwrap(), [event]);
    store.renew_lease(&lease, Duration::from_secs(30)).await.unwrap();
}

#[tokio::test]
async fn the_files_are_for_their_owner_only() {
    let (folder, path) = new_file();
    let store = SqliteStore::open(&path).await.unwrap();
    store.put_record(&Scope::Platform, "a", "b", &json!(1), Expected::Any).await.unwrap();
    let modes: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().metadata().unwrap().permissions().mode() & 0o777)
        .collect();
    assert_eq!(modes, [0o600; 3], "the database, its log and its index");
}

#[tokio::test]
async fn a_file_that_others_could_read_is_closed_to_them() {
    let (_folder, path) = new_file();
    fs::write(&path, "").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    SqliteStore::open(&path).await.unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn two_handles_see_each_other() {
    let (_folder, path) = new_file();
    let (one, two) = (SqliteStore::open(&path).await.unwrap(), SqliteStore::open(&path).await.unwrap());
    let job = new_job("shop");
    one.create_job(&Scope::Platform, &job, WhenBusy::Refuse).await.unwrap();
    assert_eq!(
        two.create_job(&Scope::Platform, &new_job("shop"), WhenBusy::Refuse).await.unwrap_err().kind(),
        ErrorKind::Conflict
    );
    let lease = two.claim_job(&job.id, "two", Duration::from_secs(30)).await.unwrap();
    let mut done = job.clone();
    done.state = JobState::Succeeded;
    two.update_job(&lease, &done).await.unwrap();
    assert_eq!(one.list_jobs(&Scope::Platform, &JobFilter::all()).await.unwrap(), [done]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_file_can_be_opened_by_many_at_once() {
    let (_folder, path) = new_file();
    let opens: Vec<_> = (0..8).map(|_| tokio::spawn(SqliteStore::open(path.clone()))).collect();
    for open in opens {
        open.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let (_folder, path) = new_file();
    drop(SqliteStore::open(&path).await.unwrap());
    sql(&path, "INSERT INTO migrations VALUES (9999, 'later', 'sha256:0', 0)");
    let error = refusal(&path).await;
    assert_eq!((error.kind(), error.context("schema")), (ErrorKind::Unsupported, Some("9999")));
}

#[tokio::test]
async fn a_file_that_is_no_database_is_corrupt() {
    let (_folder, path) = new_file();
    let text = "dear diary, ".repeat(1000);
    fs::write(&path, &text).unwrap();
    let error = refusal(&path).await;
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert_eq!(error.context("file"), path.to_str());
    assert_eq!(fs::read_to_string(&path).unwrap(), text, "it is left as it was");
}

#[tokio::test]
async fn a_damaged_database_is_corrupt() {
    let (_folder, path) = new_file();
    let store = SqliteStore::open(&path).await.unwrap();
    for n in 0..200 {
        store
            .put_record(&Scope::Platform, "c", &n.to_string(), &json!("x".repeat(500)), Expected::Any)
            .await
            .unwrap();
    }
    drop(store);
    sql(&path, "PRAGMA wal_checkpoint(TRUNCATE)");
    let mut bytes = fs::read(&path).unwrap();
    for page in bytes.chunks_mut(4096).skip(2) {
        page.fill(0xA5);
    }
    fs::write(&path, bytes).unwrap();
    assert_eq!(refusal(&path).await.kind(), ErrorKind::Corrupt);
}

#[tokio::test]
async fn the_database_of_another_program_is_refused() {
    let (_folder, path) = new_file();
    sql(&path, "CREATE TABLE bookmarks (url TEXT)");
    assert_eq!(refusal(&path).await.kind(), ErrorKind::InvalidInput);
}

#[tokio::test]
async fn an_unreadable_value_is_corrupt_and_named() {
    let (_folder, path) = new_file();
    let store = SqliteStore::open(&path).await.unwrap();
    let job = new_job("shop");
    store.create_job(&Scope::Platform, &job, WhenBusy::Refuse).await.unwrap();
    sql(&path, "UPDATE jobs SET body = '{'");
    let error = store.get_job(&Scope::Platform, &job.id).await.unwrap_err();
    assert_eq!((error.kind(), error.context("job")), (ErrorKind::Corrupt, Some(job.id.as_str())));
}

#[tokio::test]
async fn a_missing_folder_is_not_found() {
    let (_folder, path) = new_file();
    assert_eq!(refusal(&path.with_file_name("none").join("byop.db")).await.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_folder_is_not_a_database() {
    let (folder, _) = new_file();
    assert_eq!(refusal(folder.path()).await.kind(), ErrorKind::InvalidInput);
}

#[test]
fn eight_threads_write_without_an_error() {
    let (_folder, path) = new_file();
    let store = Arc::new(block_on(SqliteStore::open(&path)).unwrap());
    let threads: Vec<_> = (0..8)
        .map(|thread| {
            let store = Arc::clone(&store);
            std::thread::spawn(move || {
                for n in 0..200 {
                    let key = format!("{thread}-{n}");
                    block_on(store.put_record(&Scope::Platform, "c", &key, &json!(n), Expected::Absent))
                        .unwrap();
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(block_on(store.list_records(&Scope::Platform, "c", &Page::all())).unwrap().len(), 1600);
}

#[tokio::test]
async fn a_dropped_call_is_carried_out_whole() {
    let (_folder, path) = new_file();
    let store = SqliteStore::open(&path).await.unwrap();
    let (key, value) = ("k", json!(1));
    let mut call = store.put_record(&Scope::Platform, "c", key, &value, Expected::Absent);
    // One poll hands the work to the store's thread; then the caller goes away.
    let _ = futures_util::poll!(call.as_mut());
    drop(call);
    assert_eq!(store.find_record(&Scope::Platform, "c", key).await.unwrap().unwrap().value, value);
}

/// A second process (this test, started again) writes and says what was acknowledged; it is killed in the middle.
#[test]
fn a_killed_writer_loses_nothing_that_was_acknowledged() {
    const FILE: &str = "BYOP_TEST_STORE_OF_CHILD";
    const START: &str = "acknowledged ";
    if let Some(path) = std::env::var_os(FILE) {
        let store = block_on(SqliteStore::open(path)).unwrap();
        for first in (0_u64..).step_by(8) {
            // Eight at a time, so that writes which share a commit are among those that are cut off.
            let keys: Vec<_> = (first..first + 8).map(|n| n.to_string()).collect();
            let value = json!(first);
            let put = async |key: &String| {
                store.put_record(&Scope::Platform, "c", key, &value, Expected::Absent).await.unwrap();
                println!("{START}{key}");
            };
            let puts = keys.iter().map(put);
            block_on(futures_util::future::join_all(puts));
        }
    }
    let (_folder, path) = new_file();
    let mut total = 0;
    for round in 1..=3 {
        let path = path.with_extension(round.to_string());
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "store::a_killed_writer_loses_nothing_that_was_acknowledged", "--nocapture"])
            .env(FILE, &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
        let mut acknowledged = Vec::new();
        for line in lines {
            let Some(n) = line.unwrap().strip_prefix(START).map(|n| n.parse::<u64>().unwrap()) else {
                continue;
            };
            acknowledged.push(n);
            if n == 20 * round {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        let store = block_on(SqliteStore::open(&path)).unwrap();
        for n in &acknowledged {
            assert!(
                block_on(store.find_record(&Scope::Platform, "c", &n.to_string())).unwrap().is_some(),
                "lost {n}"
            );
        }
        total += acknowledged.len();
    }
    assert!(total >= 120, "the writers were killed too early: {total}");
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

#[tokio::test]
async fn the_lease_follows_the_clock_that_was_given() {
    let (_folder, path) = new_file();
    let clock = Arc::new(ManualClock::default());
    let store = SqliteStore::open_with(&path, clock.clone()).await.unwrap();
    let job = new_job("shop");
    store.create_job(&Scope::Platform, &job, WhenBusy::Refuse).await.unwrap();
    store.claim_job(&job.id, "one", Duration::from_secs(1)).await.unwrap();
    clock.advance(Duration::from_secs(1));
    store.claim_job(&job.id, "two", Duration::from_secs(1)).await.unwrap();
    assert_eq!(clock.now(), Timestamp(1000));
}
