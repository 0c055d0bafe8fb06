//! The audit: rows that are bound to one another.

use super::super::Scope;
use super::fault::{Outcome, decode, encode};
use super::pool::Session;
use super::sql::{Conditions, cursor, limit, number};
use crate::clock::Timestamp;
use crate::digest::Digest;
use crate::model::{AuditEntry, AuditFilter, AuditRecord, ClientId};

/// The end of the chain is held until the transaction ends, so no other record comes between. It is the last lock
/// that a transaction takes, and is held for as long as the commit lasts.
pub(super) async fn append(session: &Session, entry: AuditEntry, now: Option<i64>) -> Outcome<AuditRecord> {
    let sql = "SELECT position, hash, byop.now_or($1) FROM byop.audit_end FOR UPDATE";
    let rows = session.query(sql, &[&now]).await?;
    let (position, previous, now) = match rows.first() {
        Some(row) => (number(row, 0)?, row.try_get::<_, Option<String>>(1)?, row.try_get::<_, i64>(2)?),
        None => return Err(super::incomplete("audit_end").into()),
    };
    let previous = previous.as_deref().map(Digest::parse).transpose()?;
    let record = AuditRecord::new(position + 1, Timestamp(now), entry, previous);
    let entry = &record.entry;
    let sql = "WITH ended AS (UPDATE byop.audit_end SET position = $1, hash = $7)
         INSERT INTO byop.audit (position, time, client, action, subject, who, hash, body)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let values: &[&(dyn tokio_postgres::types::ToSql + Sync)] = &[
        &cursor(record.position),
        &record.time.0,
        &entry.client.as_ref().map(ClientId::as_str),
        &entry.action,
        &entry.subject,
        &entry.actor.as_ref().map(|actor| actor.who.as_str()),
        &record.hash.as_str(),
        &encode(&record)?,
    ];
    session.execute(sql, values).await?;
    Ok(record)
}

pub(super) async fn list(session: Session, scope: &Scope, filter: &AuditFilter) -> Outcome<Vec<AuditRecord>> {
    let client = scope.client().map(ClientId::as_str);
    let (after, limit) = (cursor(filter.after), limit(filter.limit));
    let (since, until) = (filter.since.map(|since| since.0), filter.until.map(|until| until.0));
    let mut conditions = Conditions::default();
    conditions.require("position >", &after);
    if client.is_some() {
        conditions.require("client =", &client);
    }
    for (column, value) in
        [("action =", &filter.action), ("subject =", &filter.subject), ("who =", &filter.who)]
    {
        if value.is_some() {
            conditions.require(column, value);
        }
    }
    if since.is_some() {
        conditions.require("time >=", &since);
    }
    if until.is_some() {
        conditions.require("time <", &until);
    }
    let sql = conditions.select("position, body FROM byop.audit", "position", &limit);
    let rows = session.query(&sql, conditions.values()).await?;
    rows.iter().map(|row| decode("audit record", &number(row, 0)?.to_string(), row.try_get(1)?)).collect()
}
