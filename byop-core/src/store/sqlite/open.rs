//! Opening a database file: its mode, the settings, the checks.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::fault::{Fault, Outcome};
use super::{check, migration};
use crate::clock::Clock;
use crate::error::{Error, ErrorKind, Result};

/// How long a call waits for another process.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);
/// Up to 3.51.2, two connections that write or checkpoint at once could damage a database.
const OLDEST_LIBRARY: i32 = 3_051_003;

pub(super) fn open(path: &Path, clock: &dyn Clock) -> Result<Connection> {
    check_library(rusqlite::version_number())?;
    protect(path).map_err(|error| cannot_open(path, error))?;
    connect(path, clock).map_err(|fault| fault.into_open_error(path))
}

fn check_library(version: i32) -> Result<()> {
    if version >= OLDEST_LIBRARY {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Unsupported, "store.open", "this SQLite library can damage databases")
        .with_context("version", version)
        .with_context("needed", OLDEST_LIBRARY)
        .with_remedy("link SQLite 3.51.3 or newer, such as the one that byop bundles"))
}

fn connect(path: &Path, clock: &dyn Clock) -> Outcome<Connection> {
    check_not_emptied(path)?;
    // The file exists by now. Without `SQLITE_OPEN_URI`, a path that starts with `file:` is only a path.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    // A damaged or foreign schema must not run code or change the database's own tables.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "mmap_size", 0)?;
    check::on_opening(&connection, path)?;
    migration::check_owner(&connection)?;
    use_write_ahead_log(&connection)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    if !migration::is_current(&connection)? {
        migration::migrate(&mut connection, clock)?;
    }
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// SQLite takes an empty file for a new database, and removes a log that lies beside it. A log is only ever written
/// beside a database that has its first page.
fn check_not_emptied(path: &Path) -> Outcome<()> {
    if check::length_of(path) > 1 || check::length_of(&beside(path, "-wal")) == 0 {
        return Ok(());
    }
    Err(Fault::Refused(
        Error::new(ErrorKind::Corrupt, "store.open", "the database is empty, but its log is not")
            .with_remedy("restore the file from a backup"),
    ))
}

/// Changing the journal's mode does not always wait for other processes as all else does.
fn use_write_ahead_log(connection: &Connection) -> Outcome<()> {
    let give_up = Instant::now() + PATIENCE;
    loop {
        match connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0)) {
            Ok(mode) if mode == "wal" => return Ok(()),
            Ok(mode) => {
                return Err(Fault::Refused(
                    Error::new(
                        ErrorKind::Unsupported,
                        "store.open",
                        "the file system cannot hold this database",
                    )
                    .with_context("journal_mode", mode)
                    .with_remedy("put the database on a local disk"),
                ));
            }
            Err(error) if is_busy(&error) && Instant::now() < give_up => {
                thread::sleep(Duration::from_millis(10));
            }
            Err(error) => return Err(error.into()),
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// Makes the file when it is missing, and takes it away from everyone but its owner. SQLite gives its other files
/// (`-wal`, `-shm`) the mode of the first.
fn protect(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    drop(options.open(path)?);
    for file in [path.to_owned(), beside(path, "-wal"), beside(path, "-shm")] {
        restrict(&file)?;
    }
    Ok(())
}

#[cfg(unix)]
fn restrict(file: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    match fs::metadata(file) {
        Ok(found) if found.permissions().mode() & 0o077 != 0 => {
            fs::set_permissions(file, fs::Permissions::from_mode(0o600))
        }
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(not(unix))]
fn restrict(file: &Path) -> io::Result<()> {
    fs::metadata(file)
        .map(drop)
        .or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
}

pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn cannot_open(path: &Path, error: io::Error) -> Error {
    let (kind, message, remedy) = match error.kind() {
        io::ErrorKind::NotFound => {
            (ErrorKind::NotFound, "the folder of the database does not exist", "make the folder first")
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => (
            ErrorKind::PermissionDenied,
            "the database cannot be opened",
            "let this user read and write the file and its folder",
        ),
        io::ErrorKind::IsADirectory => {
            (ErrorKind::InvalidInput, "the path of the database is a folder", "give the path of a file")
        }
        _ => (ErrorKind::Unavailable, "the database cannot be opened", "check the disk and the path"),
    };
    Error::new(kind, "store.open", message)
        .with_context("file", path.display())
        .with_remedy(remedy)
        .with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_with_the_log_reset_defect_is_refused() {
        assert_eq!(check_library(3_051_002).unwrap_err().kind(), ErrorKind::Unsupported);
        assert!(check_library(3_051_003).is_ok());
    }

    #[test]
    fn the_bundled_library_is_new_enough() {
        assert!(check_library(rusqlite::version_number()).is_ok());
    }

    #[test]
    fn the_settings_are_those_that_were_chosen() {
        let folder = tempfile::tempdir().unwrap();
        let connection = open(&folder.path().join("a.db"), &crate::clock::SystemClock).unwrap();
        let number =
            |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0)).unwrap();
        let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
        assert_eq!(mode, "wal");
        assert_eq!(number("synchronous"), 2);
        assert_eq!(number("foreign_keys"), 1);
        assert_eq!(number("trusted_schema"), 0);
        assert_eq!(number("busy_timeout"), 5000);
    }
}
