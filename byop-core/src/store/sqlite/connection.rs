//! The one thread that owns the database connection, and the queue in front of it.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, mpsc};
use std::thread;

use rusqlite::{Transaction, TransactionBehavior};
use tokio::sync::oneshot;

use super::fault::{Fault, Outcome};
use super::open;
use crate::clock::Clock;
use crate::error::{Error, ErrorKind, Result};

type Work = Box<dyn FnOnce(&mut rusqlite::Connection) + Send>;

/// A handle on the thread. The thread ends, and closes the database, when the handle is dropped.
pub(super) struct Connection {
    queue: mpsc::Sender<Work>,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connection")
    }
}

impl Connection {
    /// Starts the thread and waits until it has opened the database.
    pub(super) async fn start(path: PathBuf, clock: Arc<dyn Clock>) -> Result<Self> {
        let (queue, works) = mpsc::channel::<Work>();
        let (report, opened) = oneshot::channel();
        let body = move || match open::open(&path, clock.as_ref()) {
            Ok(mut connection) => {
                let _ = report.send(Ok(()));
                for work in works {
                    work(&mut connection);
                }
            }
            Err(error) => {
                let _ = report.send(Err(error));
            }
        };
        thread::Builder::new().name("byop-store".into()).spawn(body).map_err(|error| {
            Error::new(ErrorKind::Unavailable, "store.open", "no thread could be started").with_source(error)
        })?;
        opened.await.unwrap_or_else(|_| Err(gone("store.open")))?;
        Ok(Self { queue })
    }

    /// Runs `work` in a transaction that sees one state of the database and changes nothing.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        operation: &'static str,
        work: impl FnOnce(&Transaction<'_>) -> Outcome<T> + Send + 'static,
    ) -> Result<T> {
        self.run(operation, TransactionBehavior::Deferred, work).await
    }

    /// Runs `work` in a transaction that locks out other writers from its start, and commits unless it fails.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        operation: &'static str,
        work: impl FnOnce(&Transaction<'_>) -> Outcome<T> + Send + 'static,
    ) -> Result<T> {
        self.run(operation, TransactionBehavior::Immediate, work).await
    }

    async fn run<T: Send + 'static>(
        &self,
        operation: &'static str,
        behavior: TransactionBehavior,
        work: impl FnOnce(&Transaction<'_>) -> Outcome<T> + Send + 'static,
    ) -> Result<T> {
        let (report, done) = oneshot::channel();
        let work: Work = Box::new(move |connection| {
            let result = transact(connection, behavior, work).map_err(|fault| fault.into_error(operation));
            // Nobody listens when the caller's future was dropped; the work is done all the same.
            let _ = report.send(result);
        });
        self.queue.send(work).map_err(|_| gone(operation))?;
        done.await.unwrap_or_else(|_| Err(gone(operation)))
    }
}

fn transact<T>(
    connection: &mut rusqlite::Connection,
    behavior: TransactionBehavior,
    work: impl FnOnce(&Transaction<'_>) -> Outcome<T>,
) -> Outcome<T> {
    let tx = connection.transaction_with_behavior(behavior)?;
    let value = work(&tx)?;
    tx.commit().map_err(Fault::from)?;
    Ok(value)
}

fn gone(operation: &'static str) -> Error {
    Error::new(ErrorKind::Internal, operation, "the thread of the store has ended")
        .with_remedy("open the store again, and report this: it is a defect")
}
