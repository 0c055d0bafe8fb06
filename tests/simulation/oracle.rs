//! What must always hold, and what must hold in the end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use byop_core::ErrorKind;
use byop_core::id::JobId;
use byop_core::model::{AppName, AppSpec, EventBody, Job, JobKind, JobState, StepState};
use byop_core::store::{Expected, Lease};
use byop_core::testing::FakeIngress;
use byop_core::testing::simulation::{Seen, Simulation, Watch};

use crate::world::{LEASE, World};

mod end;

/// More broken invariants of one seed tell nothing new.
const ENOUGH: usize = 20;

/// Sees what really happens below the faults, and says what must not.
#[derive(Debug)]
pub struct Oracle {
    simulation: Simulation,
    proxy: FakeIngress,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    violations: Vec<String>,
    operations: u64,
    jobs: BTreeMap<JobId, Known>,
    versions: BTreeMap<(String, String), u64>,
    /// Apps that have to answer, with the host name to ask at.
    serving: BTreeMap<AppName, String>,
}

/// What is known of a job.
#[derive(Debug)]
struct Known {
    job: Job,
    token: u64,
    /// Who holds it, and until when by the simulation's time.
    holder: Option<(String, u64)>,
    ended: Option<JobState>,
    done: BTreeSet<String>,
    events: Vec<EventBody>,
}

impl Known {
    /// Whether the app may be unreachable while the job works.
    fn disturbs(&self) -> bool {
        match self.job.kind {
            JobKind::Start => false,
            JobKind::Deploy => self.spec().is_some_and(|spec| !spec.ports.is_empty()),
            _ => true,
        }
    }

    fn spec(&self) -> Option<AppSpec> {
        serde_json::from_value(self.job.input.clone()).ok().filter(|_| self.job.kind == JobKind::Deploy)
    }
}

