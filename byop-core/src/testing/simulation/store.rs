//! A store that fails.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use super::faults::{Port, error};
use super::{Flaw, Process, Seen};
use crate::error::{ErrorKind, Result};
use crate::id::JobId;
use crate::model::{
    AuditEntry, AuditFilter, AuditRecord, Event, EventBody, Job, JobFilter, JobState, StepRecord, StepState,
    Subject,
};
use crate::store::{Expected, Lease, Page, Pruned, Record, Retention, Scope, Store, WhenBusy};

/// What a planted bug writes where no secret belongs. A simulation uses it as the value of a secret, and looks for it.
pub const CANARY: &str = "canary-of-the-simulation";

const FOR_EVER: Duration = Duration::from_secs(1 << 30);

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
        if !self.has(Flaw::LeaseNotChecked)
            || self.store.renew_lease(lease, Duration::from_secs(1)).await.is_ok()
        {
            return Ok(lease.clone());
        }
        self.store.claim_job(&lease.job, &lease.owner, Duration::from_secs(1)).await
    }
}

#[async_trait]
impl Store for FaultyStore {
    async fn put_record(
        &self,
        scope: &Scope,
        collection: &str,
        key: &str,
        value: &Value,
        expected: Expected,
    ) -> Result<u64> {
        self.call("record.put", &format!("{collection}/{key} {expected:?}"), || async {
            let told = expected;
            let ignored = self.has(Flaw::VersionIgnored) && matches!(told, Expected::Version(_));
            let expected = if ignored { Expected::Any } else { told };
            let mut version = self.store.put_record(scope, collection, key, value, expected).await?;
            if self.shows(Flaw::VersionReset) {
                version = 1;
            }
            self.tell(&Seen::RecordWritten { collection, key, expected: told, version });
            Ok(version)
        })
        .await
    }

    async fn find_record(&self, scope: &Scope, collection: &str, key: &str) -> Result<Option<Record>> {
        let subject = format!("{collection}/{key}");
        self.call("record.find", &subject, || self.store.find_record(scope, collection, key)).await
    }

    async fn list_records(&self, scope: &Scope, collection: &str, page: &Page) -> Result<Vec<Record>> {
        self.call("record.list", collection, || self.store.list_records(scope, collection, page)).await
    }

    async fn delete_record(
        &self,
        scope: &Scope,
        collection: &str,
        key: &str,
        expected: Expected,
    ) -> Result<()> {
        let subject = format!("{collection}/{key} {expected:?}");
        self.call("record.delete", &subject, || self.store.delete_record(scope, collection, key, expected))
            .await
    }

    async fn create_job(&self, scope: &Scope, job: &Job, busy: WhenBusy) -> Result<()> {
        self.call("job.create", &format!("{} {:?} {busy:?}", job.subject, job.kind), || async {
            if !self.shows(Flaw::JobLost) {
                self.store.create_job(scope, job, busy).await?;
            }
            self.tell(&Seen::JobCreated(job));
            Ok(())
        })
        .await
    }

    async fn get_job(&self, scope: &Scope, id: &JobId) -> Result<Job> {
        self.call("job.get", id.as_str(), || self.store.get_job(scope, id)).await
    }

    async fn list_jobs(&self, scope: &Scope, filter: &JobFilter) -> Result<Vec<Job>> {
        self.call("job.list", "", || self.store.list_jobs(scope, filter)).await
    }

    async fn request_cancel(&self, scope: &Scope, id: &JobId) -> Result<Job> {
        self.call("job.cancel", id.as_str(), || async {
            let job = self.store.request_cancel(scope, id).await?;
            self.tell(&Seen::JobCancelled(&job));
            Ok(job)
        })
        .await
    }

    async fn claim_job(&self, id: &JobId, owner: &str, ttl: Duration) -> Result<Lease> {
        self.call("job.claim", id.as_str(), || async {
            let ttl = if self.has(Flaw::LeaseForEver) { FOR_EVER } else { ttl };
            let lease = match self.store.claim_job(id, owner, ttl).await {
                Err(error) if self.has(Flaw::LeaseIgnored) && error.kind() == ErrorKind::Conflict => {
                    // Who holds it is in no reply but this one.
                    self.store.claim_job(id, error.context("owner").unwrap_or_default(), ttl).await?
                }
                other => other?,
            };
            // Who claims in another's name is not that other.
            self.tell(&Seen::JobClaimed(&Lease { owner: owner.to_owned(), ..lease.clone() }));
            Ok(lease)
        })
        .await
    }

