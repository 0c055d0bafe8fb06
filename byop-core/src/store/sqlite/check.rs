//! Whether a database file is whole.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::fault::{Fault, Outcome};
use crate::error::{Error, ErrorKind};

/// A file up to this size is read whole when it is opened. It takes about a tenth of a second.
const SMALL: u64 = 16 << 20;

/// What is worth knowing before the first statement: all of a small file; of a large one that it has its length, and
/// that its schema and the first row of each table can be read.
pub(super) fn on_opening(connection: &Connection, length: u64) -> Outcome<()> {
    if length <= SMALL { whole(connection) } else { roots(connection) }
}

/// Reads every page.
pub(super) fn whole(connection: &Connection) -> Outcome<()> {
    let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if verdict == "ok" { Ok(()) } else { Err(damaged(verdict)) }
}

/// The first read compares the count of pages in the header with the file: a file that was cut off is found here.
fn roots(connection: &Connection) -> Outcome<()> {
    let number = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    let (pages, free) = (number("page_count")?, number("freelist_count")?);
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

/// Reads the whole file beside its writer, with the order and the contents of every index.
pub(super) fn file(path: &Path) -> Outcome<()> {
    let connection = reader(path)?;
    let verdict: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if verdict == "ok" { Ok(()) } else { Err(damaged(verdict)) }
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
