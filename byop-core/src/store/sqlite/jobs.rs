//! Jobs, their leases and their steps.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Row, named_params};

use super::super::{Lease, Scope, WhenBusy, audit_of_job, refusal};
use super::fault::{Outcome, decode, encode};
use super::{audit, checksum, events};
use crate::clock::Timestamp;
use crate::id::JobId;
use crate::model::{ClientId, EventBody, Job, JobFilter, JobState, StepRecord};

pub(super) fn create(
    tx: &Connection,
    scope: &Scope,
    job: &Job,
    busy: WhenBusy,
    now: Timestamp,
) -> Outcome<()> {
    let taken: Option<i64> = tx
        .prepare_cached("SELECT 1 FROM jobs WHERE id = ?1")?
        .query_row([job.id.as_str()], |row| row.get(0))
        .optional()?;
    if taken.is_some() {
        return Err(refusal::job_exists(&job.id).into());
    }
    let subject = job.subject.to_string();
    let finished = job.state.is_finished();
    if busy == WhenBusy::Refuse
        && !finished
        && let Some((other, client)) = first_unfinished(tx, &subject)?
    {
        let is_seen = scope.client().is_none_or(|scope| client.as_deref() == Some(scope.as_str()));
        return Err(refusal::subject_is_busy(&job.subject, Some(other.as_str()).filter(|_| is_seen)).into());
    }
    let body = encode(job)?;
    tx.prepare_cached(
        "INSERT INTO jobs (id, subject, client, finished, created_at, finished_at, body, sum)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute((
        job.id.as_str(),
        subject,
        job.client.as_ref().map(ClientId::as_str),
        finished,
        job.created_at.0,
        job.finished_at.map(|at| at.0),
        &body,
        checksum::of_step(job.id.as_str(), "", &body),
    ))?;
    audit::append(tx, audit_of_job("job.create", job), now)?;
    Ok(())
}

