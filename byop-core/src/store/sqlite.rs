//! A store in one SQLite file.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;

use super::{Expected, Lease, Record, Store, refusal};
use crate::clock::{Clock, SystemClock};
use crate::error::Result;
use crate::id::JobId;
use crate::model::{Event, EventBody, Job, JobFilter, StepRecord};

mod connection;
mod events;
mod fault;
mod jobs;
mod migration;
mod open;
mod records;

use connection::Connection;

/// A store in one SQLite file, for programs on one machine; several processes may open the same file.
///
/// A write that returned `Ok` is on the disk (write-ahead log, `synchronous=FULL`). One thread of its own does all
/// the work, so calls never block an async worker, and a call that is dropped half-way is still carried out whole
/// or not at all. Writes that wait at the same time share one commit: many small ones cost little when they are
/// not awaited one by one. The file is readable by its owner only.
///
/// ```
/// use byop_core::store::{SqliteStore, Store};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// # let folder = tempfile::tempdir().unwrap();
/// let store = SqliteStore::open(folder.path().join("byop.db")).await?;
/// assert!(store.list_records("apps").await?.is_empty());
/// # Ok::<(), byop_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug)]
pub struct SqliteStore {
    path: PathBuf,
    clock: Arc<dyn Clock>,
    connection: Connection,
}

impl SqliteStore {
    /// Opens a file, makes it when it is missing, and brings its schema up to date.
    ///
    /// # Errors
    /// `NotFound` when its folder does not exist; `PermissionDenied`; `Corrupt` when the file is damaged or not a
    /// database; `InvalidInput` when it is the database of another program; `Unsupported` when a newer byop wrote
    /// it, or the SQLite library is too old; `Unavailable` when another process keeps it locked.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_with(path, Arc::new(SystemClock)).await
    }

    /// Opens a file, and judges leases by `clock`.
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    pub async fn open_with(path: impl AsRef<Path>, clock: Arc<dyn Clock>) -> Result<Self> {
        let path = path.as_ref().to_owned();
        let connection = Connection::start(path.clone(), Arc::clone(&clock)).await?;
        Ok(Self { path, clock, connection })
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn put_record(
        &self,
        collection: &str,
        key: &str,
        value: &Value,
        expected: Expected,
    ) -> Result<u64> {
        let (collection, key, value) = (collection.to_owned(), key.to_owned(), value.to_string());
        self.connection
            .write("record.put", move |tx| records::put(tx, &collection, &key, &value, expected))
            .await
    }

    async fn find_record(&self, collection: &str, key: &str) -> Result<Option<Record>> {
        let (collection, key) = (collection.to_owned(), key.to_owned());
        self.connection.read("record.find", move |tx| records::find(tx, &collection, &key)).await
    }

    async fn list_records(&self, collection: &str) -> Result<Vec<Record>> {
        let collection = collection.to_owned();
        self.connection.read("record.list", move |tx| records::list(tx, &collection)).await
    }

    async fn delete_record(&self, collection: &str, key: &str) -> Result<()> {
        let (collection, key) = (collection.to_owned(), key.to_owned());
        self.connection.write("record.delete", move |tx| records::delete(tx, &collection, &key)).await
    }

    async fn create_job(&self, job: &Job) -> Result<()> {
        let job = job.clone();
        self.connection.write("job.create", move |tx| jobs::create(tx, &job)).await
    }

    async fn get_job(&self, id: &JobId) -> Result<Job> {
        let id = id.clone();
        self.connection.read("job.get", move |tx| jobs::get(tx, &id)).await
    }

    async fn list_jobs(&self, filter: &JobFilter) -> Result<Vec<Job>> {
        let filter = filter.clone();
        self.connection.read("job.list", move |tx| jobs::list(tx, &filter)).await
    }

    async fn claim_job(&self, id: &JobId, owner: &str, ttl: Duration) -> Result<Lease> {
        let (id, owner, clock) = (id.clone(), owner.to_owned(), Arc::clone(&self.clock));
        // The time is read inside the transaction: a claim that had to queue must not use an older "now".
        self.connection.write("job.claim", move |tx| jobs::claim(tx, &id, &owner, clock.now(), ttl)).await
    }

    async fn renew_lease(&self, lease: &Lease, ttl: Duration) -> Result<()> {
        let (lease, clock) = (lease.clone(), Arc::clone(&self.clock));
        self.connection.write("lease.renew", move |tx| jobs::renew(tx, &lease, clock.now().plus(ttl))).await
    }

    async fn update_job(&self, lease: &Lease, job: &Job) -> Result<()> {
        refusal::check_job_of_lease(lease, job)?;
        let (lease, job) = (lease.clone(), job.clone());
        self.connection.write("job.update", move |tx| jobs::update(tx, &lease, &job)).await
    }

    async fn put_step(&self, lease: &Lease, step: &StepRecord) -> Result<()> {
        refusal::check_step_of_lease(lease, step)?;
        let (lease, step) = (lease.clone(), step.clone());
        self.connection.write("step.put", move |tx| jobs::put_step(tx, &lease, &step)).await
    }

    async fn list_steps(&self, job: &JobId) -> Result<Vec<StepRecord>> {
        let job = job.clone();
        self.connection.read("step.list", move |tx| jobs::list_steps(tx, &job)).await
    }

    async fn append_events(&self, job: &JobId, bodies: Vec<EventBody>) -> Result<Vec<Event>> {
        let (job, clock) = (job.clone(), Arc::clone(&self.clock));
        self.connection.write("event.append", move |tx| events::append(tx, &job, &bodies, clock.now())).await
    }

    async fn list_events(&self, job: &JobId, after: u64, limit: u32) -> Result<Vec<Event>> {
        let job = job.clone();
        self.connection.read("event.list", move |tx| events::list(tx, &job, after, limit)).await
    }
}
