//! The one thread that owns the database connection, and the queue in front of it.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, mpsc};
use std::thread;

use rusqlite::TransactionBehavior;
use tokio::sync::oneshot;

use super::fault::Outcome;
use super::open;
use crate::clock::Clock;
use crate::error::{Error, ErrorKind, ErrorReport, Result};

/// So many writes that wait are committed together. What a commit costs is the disk's answer, and it costs that once.
const GROUP: usize = 64;

type Read = Box<dyn FnOnce(&mut rusqlite::Connection) + Send>;

enum Work {
    Read(Read),
    Write(Box<dyn Write>),
}

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
        let (queue, works) = mpsc::channel();
        let (report, opened) = oneshot::channel();
        let body = move || match open::open(&path, clock.as_ref()) {
            Ok(connection) => {
                let _ = report.send(Ok(()));
                serve(connection, &works);
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
        work: impl FnOnce(&rusqlite::Connection) -> Outcome<T> + Send + 'static,
    ) -> Result<T> {
        let (report, done) = oneshot::channel();
        let read: Read = Box::new(move |connection| {
            let run = || work(&*connection.transaction_with_behavior(TransactionBehavior::Deferred)?);
            let _ = report.send(run().map_err(|fault| fault.into_error(operation)));
        });
        self.queue.send(Work::Read(read)).map_err(|_| gone(operation))?;
        done.await.unwrap_or_else(|_| Err(gone(operation)))
    }

    /// Runs `work` in a transaction that locks out other writers from its start, and answers when it is on the
    /// disk. A write that fails changes nothing.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        operation: &'static str,
        work: impl FnOnce(&rusqlite::Connection) -> Outcome<T> + Send + 'static,
    ) -> Result<T> {
        let (report, done) = oneshot::channel();
        let write = Box::new(Pending { operation, work: Some(work), result: None, report });
        self.queue.send(Work::Write(write)).map_err(|_| gone(operation))?;
        done.await.unwrap_or_else(|_| Err(gone(operation)))
    }
}

/// A write on its way: carried out, committed with others, then answered.
trait Write: Send {
    /// Whether it did what it was to do.
    fn apply(&mut self, connection: &rusqlite::Connection) -> bool;

    /// Tells the caller. `failure` is that of the transaction around it.
    fn answer(self: Box<Self>, failure: Option<&ErrorReport>);
}

struct Pending<T, W> {
    operation: &'static str,
    work: Option<W>,
    result: Option<Result<T>>,
    report: oneshot::Sender<Result<T>>,
}

impl<T, W> Write for Pending<T, W>
where
    T: Send,
    W: FnOnce(&rusqlite::Connection) -> Outcome<T> + Send,
{
    fn apply(&mut self, connection: &rusqlite::Connection) -> bool {
        let result = self.work.take().map(|work| work(connection));
        self.result = result.map(|result| result.map_err(|fault| fault.into_error(self.operation)));
        matches!(self.result, Some(Ok(_)))
    }

    fn answer(self: Box<Self>, failure: Option<&ErrorReport>) {
        let result = match (self.result, failure) {
            (Some(Err(error)), _) => Err(error),
            (_, Some(failure)) => Err(Error::from(failure.clone()).with_operation(self.operation)),
            (Some(done), None) => done,
            (None, None) => Err(gone(self.operation)),
        };
        // Nobody listens when the caller's future was dropped; the work is done all the same.
        let _ = self.report.send(result);
    }
}

fn serve(mut connection: rusqlite::Connection, works: &mpsc::Receiver<Work>) {
    while let Ok(work) = works.recv() {
        let mut next = Some(work);
        let mut group = Vec::new();
        while let Some(Work::Write(write)) = next {
            group.push(write);
            next = if group.len() < GROUP { works.try_recv().ok() } else { None };
        }
        if !group.is_empty() {
            let failure = carry_out(&mut connection, &mut group).err();
            let failure = failure.map(|fault| fault.into_error("store.commit").report());
            group.into_iter().for_each(|write| write.answer(failure.as_ref()));
        }
        if let Some(Work::Read(read)) = next {
            read(&mut connection);
        }
    }
}

