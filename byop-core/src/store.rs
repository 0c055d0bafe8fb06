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
use crate::model::{Event, EventBody, Job, JobFilter, StepRecord};

mod memory;
mod refusal;
#[cfg(feature = "sqlite")]
mod sqlite;

pub use memory::MemoryStore;
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteStore;

/// A stored value with its version.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The key, unique within its collection.
    pub key: String,
    /// Counted from 1, and raised by each write.
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

/// Durable state: records, jobs with their steps, events.
///
/// A write that returned `Ok` survives the end of the process. All methods can return `Unavailable` (the store
/// cannot be reached or is busy), and `Corrupt` (stored data cannot be read).
#[async_trait]
pub trait Store: Debug + Send + Sync {
    /// Writes a record and returns its new version.
    ///
    /// # Errors
    /// `AlreadyExists` for `Expected::Absent`, `Conflict` for `Expected::Version`, when the record is otherwise.
    async fn put_record(&self, collection: &str, key: &str, value: &Value, expected: Expected)
    -> Result<u64>;

    /// The record, if there is one.
    ///
    /// # Errors
    /// Only those that all methods share.
    async fn find_record(&self, collection: &str, key: &str) -> Result<Option<Record>>;

    /// All records of a collection, in order of key.
    ///
    /// # Errors
    /// Only those that all methods share.
    async fn list_records(&self, collection: &str) -> Result<Vec<Record>>;

    /// Removes a record. Missing: `Ok`.
    ///
    /// # Errors
    /// Only those that all methods share.
    async fn delete_record(&self, collection: &str, key: &str) -> Result<()>;

    /// Writes a new job.
    ///
    /// # Errors
    /// `AlreadyExists` when the id is taken; `Conflict`, with the other job's id as context `job`, when another
    /// job of the same app has not ended.
    async fn create_job(&self, job: &Job) -> Result<()>;

    /// A job.
    ///
    /// # Errors
    /// `NotFound`.
    async fn get_job(&self, id: &JobId) -> Result<Job>;

    /// Jobs, newest first.
    ///
    /// # Errors
    /// Only those that all methods share.
    async fn list_jobs(&self, filter: &JobFilter) -> Result<Vec<Job>>;

    /// Takes a job for `ttl`. Claiming what one holds oneself gives a new token.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` when another owner's lease is alive, or the job has ended.
    async fn claim_job(&self, id: &JobId, owner: &str, ttl: Duration) -> Result<Lease>;

    /// Holds a job for another `ttl`.
    ///
    /// # Errors
    /// `LeaseLost` when another claim has come between.
    async fn renew_lease(&self, lease: &Lease, ttl: Duration) -> Result<()>;

    /// Writes the state of a job that one holds. A job that has ended gives up its lease.
    ///
    /// A lease that ran out but was not taken by another claim still counts.
    ///
    /// # Errors
    /// `LeaseLost`; `InvalidInput` when the lease is of another job, or the job now names another app.
    async fn update_job(&self, lease: &Lease, job: &Job) -> Result<()>;

    /// Writes the journal entry of a step; the same key replaces.
    ///
    /// # Errors
    /// `LeaseLost`; `InvalidInput` when the lease is of another job than the step.
    async fn put_step(&self, lease: &Lease, step: &StepRecord) -> Result<()>;

    /// The steps of a job, in the order in which their first entries were written.
    ///
    /// # Errors
    /// Only those that all methods share.
    async fn list_steps(&self, job: &JobId) -> Result<Vec<StepRecord>>;

    /// Adds events to a job, in one transaction, and returns them with their sequence numbers.
    ///
    /// # Errors
    /// `NotFound` when there is no such job.
    async fn append_events(&self, job: &JobId, bodies: Vec<EventBody>) -> Result<Vec<Event>>;

    /// Up to `limit` events of a job with a sequence number above `after`, in order.
    ///
    /// # Errors
    /// Only those that all methods share.
    async fn list_events(&self, job: &JobId, after: u64, limit: u32) -> Result<Vec<Event>>;
}
