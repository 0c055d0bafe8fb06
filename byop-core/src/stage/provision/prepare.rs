//! Makes what a server is made with.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{ServerContext, bring, is_definite, look_for};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{FirewallId, FirewallSpec, ResourceKind, ServerRequest, SshKeyId, StepPolicy};
use crate::stage::Stage;

/// Brings the SSH keys and makes the firewall of a server. Once the outcome of an earlier call is unknown, the firewall
/// is looked for first.
#[derive(Debug, Default)]
pub struct PrepareServer {
    unsettled: AtomicBool,
}

impl PrepareServer {
    /// Notes that an earlier process may have asked already.
    #[must_use]
    pub fn after_another(self) -> Self {
        self.unsettled.store(true, Ordering::SeqCst);
        self
    }

    /// Whether there may be a firewall that nobody has been told of.
    #[must_use]
    pub fn is_unsettled(&self) -> bool {
        self.unsettled.load(Ordering::SeqCst)
    }
}

/// The input of [`PrepareServer`].
#[derive(Debug, Serialize)]
pub struct PrepareServerInput {
    /// What is wanted.
    pub request: ServerRequest,
    /// The key of the firewall.
    pub key: String,
}

/// The output of [`PrepareServer`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PreparedServer {
    /// The keys at the provider, by the public keys.
    pub ssh_keys: BTreeMap<String, SshKeyId>,
    /// The firewall.
    pub firewall: Option<FirewallId>,
}

#[async_trait]
impl Stage for PrepareServer {
    type Context = ServerContext;
    type Input = PrepareServerInput;
    type Output = PreparedServer;
    const NAME: &'static str = "prepare_server";

    fn describe(&self, input: &PrepareServerInput) -> String {
        format!("prepare the keys and the firewall of {}", input.request.name)
    }

    fn policy(&self) -> StepPolicy {
        StepPolicy::default().with_attempts(8)
    }

    async fn run(&self, cx: &ServerContext, input: &PrepareServerInput) -> Result<PreparedServer> {
        let request = &input.request;
        let mut prepared = PreparedServer { ssh_keys: BTreeMap::new(), firewall: None };
        let lacks = || Error::new(ErrorKind::Unsupported, "server.prepare", "the provider lacks it");
        for key in &request.ssh_keys {
            let keys = cx.provider.ssh_keys().ok_or_else(lacks)?;
            let id = bring(cx, keys, &request.region, key).await?;
            prepared.ssh_keys.insert(key.clone(), id);
        }
        if !request.firewall.is_empty() {
            let firewalls = cx.provider.firewalls().ok_or_else(lacks)?;
            let mut spec = FirewallSpec::new(&input.key, request.name.as_str(), request.region.clone());
            spec.rules.clone_from(&request.firewall);
            if self.unsettled.swap(true, Ordering::SeqCst) {
                // Found or not, the call below takes what is there; it only must not come before lists have caught up.
                look_for(cx.lag(), || async {
                    let all = cx.provider.list_resources().await?;
                    let mut firewalls = all.iter().filter(|found| found.kind == ResourceKind::Firewall);
                    Ok(firewalls.any(|found| found.key.as_ref() == Some(&input.key)).then_some(()))
                })
                .await?;
            }
            let applied = firewalls.apply_firewall(&spec).await;
            if applied.as_ref().map_or_else(is_definite, |_| true) {
                self.unsettled.store(false, Ordering::SeqCst);
            }
            prepared.firewall = Some(applied?);
        }
        Ok(prepared)
    }
}
