//! Reserved addresses.
//!
//! They bear no tags. What tells whose one is, is the droplet that it leads to. For the time after that droplet the
//! account has a tag named after the address and its key (see [`marks`]), made right after the address. An address is
//! reserved for a droplet from the start, so that there is no time at which it leads nowhere and has no tag, unless
//! the droplet goes away from outside between the two calls.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use async_trait::async_trait;
use byop_core::cloud::ReservedIps;
use byop_core::model::{ReservedIp, ReservedIpId, Resource, ServerId};
use byop_core::{Error, ErrorKind, Result, Retry};

use super::servers::{busy, foreign};
use super::{DigitalOcean, convert, marks, wire};
use crate::http::Repeat;

const RESERVE: &str = "reserved_ip.reserve";
const ASSIGN: &str = "reserved_ip.assign";

impl DigitalOcean {
    async fn all_addresses(&self, operation: &'static str) -> Result<Vec<wire::ReservedIp>> {
        self.api.list(operation, "reserved_ips", &[], "reserved_ips").await
    }

    async fn find_address(&self, operation: &'static str, id: &str) -> Result<Option<wire::ReservedIp>> {
        let Ok(address) = id.parse::<Ipv4Addr>() else { return Ok(None) };
        self.api.find(operation, &format!("reserved_ips/{address}"), "reserved_ip").await
    }

    /// The tags of the account that name addresses. There may be many tags: this is asked only where an address leads
    /// nowhere.
    async fn address_tags(&self, operation: &'static str) -> Result<Vec<String>> {
        let tags: Result<Vec<wire::Tag>> = self.api.list(operation, "tags", &[], "tags").await;
        let tags = match tags {
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            other => other?,
        };
        Ok(tags
            .into_iter()
            .map(|tag| tag.name)
            .filter(|tag| marks::parse_address_tag(tag).is_some())
            .collect())
    }

    /// Addresses of ours; `droplets` are ours with their keys.
    pub(super) async fn address_resources(
        &self,
        operation: &'static str,
        droplets: &BTreeMap<u64, Option<String>>,
    ) -> Result<Vec<Resource>> {
        let all = self.all_addresses(operation).await?;
        let tags = if all.iter().any(is_idle) { self.address_tags(operation).await? } else { Vec::new() };
        let found = all.iter().filter_map(|ip| match leads_to(ip) {
            Some(droplet) => {
                let is_marked = marks::is_marked(&droplet.tags) || droplets.contains_key(&droplet.id);
                let listed = droplets.get(&droplet.id).and_then(Option::as_deref);
                let key = marks::key_in(&droplet.tags).or(listed);
                is_marked.then(|| convert::address_resource(ip, key, Some(droplet.id)))
            }
            None => {
                let (_, key) = tags
                    .iter()
                    .filter_map(|tag| marks::parse_address_tag(tag))
                    .find(|(address, _)| *address == ip.ip)?;
                Some(convert::address_resource(ip, Some(key), None))
            }
        });
        Ok(found.collect())
    }

    /// The tags of an address that is ours; `PermissionDenied` for one of somebody else.
    async fn tags_of_ours(&self, operation: &'static str, ip: &wire::ReservedIp) -> Result<Vec<String>> {
        if let Some(droplet) = leads_to(ip) {
            let tags = match droplet.tags.is_empty() {
                false => droplet.tags.clone(),
                // It may have been left out.
                true => self.our_droplet(operation, &ServerId(droplet.id.to_string())).await?.tags,
            };
            if !marks::is_marked(&tags) {
                return Err(foreign(operation, &ip.ip.to_string()));
            }
            return Ok(marks::key_in(&tags).map(|key| marks::address_tag(ip.ip, key)).into_iter().collect());
        }
        let tags = self.tags_naming(operation, ip.ip).await?;
        if tags.is_empty() { Err(foreign(operation, &ip.ip.to_string())) } else { Ok(tags) }
    }

    async fn tags_naming(&self, operation: &'static str, address: Ipv4Addr) -> Result<Vec<String>> {
        let mut tags = self.address_tags(operation).await?;
        tags.retain(|tag| tag.starts_with(&marks::address_tag_start(address)));
        Ok(tags)
    }

    /// It is removed while it leads somewhere: one that leads nowhere could be lost.
    pub(super) async fn delete_address(&self, operation: &'static str, id: &str) -> Result<()> {
        let Some(ip) = self.find_address(operation, id).await? else {
            // An address that comes back to this account one day must not be taken for ours.
            return match id.parse() {
                Ok(address) => {
                    self.forget_address(operation, &self.tags_naming(operation, address).await?).await
                }
                Err(_) => Ok(()),
            };
        };
        let tags = self.tags_of_ours(operation, &ip).await?;
        let path = format!("reserved_ips/{}", ip.ip);
        match (self.api.delete(operation, &path).await, leads_to(&ip)) {
            (Err(error), Some(_))
                if matches!(error.kind(), ErrorKind::Conflict | ErrorKind::InvalidInput) =>
            {
                for tag in &tags {
                    self.apply_tag(operation, tag).await?;
                }
                let unassign = wire::NewAction::new("unassign");
                self.api.post(operation, &format!("{path}/actions"), &unassign, Repeat::Never).await?;
                return Err(Error::new(
                    ErrorKind::Conflict,
                    operation,
                    "the address is being taken from its server",
                )
                .with_context("address", ip.ip)
                .with_source(error)
                .with_remedy("try again in some seconds"));
            }
            (other, _) => other?,
        }
        self.forget_address(operation, &tags).await
    }

