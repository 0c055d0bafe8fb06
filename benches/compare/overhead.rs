//! What byop adds to a deployment: from the call to the first good answer through the proxy, beside the same
//! container made by plain Docker API calls and asked at its own address. Rounds alternate, so that a noisy machine
//! disturbs both alike.

use std::time::{Duration, Instant};

use bollard::Docker as Api;
use bollard::models::{ContainerCreateBody, HostConfig};
use bollard::query_parameters::{CreateContainerOptionsBuilder, RemoveContainerOptionsBuilder};
use byop_core::docker::Docker;
use byop_core::engine::Engine;
use byop_core::ingress::Traefik;
use byop_core::model::{AppSpec, EventBody, ImageRef, Source};
use byop_core::stage::Data;
use futures_util::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const IMAGE: &str = "nginxinc/nginx-unprivileged:1.28-alpine-slim";
const PORT: u16 = 8080;
const ROUNDS: usize = 15;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let api = Api::connect_with_defaults().unwrap();
    let http_port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let traefik =
        Traefik::new().with_prefix("byop-bench").with_address("127.0.0.1").with_http_port(http_port);
    let engine = Engine::builder()
        .with_runtime("local", Docker::connect().unwrap())
        .with_ingress(traefik)
        .build()
        .unwrap();
    let mut spec = AppSpec::new("bench-overhead", Source::Image(ImageRef::new(IMAGE).unwrap()))
        .unwrap()
        .with_domain("bench.localhost")
        .unwrap()
        .with_port(PORT);
    spec.routing.drain_seconds = 0;
    // The first deployment also starts the proxy; it does not count.
    deploy(&engine, &spec, 0, http_port).await;

    let (mut plain, mut byop) = (Vec::new(), Vec::new());
    for round in 1..=ROUNDS {
        plain.push(plain_run(&api).await);
        byop.push(deploy(&engine, &spec, round, http_port).await);
    }
    let job = engine.remove(&spec.name, Data::Delete).await.unwrap();
    engine.wait(&job).await.unwrap();

    let (plain, byop) = (median(plain), median(byop));
    println!("prebuilt image, call to first good answer, median of {ROUNDS} rounds:");
    println!("  plain Docker API, asked at the container  {:6} ms", plain.as_millis());
    println!("  byop, asked through the proxy             {:6} ms", byop.as_millis());
    println!("  added by byop                             {:6} ms", byop.saturating_sub(plain).as_millis());
}

/// An update of the app, until a visitor gets an answer of the new release.
async fn deploy(engine: &Engine, spec: &AppSpec, round: usize, http_port: u16) -> Duration {
    let spec = spec.clone().with_env("ROUND", round.to_string()).unwrap();
    let started = Instant::now();
    let job = engine.deploy(spec).await.unwrap();
    let mut events = engine.events(&job, 0);
    while let Some(event) = events.next().await {
        if matches!(event.unwrap().body, EventBody::Deployed(_)) {
            break;
        }
    }
    assert!(answers(("127.0.0.1", http_port)).await, "the release that is said to serve does not answer");
    let took = started.elapsed();
    engine.wait(&job).await.unwrap();
    took
}

/// Create, start, ask until it answers.
async fn plain_run(api: &Api) -> Duration {
    let name = "byop-bench-plain";
    let body = ContainerCreateBody {
        image: Some(IMAGE.into()),
        host_config: Some(HostConfig {
            readonly_rootfs: Some(true),
            cap_drop: Some(vec!["ALL".into()]),
            security_opt: Some(vec!["no-new-privileges".into()]),
            init: Some(true),
            tmpfs: Some([("/tmp".into(), String::new()), ("/run".into(), String::new())].into()),
            ..Default::default()
        }),
        ..Default::default()
    };
    let started = Instant::now();
    let options = CreateContainerOptionsBuilder::default().name(name).build();
    api.create_container(Some(options), body).await.unwrap();
    api.start_container(name, None).await.unwrap();
    let info = api.inspect_container(name, None).await.unwrap();
    let networks = info.network_settings.unwrap().networks.unwrap();
    let address = networks.into_values().next().unwrap().ip_address.unwrap();
    while !answers((address.as_str(), PORT)).await {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let took = started.elapsed();
    let force = RemoveContainerOptionsBuilder::default().force(true).build();
    api.remove_container(name, Some(force)).await.unwrap();
    took
}

async fn answers(address: (&str, u16)) -> bool {
    let ask = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(b"GET / HTTP/1.1\r\nHost: bench.localhost\r\nConnection: close\r\n\r\n").await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        Ok::<_, std::io::Error>(answer.starts_with(b"HTTP/1.1 200"))
    };
    ask.await.unwrap_or(false)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
