//! A store in one SQLite file.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;

use super::{Expected, Lease, Page, Pruned, Record, Retention, Scope, Store, WhenBusy, refusal};
use crate::clock::{Clock, SystemClock};
use crate::error::Result;
use crate::id::JobId;
use crate::model::{
    AuditEntry, AuditFilter, AuditRecord, Event, EventBody, Job, JobFilter, StepRecord, Subject,
};

mod audit;
mod backup;
mod changes;
mod check;
mod checksum;
mod connection;
mod events;
mod fault;
mod jobs;
mod migration;
mod open;
mod prune;
mod records;

use changes::Changes;
use connection::Connection;

/// A store in one SQLite file, for programs on one machine; several processes may open the same file.
///
/// A write that returned `Ok` is on the disk (write-ahead log, `synchronous=FULL`). One thread of its own does all
/// the work, so calls never block an async worker, and a call that is dropped half-way is still carried out whole
/// or not at all. Writes that wait at the same time share one commit: many small ones cost little when they are
/// not awaited one by one. The file is readable by its owner only.
///
/// ```
/// use byop_core::store::{Page, Scope, SqliteStore, Store};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// # let folder = tempfile::tempdir().unwrap();
/// let store = SqliteStore::open(folder.path().join("byop.db")).await?;
/// assert!(store.list_records(&Scope::Platform, "apps", &Page::all()).await?.is_empty());
/// # Ok::<(), byop_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug)]
pub struct SqliteStore {
    path: PathBuf,
    clock: Arc<dyn Clock>,
    connection: Connection,
    changes: Changes,
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
        Ok(Self { path, clock, connection, changes: Changes::new() })
    }

    /// Reads the whole file, beside whoever writes to it, and says whether it is sound.
    ///
    /// Opening does that for a small file only; for a large one call this now and then, such as before a backup.
    ///
    /// # Errors
    /// `Corrupt`, with the first thing that was found; `Unavailable`.
    pub async fn check(&self) -> Result<()> {
        let path = self.path.clone();
        aside("store.check", move || check::file(&path).map_err(|fault| fault.into_error("store.check")))
            .await
    }

    /// Copies the store into the file `path` while it is in use; a copy that is there is replaced.
    ///
    /// The copy is one state of the store, is checked, has mode 0600, and takes its name when it is complete. Room that
    /// removed rows left in the file is used again by later rows, here and in the copy. To restore, stop every process
    /// that uses the store and open the copy where it is, or under a name that has no `-wal` and `-shm` files beside it.
    ///
    /// # Errors
    /// `InvalidInput` when `path` is the store's own file; `NotFound` when its folder does not exist;
    /// `PermissionDenied`; `Corrupt` when the store is damaged; `Unavailable` when the disk is full or out of reach.
    pub async fn backup_to(&self, path: impl AsRef<Path>) -> Result<()> {
        let (from, to) = (self.path.clone(), path.as_ref().to_owned());
        aside("store.backup", move || backup::backup(&from, &to)).await
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Runs what takes long on a thread of its own, so that it holds up no other call.
async fn aside(operation: &'static str, work: impl FnOnce() -> Result<()> + Send + 'static) -> Result<()> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Err(connection::gone(operation)))
}

#[async_trait]
impl Store for SqliteStore {
    async fn put_record(
        &self,
        scope: &Scope,
        collection: &str,
        key: &str,
        value: &Value,
        expected: Expected,
    ) -> Result<u64> {
        let (scope, collection, key) = (scope.clone(), collection.to_owned(), key.to_owned());
        let value = value.to_string();
        self.connection
            .write("record.put", move |tx| records::put(tx, &scope, &collection, &key, &value, expected))
            .await
    }

    async fn find_record(&self, scope: &Scope, collection: &str, key: &str) -> Result<Option<Record>> {
        let (scope, collection, key) = (scope.clone(), collection.to_owned(), key.to_owned());
        self.connection.read("record.find", move |tx| records::find(tx, &scope, &collection, &key)).await
    }

    async fn list_records(&self, scope: &Scope, collection: &str, page: &Page) -> Result<Vec<Record>> {
        let (scope, collection, page) = (scope.clone(), collection.to_owned(), page.clone());
        self.connection.read("record.list", move |tx| records::list(tx, &scope, &collection, &page)).await
    }

    async fn delete_record(
        &self,
        scope: &Scope,
        collection: &str,
        key: &str,
        expected: Expected,
    ) -> Result<()> {
        let (scope, collection, key) = (scope.clone(), collection.to_owned(), key.to_owned());
        self.connection
            .write("record.delete", move |tx| records::delete(tx, &scope, &collection, &key, expected))
            .await
    }

    async fn create_job(&self, scope: &Scope, job: &Job, busy: WhenBusy) -> Result<()> {
        refusal::check_owner("job.create", scope, job.client.as_ref())?;
        let (scope, job, clock) = (scope.clone(), job.clone(), Arc::clone(&self.clock));
        self.connection
            .write("job.create", move |tx| jobs::create(tx, &scope, &job, busy, clock.now()))
            .await?;
        self.changes.announce();
        Ok(())
    }

