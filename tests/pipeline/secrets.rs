//! The value of a secret reaches the app and nothing that is written down.

use byop_core::ErrorKind;
use byop_core::model::{ContainerFilter, EnvName, ExecSpec, JobFilter};
use byop_core::runtime::ContainerRuntime;
use byop_core::secret::{MemorySecrets, SecretRef};
use byop_core::store::{MemoryStore, Page, Scope, SqliteStore, Store};
use byop_core::testing::FakeProgram;
use serde_json::json;

use crate::support::{SharedClock, World, app, deploy, deploy_badly, done, image, remove};

const CANARY: &str = "canary-4f1d9c-of-a-secret";
const KEY: &str = "-----BEGIN KEY-----\ncanary-line-one-77aa\ncanary-line-two-88bb\n-----END KEY-----\n";
const PARTS: [&str; 3] = [CANARY, "canary-line-one-77aa", "canary-line-two-88bb"];

fn secrets() -> MemorySecrets {
    // One secret begins with another: neither may be left in part.
    let short = CANARY.strip_suffix("-of-a-secret").unwrap();
    MemorySecrets::new()
        .with_secret("vault/db", CANARY)
        .with_secret("vault/key", KEY)
        .with_secret("vault/short", short)
}

fn spec(version: &str) -> byop_core::model::AppSpec {
    let mut spec = image("shop", version).with_port(8080);
    for (name, reference) in [("DB", "vault/db"), ("KEY", "vault/key"), ("SHORT", "vault/short")] {
        spec.secrets.insert(EnvName::new(name).unwrap(), SecretRef(reference.into()));
    }
    spec
}

/// All that a store holds, as text.
async fn dump(store: &dyn Store) -> String {
    let mut all = Vec::new();
    for collection in ["apps", "domains", "hosts"] {
        for record in store.list_records(&Scope::Platform, collection, &Page::all()).await.unwrap() {
            all.push(json!([record.key, record.value]));
        }
    }
    for job in store.list_jobs(&Scope::Platform, &JobFilter::all()).await.unwrap() {
        all.push(json!(store.list_steps(&Scope::Platform, &job.id).await.unwrap()));
        all.push(json!(store.list_events(&Scope::Platform, &job.id, 0, 10_000).await.unwrap()));
        all.push(json!(job));
    }
    serde_json::to_string_pretty(&all).unwrap()
}

fn assert_clean(what: &str, text: &str) {
    for line in text.lines() {
        assert!(!PARTS.iter().any(|part| line.contains(part)), "{what} holds a secret: {line}");
        assert!(!line.contains("canary-4f1d9c"), "{what} holds a part of a secret: {line}");
    }
}

/// A good release, a release that prints its secrets and ends, a restart, a removal.
async fn check(world: World) -> World {
    let engine = world.engine_with(secrets());
    deploy(&engine, &spec("shop:1")).await.unwrap();
    let output = world.runtime.exec("byop-shop-r1", &ExecSpec::new(["env"])).await.unwrap();
    assert!(
        output.stdout.contains(&format!("DB={CANARY}\n")) && output.stdout.contains(&format!("KEY={KEY}"))
    );

    let mut chatty = FakeProgram::exiting(1).with_line(format!("cannot log in with {CANARY}"));
    for line in KEY.lines() {
        chatty = chatty.with_line(line);
    }
    world.runtime.add_image("chatty:1", chatty);
    let error = deploy_badly(&engine, &spec("chatty:1")).await;
    assert_eq!(error.kind(), ErrorKind::Unhealthy);
    assert!(error.context("log").unwrap().starts_with("cannot log in with [redacted]"), "{error:?}");
    assert_clean("the error", &format!("{error:?}"));

    done(&engine, engine.restart(&app("shop")).await).await;
    for container in world.runtime.list_containers(&ContainerFilter::all()).await.unwrap() {
        assert_clean("a label", &format!("{:?}", container.labels));
    }
    let text = dump(&world.store).await;
    assert!(text.contains("vault/db"), "the dump is of the right store");
    assert_clean("the store", &text);
    remove(&engine, &app("shop")).await;
    assert_clean("the store", &dump(&world.store).await);
    world
}

#[tokio::test(start_paused = true)]
async fn nothing_is_in_a_store_in_memory() {
    let clock = SharedClock(std::sync::Arc::default());
    check(World::with_store(MemoryStore::default(), clock)).await;
}

#[tokio::test]
async fn nothing_is_in_a_store_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("byop.db")).await.unwrap();
    // The world keeps the store open: closing it takes files away while they are read.
    let _world = check(World::with_store(store, SharedClock(std::sync::Arc::default()))).await;
    let mut files = 0;
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert_clean("a file of the store", &String::from_utf8_lossy(&bytes));
        files += 1;
    }
    assert!(files > 0);
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_is_not_there_fails_the_release_and_not_the_old_one() {
    let world = World::new();
    let engine = world.engine_with(secrets());
    deploy(&engine, &spec("shop:1")).await.unwrap();
    let mut bad = spec("shop:2");
    bad.secrets.insert(EnvName::new("X").unwrap(), SecretRef("vault/nothing".into()));
    let error = deploy_badly(&engine, &bad).await;
    assert_eq!((error.kind(), error.context("name")), (ErrorKind::NotFound, Some("vault/nothing")));
    assert_eq!(world.ingress.request("shop.example.com"), (200, "shop 1".into()));
    world.assert_census(&engine).await;
}
