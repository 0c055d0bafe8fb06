//! Where state lives.
//!
//! A program that embeds byop chooses its store: [`MemoryStore`] for tests and previews, `SqliteStore` (feature
//! `sqlite`) for one machine, or its own implementation of [`Store`], which `testing::store_suite` checks.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;

use crate::error::Result;
use crate::id::JobId;
use crate::model::{
    AuditEntry, AuditFilter, AuditRecord, ClientId, Event, EventBody, Job, JobFilter, StepRecord, Subject,
};

mod memory;
mod page;
#[cfg(feature = "postgres")]
mod postgres;
mod refusal;
#[cfg(feature = "sqlite")]
mod sqlite;

pub use memory::MemoryStore;
pub use page::Page;

pub use crate::model::{Pruned, Retention};
#[cfg(feature = "postgres")]
pub use postgres::{PostgresOptions, PostgresStore};
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteStore;

/// Who asks: what of the store a call may see and touch.
///
/// What is not one's own looks like what is not there. Under [`Scope::Client`] everything new belongs to that client;
/// under [`Scope::Platform`] a new record is nobody's, a written one keeps its owner, and a job is its own `client`'s.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Scope {
    /// The platform itself: everything.
    Platform,
    /// One client: only its own.
    Client(ClientId),
}

impl Scope {
    /// The scope of an owner.
    #[must_use]
    pub fn of(client: Option<&ClientId>) -> Self {
        client.map_or(Self::Platform, |client| Self::Client(client.clone()))
    }

    /// The client, if it is one.
    #[must_use]
    pub fn client(&self) -> Option<&ClientId> {
        match self {
            Self::Platform => None,
            Self::Client(client) => Some(client),
        }
    }

    /// Whether what belongs to `owner` may be seen and touched.
    #[must_use]
    pub fn covers(&self, owner: Option<&ClientId>) -> bool {
        match self {
            Self::Platform => true,
            Self::Client(client) => owner == Some(client),
        }
    }
}

/// A stored value with its version.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The key, unique within its collection.
    pub key: String,
    /// The client that owns it; `None` when it is the platform's.
    pub owner: Option<ClientId>,
    /// Raised by each write, and never given twice to a key, even after it was deleted.
    pub version: u64,
    /// The value.
    pub value: Value,
}

/// What must hold for a write to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// There is no such record yet.
    Absent,
    /// The record has this version.
    Version(u64),
    /// Whatever is there is replaced.
    Any,
}

/// What happens to a new job while another one works on the same subject.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum WhenBusy {
    /// It is refused.
    #[default]
    Refuse,
    /// It waits until those before it have ended.
    Wait,
}

/// The right to work on a job. It is lost when it is not renewed in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The job.
    pub job: JobId,
    /// Who holds it.
    pub owner: String,
    /// Raised by each claim; a write with an older token is refused.
    pub token: u64,
}

/// Durable state: records, jobs with their steps, events, and who did what.
///
/// A write that returned `Ok` survives the end of the process. Every call that names something by its key or lists
/// says who asks; a call with a [`Lease`] needs no more than that. All methods can return `Unavailable` (the store
/// cannot be reached or is busy; a write may have happened), and `Corrupt` (stored data cannot be read).
#[async_trait]
pub trait Store: Debug + Send + Sync {
    /// Writes a record and returns its new version.
    ///
    /// # Errors
    /// `AlreadyExists` for `Expected::Absent`, `Conflict` for `Expected::Version`, when the record is otherwise;
    /// `AlreadyExists` for `Expected::Any` when the record is another client's.
    async fn put_record(
        &self,
        scope: &Scope,
        collection: &str,
        key: &str,
        value: &Value,
        expected: Expected,
    ) -> Result<u64>;

    /// The record, if there is one.
    ///
    /// # Errors
    /// Only those that all methods share.
    async fn find_record(&self, scope: &Scope, collection: &str, key: &str) -> Result<Option<Record>>;

    /// The records of a collection that a page holds, in order of key.
    ///
    /// # Errors
    /// Only those that all methods share.
    async fn list_records(&self, scope: &Scope, collection: &str, page: &Page) -> Result<Vec<Record>>;

    /// Removes a record. Missing: `Ok`, unless a version is expected.
    ///
    /// # Errors
    /// `Conflict` for `Expected::Version` when the record is otherwise; `InvalidInput` for `Expected::Absent`.
    async fn delete_record(
        &self,
        scope: &Scope,
        collection: &str,
        key: &str,
        expected: Expected,
    ) -> Result<()>;

    /// Writes a new job and, in the same transaction, the audit record `job.create`.
    ///
    /// # Errors
    /// `AlreadyExists` when the id is taken; `Conflict` for [`WhenBusy::Refuse`], with the other job's id as context
    /// `job` when it may be seen, while another job of the same subject has not ended; `InvalidInput` when the job
    /// names another client than the scope.
    async fn create_job(&self, scope: &Scope, job: &Job, busy: WhenBusy) -> Result<()>;

