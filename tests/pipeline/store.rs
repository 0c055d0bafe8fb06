//! A store that several engines share, and that can hang as if its user had died.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use byop_core::Result;
use byop_core::id::JobId;
use byop_core::model::{Event, EventBody, Job, JobFilter, StepRecord};
use byop_core::store::{Expected, Lease, Record, Store};
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
}

impl Shared {
    pub fn new(store: impl Store + 'static) -> Self {
        Self { inner: Arc::new(store), kill: Arc::default() }
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
        collection: &str,
        key: &str,
        value: &Value,
        expected: Expected,
    ) -> Result<u64> {
        self.write(self.inner.put_record(collection, key, value, expected)).await
    }
    async fn find_record(&self, collection: &str, key: &str) -> Result<Option<Record>> {
        self.inner.find_record(collection, key).await
    }
    async fn list_records(&self, collection: &str) -> Result<Vec<Record>> {
        self.inner.list_records(collection).await
    }
    async fn delete_record(&self, collection: &str, key: &str) -> Result<()> {
        self.write(self.inner.delete_record(collection, key)).await
    }
    async fn create_job(&self, job: &Job) -> Result<()> {
        self.inner.create_job(job).await
    }
    async fn get_job(&self, id: &JobId) -> Result<Job> {
        self.inner.get_job(id).await
    }
    async fn list_jobs(&self, filter: &JobFilter) -> Result<Vec<Job>> {
        self.inner.list_jobs(filter).await
    }
    async fn claim_job(&self, id: &JobId, owner: &str, ttl: Duration) -> Result<Lease> {
        self.inner.claim_job(id, owner, ttl).await
    }
    async fn renew_lease(&self, lease: &Lease, ttl: Duration) -> Result<()> {
        self.inner.renew_lease(lease, ttl).await
    }
    async fn update_job(&self, lease: &Lease, job: &Job) -> Result<()> {
        self.write(self.inner.update_job(lease, job)).await
    }
    async fn put_step(&self, lease: &Lease, step: &StepRecord) -> Result<()> {
        self.write(self.inner.put_step(lease, step)).await
    }
    async fn list_steps(&self, job: &JobId) -> Result<Vec<StepRecord>> {
        self.inner.list_steps(job).await
    }
    async fn append_events(&self, job: &JobId, bodies: Vec<EventBody>) -> Result<Vec<Event>> {
        self.write(self.inner.append_events(job, bodies)).await
    }
    async fn list_events(&self, job: &JobId, after: u64, limit: u32) -> Result<Vec<Event>> {
        self.inner.list_events(job, after, limit).await
    }
}
