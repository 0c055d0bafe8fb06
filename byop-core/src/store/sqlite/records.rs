//! Records with versions.

use rusqlite::{Connection, OptionalExtension, Row, named_params};

use super::super::{Expected, Page, Record, Scope, refusal};
use super::checksum;
use super::fault::{Outcome, decode};
use crate::model::ClientId;

pub(super) fn put(
    tx: &Connection,
    scope: &Scope,
    collection: &str,
    key: &str,
    value: &str,
    expected: Expected,
) -> Outcome<u64> {
    let found = version_and_owner(tx, collection, key)?;
    let is_foreign = found.as_ref().is_some_and(|(_, owner)| !covers(scope, owner.as_deref()));
    let version = found.as_ref().filter(|_| !is_foreign).map(|(version, _)| *version);
    match expected {
        Expected::Absent if found.is_some() => return Err(refusal::record_exists(collection, key).into()),
        Expected::Any if is_foreign => return Err(refusal::record_exists(collection, key).into()),
        Expected::Version(wanted) if version != Some(wanted) => {
            return Err(refusal::record_changed("record.put", collection, key, wanted, version).into());
        }
        _ => {}
    }
    // What is there keeps its owner.
    let owner = match &found {
        Some((_, owner)) => owner.as_deref(),
        None => scope.client().map(ClientId::as_str),
    };
    let version: u64 = tx
        .prepare_cached("UPDATE counters SET value = value + 1 WHERE name = 'version' RETURNING value")?
        .query_row([], |row| row.get(0))?;
    tx.prepare_cached(
        "INSERT INTO records (collection, key, version, value, owner, sum) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (collection, key) DO UPDATE
         SET version = excluded.version, value = excluded.value, sum = excluded.sum",
    )?
    .execute((
        collection,
        key,
        version,
        value,
        owner,
        checksum::of_record(collection, key, owner, version, value),
    ))?;
    Ok(version)
}

pub(super) fn find(tx: &Connection, scope: &Scope, collection: &str, key: &str) -> Outcome<Option<Record>> {
    tx.prepare_cached(
        "SELECT key, owner, version, value, sum FROM records
         WHERE collection = ?1 AND key = ?2 AND (?3 IS NULL OR owner = ?3)",
    )?
    .query_row((collection, key, scope.client().map(ClientId::as_str)), columns)
    .optional()?
    .map(|columns| record(collection, columns))
    .transpose()
}

pub(super) fn list(tx: &Connection, scope: &Scope, collection: &str, page: &Page) -> Outcome<Vec<Record>> {
    // Two texts, so that each uses its index. A key that begins with the prefix is below the prefix followed by the
    // greatest character, because text is compared by its bytes.
    let sql = match scope {
        Scope::Platform => {
            "SELECT key, owner, version, value, sum FROM records
             WHERE collection = :collection AND :owner IS NULL AND key >= :from AND key < :end
             ORDER BY key LIMIT :limit"
        }
        Scope::Client(_) => {
            "SELECT key, owner, version, value, sum FROM records
             WHERE collection = :collection AND owner = :owner AND key >= :from AND key < :end
             ORDER BY key LIMIT :limit"
        }
    };
    // One bound from below: of two, only the first would be looked up. Nothing comes between a text and the same text
    // with a zero character.
    let from = match &page.after {
        Some(after) if *after >= page.prefix => format!("{after}\0"),
        _ => page.prefix.clone(),
    };
    let mut statement = tx.prepare_cached(sql)?;
    let rows = statement.query_map(
        named_params! {
            ":collection": collection,
            ":owner": scope.client().map(ClientId::as_str),
            ":from": from,
            ":end": format!("{}\u{10ffff}", page.prefix),
            ":limit": page.limit.map_or(-1, i64::from),
        },
        columns,
    )?;
    rows.map(|row| record(collection, row?)).collect()
}

pub(super) fn delete(
    tx: &Connection,
    scope: &Scope,
    collection: &str,
    key: &str,
    expected: Expected,
) -> Outcome<()> {
    let found = version_and_owner(tx, collection, key)?;
    let version = found.filter(|(_, owner)| covers(scope, owner.as_deref())).map(|(version, _)| version);
    match expected {
        Expected::Absent => return Err(refusal::nothing_to_delete().into()),
        Expected::Version(wanted) if version != Some(wanted) => {
            return Err(refusal::record_changed("record.delete", collection, key, wanted, version).into());
        }
        _ => {}
    }
    if version.is_some() {
        tx.prepare_cached("DELETE FROM records WHERE collection = ?1 AND key = ?2")?
            .execute((collection, key))?;
    }
    Ok(())
}

fn version_and_owner(tx: &Connection, collection: &str, key: &str) -> Outcome<Option<(u64, Option<String>)>> {
    Ok(tx
        .prepare_cached("SELECT version, owner FROM records WHERE collection = ?1 AND key = ?2")?
        .query_row((collection, key), |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?)
}

/// Whether the scope covers an owner as it is stored.
fn covers(scope: &Scope, owner: Option<&str>) -> bool {
    scope.client().is_none_or(|client| owner == Some(client.as_str()))
}

type Columns = (String, Option<String>, u64, String, i64);

fn columns(row: &Row<'_>) -> rusqlite::Result<Columns> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
}

fn record(collection: &str, (key, owner, version, value, sum): Columns) -> Outcome<Record> {
    let decoded = decode("record", &key, &value)?;
    let expected = checksum::of_record(collection, &key, owner.as_deref(), version, &value);
    checksum::verify("record", &key, expected, sum)?;
    Ok(Record { key, owner: owner.map(ClientId::new).transpose()?, version, value: decoded })
}