    /// A job.
    ///
    /// # Errors
    /// `NotFound`.
    async fn get_job(&self, scope: &Scope, id: &JobId) -> Result<Job>;

    /// Jobs, those that were made last first.
    ///
    /// # Errors
    /// Only those that all methods share.
    async fn list_jobs(&self, scope: &Scope, filter: &JobFilter) -> Result<Vec<Job>>;

    /// Asks a job to end, and returns it as it now is. One that nobody ever held ends at once, as `Cancelled`; one
    /// that has ended stays as it is.
    ///
    /// # Errors
    /// `NotFound`.
    async fn request_cancel(&self, scope: &Scope, id: &JobId) -> Result<Job>;

    /// Takes a job for `ttl`. Claiming what one holds oneself gives a new token.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` when another owner's lease is alive, the job has ended, or an older job of the same
    /// subject has not.
    async fn claim_job(&self, id: &JobId, owner: &str, ttl: Duration) -> Result<Lease>;

    /// Takes the oldest job that could be claimed and that has been left alone: its lease ran out, or nobody claimed
    /// it within `idle` of its creation.
    ///
    /// # Errors
    /// Only those that all methods share.
    async fn claim_next(&self, owner: &str, ttl: Duration, idle: Duration) -> Result<Option<Lease>>;

    /// Holds a job for another `ttl`.
    ///
    /// # Errors
    /// `LeaseLost` when another claim has come between.
    async fn renew_lease(&self, lease: &Lease, ttl: Duration) -> Result<()>;

    /// Writes a job that one holds; its `step` and `cancel_requested` are not this call's to change. A change of its
    /// state becomes an event in the same transaction; its end also the audit record `job.end`, and the end of
    /// the lease.
    ///
    /// A lease that ran out but was not taken by another claim still counts.
    ///
    /// # Errors
    /// `LeaseLost`; `InvalidInput` when the lease is of another job, or the job now names another subject or client.
    async fn update_job(&self, lease: &Lease, job: &Job) -> Result<()>;

    /// Writes journal entries, in order and in one transaction; the same key replaces. The job's `step` becomes the
    /// stage of the last one.
    ///
    /// # Errors
    /// `LeaseLost`; `InvalidInput` when the lease is of another job than a step. Nothing was written then.
    async fn put_steps(&self, lease: &Lease, steps: &[StepRecord]) -> Result<()>;

    /// The steps of a job, in the order in which their first entries were written.
    ///
    /// # Errors
    /// Only those that all methods share.
    async fn list_steps(&self, scope: &Scope, job: &JobId) -> Result<Vec<StepRecord>>;

    /// Adds events to a job that one holds, in one transaction, and returns them with their numbers.
    ///
    /// # Errors
    /// `LeaseLost`.
    async fn append_events(&self, lease: &Lease, bodies: Vec<EventBody>) -> Result<Vec<Event>>;

    /// Up to `limit` events of a job with a sequence number above `after`, in order.
    ///
    /// # Errors
    /// Only those that all methods share.
    async fn list_events(&self, scope: &Scope, job: &JobId, after: u64, limit: u32) -> Result<Vec<Event>>;

    /// Up to `limit` events of all jobs of a subject with a position above `after`, in order.
    ///
    /// # Errors
    /// `NotFound`, with the oldest position as context `oldest`, when events after `after` were pruned.
    async fn list_subject_events(
        &self,
        scope: &Scope,
        subject: &Subject,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Event>>;

    /// Adds to the audit, and returns the record with its place in the chain.
    ///
    /// # Errors
    /// `InvalidInput` when the entry names another client than the scope.
    async fn append_audit(&self, scope: &Scope, entry: AuditEntry) -> Result<AuditRecord>;

    /// Audit records in the order in which they were written.
    ///
    /// # Errors
    /// Only those that all methods share.
    async fn list_audit(&self, scope: &Scope, filter: &AuditFilter) -> Result<Vec<AuditRecord>>;

    /// Removes ended jobs of a subject, or of all, with their steps and events, as the retention says. A job that has
    /// not ended stays whole, and so does the audit.
    ///
    /// # Errors
    /// Only those that all methods share.
    async fn prune(&self, subject: Option<&Subject>, retention: &Retention) -> Result<Pruned>;

    /// Waits until something of jobs or events may have changed since `seen`, by whatever process, or `patience` has
    /// passed; returns the number to give next time. Begin with 0, which returns at once.
    ///
    /// # Errors
    /// Only those that all methods share.
    async fn wait_for_change(&self, seen: u64, patience: Duration) -> Result<u64>;
}

/// What the audit says of a job.
pub(crate) fn audit_of_job(action: &str, job: &Job) -> AuditEntry {
    let mut entry = AuditEntry::new(action, job.subject.to_string());
    entry.client.clone_from(&job.client);
    entry.actor.clone_from(&job.actor);
    entry.plan.clone_from(&job.plan);
    entry.details = serde_json::json!({ "job": job.id, "kind": job.kind });
    if job.state.is_finished() {
        entry.result =
            serde_json::to_value(job.state).ok().and_then(|state| state.as_str().map(str::to_owned));
    }
    entry
}
