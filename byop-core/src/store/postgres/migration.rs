//! The schema, as numbered migrations that are never edited after release.

use super::fault::{Fault, Outcome};
use super::pool::Session;
use crate::clock::{Clock, SystemClock};
use crate::digest::Digest;
use crate::error::{Error, ErrorKind};

struct Migration {
    number: i32,
    name: &'static str,
    sql: &'static str,
}

const MIGRATIONS: &[Migration] =
    &[Migration { number: 1, name: "init", sql: include_str!("migrations/0001_init.sql") }];

/// `byop` in ASCII and a one: nobody else takes this lock of the database.
const LOCK: i64 = 0x6279_6f70_0000_0001;

/// Brings the schema up to date, inside the transaction of `session`: all of it, or nothing.
pub(super) async fn migrate(session: Session) -> Outcome<()> {
    // Held until the transaction ends; another process that opens the store waits here.
    session.query("SELECT pg_advisory_xact_lock($1)", &[&LOCK]).await?;
    check_owner(&session).await?;
    let found = session.find("SELECT 1 FROM pg_namespace WHERE nspname = 'byop'", &[]).await?;
    if found.is_none() {
        session.run("CREATE SCHEMA byop").await?;
    }
    session
        .run(
            "CREATE TABLE IF NOT EXISTS byop.migrations (
                number integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, applied_at bigint NOT NULL
            )",
        )
        .await?;
    let applied = session.query("SELECT number, checksum FROM byop.migrations ORDER BY number", &[]).await?;
    let mut known = Vec::new();
    for row in &applied {
        known.push((row.try_get::<_, i32>(0)?, row.try_get::<_, String>(1)?));
    }
    check_not_newer(&known)?;
    for migration in MIGRATIONS {
        let found = known.iter().find(|(number, _)| *number == migration.number);
        apply(&session, migration, found.map(|(_, checksum)| checksum.as_str())).await?;
    }
    Ok(())
}

/// Refuses a schema of another program before anything in it is changed.
async fn check_owner(session: &Session) -> Outcome<()> {
    let row = session
        .find(
            "SELECT count(*), count(*) FILTER (WHERE c.relname = 'migrations')
             FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname = 'byop' AND c.relkind = 'r'",
            &[],
        )
        .await?;
    let (tables, migrations) = match row {
        Some(row) => (row.try_get::<_, i64>(0)?, row.try_get::<_, i64>(1)?),
        None => (0, 0),
    };
    if tables == 0 || migrations == 1 {
        return Ok(());
    }
    Err(Fault::Refused(
        Error::invalid("store.open", "the schema `byop` of the database belongs to another program")
            .with_context("tables", tables)
            .with_remedy("give a database whose schema `byop` does not exist yet, or is byop's"),
    ))
}

fn check_not_newer(applied: &[(i32, String)]) -> Outcome<()> {
    let newest = applied.iter().map(|(number, _)| *number).max().unwrap_or(0);
    let known = MIGRATIONS.last().map_or(0, |migration| migration.number);
    if newest <= known {
        return Ok(());
    }
    Err(Fault::Refused(
        Error::new(ErrorKind::Unsupported, "store.open", "the database was written by a newer byop")
            .with_context("schema", newest)
            .with_context("known", known)
            .with_remedy("update byop, or restore the database from a backup that this version made"),
    ))
}

async fn apply(session: &Session, migration: &Migration, applied: Option<&str>) -> Outcome<()> {
    let Migration { number, name, sql } = migration;
    let checksum = Digest::of(sql);
    match applied {
        Some(found) if found == checksum.as_str() => Ok(()),
        Some(found) => Err(Fault::Refused(
            Error::new(
                ErrorKind::Corrupt,
                "store.open",
                "the schema was made by a migration that this byop does not have",
            )
            .with_context("migration", number)
            .with_context("found", found)
            .with_context("known", checksum)
            .with_remedy("open the database with the byop that made it"),
        )),
        None => {
            session.run(sql).await?;
            session
                .execute(
                    "INSERT INTO byop.migrations (number, name, checksum, applied_at) VALUES ($1, $2, $3, $4)",
                    &[number, name, &checksum.as_str(), &SystemClock.now().0],
                )
                .await?;
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_are_numbered_without_gaps() {
        let numbers: Vec<_> = MIGRATIONS.iter().map(|migration| migration.number).collect();
        assert_eq!(numbers, (1..=MIGRATIONS.len() as i32).collect::<Vec<_>>());
    }
}
