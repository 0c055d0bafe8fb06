//! Jobs, their leases and their steps.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension};

use super::super::{Lease, refusal};
use super::fault::{Outcome, decode, encode};
use crate::clock::Timestamp;
use crate::id::JobId;
use crate::model::{Job, JobFilter, StepRecord};

pub(super) fn create(tx: &Connection, job: &Job) -> Outcome<()> {
    let taken: Option<i64> = tx
        .prepare_cached("SELECT 1 FROM jobs WHERE id = ?1")?
        .query_row([job.id.as_str()], |row| row.get(0))
        .optional()?;
    if taken.is_some() {
        return Err(refusal::job_exists(&job.id).into());
    }
    let finished = job.state.is_finished();
    let other: Option<String> = tx
        .prepare_cached("SELECT id FROM jobs WHERE app = ?1 AND finished = 0")?
        .query_row([job.app.as_str()], |row| row.get(0))
        .optional()?;
    if let (false, Some(other)) = (finished, other) {
        return Err(refusal::app_has_job(&job.app, &other).into());
    }
    tx.prepare_cached("INSERT INTO jobs (id, app, finished, created_at, body) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute((job.id.as_str(), job.app.as_str(), finished, job.created_at.0, encode(job)?))?;
    Ok(())
}

pub(super) fn get(tx: &Connection, id: &JobId) -> Outcome<Job> {
    let body: Option<String> = tx
        .prepare_cached("SELECT body FROM jobs WHERE id = ?1")?
        .query_row([id.as_str()], |row| row.get(0))
        .optional()?;
    decode("job", id.as_str(), &body.ok_or_else(|| refusal::no_job("job.get", id))?)
}

pub(super) fn list(tx: &Connection, filter: &JobFilter) -> Outcome<Vec<Job>> {
    // Two texts, so that the list of one app uses that app's index.
    let sql = if filter.app.is_some() {
        "SELECT id, body FROM jobs WHERE app = ?1 AND (NOT ?2 OR finished = 0)
         ORDER BY created_at DESC, position DESC LIMIT ?3"
    } else {
        "SELECT id, body FROM jobs WHERE ?1 IS NULL AND (NOT ?2 OR finished = 0)
         ORDER BY created_at DESC, position DESC LIMIT ?3"
    };
    let app = filter.app.as_ref().map(|app| app.as_str());
    let limit = filter.limit.map_or(-1, i64::from);
    let mut statement = tx.prepare_cached(sql)?;
    let rows = statement.query_map((app, filter.unfinished, limit), |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
    })?;
    rows.map(|row| row.map_err(Into::into).and_then(|(id, body)| decode("job", &id, &body))).collect()
}

pub(super) fn claim(
    tx: &Connection,
    id: &JobId,
    owner: &str,
    now: Timestamp,
    ttl: Duration,
) -> Outcome<Lease> {
    let found: Option<(bool, u64, Option<String>, Option<i64>)> = tx
        .prepare_cached("SELECT finished, lease_token, lease_owner, lease_until FROM jobs WHERE id = ?1")?
        .query_row([id.as_str()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .optional()?;
    let (finished, token, holder, until) = found.ok_or_else(|| refusal::no_job("job.claim", id))?;
    if finished {
        return Err(refusal::job_ended(id).into());
    }
    if let (Some(holder), Some(until)) = (holder, until)
        && holder != owner
        && until > now.0
    {
        return Err(refusal::lease_held(id, &holder).into());
    }
    let token = token + 1;
    tx.prepare_cached("UPDATE jobs SET lease_token = ?2, lease_owner = ?3, lease_until = ?4 WHERE id = ?1")?
        .execute((id.as_str(), token, owner, now.plus(ttl).0))?;
    Ok(Lease { job: id.clone(), owner: owner.to_owned(), token })
}

pub(super) fn renew(tx: &Connection, lease: &Lease, until: Timestamp) -> Outcome<()> {
    app_of_leased(tx, "lease.renew", lease)?;
    tx.prepare_cached("UPDATE jobs SET lease_until = ?2 WHERE id = ?1")?
        .execute((lease.job.as_str(), until.0))?;
    Ok(())
}

pub(super) fn update(tx: &Connection, lease: &Lease, job: &Job) -> Outcome<()> {
    let app = app_of_leased(tx, "job.update", lease)?;
    refusal::check_same_app(&app, job)?;
    let finished = job.state.is_finished();
    tx.prepare_cached("UPDATE jobs SET body = ?2, created_at = ?3, finished = ?4 WHERE id = ?1")?
        .execute((job.id.as_str(), encode(job)?, job.created_at.0, finished))?;
    if finished {
        tx.prepare_cached("UPDATE jobs SET lease_owner = NULL, lease_until = NULL WHERE id = ?1")?
            .execute([job.id.as_str()])?;
    }
    Ok(())
}

pub(super) fn put_step(tx: &Connection, lease: &Lease, step: &StepRecord) -> Outcome<()> {
    app_of_leased(tx, "step.put", lease)?;
    tx.prepare_cached(
        "INSERT INTO steps (job, key, body) VALUES (?1, ?2, ?3)
         ON CONFLICT (job, key) DO UPDATE SET body = excluded.body",
    )?
    .execute((step.job.as_str(), &step.key, encode(step)?))?;
    Ok(())
}

pub(super) fn list_steps(tx: &Connection, job: &JobId) -> Outcome<Vec<StepRecord>> {
    let mut statement = tx.prepare_cached("SELECT key, body FROM steps WHERE job = ?1 ORDER BY position")?;
    let rows = statement
        .query_map([job.as_str()], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
    rows.map(|row| row.map_err(Into::into).and_then(|(key, body)| decode("step", &key, &body))).collect()
}

/// The app of a job whose lease this still is.
fn app_of_leased(tx: &Connection, operation: &'static str, lease: &Lease) -> Outcome<String> {
    tx.prepare_cached("SELECT app FROM jobs WHERE id = ?1 AND lease_token = ?2 AND lease_owner = ?3")?
        .query_row((lease.job.as_str(), lease.token, &lease.owner), |row| row.get(0))
        .optional()?
        .ok_or_else(|| refusal::lease_lost(operation, lease).into())
}
