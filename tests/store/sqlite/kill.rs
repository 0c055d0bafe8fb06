//! A process that is killed while it writes.

use byop_core::id::{SystemEntropy, random_text};
use byop_core::model::{AuditFilter, JobFilter};
use byop_core::store::{SqliteStore, Store, WhenBusy};

use super::child::{Said, block_on, command, file_of_child, say};
use super::new_file;
use crate::support::{PLATFORM, new_job, number_of};

/// One file, killed again and again: what was acknowledged is there, and no job is without its audit record.
#[test]
fn a_writer_that_is_killed_fifty_times_loses_nothing() {
    if let Some(path) = file_of_child() {
        let store = block_on(SqliteStore::open(path)).unwrap();
        loop {
            // Four at a time, so that writes which share a commit are among those that are cut off.
            let jobs: Vec<_> = (0..4).map(|_| new_job(&random_text(&SystemEntropy, 12))).collect();
            block_on(futures_util::future::join_all(jobs.iter().map(async |job| {
                store.create_job(&PLATFORM, job, WhenBusy::Refuse).await.unwrap();
                say(&job.id);
            })));
        }
    }
    let cycles = number_of("BYOP_STORE_KILLS", 50);
    let (_folder, path) = new_file();
    let mut acknowledged = Vec::new();
    for cycle in 0..cycles {
        let test = "sqlite::kill::a_writer_that_is_killed_fifty_times_loses_nothing";
        let mut child = command(test, &path, &[]).spawn().unwrap();
        let mut said = Said::of(&mut child);
        // At another moment each time: after so many answers.
        acknowledged.extend(said.by_ref().take(1 + cycle * 7 % 23));
        child.kill().unwrap();
        acknowledged.extend(said);
        child.wait().unwrap();
    }
    let store = block_on(SqliteStore::open(&path)).unwrap();
    block_on(store.check()).unwrap();
    let jobs = block_on(store.list_jobs(&PLATFORM, &JobFilter::all())).unwrap();
    let audited = block_on(store.list_audit(&PLATFORM, &AuditFilter::all())).unwrap();
    println!("{cycles} kills, {} acknowledged, {} found", acknowledged.len(), jobs.len());
    let ids: std::collections::BTreeSet<_> = jobs.iter().map(|job| job.id.as_str()).collect();
    assert!(acknowledged.iter().all(|id| ids.contains(id.as_str())), "an acknowledged job is gone");
    assert!(audited.iter().all(|record| record.is_intact()));
    assert_eq!(audited.len(), jobs.len());
}
