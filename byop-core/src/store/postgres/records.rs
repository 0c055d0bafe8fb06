//! Records with versions.

use tokio_postgres::Row;

use super::super::{Expected, Page, Record, Scope, refusal};
use super::fault::{Outcome, decode};
use super::pool::Session;
use super::sql::{Conditions, limit, number};
use crate::model::ClientId;

pub(super) async fn put(
    session: Session,
    scope: &Scope,
    collection: &str,
    key: &str,
    value: &str,
    expected: Expected,
) -> Outcome<u64> {
    loop {
        let found = version_and_owner(&session, collection, key).await?;
        let is_foreign = found.as_ref().is_some_and(|(_, owner)| !covers(scope, owner.as_deref()));
        let version = found.as_ref().filter(|_| !is_foreign).map(|(version, _)| *version);
        match expected {
            Expected::Absent if found.is_some() => return Err(refusal::record_exists(collection, key).into()),
            Expected::Any if is_foreign => return Err(refusal::record_exists(collection, key).into()),
            Expected::Version(wanted) if version != Some(wanted) => {
                let changed = refusal::record_changed("record.put", collection, key, wanted, version);
                return Err(changed.into());
            }
            _ => {}
        }
        let written = if found.is_some() {
            let sql = "UPDATE byop.records SET version = nextval('byop.record_versions'), value = $3
                 WHERE collection = $1 AND key = $2 RETURNING version";
            session.find(sql, &[&collection, &key, &value]).await?
        } else {
            let sql = "INSERT INTO byop.records (collection, key, version, value, owner)
                 VALUES ($1, $2, nextval('byop.record_versions'), $3, $4)
                 ON CONFLICT (collection, key) DO NOTHING RETURNING version";
            session.find(sql, &[&collection, &key, &value, &client(scope)]).await?
        };
        // Nothing written: another transaction has made the record since we looked. Then it is judged as found.
        if let Some(row) = written {
            return number(&row, 0);
        }
    }
}

pub(super) async fn find(
    session: Session,
    scope: &Scope,
    collection: &str,
    key: &str,
) -> Outcome<Option<Record>> {
    let sql = "SELECT key, owner, version, value FROM byop.records
         WHERE collection = $1 AND key = $2 AND ($3::text IS NULL OR owner = $3)";
    session.find(sql, &[&collection, &key, &client(scope)]).await?.as_ref().map(record).transpose()
}

pub(super) async fn list(
    session: Session,
    scope: &Scope,
    collection: &str,
    page: &Page,
) -> Outcome<Vec<Record>> {
    // Text is compared by its bytes, so no key that begins with the prefix comes after this.
    let end = format!("{}\u{10ffff}", page.prefix);
    let (owner, limit) = (client(scope), limit(page.limit));
    let mut conditions = Conditions::default();
    conditions.require("collection =", &collection);
    if owner.is_some() {
        conditions.require("owner =", &owner);
    }
    if !page.prefix.is_empty() {
        conditions.require("key >=", &page.prefix);
        conditions.require("key <", &end);
    }
    if page.after.is_some() {
        conditions.require("key >", &page.after);
    }
    let sql = conditions.select("key, owner, version, value FROM byop.records", "key", &limit);
    session.query(&sql, conditions.values()).await?.iter().map(record).collect()
}

pub(super) async fn delete(
    session: Session,
    scope: &Scope,
    collection: &str,
    key: &str,
    expected: Expected,
) -> Outcome<()> {
    let found = version_and_owner(&session, collection, key).await?;
    let version = found.filter(|(_, owner)| covers(scope, owner.as_deref())).map(|(version, _)| version);
    match expected {
        Expected::Absent => return Err(refusal::nothing_to_delete().into()),
        Expected::Version(wanted) if version != Some(wanted) => {
            return Err(refusal::record_changed("record.delete", collection, key, wanted, version).into());
        }
        _ => {}
    }
    if version.is_some() {
        let sql = "DELETE FROM byop.records WHERE collection = $1 AND key = $2";
        session.execute(sql, &[&collection, &key]).await?;
    }
    Ok(())
}

/// Holds the record until the transaction ends.
async fn version_and_owner(
    session: &Session,
    collection: &str,
    key: &str,
) -> Outcome<Option<(u64, Option<String>)>> {
    let sql = "SELECT version, owner FROM byop.records WHERE collection = $1 AND key = $2 FOR UPDATE";
    let Some(row) = session.find(sql, &[&collection, &key]).await? else { return Ok(None) };
    Ok(Some((number(&row, 0)?, row.try_get(1)?)))
}

fn client(scope: &Scope) -> Option<&str> {
    scope.client().map(ClientId::as_str)
}

/// Whether the scope covers an owner as it is stored.
fn covers(scope: &Scope, owner: Option<&str>) -> bool {
    scope.client().is_none_or(|client| owner == Some(client.as_str()))
}

fn record(row: &Row) -> Outcome<Record> {
    let key: String = row.try_get(0)?;
    let owner: Option<String> = row.try_get(1)?;
    let value = decode("record", &key, row.try_get(3)?)?;
    Ok(Record { key, owner: owner.map(ClientId::new).transpose()?, version: number(row, 2)?, value })
}
