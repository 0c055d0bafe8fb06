//! Engines on fakes, and apps that publish ports.

use byop_core::Result;
use byop_core::engine::Engine;
use byop_core::model::{
    AppName, AppReport, AppSpec, ContainerState, Deployment, ImageRef, PortSpec, Protocol, Source,
};
use byop_core::stage::Data;
use byop_core::store::{MemoryStore, Store};
use byop_core::testing::{FakeIngress, FakeProgram, FakeRuntime};

/// A host with good images of two versions and one whose program ends at once.
pub fn host() -> FakeRuntime {
    let runtime = FakeRuntime::new();
    runtime.add_image("game:1", FakeProgram::server(8080));
    runtime.add_image("game:2", FakeProgram::server(8080));
    runtime.add_image("game:bad", FakeProgram::exiting(7));
    runtime
}

pub struct World {
    pub engine: Engine,
    pub runtime: FakeRuntime,
}

impl World {
    /// An engine that gives out `count` ports from 20000 on.
    pub fn with_ports(count: u16) -> Self {
        Self::on(host(), MemoryStore::default(), count)
    }

    pub fn on(runtime: FakeRuntime, store: impl Store + 'static, count: u16) -> Self {
        let engine = Engine::builder()
            .with_store(store)
            .with_runtime("local", runtime.clone())
            .with_ingress(FakeIngress::new(&runtime))
            .with_port_range(20_000..=19_999 + count)
            .build()
            .unwrap();
        Self { engine, runtime }
    }

    pub async fn deploy(&self, spec: &AppSpec) -> Result<Deployment> {
        let job = self.engine.deploy(spec.clone()).await?;
        Ok(serde_json::from_value(self.engine.wait(&job).await?.output.unwrap()).unwrap())
    }

    pub async fn remove(&self, app: &AppName) {
        let job = self.engine.remove(app, Data::Delete).await.unwrap();
        self.engine.wait(&job).await.unwrap();
    }

    pub async fn report(&self, app: &AppName) -> AppReport {
        self.engine.get_app(app).await.unwrap()
    }

    /// The ports of the host that are an app's.
    pub async fn ports(&self, app: &AppName) -> Vec<(Protocol, u16)> {
        self.report(app).await.ports.iter().map(|port| (port.protocol, port.host_port)).collect()
    }

    /// The app's containers and what they do.
    pub fn releases(&self) -> Vec<(String, ContainerState)> {
        self.runtime.census().into_iter().filter(|(name, _)| name.starts_with("byop-game-")).collect()
    }

    /// How often the host has seen a call.
    pub fn calls(&self, call: &str) -> usize {
        self.runtime.calls().iter().filter(|seen| *seen == call).count()
    }

    /// The place of a call among those that the host has seen.
    pub fn place(&self, call: &str) -> usize {
        let calls = self.runtime.calls();
        calls.iter().position(|seen| seen == call).unwrap_or_else(|| panic!("no {call} in {calls:#?}"))
    }
}

pub fn spec(name: &str, ports: &[PortSpec]) -> AppSpec {
    let mut spec =
        AppSpec::new(name, Source::Image(ImageRef::new("game:1").unwrap())).unwrap().with_port(8080);
    spec.routing.drain_seconds = 0;
    spec.ports = ports.to_vec();
    spec
}

pub fn with_image(spec: &AppSpec, image: &str) -> AppSpec {
    AppSpec { source: Source::Image(ImageRef::new(image).unwrap()), ..spec.clone() }
}

pub fn tcp(name: &str) -> PortSpec {
    PortSpec::new(name, Protocol::Tcp, 7000).unwrap()
}

pub fn udp(name: &str) -> PortSpec {
    PortSpec::new(name, Protocol::Udp, 7000).unwrap()
}
