//! What can go wrong inside a transaction, and its one translation.

use std::path::Path;

use rusqlite::ErrorCode;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, ErrorKind, Retry};

pub(super) type Outcome<T> = std::result::Result<T, Fault>;

/// Why a transaction was given up.
pub(super) enum Fault {
    /// The store refuses; the error is complete.
    Refused(Error),
    /// The database failed.
    Database(rusqlite::Error),
    /// A stored value does not fit the model.
    Unreadable { what: &'static str, key: String, error: serde_json::Error },
    /// A value cannot be written as JSON.
    Unwritable(serde_json::Error),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

impl Fault {
    pub(super) fn into_error(self, operation: &'static str) -> Error {
        match self {
            Self::Refused(error) => error,
            Self::Database(error) => translate(error, operation),
            Self::Unreadable { what, key, error } => {
                Error::new(ErrorKind::Corrupt, operation, format!("a stored {what} cannot be read"))
                    .with_context(what, key)
                    .with_source(error)
            }
            Self::Unwritable(error) => {
                Error::new(ErrorKind::Internal, operation, "a value cannot be written as JSON")
                    .with_source(error)
            }
        }
    }

    /// The same, when the file itself is the subject.
    pub(super) fn into_open_error(self, path: &Path) -> Error {
        self.into_error("store.open").with_context("file", path.display())
    }
}

pub(super) fn decode<T: DeserializeOwned>(what: &'static str, key: &str, text: &str) -> Outcome<T> {
    serde_json::from_str(text).map_err(|error| Fault::Unreadable { what, key: key.to_owned(), error })
}

pub(super) fn encode(value: &impl Serialize) -> Outcome<String> {
    serde_json::to_string(value).map_err(Fault::Unwritable)
}

fn translate(error: rusqlite::Error, operation: &'static str) -> Error {
    use ErrorCode as C;
    let new = |kind, message: &str| Error::new(kind, operation, message);
    let told = match error.sqlite_error_code() {
        Some(C::DatabaseBusy | C::DatabaseLocked | C::FileLockingProtocolFailed) => {
            new(ErrorKind::Unavailable, "another process keeps the database locked")
                .with_remedy("find the process that has the file open, or wait for it")
        }
        Some(C::DiskFull) => new(ErrorKind::Unavailable, "the disk is full")
            .with_retry(Retry::Never)
            .with_remedy("free space on the disk that holds the database"),
        Some(C::NotADatabase) => new(ErrorKind::Corrupt, "the file is not a SQLite database")
            .with_remedy("give the path of a byop database, or of a file that does not exist yet"),
        Some(C::DatabaseCorrupt) => {
            new(ErrorKind::Corrupt, "the database is damaged").with_remedy("restore the file from a backup")
        }
        Some(C::ReadOnly | C::PermissionDenied) => {
            new(ErrorKind::PermissionDenied, "the database cannot be written to")
                .with_remedy("let this user write to the file and to its folder")
        }
        Some(C::CannotOpen | C::SystemIoFailure | C::OutOfMemory) => {
            new(ErrorKind::Unavailable, "the database cannot be reached")
                .with_remedy("check the disk that holds the database")
        }
        Some(C::TypeMismatch) => new(ErrorKind::Corrupt, "the database holds a value of another type"),
        _ => match &error {
            rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::Utf8Error(..)
            | rusqlite::Error::IntegralValueOutOfRange(..) => {
                new(ErrorKind::Corrupt, "the database holds a value of another type")
            }
            _ => new(ErrorKind::Internal, "the database refused a statement"),
        },
    };
    told.with_source(error)
}
