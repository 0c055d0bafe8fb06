//! A store in a PostgreSQL database.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;

use super::{Expected, Lease, Page, Pruned, Record, Retention, Scope, Store, WhenBusy, refusal};
use crate::clock::Clock;
use crate::error::{Error, ErrorKind, Result};
use crate::id::JobId;
use crate::model::{
    AuditEntry, AuditFilter, AuditRecord, Event, EventBody, Job, JobFilter, StepRecord, Subject,
};
use crate::secret::Secret;

mod audit;
mod events;
mod fault;
mod jobs;
mod listener;
mod migration;
mod options;
mod pool;
mod records;
mod sql;
mod steps;
mod tls;

use listener::Listener;
pub use options::PostgresOptions;
use pool::{Again, Pool};

/// A store in the schema `byop` of a PostgreSQL database, for programs on several machines.
///
/// A write that returned `Ok` is committed. A call that is dropped half-way leaves all of its write or nothing. A
/// server that restarts is waited for; what was not committed is done again. When the connection is lost during a
/// commit, a write that may be repeated is repeated, and another returns `Unavailable` with no advice to retry: read,
/// then decide. Calls need a tokio runtime that lives as long as the store.
///
/// ```no_run
/// use byop_core::Secret;
/// use byop_core::store::{PostgresStore, Scope, Store};
///
/// # async fn example() -> Result<(), byop_core::Error> {
/// let store = PostgresStore::open(&Secret::new("postgresql://byop:hunter2@db.example.com/platform")).await?;
/// let app = store.find_record(&Scope::Platform, "apps", "shop").await?;
/// # Ok(()) }
/// ```
pub struct PostgresStore {
    place: String,
    clock: Option<Arc<dyn Clock>>,
    pool: Pool,
    listener: Listener,
}

impl PostgresStore {
    /// Connects to a database, and brings the schema `byop` in it up to date.
    ///
    /// # Errors
    /// `InvalidInput` when the URL cannot be read, or the schema is another program's; `Unauthenticated`;
    /// `PermissionDenied`; `NotFound` when there is no such database; `Unsupported` when a newer byop wrote the schema;
    /// `Corrupt` when it was changed by hand; `Unavailable` when the server cannot be reached.
    pub async fn open(url: &Secret) -> Result<Self> {
        Self::open_with(PostgresOptions::new(url)?).await
    }

    /// Connects with other settings.
    ///
    /// # Errors
    /// As [`PostgresStore::open`].
    pub async fn open_with(options: PostgresOptions) -> Result<Self> {
        let place = options.place();
        let tls = options.tls()?;
        let pool = Pool::new(&options, tls.clone())?;
        let migrated = pool.write("store.open", Again::Harmless, migration::migrate).await;
        migrated.map_err(|error| error.with_context("database", &place))?;
        let listener = Listener::start(options.session_config(), tls);
        Ok(Self { place, clock: options.clock, pool, listener })
    }

    /// Nothing when the server's own clock counts.
    fn now(&self) -> Option<i64> {
        self.clock.as_ref().map(|clock| clock.now().0)
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore")
            .field("place", &self.place)
            .field("pool", &self.pool)
            .finish_non_exhaustive()
    }
}

/// A row that every migrated database has is gone.
fn incomplete(table: &'static str) -> Error {
    Error::new(ErrorKind::Corrupt, "store.read", "the schema of the database is incomplete")
        .with_context("table", table)
        .with_remedy("restore it from a backup")
}

#[async_trait]
impl Store for PostgresStore {
    async fn put_record(
        &self,
        scope: &Scope,
        collection: &str,
        key: &str,
        value: &Value,
        expected: Expected,
    ) -> Result<u64> {
        let value = value.to_string();
        let value = value.as_str();
        let work = |session| records::put(session, scope, collection, key, value, expected);
        self.pool.write("record.put", again(expected), work).await
    }

    async fn find_record(&self, scope: &Scope, collection: &str, key: &str) -> Result<Option<Record>> {
        self.pool.read("record.find", |session| records::find(session, scope, collection, key)).await
    }

    async fn list_records(&self, scope: &Scope, collection: &str, page: &Page) -> Result<Vec<Record>> {
        self.pool.read("record.list", |session| records::list(session, scope, collection, page)).await
    }

    async fn delete_record(
        &self,
        scope: &Scope,
        collection: &str,
        key: &str,
        expected: Expected,
    ) -> Result<()> {
        let work = |session| records::delete(session, scope, collection, key, expected);
        self.pool.write("record.delete", again(expected), work).await
    }

