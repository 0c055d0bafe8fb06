//! Events with their cursors.

use tokio_postgres::Row;

use super::super::{Scope, refusal};
use super::fault::{Outcome, decode, encode};
use super::pool::Session;
use super::sql::{cursor, number};
use crate::clock::Timestamp;
use crate::id::JobId;
use crate::model::{ClientId, Event, EventBody, Subject};

/// Adds events to a job that the transaction holds. It then holds the subject too, until it ends: nobody sees a number
/// before all smaller ones are there to be seen.
pub(super) async fn append(
    session: &Session,
    job: &JobId,
    bodies: &[EventBody],
    now: i64,
) -> Outcome<Vec<Event>> {
    let count = bodies.len() as i64;
    let sql = "UPDATE byop.jobs SET last_sequence = last_sequence + $2 WHERE id = $1
         RETURNING last_sequence, subject";
    let counted = session.find(sql, &[&job.as_str(), &count]).await?;
    let Some(row) = counted else { return Err(refusal::no_job("event.append", job).into()) };
    let (last, subject) = (row.try_get::<_, i64>(0)?, row.try_get::<_, String>(1)?);
    let sql = "INSERT INTO byop.subjects AS s (subject, last_position) VALUES ($1, $2)
         ON CONFLICT (subject) DO UPDATE SET last_position = s.last_position + $2 RETURNING last_position";
    let placed = session.find(sql, &[&subject, &count]).await?;
    let last_position: i64 = placed.map_or(Ok(count), |row| row.try_get(0))?;
    let (sequence, position) = (last - count, last_position - count);
    let texts = bodies.iter().map(encode).collect::<Outcome<Vec<_>>>()?;
    let sql = "INSERT INTO byop.events (job, sequence, subject, position, time, body)
         SELECT $1, $2 + n, $3, $4 + n, $5, body FROM unnest($6::text[]) WITH ORDINALITY AS given (body, n)";
    session.execute(sql, &[&job.as_str(), &sequence, &subject, &position, &now, &texts]).await?;
    let events = (1u64..).zip(bodies).map(|(n, body)| Event {
        job: job.clone(),
        sequence: sequence.unsigned_abs() + n,
        position: position.unsigned_abs() + n,
        time: Timestamp(now),
        body: body.clone(),
    });
    Ok(events.collect())
}

pub(super) async fn list(
    session: Session,
    scope: &Scope,
    job: &JobId,
    after: u64,
    limit: u32,
) -> Outcome<Vec<Event>> {
    let sql = "SELECT job, sequence, position, time, body FROM byop.events
         WHERE job = $1 AND sequence > $2
            AND ($4::text IS NULL OR EXISTS (SELECT 1 FROM byop.jobs WHERE id = $1 AND client = $4))
         ORDER BY sequence LIMIT $3";
    let client = scope.client().map(ClientId::as_str);
    let rows = session.query(sql, &[&job.as_str(), &cursor(after), &i64::from(limit), &client]).await?;
    rows.iter().map(event).collect()
}

pub(super) async fn list_of_subject(
    session: Session,
    scope: &Scope,
    subject: &Subject,
    after: u64,
    limit: u32,
) -> Outcome<Vec<Event>> {
    let text = subject.to_string();
    let client = scope.client().map(ClientId::as_str);
    let sql = "SELECT e.job, e.sequence, e.position, e.time, e.body FROM byop.events AS e
         WHERE e.subject = $1 AND e.position > $2
            AND ($4::text IS NULL OR EXISTS (SELECT 1 FROM byop.jobs AS j WHERE j.id = e.job AND j.client = $4))
         ORDER BY e.position LIMIT $3";
    let rows = session.query(sql, &[&text, &cursor(after), &i64::from(limit), &client]).await?;
    // Only now: what is pruned between the two questions is then noticed, and not taken for a complete answer.
    let sql = "SELECT coalesce(
            (SELECT min(position) FROM byop.events WHERE subject = $1),
            (SELECT last_position + 1 FROM byop.subjects WHERE subject = $1), 1)
         WHERE $2::text IS NULL OR EXISTS (SELECT 1 FROM byop.jobs WHERE subject = $1 AND client = $2)";
    let oldest = session.find(sql, &[&text, &client]).await?;
    let oldest = oldest.map_or(Ok(1), |row| number(&row, 0))?;
    if after < oldest.saturating_sub(1) {
        return Err(refusal::events_pruned(subject, after, oldest).into());
    }
    rows.iter().map(event).collect()
}

fn event(row: &Row) -> Outcome<Event> {
    let (job, sequence): (String, u64) = (row.try_get(0)?, number(row, 1)?);
    let body = decode("event", &format!("{job}/{sequence}"), row.try_get(4)?)?;
    let position = number(row, 2)?;
    Ok(Event { job: JobId::from(job), sequence, position, time: Timestamp(row.try_get(3)?), body })
}
