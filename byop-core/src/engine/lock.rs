//! One at a time on what belongs to a whole host, whichever process asks.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Inner;
use crate::clock::Timestamp;
use crate::error::{Error, ErrorKind, Result};
use crate::store::{Expected, Scope};

/// Keys are names of hosts, values [`Holder`]s.
const LOCKS: &str = "locks";
/// How often a lock that another process holds is asked for.
const LOOK: Duration = Duration::from_millis(100);

/// Who has a host to itself, and until when if it gives no more sign of life.
#[derive(Debug, Serialize, Deserialize)]
struct Holder {
    owner: String,
    until: Timestamp,
}

impl Inner {
    /// Does something while no one else works on what all apps of a host share: its proxy, and who comes and goes.
    ///
    /// The right to it is a lease in the store: it is renewed meanwhile, and runs out with a process that dies.
    pub(super) async fn with_host<T>(&self, host: &str, work: impl Future<Output = Result<T>>) -> Result<T> {
        // Within this process nobody has to ask the store again and again.
        let _alone = self.hosts_in_use.lock().await;
        let mut version = self.take_host(host).await?;
        let result = tokio::select! {
            biased;
            result = work => result,
            error = self.hold_host(host, &mut version) => Err(error),
        };
        // One that could not be given back runs out.
        if let Err(error) =
            self.store.delete_record(&Scope::Platform, LOCKS, host, Expected::Version(version)).await
        {
            tracing::warn!(host, %error, "the host could not be given free");
        }
        result
    }

    async fn take_host(&self, host: &str) -> Result<u64> {
        loop {
            let found = self.store.find_record(&Scope::Platform, LOCKS, host).await?;
            let expected = match &found {
                None => Expected::Absent,
                Some(record) => {
                    let holder: Option<Holder> = serde_json::from_value(record.value.clone()).ok();
                    // What cannot be read is nobody's; what this process left behind is its own.
                    let is_free = holder.is_none_or(|holder| {
                        let now = self.clock.now();
                        // One that ends later than it can was taken before the clock was set back.
                        let is_alive = holder.until > now && holder.until <= now.plus(self.lease * 2);
                        !is_alive || holder.owner == self.owner
                    });
                    if !is_free {
                        tokio::time::sleep(LOOK).await;
                        continue;
                    }
                    Expected::Version(record.version)
                }
            };
            match self.write_lock(host, expected).await {
                Err(error) if matches!(error.kind(), ErrorKind::AlreadyExists | ErrorKind::Conflict) => {}
                other => return other,
            }
        }
    }

    /// Renews the lease; ends when it is lost.
    async fn hold_host(&self, host: &str, version: &mut u64) -> Error {
        loop {
            tokio::time::sleep(self.lease / 3).await;
            match self.write_lock(host, Expected::Version(*version)).await {
                Ok(renewed) => *version = renewed,
                Err(error) if error.kind() == ErrorKind::Conflict => {
                    return Error::new(
                        ErrorKind::Unavailable,
                        "host.lock",
                        "another process has taken the host",
                    )
                    .with_context("host", host)
                    .with_source(error);
                }
                Err(error) => tracing::warn!(host, %error, "the hold on a host could not be renewed"),
            }
        }
    }

    async fn write_lock(&self, host: &str, expected: Expected) -> Result<u64> {
        let holder = Holder { owner: self.owner.clone(), until: self.clock.now().plus(self.lease) };
        self.store.put_record(&Scope::Platform, LOCKS, host, &json!(holder), expected).await
    }
}
