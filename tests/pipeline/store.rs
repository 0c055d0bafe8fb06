//! A store that several engines share, and that can hang as if its user had died.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use byop_core::Result;
use byop_core::id::JobId;
use byop_core::model::{
    AuditEntry, AuditFilter, AuditRecord, Event, EventBody, Job, JobFilter, StepRecord, Subject,
};
use byop_core::store::{Expected, Lease, Page, Pruned, Record, Retention, Scope, Store, WhenBusy};
use serde_json::Value;

/// Clones share one store.
#[derive(Debug, Clone)]
pub struct Shared {
    inner: Arc<dyn Store>,
    kill: Arc<Kill>,
}

#[derive(Debug, Default)]
struct Kill {
    /// Writes left until one hangs; 0 is never.
    left: AtomicUsize,
    /// Whether that write has its effect.
    written: AtomicBool,
    hangs: AtomicBool,
    /// Whether what keeps and takes jobs counts as a write too, so that who hangs is as dead.
    is_mortal: AtomicBool,
}

impl Shared {
    pub fn new(store: impl Store + 'static) -> Self {
        Self { inner: Arc::new(store), kill: Arc::default() }
    }

    /// The same store for an engine that dies by itself: when it hangs, it neither holds nor takes anything any more.
    pub fn mortal(&self) -> Self {
        let kill = Kill { is_mortal: AtomicBool::new(true), ..Kill::default() };
        Self { inner: Arc::clone(&self.inner), kill: Arc::new(kill) }
    }

    /// Lets the `nth` write from now on hang, with its effect or without.
    pub fn hang_at(&self, nth: usize, written: bool) {
        self.kill.left.store(nth, Ordering::SeqCst);
        self.kill.written.store(written, Ordering::SeqCst);
    }

    /// No write hangs any more.
    pub fn heal(&self) {
        self.kill.left.store(0, Ordering::SeqCst);
        self.kill.hangs.store(false, Ordering::SeqCst);
    }

    pub fn hangs(&self) -> bool {
        self.kill.hangs.load(Ordering::SeqCst)
    }

    async fn last<T>(&self, call: impl Future<Output = Result<T>>) -> Result<T> {
        if self.kill.is_mortal.load(Ordering::SeqCst) { self.write(call).await } else { call.await }
    }

    async fn write<T>(&self, write: impl Future<Output = Result<T>>) -> Result<T> {
        let left = self.kill.left.load(Ordering::SeqCst);
        if left > 0 {
            self.kill.left.store(left - 1, Ordering::SeqCst);
        }
        if left != 1 {
            if self.hangs() {
                return std::future::pending().await;
            }
            return write.await;
        }
        if self.kill.written.load(Ordering::SeqCst) {
            let _ = write.await;
        }
        self.kill.hangs.store(true, Ordering::SeqCst);
        std::future::pending().await
    }
}

#[async_trait]
impl Store for Shared {
    async fn put_record(
        &self,
        scope: &Scope,
        collection: &str,
        key: &str,
        value: &Value,
        expected: Expected,
    ) -> Result<u64> {
        self.write(self.inner.put_record(scope, collection, key, value, expected)).await
    }
    async fn find_record(&self, scope: &Scope, collection: &str, key: &str) -> Result<Option<Record>> {
        self.inner.find_record(scope, collection, key).await
    }
    async fn list_records(&self, scope: &Scope, collection: &str, page: &Page) -> Result<Vec<Record>> {
        self.inner.list_records(scope, collection, page).await
    }
    async fn delete_record(
        &self,
        scope: &Scope,
        collection: &str,
        key: &str,
        expected: Expected,
    ) -> Result<()> {
        self.write(self.inner.delete_record(scope, collection, key, expected)).await
    }
    async fn create_job(&self, scope: &Scope, job: &Job, busy: WhenBusy) -> Result<()> {
        self.last(self.inner.create_job(scope, job, busy)).await
    }
    async fn get_job(&self, scope: &Scope, id: &JobId) -> Result<Job> {
        self.inner.get_job(scope, id).await
    }
    async fn list_jobs(&self, scope: &Scope, filter: &JobFilter) -> Result<Vec<Job>> {
        self.inner.list_jobs(scope, filter).await
    }
    async fn request_cancel(&self, scope: &Scope, id: &JobId) -> Result<Job> {
        self.inner.request_cancel(scope, id).await
    }
    async fn claim_job(&self, id: &JobId, owner: &str, ttl: Duration) -> Result<Lease> {
        self.last(self.inner.claim_job(id, owner, ttl)).await
    }
    async fn claim_next(&self, owner: &str, ttl: Duration, idle: Duration) -> Result<Option<Lease>> {
        self.last(self.inner.claim_next(owner, ttl, idle)).await
    }
    async fn renew_lease(&self, lease: &Lease, ttl: Duration) -> Result<()> {
        self.last(self.inner.renew_lease(lease, ttl)).await
    }
    async fn update_job(&self, lease: &Lease, job: &Job) -> Result<()> {
        self.write(self.inner.update_job(lease, job)).await
    }
    async fn put_steps(&self, lease: &Lease, steps: &[StepRecord]) -> Result<()> {
        self.write(self.inner.put_steps(lease, steps)).await
    }
    async fn list_steps(&self, scope: &Scope, job: &JobId) -> Result<Vec<StepRecord>> {
        self.inner.list_steps(scope, job).await
    }
    async fn append_events(&self, lease: &Lease, bodies: Vec<EventBody>) -> Result<Vec<Event>> {
        self.write(self.inner.append_events(lease, bodies)).await
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
        self.write(self.inner.append_audit(scope, entry)).await
    }
    async fn list_audit(&self, scope: &Scope, filter: &AuditFilter) -> Result<Vec<AuditRecord>> {
        self.inner.list_audit(scope, filter).await
    }
    async fn prune(&self, subject: Option<&Subject>, retention: &Retention) -> Result<Pruned> {
        self.write(self.inner.prune(subject, retention)).await
    }
    async fn wait_for_change(&self, seen: u64, patience: Duration) -> Result<u64> {
        self.inner.wait_for_change(seen, patience).await
    }
}
