//! What stores say when they refuse, so that all of them say the same.

use crate::error::{Error, ErrorKind};
use crate::id::JobId;
use crate::model::{ClientId, Job, StepRecord, Subject};
use crate::store::{Lease, Scope};

pub(super) fn record_exists(collection: &str, key: &str) -> Error {
    Error::new(ErrorKind::AlreadyExists, "record.put", "there is such a record already")
        .with_context("collection", collection)
        .with_context("key", key)
}

pub(super) fn record_changed(
    operation: &'static str,
    collection: &str,
    key: &str,
    expected: u64,
    found: Option<u64>,
) -> Error {
    let found = found.map_or_else(|| "none".to_owned(), |version| version.to_string());
    Error::new(ErrorKind::Conflict, operation, "the record has changed since it was read")
        .with_context("collection", collection)
        .with_context("key", key)
        .with_context("expected", expected)
        .with_context("found", found)
        .with_remedy("read the record again, then decide")
}

pub(super) fn nothing_to_delete() -> Error {
    Error::invalid("record.delete", "a record that is not there cannot be deleted")
        .with_remedy("expect a version, or any")
}

pub(super) fn job_exists(id: &JobId) -> Error {
    Error::new(ErrorKind::AlreadyExists, "job.create", "there is a job of this id already")
        .with_context("job", id)
}

/// `other` is the id of the job in the way, unless it is a stranger's.
pub(super) fn subject_is_busy(subject: &Subject, other: Option<&str>) -> Error {
    let error = Error::new(ErrorKind::Conflict, "job.create", "another job is still working on it")
        .with_context("subject", subject);
    match other {
        Some(other) => error.with_context("job", other),
        None => error,
    }
    .with_remedy("wait for that job, cancel it, or resume it if its process is gone")
}

pub(super) fn not_its_turn(id: &JobId, other: &str) -> Error {
    Error::new(ErrorKind::Conflict, "job.claim", "an older job of the same subject has not ended")
        .with_context("job", id)
        .with_context("before", other)
}

pub(super) fn events_pruned(subject: &Subject, after: u64, oldest: u64) -> Error {
    Error::not_found("event.list", "the events that follow this cursor are no longer kept")
        .with_context("subject", subject)
        .with_context("after", after)
        .with_context("oldest", oldest)
        .with_remedy("read on from the event before `oldest`")
}

pub(super) fn no_job(operation: &'static str, id: &JobId) -> Error {
    Error::not_found(operation, "there is no such job").with_context("job", id)
}

pub(super) fn job_ended(id: &JobId) -> Error {
    Error::new(ErrorKind::Conflict, "job.claim", "the job has ended").with_context("job", id)
}

pub(super) fn lease_held(id: &JobId, holder: &str) -> Error {
    Error::new(ErrorKind::Conflict, "job.claim", "another worker holds the job")
        .with_context("job", id)
        .with_context("owner", holder)
}

pub(super) fn lease_lost(operation: &'static str, lease: &Lease) -> Error {
    Error::new(ErrorKind::LeaseLost, operation, "this worker does not hold the job any more")
        .with_context("job", &lease.job)
        .with_context("owner", &lease.owner)
        .with_context("token", lease.token)
}

pub(super) fn check_job_of_lease(lease: &Lease, job: &Job) -> Result<(), Error> {
    if lease.job == job.id { Ok(()) } else { Err(foreign_lease("job.update", lease, &job.id)) }
}

pub(super) fn check_steps_of_lease(lease: &Lease, steps: &[StepRecord]) -> Result<(), Error> {
    let other = steps.iter().find(|step| step.job != lease.job);
    other.map_or(Ok(()), |step| Err(foreign_lease("step.put", lease, &step.job)))
}

pub(super) fn check_same_subject(stored: &Job, job: &Job) -> Result<(), Error> {
    if stored.subject == job.subject && stored.client == job.client {
        return Ok(());
    }
    Err(Error::invalid("job.update", "a job cannot move to another subject or client")
        .with_context("job", &job.id)
        .with_context("subject", &stored.subject)
        .with_context("given", &job.subject))
}

pub(super) fn check_owner(
    operation: &'static str,
    scope: &Scope,
    owner: Option<&ClientId>,
) -> Result<(), Error> {
    if scope.covers(owner) {
        return Ok(());
    }
    Err(Error::invalid(operation, "what a client writes is its own")
        .with_context("client", scope.client().map_or("none", ClientId::as_str))
        .with_context("given", owner.map_or("none", ClientId::as_str)))
}

fn foreign_lease(operation: &'static str, lease: &Lease, job: &JobId) -> Error {
    Error::invalid(operation, "the lease is of another job")
        .with_context("job", job)
        .with_context("leased", &lease.job)
}