/// All of a group in one transaction, each in a savepoint of its own, so that one that fails undoes only itself.
fn carry_out(connection: &mut rusqlite::Connection, group: &mut [Box<dyn Write>]) -> Outcome<()> {
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if let [only] = group {
        if only.apply(&tx) {
            tx.commit()?;
        }
        return Ok(());
    }
    for write in group {
        tx.execute_batch("SAVEPOINT one")?;
        let end = if write.apply(&tx) { "RELEASE one" } else { "ROLLBACK TO one; RELEASE one" };
        // Fails when the database has given up the whole transaction; then nobody of the group is told "done".
        tx.execute_batch(end)?;
    }
    tx.commit()?;
    Ok(())
}

pub(super) fn gone(operation: &'static str) -> Error {
    Error::new(ErrorKind::Internal, operation, "the thread of the store has ended")
        .with_remedy("open the store again, and report this: it is a defect")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;
    use crate::store::sqlite::fault::Fault;

    type Asked = (Box<dyn Write>, oneshot::Receiver<Result<()>>);

    fn insert(key: &str, is_good: bool) -> Asked {
        let (report, done) = oneshot::channel();
        let key = key.to_owned();
        let work = move |connection: &rusqlite::Connection| {
            let sql = "INSERT INTO records (collection, key, version, value) VALUES ('c', ?1, 1, '{}')";
            connection.execute(sql, [key])?;
            if is_good { Ok(()) } else { Err(Fault::Refused(Error::invalid("x.y", "no"))) }
        };
        (Box::new(Pending { operation: "record.put", work: Some(work), result: None, report }), done)
    }

    fn keys(connection: &rusqlite::Connection) -> Vec<String> {
        let mut statement = connection.prepare("SELECT key FROM records ORDER BY key").unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(|key| key.unwrap()).collect()
    }

    /// Carries out a group and gives the kinds of the answers.
    fn run(connection: &mut rusqlite::Connection, writes: Vec<Asked>) -> Vec<Option<ErrorKind>> {
        let (mut group, answers): (Vec<_>, Vec<_>) = writes.into_iter().unzip();
        let failure = carry_out(connection, &mut group).err().map(|fault| fault.into_error("a.b").report());
        group.into_iter().for_each(|write| write.answer(failure.as_ref()));
        answers.into_iter().map(|mut answer| answer.try_recv().unwrap().err().map(|e| e.kind())).collect()
    }

    fn opened() -> (tempfile::TempDir, rusqlite::Connection) {
        let folder = tempfile::tempdir().unwrap();
        let connection = open::open(&folder.path().join("a.db"), &SystemClock).unwrap();
        (folder, connection)
    }

    #[test]
    fn a_write_that_fails_undoes_only_itself() {
        let (_folder, mut connection) = opened();
        let answers = run(&mut connection, vec![insert("a", true), insert("b", false), insert("c", true)]);
        assert_eq!(answers, [None, Some(ErrorKind::InvalidInput), None]);
        assert_eq!(keys(&connection), ["a", "c"]);
    }

    #[test]
    fn a_single_write_that_fails_changes_nothing() {
        let (_folder, mut connection) = opened();
        assert_eq!(run(&mut connection, vec![insert("a", false)]), [Some(ErrorKind::InvalidInput)]);
        assert!(keys(&connection).is_empty());
    }

    #[test]
    fn when_the_commit_fails_nobody_is_told_that_it_is_done() {
        let (_folder, mut connection) = opened();
        // A reference that is checked only when the transaction ends.
        let (report, done) = oneshot::channel();
        let work = |connection: &rusqlite::Connection| {
            connection.execute_batch(
                "PRAGMA defer_foreign_keys = ON;
                 INSERT INTO events (job, sequence, subject, position, time, body)
                 VALUES ('no such job', 1, 'app/shop', 1, 0, '{}')",
            )?;
            Ok(())
        };
        let orphan: Box<dyn Write> =
            Box::new(Pending { operation: "x.y", work: Some(work), result: None, report });
        let answers = run(&mut connection, vec![insert("a", true), (orphan, done)]);
        assert_eq!(answers, [Some(ErrorKind::Internal); 2]);
        assert!(keys(&connection).is_empty());
        assert_eq!(run(&mut connection, vec![insert("a", true)]), [None], "the connection is still good");
    }

    #[test]
    fn a_database_that_is_locked_fails_the_whole_group() {
        let (folder, mut connection) = opened();
        connection.busy_timeout(std::time::Duration::ZERO).unwrap();
        let other = rusqlite::Connection::open(folder.path().join("a.db")).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let answers = run(&mut connection, vec![insert("a", true), insert("b", true)]);
        assert_eq!(answers, [Some(ErrorKind::Unavailable); 2]);
    }
}
