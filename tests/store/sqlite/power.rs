//! Power cuts: the files as they are at some moment while a writer works.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use byop_core::store::{Expected, Page, SqliteStore, Store};
use serde_json::json;

use super::{new_file, wal};
use crate::support::{PLATFORM, Random, number_of};

/// The files are taken at some moment of a write, again and again.
#[tokio::test(flavor = "multi_thread")]
async fn after_a_power_cut_everything_acknowledged_is_there_and_nothing_is_half_written() {
    let mut random = Random::from_env("BYOP_SEED");
    let cuts = number_of("BYOP_CUTS", 60);
    let (folder, path) = new_file();
    let store = SqliteStore::open(&path).await.unwrap();
    let mut written = 0;
    for cut in 0..cuts {
        for _ in 0..random.below(6) {
            put(&store, written).await;
            written += 1;
        }
        // One more is on its way while the files are taken: it may be there or not, but whole.
        let taken = folder.path().join(format!("cut-{cut}.db"));
        let value = value_of(written);
        let key = key_of(written);
        let (put, ()) =
            tokio::join!(store.put_record(&PLATFORM, "c", &key, &value, Expected::Absent), async {
                take(&path, &taken)
            });
        put.unwrap();
        written += 1;
        let opened = SqliteStore::open(&taken).await.unwrap();
        opened.check().await.unwrap();
        let records = opened.list_records(&PLATFORM, "c", &Page::all()).await.unwrap();
        assert!(
            records.len() == written || records.len() == written - 1,
            "{} of {written} records after cut {cut} (seed {})",
            records.len(),
            random.seed
        );
        for (number, record) in records.iter().enumerate() {
            assert_eq!((record.key.as_str(), &record.value), (key_of(number).as_str(), &value_of(number)));
        }
        drop(opened);
        for file in [taken.clone(), wal(&taken)] {
            let _ = fs::remove_file(file);
        }
    }
    println!("{cuts} cuts over {written} writes, seed {}", random.seed);
}

/// The log torn at every place of its last part, as when the disk wrote only some of it.
#[tokio::test]
async fn a_log_that_was_torn_gives_the_writes_before_the_tear() {
    let mut random = Random::from_env("BYOP_SEED");
    let (folder, path) = new_file();
    let store = SqliteStore::open(&path).await.unwrap();
    for number in 0..30 {
        put(&store, number).await;
    }
    let mut log = Vec::new();
    File::open(wal(&path)).unwrap().read_to_end(&mut log).unwrap();
    let mut least = usize::MAX;
    for round in 0..number_of("BYOP_TEARS", 80) {
        let torn = folder.path().join(format!("torn-{round}.db"));
        fs::copy(&path, &torn).unwrap();
        let length = random.below(log.len() as u64 + 1) as usize;
        let mut part = log[..length].to_vec();
        // Or a block that never arrived.
        if round % 2 == 1 {
            part = log.clone();
            let end = part.len().min(length + 512);
            part[length..end].fill(0);
        }
        fs::write(wal(&torn), &part).unwrap();
        let opened = match SqliteStore::open(&torn).await {
            Ok(opened) => opened,
            Err(error) => {
                panic!("a torn log is no damage: {error:?} (length {length}, seed {})", random.seed)
            }
        };
        opened.check().await.unwrap();
        let records = opened.list_records(&PLATFORM, "c", &Page::all()).await.unwrap();
        for (number, record) in records.iter().enumerate() {
            assert_eq!((record.key.as_str(), &record.value), (key_of(number).as_str(), &value_of(number)));
        }
        least = least.min(records.len());
    }
    assert!(least < 30, "no tear lost anything: the log was not read");
}

/// Both files as they were at one moment: the log only grew while they were read, and nothing was moved from it into
/// the database.
fn take(from: &Path, to: &Path) {
    loop {
        let start = start_of(&wal(from));
        let database = fs::read(from).unwrap();
        let log = fs::read(wal(from)).unwrap_or_default();
        if start_of(&wal(from)) == start && fs::read(from).unwrap() == database {
            fs::write(to, database).unwrap();
            fs::write(wal(to), log).unwrap();
            return;
        }
    }
}

/// What changes when the log begins anew.
fn start_of(log: &Path) -> Vec<u8> {
    let mut start = Vec::new();
    if let Ok(file) = File::open(log) {
        file.take(32).read_to_end(&mut start).unwrap();
    }
    start
}

async fn put(store: &SqliteStore, number: usize) {
    store.put_record(&PLATFORM, "c", &key_of(number), &value_of(number), Expected::Absent).await.unwrap();
}

fn key_of(number: usize) -> String {
    format!("{number:06}")
}

fn value_of(number: usize) -> serde_json::Value {
    json!({ "number": number, "text": "x".repeat(number * 37 % 5000) })
}
