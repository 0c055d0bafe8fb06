//! Servers are rented and given back; engines die meanwhile, and clouds answer late, twice or not at all.

use std::sync::Arc;
use std::time::Duration;

use byop_core::ErrorKind;
use byop_core::clock::{Clock, Timestamp};
use byop_core::engine::Engine;
use byop_core::id::JobId;
use byop_core::model::{
    CloudCapabilities, FirewallRule, Job, JobFilter, JobState, Protocol, ProvisionState, ResourceKind,
    ServerRequest, SweepOptions,
};
use byop_core::store::{MemoryStore, Page, Scope, Store};
use byop_core::testing::{CloudTimes, FakeCloud, Life, MortalStore};
use tokio::time::Instant;

use crate::support::app;

mod chaos;
mod deaths;
mod sweep;
mod verbs;

/// Longer than anything here takes, in time that nobody waits for.
const LONG: Duration = Duration::from_secs(6 * 3600);

/// Tokio's time.
#[derive(Debug, Clone)]
struct VirtualClock(Instant);

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        Timestamp(1_700_000_000_000).plus(self.0.elapsed())
    }
}

/// What outlives engines: a store, a cloud in which everything takes time and lists are late, and somebody else's server
/// in the same account.
struct World {
    store: Arc<dyn Store>,
    cloud: FakeCloud,
    clock: VirtualClock,
    foreign: Vec<String>,
}

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

impl World {
    fn new() -> Self {
        Self::with_capabilities(CloudCapabilities::none().with_labels().with_list_lag(6))
    }

    fn with_capabilities(capabilities: CloudCapabilities) -> Self {
        let clock = VirtualClock(Instant::now());
        let times = CloudTimes {
            answer: Duration::from_millis(30),
            boot: seconds(20),
            address: seconds(3),
            delete: seconds(4),
            list_lag: seconds(6),
            read_lag: seconds(2),
        };
        let cloud =
            FakeCloud::new().with_clock(clock.clone()).with_times(times).with_capabilities(capabilities);
        let kinds =
            [ResourceKind::Server, ResourceKind::Firewall, ResourceKind::SshKey, ResourceKind::ReservedIp];
        let foreign = kinds.map(|kind| cloud.plant_foreign(kind, "somebody-elses")).to_vec();
        Self { store: Arc::new(MemoryStore::new(Arc::new(clock.clone()))), cloud, clock, foreign }
    }

    fn engine(&self) -> Engine {
        self.mortal(&Life::default())
    }

    /// An engine that dies with its life.
    fn mortal(&self, life: &Life) -> Engine {
        Engine::builder()
            .with_store(MortalStore::new(Arc::clone(&self.store), life.clone()))
            .with_cloud(self.cloud.with_hook(life.clone()))
            .with_clock(self.clock.clone())
            .build()
            .unwrap()
    }

    /// The servers that the store knows.
    async fn known(&self) -> Vec<String> {
        let records = self.store.list_records(&Scope::Platform, "servers", &Page::all()).await.unwrap();
        records.into_iter().map(|record| record.key).collect()
    }

    fn alive(&self, kind: ResourceKind) -> Vec<String> {
        self.cloud.alive().into_iter().filter(|entry| entry.kind == kind).map(|entry| entry.id).collect()
    }

    /// Asserts that the cloud has what the store says and nothing else, that a sweep agrees, and that nothing of somebody
    /// else's was touched.
    async fn assert_census(&self, context: &str) {
        // Lists are late.
        tokio::time::sleep(seconds(10)).await;
        let engine = self.engine();
        let mut wanted = Vec::new();
        for record in self.store.list_records(&Scope::Platform, "servers", &Page::all()).await.unwrap() {
            let record: byop_core::model::ServerRecord = serde_json::from_value(record.value).unwrap();
            assert_eq!(record.state, ProvisionState::Ready, "{context}: {record:#?}");
            wanted.extend(record.servers.iter().map(|id| id.0.clone()));
            wanted.extend(record.firewall.iter().map(|id| id.0.clone()));
            wanted.extend(record.reserved_ip.iter().map(|ip| ip.id.0.clone()));
            wanted.extend(record.ssh_keys.values().map(|id| id.0.clone()));
        }
        let mut alive: Vec<_> = self.cloud.alive().into_iter().map(|entry| entry.id).collect();
        wanted.sort();
        wanted.dedup();
        alive.sort();
        assert_eq!(alive, wanted, "{context}\n{:#?}\n{:#?}", self.cloud.ledger(), self.cloud.calls());
        let report = engine.sweep(&SweepOptions::report()).await.unwrap();
        assert_eq!((report.findings, report.errors), (vec![], vec![]), "{context}");
        for entry in self.cloud.ledger().iter().filter(|entry| !entry.marked) {
            assert_eq!(entry.gone_at, None, "{context}: {entry:?}");
        }
    }
}

fn plain(name: &str) -> ServerRequest {
    ServerRequest::new(name, "here", "small").unwrap()
}

/// A server with everything.
fn full(name: &str) -> ServerRequest {
    plain(name)
        .with_ssh_key("ssh-ed25519 AAAA ann")
        .with_firewall_rule(FirewallRule::new(Protocol::Tcp, 22))
        .with_reserved_ip()
        .with_label("role", "web")
}

async fn done(engine: &Engine, job: byop_core::Result<JobId>) -> Job {
    engine.wait(&job.unwrap()).await.unwrap()
}

async fn create(engine: &Engine, request: ServerRequest) -> Job {
    done(engine, engine.create_server(request).await).await
}

async fn destroy(engine: &Engine, name: &str) -> Job {
    done(engine, engine.destroy_server(&app(name)).await).await
}

/// The job that was written last: an engine may die before it says that it has written one.
async fn last_job(engine: &Engine) -> Option<JobId> {
    let newest = engine.list_jobs(&JobFilter::all().with_page(None, 1)).await.unwrap();
    newest.into_iter().next().map(|job| job.id)
}

/// The error of a job that must fail.
async fn failure(engine: &Engine, request: ServerRequest) -> byop_core::Error {
    let job = engine.create_server(request).await.unwrap();
    engine.wait(&job).await.expect_err("this server must not come to be")
}
