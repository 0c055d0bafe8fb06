//! Numbered migrations, each applied once and never edited after a release.

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};

use super::checksum;
use super::fault::{Fault, Outcome};
use crate::clock::Clock;
use crate::digest::Digest;
use crate::error::{Error, ErrorKind};

struct Migration {
    number: u32,
    name: &'static str,
    sql: &'static str,
    /// What SQL cannot say, after it.
    then: fn(&Connection) -> Outcome<()>,
}

const MIGRATIONS: &[Migration] = &[
    Migration { number: 1, name: "init", sql: include_str!("migrations/0001_init.sql"), then: nothing },
    Migration { number: 2, name: "scopes", sql: include_str!("migrations/0002_scopes.sql"), then: nothing },
    Migration {
        number: 3,
        name: "sums",
        sql: include_str!("migrations/0003_sums.sql"),
        then: checksum::fill,
    },
];

fn nothing(_: &Connection) -> Outcome<()> {
    Ok(())
}

/// `byop` in ASCII: SQLite's place for saying whose file this is.
const APPLICATION: i64 = 0x6279_6f70;

/// Refuses the database of another program before anything in it is changed.
pub(super) fn check_owner(connection: &Connection) -> Outcome<()> {
    let application: i64 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if application == APPLICATION || (application == 0 && tables == 0) {
        return Ok(());
    }
    Err(Fault::Refused(
        Error::invalid("store.open", "the file is the database of another program")
            .with_context("application_id", application)
            .with_remedy("give the path of a byop database, or of a file that does not exist yet"),
    ))
}

/// Whether there is nothing to do. Then opening writes nothing, and waits for no writer.
pub(super) fn is_current(connection: &Connection) -> Outcome<bool> {
    let application: i64 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema WHERE name = 'migrations'", [], |row| {
            row.get(0)
        })?;
    if application != APPLICATION || tables == 0 {
        return Ok(false);
    }
    let mut statement = connection.prepare("SELECT number, checksum FROM migrations ORDER BY number")?;
    let applied: Vec<(u32, String)> =
        statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    let known =
        MIGRATIONS.iter().map(|migration| (migration.number, Digest::of(migration.sql).as_str().to_owned()));
    Ok(known.eq(applied))
}

/// Brings the schema up to date: all of it, or nothing.
pub(super) fn migrate(connection: &mut Connection, clock: &dyn Clock) -> Outcome<()> {
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Within the lock, because another process may be doing the same.
    check_owner(&tx)?;
    tx.pragma_update(None, "application_id", APPLICATION)?;
    tx.execute_batch(
        "CREATE TABLE IF NOT EXISTS migrations (
            number INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at INTEGER NOT NULL
        ) STRICT",
    )?;
    check_not_newer(&tx)?;
    for migration in MIGRATIONS {
        apply(&tx, migration, clock)?;
    }
    tx.commit()?;
    Ok(())
}

fn check_not_newer(tx: &Transaction<'_>) -> Outcome<()> {
    let newest: u32 =
        tx.query_row("SELECT coalesce(max(number), 0) FROM migrations", [], |row| row.get(0))?;
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

fn apply(tx: &Transaction<'_>, migration: &Migration, clock: &dyn Clock) -> Outcome<()> {
    let Migration { number, name, sql, then } = migration;
    let checksum = Digest::of(sql);
    let applied: Option<String> = tx
        .query_row("SELECT checksum FROM migrations WHERE number = ?1", [number], |row| row.get(0))
        .optional()?;
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
            tx.execute_batch(sql)?;
            then(tx)?;
            tx.execute(
                "INSERT INTO migrations (number, name, checksum, applied_at) VALUES (?1, ?2, ?3, ?4)",
                (number, name, checksum.as_str(), clock.now().0),
            )?;
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;

    fn migrated() -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        assert!(migrate(&mut connection, &SystemClock).is_ok());
        connection
    }

    fn refusal(connection: &mut Connection) -> Error {
        migrate(connection, &SystemClock).err().unwrap().into_error("store.open")
    }

    #[test]
    fn migrating_twice_is_migrating_once() {
        let mut connection = migrated();
        assert!(migrate(&mut connection, &SystemClock).is_ok());
        let count: usize =
            connection.query_row("SELECT count(*) FROM migrations", [], |row| row.get(0)).unwrap();
        assert_eq!(count, MIGRATIONS.len());
    }

    #[test]
    fn a_migrated_database_is_current_until_something_differs() {
        let mut connection = Connection::open_in_memory().unwrap();
        assert!(matches!(is_current(&connection), Ok(false)));
        assert!(migrate(&mut connection, &SystemClock).is_ok());
        assert!(matches!(is_current(&connection), Ok(true)));
        connection.execute("DELETE FROM migrations WHERE number = 2", []).unwrap();
        assert!(matches!(is_current(&connection), Ok(false)));
    }

    #[test]
    fn an_edited_migration_is_noticed() {
        let mut connection = migrated();
        connection.execute("UPDATE migrations SET checksum = 'sha256:0'", []).unwrap();
        assert_eq!(refusal(&mut connection).kind(), ErrorKind::Corrupt);
    }

    #[test]
    fn the_database_of_another_program_is_left_alone() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE bookmarks (url TEXT)").unwrap();
        assert_eq!(refusal(&mut connection).kind(), ErrorKind::InvalidInput);
        let tables: i64 =
            connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).unwrap();
        assert_eq!(tables, 1);
    }

    #[test]
    fn migrations_are_numbered_without_gaps() {
        let numbers: Vec<_> = MIGRATIONS.iter().map(|migration| migration.number).collect();
        assert_eq!(numbers, (1..=MIGRATIONS.len() as u32).collect::<Vec<_>>());
    }
}
