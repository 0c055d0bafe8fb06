//! Whether a database file is whole.

use std::fs;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::fault::{Fault, Outcome};
use crate::error::{Error, ErrorKind};

/// A file up to this size is read whole when it is opened, which takes less than a tenth of a second.
const SMALL: u64 = 8 << 20;

/// What is worth knowing before the first statement: all of a small file; of a large one that it has its length, and
/// that its schema and the first row of each table can be read.
pub(super) fn on_opening(connection: &Connection, path: &Path) -> Outcome<()> {
    check_length(connection, path)?;
    if length_of(path) <= SMALL { whole(connection) } else { roots(connection) }
}

pub(super) fn length_of(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |found| found.len())
}

/// SQLite notices missing pages, but reads what is missing of the last one as zeros.
fn check_length(connection: &Connection, path: &Path) -> Outcome<()> {
    let expected = number(connection, "page_count")? * number(connection, "page_size")?;
    if length_of(path) >= expected {
        return Ok(());
    }
    // Pages that the log still holds may be missing, or half written by a process that was killed.
    let (is_busy, in_log, moved): (bool, i64, i64) =
        connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| row.try_into())?;
    let found = length_of(path);
    // Another process may be moving them right now; then nothing is known of the log.
    if found >= expected || is_busy || moved < in_log {
        return Ok(());
    }
    Err(damaged(format!("the file has {found} bytes instead of {expected}")))
}

/// Reads every page, and compares every index with its table.
pub(super) fn whole(connection: &Connection) -> Outcome<()> {
    let verdict: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if verdict == "ok" { Ok(()) } else { Err(damaged(verdict)) }
}

fn roots(connection: &Connection) -> Outcome<()> {
    let (pages, free) = (number(connection, "page_count")?, number(connection, "freelist_count")?);
    if free >= pages {
        return Err(damaged(format!("{free} of {pages} pages are free")));
    }
    let mut statement = connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")?;
    let tables: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for table in tables {
        let name = table.replace('"', "\"\"");
        let mut first = connection.prepare(&format!("SELECT * FROM \"{name}\" LIMIT 1"))?;
        first.query([])?.next()?;
    }
    Ok(())
}

fn number(connection: &Connection, pragma: &str) -> Outcome<u64> {
    Ok(connection.pragma_query_value(None, pragma, |row| row.get(0))?)
}

/// Reads the whole file beside its writer.
pub(super) fn file(path: &Path) -> Outcome<()> {
    whole(&reader(path)?)
}

/// Another connection to the file of a store that is open.
pub(super) fn reader(path: &Path) -> Outcome<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(super::open::PATIENCE)?;
    connection.pragma_update(None, "query_only", true)?;
    connection.pragma_update(None, "mmap_size", 0)?;
    Ok(connection)
}

fn damaged(verdict: String) -> Fault {
    Fault::Refused(
        Error::new(ErrorKind::Corrupt, "store.open", "the database is damaged")
            .with_context("check", verdict)
            .with_remedy("restore the file from a backup"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_busy(connection: &Connection, mode: &str) -> bool {
        connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| row.get(0)).unwrap()
    }

    /// Seen when processes opened a store that another one was at work on.
    #[test]
    fn a_file_whose_pages_another_process_is_moving_is_not_damaged() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let open = || {
            let connection = Connection::open(&path).unwrap();
            connection.busy_timeout(super::super::open::PATIENCE).unwrap();
            connection
        };
        let writer = open();
        writer
            .execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (a); PRAGMA wal_checkpoint(TRUNCATE)")
            .unwrap();
        // As long as it reads, pages stay in the log, and whoever began to move them waits for it.
        let reader = open();
        reader.execute_batch("BEGIN; SELECT count(*) FROM t").unwrap();
        writer.execute_batch("INSERT INTO t VALUES (zeroblob(100000))").unwrap();
        let checked = open();
        std::thread::scope(|scope| {
            // It gives up at once whenever the question below is in its way.
            scope.spawn(|| while is_busy(&open(), "FULL") {});
            while !is_busy(&checked, "PASSIVE") {
                std::thread::yield_now();
            }
            let checked = check_length(&checked, &path);
            reader.execute_batch("COMMIT").unwrap();
            assert!(checked.is_ok());
        });
    }
}
