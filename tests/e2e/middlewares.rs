//! What a proxy does to requests on their way: the same by the live route and by the labels of the compose file.

use std::collections::HashMap;
use std::process::Command;
use std::time::Duration;

use bollard::models::{ContainerCreateBody, HealthConfig, HostConfig, PortBinding};
use bollard::query_parameters::CreateContainerOptionsBuilder;
use byop_core::model::{AppSpec, BackendProtocol, RateLimit, RoutingSpec};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{World, free_port, host, world};

/// The password is `open sesame`.
const USER: &str = "ann:$2y$10$abcdefghijklmnopqrstuu4SuEsu2LsUrAYUpWQHLMMc4GV5pZTxK";
const AUTHORIZATION: &str = "authorization: Basic YW5uOm9wZW4gc2VzYW1l";
const WRONG: &str = "authorization: Basic YW5uOm9wZW4gYmFybGV5";

fn routing() -> RoutingSpec {
    RoutingSpec {
        path_prefix: Some("/shop".into()),
        strip_prefix: true,
        headers: [("X-Own".into(), "a, $b `c`".into())].into(),
        // Slow to give more, so that it is the burst that is counted.
        rate_limit: Some(RateLimit { average: 1, burst: 40, period_seconds: 3600 }),
        basic_auth: vec![USER.into()],
        compress: true,
        sticky: Some("shop".into()),
        allowed_ips: vec!["0.0.0.0/0".into(), "::/0".into()],
        body_limit_bytes: Some(1000),
        drain_seconds: 1,
        ..RoutingSpec::default()
    }
}

struct Answer {
    status: u16,
    /// In lower case.
    head: String,
    body: String,
}

async fn ask(port: u16, host: &str, request: &str, headers: &[&str], body: &str) -> Answer {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let mut text = format!("{request} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n");
    for header in headers {
        text += &format!("{header}\r\n");
    }
    text += &format!("content-length: {}\r\n\r\n{body}", body.len());
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut seen = Vec::new();
    tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut seen)).await.unwrap().unwrap();
    let seen = String::from_utf8_lossy(&seen).into_owned();
    let (head, body) = seen.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head: head.to_lowercase(), body: body.to_owned() }
}

