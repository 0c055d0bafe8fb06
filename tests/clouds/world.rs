//! What outlives engines: a store and an account at a vendor, in which somebody else has things of the same names.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use byop_cloud::http::Transport;
use byop_cloud::testing::{Simulated, Simulator};
use byop_core::clock::{Clock, SystemClock, Timestamp};
use byop_core::cloud::CloudProvider;
use byop_core::engine::Engine;
use byop_core::id::JobId;
use byop_core::model::{
    AppName, FirewallRule, Job, JobFilter, Protocol, ProvisionState, ResourceKind, ServerRecord,
    ServerRequest, SweepOptions, SweepReport,
};
use byop_core::secret::{MemorySecrets, SecretRef};
use byop_core::store::{MemoryStore, Page, Scope, Store};
use byop_core::testing::{CloudEntry, CloudTimes, Life, MortalStore};
use tokio::time::Instant;

use crate::vendors::{Account, Reach, Vendor};

/// Longer than anything here takes, in time that nobody waits for.
pub(crate) const LONG: Duration = Duration::from_secs(24 * 3600);

const SSH_KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g ann";

/// What the servers run at their first start; it may stand nowhere but at the vendor.
const USER_DATA: &str = "#cloud-config canary";

/// Runs something in time that nobody waits for.
pub(crate) fn paused(run: impl Future<Output = ()>) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_time().start_paused(true).build().unwrap().block_on(run);
}

pub(crate) fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

pub(crate) fn app(name: &str) -> AppName {
    AppName::new(name).unwrap()
}

/// Tokio's time, from now on.
#[derive(Debug, Clone)]
struct VirtualClock(Instant, Timestamp);

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        self.1.plus(self.0.elapsed())
    }
}

pub(crate) struct World {
    vendor: Vendor,
    store: Arc<dyn Store>,
    reach: Reach,
    list_lag: Duration,
    /// SSH keys, firewalls, reserved addresses.
    has: (bool, bool, bool),
    /// The engine that does not die.
    immortal: OnceLock<Engine>,
    pub(crate) simulator: Arc<dyn Simulator>,
    pub(crate) simulated: Simulated,
    clock: Arc<VirtualClock>,
    /// All that is somebody else's.
    foreign: String,
    /// What bears our mark and nobody asked for.
    planted: BTreeSet<(ResourceKind, String)>,
    /// What else came with it, such as the disk of an image.
    attached: BTreeSet<(ResourceKind, String)>,
}

impl World {
    pub(crate) fn new(vendor: Vendor) -> Self {
        let clock = Arc::new(VirtualClock(Instant::now(), SystemClock.now()));
        let Account { simulator, reach } = (vendor.open)();
        let mut world = Self {
            vendor,
            reach,
            list_lag: Duration::ZERO,
            has: (false, false, false),
            immortal: OnceLock::new(),
            store: Arc::new(MemoryStore::new(Arc::<VirtualClock>::clone(&clock))),
            simulated: Simulated::new(Arc::clone(&simulator)),
            simulator,
            clock,
            foreign: String::new(),
            planted: BTreeSet::new(),
            attached: BTreeSet::new(),
        };
        let provider = world.provider(&Life::default());
        world.list_lag = seconds(provider.capabilities().list_lag_seconds.into());
        world.has = (
            provider.ssh_keys().is_some(),
            provider.firewalls().is_some(),
            provider.reserved_ips().is_some(),
        );
        world.set_list_lag(world.list_lag);
        for kind in world.kinds() {
            for name in ["web-1", "web-2"] {
                world.simulator.plant_foreign(kind, name);
            }
        }
        world.foreign = world.simulator.foreign();
        world
    }

    /// The kinds of things that can be planted and that lists of resources show.
    fn kinds(&self) -> Vec<ResourceKind> {
        let kinds = self.simulator.kinds().iter().copied();
        kinds.filter(|kind| *kind != ResourceKind::DnsRecord).collect()
    }

    /// How late the vendor's lists may be.
    pub(crate) fn list_lag(&self) -> Duration {
        self.list_lag
    }

