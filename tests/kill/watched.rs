//! A store that tells the parent of each write, before it and after it, and goes on when it may.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use byop_core::id::JobId;
use byop_core::model::{
    AuditEntry, AuditFilter, AuditRecord, Event, EventBody, Job, JobFilter, StepRecord, Subject,
};
use byop_core::store::{
    Expected, Lease, Page, Pruned, Record, Retention, Scope, SqliteStore, Store, WhenBusy,
};
use byop_core::{ErrorKind, Result};
use serde_json::Value;

use crate::child::Parent;

#[derive(Debug)]
pub struct Watched {
    inner: SqliteStore,
    parent: Arc<Parent>,
    /// Whether the parent is asked at each write.
    asks: bool,
    /// The only subject whose jobs this process takes over; none: those of all.
    own: Option<Subject>,
    /// Until when this process holds which jobs.
    held: Mutex<BTreeMap<JobId, Instant>>,
    journal: Mutex<Journal>,
}

/// Enough of the journal to give each write a name that is the same in every job of its kind.
#[derive(Debug, Default)]
struct Journal {
    /// Keys of steps by stage, in the order in which they were first written.
    keys: BTreeMap<String, Vec<String>>,
    /// The last step that was written.
    place: String,
}

impl Journal {
    fn name(&mut self, step: &StepRecord) -> String {
        let keys = self.keys.entry(step.stage.clone()).or_default();
        let number = keys.iter().position(|key| *key == step.key).unwrap_or_else(|| {
            keys.push(step.key.clone());
            keys.len() - 1
        });
        let state = format!("{:?}", step.state).to_lowercase();
        self.place = format!("{}-{} {state}", step.stage, number + 1);
        self.place.clone()
    }
}

impl Watched {
    pub fn new(inner: SqliteStore, parent: Arc<Parent>, asks: bool, own: Option<Subject>) -> Self {
        Self { inner, parent, asks, own, held: Mutex::default(), journal: Mutex::default() }
    }

    /// Does a write between two questions.
    async fn around<T>(&self, what: String, write: impl Future<Output = Result<T>> + Send) -> Result<T> {
        if !self.asks {
            return write.await;
        }
        self.parent.ask("before", &what).await;
        let result = write.await;
        self.parent.ask("after", &what).await;
        result
    }

    fn hold(&self, job: &JobId, ttl: Duration) {
        self.held.lock().unwrap().insert(job.clone(), Instant::now() + ttl);
    }

    fn here(&self, what: &str) -> String {
        format!("{what} / {}", self.journal.lock().unwrap().place)
    }
}

#[async_trait]
impl Store for Watched {
    async fn put_record(
        &self,
        scope: &Scope,
        name: &str,
        key: &str,
        value: &Value,
        expected: Expected,
    ) -> Result<u64> {
        // The records of apps and servers are written several times in a job.
        let what = format!("put {name}");
        let what = if matches!(name, "apps" | "servers") { self.here(&what) } else { what };
        self.around(what, self.inner.put_record(scope, name, key, value, expected)).await
    }

    async fn find_record(&self, scope: &Scope, name: &str, key: &str) -> Result<Option<Record>> {
        self.inner.find_record(scope, name, key).await
    }

    async fn list_records(&self, scope: &Scope, name: &str, page: &Page) -> Result<Vec<Record>> {
        self.inner.list_records(scope, name, page).await
    }

    async fn delete_record(&self, scope: &Scope, name: &str, key: &str, expected: Expected) -> Result<()> {
        self.around(format!("delete {name}"), self.inner.delete_record(scope, name, key, expected)).await
    }

    async fn create_job(&self, scope: &Scope, job: &Job, busy: WhenBusy) -> Result<()> {
        self.around("create".into(), self.inner.create_job(scope, job, busy)).await
    }

    async fn get_job(&self, scope: &Scope, id: &JobId) -> Result<Job> {
        self.inner.get_job(scope, id).await
    }

    async fn list_jobs(&self, scope: &Scope, filter: &JobFilter) -> Result<Vec<Job>> {
        let mut jobs = self.inner.list_jobs(scope, filter).await?;
        jobs.retain(|job| self.own.as_ref().is_none_or(|own| job.subject == *own));
        Ok(jobs)
    }

    async fn request_cancel(&self, scope: &Scope, id: &JobId) -> Result<Job> {
        self.around("cancel".into(), self.inner.request_cancel(scope, id)).await
    }

