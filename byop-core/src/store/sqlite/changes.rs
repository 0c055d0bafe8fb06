//! Signs that something has changed, from this process and from others.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::connection::Connection;
use crate::error::Result;

/// How often a waiting caller looks for writes of other processes.
const LOOK: Duration = Duration::from_millis(200);

/// Counts changes. Those of other processes show in a number that SQLite keeps for each connection.
#[derive(Debug)]
pub(super) struct Changes {
    count: watch::Sender<u64>,
    foreign: tokio::sync::Mutex<Foreign>,
}

#[derive(Debug, Default)]
struct Foreign {
    version: Option<i64>,
    looked: Option<Instant>,
}

impl Changes {
    pub(super) fn new() -> Self {
        Self { count: watch::Sender::new(1), foreign: tokio::sync::Mutex::default() }
    }

    pub(super) fn announce(&self) {
        self.count.send_modify(|count| *count += 1);
    }

    pub(super) async fn wait(&self, connection: &Connection, seen: u64, patience: Duration) -> Result<u64> {
        let end = Instant::now() + patience;
        let mut count = self.count.subscribe();
        loop {
            let next = end.min(Instant::now() + LOOK);
            if let Ok(Ok(count)) = timeout_at(next, count.wait_for(|count| *count > seen)).await {
                return Ok(*count);
            }
            self.look(connection).await?;
            if Instant::now() >= end {
                return Ok(*self.count.borrow());
            }
        }
    }

    /// Looks for writes of other processes, once for all that wait.
    async fn look(&self, connection: &Connection) -> Result<()> {
        let mut foreign = self.foreign.lock().await;
        if foreign.looked.is_some_and(|looked| looked.elapsed() < LOOK / 2) {
            return Ok(());
        }
        let version = connection
            .read("store.wait", |tx| Ok(tx.pragma_query_value(None, "data_version", |row| row.get(0))?))
            .await?;
        foreign.looked = Some(Instant::now());
        // The first look knows no earlier one: it counts as a change.
        if foreign.version.replace(version) != Some(version) {
            self.announce();
        }
        Ok(())
    }
}
