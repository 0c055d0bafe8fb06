//! Every example app: recognised, built, hardened, answering through the proxy with its version.

use byop_core::model::{AppSpec, Source};
use serde_json::Value;

use crate::support::{host, repo, world};

async fn check(app: &str, stack: &str) {
    let world = world!();
    // The same name in each run: the builder finds its caches again.
    let name = format!("e2e-{app}");
    let mut spec = AppSpec::new(&name, Source::Directory(repo("examples/apps").join(app)))
        .unwrap()
        .with_domain(host(&name))
        .unwrap();
    spec.routing.drain_seconds = 0;
    let deployment = world.deploy(&spec).await.unwrap();
    assert_eq!(deployment.url, Some(format!("http://{}:{}/", host(&name), world.port)));

    for path in ["/", "/healthz"] {
        assert_eq!(world.get(&host(&name), path).await.0, 200, "{app}{path}");
    }
    let (status, body) = world.get(&host(&name), "/version").await;
    let answer: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        (status, answer["app"].as_str(), answer["version"].as_str()),
        (200, Some(app), Some("1")),
        "{body}"
    );

    let release = world.engine.get_app(&spec.name).await.unwrap().app.current.unwrap();
    assert_eq!(release.detection.unwrap().stack, stack);
    let container = world.api.inspect_container(&deployment.container, None).await.unwrap();
    let limits = container.host_config.unwrap();
    assert_eq!(limits.readonly_rootfs, Some(true));
    assert!(limits.memory.unwrap() > 0 && limits.nano_cpus.unwrap() > 0 && limits.pids_limit.unwrap() > 0);
    assert!(limits.security_opt.unwrap().iter().any(|option| option.starts_with("no-new-privileges")));
    let config = container.config.unwrap();
    let uid = config.user.unwrap().split(':').next().unwrap().parse::<u32>();
    assert!(uid.is_ok_and(|uid| uid > 0), "{app} runs as root");
    assert!(config.healthcheck.is_some(), "{app} has no health check");
    world.end().await;
}

#[tokio::test]
async fn the_node_app_deploys() {
    check("node", "node").await;
}

#[tokio::test]
async fn the_python_app_deploys() {
    check("python", "python").await;
}

#[tokio::test]
async fn the_go_app_deploys() {
    check("go", "go").await;
}

#[tokio::test]
async fn the_rust_app_deploys() {
    check("rust", "rust").await;
}

#[tokio::test]
async fn the_static_app_deploys() {
    check("static", "static").await;
}

#[tokio::test]
async fn the_app_with_its_own_dockerfile_deploys() {
    check("dockerfile", "dockerfile").await;
}
