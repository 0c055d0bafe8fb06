//! Connections that are refused, encrypted, too slow or lost.

use std::time::{Duration, Instant};

use byop_core::ErrorKind;
use byop_core::store::{Expected, PostgresStore, Store};
use serde_json::json;
use tokio_postgres::NoTls;

use super::server::{PASSWORD, Server, run_sql};
use super::{open, options, refusal};
use crate::support::PLATFORM;

#[tokio::test]
async fn a_wrong_password_is_refused_and_not_shown() {
    let Some(server) = Server::shared() else { return };
    let url = server.over_tcp(&server.database(), "127.0.0.1", "canary-wrong");
    let error = refusal(&url).await;
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    let shown = format!("{error:?} {:?} {:?}", error.report(), options(&url));
    assert!(!shown.contains("canary"), "{shown}");
}

#[tokio::test]
async fn a_store_does_not_show_its_password() {
    let Some(server) = Server::shared() else { return };
    let store = open(&server.over_tcp(&server.database(), "127.0.0.1", PASSWORD)).await;
    let shown = format!("{store:?}");
    assert!(shown.contains("127.0.0.1") && !shown.contains("canary"), "{shown}");
}

#[tokio::test]
async fn tls_works_with_the_authority_that_was_given() {
    let Some(server) = Server::shared() else { return };
    let url = server.over_tcp(&server.database(), "localhost", PASSWORD) + "?sslmode=require";
    let options = options(&url).with_root_certificates(&server.authority);
    let store = PostgresStore::open_with(options).await.unwrap();
    store.put_record(&PLATFORM, "a", "b", &json!(1), Expected::Any).await.unwrap();
    let encrypted = run_sql(
        &url,
        "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE ssl AND application_name = 'byop'",
    );
    assert_ne!(encrypted.unwrap(), "0");
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_is_refused() {
    let Some(server) = Server::shared() else { return };
    let url = server.over_tcp(&server.database(), "localhost", PASSWORD) + "?sslmode=require";
    let error = refusal(&url).await;
    assert_eq!(error.message(), "the server's certificate is not trusted", "{error:?}");
}

#[tokio::test]
async fn a_missing_database_is_not_found() {
    let Some(server) = Server::shared() else { return };
    let url = server.database().replace("/test", "/missing");
    assert_eq!(refusal(&url).await.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    let error = refusal("postgresql://byop@127.0.0.1:1/byop").await;
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(error.context("database"), Some("127.0.0.1:1/byop"));
}

#[tokio::test]
async fn a_user_without_rights_is_told_so() {
    let Some(server) = Server::shared() else { return };
    let url = server.database();
    let name = format!("poor_{}", url.rsplit('/').next().unwrap());
    run_sql(&url, &format!("CREATE USER {name}")).unwrap();
    let error = refusal(&url.replace("byop@", &format!("{name}@"))).await;
    assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error:?}");
}

#[tokio::test]
async fn a_database_that_only_reads_refuses_writes() {
    let Some(server) = Server::shared() else { return };
    let url = server.database();
    drop(open(&url).await);
    let name = url.rsplit('/').next().unwrap();
    run_sql(&url, &format!("ALTER DATABASE {name} SET default_transaction_read_only = on")).unwrap();
    assert_eq!(refusal(&url).await.kind(), ErrorKind::PermissionDenied);
}

#[tokio::test]
async fn a_key_that_the_database_cannot_hold_is_refused() {
    let Some(server) = Server::shared() else { return };
    let store = open(&server.database()).await;
    let error = store.put_record(&PLATFORM, "a", "b\0", &json!(1), Expected::Any).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error:?}");
}

#[tokio::test]
async fn a_row_that_another_program_holds_makes_the_call_give_up() {
    let Some(server) = Server::shared() else { return };
    let url = server.database();
    let store = PostgresStore::open_with(options(&url).with_statement_timeout(Duration::from_millis(300)));
    let store = store.await.unwrap();
    store.put_record(&PLATFORM, "a", "b", &json!(1), Expected::Any).await.unwrap();
    let (other, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
    tokio::spawn(connection);
    other.batch_execute("BEGIN; UPDATE byop.records SET value = '2'").await.unwrap();
    let error = store.put_record(&PLATFORM, "a", "b", &json!(3), Expected::Any).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
    other.batch_execute("ROLLBACK").await.unwrap();
    store.put_record(&PLATFORM, "a", "b", &json!(3), Expected::Any).await.unwrap();
}

/// Each call is dropped at another moment, and none leaves half of itself or an open transaction behind.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_dropped_half_way_leaves_all_or_nothing() {
    let Some(server) = Server::shared() else { return };
    let url = server.database();
    let store = PostgresStore::open_with(options(&url).with_connections(2)).await.unwrap();
    for round in 0..60u64 {
        let app = format!("app-{round}");
        let job = crate::support::new_job(&app);
        let create = store.create_job(&PLATFORM, &job, byop_core::store::WhenBusy::Refuse);
        let _ = tokio::time::timeout(Duration::from_micros(round * 60), create).await;
    }
    let audited = store.list_audit(&PLATFORM, &byop_core::model::AuditFilter::all()).await.unwrap();
    let jobs = store.list_jobs(&PLATFORM, &byop_core::model::JobFilter::all()).await.unwrap();
    assert_eq!(audited.len(), jobs.len(), "a job and its audit record are written together");
    assert!(jobs.len() < 60, "no call was dropped in time");
    store.put_record(&PLATFORM, "a", "b", &json!(1), Expected::Any).await.unwrap();
    let open = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                AND state LIKE 'idle in transaction%'";
    let started = Instant::now();
    while run_sql(&url, open).unwrap() != "0" {
        assert!(started.elapsed() < Duration::from_secs(20), "a transaction was left open");
    }
}
