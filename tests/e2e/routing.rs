//! Host names, headers, redirects, WebSockets.

use std::time::Duration;

use byop_core::ErrorKind;
use byop_core::docker::Docker;
use byop_core::model::{DeploymentState, ExecSpec};
use byop_core::runtime::ContainerRuntime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{host, world};

#[tokio::test]
async fn an_app_answers_at_its_own_host_names_only() {
    let world = world!();
    let spec = world.behaves("hosts").with_domain("second.localhost").unwrap();
    world.deploy(&spec).await.unwrap();
    for name in [host(spec.name.as_str()), "second.localhost".into()] {
        assert_eq!(world.get(&name, "/version").await.0, 200, "{name}");
    }
    assert_eq!(world.get("third.localhost", "/version").await.0, 404);

    // Only the route differs: no new release, and the change holds at once.
    let mut fewer = spec.clone();
    fewer.domains.pop();
    let deployment = world.deploy(&fewer).await.unwrap();
    assert_eq!((deployment.state, deployment.release), (DeploymentState::Unchanged, 1));
    assert_eq!(world.get("second.localhost", "/version").await.0, 404);
    assert_eq!(world.get(&host(spec.name.as_str()), "/version").await.0, 200);
    world.end().await;
}

#[tokio::test]
async fn two_apps_cannot_have_the_same_host_name() {
    let world = world!();
    let first = world.behaves("one");
    world.deploy(&first).await.unwrap();
    let second = world.behaves("two").with_domain(host(first.name.as_str())).unwrap();
    let job = world.engine.deploy(second).await.unwrap();
    let error = world.engine.wait(&job).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(error.context("app"), Some(first.name.as_str()));
    world.end().await;
}

#[tokio::test]
async fn security_headers_and_the_https_redirect_can_be_switched() {
    let world = world!();
    let mut spec = world.behaves("headers");
    world.deploy(&spec).await.unwrap();
    let name = host(spec.name.as_str());
    let headers = world.request(&name, "/version").await.headers().clone();
    assert_eq!(headers["x-content-type-options"], "nosniff");
    assert_eq!(headers["x-frame-options"], "SAMEORIGIN");
    assert!(!headers.contains_key("strict-transport-security"));

    spec.routing.security_headers = false;
    spec.routing.https_redirect = true;
    world.deploy(&spec).await.unwrap();
    let response = world.request(&name, "/version?a=b").await;
    assert_eq!(response.status(), 301);
    assert_eq!(response.headers()["location"], format!("https://{name}/version?a=b"));
    assert!(!response.headers().contains_key("x-frame-options"));
    world.end().await;
}

#[tokio::test]
async fn a_websocket_passes_through_the_proxy() {
    let world = world!();
    let spec = world.behaves("socket");
    world.deploy(&spec).await.unwrap();
    let mut stream = TcpStream::connect(("127.0.0.1", world.port)).await.unwrap();
    // The key and its answer are the example of RFC 6455, section 1.3.
    let request = format!(
        "GET /socket HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
        host(spec.name.as_str())
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let answer = read_until(&mut stream, b"\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 101"), "{answer}");
    assert!(answer.to_lowercase().contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="), "{answer}");
    stream.write_all(b"hello!").await.unwrap();
    assert_eq!(read_until(&mut stream, b"hello!").await, "hello!");
    drop(stream);
    world.end().await;
}

async fn read_until(stream: &mut TcpStream, end: &[u8]) -> String {
    let mut seen = Vec::new();
    while !seen.ends_with(end) {
        let mut byte = [0];
        let read =
            tokio::time::timeout(Duration::from_secs(10), stream.read(&mut byte)).await.unwrap().unwrap();
        assert_eq!(read, 1, "the connection ended after {:?}", String::from_utf8_lossy(&seen));
        seen.push(byte[0]);
    }
    String::from_utf8(seen).unwrap()
}

#[tokio::test]
async fn a_busy_port_is_named_with_its_owner_before_anything_is_started() {
    let world = world!();
    let listener = std::net::TcpListener::bind(("127.0.0.1", world.port)).unwrap();
    let spec = world.behaves("blocked");
    let job = world.engine.deploy(spec.clone()).await.unwrap();
    let error = world.engine.wait(&job).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error:?}");
    assert_eq!(error.context("port"), Some(world.port.to_string().as_str()));
    let owner = error.context("owner").unwrap();
    assert!(owner.ends_with(&format!("(process {})", std::process::id())), "{owner}");
    let report = world.engine.get_app(&spec.name).await.unwrap();
    assert!(report.containers.is_empty() && report.app.current.is_none(), "nothing was started");

    drop(listener);
    world.deploy(&spec).await.unwrap();
    // The proxy has the port now; that is no conflict with itself.
    world.deploy(&spec.with_env("APP_VERSION", "2").unwrap()).await.unwrap();
    world.end().await;
}

/// The proxy is in the networks of all apps; what is byop's own in it is not for them.
#[tokio::test]
async fn an_app_cannot_use_the_internal_entry_point_of_the_proxy() {
    let world = world!();
    let spec = world.behaves("inside");
    let deployment = world.deploy(&spec).await.unwrap();
    let ask = async |port: u16, path: &str, headers: &str| {
        let script = format!(
            "require('http').get({{host:'{}',port:{port},path:'{path}',headers:{headers}}},r=>{{console.log(r.statusCode);process.exit()}})",
            world.proxy()
        );
        let docker = Docker::from_env().unwrap();
        docker.exec(&deployment.container, &ExecSpec::new(["node", "-e", &script])).await.unwrap().stdout
    };
    let own = format!("{{host:'{}'}}", host(spec.name.as_str()));
    assert_eq!(ask(8000, "/version", &own).await.trim(), "200", "the proxy is in reach");
    assert_eq!(ask(8099, "/api/version", "{}").await.trim(), "404");
    assert_eq!(ask(8099, "/api/rawdata", "{'x-byop-pass':'guess'}").await.trim(), "404");
    world.end().await;
}
