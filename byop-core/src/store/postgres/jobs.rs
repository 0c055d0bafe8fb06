//! Jobs and who holds them.
//!
//! Transactions take their locks in one order: job, subject, end of the audit. So none waits for one that waits for it.

use std::time::Duration;

use tokio_postgres::Row;

use super::super::{Lease, Scope, WhenBusy, audit_of_job, refusal};
use super::fault::{Outcome, decode, encode};
use super::pool::Session;
use super::sql::{Conditions, limit, millis, number};
use super::{audit, events};
use crate::clock::Timestamp;
use crate::id::JobId;
use crate::model::{ClientId, EventBody, Job, JobFilter, JobState};

pub(super) async fn create(
    session: Session,
    scope: &Scope,
    job: &Job,
    busy: WhenBusy,
    now: Option<i64>,
) -> Outcome<()> {
    let subject = job.subject.to_string();
    // Held until the end, so that jobs of one subject become visible in the order of their positions.
    let sql = "INSERT INTO byop.subjects AS s (subject) VALUES ($1)
         ON CONFLICT (subject) DO UPDATE SET last_position = s.last_position";
    session.execute(sql, &[&subject]).await?;
    if session.find("SELECT 1 FROM byop.jobs WHERE id = $1", &[&job.id.as_str()]).await?.is_some() {
        return Err(refusal::job_exists(&job.id).into());
    }
    let finished = job.state.is_finished();
    if busy == WhenBusy::Refuse
        && !finished
        && let Some((other, client)) = first_unfinished(&session, &subject).await?
    {
        let is_seen = scope.client().is_none_or(|scope| client.as_deref() == Some(scope.as_str()));
        return Err(refusal::subject_is_busy(&job.subject, Some(other.as_str()).filter(|_| is_seen)).into());
    }
    let sql = "INSERT INTO byop.jobs
            (id, subject, client, finished, cancel_requested, created_at, finished_at, step, body)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING";
    let values: &[&(dyn tokio_postgres::types::ToSql + Sync)] = &[
        &job.id.as_str(),
        &subject,
        &job.client.as_ref().map(ClientId::as_str),
        &finished,
        &job.cancel_requested,
        &job.created_at.0,
        &job.finished_at.map(|at| at.0),
        &job.step,
        &encode(job)?,
    ];
    if session.execute(sql, values).await? == 0 {
        return Err(refusal::job_exists(&job.id).into());
    }
    audit::append(&session, audit_of_job("job.create", job), now).await?;
    session.announce();
    Ok(())
}

/// The oldest job of a subject that has not ended, and whose it is.
async fn first_unfinished(session: &Session, subject: &str) -> Outcome<Option<(String, Option<String>)>> {
    let sql = "SELECT id, client FROM byop.jobs
         WHERE subject = $1 AND NOT finished ORDER BY position LIMIT 1";
    let Some(row) = session.find(sql, &[&subject]).await? else { return Ok(None) };
    Ok(Some((row.try_get(0)?, row.try_get(1)?)))
}

const COLUMNS: &str = "id, step, cancel_requested, body";

fn job(row: &Row) -> Outcome<Job> {
    let id: String = row.try_get(0)?;
    let (step, cancel_requested) = (row.try_get(1)?, row.try_get(2)?);
    Ok(Job { step, cancel_requested, ..decode("job", &id, row.try_get(3)?)? })
}

pub(super) async fn get(session: Session, scope: &Scope, id: &JobId) -> Outcome<Job> {
    let sql = format!("SELECT {COLUMNS} FROM byop.jobs WHERE id = $1 AND ($2::text IS NULL OR client = $2)");
    let found = session.find(&sql, &[&id.as_str(), &scope.client().map(ClientId::as_str)]).await?;
    job(&found.ok_or_else(|| refusal::no_job("job.get", id))?)
}

