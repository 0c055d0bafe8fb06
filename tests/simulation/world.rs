//! One seed: a store, a host and a proxy that last, engines that do not, and what happens to them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use byop_core::engine::Engine;
use byop_core::id::JobId;
use byop_core::ingress::Ingress;
use byop_core::model::{AppName, JobFilter};
use byop_core::runtime::ContainerRuntime;
use byop_core::secret::MemorySecrets;
use byop_core::store::{MemoryStore, Scope, Store, WhenBusy};
use byop_core::testing::simulation::{CANARY, FaultRates, Flaw, Process, Simulation};
use byop_core::testing::{FakeIngress, FakeProgram, FakeRuntime};

use crate::faults::Weather;
use crate::operations::Operation;
use crate::oracle::Oracle;

/// How long a job stays with an engine that gives no sign of life.
pub const LEASE: Duration = Duration::from_secs(30);
/// How soon an engine that could not reach the store tries again.
const LOOK: Duration = Duration::from_secs(7);
/// When the last job has to have ended after the last fault.
const PATIENCE: Duration = Duration::from_secs(600);

/// What came of a seed.
#[derive(Debug)]
pub struct Outcome {
    pub seed: u64,
    pub hash: u64,
    pub calls: u64,
    pub faults: BTreeMap<&'static str, u64>,
    pub operations: u64,
    pub jobs: u64,
    pub ends: BTreeMap<&'static str, u64>,
    pub violations: Vec<String>,
    pub lines: Vec<String>,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let faults: u64 = self.faults.values().sum();
        let Self { seed, hash, calls, operations, jobs, .. } = self;
        write!(
            f,
            "seed {seed} ({hash:016x}): {operations} operations, {jobs} jobs, {calls} calls, {faults} faults"
        )?;
        self.violations.iter().try_for_each(|violation| write!(f, "\n  {violation}"))
    }
}

/// Runs a seed to its end.
pub fn run(seed: u64, flaw: Option<Flaw>, keep_lines: bool) -> Outcome {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let world = World::new(seed);
        if let Some(flaw) = flaw {
            world.simulation.set_flaw(flaw);
        }
        if keep_lines {
            world.simulation.keep_lines();
        }
        world.live().await;
        world.outcome(seed).await
    })
}

/// What outlives an engine.
pub struct World {
    pub simulation: Simulation,
    pub store: Arc<dyn Store>,
    pub host: FakeRuntime,
    pub proxy: FakeIngress,
    pub oracle: Arc<Oracle>,
    weather: Weather,
    apps: Vec<AppName>,
    engines: Mutex<Vec<(Process, Engine)>>,
    /// An engine that nobody has in hand any more takes over no jobs.
    kept: Mutex<Vec<Engine>>,
    /// Jobs that a caller was told of.
    acknowledged: Arc<Mutex<Vec<JobId>>>,
}

impl World {
    pub fn new(seed: u64) -> Self {
        let simulation = Simulation::new(seed);
        let weather = Weather::of_seed(simulation.random());
        let host = FakeRuntime::new();
        let proxy = FakeIngress::new(&host);
        add_images(&host);
        let names = ["a", "b", "c"].map(|name| AppName::new(name).unwrap());
        let oracle = Arc::new(Oracle::new(&simulation, &proxy));
        simulation.set_watch(Arc::clone(&oracle) as _);
        Self {
            store: Arc::new(MemoryStore::new(Arc::new(simulation.clock()))),
            apps: names[..weather.apps].to_vec(),
            simulation,
            host,
            proxy,
            oracle,
            weather,
            engines: Mutex::default(),
            kept: Mutex::default(),
            acknowledged: Arc::default(),
        }
    }

    /// A new engine in a process of its own.
    pub fn engine(&self) -> (Process, Engine) {
        let process = self.simulation.new_process();
        let host: Arc<dyn ContainerRuntime> = Arc::new(self.host.clone());
        let proxy: Arc<dyn Ingress> = Arc::new(self.proxy.clone());
        let engine = Engine::builder()
            .with_store(process.store(&self.store))
            .with_runtime("local", process.runtime(&host))
            .with_ingress(process.ingress(&proxy))
            .with_secrets(MemorySecrets::new().with_secret("token", CANARY))
            .with_clock(self.simulation.clock())
            .with_entropy(self.simulation.random().clone())
            .with_lease(LEASE)
            .with_work_dir("/nonexistent/byop-simulation")
            .build()
            .unwrap();
        self.kept.lock().unwrap().push(engine.clone());
        let looking = engine.clone();
        tokio::spawn(async move {
            // From then on it looks by itself. One that cannot reach the store tries again.
            while looking.resume().await.is_err() {
                tokio::time::sleep(LOOK).await;
            }
        });
        (process, engine)
    }