    async fn create_job(&self, scope: &Scope, job: &Job, busy: WhenBusy) -> Result<()> {
        refusal::check_owner("job.create", scope, job.client.as_ref())?;
        let work = |session| jobs::create(session, scope, job, busy, self.now());
        self.pool.write("job.create", Again::Harmful, work).await
    }

    async fn get_job(&self, scope: &Scope, id: &JobId) -> Result<Job> {
        self.pool.read("job.get", |session| jobs::get(session, scope, id)).await
    }

    async fn list_jobs(&self, scope: &Scope, filter: &JobFilter) -> Result<Vec<Job>> {
        self.pool.read("job.list", |session| jobs::list(session, scope, filter)).await
    }

    async fn request_cancel(&self, scope: &Scope, id: &JobId) -> Result<Job> {
        let work = |session| jobs::request_cancel(session, scope, id, self.now());
        self.pool.write("job.cancel", Again::Harmless, work).await
    }

    async fn claim_job(&self, id: &JobId, owner: &str, ttl: Duration) -> Result<Lease> {
        // Claiming what one holds oneself gives a new token.
        let work = |session| jobs::claim(session, id, owner, self.now(), ttl);
        self.pool.write("job.claim", Again::Harmless, work).await
    }

    async fn claim_next(&self, owner: &str, ttl: Duration, idle: Duration) -> Result<Option<Lease>> {
        // Not repeated: a second claim would take a second job.
        let work = |session| jobs::claim_next(session, owner, self.now(), ttl, idle);
        self.pool.write("job.claim", Again::Harmful, work).await
    }

    async fn renew_lease(&self, lease: &Lease, ttl: Duration) -> Result<()> {
        let work = |session| jobs::renew(session, lease, self.now(), ttl);
        self.pool.write("lease.renew", Again::Harmless, work).await
    }

    async fn update_job(&self, lease: &Lease, job: &Job) -> Result<()> {
        refusal::check_job_of_lease(lease, job)?;
        // The end of a job ends its lease too, so that a second try would find it lost.
        let again = if job.state.is_finished() { Again::Harmful } else { Again::Harmless };
        let work = |session| jobs::update(session, lease, job, self.now());
        self.pool.write("job.update", again, work).await
    }

    async fn put_steps(&self, lease: &Lease, steps: &[StepRecord]) -> Result<()> {
        refusal::check_steps_of_lease(lease, steps)?;
        self.pool.write("step.put", Again::Harmless, |session| steps::put(session, lease, steps)).await
    }

    async fn list_steps(&self, scope: &Scope, job: &JobId) -> Result<Vec<StepRecord>> {
        self.pool.read("step.list", |session| steps::list(session, scope, job)).await
    }

    async fn append_events(&self, lease: &Lease, bodies: Vec<EventBody>) -> Result<Vec<Event>> {
        let bodies = bodies.as_slice();
        let work = |session: pool::Session| async move {
            let held = jobs::hold(&session, "event.append", lease, self.now()).await?;
            let events = events::append(&session, &lease.job, bodies, held.now).await?;
            session.announce();
            Ok(events)
        };
        self.pool.write("event.append", Again::Harmful, work).await
    }

    async fn list_events(&self, scope: &Scope, job: &JobId, after: u64, limit: u32) -> Result<Vec<Event>> {
        self.pool.read("event.list", |session| events::list(session, scope, job, after, limit)).await
    }

    async fn list_subject_events(
        &self,
        scope: &Scope,
        subject: &Subject,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Event>> {
        let work = |session| events::list_of_subject(session, scope, subject, after, limit);
        self.pool.read("event.list", work).await
    }

    async fn append_audit(&self, scope: &Scope, entry: AuditEntry) -> Result<AuditRecord> {
        refusal::check_owner("audit.append", scope, entry.client.as_ref())?;
        let entry = &entry;
        let work =
            |session: pool::Session| async move { audit::append(&session, entry.clone(), self.now()).await };
        self.pool.write("audit.append", Again::Harmful, work).await
    }

    async fn list_audit(&self, scope: &Scope, filter: &AuditFilter) -> Result<Vec<AuditRecord>> {
        self.pool.read("audit.list", |session| audit::list(session, scope, filter)).await
    }

    async fn prune(&self, subject: Option<&Subject>, retention: &Retention) -> Result<Pruned> {
        let work = |session| steps::prune(session, subject, retention, self.now());
        self.pool.write("store.prune", Again::Harmless, work).await
    }

    async fn wait_for_change(&self, seen: u64, patience: Duration) -> Result<u64> {
        Ok(self.listener.wait(seen, patience).await)
    }
}

fn again(expected: Expected) -> Again {
    if expected == Expected::Any { Again::Harmless } else { Again::Harmful }
}
