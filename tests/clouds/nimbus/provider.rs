//! Its provider, with a choice of mistakes.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use async_trait::async_trait;
use byop_cloud::http::{Client, Method, Repeat, Request, Transport, collect_pages};
use byop_core::clock::Clock;
use byop_core::cloud::{CloudProvider, DnsProvider, Firewalls, ReservedIps, Snapshots, SshKeys};
use byop_core::model::*;
use byop_core::{Error, ErrorKind, Result, Retry};
use serde_json::{Value, json};

use super::simulator::Thing;

/// What the provider does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    None,
    /// A create is sent again although its outcome is unknown.
    RepeatsCreate,
    ReadsOnePage,
    /// What has the right name is taken for ours.
    TakesForeign,
    /// That something could not be deleted is not told.
    DeletesInVain,
}

#[derive(Debug)]
pub(super) struct Nimbus {
    client: Client,
    flaw: Flaw,
}

const THINGS: &str = "https://nimbus.example/things";

impl Nimbus {
    pub(super) fn new(transport: Arc<dyn Transport>, clock: Arc<dyn Clock>, flaw: Flaw) -> Self {
        Self { client: Client::new(transport).with_clock(clock), flaw }
    }

    async fn create(&self, operation: &'static str, body: Value) -> Result<Thing> {
        let mut request = Request::new(operation, Method::Post, THINGS).with_json(&body)?;
        if self.flaw == Flaw::RepeatsCreate {
            request = request.with_repeat(Repeat::Safe);
        }
        let sent = self.client.send(&request).await.and_then(|answer| answer.json(&request));
        // Whoever asks again looks first.
        sent.map_err(|error| match error.kind() {
            ErrorKind::Unavailable | ErrorKind::Timeout => error.with_retry(Retry::Now),
            _ => error,
        })
    }

    async fn get(&self, id: &str) -> Result<Thing> {
        let request = Request::new("thing.get", Method::Get, format!("{THINGS}/{id}"));
        self.client.send(&request).await?.json(&request)
    }

    /// All that is there, whoever made it.
    async fn all(&self) -> Result<Vec<Thing>> {
        collect_pages("thing.list", 0, async |page: u64| {
            let request = Request::new("thing.list", Method::Get, format!("{THINGS}?page={page}"));
            let mut body: Value = self.client.send(&request).await?.json(&request)?;
            let things: Option<Thing> = serde_json::from_value(body["things"].take()).unwrap_or(None);
            let next = body["next"].as_u64().filter(|_| self.flaw != Flaw::ReadsOnePage);
            Ok((things.into_iter().collect(), next))
        })
        .await
    }

    async fn find(&self, kind: ResourceKind, name: &str, key: &str) -> Result<Option<Thing>> {
        let is_it = |thing: &Thing| match self.flaw {
            Flaw::TakesForeign => thing.name == name,
            _ => thing.key.as_deref() == Some(key),
        };
        Ok(self.all().await?.into_iter().find(|thing| thing.kind == kind && is_it(thing)))
    }

    async fn delete(&self, id: &str) -> Result<()> {
        match self.get(id).await {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
            Ok(thing) if thing.key.is_none() && self.flaw != Flaw::TakesForeign => {
                return Err(Error::new(ErrorKind::PermissionDenied, "thing.delete", "it is not ours"));
            }
            Ok(_) => {}
        }
        let mut request = Request::new("thing.delete", Method::Delete, format!("{THINGS}/{id}"));
        if self.flaw == Flaw::DeletesInVain {
            request = request.with_repeat(Repeat::Never);
        }
        match self.client.send(&request).await {
            Err(error) if error.kind() == ErrorKind::NotFound || self.flaw == Flaw::DeletesInVain => Ok(()),
            other => other.map(|_| ()),
        }
    }
}

fn server(thing: Thing) -> Server {
    let mut server = Server::new(ServerId(thing.id), thing.name, RegionId("west".into()), "puff");
    server.key = thing.key;
    server.created_at = Some(thing.made_at);
    server.state = match thing.state.as_str() {
        "running" => ServerState::Running,
        "broken" => ServerState::Failed,
        "going" => ServerState::Deleting,
        _ => ServerState::Starting,
    };
    server.addresses.extend(thing.has_address.then_some(IpAddr::V4(Ipv4Addr::new(203, 0, 113, 4))));
    server
}

fn reserved(thing: Thing) -> ReservedIp {
    let mut ip = ReservedIp::new(ReservedIpId(thing.id), IpAddr::V4(Ipv4Addr::new(203, 0, 113, 5)));
    ip.server = thing.server.map(ServerId);
    ip
}

