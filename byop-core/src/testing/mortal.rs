//! A store and a cloud whose user dies at a chosen call.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;
use tokio::sync::Notify;

use super::CallHook;
use crate::error::Result;
use crate::id::JobId;
use crate::model::{
    AuditEntry, AuditFilter, AuditRecord, Event, EventBody, Job, JobFilter, StepRecord, Subject,
};
use crate::store::{Expected, Lease, Page, Pruned, Record, Retention, Scope, Store, WhenBusy};

/// One life of an engine: it ends at a call to a cloud or a write to the store, before or after its effect. From then on
/// nothing of it gets anywhere, and another engine on the same store and the same cloud can take over.
///
/// It takes part in the calls to a cloud as its [`CallHook`], and in those to the store through a [`MortalStore`].
/// Clones are the same life; that of `default()` does not end.
#[derive(Debug, Clone, Default)]
pub struct Life(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    calls: AtomicUsize,
    /// The call that is the last; 0 is none.
    last: usize,
    /// Whether the last call has its effect.
    effect: bool,
    is_dying: AtomicBool,
    is_dead: AtomicBool,
    died: Notify,
}

impl Life {
    /// It ends at the call of this number, counted from 1; `effect` says whether that call still has its effect.
    #[must_use]
    pub fn until(last: usize, effect: bool) -> Self {
        Self(Arc::new(Inner { last, effect, ..Inner::default() }))
    }

    /// Waits until it has ended.
    pub async fn died(&self) {
        loop {
            let died = self.0.died.notified();
            if self.0.is_dead.load(Ordering::SeqCst) {
                return;
            }
            died.await;
        }
    }

    async fn alive(&self) {
        if self.0.is_dead.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
    }

    async fn die(&self) {
        self.0.is_dead.store(true, Ordering::SeqCst);
        self.0.died.notify_waiters();
        std::future::pending::<()>().await;
    }

    async fn enter(&self) {
        self.alive().await;
        if self.0.calls.fetch_add(1, Ordering::SeqCst) + 1 == self.0.last {
            if !self.0.effect {
                self.die().await;
            }
            self.0.is_dying.store(true, Ordering::SeqCst);
        }
    }

    async fn leave(&self) {
        self.alive().await;
        if self.0.is_dying.load(Ordering::SeqCst) {
            self.die().await;
        }
    }

    async fn write<T>(&self, call: impl Future<Output = T>) -> T {
        self.enter().await;
        let result = call.await;
        self.leave().await;
        result
    }

    async fn read<T>(&self, call: impl Future<Output = T>) -> T {
        self.alive().await;
        let result = call.await;
        self.alive().await;
        result
    }
}

#[async_trait]
impl CallHook for Life {
    async fn before(&self, _: &'static str, _: &str) -> Result<()> {
        self.enter().await;
        Ok(())
    }

    async fn after(&self, _: &'static str, _: &str) -> Result<()> {
        self.leave().await;
        Ok(())
    }
}

/// The store in the hands of one life.
#[derive(Debug)]
pub struct MortalStore(Arc<dyn Store>, Life);

impl MortalStore {
    /// A store for an engine that dies with this life.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, life: Life) -> Self {
        Self(store, life)
    }
}

#[async_trait]
impl Store for MortalStore {
    async fn put_record(&self, s: &Scope, c: &str, k: &str, v: &Value, e: Expected) -> Result<u64> {
        self.1.write(self.0.put_record(s, c, k, v, e)).await
    }
    async fn find_record(&self, s: &Scope, c: &str, k: &str) -> Result<Option<Record>> {
        self.1.read(self.0.find_record(s, c, k)).await
    }
    async fn list_records(&self, s: &Scope, c: &str, page: &Page) -> Result<Vec<Record>> {
        self.1.read(self.0.list_records(s, c, page)).await
    }
    async fn delete_record(&self, s: &Scope, c: &str, k: &str, e: Expected) -> Result<()> {
        self.1.write(self.0.delete_record(s, c, k, e)).await
    }
    async fn create_job(&self, s: &Scope, job: &Job, busy: WhenBusy) -> Result<()> {
        self.1.read(self.0.create_job(s, job, busy)).await
    }
    async fn get_job(&self, s: &Scope, id: &JobId) -> Result<Job> {
        self.1.read(self.0.get_job(s, id)).await
    }
    async fn list_jobs(&self, s: &Scope, filter: &JobFilter) -> Result<Vec<Job>> {
        self.1.read(self.0.list_jobs(s, filter)).await
    }
    async fn request_cancel(&self, s: &Scope, id: &JobId) -> Result<Job> {
        self.1.read(self.0.request_cancel(s, id)).await
    }
    async fn claim_job(&self, id: &JobId, owner: &str, ttl: Duration) -> Result<Lease> {
        self.1.read(self.0.claim_job(id, owner, ttl)).await
    }
    async fn claim_next(&self, owner: &str, ttl: Duration, idle: Duration) -> Result<Option<Lease>> {
        self.1.read(self.0.claim_next(owner, ttl, idle)).await
    }
    async fn renew_lease(&self, lease: &Lease, ttl: Duration) -> Result<()> {
        self.1.read(self.0.renew_lease(lease, ttl)).await
    }
    async fn update_job(&self, lease: &Lease, job: &Job) -> Result<()> {
        self.1.write(self.0.update_job(lease, job)).await
    }
    async fn put_steps(&self, lease: &Lease, steps: &[StepRecord]) -> Result<()> {
        self.1.write(self.0.put_steps(lease, steps)).await
    }
    async fn list_steps(&self, s: &Scope, job: &JobId) -> Result<Vec<StepRecord>> {
        self.1.read(self.0.list_steps(s, job)).await
    }
    async fn append_events(&self, lease: &Lease, bodies: Vec<EventBody>) -> Result<Vec<Event>> {
        self.1.read(self.0.append_events(lease, bodies)).await
    }
    async fn list_events(&self, s: &Scope, job: &JobId, after: u64, limit: u32) -> Result<Vec<Event>> {
        self.1.read(self.0.list_events(s, job, after, limit)).await
    }
    async fn list_subject_events(
        &self,
        s: &Scope,
        subject: &Subject,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Event>> {
        self.1.read(self.0.list_subject_events(s, subject, after, limit)).await
    }
    async fn append_audit(&self, s: &Scope, entry: AuditEntry) -> Result<AuditRecord> {
        self.1.write(self.0.append_audit(s, entry)).await
    }
    async fn list_audit(&self, s: &Scope, filter: &AuditFilter) -> Result<Vec<AuditRecord>> {
        self.1.read(self.0.list_audit(s, filter)).await
    }
    async fn prune(&self, subject: Option<&Subject>, retention: &Retention) -> Result<Pruned> {
        self.1.write(self.0.prune(subject, retention)).await
    }
    async fn wait_for_change(&self, seen: u64, patience: Duration) -> Result<u64> {
        self.1.read(self.0.wait_for_change(seen, patience)).await
    }
}
