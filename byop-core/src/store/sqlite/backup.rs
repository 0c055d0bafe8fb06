//! Copies of a database that is being written to.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use super::check;
use super::fault::{Fault, Outcome};
use super::open::beside;
use crate::error::{Error, ErrorKind, Result};

/// So many pages at once; between them the writer gets its turn at the disk.
const PAGES: i32 = 256;

const OPERATION: &str = "store.backup";

/// Copies one state of the database. The copy takes its name when it is complete, checked and on the disk.
pub(super) fn backup(from: &Path, to: &Path) -> Result<()> {
    if is_same(from, to) {
        return Err(Error::invalid(OPERATION, "the copy would replace the database itself")
            .with_context("file", to.display())
            .with_remedy("give another path"));
    }
    let part = beside(to, ".part");
    let done =
        copy(from, &part).and_then(|()| settle(&part, to).map_err(|error| cannot_write(to, error).into()));
    if done.is_err() {
        // Whatever is left of it is of no use.
        let _ = fs::remove_file(&part);
    }
    done.map_err(|fault| {
        fault.into_error(OPERATION).with_operation(OPERATION).with_context("copy", to.display())
    })
}

fn copy(from: &Path, part: &Path) -> Outcome<()> {
    create(part).map_err(|error| cannot_write(part, error))?;
    let source = check::reader(from)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut target = Connection::open_with_flags(part, flags)?;
    // One state is held from here on. Otherwise each write of another connection would start the copy anew, and under
    // steady writes it would never end.
    source.execute_batch("BEGIN")?;
    source.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    let backup = Backup::new(&source, &mut target)?;
    loop {
        match backup.step(PAGES)? {
            StepResult::Done => break,
            StepResult::More => {}
            // Nobody else knows the copy, and readers of the original wait for nobody.
            _ => return Err(unexpected_lock().into()),
        }
    }
    drop(backup);
    // One file, with no log beside it.
    target.pragma_update(None, "journal_mode", "DELETE")?;
    check::whole(&target)?;
    target.close().map_err(|(_, error)| Fault::from(error))
}

/// Readable by its owner from its first byte on.
fn create(part: &Path) -> io::Result<()> {
    match fs::remove_file(part) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(part).map(drop)
}

fn settle(part: &Path, to: &Path) -> io::Result<()> {
    File::open(part)?.sync_all()?;
    fs::rename(part, to)?;
    sync_folder(to)
}

/// The name is on the disk when its folder is.
#[cfg(unix)]
fn sync_folder(of: &Path) -> io::Result<()> {
    let folder = of.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

fn unexpected_lock() -> Error {
    Error::new(ErrorKind::Unavailable, OPERATION, "the database is locked by another process")
}

fn is_same(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| -> Option<PathBuf> { fs::canonicalize(path).ok() };
    one == other || real(one).is_some_and(|one| real(other) == Some(one))
}

fn cannot_write(path: &Path, error: io::Error) -> Error {
    let (kind, remedy) = match error.kind() {
        io::ErrorKind::NotFound => (ErrorKind::NotFound, "make the folder first"),
        io::ErrorKind::PermissionDenied => (ErrorKind::PermissionDenied, "let this user write to the folder"),
        _ => (ErrorKind::Unavailable, "check the disk and the path"),
    };
    Error::new(kind, OPERATION, "the copy cannot be written")
        .with_context("file", path.display())
        .with_remedy(remedy)
        .with_source(error)
}