    async fn claim_next(&self, owner: &str, ttl: Duration, idle: Duration) -> Result<Option<Lease>> {
        self.call("job.claim_next", "", || async {
            let ttl = if self.has(Flaw::LeaseForEver) { FOR_EVER } else { ttl };
            let lease = self.store.claim_next(owner, ttl, idle).await?;
            if let Some(lease) = &lease {
                self.tell(&Seen::JobClaimed(lease));
            }
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
                    self.tell(&Seen::JobWritten(lease, job));
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

    async fn put_steps(&self, lease: &Lease, steps: &[StepRecord]) -> Result<()> {
        let shown: Vec<_> =
            steps.iter().map(|step| format!("{} {:?} {:?}", step.key, step.state, step.attempt)).collect();
        self.call("step.put", &shown.join(", "), || async {
            let mut written = steps.to_vec();
            for step in written.iter_mut().filter(|step| step.state == StepState::Intent) {
                if self.has(Flaw::StepDoneTooEarly) {
                    step.state = StepState::Done;
                    step.output = Some(Value::Null);
                }
            }
            self.store.put_steps(&self.lease(lease).await?, &written).await?;
            for step in steps {
                self.tell(&Seen::StepWritten(lease, step));
            }
            Ok(())
        })
        .await
    }

    async fn list_steps(&self, scope: &Scope, job: &JobId) -> Result<Vec<StepRecord>> {
        self.call("step.list", job.as_str(), || self.store.list_steps(scope, job)).await
    }

    async fn append_events(&self, lease: &Lease, bodies: Vec<EventBody>) -> Result<Vec<Event>> {
        self.call("event.append", &format!("{} {}", lease.job.as_str(), bodies.len()), || async {
            let told = &bodies;
            let mut bodies = bodies.clone();
            if self.shows(Flaw::EventsLost) {
                bodies.pop();
            }
            if self.shows(Flaw::SecretInEvent) {
                bodies.push(EventBody::Warning { message: format!("the password is {CANARY}") });
            }
            if self.shows(Flaw::EventsDoubled) {
                self.store.append_events(&self.lease(lease).await?, bodies.clone()).await?;
            }
            let events = self.store.append_events(&self.lease(lease).await?, bodies).await?;
            self.tell(&Seen::EventsWritten(lease, told));
            Ok(events)
        })
        .await
    }

    async fn list_events(&self, scope: &Scope, job: &JobId, after: u64, limit: u32) -> Result<Vec<Event>> {
        self.call("event.list", job.as_str(), || self.store.list_events(scope, job, after, limit)).await
    }

    async fn list_subject_events(
        &self,
        scope: &Scope,
        subject: &Subject,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Event>> {
        let effect = || self.store.list_subject_events(scope, subject, after, limit);
        self.call("event.list", &subject.to_string(), effect).await
    }

    async fn append_audit(&self, scope: &Scope, entry: AuditEntry) -> Result<AuditRecord> {
        let subject = format!("{} {}", entry.action, entry.subject);
        self.call("audit.append", &subject, || self.store.append_audit(scope, entry.clone())).await
    }

    async fn list_audit(&self, scope: &Scope, filter: &AuditFilter) -> Result<Vec<AuditRecord>> {
        self.call("audit.list", "", || self.store.list_audit(scope, filter)).await
    }

    async fn prune(&self, subject: Option<&Subject>, retention: &Retention) -> Result<Pruned> {
        self.call("store.prune", "", || self.store.prune(subject, retention)).await
    }

    async fn wait_for_change(&self, seen: u64, patience: Duration) -> Result<u64> {
        self.process.pass().await;
        // Those who wait are woken in the order in which they came; the store below may wake them in any.
        let deadline = Instant::now() + patience;
        let found = loop {
            let changed = self.process.simulation.changed();
            let found = self.store.wait_for_change(seen, Duration::ZERO).await;
            if found.as_ref().map_or(true, |found| *found > seen)
                || timeout_at(deadline, changed).await.is_err()
            {
                break found;
            }
        };
        self.process.pass().await;
        found
    }
}
