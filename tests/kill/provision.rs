//! Servers are rented and given back by processes that are killed: nothing is paid for that no record names.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use byop_core::engine::Engine;
use byop_core::model::{
    AppName, FirewallRule, Job, JobState, Protocol, ProvisionState, ServerRecord, ServerRequest, Subject,
    SweepOptions,
};
use byop_core::store::{Scope, SqliteStore, Store};
use byop_core::testing::{CloudEntry, CloudTimes, FakeCloud};
use tempfile::TempDir;

use crate::check::{Outcome, journal, same};
use crate::child::Place;
use crate::life::{Kills, Lives};
use crate::remote_cloud::{self, REFUSED};
use crate::seeds::Seeds;
use crate::sweep::{numbers, print_places, together};
use crate::tally::Tally;
use crate::verb::{Kind, Verb};
use crate::world::{LEASE, folder};

/// Servers, each with a child at work, which mostly waits.
const LANES: usize = 16;
/// A job is killed at so many boundaries at most.
const CHAIN: u32 = 5;
/// A job with all its deaths has so long to end.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is done to a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Deal {
    Create,
    /// One that the cloud refuses after all else was made: it is taken back.
    Refused,
    Destroy,
}

impl Deal {
    const ALL: [Self; 3] = [Self::Create, Self::Refused, Self::Destroy];
}

impl Kind for Deal {}

/// What outlives children: a store, and a cloud in this process.
struct Rentals {
    place: Place,
    store: SqliteStore,
    cloud: FakeCloud,
    /// Of this process; it runs no jobs.
    engine: Engine,
    tally: Tally<Deal>,
    _folder: TempDir,
}

impl Rentals {
    async fn new() -> byop_core::Result<Self> {
        let folder = folder();
        let place = Place {
            store: folder.path().join("byop.db"),
            work: folder.path().join("work"),
            prefix: String::new(),
            port: 0,
            lease: LEASE,
            cloud: Some(folder.path().join("cloud.sock")),
        };
        let millis = Duration::from_millis;
        // Time enough for deaths while a call is under way; lists are later than that, but within what is promised.
        let times = CloudTimes {
            answer: millis(10),
            boot: millis(5),
            address: millis(1),
            delete: millis(5),
            list_lag: millis(250),
            read_lag: millis(2),
        };
        let cloud = FakeCloud::new().with_times(times).with_capabilities(remote_cloud::capabilities());
        let store = SqliteStore::open(&place.store).await?;
        let own = SqliteStore::open(&place.store).await?;
        let engine = Engine::builder().with_store(own).with_cloud(cloud.clone()).build()?;
        Ok(Self { place, store, cloud, engine, tally: Tally::default(), _folder: folder })
    }

    /// What was made more than once for one intent, whether it is gone or not.
    fn made_twice(&self) -> Vec<CloudEntry> {
        let mut keys = BTreeSet::new();
        let mut ledger = self.cloud.ledger();
        ledger.retain(|entry| entry.key.is_some() && !keys.insert((entry.kind, entry.key.clone())));
        ledger
    }
}

/// One server, and the children that work on it one after the other.
struct Lane {
    world: Arc<Rentals>,
    number: usize,
    name: AppName,
    /// Nobody else's, so that it comes and goes with the server.
    ssh_key: String,
    is_rented: bool,
    seeds: Seeds,
    history: Vec<String>,
}

impl Lane {
    fn new(world: &Arc<Rentals>, number: usize, seed: u64) -> Self {
        Self {
            world: Arc::clone(world),
            number,
            name: AppName::new(format!("rent-{number}")).unwrap(),
            ssh_key: format!("ssh-ed25519 AAAA{number} ann"),
            is_rented: false,
            seeds: Seeds::new(seed, 1000 + number as u64),
            history: Vec::new(),
        }
    }

    fn can(&self, deal: Deal) -> bool {
        self.is_rented == (deal == Deal::Destroy)
    }