    pub(crate) fn set_list_lag(&self, list_lag: Duration) {
        self.simulator.set_times(CloudTimes {
            answer: Duration::from_millis(30),
            boot: seconds(20),
            address: seconds(3),
            delete: seconds(4),
            list_lag,
            read_lag: list_lag.min(seconds(2)),
        });
    }

    /// Things with our mark that nobody asked for: of every kind one.
    pub(crate) fn plant(&mut self) {
        for kind in self.kinds() {
            let id = self.simulator.plant(kind, "lost");
            self.planted.insert((kind, id));
        }
        let alive = self.alive().into_iter().map(|entry| (entry.kind, entry.id));
        self.attached = alive.filter(|thing| !self.planted.contains(thing)).collect();
    }

    fn provider(&self, life: &Life) -> Arc<dyn CloudProvider> {
        let transport: Arc<dyn Transport> = Arc::new(self.simulated.with_hook(life.clone()));
        (self.reach)(transport, Arc::<VirtualClock>::clone(&self.clock))
    }

    pub(crate) fn engine(&self) -> Engine {
        self.immortal.get_or_init(|| self.mortal(&Life::default())).clone()
    }

    /// An engine that dies with its life.
    pub(crate) fn mortal(&self, life: &Life) -> Engine {
        Engine::builder()
            .with_store(MortalStore::new(Arc::clone(&self.store), life.clone()))
            .with_cloud(self.provider(life))
            .with_clock((*self.clock).clone())
            .with_secrets(MemorySecrets::new().with_secret("boot", USER_DATA))
            .build()
            .unwrap()
    }

    pub(crate) fn plain(&self, name: &str) -> ServerRequest {
        ServerRequest::new(name, self.vendor.region, self.vendor.size).unwrap().with_image(self.vendor.image)
    }

    /// A server with everything that the vendor has.
    pub(crate) fn full(&self, name: &str) -> ServerRequest {
        let mut request = self.plain(name).with_label("role", "web").with_user_data(SecretRef("boot".into()));
        if self.has.0 {
            request = request.with_ssh_key(SSH_KEY);
        }
        if self.has.1 {
            request = request.with_firewall_rule(FirewallRule::new(Protocol::Tcp, 22));
        }
        if self.has.2 {
            request = request.with_reserved_ip();
        }
        request
    }

    /// The servers that the store knows.
    pub(crate) async fn records(&self) -> Vec<ServerRecord> {
        let records = self.store.list_records(&Scope::Platform, "servers", &Page::all()).await.unwrap();
        records.into_iter().map(|record| serde_json::from_value(record.value).unwrap()).collect()
    }

    /// What bears our mark and is there.
    pub(crate) fn alive(&self) -> Vec<CloudEntry> {
        let mut all = self.simulator.ledger();
        all.retain(|entry| entry.marked && entry.gone_at.is_none());
        all
    }

    /// How many servers of ours are there.
    pub(crate) fn servers(&self) -> usize {
        let planted = &self.planted;
        let is_planted = |entry: &CloudEntry| planted.contains(&(entry.kind, entry.id.clone()));
        self.alive().iter().filter(|e| e.kind == ResourceKind::Server && !is_planted(e)).count()
    }

    async fn sweep(&self, options: &SweepOptions) -> SweepReport {
        let report = self.engine().sweep(options).await.unwrap();
        assert_eq!(report.errors, [], "{}", self.story());
        report
    }