pub(super) async fn list(session: Session, scope: &Scope, filter: &JobFilter) -> Outcome<Vec<Job>> {
    let subject = filter.subject.as_ref().map(ToString::to_string);
    let client = scope.client().map(ClientId::as_str);
    let before = filter.before.as_ref().map(JobId::as_str);
    let limit = limit(filter.limit);
    let position: Option<i64> = match before {
        Some(before) => {
            let row = session.find("SELECT position FROM byop.jobs WHERE id = $1", &[&before]).await?;
            match row {
                Some(row) => row.try_get(0)?,
                None => return Ok(Vec::new()),
            }
        }
        None => None,
    };
    let mut conditions = Conditions::default();
    if subject.is_some() {
        conditions.require("subject =", &subject);
    }
    if client.is_some() {
        conditions.require("client =", &client);
    }
    if position.is_some() {
        conditions.require("position <", &position);
    }
    if filter.unfinished {
        conditions.require_that("NOT finished");
    }
    let sql = conditions.select(&format!("{COLUMNS} FROM byop.jobs"), "position DESC", &limit);
    session.query(&sql, conditions.values()).await?.iter().map(job).collect()
}

pub(super) async fn request_cancel(
    session: Session,
    scope: &Scope,
    id: &JobId,
    now: Option<i64>,
) -> Outcome<Job> {
    let sql = format!(
        "SELECT {COLUMNS}, lease_token, byop.now_or($3) FROM byop.jobs
         WHERE id = $1 AND ($2::text IS NULL OR client = $2) FOR UPDATE"
    );
    let found = session.find(&sql, &[&id.as_str(), &scope.client().map(ClientId::as_str), &now]).await?;
    let row = found.ok_or_else(|| refusal::no_job("job.cancel", id))?;
    let mut job = job(&row)?;
    if job.state.is_finished() {
        return Ok(job);
    }
    job.cancel_requested = true;
    let (claims, now) = (number(&row, 4)?, row.try_get(5)?);
    session.execute("UPDATE byop.jobs SET cancel_requested = true WHERE id = $1", &[&id.as_str()]).await?;
    if claims == 0 {
        job.state = JobState::Cancelled;
        job.finished_at = Some(Timestamp(now));
        write(&session, &job).await?;
        events::append(&session, id, &[EventBody::Job { state: job.state, error: None }], now).await?;
        audit::append(&session, audit_of_job("job.end", &job), Some(now)).await?;
    }
    session.announce();
    Ok(job)
}

pub(super) async fn claim(
    session: Session,
    id: &JobId,
    owner: &str,
    now: Option<i64>,
    ttl: Duration,
) -> Outcome<Lease> {
    let sql = "SELECT finished, lease_owner, lease_until, subject, byop.now_or($2) FROM byop.jobs
         WHERE id = $1 FOR UPDATE";
    let found = session.find(sql, &[&id.as_str(), &now]).await?;
    let row = found.ok_or_else(|| refusal::no_job("job.claim", id))?;
    if row.try_get(0)? {
        return Err(refusal::job_ended(id).into());
    }
    let (holder, until): (Option<String>, Option<i64>) = (row.try_get(1)?, row.try_get(2)?);
    if let (Some(holder), Some(until)) = (holder, until)
        && holder != owner
        && until > row.try_get(4)?
    {
        return Err(refusal::lease_held(id, &holder).into());
    }
    if let Some((first, _)) = first_unfinished(&session, row.try_get(3)?).await?
        && first != id.as_str()
    {
        return Err(refusal::not_its_turn(id, &first).into());
    }
    let sql = "UPDATE byop.jobs
         SET lease_token = lease_token + 1, lease_owner = $2, lease_until = byop.now_or($3) + $4
         WHERE id = $1 RETURNING lease_token";
    let taken = session.find(sql, &[&id.as_str(), &owner, &now, &millis(ttl)]).await?;
    let token = taken.map_or(Err(refusal::no_job("job.claim", id).into()), |row| number(&row, 0))?;
    Ok(Lease { job: id.clone(), owner: owner.to_owned(), token })
}

