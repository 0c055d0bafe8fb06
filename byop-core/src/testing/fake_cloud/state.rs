//! What the fake cloud has.

use std::collections::BTreeMap;
use std::time::Duration;

use super::chaos::Chaos;
use super::machine::Machine;
use super::{catalog, missing};
use crate::clock::Timestamp;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{
    CloudCapabilities, DnsRecord, DomainName, FirewallRule, Price, RegionId, Resource, ResourceKind, Server,
    ServerId, ServerImage, ServerSpec, ServerState,
};
use crate::testing::fake_runtime::faults::Fault;

/// How long things take at a fake cloud; nothing takes any time unless set.
#[derive(Debug, Clone, Copy, Default)]
pub struct CloudTimes {
    /// Until a call is answered, by tokio's time.
    pub answer: Duration,
    /// Until a server runs, and until a change of its power state is done.
    pub boot: Duration,
    /// From then until its address is known.
    pub address: Duration,
    /// Until a server is gone.
    pub delete: Duration,
    /// Until lists show what was made.
    pub list_lag: Duration,
    /// Until a server that was made can be read by its id; until then it, and anything else, is taken for gone by a call
    /// that deletes it.
    pub read_lag: Duration,
}

/// One line of the ledger of a fake or simulated cloud.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloudEntry {
    /// What it is.
    pub kind: ResourceKind,
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The key that it was made with.
    pub key: Option<String>,
    /// Whether it bears our mark.
    pub marked: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it went.
    pub gone_at: Option<Timestamp>,
}

/// Anything that is no server.
#[derive(Debug, Clone)]
pub(super) struct Thing {
    pub(super) resource: Resource,
    pub(super) marked: bool,
    pub(super) listed_at: Timestamp,
    pub(super) readable_at: Timestamp,
    pub(super) rules: Vec<FirewallRule>,
    pub(super) address: Option<std::net::IpAddr>,
    /// The text of a key.
    pub(super) text: String,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) capabilities: CloudCapabilities,
    pub(super) times: CloudTimes,
    pub(super) quota: usize,
    pub(super) broken: usize,
    pub(super) faults: Vec<Fault>,
    pub(super) chaos: Option<Chaos>,
    pub(super) calls: Vec<String>,
    pub(super) went_wrong: usize,
    pub(super) ledger: Vec<CloudEntry>,
    pub(super) machines: BTreeMap<String, Machine>,
    pub(super) things: BTreeMap<String, Thing>,
    pub(super) zones: BTreeMap<DomainName, Vec<DnsRecord>>,
    pub(super) counter: u32,
}

impl Default for State {
    fn default() -> Self {
        let zone = DomainName::new("example.com").ok();
        Self {
            capabilities: CloudCapabilities::none().with_labels().with_resize().with_ipv6(),
            times: CloudTimes::default(),
            quota: usize::MAX,
            broken: 0,
            faults: Vec::new(),
            chaos: None,
            calls: Vec::new(),
            went_wrong: 0,
            ledger: Vec::new(),
            machines: BTreeMap::new(),
            things: BTreeMap::new(),
            zones: zone.into_iter().map(|zone| (zone, Vec::new())).collect(),
            counter: 0,
        }
    }
}

impl State {
    /// Does what has become due.
    pub(super) fn settle(&mut self, now: Timestamp) {
        let mut gone = Vec::new();
        for (id, machine) in &mut self.machines {
            if machine.settle(now) {
                gone.push(id.clone());
            }
        }
        for id in gone {
            self.machines.remove(&id);
            for thing in self.things.values_mut() {
                thing.resource.server.take_if(|server| server.0 == id);
            }
            self.strike_out(&id, now);
        }
    }

    pub(super) fn find_image(&self, region: &RegionId, name: &str) -> Result<Option<ServerImage>> {
        catalog::check_region("image.find", region)?;
        let is_it = |image: &ServerImage| image.id == name || image.name.eq_ignore_ascii_case(name);
        if let Some(image) = catalog::images().into_iter().find(is_it) {
            return Ok(Some(image));
        }
        let snapshot = self.things.get(name).filter(|thing| thing.resource.kind == ResourceKind::Snapshot);
        Ok(snapshot.map(|thing| ServerImage::new(name, &thing.resource.name)))
    }

    pub(super) fn next_id(&mut self, kind: ResourceKind) -> String {
        self.counter += 1;
        format!("{}-{}", kind.as_str().replace('_', "-"), self.counter)
    }

