//! Events with their cursors.

use rusqlite::{Connection, OptionalExtension, Row};

use super::super::{Scope, refusal};
use super::fault::{Outcome, decode, encode};
use crate::clock::Timestamp;
use crate::id::JobId;
use crate::model::{ClientId, Event, EventBody, Subject};

/// Adds events to a job that is there. The transaction holds the write lock, so no other writer takes the same numbers.
pub(super) fn append(
    tx: &Connection,
    job: &JobId,
    bodies: &[EventBody],
    time: Timestamp,
) -> Outcome<Vec<Event>> {
    let count = bodies.len();
    let (last, subject): (u64, String) = tx
        .prepare_cached(
            "UPDATE jobs SET last_sequence = last_sequence + ?2 WHERE id = ?1 RETURNING last_sequence, subject",
        )?
        .query_row((job.as_str(), count), |row| Ok((row.get(0)?, row.get(1)?)))?;
    let last_position: u64 = tx
        .prepare_cached(
            "INSERT INTO subjects (subject, last_position) VALUES (?1, ?2)
             ON CONFLICT (subject) DO UPDATE SET last_position = last_position + ?2 RETURNING last_position",
        )?
        .query_row((&subject, count), |row| row.get(0))?;
    let mut insert = tx.prepare_cached(
        "INSERT INTO events (job, sequence, subject, position, time, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    let first = last - count as u64 + 1;
    let first_position = last_position - count as u64 + 1;
    let mut events = Vec::with_capacity(count);
    for ((sequence, position), body) in (first..).zip(first_position..).zip(bodies) {
        insert.execute((job.as_str(), sequence, &subject, position, time.0, encode(body)?))?;
        events.push(Event { job: job.clone(), sequence, position, time, body: body.clone() });
    }
    Ok(events)
}

pub(super) fn list(
    tx: &Connection,
    scope: &Scope,
    job: &JobId,
    after: u64,
    limit: u32,
) -> Outcome<Vec<Event>> {
    let mut statement = tx.prepare_cached(
        "SELECT job, sequence, position, time, body FROM events
         WHERE job = ?1 AND sequence > ?2
            AND (?4 IS NULL OR EXISTS (SELECT 1 FROM jobs WHERE jobs.id = events.job AND jobs.client = ?4))
         ORDER BY sequence LIMIT ?3",
    )?;
    let client = scope.client().map(ClientId::as_str);
    let rows = statement.query_map((job.as_str(), cursor(after), limit, client), columns)?;
    rows.map(|row| event(row?)).collect()
}

pub(super) fn list_of_subject(
    tx: &Connection,
    scope: &Scope,
    subject: &Subject,
    after: u64,
    limit: u32,
) -> Outcome<Vec<Event>> {
    let text = subject.to_string();
    let oldest: Option<u64> = tx
        .prepare_cached("SELECT min(position) FROM events WHERE subject = ?1")?
        .query_row([&text], |row| row.get(0))?;
    let oldest = match oldest {
        Some(oldest) => oldest,
        None => tx
            .prepare_cached("SELECT last_position + 1 FROM subjects WHERE subject = ?1")?
            .query_row([&text], |row| row.get(0))
            .optional()?
            .unwrap_or(1),
    };
    if after < oldest.saturating_sub(1) && has_job(tx, scope, &text)? {
        return Err(refusal::events_pruned(subject, after, oldest).into());
    }
    let mut statement = tx.prepare_cached(
        "SELECT job, sequence, position, time, body FROM events
         WHERE subject = ?1 AND position > ?2
            AND (?4 IS NULL OR EXISTS (SELECT 1 FROM jobs WHERE jobs.id = events.job AND jobs.client = ?4))
         ORDER BY position LIMIT ?3",
    )?;
    let client = scope.client().map(ClientId::as_str);
    let rows = statement.query_map((&text, cursor(after), limit, client), columns)?;
    rows.map(|row| event(row?)).collect()
}

/// Of a subject that is not one's own one hears nothing, not even that something was removed.
fn has_job(tx: &Connection, scope: &Scope, subject: &str) -> Outcome<bool> {
    let Some(client) = scope.client() else { return Ok(true) };
    Ok(tx
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM jobs WHERE subject = ?1 AND client = ?2)")?
        .query_row((subject, client.as_str()), |row| row.get(0))?)
}

fn cursor(after: u64) -> i64 {
    i64::try_from(after).unwrap_or(i64::MAX)
}

type Columns = (String, u64, u64, i64, String);

fn columns(row: &Row<'_>) -> rusqlite::Result<Columns> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
}

fn event((job, sequence, position, time, body): Columns) -> Outcome<Event> {
    let body = decode("event", &format!("{job}/{sequence}"), &body)?;
    Ok(Event { job: JobId::from(job), sequence, position, time: Timestamp(time), body })
}
