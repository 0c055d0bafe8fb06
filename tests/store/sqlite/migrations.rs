//! Files of older versions.

use std::fs;
use std::path::Path;

use byop_core::model::{JobFilter, JobState};
use byop_core::store::{Expected, Page, SqliteStore, Store};
use rusqlite::fallible_iterator::FallibleIterator;
use rusqlite::{Batch, Connection};
use serde_json::json;

use super::{copy, new_file, wal};
use crate::support::{PLATFORM, TTL};

const FIRST: &str = include_str!("../../../byop-core/src/store/sqlite/migrations/0001_init.sql");
const SECOND: &str = include_str!("../../../byop-core/src/store/sqlite/migrations/0002_scopes.sql");

/// A database as the first version made it, with jobs that ended and one that runs, their steps and events.
fn of_version_1(path: &Path, apps: usize) {
    let connection = Connection::open(path).unwrap();
    connection
        .execute_batch("PRAGMA journal_mode = WAL; PRAGMA application_id = 0x62796f70; BEGIN;")
        .unwrap();
    connection
        .execute_batch(
            "CREATE TABLE migrations (
                number INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at INTEGER NOT NULL
            ) STRICT",
        )
        .unwrap();
    connection.execute_batch(FIRST).unwrap();
    let checksum = byop_core::digest::Digest::of(FIRST);
    connection.execute("INSERT INTO migrations VALUES (1, 'init', ?1, 1)", [checksum.as_str()]).unwrap();
    for number in 0..apps {
        let app = format!("app-{number}");
        let record = json!({ "name": app, "note": "x".repeat(number * 13 % 400) }).to_string();
        connection
            .execute("INSERT INTO records VALUES ('apps', ?1, ?2, ?3)", (&app, number as i64 + 1, record))
            .unwrap();
        for (turn, state) in [(0, "succeeded"), (1, "running")] {
            let id = format!("job_{turn}{number:019}");
            let finished_at = (turn == 0).then_some(20);
            let body = json!({
                "id": id, "app": app, "kind": "deploy", "input": { "n": number }, "state": state, "step": "build",
                "output": null, "error": null, "created_at": 10 + turn, "finished_at": finished_at,
            });
            let holder = (turn == 1).then_some(("one", 9_i64));
            connection
                .execute(
                    "INSERT INTO jobs (id, app, finished, created_at, body, lease_token, lease_owner, lease_until)
                     VALUES (?1, ?2, ?3, ?4, ?5, 3, ?6, ?7)",
                    (
                        &id,
                        &app,
                        turn == 0,
                        10 + turn,
                        body.to_string(),
                        holder.map(|(owner, _)| owner),
                        holder.map(|(_, until)| until),
                    ),
                )
                .unwrap();
            let step = json!({
                "job": id, "key": "build:1", "stage": "build", "state": "done", "attempt": 1,
                "output": { "image": "sha256:1" }, "error": null, "started_at": 11, "finished_at": 12,
            });
            connection
                .execute(
                    "INSERT INTO steps (job, key, body) VALUES (?1, 'build:1', ?2)",
                    (&id, step.to_string()),
                )
                .unwrap();
            for sequence in 1..=3 {
                let event =
                    json!({ "type": "log", "stage": "build", "line": format!("{number} {sequence}") });
                connection
                    .execute("INSERT INTO events VALUES (?1, ?2, 15, ?3)", (&id, sequence, event.to_string()))
                    .unwrap();
            }
        }
    }
    connection.execute_batch("COMMIT").unwrap();
}

/// Everything that was in it, as the present version shows it.
async fn assert_migrated(path: &Path, apps: usize) {
    let store = SqliteStore::open(path).await.unwrap();
    store.check().await.unwrap();
    let records = store.list_records(&PLATFORM, "apps", &Page::all()).await.unwrap();
    assert_eq!(records.len(), apps);
    let greatest = records.iter().map(|record| record.version).max().unwrap();
    let version = store.put_record(&PLATFORM, "apps", "new", &json!(1), Expected::Absent).await.unwrap();
    assert!(version > greatest, "a version is given twice");
    let jobs = store.list_jobs(&PLATFORM, &JobFilter::all()).await.unwrap();
    assert_eq!(jobs.len(), 2 * apps);
    for job in &jobs {
        let subject = job.subject.to_string();
        let app = records.iter().find(|record| subject == format!("app/{}", record.key)).unwrap();
        assert_eq!(job.input, json!({ "n": app.key.trim_start_matches("app-").parse::<u64>().unwrap() }));
        assert_eq!(job.step.as_deref(), Some("build"));
        let steps = store.list_steps(&PLATFORM, &job.id).await.unwrap();
        assert_eq!(steps[0].output, Some(json!({ "image": "sha256:1" })));
        let events = store.list_events(&PLATFORM, &job.id, 0, 99).await.unwrap();
        assert_eq!(events.iter().map(|event| event.sequence).collect::<Vec<_>>(), [1, 2, 3]);
    }
    let unfinished = store.list_jobs(&PLATFORM, &JobFilter::all().with_unfinished()).await.unwrap();
    assert_eq!(unfinished.len(), apps);
    let subject = &unfinished[0].subject;
    let of_subject = store.list_subject_events(&PLATFORM, subject, 0, 99).await.unwrap();
    assert_eq!(of_subject.iter().map(|event| event.position).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
    // A job that was under way goes on with a token above the old one.
    let lease = store.claim_job(&unfinished[0].id, "two", TTL).await.unwrap();
    assert_eq!(lease.token, 4);
    let mut job = unfinished[0].clone();
    job.state = JobState::Succeeded;
    store.update_job(&lease, &job).await.unwrap();
}

#[tokio::test]
async fn a_file_of_the_first_version_is_read_by_this_one() {
    for apps in [1, 25] {
        let (_folder, path) = new_file();
        of_version_1(&path, apps);
        assert_migrated(&path, apps).await;
    }
}

/// The files as they lie when the process ends after each statement of the migration; the next start does it whole.
#[tokio::test]
async fn a_migration_that_is_cut_off_at_any_statement_is_done_again() {
    let (folder, path) = new_file();
    of_version_1(&path, 10);
    let connection = Connection::open(&path).unwrap();
    // So little memory that changes reach the log before the commit.
    connection
        .execute_batch("PRAGMA cache_size = 2; PRAGMA wal_autocheckpoint = 0; BEGIN IMMEDIATE")
        .unwrap();
    let mut statements = Batch::new(&connection, SECOND);
    let mut cuts = 0;
    loop {
        let cut = folder.path().join(format!("cut-{cuts}.db"));
        copy(&path, &cut);
        assert_migrated(&cut, 10).await;
        for file in [wal(&cut), cut] {
            let _ = fs::remove_file(file);
        }
        let Some(mut statement) = FallibleIterator::next(&mut statements).unwrap() else { break };
        let mut rows = statement.query([]).unwrap();
        while rows.next().unwrap().is_some() {}
        cuts += 1;
    }
    println!("cut off after each of {cuts} statements");
    assert!(cuts > 15);
}
