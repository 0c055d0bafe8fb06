//! The schema and its migrations.

use byop_core::ErrorKind;
use byop_core::store::{Expected, PostgresStore, Store};
use serde_json::json;

use super::server::{Server, run_sql};
use super::{open, options, refusal};
use crate::support::PLATFORM;

#[tokio::test(flavor = "multi_thread")]
async fn a_new_database_can_be_opened_by_many_at_once() {
    let Some(server) = Server::shared() else { return };
    let url = server.database();
    let opens: Vec<_> =
        (0..8).map(|_| tokio::spawn(PostgresStore::open_with(options(&url).with_connections(1)))).collect();
    for open in opens {
        open.await.unwrap().unwrap();
    }
    assert_eq!(run_sql(&url, "SELECT string_agg(number::text, ',') FROM byop.migrations").unwrap(), "1");
}

#[tokio::test]
async fn everything_is_there_after_reopening() {
    let Some(server) = Server::shared() else { return };
    let url = server.database();
    let store = open(&url).await;
    store.put_record(&PLATFORM, "apps", "shop", &json!({"a": 1}), Expected::Absent).await.unwrap();
    drop(store);
    let found = open(&url).await.find_record(&PLATFORM, "apps", "shop").await.unwrap().unwrap();
    assert_eq!(found.value, json!({"a": 1}));
}

#[tokio::test]
async fn the_schema_of_another_program_is_left_alone() {
    let Some(server) = Server::shared() else { return };
    let url = server.database();
    run_sql(&url, "CREATE SCHEMA byop; CREATE TABLE byop.bookmarks (url text)").unwrap();
    assert_eq!(refusal(&url).await.kind(), ErrorKind::InvalidInput);
    let tables = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'byop'";
    assert_eq!(run_sql(&url, tables).unwrap(), "1");
}

#[tokio::test]
async fn other_schemas_of_the_database_are_left_alone() {
    let Some(server) = Server::shared() else { return };
    let url = server.database();
    run_sql(&url, "CREATE TABLE jobs (mine text)").unwrap();
    drop(open(&url).await);
    assert_eq!(run_sql(&url, "SELECT count(*) FROM public.jobs").unwrap(), "0");
}

#[tokio::test]
async fn a_schema_of_a_newer_version_is_refused() {
    let Some(server) = Server::shared() else { return };
    let url = server.database();
    drop(open(&url).await);
    run_sql(&url, "INSERT INTO byop.migrations VALUES (9999, 'later', 'x', 0)").unwrap();
    let error = refusal(&url).await;
    assert_eq!((error.kind(), error.context("schema")), (ErrorKind::Unsupported, Some("9999")));
}

#[tokio::test]
async fn an_edited_migration_is_noticed() {
    let Some(server) = Server::shared() else { return };
    let url = server.database();
    drop(open(&url).await);
    run_sql(&url, "UPDATE byop.migrations SET checksum = 'sha256:0'").unwrap();
    assert_eq!(refusal(&url).await.kind(), ErrorKind::Corrupt);
}

#[tokio::test]
async fn a_value_that_was_damaged_is_corrupt() {
    let Some(server) = Server::shared() else { return };
    let url = server.database();
    let store = open(&url).await;
    store.put_record(&PLATFORM, "apps", "shop", &json!(1), Expected::Absent).await.unwrap();
    run_sql(&url, "UPDATE byop.records SET value = '{'").unwrap();
    assert_eq!(store.find_record(&PLATFORM, "apps", "shop").await.unwrap_err().kind(), ErrorKind::Corrupt);
}

#[tokio::test]
async fn a_table_that_is_gone_is_corrupt() {
    let Some(server) = Server::shared() else { return };
    let url = server.database();
    let store = open(&url).await;
    run_sql(&url, "DROP TABLE byop.records").unwrap();
    let error = store.find_record(&PLATFORM, "apps", "shop").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error:?}");
}
