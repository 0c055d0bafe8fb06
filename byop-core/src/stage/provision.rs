//! The stages by which a server is rented and given back.
//!
//! Providers answer late, twice or not at all, and their lists lag. So each thing has a key that was written down
//! before the first try; after an answer that did not come the thing is looked for under its key, as long as lists
//! may be late, and only then asked for again; and what was not seen yet is not taken for gone.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::EventSink;
use crate::cloud::{CloudProvider, SshKeys, is_no_capacity};
use crate::error::{Error, ErrorKind, Result, Retry};
use crate::model::{EventBody, RegionId, SshKeyId};

mod address;
mod choose;
mod create;
mod prepare;
mod remove;
mod run;

pub use address::{ReserveAddress, ReserveAddressInput};
pub use choose::{ChooseServer, ChooseServerInput};
pub use create::{CreateServer, CreateServerInput};
pub use prepare::{PrepareServer, PrepareServerInput, PreparedServer};
pub use remove::{Leftovers, Removal, RemoveServer, RemoveServerInput, RemovedServer};
pub use run::{AwaitServer, AwaitServerInput, ServerOutcome};

/// What the stages of a server work with.
#[derive(Debug, Clone)]
pub struct ServerContext {
    /// The cloud.
    pub provider: Arc<dyn CloudProvider>,
    /// Where events go.
    pub events: Arc<dyn EventSink>,
}

impl ServerContext {
    /// How long something that was made may be missing from lists.
    pub(crate) fn lag(&self) -> Duration {
        Duration::from_secs(self.provider.capabilities().list_lag_seconds.into())
    }

    /// Tells the user that something may not be as wanted.
    pub async fn warn(&self, message: impl Into<String>) {
        self.events.emit(EventBody::Warning { message: message.into() }).await;
    }
}

/// Whether asking again later may give another answer.
fn is_passing(error: &Error) -> bool {
    let kind = matches!(error.kind(), ErrorKind::RateLimited | ErrorKind::Unavailable | ErrorKind::Timeout);
    kind && error.retry() != Retry::Never
}

/// Whether a call that failed so certainly made nothing.
fn is_definite(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Unavailable => is_no_capacity(error),
        ErrorKind::Timeout | ErrorKind::Internal | ErrorKind::Corrupt | ErrorKind::Cancelled => false,
        _ => true,
    }
}

/// The pauses between looks: from two seconds on, up to ten.
#[derive(Debug)]
struct Pauses(Duration);

impl Pauses {
    fn new() -> Self {
        Self(Duration::from_secs(2))
    }

    /// The next one.
    fn next(&mut self) -> Duration {
        let pause = self.0;
        self.0 = (pause * 3 / 2).min(Duration::from_secs(10));
        pause
    }

    async fn wait(&mut self) {
        sleep(self.next()).await;
    }

    /// The next one, or what the other side asks for.
    async fn wait_after(&mut self, error: &Error) {
        let pause = self.next();
        let asked = if let Retry::After(asked) = error.retry() { asked } else { Duration::ZERO };
        sleep(pause.max(asked)).await;
    }
}

/// Calls until the answer is one that stays. The stage's deadline ends it.
async fn persist<T, F: Future<Output = Result<T>>>(mut call: impl FnMut() -> F) -> Result<T> {
    let mut pauses = Pauses::new();
    loop {
        match call().await {
            Err(error) if is_passing(&error) => pauses.wait_after(&error).await,
            other => return other,
        }
    }
}

/// Makes a public key known to a region. One that was brought a moment ago may be in the way of its name and not yet in
/// lists: it is waited for.
async fn bring(cx: &ServerContext, keys: &dyn SshKeys, region: &RegionId, key: &str) -> Result<SshKeyId> {
    let end = Instant::now() + cx.lag();
    let mut pauses = Pauses::new();
    loop {
        match keys.apply_ssh_key(region, key).await {
            Err(error) if error.kind() == ErrorKind::Conflict && Instant::now() < end => pauses.wait().await,
            other => return other,
        }
    }
}

/// Looks until something is found or `patience` is over; at least once.
async fn look_for<T, F: Future<Output = Result<Option<T>>>>(
    patience: Duration,
    mut look: impl FnMut() -> F,
) -> Result<Option<T>> {
    let end = Instant::now() + patience;
    let mut pauses = Pauses::new();
    loop {
        if let Some(found) = persist(&mut look).await? {
            return Ok(Some(found));
        }
        let now = Instant::now();
        if now >= end {
            return Ok(None);
        }
        sleep(pauses.next().min(end - now)).await;
    }
}