    async fn forget_address(&self, operation: &'static str, tags: &[String]) -> Result<()> {
        for tag in tags {
            self.delete_tag(operation, tag).await?;
        }
        Ok(())
    }

    async fn lead_to(&self, operation: &'static str, address: Ipv4Addr, droplet: u64) -> Result<()> {
        let mut action = wire::NewAction::new("assign");
        action.droplet_id = Some(droplet);
        self.api
            .post(operation, &format!("reserved_ips/{address}/actions"), &action, Repeat::Never)
            .await
            .map(drop)
    }

    /// A droplet of ours that addresses can lead to.
    async fn target(&self, operation: &'static str, server: &ServerId) -> Result<wire::Droplet> {
        let droplet = self.our_droplet(operation, server).await?;
        if droplet.status == "new" || droplet.locked { Err(busy(operation, server)) } else { Ok(droplet) }
    }

    /// One that leads to the droplet, or was made with this key and leads nowhere.
    async fn look_for_address(&self, key: &str, droplet: u64) -> Result<Option<wire::ReservedIp>> {
        let all = self.all_addresses(RESERVE).await?;
        let is_there = |ip: &wire::ReservedIp| leads_to(ip).is_some_and(|to| to.id == droplet);
        let idle: Vec<_> = all.iter().filter(|ip| is_idle(ip)).map(|ip| ip.ip).collect();
        let mut wanted = None;
        if !all.iter().any(is_there) && !idle.is_empty() {
            let tags = self.address_tags(RESERVE).await?;
            let ours = tags.iter().filter_map(|tag| marks::parse_address_tag(tag));
            let mut ours = ours.filter(|(address, with)| *with == key && idle.contains(address));
            wanted = ours.next().map(|(address, _)| address);
        }
        Ok(all.into_iter().find(|ip| is_there(ip) || Some(ip.ip) == wanted))
    }
}

#[async_trait]
impl ReservedIps for DigitalOcean {
    async fn reserve_ip(&self, key: &str, server: &ServerId) -> Result<ReservedIp> {
        if !marks::is_key(key) {
            return Err(Error::invalid(RESERVE, "this cannot be the key of an address")
                .with_remedy("use 1 to 20 lower-case letters and digits"));
        }
        let droplet = self.target(RESERVE, server).await?;
        if let Some(ip) = self.look_for_address(key, droplet.id).await? {
            self.apply_tag(RESERVE, &marks::address_tag(ip.ip, key)).await?;
            if is_idle(&ip) {
                self.lead_to(RESERVE, ip.ip, droplet.id).await?;
            }
            return Ok(reserved(&ip));
        }
        let body = wire::NewReservedIp { droplet_id: droplet.id };
        let ip: wire::ReservedIp =
            self.api.create(RESERVE, "reserved_ips", &body, "reserved_ip", Repeat::Never).await?;
        match self.apply_tag(RESERVE, &marks::address_tag(ip.ip, key)).await {
            Ok(()) => Ok(reserved(&ip)),
            // Without its tag it could be lost one day: better not to have it.
            Err(error) => match self.api.delete(RESERVE, &format!("reserved_ips/{}", ip.ip)).await {
                Ok(()) => Err(error),
                Err(second) => Err(Error::new(
                    ErrorKind::Unavailable,
                    RESERVE,
                    "the address was reserved, but could neither be marked nor given back",
                )
                .with_context("left", format!("reserved_ip {}", ip.ip))
                .with_context("cleanup", second.message())
                .with_source(error)
                .with_retry(Retry::Now)
                .with_remedy("try again: it is found by the server that it leads to")),
            },
        }
    }

    async fn get_reserved_ip(&self, id: &ReservedIpId) -> Result<ReservedIp> {
        const GET: &str = "reserved_ip.get";
        let found = self.find_address(GET, &id.0).await?;
        found.as_ref().map(reserved).ok_or_else(|| missing(GET))
    }

    async fn assign_ip(&self, id: &ReservedIpId, server: &ServerId) -> Result<()> {
        let ip = self.find_address(ASSIGN, &id.0).await?.ok_or_else(|| missing(ASSIGN))?;
        self.tags_of_ours(ASSIGN, &ip).await?;
        let droplet = self.target(ASSIGN, server).await?;
        if leads_to(&ip).is_some_and(|to| to.id == droplet.id) {
            return Ok(());
        }
        self.lead_to(ASSIGN, ip.ip, droplet.id).await
    }
}

fn missing(operation: &'static str) -> Error {
    Error::not_found(operation, "there is no such reserved address")
        .with_remedy("use an id that a list of resources shows")
}

/// An empty droplet is none.
fn leads_to(ip: &wire::ReservedIp) -> Option<&wire::DropletOfIp> {
    ip.droplet.as_ref().filter(|droplet| droplet.id != 0)
}

fn is_idle(ip: &wire::ReservedIp) -> bool {
    leads_to(ip).is_none()
}

fn reserved(ip: &wire::ReservedIp) -> ReservedIp {
    let made = ReservedIp::new(ReservedIpId(ip.ip.to_string()), ip.ip.into());
    match leads_to(ip) {
        Some(droplet) => made.with_server(ServerId(droplet.id.to_string())),
        None => made,
    }
}
