//! What the simulated account has.

use std::collections::BTreeMap;

use byop_core::clock::Timestamp;
use byop_core::model::ResourceKind;
use byop_core::testing::{CloudEntry, CloudTimes};
use serde_json::Value;

use super::access::Access;
use super::shop::Shop;
use super::zone::Zone;

/// The project of the account.
pub(super) const PROJECT: &str = "8f3c2d1e5b7a4c6d9e0f1a2b3c4d5e6f";

#[derive(Debug)]
pub(super) struct Machine {
    pub(super) name: String,
    pub(super) region: String,
    pub(super) flavor: String,
    pub(super) image: String,
    pub(super) ssh_key: Option<String>,
    pub(super) groups: Vec<String>,
    pub(super) monthly: bool,
    pub(super) status: &'static str,
    /// The next status, and when; until then the old one is shown.
    pub(super) then: Option<(Timestamp, &'static str)>,
    pub(super) created: Timestamp,
    pub(super) listed_at: Timestamp,
    pub(super) readable_at: Timestamp,
    /// When its addresses are known: of version 6, of version 4.
    pub(super) addresses: Option<(Timestamp, Timestamp)>,
    pub(super) number: u64,
    pub(super) gone_at: Option<Timestamp>,
}

#[derive(Debug)]
pub(super) struct Key {
    pub(super) name: String,
    pub(super) text: String,
    pub(super) listed_at: Timestamp,
}

#[derive(Debug)]
pub(super) struct Copy {
    pub(super) name: String,
    pub(super) region: String,
    pub(super) disk: u64,
    pub(super) created: Timestamp,
    pub(super) ready_at: Timestamp,
    pub(super) listed_at: Timestamp,
}

#[derive(Debug)]
pub(super) struct Group {
    pub(super) name: String,
    pub(super) region: String,
    pub(super) rules: Vec<Value>,
    pub(super) checksum: u64,
    pub(super) created: Timestamp,
    pub(super) ready_at: Timestamp,
    pub(super) listed_at: Timestamp,
    pub(super) is_new: bool,
    pub(super) gone_at: Option<Timestamp>,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) times: CloudTimes,
    pub(super) quota: usize,
    pub(super) broken: usize,
    pub(super) disturbed: usize,
    pub(super) page_size: usize,
    pub(super) has_groups: bool,
    pub(super) access: Access,
    pub(super) machines: BTreeMap<String, Machine>,
    pub(super) keys: BTreeMap<String, Key>,
    pub(super) copies: BTreeMap<String, Copy>,
    pub(super) groups: BTreeMap<String, Group>,
    pub(super) zones: BTreeMap<String, Zone>,
    pub(super) shop: Shop,
    pub(super) ledger: Vec<CloudEntry>,
    pub(super) complaints: Vec<String>,
    pub(super) requests: u64,
    counter: u64,
}

impl Default for State {
    fn default() -> Self {
        Self {
            times: CloudTimes::default(),
            quota: 1000,
            broken: 0,
            disturbed: 0,
            page_size: 100,
            has_groups: true,
            access: Access::default(),
            machines: BTreeMap::new(),
            keys: BTreeMap::new(),
            copies: BTreeMap::new(),
            groups: BTreeMap::new(),
            zones: BTreeMap::from([("example.com".to_owned(), Zone::new())]),
            shop: Shop::default(),
            ledger: Vec::new(),
            complaints: Vec::new(),
            requests: 0,
            counter: 0,
        }
    }
}

impl State {
    /// Another number, never the same.
    pub(super) fn next(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }

    /// Another id. Ids do not come in the order in which things are made.
    pub(super) fn next_id(&mut self) -> String {
        let mixed = self.next().wrapping_mul(0x9E37_79B9_7F4A_7C15);
        format!("{:08x}-{:04x}-4000-8000-{:012x}", mixed >> 32, mixed >> 16 & 0xFFFF, self.counter)
    }

