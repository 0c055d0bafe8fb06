//! Secrets that the engine keeps: sealed, versioned, each client's own, and readable through a change of keys.

use byop_core::ErrorKind;
use byop_core::engine::Engine;
use byop_core::id::SystemEntropy;
use byop_core::model::{AppSpec, ClientId, EnvName, ExecSpec};
use byop_core::runtime::ContainerRuntime;
use byop_core::secret::{Key, Keyring, MemorySecrets, Secret, SecretRef};
use byop_core::store::{Page, Scope, Store};

use crate::support::{World, deploy, deploy_badly, image};

fn key() -> Key {
    Key::generate(&SystemEntropy).unwrap()
}

fn name(text: &str) -> SecretRef {
    SecretRef(text.into())
}

fn engine(world: &World, keyring: Keyring) -> Engine {
    world.builder().with_keyring(keyring).build().unwrap()
}

fn spec() -> AppSpec {
    let mut spec = image("shop", "shop:1").with_port(8080);
    spec.secrets.insert(EnvName::new("DB").unwrap(), name("vault/db"));
    spec
}

async fn env_of(world: &World, container: &str) -> String {
    world.runtime.exec(container, &ExecSpec::new(["env"])).await.unwrap().stdout
}

#[tokio::test]
async fn only_a_changed_value_makes_a_new_release() {
    let world = World::new();
    let engine = engine(&world, Keyring::new(key()));
    let first = engine.put_secret(&name("vault/db"), &Secret::new("one-value")).await.unwrap();
    assert_eq!((first.version, deploy(&engine, &spec()).await.unwrap().release), (1, 1));
    assert!(env_of(&world, "byop-shop-r1").await.contains("DB=one-value\n"));

    let same = engine.put_secret(&name("vault/db"), &Secret::new("one-value")).await.unwrap();
    assert_eq!((same.version, deploy(&engine, &spec()).await.unwrap().release), (1, 1));

    let second = engine.put_secret(&name("vault/db"), &Secret::new("two-value")).await.unwrap();
    assert_eq!((second.version, deploy(&engine, &spec()).await.unwrap().release), (2, 2));
    assert!(env_of(&world, "byop-shop-r2").await.contains("DB=two-value\n"));
}

#[tokio::test]
async fn a_changed_value_of_the_programs_own_source_makes_a_new_release_too() {
    let (world, key) = (World::new(), key());
    for (release, value) in [(1, "one-value"), (1, "one-value"), (2, "two-value")] {
        let secrets = MemorySecrets::new().with_secret("vault/db", value);
        let engine =
            world.builder().with_secrets(secrets).with_keyring(Keyring::new(key.clone())).build().unwrap();
        assert_eq!(deploy(&engine, &spec()).await.unwrap().release, release);
    }
}

#[tokio::test]
async fn a_change_of_keys_makes_no_new_release() {
    let (world, old, new) = (World::new(), key(), key());
    let engine = engine(&world, Keyring::new(old.clone()));
    engine.put_secret(&name("vault/db"), &Secret::new("one-value")).await.unwrap();
    deploy(&engine, &spec()).await.unwrap();
    let engine = self::engine(&world, Keyring::new(new.clone()).with_previous(old));
    engine.rotate_keys().await.unwrap();
    let engine = self::engine(&world, Keyring::new(new));
    assert_eq!(deploy(&engine, &spec()).await.unwrap().release, 1);
}

#[tokio::test]
async fn the_programs_own_source_comes_first() {
    let world = World::new();
    let secrets = MemorySecrets::new().with_secret("vault/db", "of-the-program");
    let engine = world.builder().with_secrets(secrets).with_keyring(Keyring::new(key())).build().unwrap();
    engine.put_secret(&name("vault/db"), &Secret::new("of-the-store")).await.unwrap();
    deploy(&engine, &spec()).await.unwrap();
    assert!(env_of(&world, "byop-shop-r1").await.contains("DB=of-the-program\n"));
}

#[tokio::test]
async fn a_wrong_or_missing_key_is_told_at_once_and_loses_nothing() {
    let (world, right, wrong) = (World::new(), key(), key());
    let engine = engine(&world, Keyring::new(right.clone()));
    engine.put_secret(&name("vault/db"), &Secret::new("one-value")).await.unwrap();
    let (all, scope) = (Page::all(), Scope::Platform);
    let records = || world.store.list_records(&scope, "secrets", &all);
    let before = records().await.unwrap();

    let other = self::engine(&world, Keyring::new(wrong.clone()));
    let none = world.builder().build().unwrap();
    for (engine, given) in [(&other, wrong.id().as_str()), (&none, "none")] {
        let errors = [
            engine.put_secret(&name("vault/db"), &Secret::new("x-value")).await.unwrap_err(),
            engine.put_secret(&name("vault/new"), &Secret::new("x-value")).await.unwrap_err(),
            engine.list_secrets().await.unwrap_err(),
            engine.rotate_keys().await.unwrap_err(),
            engine.resume().await.unwrap_err(),
            deploy_badly(engine, &spec()).await,
        ];
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error:?}");
            assert_eq!(error.context("needed"), Some(right.id().as_str()));
            assert_eq!(error.context("given"), Some(given));
            assert!(error.remedy().unwrap().contains("BYOP_KEY"));
        }
    }
    assert_eq!(records().await.unwrap(), before);
    let engine = self::engine(&world, Keyring::new(right));
    deploy(&engine, &spec()).await.unwrap();
}