impl Oracle {
    pub fn new(simulation: &Simulation, proxy: &FakeIngress) -> Self {
        Self { simulation: simulation.clone(), proxy: proxy.clone(), state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub fn violation(&self, text: String) {
        self.simulation.note(&format!("BROKEN {text}"));
        let mut state = self.state();
        if state.violations.len() < ENOUGH && !state.violations.contains(&text) {
            state.violations.push(text);
        }
    }

    pub fn violations(&self) -> Vec<String> {
        self.state().violations.clone()
    }

    pub fn operation(&self) {
        self.state().operations += 1;
    }

    pub fn operations(&self) -> u64 {
        self.state().operations
    }

    pub fn jobs(&self) -> u64 {
        self.state().jobs.len() as u64
    }

    pub fn ends(&self) -> BTreeMap<&'static str, u64> {
        let mut ends = BTreeMap::new();
        for known in self.state().jobs.values() {
            let name = match known.ended {
                Some(JobState::Succeeded) => "succeeded",
                Some(JobState::Failed) => "failed",
                Some(JobState::Cancelled) => "cancelled",
                _ => "not ended",
            };
            *ends.entry(name).or_default() += 1;
        }
        ends
    }

    pub async fn check_end(self: &Arc<Self>, world: &World) {
        end::check(self, world).await;
    }

    /// I3: only the newest holder writes, and nobody after the end.
    fn check_writer(&self, lease: &Lease, what: &str) {
        let problem = {
            let state = self.state();
            let Some(known) = state.jobs.get(&lease.job) else { return };
            if known.token != lease.token {
                Some(format!("a stale owner wrote: {what} with token {} of {}", lease.token, known.token))
            } else if known.ended.is_some() {
                Some(format!("an ended job was written: {what}"))
            } else {
                None
            }
        };
        problem.into_iter().for_each(|problem| self.violation(problem));
    }

    /// A job is taken only from those who gave no sign of life.
    fn claimed(&self, lease: &Lease) {
        let now = self.simulation.clock().elapsed_millis();
        let robbed = {
            let mut state = self.state();
            let Some(known) = state.jobs.get_mut(&lease.job) else { return };
            known.token = known.token.max(lease.token);
            known.holder.take().is_some_and(|(owner, until)| owner != lease.owner && now < until)
        };
        // By a clock that was set forward, every lease has run out.
        if robbed && !self.simulation.faults().contains_key("jump") {
            self.violation(format!("a job was taken from its holder: {}", lease.job));
        }
        self.held(lease);
    }

    fn held(&self, lease: &Lease) {
        let until = self.simulation.clock().elapsed_millis() + u64::try_from(LEASE.as_millis()).unwrap();
        if let Some(known) = self.state().jobs.get_mut(&lease.job) {
            known.holder = Some((lease.owner.clone(), until));
        }
    }

    fn record(&self, collection: &str, key: &str, expected: Expected, version: u64) {
        let before = {
            let mut state = self.state();
            let slot = state.versions.entry((collection.to_owned(), key.to_owned())).or_default();
            std::mem::replace(slot, version.max(*slot))
        };
        if version <= before {
            self.violation(format!("a version did not grow: {collection}/{key} from {before} to {version}"));
        }
        if let Expected::Version(expected) = expected
            && expected != before
        {
            self.violation(format!(
                "a change was overwritten: {collection}/{key} at {before}, not {expected}"
            ));
        }
    }

    fn job_written(&self, job: &Job) {
        let mut state = self.state();
        let Some(known) = state.jobs.get_mut(&job.id) else { return };
        // Asking an ended job to end says no more than it did.
        if !job.state.is_finished() || known.ended.is_some() {
            return;
        }
        known.ended = Some(job.state);
        let begins = matches!(job.kind, JobKind::Deploy | JobKind::Start | JobKind::Restart);
        let Some(app) = job.app() else { return };
        if begins && job.state == JobState::Succeeded && !state.is_disturbed(app) {
            state.serving.insert(app.clone(), format!("{app}.example.com"));
        }
    }

    fn step_written(&self, step: &byop_core::model::StepRecord) {
        let again = {
            let mut state = self.state();
            let Some(known) = state.jobs.get_mut(&step.job) else { return };
            match step.state {
                StepState::Done => {
                    known.done.insert(step.key.clone());
                    false
                }
                // A route is set again on purpose: the proxy may have forgotten it. So is a restart that fails stopped.
                _ => {
                    let on_purpose = step.stage == "switch"
                        || (step.stage == "stop" && known.job.kind == JobKind::Restart);
                    known.done.contains(&step.key) && !on_purpose
                }
            }
        };
        if again {
            self.violation(format!("a finished step ran again: {} of {}", step.key, step.job));
        }
    }

    /// I5: who asks an app that serves gets an answer, at any moment.
    fn check_serving(&self, operation: &str) {
        let serving = self.state().serving.clone();
        for (app, domain) in serving {
            let (status, _) = self.proxy.request(&domain);
            if status != 200 {
                self.violation(format!(
                    "a serving app did not answer: {app} gave {status} after {operation}"
                ));
                self.state().serving.remove(&app);
            }
        }
    }
}

impl State {
    fn is_disturbed(&self, app: &AppName) -> bool {
        self.jobs
            .values()
            .any(|known| known.job.app() == Some(app) && known.ended.is_none() && known.disturbs())
    }
}

impl Watch for Oracle {
    fn saw(&self, what: &Seen<'_>) {
        match what {
            Seen::JobCreated(job) => {
                let mut state = self.state();
                let known = Known {
                    job: (*job).clone(),
                    token: 0,
                    holder: None,
                    ended: None,
                    done: BTreeSet::new(),
                    events: Vec::new(),
                };
                if let Some(app) = job.app().filter(|_| known.disturbs()) {
                    state.serving.remove(app);
                }
                state.jobs.insert(job.id.clone(), known);
            }
            Seen::JobClaimed(lease) => {
                self.claimed(lease);
            }
            Seen::LeaseRenewed(lease) => {
                self.check_writer(lease, "the lease");
                self.held(lease);
            }
            Seen::JobWritten(lease, job) => {
                self.check_writer(lease, "the job");
                self.job_written(job);
            }
            Seen::StepWritten(lease, step) => {
                self.check_writer(lease, &step.key);
                self.step_written(step);
            }
            Seen::JobCancelled(job) => self.job_written(job),
            Seen::EventsWritten(lease, bodies) => {
                self.check_writer(lease, "events");
                if let Some(known) = self.state().jobs.get_mut(&lease.job) {
                    known.events.extend(bodies.iter().cloned());
                }
            }
            Seen::RecordWritten { collection, key, expected, version } => {
                self.record(collection, key, *expected, *version);
            }
            Seen::HostCalled { operation, .. } => self.check_serving(operation),
            _ => {}
        }
    }
}

/// Errors that say something about byop, not about the world.
pub fn is_defect(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Internal | ErrorKind::Corrupt | ErrorKind::LeaseLost)
}
