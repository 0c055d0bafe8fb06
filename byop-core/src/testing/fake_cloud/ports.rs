//! What the fake cloud has beyond servers.

use std::net::{IpAddr, Ipv4Addr};

use async_trait::async_trait;

use super::state::foreign;
use super::{FakeCloud, catalog, missing};
use crate::cloud::{Firewalls, ReservedIps, Snapshots, SshKeys};
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{
    FirewallId, FirewallSpec, Price, RegionId, ReservedIp, ReservedIpId, Resource, ResourceKind, ServerId,
    ServerState, Snapshot, SnapshotId, SshKeyId,
};

#[async_trait]
impl SshKeys for FakeCloud {
    async fn apply_ssh_key(&self, region: &RegionId, public_key: &str) -> Result<SshKeyId> {
        const APPLY: &str = "ssh_key.apply";
        let name = format!("byop-{}", Digest::of(public_key).short());
        self.call(APPLY, &name, |state, now| {
            catalog::check_region(APPLY, region)?;
            if !public_key.starts_with("ssh-") {
                return Err(Error::invalid(APPLY, "this is no public key in OpenSSH's form"));
            }
            let keys = state.things.values().filter(|thing| thing.resource.kind == ResourceKind::SshKey);
            if let Some(known) = keys.into_iter().find(|thing| thing.text == public_key) {
                return Ok(SshKeyId(known.resource.id.clone()));
            }
            let id = state.next_id(ResourceKind::SshKey);
            let mut resource = Resource::new(ResourceKind::SshKey, &id, &name);
            resource.created_at = Some(now);
            state.add(resource, true, now).text = public_key.to_owned();
            Ok(SshKeyId(id))
        })
        .await
    }
}

#[async_trait]
impl Firewalls for FakeCloud {
    async fn apply_firewall(&self, spec: &FirewallSpec) -> Result<FirewallId> {
        const APPLY: &str = "firewall.apply";
        self.call(APPLY, &spec.name, |state, now| {
            catalog::check_region(APPLY, &spec.region)?;
            if let Some(rule) = spec.rules.iter().find(|rule| rule.port == 0) {
                return Err(
                    Error::invalid(APPLY, "a rule names no port").with_context("rule", format!("{rule:?}"))
                );
            }
            let known = state.thing_of_key(ResourceKind::Firewall, &spec.key).map(|t| t.resource.id.clone());
            if let Some(id) = known {
                state.thing(APPLY, ResourceKind::Firewall, &id)?.rules.clone_from(&spec.rules);
                return Ok(FirewallId(id));
            }
            let id = state.next_id(ResourceKind::Firewall);
            let mut resource = Resource::new(ResourceKind::Firewall, &id, &spec.name).with_key(&spec.key);
            resource.region = Some(spec.region.clone());
            resource.created_at = Some(now);
            state.add(resource, true, now).rules.clone_from(&spec.rules);
            Ok(FirewallId(id))
        })
        .await
    }
}

#[async_trait]
impl ReservedIps for FakeCloud {
    async fn reserve_ip(&self, key: &str, server: &ServerId) -> Result<ReservedIp> {
        const RESERVE: &str = "reserved_ip.reserve";
        self.call(RESERVE, &server.0, |state, now| {
            let machine = state.ours(RESERVE, server)?;
            let (name, region) = (machine.server.name.clone(), machine.server.region.clone());
            if machine.server.state == ServerState::Starting {
                return Err(Error::new(ErrorKind::Conflict, RESERVE, "the server still starts"));
            }
            let known = state.thing_of_key(ResourceKind::ReservedIp, key).map(|t| t.resource.id.clone());
            if let Some(id) = known {
                let thing = state.thing(RESERVE, ResourceKind::ReservedIp, &id)?;
                thing.resource.server = Some(server.clone());
                return reserved(thing);
            }
            let id = state.next_id(ResourceKind::ReservedIp);
            let mut resource = Resource::new(ResourceKind::ReservedIp, &id, name).with_key(key);
            resource.server = Some(server.clone());
            resource.region = Some(region);
            resource.created_at = Some(now);
            resource.monthly_price = Some(Price::new(3_000_000, "USD"));
            let [.., high, low] = state.counter.to_be_bytes();
            let thing = state.add(resource, true, now);
            thing.address = Some(IpAddr::V4(Ipv4Addr::new(198, 51, high.wrapping_add(100), low)));
            reserved(thing)
        })
        .await
    }

    async fn get_reserved_ip(&self, id: &ReservedIpId) -> Result<ReservedIp> {
        const GET: &str = "reserved_ip.get";
        self.call(GET, &id.0, |state, now| {
            let thing = state.thing(GET, ResourceKind::ReservedIp, &id.0)?;
            // One that is not known everywhere yet cannot be read.
            if thing.readable_at > now { Err(missing(GET, "reserved_ip", &id.0)) } else { reserved(thing) }
        })
        .await
    }

    async fn assign_ip(&self, id: &ReservedIpId, server: &ServerId) -> Result<()> {
        const ASSIGN: &str = "reserved_ip.assign";
        self.call(ASSIGN, &id.0, |state, _| {
            if state.ours(ASSIGN, server)?.server.state == ServerState::Starting {
                return Err(Error::new(ErrorKind::Conflict, ASSIGN, "the server still starts"));
            }
            let thing = state.thing(ASSIGN, ResourceKind::ReservedIp, &id.0)?;
            if !thing.marked {
                return Err(foreign(ASSIGN, &id.0));
            }
            thing.resource.server = Some(server.clone());
            Ok(())
        })
        .await
    }
}

fn reserved(thing: &super::state::Thing) -> Result<ReservedIp> {
    let id = ReservedIpId(thing.resource.id.clone());
    let address = thing.address.ok_or_else(|| missing("reserved_ip.get", "address", &id))?;
    let ip = ReservedIp::new(id, address);
    Ok(match &thing.resource.server {
        Some(server) => ip.with_server(server.clone()),
        None => ip,
    })
}

#[async_trait]
impl Snapshots for FakeCloud {
    async fn create_snapshot(&self, key: &str, server: &ServerId) -> Result<Snapshot> {
        const CREATE: &str = "snapshot.create";
        self.call(CREATE, &server.0, |state, now| {
            let machine = state.ours(CREATE, server)?;
            let (name, region) = (machine.server.name.clone(), machine.server.region.clone());
            let known = state.thing_of_key(ResourceKind::Snapshot, key).map(|t| t.resource.id.clone());
            if let Some(id) = known {
                return Ok(snapshot(id, now));
            }
            let id = state.next_id(ResourceKind::Snapshot);
            let mut resource = Resource::new(ResourceKind::Snapshot, &id, name).with_key(key);
            resource.region = Some(region);
            resource.created_at = Some(now);
            resource.monthly_price = Some(Price::new(1_000_000, "USD"));
            state.add(resource, true, now);
            Ok(snapshot(id, now))
        })
        .await
    }

    async fn get_snapshot(&self, id: &SnapshotId) -> Result<Snapshot> {
        const GET: &str = "snapshot.get";
        self.call(GET, &id.0, |state, now| {
            state.thing(GET, ResourceKind::Snapshot, &id.0)?;
            Ok(snapshot(id.0.clone(), now))
        })
        .await
    }
}

/// Ready at once; its id is that of the image.
fn snapshot(id: String, now: crate::clock::Timestamp) -> Snapshot {
    let mut snapshot = Snapshot::new(SnapshotId(id.clone())).with_image(id);
    snapshot.created_at = Some(now);
    snapshot
}