    async fn get_job(&self, scope: &Scope, id: &JobId) -> Result<Job> {
        let (scope, id) = (scope.clone(), id.clone());
        self.connection.read("job.get", move |tx| jobs::get(tx, "job.get", &scope, &id)).await
    }

    async fn list_jobs(&self, scope: &Scope, filter: &JobFilter) -> Result<Vec<Job>> {
        let (scope, filter) = (scope.clone(), filter.clone());
        self.connection.read("job.list", move |tx| jobs::list(tx, &scope, &filter)).await
    }

    async fn request_cancel(&self, scope: &Scope, id: &JobId) -> Result<Job> {
        let (scope, id, clock) = (scope.clone(), id.clone(), Arc::clone(&self.clock));
        let job = self
            .connection
            .write("job.cancel", move |tx| jobs::request_cancel(tx, &scope, &id, clock.now()))
            .await?;
        self.changes.announce();
        Ok(job)
    }

    async fn claim_job(&self, id: &JobId, owner: &str, ttl: Duration) -> Result<Lease> {
        let (id, owner, clock) = (id.clone(), owner.to_owned(), Arc::clone(&self.clock));
        // The time is read inside the transaction: a claim that had to queue must not use an older "now".
        self.connection.write("job.claim", move |tx| jobs::claim(tx, &id, &owner, clock.now(), ttl)).await
    }

    async fn claim_next(&self, owner: &str, ttl: Duration, idle: Duration) -> Result<Option<Lease>> {
        let (owner, clock) = (owner.to_owned(), Arc::clone(&self.clock));
        self.connection
            .write("job.claim", move |tx| jobs::claim_next(tx, &owner, clock.now(), ttl, idle))
            .await
    }

    async fn renew_lease(&self, lease: &Lease, ttl: Duration) -> Result<()> {
        let (lease, clock) = (lease.clone(), Arc::clone(&self.clock));
        self.connection.write("lease.renew", move |tx| jobs::renew(tx, &lease, clock.now().plus(ttl))).await
    }

    async fn update_job(&self, lease: &Lease, job: &Job) -> Result<()> {
        refusal::check_job_of_lease(lease, job)?;
        let (lease, job, clock) = (lease.clone(), job.clone(), Arc::clone(&self.clock));
        self.connection.write("job.update", move |tx| jobs::update(tx, &lease, &job, clock.now())).await?;
        self.changes.announce();
        Ok(())
    }

    async fn put_steps(&self, lease: &Lease, steps: &[StepRecord]) -> Result<()> {
        refusal::check_steps_of_lease(lease, steps)?;
        let (lease, steps) = (lease.clone(), steps.to_vec());
        self.connection.write("step.put", move |tx| jobs::put_steps(tx, &lease, &steps)).await
    }

    async fn list_steps(&self, scope: &Scope, job: &JobId) -> Result<Vec<StepRecord>> {
        let (scope, job) = (scope.clone(), job.clone());
        self.connection.read("step.list", move |tx| jobs::list_steps(tx, &scope, &job)).await
    }

    async fn append_events(&self, lease: &Lease, bodies: Vec<EventBody>) -> Result<Vec<Event>> {
        let (lease, clock) = (lease.clone(), Arc::clone(&self.clock));
        let append = move |tx: &rusqlite::Connection| {
            jobs::check_lease(tx, "event.append", &lease)?;
            events::append(tx, &lease.job, &bodies, clock.now())
        };
        let events = self.connection.write("event.append", append).await?;
        self.changes.announce();
        Ok(events)
    }

    async fn list_events(&self, scope: &Scope, job: &JobId, after: u64, limit: u32) -> Result<Vec<Event>> {
        let (scope, job) = (scope.clone(), job.clone());
        self.connection.read("event.list", move |tx| events::list(tx, &scope, &job, after, limit)).await
    }

    async fn list_subject_events(
        &self,
        scope: &Scope,
        subject: &Subject,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Event>> {
        let (scope, subject) = (scope.clone(), subject.clone());
        self.connection
            .read("event.list", move |tx| events::list_of_subject(tx, &scope, &subject, after, limit))
            .await
    }

    async fn append_audit(&self, scope: &Scope, entry: AuditEntry) -> Result<AuditRecord> {
        refusal::check_owner("audit.append", scope, entry.client.as_ref())?;
        let clock = Arc::clone(&self.clock);
        self.connection.write("audit.append", move |tx| audit::append(tx, entry, clock.now())).await
    }

    async fn list_audit(&self, scope: &Scope, filter: &AuditFilter) -> Result<Vec<AuditRecord>> {
        let (scope, filter) = (scope.clone(), filter.clone());
        self.connection.read("audit.list", move |tx| audit::list(tx, &scope, &filter)).await
    }

    async fn prune(&self, subject: Option<&Subject>, retention: &Retention) -> Result<Pruned> {
        let (subject, retention) = (subject.cloned(), retention.clone());
        let clock = Arc::clone(&self.clock);
        self.connection
            .write("store.prune", move |tx| prune::prune(tx, subject.as_ref(), &retention, clock.now()))
            .await
    }

    async fn wait_for_change(&self, seen: u64, patience: Duration) -> Result<u64> {
        self.changes.wait(&self.connection, seen, patience).await
    }
}