#[tokio::test]
async fn an_engine_without_a_key_works_but_keeps_no_secrets() {
    let world = World::new();
    let secrets = MemorySecrets::new().with_secret("vault/db", "of-the-program");
    let engine = world.builder().with_secrets(secrets).build().unwrap();
    engine.resume().await.unwrap();
    deploy(&engine, &spec()).await.unwrap();
    let error = engine.put_secret(&name("a"), &Secret::new("value")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert!(error.remedy().unwrap().contains("BYOP_KEY"), "{error:?}");
    assert_eq!(engine.list_secrets().await.unwrap(), []);
}

#[tokio::test]
async fn each_client_has_secrets_of_its_own() {
    let world = World::new();
    let platform = engine(&world, Keyring::new(key()));
    let one = platform.for_client(ClientId::new("one").unwrap());
    let two = platform.for_client(ClientId::new("two").unwrap());
    for (engine, value) in [(&platform, "of-platform"), (&one, "of-one")] {
        engine.put_secret(&name("vault/db"), &Secret::new(value)).await.unwrap();
    }
    assert_eq!(two.list_secrets().await.unwrap(), []);
    let error = deploy_badly(&two, &spec()).await;
    assert_eq!((error.kind(), error.context("name")), (ErrorKind::NotFound, Some("vault/db")));
    two.delete_secret(&name("vault/db")).await.unwrap();
    assert_eq!(two.rotate_keys().await.unwrap_err().kind(), ErrorKind::PermissionDenied);

    let mut other = spec();
    other.name = "other".parse().unwrap();
    other.domains.clear();
    deploy(&one, &other).await.unwrap();
    assert!(env_of(&world, "byop-other-r1").await.contains("DB=of-one\n"));
    assert_eq!(one.list_secrets().await.unwrap().len(), 1);
    assert_eq!(platform.list_secrets().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_list_tells_names_versions_and_times_and_no_values() {
    let world = World::new();
    let key = key();
    let engine = engine(&world, Keyring::new(key.clone()));
    for (secret, value) in [("b", "canary-b1"), ("a", "canary-a1"), ("b", "canary-b2")] {
        engine.put_secret(&name(secret), &Secret::new(value)).await.unwrap();
    }
    let list = engine.list_secrets().await.unwrap();
    let shown: Vec<_> =
        list.iter().map(|secret| (secret.name.0.as_str(), secret.version, &secret.key)).collect();
    assert_eq!(shown, [("a", 1, key.id()), ("b", 2, key.id())]);
    let text = format!("{list:?} {}", serde_json::to_string(&list).unwrap());
    assert!(!text.contains("canary"), "{text}");
    engine.delete_secret(&name("a")).await.unwrap();
    engine.delete_secret(&name("a")).await.unwrap();
    assert_eq!(engine.list_secrets().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_record_in_the_place_of_another_is_refused() {
    let world = World::new();
    let engine = engine(&world, Keyring::new(key()));
    for secret in ["a", "b"] {
        engine.put_secret(&name(secret), &Secret::new(format!("value-of-{secret}"))).await.unwrap();
    }
    let scope = Scope::Platform;
    let b = world.store.find_record(&scope, "secrets", ":b").await.unwrap().unwrap();
    world.store.put_record(&scope, "secrets", ":a", &b.value, byop_core::store::Expected::Any).await.unwrap();
    let mut spec = spec();
    spec.secrets.insert(EnvName::new("A").unwrap(), name("a"));
    engine.put_secret(&name("vault/db"), &Secret::new("value-of-db")).await.unwrap();
    assert_eq!(deploy_badly(&engine, &spec).await.kind(), ErrorKind::Corrupt);
}

#[tokio::test]
async fn ten_thousand_secrets_get_a_new_key_and_a_kill_on_the_way_loses_none() {
    const COUNT: usize = 10_000;
    let (world, old, new) = (World::new(), key(), key());
    let engine = engine(&world, Keyring::new(old.clone()));
    for index in 0..COUNT {
        engine
            .put_secret(&name(&format!("s{index:05}")), &Secret::new(format!("value-{index}")))
            .await
            .unwrap();
    }
    let both = || Keyring::new(new.clone()).with_previous(old.clone());
    let mut resealed = 0;
    for (step, written) in [(1, true), (137, false), (4_000, true), (5_000, false)] {
        world.store.hang_at(step, written);
        let engine = self::engine(&world, both());
        let killed = tokio::select! {
            rotated = engine.rotate_keys() => panic!("{rotated:?}"),
            () = async { while !world.store.hangs() { tokio::task::yield_now().await } } => true,
        };
        assert!(killed);
        world.store.heal();
        resealed += step - usize::from(!written);
        let keys = self::engine(&world, both()).list_secrets().await.unwrap();
        assert_eq!(keys.iter().filter(|secret| secret.key == *new.id()).count(), resealed);
        // The old key alone goes on as well as it can, and the new one alone says what it needs.
        let error = self::engine(&world, Keyring::new(new.clone())).list_secrets().await.unwrap_err();
        assert_eq!(error.context("needed"), Some(old.id().as_str()));
    }
    let done = self::engine(&world, both()).rotate_keys().await.unwrap();
    assert_eq!((done.resealed as usize, done.kept as usize), (COUNT - resealed, resealed));
    let engine = self::engine(&world, Keyring::new(new));
    let again = engine.rotate_keys().await.unwrap();
    assert_eq!((again.resealed, again.kept as usize), (0, COUNT));
    // Putting the same value again opens the stored one to compare.
    for index in 0..COUNT {
        let same =
            engine.put_secret(&name(&format!("s{index:05}")), &Secret::new(format!("value-{index}"))).await;
        assert_eq!(same.unwrap().version, 1);
    }
}
