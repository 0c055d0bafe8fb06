//! Who did what: recorded, found again, and safe from those who would change it.

use std::time::Duration;

use byop_core::ErrorKind;
use byop_core::engine::Engine;
use byop_core::model::{Actor, AuditFilter, AuditRecord, EnvName};
use byop_core::secret::{MemorySecrets, SecretRef};
use byop_core::store::{SqliteStore, Store};
use futures_util::StreamExt;
use rusqlite::{Connection, params};

use crate::clients::{client, made};
use crate::support::{SharedClock, World, app, deploy, deploy_badly, done, image};

async fn actions(engine: &Engine, filter: AuditFilter) -> Vec<String> {
    let records = engine.list_audit(&filter).await.unwrap();
    records.into_iter().map(|record| format!("{} {}", record.entry.action, record.entry.subject)).collect()
}

#[tokio::test]
async fn a_job_has_a_record_of_its_beginning_and_one_of_its_end() {
    let world = World::new();
    let engine = world.engine().acting_as(Actor::new("anna").with_from("203.0.113.7"));
    deploy(&engine, &image("shop", "shop:1")).await.unwrap();
    deploy_badly(&engine, &image("shop", "no:image")).await;
    let records = engine.list_audit(&AuditFilter::all().with_subject("app/shop")).await.unwrap();
    let told: Vec<_> =
        records.iter().map(|record| (record.entry.action.as_str(), record.entry.result.as_deref())).collect();
    let end = |result| ("job.end", Some(result));
    assert_eq!(told, [("job.create", None), end("succeeded"), ("job.create", None), end("failed")]);
    let actor = Some(Actor::new("anna").with_from("203.0.113.7"));
    assert!(records.iter().all(|record| record.entry.actor == actor), "{records:?}");
}

#[tokio::test(start_paused = true)]
async fn the_audit_is_found_by_what_it_says_page_by_page() {
    let world = World::new();
    let engine = world.engine().acting_as(Actor::new("root"));
    let acme = made(&engine, "acme").await.acting_as(Actor::new("anna"));
    deploy(&acme, &image("shop", "shop:1")).await.unwrap();
    world.clock.0.advance(Duration::from_secs(3600));
    done(&engine, engine.stop(&app("shop")).await).await;
    let all = engine.list_audit(&AuditFilter::all()).await.unwrap();
    let positions: Vec<_> = all.iter().map(|record| record.position).collect();
    assert_eq!(positions, [1, 2, 3, 4, 5]);
    let create = actions(&engine, AuditFilter::all().with_action("job.create")).await;
    assert_eq!(create, ["job.create app/shop", "job.create app/shop"]);
    assert_eq!(actions(&engine, AuditFilter::all().with_who("anna")).await.len(), 2);
    assert_eq!(
        actions(&engine, AuditFilter::all().with_subject("client/acme")).await,
        ["client.create client/acme"]
    );
    let later = AuditFilter::all().with_time(Some(all[3].time), None);
    assert_eq!(actions(&engine, later).await.len(), 2);
    let earlier = AuditFilter::all().with_time(None, Some(all[3].time));
    assert_eq!(actions(&engine, earlier).await.len(), 3);
    let page = engine.list_audit(&AuditFilter::all().with_page(1, 3)).await.unwrap();
    assert_eq!(page, all[1..4]);
    assert_eq!(engine.list_audit(&AuditFilter::all().with_page(5, 3)).await.unwrap(), []);
}

#[tokio::test]
async fn who_follows_the_audit_misses_nothing() {
    let world = World::new();
    let engine = world.engine();
    made(&engine, "acme").await;
    let follower = engine.follow_audit(AuditFilter::all().with_page(0, 1));
    let writer = engine.clone();
    let writing = tokio::spawn(async move {
        for number in 0..20 {
            made(&writer, &format!("client-{number}")).await;
        }
    });
    let seen: Vec<u64> = follower.take(21).map(|record| record.unwrap().position).collect().await;
    writing.await.unwrap();
    assert_eq!(seen, (1..=21).collect::<Vec<_>>());
}