    /// Writes a new thing into the ledger.
    pub(super) fn enter(&mut self, resource: &Resource, marked: bool, now: Timestamp) {
        self.ledger.push(CloudEntry {
            kind: resource.kind,
            id: resource.id.clone(),
            name: resource.name.clone(),
            key: resource.key.clone(),
            marked,
            created_at: now,
            gone_at: None,
        });
    }

    fn strike_out(&mut self, id: &str, now: Timestamp) {
        if let Some(entry) = self.ledger.iter_mut().find(|entry| entry.id == id) {
            entry.gone_at = Some(now);
        }
    }

    pub(super) fn add(&mut self, resource: Resource, marked: bool, now: Timestamp) -> &mut Thing {
        self.enter(&resource, marked, now);
        let listed_at = now.plus(self.times.list_lag);
        let readable_at = now.plus(self.times.read_lag);
        let id = resource.id.clone();
        let thing = Thing {
            resource,
            marked,
            listed_at,
            readable_at,
            rules: Vec::new(),
            address: None,
            text: String::new(),
        };
        self.things.entry(id).or_insert(thing)
    }

    pub(super) fn plant(&mut self, kind: ResourceKind, name: &str, marked: bool, now: Timestamp) -> String {
        let id = self.next_id(kind);
        let here = RegionId("here".into());
        if kind == ResourceKind::Server {
            let spec = ServerSpec::new("planted", name, here, "small", "debian-12");
            let mut server = Server::new(ServerId(id.clone()), name, spec.region.clone(), "small");
            server.state = ServerState::Running;
            server.created_at = Some(now);
            self.enter(&Resource::new(kind, &id, name), marked, now);
            self.machines.insert(id.clone(), Machine::planted(spec, server, marked, now));
            return id;
        }
        let mut resource = Resource::new(kind, &id, name);
        resource.region = Some(here);
        resource.created_at = Some(now);
        resource.monthly_price = (kind == ResourceKind::Volume).then(|| Price::new(5_000_000, "USD"));
        let thing = self.add(resource, marked, now);
        (thing.listed_at, thing.readable_at) = (now, now);
        id
    }

    /// Whatever bears our mark and is in the lists.
    pub(super) fn resources(&self, now: Timestamp) -> Vec<Resource> {
        let machines = self.machines.values().filter(|machine| machine.marked && machine.listed_at <= now);
        let mut found: Vec<_> = machines.map(Machine::resource).collect();
        let things = self.things.values().filter(|thing| thing.marked && thing.listed_at <= now);
        found.extend(things.map(|thing| thing.resource.clone()));
        found
    }

    pub(super) fn delete(&mut self, kind: ResourceKind, id: &str, now: Timestamp) -> Result<()> {
        const DELETE: &str = "resource.delete";
        if kind == ResourceKind::Server {
            return self.delete_server(&ServerId(id.into()), now);
        }
        if kind == ResourceKind::DnsRecord {
            return Err(Error::new(
                ErrorKind::Unsupported,
                DELETE,
                "records are removed at the name servers",
            ));
        }
        // One that is not known everywhere yet is taken for gone.
        let is_it = |thing: &&Thing| thing.resource.kind == kind && thing.readable_at <= now;
        let Some(thing) = self.things.get(id).filter(is_it) else { return Ok(()) };
        if !thing.marked {
            return Err(foreign(DELETE, id));
        }
        let users = self
            .machines
            .values()
            .find(|machine| machine.spec.firewall.as_ref().is_some_and(|firewall| firewall.0 == id));
        if let Some(user) = users {
            return Err(Error::new(ErrorKind::Conflict, DELETE, "a server uses it")
                .with_context("id", id)
                .with_context("server", &user.server.id));
        }
        self.things.remove(id);
        self.strike_out(id, now);
        Ok(())
    }

    pub(super) fn thing_of_key(&self, kind: ResourceKind, key: &str) -> Option<&Thing> {
        self.things.values().find(|t| t.resource.kind == kind && t.resource.key.as_deref() == Some(key))
    }

    pub(super) fn thing(
        &mut self,
        operation: &'static str,
        kind: ResourceKind,
        id: &str,
    ) -> Result<&mut Thing> {
        let found = self.things.get_mut(id).filter(|thing| thing.resource.kind == kind);
        found.ok_or_else(|| missing(operation, kind.as_str(), id))
    }
}

/// The refusal to change what is somebody else's.
pub(super) fn foreign(operation: &'static str, id: &str) -> Error {
    Error::new(ErrorKind::PermissionDenied, operation, "this was not made by byop")
        .with_context("id", id)
        .with_remedy("change it where it was made")
}
