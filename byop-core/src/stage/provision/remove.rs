//! Gives a server back, with all that was made for it.

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use super::{Pauses, ServerContext, bring, is_definite, look_for, persist};
use crate::error::{Error, ErrorKind, ErrorReport, Result};
use crate::model::{
    FirewallId, RegionId, ReservedIpId, Resource, ResourceKind, Server, ServerFilter, ServerId, SshKeyId,
    StepPolicy,
};
use crate::stage::Stage;

/// Removes a server, its address, its firewall and the keys that nothing else needs, and waits until they are gone.
/// What is known by its id is removed by it; what may be there besides is looked for by key.
#[derive(Debug, Default)]
pub struct RemoveServer {
    /// What is known to be there.
    pub known: Leftovers,
    /// The server that stays: only what else has its key is removed.
    pub keep: Option<ServerId>,
    /// Why it is removed, when that is not its owner's wish; kept with the answer.
    pub reason: Option<ErrorReport>,
}

/// What of a server may be left.
#[derive(Debug, Clone, Default)]
pub struct Leftovers {
    /// Servers.
    pub servers: Vec<ServerId>,
    /// Whether all of them were seen since they were made, and no call is unanswered. Until then, what cannot be found
    /// may only be late.
    pub settled: bool,
    /// How long what is settled may still be unknown somewhere, because it was made a moment ago.
    pub late: Duration,
    /// The firewall.
    pub firewall: Option<FirewallId>,
    /// The reserved address.
    pub reserved_ip: Option<ReservedIpId>,
    /// Whether there may be an address that nobody was told of, which leads to one of the servers.
    pub unsure_address: bool,
    /// SSH keys that nothing else needs.
    pub ssh_keys: Vec<SshKeyId>,
    /// Public keys that nothing else needs and that may have been brought: where, and which.
    pub public_keys: Option<(RegionId, Vec<String>)>,
}

/// The input of [`RemoveServer`].
#[derive(Debug, Serialize)]
pub struct RemoveServerInput {
    /// Its name.
    pub name: String,
    /// The keys of all tries.
    pub keys: Vec<String>,
    /// Which of what has these keys goes.
    pub removal: Removal,
}

/// Which of what has the keys of a server goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Removal {
    /// Everything.
    All,
    /// A server that failed to start.
    Failed,
    /// All servers but one.
    Twins,
}

/// The output of [`RemoveServer`].
#[derive(Debug, Serialize, Deserialize)]
pub struct RemovedServer {
    /// How many servers were there.
    pub servers: usize,
    /// Why it was removed, when that was not its owner's wish.
    pub reason: Option<ErrorReport>,
}

#[async_trait]
impl Stage for RemoveServer {
    type Context = ServerContext;
    type Input = RemoveServerInput;
    type Output = RemovedServer;
    const NAME: &'static str = "remove_server";

    fn describe(&self, input: &RemoveServerInput) -> String {
        match input.removal {
            Removal::All => format!("remove the server {}", input.name),
            Removal::Failed => format!("remove the server {}, which did not start", input.name),
            Removal::Twins => format!("look for twins of the server {}", input.name),
        }
    }

    fn policy(&self) -> StepPolicy {
        StepPolicy::default().with_attempts(2).with_deadline(Duration::from_secs(15 * 60))
    }

    async fn run(&self, cx: &ServerContext, input: &RemoveServerInput) -> Result<RemovedServer> {
        let patience = if self.known.settled { Duration::ZERO } else { cx.lag() };
        if self.known.settled && !self.known.late.is_zero() {
            self.see(cx).await?;
        }
        // The address first: once its server is gone nothing may tell whose it was.
        if let Some(ip) = &self.known.reserved_ip {
            delete(cx, ResourceKind::ReservedIp, &ip.0).await?;
        }
        if self.known.unsure_address && !self.known.settled {
            for id in &self.known.servers {
                delete_addresses(cx, id, patience).await?;
            }
        }
        let mut removed = BTreeSet::new();
        for id in &self.known.servers {
            delete_server(cx, id, patience).await?;
            removed.insert(id.clone());
        }
        let mut known = removed.clone();
        known.extend(self.keep.clone());
        while let Some(server) = find_other(cx, input, &known, patience).await? {
            let others: Vec<_> = find(cx, |found| found.server.as_ref() == Some(&server.id)).await?;
            for ip in others.iter().filter(|found| found.kind == ResourceKind::ReservedIp) {
                delete(cx, ResourceKind::ReservedIp, &ip.id).await?;
            }
            delete_server(cx, &server.id, Duration::ZERO).await?;
            known.insert(server.id.clone());
            removed.insert(server.id);
        }
        if self.keep.is_some() {
            return Ok(RemovedServer { servers: removed.len(), reason: None });
        }
        if let Some(firewall) = &self.known.firewall {
            delete(cx, ResourceKind::Firewall, &firewall.0).await?;
        }
        if !self.known.settled {
            // When it was deleted first it may not have been known everywhere.
            if let Some(ip) = &self.known.reserved_ip {
                delete(cx, ResourceKind::ReservedIp, &ip.0).await?;
            }
            let is_ours = |found: &Resource| found.key.as_ref().is_some_and(|key| input.keys.contains(key));
            for found in find(cx, is_ours).await? {
                delete(cx, found.kind, &found.id).await?;
            }
        }
        for key in &self.known.ssh_keys {
            delete_key(cx, key).await?;
        }
        if let (Some((region, public_keys)), Some(keys)) = (&self.known.public_keys, cx.provider.ssh_keys()) {
            let mut brought = Vec::new();
            for key in public_keys {
                // Bringing it again tells its id; what cannot be brought is not there.
                match persist(|| bring(cx, keys, region, key)).await {
                    Err(error) if !is_definite(&error) => return Err(error),
                    other => brought.extend(other),
                }
            }
            for key in &brought {
                delete_key(cx, key).await?;
            }
            if !brought.is_empty() {
                // It may have been made just now, and not have been known everywhere when it was deleted.
                sleep(cx.lag()).await;
            }
            for key in &brought {
                delete_key(cx, key).await?;
            }
        }
        Ok(RemovedServer { servers: removed.len(), reason: self.reason.clone() })
    }
}

