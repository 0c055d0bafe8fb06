//! What the simulated account has.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::Ipv4Addr;

use byop_core::clock::Timestamp;
use byop_core::model::ResourceKind;
use byop_core::testing::{CloudEntry, CloudTimes};
use serde_json::Value;

use super::actions::Action;
use super::answer::{Answer, Call, Refusal, done, one};
use super::catalog::{self, Image};
use super::domains::Zone;
use super::droplets::Droplet;

#[derive(Debug)]
pub(super) struct State {
    pub(super) now: Timestamp,
    pub(super) times: CloudTimes,
    pub(super) page_size: usize,
    pub(super) quota: usize,
    pub(super) broken: usize,
    pub(super) deaf: usize,
    pub(super) clingy: bool,
    pub(super) complaints: Vec<String>,
    pub(super) ledger: Vec<CloudEntry>,
    pub(super) counter: u64,
    pub(super) droplets: BTreeMap<u64, Droplet>,
    pub(super) actions: BTreeMap<u64, Action>,
    pub(super) images: Vec<Image>,
    pub(super) snapshots: BTreeMap<u64, Snapshot>,
    pub(super) ssh_keys: BTreeMap<u64, SshKey>,
    pub(super) key_lists: VecDeque<Timestamp>,
    pub(super) firewalls: BTreeMap<String, Firewall>,
    pub(super) addresses: BTreeMap<Ipv4Addr, Address>,
    pub(super) volumes: BTreeMap<String, Volume>,
    pub(super) tags: BTreeSet<String>,
    pub(super) zones: BTreeMap<String, Zone>,
    pub(super) foreign: BTreeSet<String>,
}

#[derive(Debug)]
pub(super) struct Snapshot {
    pub(super) name: String,
    pub(super) droplet: u64,
    pub(super) region: String,
    pub(super) created_at: Timestamp,
    pub(super) listed_at: Timestamp,
}

#[derive(Debug)]
pub(super) struct SshKey {
    pub(super) name: String,
    pub(super) public_key: String,
    pub(super) fingerprint: String,
    pub(super) listed_at: Timestamp,
}

#[derive(Debug)]
pub(super) struct Firewall {
    pub(super) name: String,
    pub(super) body: Value,
    pub(super) created_at: Timestamp,
    pub(super) listed_at: Timestamp,
}

#[derive(Debug)]
pub(super) struct Address {
    pub(super) region: String,
    pub(super) droplet: Option<u64>,
    pub(super) listed_at: Timestamp,
}

#[derive(Debug)]
pub(super) struct Volume {
    pub(super) name: String,
    pub(super) tags: Vec<String>,
    pub(super) droplets: Vec<u64>,
    pub(super) created_at: Timestamp,
}

impl State {
    pub(super) fn new(now: Timestamp) -> Self {
        Self {
            now,
            times: CloudTimes::default(),
            page_size: 200,
            quota: usize::MAX,
            broken: 0,
            deaf: 0,
            clingy: false,
            complaints: Vec::new(),
            ledger: Vec::new(),
            counter: 0,
            droplets: BTreeMap::new(),
            actions: BTreeMap::new(),
            images: catalog::images(),
            snapshots: BTreeMap::new(),
            ssh_keys: BTreeMap::new(),
            key_lists: VecDeque::new(),
            firewalls: BTreeMap::new(),
            addresses: BTreeMap::new(),
            volumes: BTreeMap::new(),
            tags: BTreeSet::new(),
            zones: BTreeMap::new(),
            foreign: BTreeSet::new(),
        }
    }

    pub(super) fn next(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }

    pub(super) fn uuid(&mut self) -> String {
        format!("bb4b2611-3d72-467b-8602-{:012x}", self.next())
    }

    pub(super) fn listed_at(&self) -> Timestamp {
        self.now.plus(self.times.list_lag)
    }

    /// Writes a new thing into the ledger; ours has a key or at least a mark.
    pub(super) fn enter(
        &mut self,
        kind: ResourceKind,
        id: &str,
        name: &str,
        key: Option<&str>,
        marked: bool,
    ) {
        self.ledger.push(CloudEntry {
            kind,
            id: id.to_owned(),
            name: name.to_owned(),
            key: key.map(str::to_owned),
            marked,
            created_at: self.now,
            gone_at: None,
        });
    }

    pub(super) fn strike_out(&mut self, kind: ResourceKind, id: &str) {
        let now = self.now;
        let mut entries = self.ledger.iter_mut().filter(|entry| entry.kind == kind && entry.id == id);
        if let Some(entry) = entries.find(|entry| entry.gone_at.is_none()) {
            entry.gone_at = Some(now);
        }
    }

    pub(super) fn create_tag(&mut self, call: &Call) -> Answer {
        let name = call.text("name").to_owned();
        self.tags.insert(name.clone());
        one(201, "tag", tag(&name))
    }

    pub(super) fn list_tags(&self, call: &Call) -> Answer {
        self.page(call, "tags", self.tags.iter().map(|name| tag(name)).collect())
    }

    /// Taken off whatever bears it.
    pub(super) fn delete_tag(&mut self, name: &str) -> Answer {
        if !self.tags.remove(name) {
            return Err(Refusal::missing());
        }
        for droplet in self.droplets.values_mut() {
            droplet.tags.remove(name);
        }
        for volume in self.volumes.values_mut() {
            volume.tags.retain(|tag| tag != name);
        }
        done()
    }
}

fn tag(name: &str) -> Value {
    serde_json::json!({"name": name, "resources": {"count": 0, "droplets": {"count": 0}}})
}
