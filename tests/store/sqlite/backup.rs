//! Copies of a store that is being written to.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use byop_core::ErrorKind;
use byop_core::model::{AuditFilter, JobFilter};
use byop_core::store::{Expected, Page, SqliteStore, Store, WhenBusy};
use serde_json::json;

use super::{fill, new_file, read_all};
use crate::support::{PLATFORM, new_job};

#[tokio::test]
async fn a_copy_has_everything_and_is_for_its_owner_only() {
    let (folder, path) = new_file();
    let store = SqliteStore::open(&path).await.unwrap();
    fill(&store).await;
    let copy = folder.path().join("copy.db");
    store.backup_to(&copy).await.unwrap();
    assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(!names.into_iter().any(|name| name.to_string_lossy().contains(".part")), "leftovers");
    let opened = SqliteStore::open(&copy).await.unwrap();
    let texts = |found: Vec<Result<String, byop_core::Error>>| {
        found.into_iter().map(Result::unwrap).collect::<Vec<_>>()
    };
    assert_eq!(texts(read_all(&opened).await), texts(read_all(&store).await));
}

/// While another connection writes without a pause, copies end, and each is one state.
#[tokio::test(flavor = "multi_thread")]
async fn copies_are_whole_while_the_store_is_written_to() {
    let (folder, path) = new_file();
    let store = Arc::new(SqliteStore::open(&path).await.unwrap());
    let stop = Arc::new(AtomicBool::new(false));
    let writer = tokio::spawn({
        let (store, stop) = (store.clone(), stop.clone());
        async move {
            let mut written = 0;
            while !stop.load(Ordering::Relaxed) {
                let mut job = new_job(&format!("app-{written}"));
                job.input = json!("x".repeat(2000));
                store.create_job(&PLATFORM, &job, WhenBusy::Refuse).await.unwrap();
                written += 1;
            }
            written
        }
    });
    let mut sizes = Vec::new();
    for number in 0..8 {
        let copy = folder.path().join(format!("copy-{number}.db"));
        SqliteStore::open(&path).await.unwrap().backup_to(&copy).await.unwrap();
        let opened = SqliteStore::open(&copy).await.unwrap();
        opened.check().await.unwrap();
        let jobs = opened.list_jobs(&PLATFORM, &JobFilter::all()).await.unwrap().len();
        let audited = opened.list_audit(&PLATFORM, &AuditFilter::all()).await.unwrap().len();
        assert_eq!(jobs, audited, "half of a write is in the copy");
        sizes.push(jobs);
    }
    stop.store(true, Ordering::Relaxed);
    let written = writer.await.unwrap();
    println!("copies with {sizes:?} of {written} jobs");
    assert!(sizes.is_sorted() && sizes[7] <= written);
}

#[tokio::test]
async fn a_copy_replaces_the_one_before_it() {
    let (folder, path) = new_file();
    let store = SqliteStore::open(&path).await.unwrap();
    let copy = folder.path().join("copy.db");
    store.backup_to(&copy).await.unwrap();
    store.put_record(&PLATFORM, "c", "a", &json!(1), Expected::Absent).await.unwrap();
    store.backup_to(&copy).await.unwrap();
    let opened = SqliteStore::open(&copy).await.unwrap();
    assert!(opened.find_record(&PLATFORM, "c", "a").await.unwrap().is_some());
}

#[tokio::test]
async fn a_store_is_not_copied_onto_itself() {
    let (folder, path) = new_file();
    let store = SqliteStore::open(&path).await.unwrap();
    let link = folder.path().join("link.db");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    for target in [path.clone(), link, folder.path().join(".").join("byop.db")] {
        assert_eq!(store.backup_to(&target).await.unwrap_err().kind(), ErrorKind::InvalidInput);
    }
    store.put_record(&PLATFORM, "c", "a", &json!(1), Expected::Absent).await.unwrap();
}

#[tokio::test]
async fn a_copy_into_a_missing_folder_is_not_found() {
    let (folder, path) = new_file();
    let store = SqliteStore::open(&path).await.unwrap();
    let error = store.backup_to(folder.path().join("none/copy.db")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
}

/// Removed rows leave room in the file, which later rows take.
#[tokio::test]
async fn the_file_does_not_grow_when_what_is_past_is_removed() {
    let (_folder, path) = new_file();
    let store = SqliteStore::open(&path).await.unwrap();
    let mut lengths = Vec::new();
    for _ in 0..4 {
        for number in 0..100 {
            let value = json!("x".repeat(2000));
            store.put_record(&PLATFORM, "c", &number.to_string(), &value, Expected::Any).await.unwrap();
        }
        for record in store.list_records(&PLATFORM, "c", &Page::all()).await.unwrap() {
            store.delete_record(&PLATFORM, "c", &record.key, Expected::Any).await.unwrap();
        }
        lengths.push(pages(&path));
    }
    assert!(lengths[3] <= lengths[0] + 2, "{lengths:?}");
}

fn pages(path: &std::path::Path) -> i64 {
    let connection = rusqlite::Connection::open(path).unwrap();
    connection.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap()
}