/// A job whose row another transaction holds is passed over, so that many who ask at once do not wait for each other.
pub(super) async fn claim_next(
    session: Session,
    owner: &str,
    now: Option<i64>,
    ttl: Duration,
    idle: Duration,
) -> Outcome<Option<Lease>> {
    let sql = "WITH next AS (
            SELECT j.id FROM byop.jobs AS j
            WHERE NOT j.finished
                AND coalesce(j.lease_until, j.created_at + $4) <= (SELECT byop.now_or($2))
                AND NOT EXISTS (
                    SELECT 1 FROM byop.jobs AS older
                    WHERE older.subject = j.subject AND NOT older.finished AND older.position < j.position)
            ORDER BY j.position LIMIT 1 FOR UPDATE OF j SKIP LOCKED)
         UPDATE byop.jobs AS j
         SET lease_token = lease_token + 1, lease_owner = $1, lease_until = byop.now_or($2) + $3
         FROM next WHERE j.id = next.id RETURNING j.id, j.lease_token";
    let taken = session.find(sql, &[&owner, &now, &millis(ttl), &millis(idle)]).await?;
    let Some(row) = taken else { return Ok(None) };
    let job = JobId::from(row.try_get::<_, String>(0)?);
    Ok(Some(Lease { job, owner: owner.to_owned(), token: number(&row, 1)? }))
}

pub(super) async fn renew(session: Session, lease: &Lease, now: Option<i64>, ttl: Duration) -> Outcome<()> {
    let sql = "UPDATE byop.jobs SET lease_until = byop.now_or($4) + $5
         WHERE id = $1 AND lease_token = $2 AND lease_owner = $3";
    let token = lease.token as i64;
    let values: &[&(dyn tokio_postgres::types::ToSql + Sync)] =
        &[&lease.job.as_str(), &token, &lease.owner, &now, &millis(ttl)];
    if session.execute(sql, values).await? == 0 {
        return Err(refusal::lease_lost("lease.renew", lease).into());
    }
    Ok(())
}

pub(super) async fn update(session: Session, lease: &Lease, new: &Job, now: Option<i64>) -> Outcome<()> {
    let held = hold(&session, "job.update", lease, now).await?;
    refusal::check_same_subject(&held.job, new)?;
    write(&session, new).await?;
    if held.job.state != new.state {
        let body = EventBody::Job { state: new.state, error: new.error.clone() };
        events::append(&session, &new.id, &[body], held.now).await?;
    }
    if new.state.is_finished() {
        audit::append(&session, audit_of_job("job.end", new), Some(held.now)).await?;
    }
    session.announce();
    Ok(())
}

/// A job whose row is held until the transaction ends.
pub(super) struct Held {
    pub(super) job: Job,
    pub(super) now: i64,
}

/// Refuses a lease that is no longer the job's, and keeps others from claiming the job meanwhile.
pub(super) async fn hold(
    session: &Session,
    operation: &'static str,
    lease: &Lease,
    now: Option<i64>,
) -> Outcome<Held> {
    let sql = format!(
        "SELECT {COLUMNS}, byop.now_or($4) FROM byop.jobs
         WHERE id = $1 AND lease_token = $2 AND lease_owner = $3 FOR UPDATE"
    );
    let token = lease.token as i64;
    let found = session.find(&sql, &[&lease.job.as_str(), &token, &lease.owner, &now]).await?;
    let row = found.ok_or_else(|| refusal::lease_lost(operation, lease))?;
    Ok(Held { job: job(&row)?, now: row.try_get(4)? })
}

/// A job that has ended gives up its lease.
async fn write(session: &Session, job: &Job) -> Outcome<()> {
    let sql = "UPDATE byop.jobs SET body = $2, finished = $3, finished_at = $4,
            lease_owner = CASE WHEN $3 THEN NULL ELSE lease_owner END,
            lease_until = CASE WHEN $3 THEN NULL ELSE lease_until END
         WHERE id = $1";
    let finished_at = job.finished_at.map(|at| at.0);
    session.execute(sql, &[&job.id.as_str(), &encode(job)?, &job.state.is_finished(), &finished_at]).await?;
    Ok(())
}
