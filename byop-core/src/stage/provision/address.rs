//! Reserves an address for a server.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use serde::Serialize;

use super::{Pauses, ServerContext, is_definite, look_for};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{ReservedIp, ReservedIpId, ResourceKind, ServerId, StepPolicy};
use crate::stage::Stage;

/// Reserves an address and leads it to a server. Once the outcome of an earlier call is unknown, the address is looked
/// for first.
#[derive(Debug, Default)]
pub struct ReserveAddress {
    unsettled: AtomicBool,
}

/// The input of [`ReserveAddress`].
#[derive(Debug, Serialize)]
pub struct ReserveAddressInput {
    /// The key of the address.
    pub key: String,
    /// The server that it is assigned to.
    pub server: ServerId,
}

impl ReserveAddress {
    /// Notes that an earlier process may have asked already.
    #[must_use]
    pub fn after_another(self) -> Self {
        self.unsettled.store(true, Ordering::SeqCst);
        self
    }

    /// Whether there may be an address that nobody has been told of.
    #[must_use]
    pub fn is_unsettled(&self) -> bool {
        self.unsettled.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Stage for ReserveAddress {
    type Context = ServerContext;
    type Input = ReserveAddressInput;
    type Output = ReservedIp;
    const NAME: &'static str = "reserve_address";

    fn describe(&self, input: &ReserveAddressInput) -> String {
        format!("reserve an address for the server {}", input.server)
    }

    fn policy(&self) -> StepPolicy {
        StepPolicy::default()
            .with_attempts(6)
            .with_delay(Duration::from_secs(1))
            .with_deadline(Duration::from_secs(10 * 60))
    }

    async fn run(&self, cx: &ServerContext, input: &ReserveAddressInput) -> Result<ReservedIp> {
        let ips = cx.provider.reserved_ips().ok_or_else(|| {
            Error::new(ErrorKind::Unsupported, "server.address", "the provider has no reserved addresses")
        })?;
        if self.is_unsettled() {
            // Found or not, the call below takes what is there; it only must not come before lists have caught up.
            look_for(cx.lag(), || async {
                let all = cx.provider.list_resources().await?;
                let is_it = |found: &crate::model::Resource| {
                    found.kind == ResourceKind::ReservedIp
                        && (found.key.as_ref() == Some(&input.key)
                            || found.server.as_ref() == Some(&input.server))
                };
                Ok(all.into_iter().find(is_it).map(|found| ReservedIpId(found.id)))
            })
            .await?;
        }
        let mut pauses = Pauses::new();
        loop {
            let earlier = self.unsettled.swap(true, Ordering::SeqCst);
            let reserved = ips.reserve_ip(&input.key, &input.server).await;
            // What was unknown before is no better known after a refusal.
            if reserved.as_ref().map_or_else(|error| is_definite(error) && !earlier, |_| true) {
                self.unsettled.store(false, Ordering::SeqCst);
            }
            match reserved {
                // The server is busy with something else.
                Err(error) if error.kind() == ErrorKind::Conflict => pauses.wait().await,
                other => return other,
            }
        }
    }
}
