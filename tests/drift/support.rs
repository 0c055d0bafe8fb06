//! An engine of its own for each test, with a proxy, an image and names of its own; nothing is left behind.

use std::sync::Arc;

use bollard::Docker as Api;
use byop_core::docker::Docker;
use byop_core::engine::Engine;
use byop_core::ingress::Traefik;
use byop_core::model::{
    AppName, AppSpec, BuildImageSpec, ContainerFilter, Deployment, DriftFilter, DriftReport, FileSet,
    ImageRef, RepairReport, Source,
};
use byop_core::runtime::ContainerRuntime;
use byop_core::source::{BuildContext, SourceTree};
use byop_core::stage::Data;
use byop_core::store::MemoryStore;
use byop_core::testing::require;
use futures_util::{StreamExt, stream};

/// A server of a few hundred KiB, which answers at once and ends at once.
const DOCKERFILE: &str = "FROM busybox:1.37-musl\nRUN mkdir /www && echo ok > /www/index.html\n\
    USER 1000:1000\nEXPOSE 8080\nCMD [\"httpd\", \"-f\", \"-p\", \"8080\", \"-h\", \"/www\"]\n";

/// A test's engine.
pub struct World {
    pub engine: Engine,
    pub docker: Docker,
    pub api: Api,
    pub port: u16,
    pub image: String,
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
            Ok(docker) => docker.info().await.map(|_| docker),
            Err(error) => Err(error),
        };
        let docker = require("docker", connected)?;
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let prefix = format!("byop-test-drift-{port}");
        let image = format!("{prefix}:1");
        build(&docker, &image).await;
        let engine = engine(&docker, &prefix, port);
        let api = Api::connect_with_defaults().unwrap();
        Some(Self { engine, docker, api, port, image, prefix })
    }

    /// An engine on the same host and proxy, with a store that knows nothing.
    pub fn without_store(&self) -> Engine {
        engine(&self.docker, &self.prefix, self.port)
    }

    /// A second name of the image.
    pub fn second_name(&self) -> String {
        format!("{}:2", self.prefix)
    }

    pub fn proxy(&self) -> String {
        format!("{}-traefik", self.prefix)
    }

    /// A name that no other test uses.
    pub fn app(&self, base: &str) -> AppName {
        AppName::new(format!("{base}-{}", self.port)).unwrap()
    }

    /// An app made from the image of this test.
    pub fn spec(&self, base: &str) -> AppSpec {
        let name = self.app(base);
        let source = Source::Image(ImageRef::new(&self.image).unwrap());
        let mut spec = AppSpec::new(name.as_str(), source).unwrap();
        spec = spec.with_domain(host(&name)).unwrap().with_env("COLOUR", "blue").unwrap();
        spec.routing.drain_seconds = 0;
        spec.resources.memory_bytes = 32 << 20;
        spec
    }

    pub async fn deploy(&self, spec: &AppSpec) -> Deployment {
        deploy(&self.engine, spec).await
    }

    /// Deploys several at a time.
    pub async fn deploy_all(&self, specs: &[AppSpec]) {
        stream::iter(specs).for_each_concurrent(6, |spec| async move { drop(self.deploy(spec).await) }).await;
    }

    pub async fn drift(&self) -> DriftReport {
        self.engine.drift(&DriftFilter::all()).await.unwrap()
    }

    pub async fn repair(&self, app: &AppName) -> RepairReport {
        let job = self.engine.repair(app).await.unwrap();
        serde_json::from_value(self.engine.wait(&job).await.unwrap().output.unwrap()).unwrap()
    }

    /// GET of `/` through the proxy.
    pub async fn get(&self, host: &str) -> u16 {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        let request = format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer.split(' ').nth(1).unwrap().parse().unwrap()
    }
}

fn engine(docker: &Docker, prefix: &str, port: u16) -> Engine {
    let traefik = Traefik::new().with_prefix(prefix).with_address("127.0.0.1").with_http_port(port);
    Engine::builder()
        .with_store(MemoryStore::default())
        .with_runtime("local", docker.clone())
        .with_ingress(traefik)
        .build()
        .unwrap()
}

pub async fn deploy(engine: &Engine, spec: &AppSpec) -> Deployment {
    let job = engine.deploy(spec.clone()).await.unwrap();
    serde_json::from_value(engine.wait(&job).await.unwrap().output.unwrap()).unwrap()
}

async fn build(docker: &Docker, tag: &str) {
    let tree = SourceTree::from_files([("app.txt", "hello")]).unwrap();
    let mut files = FileSet::new();
    files.insert("Dockerfile", DOCKERFILE);
    let mut spec = BuildImageSpec::new(ImageRef::new(tag).unwrap());
    spec.builder = docker.info().await.unwrap().builder;
    // A label of its own, so that it is another image than that of a test beside this one.
    spec.labels = [("byop.test".to_owned(), tag.to_owned())].into();
    let context = BuildContext::new(&tree, &files).unwrap();
    let mut output = docker.build_image(&spec, context).await.unwrap();
    while let Some(event) = output.next().await {
        event.unwrap();
    }
}

pub fn host(name: &AppName) -> String {
    format!("{name}.localhost")
}

/// Whether it passes or not: everything goes that was made here.
impl Drop for World {
    fn drop(&mut self) {
        let (docker, prefix, image) = (self.docker.clone(), self.prefix.clone(), self.image.clone());
        let suffix = format!("-{}", self.port);
        let clean_up = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(remove_all(Arc::new(docker), &prefix, &suffix, &image));
        });
        if clean_up.join().is_err() {
            println!("something of {} may be left", self.prefix);
        }
    }
}

async fn remove_all(docker: Arc<Docker>, prefix: &str, suffix: &str, image: &str) {
    let all = ContainerFilter::all();
    let is_ours = |name: &str| {
        let app = name.strip_prefix("byop-").unwrap_or_default();
        name.starts_with(prefix) || app.split("--").next().unwrap().contains(suffix)
    };
    let containers: Vec<_> = docker.list_containers(&all).await.unwrap_or_default();
    let ours = containers.into_iter().filter(|container| {
        let names = container.labels.get("byop.app").is_some_and(|app| app.ends_with(suffix));
        names || is_ours(&container.name)
    });
    stream::iter(ours)
        .for_each_concurrent(6, |container| {
            let docker = Arc::clone(&docker);
            async move { drop(docker.remove_container(&container.id).await) }
        })
        .await;
    for network in docker.list_networks(&all).await.unwrap_or_default() {
        if is_ours(&network.name) {
            let _ = docker.remove_network(&network.name).await;
        }
    }
    for volume in docker.list_volumes(&all).await.unwrap_or_default() {
        if is_ours(&volume.name) {
            let _ = docker.remove_volume(&volume.name).await;
        }
    }
    for tag in [image.to_owned(), format!("{prefix}:2")] {
        let _ = docker.remove_image(&tag).await;
    }
}

/// Removes an app with its data, as its owner would.
pub async fn remove(engine: &Engine, name: &AppName) {
    let job = engine.remove(name, Data::Delete).await.unwrap();
    engine.wait(&job).await.unwrap();
}
