//! What can go wrong while the database is asked, and its one translation.

use std::error::Error as StdError;
use std::io;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio_postgres::error::SqlState;

use crate::error::{Error, ErrorKind, Retry};

pub(super) type Outcome<T> = std::result::Result<T, Fault>;

/// Why a call was given up.
#[derive(Debug)]
pub(super) enum Fault {
    /// The store refuses; the error is complete.
    Refused(Error),
    /// The database failed.
    Database(tokio_postgres::Error),
    /// No answer in time, of the server or of the pool.
    Late,
    /// The connection was lost while the server committed.
    Unknown(tokio_postgres::Error),
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

impl From<tokio_postgres::Error> for Fault {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Database(error)
    }
}

impl Fault {
    /// Whether nothing was done, and a new connection may do better.
    pub(super) fn is_passing(&self) -> bool {
        let Self::Database(error) = self else { return false };
        match error.code() {
            Some(code) => is_server_away(code) || is_collision(code),
            None => is_lost(error),
        }
    }

    pub(super) fn into_error(self, operation: &'static str) -> Error {
        match self {
            Self::Refused(error) => error,
            Self::Database(error) => translate(error, operation),
            Self::Late => {
                Error::new(ErrorKind::Unavailable, operation, "the database did not answer in time")
                    .with_remedy("check the database server and the network to it")
            }
            Self::Unknown(error) => Error::new(
                ErrorKind::Unavailable,
                operation,
                "the connection was lost while the database committed; the write may have happened",
            )
            .with_retry(Retry::Never)
            .with_remedy("read what was to be written, then decide")
            .with_source(error),
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
}

pub(super) fn decode<T: DeserializeOwned>(what: &'static str, key: &str, text: &str) -> Outcome<T> {
    serde_json::from_str(text).map_err(|error| Fault::Unreadable { what, key: key.to_owned(), error })
}

pub(super) fn encode(value: &impl Serialize) -> Outcome<String> {
    serde_json::to_string(value).map_err(Fault::Unwritable)
}

/// The server ends, starts, or has no room.
fn is_server_away(code: &SqlState) -> bool {
    let away = [
        &SqlState::ADMIN_SHUTDOWN,
        &SqlState::CRASH_SHUTDOWN,
        &SqlState::CANNOT_CONNECT_NOW,
        &SqlState::TOO_MANY_CONNECTIONS,
        &SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
    ];
    away.contains(&code) || code.code().starts_with("08")
}

/// Two transactions stood in each other's way, and the server undid this one.
fn is_collision(code: &SqlState) -> bool {
    [&SqlState::T_R_SERIALIZATION_FAILURE, &SqlState::T_R_DEADLOCK_DETECTED].contains(&code)
}

pub(super) fn is_lost(error: &tokio_postgres::Error) -> bool {
    error.is_closed() || find_io(error).is_some()
}

fn find_io(error: &tokio_postgres::Error) -> Option<&io::Error> {
    let mut next = error.source();
    while let Some(cause) = next {
        if let Some(io) = cause.downcast_ref::<io::Error>() {
            return Some(io);
        }
        next = cause.source();
    }
    None
}

fn translate(error: tokio_postgres::Error, operation: &'static str) -> Error {
    let new = |kind, message: &str| Error::new(kind, operation, message);
    let unreachable = || {
        new(ErrorKind::Unavailable, "the database cannot be reached")
            .with_remedy("check that the database server runs and that this machine may connect to it")
    };
    let Some(code) = error.code() else {
        // A certificate that is not trusted does not get better by waiting.
        let told = match find_io(&error) {
            Some(io) if io.kind() == io::ErrorKind::InvalidData => {
                new(ErrorKind::Unavailable, "the server's certificate is not trusted")
                    .with_retry(Retry::Never)
                    .with_remedy("give the authority's certificate with `with_root_certificates`")
            }
            Some(_) => unreachable(),
            None if error.is_closed() => unreachable(),
            None if is_conversion(&error) => {
                new(ErrorKind::Corrupt, "the database holds a value of another type")
            }
            None => unreachable(),
        };
        return told.with_source(error);
    };
    let told = match code {
        code if is_server_away(code) => unreachable(),
        code if is_collision(code) => {
            new(ErrorKind::Unavailable, "another transaction stood in the way for too long")
        }
        &SqlState::QUERY_CANCELED | &SqlState::LOCK_NOT_AVAILABLE => {
            new(ErrorKind::Unavailable, "the database took too long")
                .with_remedy("find what keeps the database busy, or raise the statement timeout")
        }
        &SqlState::DISK_FULL => new(ErrorKind::Unavailable, "the disk of the database server is full")
            .with_retry(Retry::Never)
            .with_remedy("free space on the disk that holds the database"),
        &SqlState::OUT_OF_MEMORY => unreachable(),
        &SqlState::INVALID_PASSWORD | &SqlState::INVALID_AUTHORIZATION_SPECIFICATION => {
            new(ErrorKind::Unauthenticated, "the database refuses this user or password")
                .with_remedy("check user and password in the database's URL")
        }
        &SqlState::INVALID_CATALOG_NAME => new(ErrorKind::NotFound, "there is no such database")
            .with_remedy("create the database first, or correct its name in the URL"),
        &SqlState::INSUFFICIENT_PRIVILEGE => {
            new(ErrorKind::PermissionDenied, "this user may not do that in the database").with_remedy(
                "let the user create a schema in the database, or make it the owner of schema `byop`",
            )
        }
        &SqlState::READ_ONLY_SQL_TRANSACTION => {
            new(ErrorKind::PermissionDenied, "the database cannot be written to")
                .with_remedy("connect to the primary server, not to one that follows it")
        }
        &SqlState::DATA_CORRUPTED | &SqlState::INDEX_CORRUPTED => {
            new(ErrorKind::Corrupt, "the database is damaged").with_remedy("restore it from a backup")
        }
        &SqlState::CHARACTER_NOT_IN_REPERTOIRE | &SqlState::UNTRANSLATABLE_CHARACTER => {
            new(ErrorKind::InvalidInput, "a key holds a character that the database cannot store")
        }
        &SqlState::UNDEFINED_TABLE | &SqlState::UNDEFINED_COLUMN => {
            new(ErrorKind::Corrupt, "the schema of the database is incomplete")
                .with_remedy("restore it from a backup")
        }
        _ => new(ErrorKind::Internal, "the database refused a statement"),
    };
    told.with_context("code", code.code()).with_source(Cause::of(error))
}

fn is_conversion(error: &tokio_postgres::Error) -> bool {
    error.to_string().starts_with("error deserializing") || error.to_string().starts_with("error retrieving")
}

/// What the server said. The driver's own text is only "db error", and its detail could quote stored values.
#[derive(Debug, thiserror::Error)]
#[error("{severity}: {message}")]
struct Cause {
    severity: String,
    message: String,
}

impl Cause {
    fn of(error: tokio_postgres::Error) -> Box<dyn StdError + Send + Sync> {
        match error.as_db_error() {
            Some(said) => {
                Box::new(Self { severity: said.severity().to_owned(), message: said.message().to_owned() })
            }
            None => Box::new(error),
        }
    }
}
