//! A store that rides out short failures of the one below it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;

use crate::error::{Error, ErrorKind, Result, Retry};
use crate::id::JobId;
use crate::model::{
    AuditEntry, AuditFilter, AuditRecord, Event, EventBody, Job, JobFilter, StepRecord, Subject,
};
use crate::store::{Expected, Lease, Page, Pruned, Record, Retention, Scope, Store, WhenBusy};

/// The first pause before another try; each further one is twice as long.
const PAUSE: Duration = Duration::from_millis(50);
/// With the pauses about 13 s: a database that changes its master is back by then, and a lease has not run out.
const TRIES: u32 = 8;

/// Tries a call again that the store could not answer, and finds out what became of a write whose answer was lost.
///
/// Left as they are: what is not the same when it is done twice (events, the audit, a claim of any job), and what has
/// its own rhythm (the renewal of a lease, waiting for a change).
#[derive(Debug)]
pub(super) struct SteadyStore(pub(super) Arc<dyn Store>);

/// What the tries so far leave open.
#[derive(Debug, Default)]
pub(super) struct Tries {
    failed: u32,
}

impl Tries {
    /// Whether an earlier try may have had its effect.
    pub(super) fn is_unsure(&self) -> bool {
        self.failed > 0
    }

    /// Waits before the next try; gives the error back when it is no use.
    pub(super) async fn after(&mut self, error: Error) -> Result<()> {
        self.failed += 1;
        if self.failed >= TRIES || !is_short(&error) {
            return Err(error);
        }
        let pause = PAUSE * 2_u32.pow(self.failed - 1);
        let pause = if let Retry::After(wait) = error.retry() { wait.max(pause) } else { pause };
        tokio::time::sleep(pause).await;
        Ok(())
    }
}

/// Whether the store may answer soon.
pub(super) fn is_short(error: &Error) -> bool {
    matches!(error.retry(), Retry::Now | Retry::After(_))
}

/// Repeats a call that is the same when it is done twice.
macro_rules! again {
    ($call:expr) => {{
        let mut tries = Tries::default();
        loop {
            match $call.await {
                Err(error) if is_short(&error) => tries.after(error).await?,
                other => break other,
            }
        }
    }};
}

#[async_trait]
impl Store for SteadyStore {
    async fn put_record(
        &self,
        scope: &Scope,
        collection: &str,
        key: &str,
        value: &Value,
        expected: Expected,
    ) -> Result<u64> {
        let mut tries = Tries::default();
        loop {
            let error = match self.0.put_record(scope, collection, key, value, expected).await {
                Err(error) => error,
                version => return version,
            };
            if tries.is_unsure() && matches!(error.kind(), ErrorKind::AlreadyExists | ErrorKind::Conflict) {
                let found = self.find_record(scope, collection, key).await?;
                let is_later = |version| !matches!(expected, Expected::Version(old) if version <= old);
                match found.filter(|record| record.value == *value && is_later(record.version)) {
                    Some(written) => return Ok(written.version),
                    None => return Err(error),
                }
            }
            tries.after(error).await?;
        }
    }

    async fn find_record(&self, scope: &Scope, collection: &str, key: &str) -> Result<Option<Record>> {
        again!(self.0.find_record(scope, collection, key))
    }

    async fn list_records(&self, scope: &Scope, collection: &str, page: &Page) -> Result<Vec<Record>> {
        again!(self.0.list_records(scope, collection, page))
    }

    async fn delete_record(
        &self,
        scope: &Scope,
        collection: &str,
        key: &str,
        expected: Expected,
    ) -> Result<()> {
        let mut tries = Tries::default();
        loop {
            let error = match self.0.delete_record(scope, collection, key, expected).await {
                Err(error) => error,
                Ok(()) => return Ok(()),
            };
            if tries.is_unsure()
                && error.kind() == ErrorKind::Conflict
                && self.find_record(scope, collection, key).await?.is_none()
            {
                return Ok(());
            }
            tries.after(error).await?;
        }
    }

    async fn create_job(&self, scope: &Scope, job: &Job, busy: WhenBusy) -> Result<()> {
        let mut tries = Tries::default();
        loop {
            match self.0.create_job(scope, job, busy).await {
                Ok(()) => return Ok(()),
                // An id is drawn for one job: it is this one.
                Err(error) if tries.is_unsure() && error.kind() == ErrorKind::AlreadyExists => return Ok(()),
                Err(error) => tries.after(error).await?,
            }
        }
    }

    async fn get_job(&self, scope: &Scope, id: &JobId) -> Result<Job> {
        again!(self.0.get_job(scope, id))
    }

    async fn list_jobs(&self, scope: &Scope, filter: &JobFilter) -> Result<Vec<Job>> {
        again!(self.0.list_jobs(scope, filter))
    }

    async fn request_cancel(&self, scope: &Scope, id: &JobId) -> Result<Job> {
        again!(self.0.request_cancel(scope, id))
    }

    async fn claim_job(&self, id: &JobId, owner: &str, ttl: Duration) -> Result<Lease> {
        again!(self.0.claim_job(id, owner, ttl))
    }

    async fn claim_next(&self, owner: &str, ttl: Duration, idle: Duration) -> Result<Option<Lease>> {
        self.0.claim_next(owner, ttl, idle).await
    }

    async fn renew_lease(&self, lease: &Lease, ttl: Duration) -> Result<()> {
        self.0.renew_lease(lease, ttl).await
    }

    async fn update_job(&self, lease: &Lease, job: &Job) -> Result<()> {
        let mut tries = Tries::default();
        loop {
            let error = match self.0.update_job(lease, job).await {
                Err(error) => error,
                Ok(()) => return Ok(()),
            };
            // The end of a job takes its lease with it.
            if tries.is_unsure() && job.state.is_finished() && error.kind() == ErrorKind::LeaseLost {
                let found = self.get_job(&Scope::Platform, &job.id).await?;
                let is_ours = (found.state, found.finished_at) == (job.state, job.finished_at);
                return if is_ours { Ok(()) } else { Err(error) };
            }
            tries.after(error).await?;
        }
    }

    async fn put_steps(&self, lease: &Lease, steps: &[StepRecord]) -> Result<()> {
        again!(self.0.put_steps(lease, steps))
    }

    async fn list_steps(&self, scope: &Scope, job: &JobId) -> Result<Vec<StepRecord>> {
        again!(self.0.list_steps(scope, job))
    }

    async fn append_events(&self, lease: &Lease, bodies: Vec<EventBody>) -> Result<Vec<Event>> {
        self.0.append_events(lease, bodies).await
    }

    async fn list_events(&self, scope: &Scope, job: &JobId, after: u64, limit: u32) -> Result<Vec<Event>> {
        again!(self.0.list_events(scope, job, after, limit))
    }

    async fn list_subject_events(
        &self,
        scope: &Scope,
        subject: &Subject,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Event>> {
        again!(self.0.list_subject_events(scope, subject, after, limit))
    }

    async fn append_audit(&self, scope: &Scope, entry: AuditEntry) -> Result<AuditRecord> {
        self.0.append_audit(scope, entry).await
    }

    async fn list_audit(&self, scope: &Scope, filter: &AuditFilter) -> Result<Vec<AuditRecord>> {
        again!(self.0.list_audit(scope, filter))
    }

    async fn prune(&self, subject: Option<&Subject>, retention: &Retention) -> Result<Pruned> {
        again!(self.0.prune(subject, retention))
    }

    async fn wait_for_change(&self, seen: u64, patience: Duration) -> Result<u64> {
        self.0.wait_for_change(seen, patience).await
    }
}