    async fn live(&self) {
        let random = self.simulation.random().clone();
        for _ in 0..self.weather.processes {
            let engine = self.engine();
            self.engines.lock().unwrap().push(engine);
        }
        self.simulation.set_rates(self.weather.rates);
        for _ in 0..self.weather.operations {
            let pause = if random.in_thousand(300) { random.below(50) } else { random.below(25_000) };
            tokio::time::sleep(Duration::from_millis(pause)).await;
            self.happen(&Operation::draw(&random, &self.apps, self.weather.jumps), &random);
            if random.in_thousand(700) {
                self.replace_the_dead();
            }
        }
        tokio::time::sleep(Duration::from_secs(random.below(60))).await;
        self.simulation.set_rates(FaultRates::none());
        self.simulation.note("the faults stop");
        self.replace_the_dead();
        // What was asked of a process that stands still comes when it goes on.
        while self.engines.lock().unwrap().iter().any(|(process, _)| process.is_frozen()) {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        tokio::time::sleep(Duration::from_secs(10)).await;
        self.wait_for_the_jobs().await;
    }

    fn happen(&self, operation: &Operation, random: &byop_core::testing::simulation::Random) {
        self.simulation.note(&format!("{operation:?}"));
        let engines = self.engines.lock().unwrap();
        let (process, engine) = random.one_of(&engines).clone();
        match operation {
            Operation::Kill => {
                if process.is_alive() {
                    self.simulation.count("kill");
                    process.kill();
                }
            }
            Operation::Freeze(time) if !self.weather.only_deaths => {
                self.simulation.count("freeze");
                process.freeze(*time);
            }
            Operation::Jump(millis) => {
                self.jump(*millis);
            }
            asked => {
                let (asked, acknowledged) = (asked.clone(), Arc::clone(&self.acknowledged));
                let simulation = self.simulation.clone();
                let busy = if random.in_thousand(600) { WhenBusy::Wait } else { WhenBusy::Refuse };
                self.oracle.operation();
                // Who asks a dead engine waits for ever.
                tokio::spawn(async move {
                    let jobs = acknowledged.lock().unwrap().clone();
                    let answer = asked.ask(&engine, busy, &jobs).await;
                    simulation.note(&format!("answered {:?}", answer.as_ref().map_err(ToString::to_string)));
                    if let Ok(Some(job)) = answer {
                        acknowledged.lock().unwrap().push(job);
                    }
                });
            }
        }
    }

    fn replace_the_dead(&self) {
        for slot in self.engines.lock().unwrap().iter_mut().filter(|(process, _)| !process.is_alive()) {
            *slot = self.engine();
        }
    }

    pub async fn wait_for_the_jobs(&self) {
        let unfinished = JobFilter::all().with_unfinished();
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let left = self.store.list_jobs(&Scope::Platform, &unfinished).await.unwrap();
            if left.is_empty() {
                break;
            }
            if tokio::time::Instant::now() >= deadline {
                for job in left {
                    self.oracle.violation(format!(
                        "a job does not end: {} {:?} in {:?}",
                        job.subject, job.kind, job.step
                    ));
                }
                return;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        // What an engine does after its job's last write.
        tokio::time::sleep(Duration::from_secs(1)).await;
        self.simulation.note("all jobs have ended");
    }

    /// What broke, once all jobs have ended.
    pub async fn check(&self) -> Vec<String> {
        self.oracle.check_end(self).await;
        self.oracle.violations()
    }

    async fn outcome(&self, seed: u64) -> Outcome {
        self.oracle.check_end(self).await;
        let simulation = &self.simulation;
        Outcome {
            seed,
            hash: simulation.hash(),
            calls: simulation.calls(),
            faults: simulation.faults(),
            operations: self.oracle.operations(),
            jobs: self.oracle.jobs(),
            ends: self.oracle.ends(),
            violations: self.oracle.violations(),
            lines: simulation.lines(),
        }
    }

    /// Sets the wall clock forward or back.
    pub fn jump(&self, millis: i64) {
        self.simulation.count("jump");
        self.simulation.clock().jump(millis);
    }

    pub fn acknowledged(&self) -> Vec<JobId> {
        self.acknowledged.lock().unwrap().clone()
    }

    pub fn only_deaths(&self) -> bool {
        self.weather.only_deaths
    }
}

fn add_images(host: &FakeRuntime) {
    let server = || FakeProgram::server(8080).with_boot(Duration::from_millis(700));
    host.add_image("shop:1", server().with_answer("1"));
    host.add_image("shop:2", server().with_answer("2"));
    host.add_image("slow:1", server().with_boot(Duration::from_secs(3)).with_answer("3"));
    host.add_image("stubborn:1", server().with_ignored_stop().with_answer("4"));
    host.add_image("bad-exits:1", FakeProgram::exiting(3).with_line(format!("cannot log in with {CANARY}")));
    host.add_image("bad-silent:1", FakeProgram::worker());
    host.add_image("bad-port:1", FakeProgram::server(9999));
    host.add_image("bad-start:1", FakeProgram::missing());
}