    /// Has a job done, however often its children are killed, and checks what is left. Says whether it was killed.
    /// That it may begin shows that the one before left no lock.
    async fn perform(&mut self, deal: Deal, kills: Kills) -> Result<bool, String> {
        self.history.clear();
        let done = tokio::time::timeout(PATIENCE, self.perform_in_time(deal, kills)).await;
        done.unwrap_or_else(|_| Err(format!("it did not end within {PATIENCE:?}"))).map_err(|why| {
            let ledger = self.world.cloud.ledger();
            let ours: Vec<_> = ledger.iter().filter(|entry| self.is_ours(&entry.name)).collect();
            let history = self.history.join("\n  ");
            format!("{} of {}: {why}\n  {history}\nits ledger: {ours:#?}", deal.name(), self.name)
        })
    }

    async fn perform_in_time(&mut self, deal: Deal, mut kills: Kills) -> Result<bool, String> {
        let request = ServerRequest::new(self.name.as_str(), "here", "small")
            .unwrap()
            .with_ssh_key(&self.ssh_key)
            .with_firewall_rule(FirewallRule::new(Protocol::Tcp, 22))
            .with_reserved_ip();
        let (verb, wanted) = match deal {
            Deal::Create => (Verb::CreateServer(Box::new(request)), JobState::Succeeded),
            Deal::Refused => {
                (Verb::CreateServer(Box::new(request.with_label(REFUSED, "yes"))), JobState::Failed)
            }
            Deal::Destroy => (Verb::DestroyServer, JobState::Succeeded),
        };
        let lives = Lives {
            place: &self.world.place,
            store: &self.world.store,
            tally: &self.world.tally,
            op: deal,
            subject: Subject::Server(self.name.clone()),
            history: &mut self.history,
        };
        let (job, deaths) = lives.run(&verb, &mut kills).await?;
        if job.state != wanted {
            return Err(format!("the job ended as {:?}, not {wanted:?}: {:?}", job.state, job.error));
        }
        self.is_rented = deal == Deal::Create;
        self.check(&job).await?;
        Ok(deaths > 0)
    }

    /// What has to be true whenever no job of the server is under way.
    async fn check(&self, job: &Job) -> Outcome {
        let world = &self.world;
        journal(&world.store, job).await?;
        let found = world.store.find_record(&Scope::Platform, "servers", self.name.as_str()).await;
        let found = found.map_err(|error| error.to_string())?;
        same("the server's record", found.is_some(), self.is_rented)?;
        let mut named = Vec::new();
        if let Some(record) = found {
            let record: ServerRecord = serde_json::from_value(record.value).map_err(|e| e.to_string())?;
            same("the server's state", record.state, ProvisionState::Ready)?;
            same("servers on record", record.servers.len(), 1)?;
            named.extend(record.servers.iter().map(|id| id.0.clone()));
            named.extend(record.firewall.iter().map(|id| id.0.clone()));
            named.extend(record.reserved_ip.iter().map(|ip| ip.id.0.clone()));
            named.extend(record.ssh_keys.values().map(|id| id.0.clone()));
            same("things on record", named.len(), 4)?;
        }
        // Not more, which would be leaked, and not less.
        let mut paid: Vec<_> = world.cloud.alive();
        paid.retain(|entry| self.is_ours(&entry.name));
        let mut paid: Vec<_> = paid.into_iter().map(|entry| entry.id).collect();
        named.sort();
        paid.sort();
        same("things that are paid for", paid, named)?;
        same("things that were made twice", world.made_twice(), Vec::new())?;
        let swept = world.engine.sweep(&SweepOptions::report()).await.map_err(|e| e.to_string())?;
        same("clouds that do not answer", swept.errors, Vec::new())?;
        // While the cloud is asked and then the store, another child may have given its server back.
        let findings = swept.findings.into_iter().filter(|finding| self.is_ours(&finding.resource.name));
        same("what a sweep finds", findings.collect(), Vec::new())
    }

    /// Whether a thing of this name was made for this server.
    fn is_ours(&self, name: &str) -> bool {
        let digest = byop_core::digest::Digest::of(&self.ssh_key);
        name == self.name.as_str() || name == format!("byop-{}", digest.short())
    }
}