    async fn claim_job(&self, id: &JobId, owner: &str, ttl: Duration) -> Result<Lease> {
        let lease = self.around("claim".into(), self.inner.claim_job(id, owner, ttl)).await?;
        self.hold(id, ttl);
        self.parent.tell(&format!("claimed {id}")).await;
        Ok(lease)
    }

    async fn claim_next(&self, owner: &str, ttl: Duration, idle: Duration) -> Result<Option<Lease>> {
        let Some(own) = &self.own else {
            let lease = self.inner.claim_next(owner, ttl, idle).await?;
            if let Some(lease) = &lease {
                self.parent.tell(&format!("claimed {}", lease.job)).await;
            }
            return Ok(lease);
        };
        let filter = JobFilter::all().with_subject(own.clone()).with_unfinished();
        let job = self.inner.list_jobs(&Scope::Platform, &filter).await?.pop();
        let is_held =
            |job: &Job| self.held.lock().unwrap().get(&job.id).is_some_and(|at| *at > Instant::now());
        let left = job.filter(|job| !is_held(job));
        let Some(job) = left else { return Ok(None) };
        match self.claim_job(&job.id, owner, ttl).await {
            Err(error) if error.kind() == ErrorKind::Conflict => Ok(None),
            other => other.map(Some),
        }
    }

    async fn renew_lease(&self, lease: &Lease, ttl: Duration) -> Result<()> {
        // A heartbeat is no part of the journal: it comes by time, not by what was done.
        self.inner.renew_lease(lease, ttl).await?;
        self.hold(&lease.job, ttl);
        Ok(())
    }

    async fn update_job(&self, lease: &Lease, job: &Job) -> Result<()> {
        let what = format!("update {:?}", job.state).to_lowercase();
        self.around(what, self.inner.update_job(lease, job)).await
    }

    async fn put_steps(&self, lease: &Lease, steps: &[StepRecord]) -> Result<()> {
        let names: Vec<_> = steps.iter().map(|step| self.journal.lock().unwrap().name(step)).collect();
        self.around(format!("step {}", names.join(", ")), self.inner.put_steps(lease, steps)).await
    }

    async fn list_steps(&self, scope: &Scope, job: &JobId) -> Result<Vec<StepRecord>> {
        let steps = self.inner.list_steps(scope, job).await?;
        let mut journal = self.journal.lock().unwrap();
        for step in &steps {
            journal.name(step);
        }
        drop(journal);
        Ok(steps)
    }

    async fn append_events(&self, lease: &Lease, bodies: Vec<EventBody>) -> Result<Vec<Event>> {
        // How many come together is a matter of time; the first one says where the job is.
        let first = match bodies.first() {
            Some(EventBody::Job { state, .. }) => format!("{state:?}").to_lowercase(),
            Some(EventBody::StepStarted { stage, .. }) => format!("{stage} begins"),
            Some(EventBody::StepFinished { stage, .. }) => format!("{stage} ends"),
            Some(EventBody::Deployed(_)) => "deployed".into(),
            Some(_) => "line".into(),
            None => "none".into(),
        };
        self.around(format!("events {first}"), self.inner.append_events(lease, bodies)).await
    }

    async fn list_events(&self, scope: &Scope, job: &JobId, after: u64, limit: u32) -> Result<Vec<Event>> {
        self.inner.list_events(scope, job, after, limit).await
    }

    async fn list_subject_events(
        &self,
        scope: &Scope,
        subject: &Subject,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Event>> {
        self.inner.list_subject_events(scope, subject, after, limit).await
    }

    async fn append_audit(&self, scope: &Scope, entry: AuditEntry) -> Result<AuditRecord> {
        self.around("audit".into(), self.inner.append_audit(scope, entry)).await
    }

    async fn list_audit(&self, scope: &Scope, filter: &AuditFilter) -> Result<Vec<AuditRecord>> {
        self.inner.list_audit(scope, filter).await
    }

    async fn prune(&self, subject: Option<&Subject>, retention: &Retention) -> Result<Pruned> {
        self.around("prune".into(), self.inner.prune(subject, retention)).await
    }

    async fn wait_for_change(&self, seen: u64, patience: Duration) -> Result<u64> {
        self.inner.wait_for_change(seen, patience).await
    }
}
