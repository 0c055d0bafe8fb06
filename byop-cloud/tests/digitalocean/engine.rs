//! The engine on a simulated account: what it leaves, and how many calls it takes.

use byop_cloud::http::{Request, Response, Transport};
use byop_cloud::testing::{Fault, Mishap};
use byop_core::clock::{Clock, Timestamp};
use byop_core::engine::Engine;
use byop_core::model::{AppName, FirewallRule, Protocol, ServerRequest, SweepOptions};
use byop_core::store::MemoryStore;
use byop_core::testing::{CloudEntry, FakeIngress, FakeRuntime};
use byop_core::{ErrorKind, Result};

use super::*;

/// The simulator's clock as the engine takes one.
#[derive(Debug)]
struct Shared(Arc<dyn Clock>);

impl Clock for Shared {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

fn account() -> Arc<DigitalOceanSimulator> {
    let simulator = Arc::new(DigitalOceanSimulator::new());
    simulator.set_times(slow());
    simulator
}

fn engine(simulator: &Arc<DigitalOceanSimulator>, transport: impl Transport + 'static) -> Engine {
    Engine::builder()
        .with_store(MemoryStore::new(simulator.clock()))
        .with_cloud(provider(simulator).with_transport(Arc::new(transport)))
        .with_clock(Shared(simulator.clock()))
        .with_ingress(FakeIngress::new(&FakeRuntime::new()))
        .build()
        .unwrap()
}

fn shaky(simulator: &Arc<DigitalOceanSimulator>) -> Simulated {
    Simulated::new(Arc::<DigitalOceanSimulator>::clone(simulator))
}

fn request() -> ServerRequest {
    ServerRequest::new("web-1", "fra1", "s-1vcpu-1gb").unwrap()
}

fn full() -> ServerRequest {
    request()
        .with_reserved_ip()
        .with_ssh_key(format!("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA{:042}", 7))
        .with_firewall_rule(FirewallRule::new(Protocol::Tcp, 22))
}

fn alive(simulator: &DigitalOceanSimulator) -> Vec<CloudEntry> {
    simulator.ledger().into_iter().filter(|entry| entry.gone_at.is_none()).collect()
}

async fn create(engine: &Engine, request: ServerRequest) -> Result<()> {
    let job = engine.create_server(request).await?;
    engine.wait(&job).await.map(drop)
}

/// Size, image, a look by the key, the droplet; the rest is looking whether it runs.
#[tokio::test(start_paused = true)]
async fn a_server_takes_four_calls_and_the_looks_at_it() {
    let simulator = account();
    let engine = engine(&simulator, shaky(&simulator));
    create(&engine, request()).await.unwrap();
    let calls = simulator.requests();
    let id = &simulator.ledger()[0].id;
    let (looks, others): (Vec<_>, Vec<_>) =
        calls.into_iter().map(|call| call.line).partition(|line| line.contains(&format!("/droplets/{id}")));
    let paths: Vec<_> = others.iter().map(|line| line.split('?').next().unwrap()).collect();
    assert_eq!(
        paths,
        ["GET /v2/sizes", "GET /v2/images/debian-12-x64", "GET /v2/droplets", "POST /v2/droplets"]
    );
    // Each look at one that is still new is two calls: only its action tells whether it will ever run.
    assert!(looks.len() <= 24, "{looks:#?}");
}

#[tokio::test(start_paused = true)]
async fn a_server_with_everything_comes_and_goes() {
    let simulator = account();
    let engine = engine(&simulator, shaky(&simulator));
    create(&engine, full()).await.unwrap();
    assert_eq!(alive(&simulator).len(), 4);
    assert_eq!(engine.sweep(&SweepOptions::report()).await.unwrap().findings, []);
    let job = engine.destroy_server(&AppName::new("web-1").unwrap()).await.unwrap();
    engine.wait(&job).await.unwrap();
    assert_eq!(alive(&simulator), []);
    assert_eq!(simulator.complaints(), [""; 0]);
}

/// A reservation without an answer, and then a refusal: what the first made leads to the server and goes before it.
#[tokio::test(start_paused = true)]
async fn an_address_that_nobody_was_told_of_goes_with_its_server() {
    #[derive(Debug)]
    struct RefusedTheSecondTime(Simulated, std::sync::atomic::AtomicUsize);
    #[async_trait::async_trait]
    impl Transport for RefusedTheSecondTime {
        async fn send(&self, request: &Request) -> Result<Response> {
            let is_look = request.operation == "reserved_ip.reserve" && request.url.contains("/v2/droplets/");
            if is_look && self.1.fetch_add(1, std::sync::atomic::Ordering::SeqCst) > 0 {
                return Ok(self.0.simulator().refusal(403, None));
            }
            self.0.send(request).await
        }
    }
    for mishap in [Mishap::TimeoutAfter, Mishap::ResetAfter, Mishap::HalfBody] {
        let simulator = account();
        let simulated = shaky(&simulator);
        simulated.inject(Fault::new("POST /v2/reserved_ips", mishap));
        let engine = engine(&simulator, RefusedTheSecondTime(simulated, Default::default()));
        let error = create(&engine, full()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error:?}");
        let made = simulator.ledger().into_iter().filter(|entry| entry.kind == ResourceKind::ReservedIp);
        assert_eq!(made.count(), 1);
        assert_eq!(alive(&simulator), [], "{mishap:?}");
    }
}

/// Whatever kind it is; and what is somebody else's stays, whatever its name.
#[tokio::test(start_paused = true)]
async fn a_sweep_finds_every_orphan_and_nothing_else() {
    let simulator = account();
    let engine = engine(&simulator, shaky(&simulator));
    create(&engine, full()).await.unwrap();
    let mut orphans = Vec::new();
    for kind in simulator.kinds() {
        orphans.push(simulator.plant(*kind, "orphan"));
        simulator.plant_foreign(*kind, "orphan");
    }
    let foreign = simulator.foreign();
    let report = engine.sweep(&SweepOptions::remove()).await.unwrap();
    let mut found: Vec<_> = report.findings.iter().map(|finding| finding.resource.id.clone()).collect();
    found.sort();
    orphans.sort();
    assert_eq!((found, report.errors), (orphans, vec![]));
    assert!(report.findings.iter().all(|finding| finding.removed), "{:#?}", report.findings);
    let names: Vec<_> = report.monthly_price.iter().map(ToString::to_string).collect();
    assert_eq!(names, ["16.1404 USD"]);
    let job = engine.destroy_server(&AppName::new("web-1").unwrap()).await.unwrap();
    engine.wait(&job).await.unwrap();
    assert!(alive(&simulator).iter().all(|entry| !entry.marked));
    assert_eq!(simulator.foreign(), foreign);
}