/// The oldest job of a subject that has not ended, and whose it is.
fn first_unfinished(tx: &Connection, subject: &str) -> Outcome<Option<(String, Option<String>)>> {
    Ok(tx
        .prepare_cached(
            "SELECT id, client FROM jobs WHERE subject = ?1 AND finished = 0 ORDER BY position LIMIT 1",
        )?
        .query_row([subject], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?)
}

pub(super) fn get(tx: &Connection, operation: &'static str, scope: &Scope, id: &JobId) -> Outcome<Job> {
    let found = tx
        .prepare_cached(
            "SELECT id, step, cancel_requested, body, finished, client, sum FROM jobs WHERE id = ?1 AND (?2 IS NULL OR client = ?2)",
        )?
        .query_row((id.as_str(), scope.client().map(ClientId::as_str)), columns)
        .optional()?;
    job(found.ok_or_else(|| refusal::no_job(operation, id))?)
}

type Columns = (String, Option<String>, bool, String, bool, Option<String>, i64);

fn columns(row: &Row<'_>) -> rusqlite::Result<Columns> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?))
}

fn job((id, step, cancel_requested, body, finished, client, sum): Columns) -> Outcome<Job> {
    let job: Job = decode("job", &id, &body)?;
    let expected = checksum::of_step(&id, "", &body);
    // The columns by which jobs are found must say the same as the job.
    let is_found_rightly =
        job.state.is_finished() == finished && job.client.as_ref().map(ClientId::as_str) == client.as_deref();
    let expected = if is_found_rightly { expected } else { !sum };
    checksum::verify("job", &id, expected, sum)?;
    Ok(Job { step, cancel_requested, ..job })
}

pub(super) fn list(tx: &Connection, scope: &Scope, filter: &JobFilter) -> Outcome<Vec<Job>> {
    // A text for each shape, so that each uses its index.
    let of_subject = if filter.subject.is_some() { "subject = :subject" } else { ":subject IS NULL" };
    let of_client = if scope.client().is_some() { "client = :client" } else { ":client IS NULL" };
    let unfinished = if filter.unfinished { "AND finished = 0" } else { "" };
    let before = if filter.before.is_some() {
        "position < (SELECT position FROM jobs WHERE id = :before)"
    } else {
        ":before IS NULL"
    };
    let mut statement = tx.prepare_cached(&format!(
        "SELECT id, step, cancel_requested, body, finished, client, sum FROM jobs
         WHERE {of_subject} AND {of_client} AND {before} {unfinished} ORDER BY position DESC LIMIT :limit"
    ))?;
    let rows = statement.query_map(
        named_params! {
            ":subject": filter.subject.as_ref().map(ToString::to_string),
            ":client": scope.client().map(ClientId::as_str),
            ":before": filter.before.as_ref().map(JobId::as_str),
            ":limit": filter.limit.map_or(-1, i64::from),
        },
        columns,
    )?;
    rows.map(|row| job(row?)).collect()
}

pub(super) fn request_cancel(tx: &Connection, scope: &Scope, id: &JobId, now: Timestamp) -> Outcome<Job> {
    let mut job = get(tx, "job.cancel", scope, id)?;
    if job.state.is_finished() {
        return Ok(job);
    }
    job.cancel_requested = true;
    let claims: u64 = tx
        .prepare_cached("UPDATE jobs SET cancel_requested = 1 WHERE id = ?1 RETURNING lease_token")?
        .query_row([id.as_str()], |row| row.get(0))?;
    if claims == 0 {
        job.state = JobState::Cancelled;
        job.finished_at = Some(now);
        write(tx, &job)?;
        events::append(tx, id, &[EventBody::Job { state: job.state, error: None }], now)?;
        audit::append(tx, audit_of_job("job.end", &job), now)?;
    }
    Ok(job)
}

pub(super) fn claim(
    tx: &Connection,
    id: &JobId,
    owner: &str,
    now: Timestamp,
    ttl: Duration,
) -> Outcome<Lease> {
    let found: Option<(bool, Option<String>, Option<i64>, String)> = tx
        .prepare_cached("SELECT finished, lease_owner, lease_until, subject FROM jobs WHERE id = ?1")?
        .query_row([id.as_str()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .optional()?;
    let (finished, holder, until, subject) = found.ok_or_else(|| refusal::no_job("job.claim", id))?;
    if finished {
        return Err(refusal::job_ended(id).into());
    }
    if let (Some(holder), Some(until)) = (holder, until)
        && holder != owner
        && until > now.0
    {
        return Err(refusal::lease_held(id, &holder).into());
    }
    if let Some((first, _)) = first_unfinished(tx, &subject)?
        && first != id.as_str()
    {
        return Err(refusal::not_its_turn(id, &first).into());
    }
    take(tx, id, owner, now.plus(ttl))
}

pub(super) fn claim_next(
    tx: &Connection,
    owner: &str,
    now: Timestamp,
    ttl: Duration,
    idle: Duration,
) -> Outcome<Option<Lease>> {
    let next: Option<String> = tx
        .prepare_cached(
            "SELECT id FROM jobs AS j
             WHERE finished = 0 AND coalesce(lease_until, created_at + ?2) <= ?1 AND NOT EXISTS (
                SELECT 1 FROM jobs AS older
                WHERE older.subject = j.subject AND older.finished = 0 AND older.position < j.position)
             ORDER BY position LIMIT 1",
        )?
        .query_row((now.0, i64::try_from(idle.as_millis()).unwrap_or(i64::MAX)), |row| row.get(0))
        .optional()?;
    next.map(|id| take(tx, &JobId::from(id), owner, now.plus(ttl))).transpose()
}

fn take(tx: &Connection, id: &JobId, owner: &str, until: Timestamp) -> Outcome<Lease> {
    let token = tx
        .prepare_cached(
            "UPDATE jobs SET lease_token = lease_token + 1, lease_owner = ?2, lease_until = ?3
             WHERE id = ?1 RETURNING lease_token",
        )?
        .query_row((id.as_str(), owner, until.0), |row| row.get(0))?;
    Ok(Lease { job: id.clone(), owner: owner.to_owned(), token })
}

pub(super) fn renew(tx: &Connection, lease: &Lease, until: Timestamp) -> Outcome<()> {
    check_lease(tx, "lease.renew", lease)?;
    tx.prepare_cached("UPDATE jobs SET lease_until = ?2 WHERE id = ?1")?
        .execute((lease.job.as_str(), until.0))?;
    Ok(())
}

pub(super) fn update(tx: &Connection, lease: &Lease, job: &Job, now: Timestamp) -> Outcome<()> {
    check_lease(tx, "job.update", lease)?;
    let stored = get(tx, "job.update", &Scope::Platform, &lease.job)?;
    refusal::check_same_subject(&stored, job)?;
    write(tx, job)?;
    if stored.state != job.state {
        let body = EventBody::Job { state: job.state, error: job.error.clone() };
        events::append(tx, &job.id, &[body], now)?;
    }
    if job.state.is_finished() {
        audit::append(tx, audit_of_job("job.end", job), now)?;
    }
    Ok(())
}

/// A job that has ended gives up its lease.
fn write(tx: &Connection, job: &Job) -> Outcome<()> {
    let (finished, body) = (job.state.is_finished(), encode(job)?);
    let sum = checksum::of_step(job.id.as_str(), "", &body);
    tx.prepare_cached(
        "UPDATE jobs SET body = ?2, finished = ?3, finished_at = ?4, sum = ?5,
            lease_owner = iif(?3, NULL, lease_owner), lease_until = iif(?3, NULL, lease_until)
         WHERE id = ?1",
    )?
    .execute((job.id.as_str(), &body, finished, job.finished_at.map(|at| at.0), sum))?;
    Ok(())
}

pub(super) fn put_steps(tx: &Connection, lease: &Lease, steps: &[StepRecord]) -> Outcome<()> {
    check_lease(tx, "step.put", lease)?;
    let stage = steps.last().map(|step| &step.stage);
    tx.prepare_cached("UPDATE jobs SET step = ?2 WHERE id = ?1 AND step IS NOT ?2 AND ?2 IS NOT NULL")?
        .execute((lease.job.as_str(), stage))?;
    let mut insert = tx.prepare_cached(
        "INSERT INTO steps (job, key, body, sum) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (job, key) DO UPDATE SET body = excluded.body, sum = excluded.sum",
    )?;
    for step in steps {
        let body = encode(step)?;
        let sum = checksum::of_step(step.job.as_str(), &step.key, &body);
        insert.execute((step.job.as_str(), &step.key, &body, sum))?;
    }
    Ok(())
}

pub(super) fn list_steps(tx: &Connection, scope: &Scope, job: &JobId) -> Outcome<Vec<StepRecord>> {
    let mut statement = tx.prepare_cached(
        "SELECT key, body, sum FROM steps
         WHERE job = ?1 AND (?2 IS NULL OR EXISTS (SELECT 1 FROM jobs WHERE id = ?1 AND client = ?2))
         ORDER BY position",
    )?;
    let rows = statement.query_map((job.as_str(), scope.client().map(ClientId::as_str)), |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, i64>(2)?))
    })?;
    rows.map(|row| {
        let (key, body, sum) = row?;
        // First what cannot be read at all, which names the place in the text.
        let step = decode("step", &key, &body)?;
        checksum::verify("step", &key, checksum::of_step(job.as_str(), &key, &body), sum)?;
        Ok(step)
    })
    .collect()
}

/// Refuses a lease that is no longer the job's.
pub(super) fn check_lease(tx: &Connection, operation: &'static str, lease: &Lease) -> Outcome<()> {
    tx.prepare_cached("SELECT 1 FROM jobs WHERE id = ?1 AND lease_token = ?2 AND lease_owner = ?3")?
        .query_row((lease.job.as_str(), lease.token, &lease.owner), |_| Ok(()))
        .optional()?
        .ok_or_else(|| refusal::lease_lost(operation, lease).into())
}
