//! SQLite.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use byop_core::model::{EventBody, JobFilter, StepRecord};
use byop_core::store::{Expected, Page, SqliteStore, Store};
use serde_json::json;
use tempfile::TempDir;

use crate::support::{PLATFORM, claimed, log};

mod backup;
mod child;
mod damage;
mod kill;
mod locks;
mod migrations;
mod power;
mod space;

fn new_file() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("byop.db");
    (folder, path)
}

/// The file that holds the writes that are not yet in the database.
fn wal(path: &Path) -> PathBuf {
    path.with_extension("db-wal")
}

/// Drops a store and waits until its thread has closed the file, which removes the log.
async fn closed(store: SqliteStore) {
    let log = wal(store.path());
    drop(store);
    let started = Instant::now();
    while log.exists() {
        assert!(started.elapsed() < Duration::from_secs(20), "the file is not closed");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Copies a database with what lies beside it, as a power cut would leave it.
fn copy(from: &Path, to: &Path) {
    fs::copy(from, to).unwrap();
    if wal(from).exists() {
        fs::copy(wal(from), wal(to)).unwrap();
    }
}

/// A store with a bit of everything, as text: what a reader must find, or an error.
async fn fill(store: &SqliteStore) {
    for number in 0..40 {
        let value = json!({ "number": number, "text": "shop ".repeat(20 + number) });
        store.put_record(&PLATFORM, "apps", &format!("app-{number}"), &value, Expected::Any).await.unwrap();
    }
    for number in 0..10 {
        let (job, lease) = claimed(store, &format!("app-{number}")).await;
        for stage in ["fetch", "build", "start"] {
            let key = format!("{stage}:{number}");
            let mut step = StepRecord::intent(job.id.clone(), stage, key, byop_core::clock::Timestamp(7));
            step.output = Some(json!({ "image": "sha256:".to_owned() + &"0123456789abcdef".repeat(4) }));
            store.put_steps(&lease, std::slice::from_ref(&step)).await.unwrap();
        }
        let lines: Vec<EventBody> = (0..10).map(|line| log(format!("line {line} of {number}"))).collect();
        store.append_events(&lease, lines).await.unwrap();
    }
}

/// Everything that calls return, each answer or error by itself. What is only shown to people is left out.
async fn read_all(store: &SqliteStore) -> Vec<Result<String, byop_core::Error>> {
    let mut found = Vec::new();
    let records = store.list_records(&PLATFORM, "apps", &Page::all()).await;
    found.push(records.map(|records| format!("{records:?}")));
    let jobs = store.list_jobs(&PLATFORM, &JobFilter::all()).await;
    let ids: Vec<_> = jobs.iter().flatten().map(|job| job.id.clone()).collect();
    found.push(jobs.map(|jobs| format!("{jobs:?}")));
    for id in ids {
        found.push(store.list_steps(&PLATFORM, &id).await.map(|steps| format!("{steps:?}")));
    }
    found
}
