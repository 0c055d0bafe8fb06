//! Records with versions.

use rusqlite::{Connection, OptionalExtension, Row};

use super::super::{Expected, Record, refusal};
use super::fault::{Outcome, decode};

pub(super) fn put(
    tx: &Connection,
    collection: &str,
    key: &str,
    value: &str,
    expected: Expected,
) -> Outcome<u64> {
    let found: Option<u64> = tx
        .prepare_cached("SELECT version FROM records WHERE collection = ?1 AND key = ?2")?
        .query_row((collection, key), |row| row.get(0))
        .optional()?;
    match expected {
        Expected::Absent if found.is_some() => return Err(refusal::record_exists(collection, key).into()),
        Expected::Version(version) if found != Some(version) => {
            return Err(refusal::record_changed(collection, key, version, found).into());
        }
        _ => {}
    }
    let version = found.unwrap_or(0) + 1;
    tx.prepare_cached(
        "INSERT INTO records (collection, key, version, value) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (collection, key) DO UPDATE SET version = excluded.version, value = excluded.value",
    )?
    .execute((collection, key, version, value))?;
    Ok(version)
}

pub(super) fn find(tx: &Connection, collection: &str, key: &str) -> Outcome<Option<Record>> {
    tx.prepare_cached("SELECT key, version, value FROM records WHERE collection = ?1 AND key = ?2")?
        .query_row((collection, key), columns)
        .optional()?
        .map(record)
        .transpose()
}

pub(super) fn list(tx: &Connection, collection: &str) -> Outcome<Vec<Record>> {
    let mut statement =
        tx.prepare_cached("SELECT key, version, value FROM records WHERE collection = ?1 ORDER BY key")?;
    let rows = statement.query_map([collection], columns)?;
    rows.map(|row| record(row?)).collect()
}

pub(super) fn delete(tx: &Connection, collection: &str, key: &str) -> Outcome<()> {
    tx.prepare_cached("DELETE FROM records WHERE collection = ?1 AND key = ?2")?
        .execute((collection, key))?;
    Ok(())
}

type Columns = (String, u64, String);

fn columns(row: &Row<'_>) -> rusqlite::Result<Columns> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
}

fn record((key, version, value): Columns) -> Outcome<Record> {
    let value = decode("record", &key, &value)?;
    Ok(Record { key, version, value })
}
