//! Other processes that keep the file.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};

use byop_core::ErrorKind;
use byop_core::store::{Expected, SqliteStore, Store};
use serde_json::json;

use super::child::{Said, command, file_of_child, say};
use super::new_file;
use crate::support::PLATFORM;

/// Holds the write lock until its input ends.
fn hold() {
    let path = file_of_child().unwrap();
    let connection = rusqlite::Connection::open(path).unwrap();
    connection.execute_batch("BEGIN EXCLUSIVE").unwrap();
    say("held");
    let _ = BufReader::new(std::io::stdin()).lines().next();
}

#[test]
fn a_file_that_another_process_keeps_locked_is_unavailable_after_a_while() {
    if file_of_child().is_some() {
        return hold();
    }
    let (_folder, path) = new_file();
    let store = super::child::block_on(SqliteStore::open(&path)).unwrap();
    let test = "sqlite::locks::a_file_that_another_process_keeps_locked_is_unavailable_after_a_while";
    let mut child = command(test, &path, &[]).stdin(Stdio::piped()).spawn().unwrap();
    let mut said = Said::of(&mut child);
    assert_eq!(said.next().as_deref(), Some("held"));
    super::child::block_on(async {
        let started = Instant::now();
        // Readers are not kept out.
        assert!(store.find_record(&PLATFORM, "c", "a").await.unwrap().is_none());
        let error = store.put_record(&PLATFORM, "c", "a", &json!(1), Expected::Any).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
        assert!(error.message().contains("locked"), "{error:?}");
        let waited = started.elapsed();
        assert!((Duration::from_secs(4)..Duration::from_secs(20)).contains(&waited), "{waited:?}");
        child.stdin.take().unwrap().write_all(b"go\n").unwrap();
        child.wait().unwrap();
        store.put_record(&PLATFORM, "c", "a", &json!(1), Expected::Any).await.unwrap();
    });
}