/// All that `routing()` asks for, seen from outside.
async fn check(port: u16, host: &str) {
    let get = async |path: &str, headers: &[&str]| ask(port, host, &format!("GET {path}"), headers, "").await;

    for outside in ["/seen", "/", "/shopping/seen"] {
        assert_eq!(get(outside, &[AUTHORIZATION]).await.status, 404, "{outside} is outside of the path");
    }
    for stranger in [&[][..], &[WRONG]] {
        let refused = get("/shop/seen", stranger).await;
        assert_eq!(refused.status, 401);
        assert!(refused.head.contains("\nx-own: a, $b `c`\r"), "refusals have headers too: {}", refused.head);
        assert!(refused.head.contains("\nx-frame-options: sameorigin"), "{}", refused.head);
    }

    let seen = get("/shop/seen?a=b", &[AUTHORIZATION]).await;
    assert_eq!(seen.status, 200, "{}", seen.body);
    assert!(seen.body.contains(r#""url":"/seen?a=b""#), "{}", seen.body);
    assert!(seen.body.contains(r#""x-forwarded-prefix":"/shop""#), "{}", seen.body);
    assert!(!seen.body.contains("authorization"), "the app does not see the password: {}", seen.body);
    assert!(seen.head.contains("\nset-cookie: shop=") && seen.head.contains("httponly"), "{}", seen.head);

    let short = get("/shop/long", &[AUTHORIZATION, "accept-encoding: gzip"]).await;
    assert!(short.head.contains("\ncontent-encoding: gzip"), "{}", short.head);
    let long = get("/shop/long", &[AUTHORIZATION]).await;
    assert!(!long.head.contains("\ncontent-encoding"), "{}", long.head);

    let post =
        async |bytes: usize| ask(port, host, "POST /shop/body", &[AUTHORIZATION], &"x".repeat(bytes)).await;
    assert_eq!(post(1001).await.status, 413);
    let fits = post(1000).await;
    assert!(fits.status == 200 && fits.body.contains("1000"), "{}", fits.body);

    let mut last = 0;
    for _ in 0..45 {
        last = get("/shop/seen", &[AUTHORIZATION]).await.status;
        if last == 429 {
            break;
        }
    }
    assert_eq!(last, 429, "more than the burst is refused");
}

#[tokio::test]
async fn the_live_route_does_what_is_asked() {
    let world = world!();
    let mut spec = world.behaves("middle");
    world.deploy(&spec).await.unwrap();
    spec.routing = routing();
    world.deploy(&spec).await.unwrap();
    check(world.port, &host(spec.name.as_str())).await;

    // The change holds as soon as the deployment has ended.
    spec.routing.allowed_ips = vec!["192.0.2.0/24".into()];
    world.deploy(&spec).await.unwrap();
    let refused = ask(world.port, &host(spec.name.as_str()), "GET /shop/seen", &[AUTHORIZATION], "").await;
    assert_eq!(refused.status, 403);
    world.end().await;
}

#[tokio::test]
async fn the_labels_of_the_compose_file_do_the_same() {
    let world = world!();
    let mut spec = world.behaves("labels");
    let deployment = world.deploy(&spec).await.unwrap();
    spec.routing = routing();
    let labelled = Labelled::start(&world, &spec, &deployment.container, &[]).await;
    labelled.wait(&host(spec.name.as_str()), "/shop/seen").await;
    check(labelled.port, &host(spec.name.as_str())).await;
    drop(labelled);
    world.end().await;
}

#[tokio::test]
async fn an_app_that_speaks_http2_without_tls_is_reached() {
    let world = world!();
    let mut spec = world.behaves("h2c").with_env("MODE", "h2c").unwrap();
    spec.routing.protocol = BackendProtocol::H2c;
    let deployment = world.deploy(&spec).await.unwrap();
    let name = host(spec.name.as_str());
    let (status, body) = world.get(&name, "/seen").await;
    assert!(status == 200 && body.contains(r#""httpVersion":"2.0""#), "{status} {body}");

    let labelled = Labelled::start(&world, &spec, &deployment.container, &["MODE=h2c"]).await;
    labelled.wait(&name, "/seen").await;
    let seen = ask(labelled.port, &name, "GET /seen", &[], "").await;
    assert!(seen.status == 200 && seen.body.contains(r#""httpVersion":"2.0""#), "{}", seen.body);
    drop(labelled);
    world.end().await;
}

#[tokio::test]
async fn a_websocket_passes_through_all_but_the_body_limit() {
    let world = world!();
    let mut spec = world.behaves("socketmiddle");
    spec.routing = RoutingSpec { body_limit_bytes: None, ..routing() };
    world.deploy(&spec).await.unwrap();
    let mut stream = TcpStream::connect(("127.0.0.1", world.port)).await.unwrap();
    let request = format!(
        "GET /shop/socket HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{AUTHORIZATION}\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
        host(spec.name.as_str())
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut seen = Vec::new();
    let mut hello_sent = false;
    while !seen.ends_with(b"hello!") {
        let mut bytes = [0; 1024];
        let read =
            tokio::time::timeout(Duration::from_secs(10), stream.read(&mut bytes)).await.unwrap().unwrap();
        assert!(read > 0, "the connection ended after {:?}", String::from_utf8_lossy(&seen));
        seen.extend_from_slice(&bytes[..read]);
        if !hello_sent && seen.ends_with(b"\r\n\r\n") {
            stream.write_all(b"hello!").await.unwrap();
            hello_sent = true;
        }
    }
    assert!(seen.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&seen));
    drop(stream);
    world.end().await;
}

/// The app once more, with the labels of its compose file, and a proxy that reads labels.
struct Labelled {
    port: u16,
    containers: [String; 2],
}

impl Labelled {
    async fn start(world: &World, spec: &AppSpec, like: &str, env: &[&str]) -> Self {
        let preview = world.engine.preview(spec).await.unwrap();
        let file: Value = serde_yaml::from_str(preview.files.get("compose.yaml").unwrap()).unwrap();
        let labels = file["services"]["web"]["labels"].as_object().unwrap();
        let mut labels: HashMap<String, String> = labels
            .iter()
            .map(|(key, value)| (key.replace("$$", "$"), value.as_str().unwrap().replace("$$", "$")))
            .collect();
        let like = world.api.inspect_container(like, None).await.unwrap();
        let network = like.network_settings.unwrap().networks.unwrap().into_keys().next().unwrap();
        labels.insert("traefik.docker.network".into(), network.clone());
        labels.insert("byop-test-labels".into(), world.port.to_string());
        let port = free_port();
        let names = [format!("byop-test-labels-app-{port}"), format!("byop-test-labels-proxy-{port}")];
        let is_unchecked = file["services"]["web"]["healthcheck"]["disable"] == true;
        let none = HealthConfig { test: Some(vec!["NONE".into()]), ..Default::default() };
        let app = ContainerCreateBody {
            healthcheck: is_unchecked.then_some(none),
            image: like.image,
            env: Some(env.iter().map(|value| (*value).to_owned()).collect()),
            labels: Some(labels),
            host_config: Some(HostConfig { network_mode: Some(network.clone()), ..Default::default() }),
            ..Default::default()
        };
        let image = world.api.inspect_container(&world.proxy(), None).await.unwrap().image;
        let published = PortBinding { host_ip: Some("127.0.0.1".into()), host_port: Some(port.to_string()) };
        let proxy = ContainerCreateBody {
            image,
            user: Some("0".into()),
            cmd: Some(vec![
                "--entrypoints.web.address=:8000".into(),
                "--providers.docker.exposedbydefault=false".into(),
                format!("--providers.docker.constraints=Label(`byop-test-labels`,`{}`)", world.port),
            ]),
            exposed_ports: Some(vec!["8000/tcp".into()]),
            host_config: Some(HostConfig {
                network_mode: Some(network),
                binds: Some(vec!["/var/run/docker.sock:/var/run/docker.sock".into()]),
                port_bindings: Some(HashMap::from([("8000/tcp".into(), Some(vec![published]))])),
                ..Default::default()
            }),
            ..Default::default()
        };
        for (name, body) in names.iter().zip([app, proxy]) {
            let options = CreateContainerOptionsBuilder::default().name(name).build();
            world.api.create_container(Some(options), body).await.unwrap();
            world.api.start_container(name, None).await.unwrap();
        }
        Self { port, containers: names }
    }

    /// Until the proxy has read the labels: it takes a container only when its own check is healthy.
    async fn wait(&self, host: &str, path: &str) {
        let started = std::time::Instant::now();
        loop {
            if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)).await {
                let text = format!("HEAD {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
                let mut seen = String::new();
                let sent = stream.write_all(text.as_bytes()).await;
                let read = stream.read_to_string(&mut seen).await;
                let status = seen.split(' ').nth(1).unwrap_or_default();
                if sent.is_ok() && read.is_ok() && matches!(status, "200" | "401") {
                    return;
                }
                assert!(started.elapsed() < Duration::from_secs(60), "the proxy says {seen:?}");
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

/// Before the world, whose networks it is in, and whether the test passes or not.
impl Drop for Labelled {
    fn drop(&mut self) {
        let removed =
            Command::new("docker").args(["rm", "--force", "--volumes"]).args(&self.containers).output();
        assert!(removed.is_ok_and(|output| output.status.success()) || std::thread::panicking());
    }
}