#[tokio::test]
async fn the_audit_knows_no_secret() {
    let world = World::new();
    let engine = world.engine_with(MemorySecrets::new().with_secret("vault/db", "canary-of-the-audit"));
    let mut spec = image("shop", "shop:1");
    spec.secrets.insert(EnvName::new("DB").unwrap(), SecretRef("vault/db".into()));
    deploy(&engine, &spec).await.unwrap();
    let records = engine.list_audit(&AuditFilter::all()).await.unwrap();
    assert!(!records.is_empty() && !format!("{records:?}").contains("canary"), "{records:?}");
}

/// An audit of ten records in a file.
async fn audited(folder: &tempfile::TempDir) -> (World, Engine, Connection) {
    let path = folder.path().join("byop.db");
    let store = SqliteStore::open(&path).await.unwrap();
    let world = World::with_store(store, SharedClock(std::sync::Arc::default()));
    let engine = world.engine();
    for number in 0..10 {
        made(&engine, &format!("client-{number}")).await;
    }
    (world, engine, Connection::open(path).unwrap())
}

fn put(file: &Connection, record: &AuditRecord) {
    let body = serde_json::to_string(record).unwrap();
    let query = "UPDATE audit SET body = ?2, hash = ?3 WHERE position = ?1";
    file.execute(query, params![record.position, body, record.hash.as_str()]).unwrap();
}

#[tokio::test]
async fn the_first_record_that_somebody_has_changed_is_named() {
    type Tampering = fn(&Connection, &[AuditRecord]);
    let kinds: [(&str, u64, Tampering); 7] = [
        ("another name", 4, |file, all| {
            let mut forged = all[3].clone();
            forged.entry.subject = "client/somebody-else".into();
            put(file, &forged);
        }),
        ("another time", 4, |file, all| {
            let mut forged = all[3].clone();
            forged.time.0 += 1;
            put(file, &forged);
        }),
        ("made to fit by itself", 5, |file, all| {
            let mut entry = all[3].entry.clone();
            entry.result = Some("failed".into());
            put(file, &AuditRecord::new(4, all[3].time, entry, all[3].previous.clone()));
        }),
        ("taken out", 4, |file, _| {
            file.execute("DELETE FROM audit WHERE position = 4", []).unwrap();
        }),
        ("the first taken out", 1, |file, _| {
            file.execute("DELETE FROM audit WHERE position = 1", []).unwrap();
        }),
        ("two exchanged", 4, |file, all| {
            let (mut one, mut two) = (all[3].clone(), all[4].clone());
            (one.position, two.position) = (5, 4);
            put(file, &one);
            put(file, &two);
        }),
        ("all before taken out and the rest moved up", 1, |file, _| {
            file.execute("DELETE FROM audit WHERE position < 4", []).unwrap();
            file.execute("UPDATE audit SET position = position - 3", []).unwrap();
        }),
    ];
    for (kind, position, tamper) in kinds {
        let folder = tempfile::tempdir().unwrap();
        let (world, engine, file) = audited(&folder).await;
        let all =
            world.store.list_audit(&byop_core::store::Scope::Platform, &AuditFilter::all()).await.unwrap();
        let report = engine.verify_audit().await.unwrap();
        assert_eq!((report.records, report.last.as_ref()), (10, Some(&all[9].hash)));
        tamper(&file, &all);
        let error = engine.verify_audit().await.expect_err(kind);
        let named = error.context("position").map(str::to_owned);
        assert_eq!(
            (error.kind(), named),
            (ErrorKind::Corrupt, Some(position.to_string())),
            "{kind}: {error}"
        );
    }
}

#[tokio::test]
async fn an_end_that_was_cut_off_and_written_anew_shows_in_the_last_hash() {
    let folder = tempfile::tempdir().unwrap();
    let (_world, engine, file) = audited(&folder).await;
    let before = engine.verify_audit().await.unwrap();
    file.execute("DELETE FROM audit WHERE position = 10", []).unwrap();
    assert_eq!(engine.verify_audit().await.unwrap().records, 9);
    made(&engine, "another").await;
    let after = engine.verify_audit().await.unwrap();
    assert_eq!(after.records, before.records);
    assert_ne!(after.last, before.last);
}

#[tokio::test]
async fn only_the_platform_sees_the_whole_and_checks_it() {
    let world = World::new();
    let acme = world.engine().for_client(client("acme"));
    assert_eq!(acme.verify_audit().await.unwrap_err().kind(), ErrorKind::PermissionDenied);
}
