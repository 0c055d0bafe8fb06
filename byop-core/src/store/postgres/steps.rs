//! The journal of a job, and what is removed when it is past.

use super::super::{Lease, Pruned, Retention, Scope};
use super::fault::{Outcome, decode, encode};
use super::jobs::hold;
use super::pool::Session;
use super::sql::{cursor, millis};
use crate::id::JobId;
use crate::model::{ClientId, StepRecord, Subject};

pub(super) async fn put(session: Session, lease: &Lease, steps: &[StepRecord]) -> Outcome<()> {
    let held = hold(&session, "step.put", lease, None).await?;
    if let Some(last) = steps.last().filter(|last| held.job.step.as_ref() != Some(&last.stage)) {
        let sql = "UPDATE byop.jobs SET step = $2 WHERE id = $1";
        session.execute(sql, &[&lease.job.as_str(), &last.stage]).await?;
    }
    let sql = "INSERT INTO byop.steps (job, key, body) VALUES ($1, $2, $3)
         ON CONFLICT (job, key) DO UPDATE SET body = excluded.body";
    for step in steps {
        session.execute(sql, &[&step.job.as_str(), &step.key, &encode(step)?]).await?;
    }
    Ok(())
}

pub(super) async fn list(session: Session, scope: &Scope, job: &JobId) -> Outcome<Vec<StepRecord>> {
    let sql = "SELECT key, body FROM byop.steps
         WHERE job = $1 AND ($2::text IS NULL OR EXISTS (SELECT 1 FROM byop.jobs WHERE id = $1 AND client = $2))
         ORDER BY position";
    let rows = session.query(sql, &[&job.as_str(), &scope.client().map(ClientId::as_str)]).await?;
    rows.iter().map(|row| decode("step", row.try_get(0)?, row.try_get(1)?)).collect()
}

/// Each ended job is judged by the newer ones of its subject: how many ended before it is reached, and how many events
/// all of them have together with it.
pub(super) async fn prune(
    session: Session,
    subject: Option<&Subject>,
    retention: &Retention,
    now: Option<i64>,
) -> Outcome<Pruned> {
    let subject = subject.map(ToString::to_string);
    // Two texts, so that one subject's index is used for it.
    let of = if subject.is_some() { "subject = $5" } else { "$5::text IS NULL" };
    let sql = format!(
        "WITH judged AS (
            SELECT id, finished, finished_at, sum(finished::integer) OVER newer AS ended,
                sum(last_sequence) OVER newer AS events
            FROM byop.jobs WHERE {of} WINDOW newer AS (PARTITION BY subject ORDER BY position DESC))
         SELECT id FROM judged WHERE finished AND ended > 1 AND (
            ended > $1::bigint OR events > $2::bigint OR finished_at <= byop.now_or($4) - $3::bigint)"
    );
    let most = retention.jobs_per_subject.map(|jobs| i64::from(jobs.max(1)));
    let events = retention.events_per_subject.map(cursor);
    let age = retention.job_age.map(millis);
    let rows = session.query(&sql, &[&most, &events, &age, &now, &subject]).await?;
    let ids = rows.iter().map(|row| row.try_get(0)).collect::<Result<Vec<String>, _>>()?;
    let events = session.execute("DELETE FROM byop.events WHERE job = ANY($1)", &[&ids]).await?;
    session.execute("DELETE FROM byop.steps WHERE job = ANY($1)", &[&ids]).await?;
    let jobs = session.execute("DELETE FROM byop.jobs WHERE id = ANY($1)", &[&ids]).await?;
    Ok(Pruned { jobs, events })
}
