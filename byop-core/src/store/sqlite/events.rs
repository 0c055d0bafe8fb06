//! Events with their cursors.

use rusqlite::{Connection, OptionalExtension};

use super::super::refusal;
use super::fault::{Outcome, decode, encode};
use crate::clock::Timestamp;
use crate::id::JobId;
use crate::model::{Event, EventBody};

pub(super) fn append(
    tx: &Connection,
    job: &JobId,
    bodies: &[EventBody],
    time: Timestamp,
) -> Outcome<Vec<Event>> {
    // The transaction holds the write lock, so no other writer can take the same number.
    let last: Option<u64> = tx
        .prepare_cached(
            "SELECT coalesce((SELECT max(sequence) FROM events WHERE job = ?1), 0) FROM jobs WHERE id = ?1",
        )?
        .query_row([job.as_str()], |row| row.get(0))
        .optional()?;
    let last = last.ok_or_else(|| refusal::no_job("event.append", job))?;
    let mut insert =
        tx.prepare_cached("INSERT INTO events (job, sequence, time, body) VALUES (?1, ?2, ?3, ?4)")?;
    let mut events = Vec::with_capacity(bodies.len());
    for (sequence, body) in (last + 1..).zip(bodies) {
        insert.execute((job.as_str(), sequence, time.0, encode(body)?))?;
        events.push(Event { job: job.clone(), sequence, time, body: body.clone() });
    }
    Ok(events)
}

pub(super) fn list(tx: &Connection, job: &JobId, after: u64, limit: u32) -> Outcome<Vec<Event>> {
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    let mut statement = tx.prepare_cached(
        "SELECT sequence, time, body FROM events WHERE job = ?1 AND sequence > ?2 ORDER BY sequence LIMIT ?3",
    )?;
    let rows = statement.query_map((job.as_str(), after, limit), |row| {
        Ok((row.get::<_, u64>(0)?, row.get::<_, i64>(1)?, row.get::<_, String>(2)?))
    })?;
    rows.map(|row| {
        let (sequence, time, body) = row?;
        let body = decode("event", &format!("{job}/{sequence}"), &body)?;
        Ok(Event { job: job.clone(), sequence, time: Timestamp(time), body })
    })
    .collect()
}