    /// Does what has become due.
    pub(super) fn settle(&mut self, now: Timestamp) {
        let mut gone = Vec::new();
        for (id, machine) in &mut self.machines {
            if let Some((_, status)) = machine.then.take_if(|(at, _)| *at <= now) {
                machine.status = status;
            }
            if machine.gone_at.is_some_and(|at| at <= now) {
                gone.push(id.clone());
            }
        }
        for id in gone {
            self.machines.remove(&id);
            self.strike_out(&id, now);
        }
        let gone = |group: &Group| group.gone_at.is_some_and(|at| at <= now);
        let ids: Vec<_> =
            self.groups.iter().filter(|(_, group)| gone(group)).map(|(id, _)| id.clone()).collect();
        for id in ids {
            self.groups.remove(&id);
            self.strike_out(&id, now);
        }
    }

    /// Notes what was made.
    pub(super) fn enter(&mut self, kind: ResourceKind, id: &str, name: &str, now: Timestamp) {
        let mark = mark(name);
        // Snapshots are known by their names: the call that makes one does not tell more.
        let id = if kind == ResourceKind::Snapshot { name } else { id };
        self.ledger.push(CloudEntry {
            kind,
            id: id.to_owned(),
            name: mark.map_or(name, |(name, _)| name).to_owned(),
            key: mark.filter(|_| kind != ResourceKind::SshKey).map(|(_, key)| key.to_owned()),
            marked: mark.is_some(),
            created_at: now,
            gone_at: None,
        });
    }

    /// Notes what has gone.
    pub(super) fn strike_out(&mut self, id: &str, now: Timestamp) {
        let found = self.ledger.iter_mut().find(|entry| entry.id == id && entry.gone_at.is_none());
        if let Some(entry) = found {
            entry.gone_at = Some(now);
        }
    }

    /// Something in the account without anybody having called; gives the id by which the provider's lists name it.
    pub(super) fn plant(&mut self, kind: ResourceKind, name: &str, now: Timestamp) -> String {
        let id = self.next_id();
        let region = "GRA11".to_owned();
        let number = self.next();
        match kind {
            ResourceKind::Server => {
                let machine = Machine {
                    name: name.to_owned(),
                    region,
                    flavor: "d2-2".into(),
                    image: super::offers::uuid("image", "Debian 12", "GRA11"),
                    ssh_key: None,
                    groups: Vec::new(),
                    monthly: false,
                    status: "ACTIVE",
                    then: None,
                    created: now,
                    listed_at: now,
                    readable_at: now,
                    addresses: Some((now, now)),
                    number,
                    gone_at: None,
                };
                self.machines.insert(id.clone(), machine);
            }
            ResourceKind::SshKey => {
                let text = format!("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{number:040}");
                self.keys.insert(id.clone(), Key { name: name.to_owned(), text, listed_at: now });
            }
            ResourceKind::Firewall => {
                let group = Group {
                    name: name.to_owned(),
                    region,
                    rules: Vec::new(),
                    checksum: number,
                    created: now,
                    ready_at: now,
                    listed_at: now,
                    is_new: false,
                    gone_at: None,
                };
                self.groups.insert(id.clone(), group);
            }
            _ => {
                let copy = Copy {
                    name: name.to_owned(),
                    region,
                    disk: 25,
                    created: now,
                    ready_at: now,
                    listed_at: now,
                };
                self.copies.insert(id.clone(), copy);
            }
        }
        self.enter(kind, &id, name, now);
        id
    }

    /// All that bears no mark, as text.
    pub(super) fn foreign(&self) -> String {
        let mut lines = Vec::new();
        for (id, machine) in self.machines.iter().filter(|(_, machine)| mark(&machine.name).is_none()) {
            lines.push(format!("{id} {machine:?}"));
        }
        for (id, key) in self.keys.iter().filter(|(_, key)| mark(&key.name).is_none()) {
            lines.push(format!("{id} {key:?}"));
        }
        for (id, copy) in self.copies.iter().filter(|(_, copy)| mark(&copy.name).is_none()) {
            lines.push(format!("{id} {copy:?}"));
        }
        for (id, group) in self.groups.iter().filter(|(_, group)| mark(&group.name).is_none()) {
            lines.push(format!("{id} {group:?}"));
        }
        lines.join("\n")
    }
}

/// The name and the key in a name that bears our mark.
pub(super) fn mark(name: &str) -> Option<(&str, &str)> {
    name.strip_prefix("byop-")?.rsplit_once("--")
}