    /// Asserts that what is there is what the store says and what was planted, and nothing else; that a sweep finds what
    /// was planted, and nothing else; and that nothing of somebody else's was touched.
    pub(crate) async fn assert_census(&self, context: &str) {
        tokio::time::sleep(self.list_lag() + seconds(10)).await;
        let mut wanted = BTreeSet::new();
        for record in self.records().await {
            assert_eq!(record.state, ProvisionState::Ready, "{context}: {record:#?}");
            let servers = record.servers.iter().map(|id| (ResourceKind::Server, id.0.clone()));
            let firewall = record.firewall.iter().map(|id| (ResourceKind::Firewall, id.0.clone()));
            let address = record.reserved_ip.iter().map(|ip| (ResourceKind::ReservedIp, ip.id.0.clone()));
            let ssh_keys = record.ssh_keys.values().map(|id| (ResourceKind::SshKey, id.0.clone()));
            wanted.extend(servers.chain(firewall).chain(address).chain(ssh_keys));
        }
        wanted.extend(self.planted.union(&self.attached).cloned());
        let alive: BTreeSet<_> = self.alive().into_iter().map(|entry| (entry.kind, entry.id)).collect();
        if alive != wanted {
            let told = self.told().await;
            panic!("{context}: there is {alive:#?}\nand not {wanted:#?}\n{}\n{told}", self.story());
        }
        let report = self.sweep(&SweepOptions::report()).await;
        let found: BTreeSet<_> =
            report.findings.iter().map(|f| (f.resource.kind, f.resource.id.clone())).collect();
        assert_eq!(found, self.planted, "{context}\n{:#?}\n{}", report.findings, self.story());
        assert_eq!(self.simulator.foreign(), self.foreign, "{context}: this is somebody else's");
        assert_eq!(self.simulator.complaints(), [""; 0], "{context}");
    }

    /// Removes what was planted by sweeping.
    pub(crate) async fn sweep_away(&mut self, context: &str) {
        // What is still used by a server that is going stays for the next one.
        for _ in 0..10 {
            let report = self.sweep(&SweepOptions::remove()).await;
            if report.findings.iter().all(|finding| finding.removed) {
                break;
            }
            tokio::time::sleep(seconds(10)).await;
        }
        self.planted.clear();
        self.attached.clear();
        self.assert_census(context).await;
    }

    /// What the account has seen.
    pub(crate) fn story(&self) -> String {
        let mut story = String::new();
        for entry in self.simulator.ledger() {
            let CloudEntry { kind, id, name, key, created_at, gone_at, .. } = entry;
            story +=
                &format!("{kind:?} {id} {name} {key:?} {} - {:?}\n", created_at.0, gone_at.map(|at| at.0));
        }
        let mut last = (String::new(), 0);
        for sent in self.simulated.requests() {
            let status = sent.status.map_or("-".to_owned(), |status| status.to_string());
            let line = format!("{} {} {} {status}", sent.operation, sent.method.as_str(), sent.url);
            if line != last.0 {
                story += &format!("{} ({})\n", last.0, last.1);
                last = (line, 0);
            }
            last.1 += 1;
        }
        story + &format!("{} ({})", last.0, last.1)
    }

    /// What the jobs told, in short.
    async fn told(&self) -> String {
        let mut told = String::new();
        for job in self.store.list_jobs(&Scope::Platform, &JobFilter::all()).await.unwrap() {
            told += &format!("{} {:?} {:?}: {:?}\n", job.subject, job.kind, job.state, job.error);
            for step in self.store.list_steps(&Scope::Platform, &job.id).await.unwrap() {
                told += &format!(
                    "  {} {:?} attempt {} {:?} - {:?}\n",
                    step.stage, step.state, step.attempt, step.started_at, step.finished_at
                );
            }
        }
        told
    }

    /// Asserts that the user data of servers is not in the store.
    pub(crate) async fn assert_discreet(&self, jobs: &[JobId]) {
        for job in jobs {
            let job = self.store.get_job(&Scope::Platform, job).await.unwrap();
            let steps = self.store.list_steps(&Scope::Platform, &job.id).await.unwrap();
            let events = self.store.list_events(&Scope::Platform, &job.id, 0, 1000).await.unwrap();
            assert!(!format!("{job:?} {steps:?} {events:?}").contains("canary"));
        }
        assert!(!format!("{:?}", self.simulated.requests()).contains("canary"));
    }
}

pub(crate) async fn done(engine: &Engine, job: byop_core::Result<JobId>) -> Job {
    engine.wait(&job.unwrap()).await.unwrap()
}

pub(crate) async fn destroy(engine: &Engine, name: &str) -> Job {
    done(engine, engine.destroy_server(&app(name)).await).await
}