pub fn run() -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.map_err(|error| error.to_string())?.block_on(async {
        let world = Arc::new(Rentals::new().await.map_err(|error| format!("{error:?}"))?);
        let socket = world.place.cloud.as_deref().unwrap_or_else(|| unreachable!("it was set"));
        remote_cloud::serve(world.cloud.clone(), socket).map_err(|error| error.to_string())?;
        let outcome = provision(&world).await;
        println!("{}", world.tally.with(|counts| counts.to_string()));
        outcome
    })
}

async fn provision(world: &Arc<Rentals>) -> Outcome {
    let (kills, seed) = numbers();
    let kills = kills * 2 / 15;
    println!("provision: {kills} random kills, seed {seed} (BYOP_KILLS, BYOP_SEED)");
    let lanes = (1..=LANES).map(|number| Lane::new(world, number, seed)).collect();

    let began = Instant::now();
    let lanes = together(lanes, |lane| async move { boundaries(lane).await }).await?;
    let (done, places) = world.tally.with(|c| (c.boundary_kills(), c.places.clone()));
    println!("{done} boundaries in {:.1?}", began.elapsed());
    print_places(&places);

    let began = Instant::now();
    let lanes = together(lanes, move |lane| async move { moments(lane, kills).await }).await?;
    println!("random moments in {:.1?}", began.elapsed());

    // Whatever was done to a server, the next job on it is accepted, and in the end all are given back.
    together(lanes, |mut lane| async move {
        if !lane.is_rented {
            lane.perform(Deal::Create, Kills::None).await?;
        }
        lane.perform(Deal::Destroy, Kills::None).await?;
        Ok(lane)
    })
    .await?;

    let swept = world.engine.sweep(&SweepOptions::report()).await.map_err(|error| error.to_string())?;
    let (left, twice) = (world.cloud.alive(), world.made_twice());
    let mut made: BTreeMap<&str, usize> = BTreeMap::new();
    for entry in world.cloud.ledger() {
        *made.entry(entry.kind.as_str()).or_default() += 1;
    }
    println!(
        "made at the cloud: {made:?}; {} leaked, {} made twice, {} found by a sweep",
        left.len(),
        twice.len(),
        swept.findings.len()
    );
    same("things that are left at the cloud", left, Vec::new())?;
    same("what a sweep finds", swept.findings, Vec::new())
}

/// Every kind of job, until one of each came through without meeting a place that is new.
async fn boundaries(mut lane: Lane) -> Result<Lane, String> {
    let world = Arc::clone(&lane.world);
    for turn in lane.number.. {
        let open: Vec<Deal> = Deal::ALL.into_iter().filter(|deal| !is_swept(&world, *deal)).collect();
        if open.is_empty() {
            break;
        }
        let wanted = open[turn % open.len()];
        let way = if lane.is_rented { Deal::Destroy } else { Deal::Create };
        let deal = if lane.can(wanted) { wanted } else { way };
        let kills = if is_swept(&world, deal) { Kills::None } else { Kills::Boundaries(CHAIN) };
        if !lane.perform(deal, kills).await? {
            world.tally.with(|counts| counts.swept.insert(deal));
        }
    }
    Ok(lane)
}

fn is_swept(world: &Rentals, deal: Deal) -> bool {
    world.tally.is_swept(deal)
}

/// Jobs that the seed chooses, killed when it says, until there were enough kills.
async fn moments(mut lane: Lane, kills: u64) -> Result<Lane, String> {
    let world = Arc::clone(&lane.world);
    while u64::from(world.tally.with(|counts| counts.random_kills())) < kills {
        let deal = match (lane.is_rented, lane.seeds.below(4)) {
            (true, _) => Deal::Destroy,
            (false, 0) => Deal::Refused,
            (false, _) => Deal::Create,
        };
        let mut shares = vec![lane.seeds.share()];
        while lane.seeds.below(2) == 0 {
            shares.push(lane.seeds.share());
        }
        lane.perform(deal, Kills::Moments(shares)).await?;
    }
    Ok(lane)
}
