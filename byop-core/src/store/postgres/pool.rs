//! Connections, and the transactions on them.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Object, PoolError, RecyclingMethod};
use tokio::time::{Instant, sleep, timeout};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::fault::{Fault, Outcome, is_lost};
use super::listener::NOTIFY_AND_COMMIT;
use super::options::PostgresOptions;
use super::tls::Tls;
use crate::error::{Error, ErrorKind, Result};

/// How long a call waits for a server that is away: a restart passes unnoticed.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whether a write may be done again when nobody knows if it has happened.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    /// Twice is the same as once.
    Harmless,
    /// The caller must look first.
    Harmful,
}

/// A number of connections, made when they are needed and replaced when they are lost.
#[derive(Clone)]
pub(super) struct Pool {
    connections: deadpool_postgres::Pool,
    /// A server that does not answer at all cannot end its own statements.
    limit: Duration,
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("status", &self.connections.status()).finish_non_exhaustive()
    }
}

impl Pool {
    pub(super) fn new(options: &PostgresOptions, tls: Tls) -> Result<Self> {
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_config(options.session_config(), tls, recycling);
        let connections = deadpool_postgres::Pool::builder(manager)
            .max_size(options.connections)
            .build()
            .map_err(|error| {
                Error::new(ErrorKind::Internal, "store.open", "no pool of connections could be made")
                    .with_source(error)
            })?;
        Ok(Self { connections, limit: options.statement_timeout.saturating_add(PATIENCE) })
    }

    /// Runs `work`, which asks one statement, or several that need not see one state.
    pub(super) async fn read<T, F>(
        &self,
        operation: &'static str,
        work: impl Fn(Session) -> F + Send + Sync,
    ) -> Result<T>
    where
        F: Future<Output = Outcome<T>> + Send,
    {
        let work = &work;
        let attempt = || async move { work(self.session().await?).await };
        self.persist(operation, Again::Harmless, attempt).await
    }

    /// Runs `work` in a transaction, which is committed when it returns `Ok`. A call that is dropped half-way leaves
    /// all of it or nothing.
    pub(super) async fn write<T, F>(
        &self,
        operation: &'static str,
        again: Again,
        work: impl Fn(Session) -> F + Send + Sync,
    ) -> Result<T>
    where
        T: Send,
        F: Future<Output = Outcome<T>> + Send,
    {
        let work = &work;
        let attempt = || async move {
            let session = self.session().await?;
            session.begin().await?;
            match work(session.clone()).await {
                Ok(value) => session.commit().await.map(|()| value),
                Err(fault) => {
                    session.roll_back().await;
                    Err(fault)
                }
            }
        };
        self.persist(operation, again, attempt).await
    }

    /// Tries until it works, fails for good, or patience ends.
    async fn persist<T, F>(
        &self,
        operation: &'static str,
        again: Again,
        attempt: impl Fn() -> F + Send + Sync,
    ) -> Result<T>
    where
        F: Future<Output = Outcome<T>> + Send,
    {
        let give_up = Instant::now() + PATIENCE;
        let mut pause = Duration::from_millis(20);
        loop {
            let fault = match timeout(self.limit, attempt()).await {
                Ok(Ok(value)) => return Ok(value),
                Ok(Err(fault)) => fault,
                Err(_) => Fault::Late,
            };
            let is_repeatable =
                fault.is_passing() || (again == Again::Harmless && matches!(fault, Fault::Unknown(_)));
            if !is_repeatable || Instant::now() + pause > give_up {
                return Err(fault.into_error(operation));
            }
            sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(500));
        }
    }

    async fn session(&self) -> Outcome<Session> {
        match self.connections.get().await {
            Ok(object) => Ok(Session(Arc::new(Open {
                object: Some(object),
                in_transaction: AtomicBool::new(false),
                has_news: AtomicBool::new(false),
            }))),
            Err(PoolError::Backend(error)) => Err(Fault::Database(error)),
            Err(_) => Err(Fault::Late),
        }
    }
}

/// One connection, while a call uses it.
#[derive(Clone)]
pub(super) struct Session(Arc<Open>);

struct Open {
    object: Option<Object>,
    in_transaction: AtomicBool,
    has_news: AtomicBool,
}

impl Drop for Open {
    fn drop(&mut self) {
        // The call was dropped half-way, or the connection is broken. Closing it makes the server undo the rest;
        // in the pool the next call would find itself inside this transaction.
        if self.in_transaction.load(Ordering::Acquire) {
            self.object.take().map(Object::take);
        }
    }
}

impl Session {
    fn object(&self) -> Outcome<&Object> {
        // Taken when dropped, not before.
        self.0.object.as_ref().ok_or(Fault::Late)
    }

    async fn begin(&self) -> Outcome<()> {
        self.0.in_transaction.store(true, Ordering::Release);
        Ok(self.object()?.batch_execute("BEGIN").await?)
    }

    async fn commit(&self) -> Outcome<()> {
        let sql = if self.0.has_news.load(Ordering::Acquire) { NOTIFY_AND_COMMIT } else { "COMMIT" };
        match self.object()?.batch_execute(sql).await {
            Ok(()) => {
                self.0.in_transaction.store(false, Ordering::Release);
                Ok(())
            }
            Err(error)
                if is_lost(&error) || error.code().is_some_and(|code| code.code().starts_with("57P")) =>
            {
                Err(Fault::Unknown(error))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Tells everyone who waits for a change, when the transaction commits.
    pub(super) fn announce(&self) {
        self.0.has_news.store(true, Ordering::Release);
    }

    async fn roll_back(&self) {
        if let Ok(object) = self.object()
            && object.batch_execute("ROLLBACK").await.is_ok()
        {
            self.0.in_transaction.store(false, Ordering::Release);
        }
    }

    /// All rows of a statement, which each connection prepares once.
    pub(super) async fn query(&self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Outcome<Vec<Row>> {
        let object = self.object()?;
        let statement = object.prepare_cached(sql).await?;
        Ok(object.query(&statement, values).await?)
    }

    /// The row, if there is one.
    pub(super) async fn find(&self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Outcome<Option<Row>> {
        Ok(self.query(sql, values).await?.into_iter().next())
    }

    /// How many rows were touched.
    pub(super) async fn execute(&self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Outcome<u64> {
        let object = self.object()?;
        let statement = object.prepare_cached(sql).await?;
        Ok(object.execute(&statement, values).await?)
    }

    /// Several statements without values.
    pub(super) async fn run(&self, sql: &str) -> Outcome<()> {
        Ok(self.object()?.batch_execute(sql).await?)
    }
}