impl RemoveServer {
    /// Waits until the server and its address are found, or could no longer be late: a call to delete what is not known
    /// yet does nothing. What a server is made with is older, and was found when the server was made.
    async fn see(&self, cx: &ServerContext) -> Result<()> {
        for id in &self.known.servers {
            look_for(self.known.late, || async { if_found(cx.provider.get_server(id).await) }).await?;
        }
        if let (Some(ip), Some(ips)) = (&self.known.reserved_ip, cx.provider.reserved_ips()) {
            look_for(self.known.late, || async { if_found(ips.get_reserved_ip(ip).await) }).await?;
        }
        Ok(())
    }
}

fn if_found<T>(result: Result<T>) -> Result<Option<T>> {
    match result {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        other => other.map(Some),
    }
}

/// Deletes the addresses that lead to a server, also one that lists show late.
async fn delete_addresses(cx: &ServerContext, server: &ServerId, patience: Duration) -> Result<()> {
    let mut known = BTreeSet::new();
    while let Some(ip) = look_for(patience, || async {
        let is_other = |found: &Resource| {
            found.kind == ResourceKind::ReservedIp
                && found.server.as_ref() == Some(server)
                && !known.contains(&found.id)
        };
        Ok(cx.provider.list_resources().await?.into_iter().find(is_other))
    })
    .await?
    {
        delete(cx, ResourceKind::ReservedIp, &ip.id).await?;
        known.insert(ip.id);
    }
    Ok(())
}

/// A server of one of the keys that is not among those that were dealt with.
async fn find_other(
    cx: &ServerContext,
    input: &RemoveServerInput,
    known: &BTreeSet<ServerId>,
    patience: Duration,
) -> Result<Option<Server>> {
    look_for(patience, || async {
        for key in &input.keys {
            let found = cx.provider.list_servers(&ServerFilter::all().with_key(key)).await?;
            if let Some(other) = found.into_iter().find(|server| !known.contains(&server.id)) {
                return Ok(Some(other));
            }
        }
        Ok(None)
    })
    .await
}

async fn find(cx: &ServerContext, is_it: impl Fn(&Resource) -> bool) -> Result<Vec<Resource>> {
    let all = persist(|| cx.provider.list_resources()).await?;
    Ok(all.into_iter().filter(is_it).collect())
}

/// Deletes a server and waits until it is gone. One that cannot be found counts as gone only after `patience`: a new
/// one may not be known everywhere yet, and a call to delete it has then done nothing.
async fn delete_server(cx: &ServerContext, id: &ServerId, patience: Duration) -> Result<()> {
    let trusted_from = Instant::now() + patience;
    let mut seen = false;
    let mut pauses = Pauses::new();
    loop {
        delete(cx, ResourceKind::Server, &id.0).await?;
        match persist(|| cx.provider.get_server(id)).await {
            Ok(_) => seen = true,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                if seen || Instant::now() >= trusted_from {
                    return Ok(());
                }
            }
            Err(error) => return Err(error),
        }
        pauses.wait().await;
    }
}

async fn delete_key(cx: &ServerContext, id: &SshKeyId) -> Result<()> {
    match delete(cx, ResourceKind::SshKey, &id.0).await {
        // Somebody else brought it.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(()),
        other => other,
    }
}

/// Begins to delete a thing, as soon as nothing uses it.
async fn delete(cx: &ServerContext, kind: ResourceKind, id: &str) -> Result<()> {
    let mut pauses = Pauses::new();
    loop {
        let deleted = persist(|| async {
            match kind {
                ResourceKind::Server => cx.provider.delete_server(&ServerId(id.to_owned())).await,
                kind => cx.provider.delete_resource(kind, id).await,
            }
        });
        match deleted.await {
            Err(error) if error.kind() == ErrorKind::Conflict => pauses.wait().await,
            Err(error) => return Err(left(error, kind, id)),
            Ok(()) => return Ok(()),
        }
    }
}

fn left(error: Error, kind: ResourceKind, id: &str) -> Error {
    error.with_context("left", format!("{} {id}", kind.as_str()))
}
