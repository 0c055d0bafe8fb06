//! Specs: as JSON, and with values that only validation can refuse.

use byop_core::model::AppSpec;
use serde_json::{Value, json};

use crate::support::{World, check, count};

/// A good spec with some keys replaced.
fn with(change: Value) -> String {
    let mut spec = json!({ "name": "shop", "source": { "image": "shop:1" } });
    for (key, value) in change.as_object().unwrap() {
        spec[key] = value.clone();
    }
    spec.to_string()
}

async fn refuses(world: &World, text: &str, named: &str) {
    let case: String = text.chars().take(120).collect();
    let parsed = AppSpec::from_json(text);
    if let Ok(spec) = &parsed {
        check(&format!("preview of {case}"), world.engine.preview(spec).await.map(drop), named);
    }
    let result = match parsed {
        Ok(spec) => world.deploy(spec).await,
        Err(error) => Err(error),
    };
    check(&case, result, named);
    count();
}

#[tokio::test]
async fn json_that_is_no_spec_is_refused() {
    let world = World::new();
    refuses(&world, "", "line: 1").await;
    refuses(&world, "shop", "line: 1").await;
    refuses(&world, "{\n\"name\": \"shop\",\n}", "line: 3").await;
    refuses(&world, &"[".repeat(100_000), "recursion limit").await;
    refuses(&world, r#"{"name":"shop"}"#, "source").await;
    refuses(&world, r#"{"source":{"image":"shop:1"}}"#, "name").await;
    refuses(&world, "[]", "object").await;
    refuses(&world, "null", "object").await;
    refuses(&world, r#"{"name":"a","name":"b","source":{"image":"a"},"nmae":1}"#, "nmae").await;
    for (change, key) in [
        (json!({ "nmae": "shop" }), "nmae"),
        (json!({ "resources": { "memory": 1 } }), "resources.memory"),
        (json!({ "health": { "pth": "/" } }), "health.pth"),
        (json!({ "routing": { "redirect": true } }), "routing.redirect"),
        (json!({ "build": { "dockerfile": "x" } }), "build.dockerfile"),
        (json!({ "user": { "uid": 1, "gid": 1, "name": "root" } }), "name"),
        (json!({ "volumes": [{ "name": "a", "path": "/a", "mode": 7 }] }), "mode"),
        (json!({ "source": { "folder": "." } }), "source.folder"),
        (json!({ "source": { "git": { "url": "https://a.b/c", "branch": "x" } } }), "branch"),
        (json!({ "source": null }), "source"),
        (json!({ "port": "80" }), "port"),
        (json!({ "port": 70_000 }), "port"),
        (json!({ "port": -1 }), "port"),
        (json!({ "resources": { "pids": "many" } }), "resources.pids"),
        (json!({ "env": { "A": 1 } }), "env.A"),
        (json!({ "env": ["A=1"] }), "env"),
        (json!({ "domains": "a.b" }), "domains"),
        (json!({ "user": "root" }), "user"),
        (json!({ "user": { "uid": -1, "gid": 1 } }), "user"),
        (json!({ "user": { "uid": 8_589_934_592_u64, "gid": 1 } }), "user"),
        (json!({ "secrets": { "A": { "value": "x" } } }), "secrets.A"),
        (json!({ "key\nwith\u{1b}[31m": 1 }), "key\\nwith"),
    ] {
        refuses(&world, &with(change), key).await;
    }
    world.end();
}

#[tokio::test]
async fn names_that_are_none_are_refused() {
    let world = World::new();
    let long = "a".repeat(41);
    for name in ["", "Shop", "../etc", "a b", "-x", "x-", "x--y", "a\nb", "名", "a/b", "a.b", "a\u{0}", &long]
    {
        refuses(&world, &with(json!({ "name": name })), "name").await;
    }
    for name in ["", "1A", "A-B", "A=B", "A B", "A\u{0}", "A\n", "É", "$(id)"] {
        refuses(&world, &with(json!({ "env": { name: "x" } })), "env").await;
        refuses(&world, &with(json!({ "secrets": { name: "x" } })), "secrets").await;
    }
    for domain in [
        "",
        "http://a.b",
        "a.b:80",
        "*.a.b",
        "a`b",
        "127.0.0.1",
        "a b",
        "a..b",
        ".a",
        "A.b",
        "a\n",
        "bücher.de",
    ] {
        refuses(&world, &with(json!({ "domains": [domain] })), "domain").await;
    }
    refuses(&world, &with(json!({ "domains": ["a.b".repeat(100)] })), "domain").await;
    for image in ["", "a b", "-x", "a\n", "a..b", "http://reg/x", "$(id)", "a;b", "é", &"a".repeat(600)] {
        refuses(&world, &with(json!({ "source": { "image": image } })), "image").await;
    }
    world.end();
}

#[tokio::test]
async fn values_out_of_bounds_are_refused() {
    let world = World::new();
    let volume = |name: &str, path: &str| json!({ "name": name, "path": path });
    for (change, named) in [
        (json!({ "port": 0 }), "port"),
        (json!({ "domains": ["a.b", "a.b"] }), "a.b"),
        (json!({ "env": { "A": "x\u{0}y" } }), "A"),
        (json!({ "env": { "A": "x".repeat(200_000) } }), "128 KiB"),
        (json!({ "env": { "A": "x" }, "secrets": { "A": "x" } }), "secrets"),
        (json!({ "health": { "path": "healthz" } }), "health.path"),
        (json!({ "health": { "path": "" } }), "health.path"),
        (json!({ "health": { "path": "/a b" } }), "health.path"),
        (json!({ "health": { "path": "/a\r\nHost: b" } }), "health.path"),
        (json!({ "health": { "path": "/\"" } }), "health.path"),
        (json!({ "health": { "path": "/$(id)" } }), "health.path"),
        (json!({ "health": { "path": format!("/{}", "a".repeat(2_000)) } }), "health.path"),
        (json!({ "health": { "status_min": 700 } }), "health.status"),
        (json!({ "health": { "status_min": 300, "status_max": 200 } }), "health.status"),
        (json!({ "health": { "interval_seconds": 0 } }), "health.interval_seconds"),
        (json!({ "health": { "timeout_seconds": 0 } }), "health.timeout_seconds"),
        (json!({ "health": { "retries": 1_000 } }), "health.retries"),
        (json!({ "health": { "deadline_seconds": 100_000 } }), "health.deadline_seconds"),
        (json!({ "resources": { "memory_bytes": 0 } }), "resources.memory_bytes"),
        (json!({ "resources": { "memory_bytes": 1 } }), "resources.memory_bytes"),
        (json!({ "resources": { "memory_bytes": u64::MAX } }), "resources.memory_bytes"),
        (json!({ "resources": { "cpus": 0 } }), "resources.cpus"),
        (json!({ "resources": { "cpus": -1 } }), "resources.cpus"),
        (json!({ "resources": { "cpus": 1e300 } }), "resources.cpus"),
        (json!({ "resources": { "pids": 0 } }), "resources.pids"),
        (json!({ "resources": { "pids": 4_294_967_295_u32 } }), "resources.pids"),
        (json!({ "build": { "cpus": -1 } }), "build.cpus"),
        (json!({ "build": { "stack": "a\nb" } }), "build.stack"),
        (json!({ "build": { "version": "20\nRUN evil" } }), "build.version"),
        (json!({ "build": { "start": "a\nRUN evil" } }), "build.start"),
        (json!({ "build": { "install": "a\u{0}" } }), "build.install"),
        (json!({ "build": { "build": "a".repeat(10_000) } }), "build.build"),
        (json!({ "build": { "images": { "node": "a\nRUN evil" } } }), "build.images.node"),
        (json!({ "routing": { "drain_seconds": 4_000 } }), "routing.drain_seconds"),
        (json!({ "volumes": [volume("a", "data")] }), "volumes"),
        (json!({ "volumes": [volume("a", "")] }), "volumes"),
        (json!({ "volumes": [volume("a", "/")] }), "volumes"),
        (json!({ "volumes": [volume("a", "/a/../b")] }), "volumes"),
        (json!({ "volumes": [volume("a", "/a/./b")] }), "volumes"),
        (json!({ "volumes": [volume("a", "/a//b")] }), "volumes"),
        (json!({ "volumes": [volume("a", "/a:b")] }), "volumes"),
        (json!({ "volumes": [volume("a", "/a,rw")] }), "volumes"),
        (json!({ "volumes": [volume("a", "/a\u{0}")] }), "volumes"),
        (json!({ "volumes": [volume("a", "/a\n")] }), "volumes"),
        (json!({ "volumes": [volume("a", "/proc/x")] }), "/proc"),
        (json!({ "volumes": [volume("a", "/sys")] }), "/sys"),
        (json!({ "volumes": [volume("a", "/a"), volume("a", "/b")] }), "volumes"),
        (json!({ "volumes": [volume("a", "/a"), volume("b", "/a")] }), "volumes"),
        (json!({ "volumes": [volume("../a", "/a")] }), "volumes"),
        (json!({ "source": { "image": "missing:1" } }), "missing:1"),
    ] {
        let text = with(change);
        if named == "missing:1" {
            check("a missing image", world.deploy(AppSpec::from_json(&text).unwrap()).await, named);
            count();
            continue;
        }
        refuses(&world, &text, named).await;
    }
    world.end();
}
