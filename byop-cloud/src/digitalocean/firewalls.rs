//! Firewalls. Each has a tag of its own; droplets that are made with the tag are behind it from their first moment.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use byop_core::cloud::Firewalls;
use byop_core::model::{FirewallId, FirewallRule, FirewallSpec, Protocol};
use byop_core::{Error, ErrorKind, Result, Retry};
use tokio::time::Instant;

use super::client::encode;
use super::servers::foreign;
use super::{DigitalOcean, marks, wire};
use crate::http::Repeat;

const APPLY: &str = "firewall.apply";
/// How long what was just applied is taken to be there.
const FRESH: Duration = Duration::from_secs(30);
const EVERYWHERE: [&str; 2] = ["0.0.0.0/0", "::/0"];

/// The firewalls that were applied a moment ago, with their tags.
#[derive(Debug, Default)]
pub(super) struct Fresh(Mutex<BTreeMap<String, (Instant, String)>>);

impl Fresh {
    fn note(&self, id: &str, tag: String) {
        let mut known = self.known();
        known.retain(|_, (at, _)| at.elapsed() < FRESH);
        known.insert(id.to_owned(), (Instant::now(), tag));
    }

    fn tag(&self, id: &str) -> Option<String> {
        self.known().get(id).filter(|(at, _)| at.elapsed() < FRESH).map(|(_, tag)| tag.clone())
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<String, (Instant, String)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl DigitalOcean {
    async fn firewall_named(&self, operation: &'static str, name: &str) -> Result<Option<wire::Firewall>> {
        let all: Vec<wire::Firewall> = self.api.list(operation, "firewalls", &[], "firewalls").await?;
        Ok(all.into_iter().find(|firewall| firewall.name == name))
    }

    async fn find_firewall(&self, operation: &'static str, id: &str) -> Result<Option<wire::Firewall>> {
        self.api.find(operation, &format!("firewalls/{}", encode(id)), "firewall").await
    }

    /// The tag that brings a droplet behind a firewall of ours. Whoever has just made one need not look at it, which it
    /// might be too early for.
    pub(super) async fn tag_of_firewall(&self, operation: &'static str, id: &FirewallId) -> Result<String> {
        if let Some(tag) = self.fresh.tag(&id.0) {
            return Ok(tag);
        }
        let Some(firewall) = self.find_firewall(operation, &id.0).await? else {
            return Err(Error::not_found(operation, "there is no such firewall")
                .with_context("firewall", encode(&id.0))
                .with_remedy("make it first"));
        };
        let key = marks::firewall_key(&firewall.name, &firewall.tags);
        key.map(marks::firewall_tag).ok_or_else(|| foreign(operation, &id.0))
    }

    pub(super) async fn delete_firewall(&self, operation: &'static str, id: &str) -> Result<()> {
        let Some(firewall) = self.find_firewall(operation, id).await? else { return Ok(()) };
        let Some(key) = marks::firewall_key(&firewall.name, &firewall.tags) else {
            return Err(foreign(operation, id));
        };
        self.fresh.known().remove(id);
        self.api.delete(operation, &format!("firewalls/{}", encode(id))).await?;
        // A tag that stays costs nothing and does nothing.
        let _ = self.delete_tag(operation, &marks::firewall_tag(key)).await;
        Ok(())
    }

    /// Makes a tag known. One that is there already stays as it is.
    pub(super) async fn apply_tag(&self, operation: &'static str, name: &str) -> Result<()> {
        let tag = wire::Tag { name: name.to_owned() };
        match self.api.post(operation, "tags", &tag, Repeat::Keyed).await {
            Err(error) if error.kind() == ErrorKind::Conflict => Ok(()),
            other => other.map(drop),
        }
    }

    pub(super) async fn delete_tag(&self, operation: &'static str, name: &str) -> Result<()> {
        self.api.delete(operation, &format!("tags/{}", encode(name))).await
    }

    async fn replace_firewall(
        &self,
        known: wire::Firewall,
        mut wanted: wire::NewFirewall,
    ) -> Result<FirewallId> {
        if marks::firewall_key(&known.name, &known.tags).is_none() {
            return Err(Error::new(ErrorKind::Conflict, APPLY, "somebody else has a firewall of this name")
                .with_context("name", &known.name)
                .with_context("firewall", &known.id)
                .with_remedy("rename or remove it at DigitalOcean"));
        }
        // What was brought behind it by hand stays there.
        wanted.droplet_ids = known.droplet_ids;
        wanted.tags = known.tags;
        self.api.put(APPLY, &format!("firewalls/{}", encode(&known.id)), &wanted).await?;
        Ok(FirewallId(known.id))
    }
}

#[async_trait]
impl Firewalls for DigitalOcean {
    async fn apply_firewall(&self, spec: &FirewallSpec) -> Result<FirewallId> {
        let id = self.apply(firewall(spec)?, spec).await?;
        self.fresh.note(&id.0, marks::firewall_tag(&spec.key));
        Ok(id)
    }
}

impl DigitalOcean {
    async fn apply(&self, wanted: wire::NewFirewall, spec: &FirewallSpec) -> Result<FirewallId> {
        let name = wanted.name.clone();
        if let Some(known) = self.firewall_named(APPLY, &name).await? {
            return self.replace_firewall(known, wanted).await;
        }
        self.apply_tag(APPLY, &marks::firewall_tag(&spec.key)).await?;
        // Names are unique, so that a second request can do no harm.
        let made = self.api.create(APPLY, "firewalls", &wanted, "firewall", Repeat::Keyed).await;
        match made {
            Ok(wire::Firewall { id, .. }) => Ok(FirewallId(id)),
            Err(error) if error.kind() == ErrorKind::Conflict => {
                let Some(known) = self.firewall_named(APPLY, &name).await? else {
                    return Err(Error::new(
                        ErrorKind::Unavailable,
                        APPLY,
                        "there is a firewall of this name, but the list does not show it yet",
                    )
                    .with_context("name", name)
                    .with_source(error)
                    .with_retry(Retry::After(Duration::from_secs(2)))
                    .with_remedy("try again in some seconds"));
                };
                self.replace_firewall(known, wanted).await
            }
            Err(error) => Err(error),
        }
    }
}

fn firewall(spec: &FirewallSpec) -> Result<wire::NewFirewall> {
    if !marks::is_key(&spec.key) {
        return Err(Error::invalid(APPLY, "this cannot be the key of a firewall")
            .with_context("key", encode(&spec.key))
            .with_remedy("use 1 to 20 lower-case letters and digits"));
    }
    Ok(wire::NewFirewall {
        name: marks::firewall_name(&spec.key),
        inbound_rules: spec.rules.iter().map(inbound).collect::<Result<_>>()?,
        outbound_rules: vec![outbound("tcp", "all"), outbound("udp", "all"), outbound("icmp", "0")],
        droplet_ids: Vec::new(),
        tags: vec![marks::firewall_tag(&spec.key)],
    })
}

fn inbound(rule: &FirewallRule) -> Result<wire::Inbound> {
    let protocol = match rule.protocol {
        Protocol::Tcp => Some("tcp"),
        Protocol::Udp => Some("udp"),
        _ => None,
    };
    let fits = rule.port != 0 && rule.sources.iter().all(|source| is_network(source));
    let Some(protocol) = protocol.filter(|_| fits) else {
        return Err(Error::invalid(APPLY, "this cannot be a rule of a firewall")
            .with_context("port", rule.port)
            .with_context("sources", encode(&rule.sources.join(" ")))
            .with_remedy("give TCP or UDP, a port from 1 to 65535, and networks such as 203.0.113.0/24"));
    };
    let mut addresses = rule.sources.clone();
    if addresses.is_empty() {
        addresses.extend(EVERYWHERE.map(str::to_owned));
    }
    Ok(wire::Inbound { protocol, ports: rule.port.to_string(), sources: wire::Addresses { addresses } })
}

/// As soon as there is a firewall, nothing goes out but what it says.
fn outbound(protocol: &'static str, ports: &str) -> wire::Outbound {
    let addresses = EVERYWHERE.map(str::to_owned).to_vec();
    wire::Outbound { protocol, ports: ports.to_owned(), destinations: wire::Addresses { addresses } }
}

fn is_network(text: &str) -> bool {
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (text, None),
    };
    let Ok(address) = address.parse::<IpAddr>() else { return false };
    let most = if address.is_ipv4() { 32 } else { 128 };
    length.is_none_or(|length| length.parse::<u8>().is_ok_and(|length| length <= most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_told_from_other_texts() {
        for good in ["203.0.113.0/24", "203.0.113.4", "::/0", "2001:db8::/32"] {
            assert!(is_network(good), "{good}");
        }
        for bad in ["", "203.0.113.0/33", "203.0.113/24", "::/129", "here", "203.0.113.4/", "1.2.3.4/+4x"] {
            assert!(!is_network(bad), "{bad}");
        }
    }
}