#[async_trait]
impl CloudProvider for Nimbus {
    fn name(&self) -> &str {
        "nimbus"
    }
    fn capabilities(&self) -> CloudCapabilities {
        CloudCapabilities::none().with_list_lag(6)
    }
    async fn list_regions(&self) -> Result<Vec<Region>> {
        Ok(vec![Region { id: RegionId("west".into()), name: "West".into() }])
    }
    async fn list_sizes(&self, _: &RegionId) -> Result<Vec<ServerSize>> {
        Ok(vec![ServerSize::new("puff", 1, 1 << 30, 20 << 30)])
    }
    async fn find_image(&self, _: &RegionId, name: &str) -> Result<Option<ServerImage>> {
        Ok(Some(ServerImage::new(name, name)))
    }
    async fn create_server(&self, spec: &ServerSpec) -> Result<Server> {
        let found = match self.flaw {
            Flaw::RepeatsCreate => None,
            _ => self.find(ResourceKind::Server, &spec.name, &spec.key).await?,
        };
        let thing = match found {
            Some(thing) => thing,
            None => {
                let body = json!({
                    "kind": "server", "name": spec.name, "key": spec.key, "firewall": spec.firewall,
                });
                self.create("server.create", body).await?
            }
        };
        Ok(server(thing))
    }
    async fn get_server(&self, id: &ServerId) -> Result<Server> {
        self.get(&id.0).await.map(server)
    }
    async fn list_servers(&self, filter: &ServerFilter) -> Result<Vec<Server>> {
        let all = self.all().await?.into_iter();
        let ours = all.filter(|thing| thing.kind == ResourceKind::Server && thing.key.is_some());
        Ok(ours.map(server).filter(|server| filter.is_match(server)).collect())
    }
    async fn power(&self, _: &ServerId, _: PowerAction) -> Result<()> {
        Ok(())
    }
    async fn resize_server(&self, _: &ServerId, _: &str) -> Result<()> {
        Err(Error::new(ErrorKind::Unsupported, "server.resize", "servers keep their size"))
    }
    async fn delete_server(&self, id: &ServerId) -> Result<()> {
        self.delete(&id.0).await
    }
    async fn list_resources(&self) -> Result<Vec<Resource>> {
        let all = self.all().await?.into_iter().filter(|thing| thing.key.is_some());
        let resource = |thing: Thing| {
            let mut resource = Resource::new(thing.kind, thing.id, thing.name);
            resource.key = thing.key;
            resource.server = thing.server.map(ServerId);
            resource.created_at = Some(thing.made_at);
            resource
        };
        Ok(all.map(resource).collect())
    }
    async fn delete_resource(&self, _: ResourceKind, id: &str) -> Result<()> {
        self.delete(id).await
    }
    fn ssh_keys(&self) -> Option<&dyn SshKeys> {
        Some(self)
    }
    fn firewalls(&self) -> Option<&dyn Firewalls> {
        Some(self)
    }
    fn reserved_ips(&self) -> Option<&dyn ReservedIps> {
        Some(self)
    }
    fn snapshots(&self) -> Option<&dyn Snapshots> {
        None
    }
    fn dns(&self) -> Option<&dyn DnsProvider> {
        None
    }
}

#[async_trait]
impl SshKeys for Nimbus {
    async fn apply_ssh_key(&self, _: &RegionId, public_key: &str) -> Result<SshKeyId> {
        let text = public_key.split_whitespace().nth(1).unwrap_or_default();
        let thing = match self.find(ResourceKind::SshKey, text, text).await? {
            Some(thing) => thing,
            None => {
                self.create("ssh_key.create", json!({ "kind": "ssh_key", "name": text, "key": text })).await?
            }
        };
        Ok(SshKeyId(thing.id))
    }
}

#[async_trait]
impl Firewalls for Nimbus {
    async fn apply_firewall(&self, spec: &FirewallSpec) -> Result<FirewallId> {
        let thing = match self.find(ResourceKind::Firewall, &spec.name, &spec.key).await? {
            Some(thing) => thing,
            None => {
                let body = json!({ "kind": "firewall", "name": spec.name, "key": spec.key });
                self.create("firewall.create", body).await?
            }
        };
        Ok(FirewallId(thing.id))
    }
}

#[async_trait]
impl ReservedIps for Nimbus {
    async fn reserve_ip(&self, key: &str, server: &ServerId) -> Result<ReservedIp> {
        let found = self.find(ResourceKind::ReservedIp, "", key).await?;
        let thing = match found {
            Some(thing) => thing,
            None => {
                let body = json!({ "kind": "reserved_ip", "name": "", "key": key, "server": server });
                self.create("reserved_ip.create", body).await?
            }
        };
        Ok(reserved(thing))
    }
    async fn get_reserved_ip(&self, id: &ReservedIpId) -> Result<ReservedIp> {
        self.get(&id.0).await.map(reserved)
    }
    async fn assign_ip(&self, _: &ReservedIpId, _: &ServerId) -> Result<()> {
        Ok(())
    }
}
