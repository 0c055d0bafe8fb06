//! The audit: rows that are bound to one another.

use rusqlite::{Connection, OptionalExtension, named_params};

use super::super::Scope;
use super::fault::{Outcome, decode, encode};
use crate::clock::Timestamp;
use crate::digest::Digest;
use crate::model::{AuditEntry, AuditFilter, AuditRecord, ClientId};

/// The transaction holds the write lock, so no other record comes between.
pub(super) fn append(tx: &Connection, entry: AuditEntry, time: Timestamp) -> Outcome<AuditRecord> {
    let last: Option<(u64, String)> = tx
        .prepare_cached("SELECT position, hash FROM audit ORDER BY position DESC LIMIT 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (position, previous) = match last {
        Some((position, hash)) => (position, Some(Digest::parse(&hash)?)),
        None => (0, None),
    };
    let record = AuditRecord::new(position + 1, time, entry, previous);
    let entry = &record.entry;
    tx.prepare_cached(
        "INSERT INTO audit (position, time, client, action, subject, who, hash, body)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute((
        record.position,
        record.time.0,
        entry.client.as_ref().map(ClientId::as_str),
        &entry.action,
        &entry.subject,
        entry.actor.as_ref().map(|actor| &actor.who),
        record.hash.as_str(),
        encode(&record)?,
    ))?;
    Ok(record)
}

pub(super) fn list(tx: &Connection, scope: &Scope, filter: &AuditFilter) -> Outcome<Vec<AuditRecord>> {
    let mut statement = tx.prepare_cached(
        "SELECT position, body FROM audit
         WHERE position > :after AND (:client IS NULL OR client = :client)
            AND (:action IS NULL OR action = :action) AND (:subject IS NULL OR subject = :subject)
            AND (:who IS NULL OR who = :who) AND (:since IS NULL OR time >= :since)
            AND (:until IS NULL OR time < :until)
         ORDER BY position LIMIT :limit",
    )?;
    let rows = statement.query_map(
        named_params! {
            ":after": i64::try_from(filter.after).unwrap_or(i64::MAX),
            ":client": scope.client().map(ClientId::as_str),
            ":action": filter.action,
            ":subject": filter.subject,
            ":who": filter.who,
            ":since": filter.since.map(|since| since.0),
            ":until": filter.until.map(|until| until.0),
            ":limit": filter.limit.map_or(-1, i64::from),
        },
        |row| Ok((row.get::<_, u64>(0)?, row.get::<_, String>(1)?)),
    )?;
    rows.map(|row| {
        let (position, body) = row?;
        decode("audit record", &position.to_string(), &body)
    })
    .collect()
}
