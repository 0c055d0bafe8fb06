//! A store that fails.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;

use super::faults::{Port, error};
use super::{Flaw, Process, Seen};
use crate::error::{ErrorKind, Result};
use crate::id::JobId;
use crate::model::{Event, EventBody, Job, JobFilter, JobState, StepRecord, StepState};
use crate::store::{Expected, Lease, Record, Store};

/// What a planted bug writes where no secret belongs. A simulation uses it as the value of a secret, and looks for it.
pub const CANARY: &str = "canary-of-the-simulation";

/// A store as one [`Process`] reaches it: calls fail, come late, or never return. Made by [`Process::store`].
#[derive(Debug)]
pub struct FaultyStore {
    process: Process,
    store: Arc<dyn Store>,
}

impl FaultyStore {
    pub(super) fn new(process: Process, store: Arc<dyn Store>) -> Self {
        Self { process, store }
    }

    async fn call<T: Send, F: Future<Output = Result<T>> + Send>(
        &self,
        operation: &'static str,
        subject: &str,
        mut effect: impl FnMut() -> F + Send,
    ) -> Result<T> {
        self.process.call(Port::Store, operation, subject, || Some(effect())).await
    }

    fn has(&self, flaw: Flaw) -> bool {
        self.process.simulation.has(flaw)
    }

    fn shows(&self, flaw: Flaw) -> bool {
        self.process.simulation.shows(flaw, 300)
    }

    fn tell(&self, what: &Seen<'_>) {
        self.process.simulation.tell(what);
    }

    /// The lease as the store is told it: the newest one, where nobody checks.
    async fn lease(&self, lease: &Lease) -> Result<Lease> {
        if !self.has(Flaw::LeaseNotChecked) || self.store.renew_lease(lease, Duration::from_secs(1)).await.is_ok() {
            return Ok(lease.clone());
        }
        self.store.claim_job(&lease.job, &lease.owner, Duration::from_secs(1)).await
    }
}

#[async_trait]
impl Store for FaultyStore {
    async fn put_record(
        &self,
        collection: &str,
        key: &str,
        value: &Value,
        expected: Expected,
    ) -> Result<u64> {
        self.call("record.put", &format!("{collection}/{key} {expected:?}"), || async {
            let told = expected;
            let ignored = self.has(Flaw::VersionIgnored) && matches!(told, Expected::Version(_));
            let expected = if ignored { Expected::Any } else { told };
            let mut version = self.store.put_record(collection, key, value, expected).await?;
            if self.shows(Flaw::VersionReset) {
                version = 1;
            }
            self.tell(&Seen::RecordWritten { collection, key, expected: told, version });
            Ok(version)
        })
        .await
    }

    async fn find_record(&self, collection: &str, key: &str) -> Result<Option<Record>> {
        self.call("record.find", &format!("{collection}/{key}"), || self.store.find_record(collection, key)).await
    }

    async fn list_records(&self, collection: &str) -> Result<Vec<Record>> {
        self.call("record.list", collection, || self.store.list_records(collection)).await
    }

    async fn delete_record(&self, collection: &str, key: &str) -> Result<()> {
        self.call("record.delete", &format!("{collection}/{key}"), || self.store.delete_record(collection, key))
            .await
    }

    async fn create_job(&self, job: &Job) -> Result<()> {
        self.call("job.create", &format!("{} {:?}", job.app, job.kind), || async {
            if !self.shows(Flaw::JobLost) {
                self.store.create_job(job).await?;
            }
            self.tell(&Seen::JobCreated(job));
            Ok(())
        })
        .await
    }

    async fn get_job(&self, id: &JobId) -> Result<Job> {
        self.call("job.get", id.as_str(), || self.store.get_job(id)).await
    }

    async fn list_jobs(&self, filter: &JobFilter) -> Result<Vec<Job>> {
        self.call("job.list", "", || self.store.list_jobs(filter)).await
    }

    async fn claim_job(&self, id: &JobId, owner: &str, ttl: Duration) -> Result<Lease> {
        self.call("job.claim", id.as_str(), || async {
            let ttl = if self.has(Flaw::LeaseForEver) { Duration::from_secs(1 << 30) } else { ttl };
            let lease = match self.store.claim_job(id, owner, ttl).await {
                Err(error) if self.has(Flaw::LeaseIgnored) && error.kind() == ErrorKind::Conflict => {
                    // Who holds it is in no reply but this one.
                    self.store.claim_job(id, error.context("owner").unwrap_or_default(), ttl).await?
                }
                other => other?,
            };
            self.tell(&Seen::JobClaimed(&lease));
            Ok(lease)
        })
        .await
    }

    async fn renew_lease(&self, lease: &Lease, ttl: Duration) -> Result<()> {
        self.call("lease.renew", lease.job.as_str(), || async {
            if self.process.is_deaf() {
                return Err(error(ErrorKind::Unavailable, "lease.renew"));
            }
            self.store.renew_lease(&self.lease(lease).await?, ttl).await?;
            self.tell(&Seen::LeaseRenewed(lease));
            Ok(())
        })
        .await
    }

    async fn update_job(&self, lease: &Lease, job: &Job) -> Result<()> {
        self.call("job.update", &format!("{} {:?}", job.id.as_str(), job.state), || async {
            let mut written = job.clone();
            if job.state.is_finished() {
                if self.shows(Flaw::EndLost) {
                    return Ok(());
                }
                if self.shows(Flaw::EndReopened) {
                    written.state = JobState::Running;
                }
            }
            self.store.update_job(&self.lease(lease).await?, &written).await?;
            self.tell(&Seen::JobWritten(lease, job));
            Ok(())
        })
        .await
    }

    async fn put_step(&self, lease: &Lease, step: &StepRecord) -> Result<()> {
        self.call("step.put", &format!("{} {:?} {:?}", step.key, step.state, step.attempt), || async {
            let mut written = step.clone();
            if self.has(Flaw::StepDoneTooEarly) && step.state == StepState::Intent {
                written.state = StepState::Done;
                written.output = Some(Value::Null);
            }
            self.store.put_step(&self.lease(lease).await?, &written).await?;
            self.tell(&Seen::StepWritten(lease, step));
            Ok(())
        })
        .await
    }

    async fn list_steps(&self, job: &JobId) -> Result<Vec<StepRecord>> {
        self.call("step.list", job.as_str(), || self.store.list_steps(job)).await
    }

    async fn append_events(&self, job: &JobId, bodies: Vec<EventBody>) -> Result<Vec<Event>> {
        self.call("event.append", &format!("{} {}", job.as_str(), bodies.len()), || async {
            let told = &bodies;
            let mut bodies = bodies.clone();
            if self.shows(Flaw::EventsLost) {
                bodies.pop();
            }
            if self.shows(Flaw::SecretInEvent) {
                bodies.push(EventBody::Warning { message: format!("the password is {CANARY}") });
            }
            if self.shows(Flaw::EventsDoubled) {
                self.store.append_events(job, bodies.clone()).await?;
            }
            let events = self.store.append_events(job, bodies).await?;
            self.tell(&Seen::EventsWritten(job, told));
            Ok(events)
        })
        .await
    }

    async fn list_events(&self, job: &JobId, after: u64, limit: u32) -> Result<Vec<Event>> {
        self.call("event.list", job.as_str(), || self.store.list_events(job, after, limit)).await
    }
}
