//! An engine of its own for each test: own proxy on a free port, own names, nothing left behind.

use std::path::PathBuf;
use std::time::Duration;

use bollard::Docker as Api;
use byop_core::docker::Docker;
use byop_core::engine::Engine;
use byop_core::ingress::Traefik;
use byop_core::model::{AppName, AppSpec, Deployment, Event, JobFilter, Source};
use byop_core::stage::Data;
use byop_core::store::MemoryStore;
use byop_core::testing::require;
use byop_core::{Error, Result};
use futures_util::StreamExt;
use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// A test's engine.
pub struct World {
    pub engine: Engine,
    pub port: u16,
    pub api: Api,
    prefix: String,
}

/// Skips (loudly) without Docker.
macro_rules! world {
    () => {
        match crate::support::World::new().await {
            Some(world) => world,
            None => return,
        }
    };
}
pub(crate) use world;

impl World {
    pub async fn new() -> Option<Self> {
        let connected = match Docker::from_env() {
            Ok(docker) => byop_core::runtime::ContainerRuntime::info(&docker).await.map(|_| docker),
            Err(error) => Err(error),
        };
        let docker = require("docker", connected)?;
        let port = free_port();
        let prefix = format!("byop-e2e-{port}");
        let traefik =
            Traefik::new().with_prefix(prefix.clone()).with_address("127.0.0.1").with_http_port(port);
        let engine = Engine::builder()
            .with_store(MemoryStore::default())
            .with_runtime("local", docker)
            .with_ingress(traefik)
            .build()
            .unwrap();
        let api = Api::connect_with_defaults().unwrap();
        Some(Self { engine, port, api, prefix })
    }

    /// The proxy's container.
    pub fn proxy(&self) -> String {
        format!("{}-traefik", self.prefix)
    }

    /// A name that no other test uses.
    pub fn name(&self, base: &str) -> String {
        format!("{base}-{}", self.port)
    }

    /// A spec of the fixture server with a host name.
    pub fn behaves(&self, base: &str) -> AppSpec {
        let name = self.name(base);
        let mut spec = AppSpec::new(&name, Source::Directory(repo("tests/fixtures/behaves"))).unwrap();
        spec = spec.with_domain(host(&name)).unwrap();
        spec.health.path = Some("/healthz".into());
        spec.routing.drain_seconds = 1;
        spec
    }

    /// Deploys and waits.
    pub async fn deploy(&self, spec: &AppSpec) -> Result<Deployment> {
        let job = self.engine.deploy(spec.clone()).await?;
        let done = self.engine.wait(&job).await;
        if let Err(error) = &done {
            println!("{error:?}");
        }
        Ok(serde_json::from_value(done?.output.unwrap()).unwrap())
    }

    /// Deploys a release that must fail, and returns its error and events.
    pub async fn deploy_badly(&self, spec: &AppSpec) -> (Error, Vec<Event>) {
        let job = self.engine.deploy(spec.clone()).await.unwrap();
        let error = self.engine.wait(&job).await.expect_err("this release must not come to serve");
        let events = self.engine.events(&job, 0).map(|event| event.unwrap()).collect().await;
        (error, events)
    }

    /// GET through the proxy, over a connection of its own.
    pub async fn get(&self, host: &str, path: &str) -> (u16, String) {
        let response = self.request(host, path).await;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8_lossy(&body).into_owned())
    }

    pub async fn request(&self, host: &str, path: &str) -> hyper::Response<hyper::body::Incoming> {
        let mut sender = connect(self.port).await.unwrap();
        let request = hyper::Request::get(path).header("host", host).body(Empty::<Bytes>::new()).unwrap();
        tokio::time::timeout(Duration::from_secs(20), sender.send_request(request)).await.unwrap().unwrap()
    }

    /// Removes an app with its data.
    pub async fn remove(&self, name: &AppName) {
        let job = self.engine.remove(name, Data::Delete).await.unwrap();
        self.engine.wait(&job).await.unwrap();
    }

    /// Removes every app, and with the last one the proxy.
    pub async fn end(self) {
        for report in self.engine.list_apps().await.unwrap() {
            self.remove(&report.app.name).await;
        }
        let traefik = self.proxy();
        assert!(self.api.inspect_container(&traefik, None).await.is_err(), "the proxy is still there");
    }
}

/// A test that fails leaves nothing behind either.
impl Drop for World {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        let engine = self.engine.clone();
        let clean_up = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                for job in engine.list_jobs(&JobFilter::all().with_unfinished()).await? {
                    engine.cancel(&job.id).await?;
                    let _ = engine.wait(&job.id).await;
                }
                for report in engine.list_apps().await? {
                    let job = engine.remove(&report.app.name, Data::Delete).await?;
                    engine.wait(&job).await?;
                }
                Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
            })
        });
        println!("cleaned up after a failure: {:?}", clean_up.join());
    }
}

/// An HTTP/1.1 connection to the proxy that stays open.
pub async fn connect(port: u16) -> std::io::Result<http1::SendRequest<Empty<Bytes>>> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(std::io::Error::other)?;
    tokio::spawn(connection);
    Ok(sender)
}

pub fn host(name: &str) -> String {
    format!("{name}.localhost")
}

pub fn repo(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
