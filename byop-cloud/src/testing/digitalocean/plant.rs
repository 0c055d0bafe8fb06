//! Things that nobody asked for, and things of somebody else's.

use std::collections::BTreeSet;

use byop_core::model::ResourceKind;
use byop_core::testing::CloudEntry;
use serde_json::{Value, json};

use super::droplets::Droplet;
use super::state::State;
use crate::digitalocean::fingerprint_of;

const KEY: &str = "planted";

pub(super) const KINDS: &[ResourceKind] = &[
    ResourceKind::Server,
    ResourceKind::SshKey,
    ResourceKind::Firewall,
    ResourceKind::ReservedIp,
    ResourceKind::Volume,
    ResourceKind::Snapshot,
];

impl State {
    /// A thing that is listed at once.
    pub(super) fn plant(&mut self, kind: ResourceKind, name: &str, marked: bool) -> String {
        let times = std::mem::take(&mut self.times);
        let id = match kind {
            ResourceKind::Server => self.plant_droplet(name, marked),
            ResourceKind::SshKey => self.plant_ssh_key(name, marked),
            ResourceKind::Firewall => self.plant_firewall(name, marked),
            ResourceKind::ReservedIp => self.plant_address(marked),
            ResourceKind::Volume => self.add_volume(name, tags(name, marked)),
            ResourceKind::Snapshot => self.plant_snapshot(name, marked),
            _ => String::new(),
        };
        self.times = times;
        if !marked {
            self.foreign.insert(id.clone());
        }
        id
    }

    fn plant_droplet(&mut self, name: &str, marked: bool) -> String {
        let id = 3_164_000 + self.next();
        let key = marked.then_some(KEY);
        self.enter(ResourceKind::Server, &id.to_string(), name, key, marked);
        let droplet = Droplet {
            name: name.to_owned(),
            region: "fra1".to_owned(),
            size: "s-1vcpu-1gb",
            image: 141_001,
            tags: tags(name, marked).into_iter().collect::<BTreeSet<_>>(),
            status: "active",
            created_at: self.now,
            listed_at: self.now,
            readable_at: self.now,
            public_at: Some(self.now),
            has_ipv6: false,
            vpc: None,
            gone_at: None,
        };
        self.tags.extend(droplet.tags.iter().cloned());
        self.droplets.insert(id, droplet);
        id.to_string()
    }

    fn plant_ssh_key(&mut self, name: &str, marked: bool) -> String {
        // Not two are alike.
        let letters = format!("{:042}", self.next());
        let public_key = format!("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA{letters} {name}");
        let fingerprint = fingerprint_of(&public_key).unwrap_or_default();
        // A name that a person could give.
        let name = if marked { format!("byop-{:016x}", self.counter) } else { format!("byop-{name}") };
        self.add_ssh_key(&name, &public_key, fingerprint).to_string()
    }

    fn plant_firewall(&mut self, name: &str, marked: bool) -> String {
        let everywhere = json!({"addresses": ["0.0.0.0/0"]});
        let tag = format!("byop-firewall:{KEY}");
        let tags = if marked { vec![tag.clone()] } else { Vec::new() };
        self.tags.extend(tags.iter().cloned());
        let name = if marked { format!("byop-{KEY}") } else { format!("byop-{name}") };
        let body = json!({
            "inbound_rules": [{"protocol": "tcp", "ports": "22", "sources": everywhere}],
            "outbound_rules": [], "droplet_ids": [], "tags": tags,
        });
        self.add_firewall(&name, body, &tags)
    }

    fn plant_address(&mut self, marked: bool) -> String {
        let ip = self.add_address("fra1", marked.then_some(KEY), marked);
        if marked {
            self.tags.insert(format!("byop-ip:{}:{KEY}", ip.to_string().replace('.', "-")));
        }
        ip.to_string()
    }

    fn plant_snapshot(&mut self, name: &str, marked: bool) -> String {
        let name = if marked { format!("byop-snapshot-{KEY}") } else { name.to_owned() };
        let droplet = 3_000_000 + self.next();
        self.take_snapshot(droplet, name.clone());
        format!("{droplet}/{name}")
    }

    /// All that is somebody else's and still there.
    pub(super) fn foreign_text(&self) -> String {
        let mut text = String::new();
        let mut add = |id: &str, thing: &dyn std::fmt::Debug| {
            if self.foreign.contains(id) {
                text.push_str(&format!("{id}: {thing:?}\n"));
            }
        };
        for (id, thing) in &self.droplets {
            add(&id.to_string(), &(thing, self.firewalls_of(*id)));
        }
        for (id, thing) in &self.ssh_keys {
            add(&id.to_string(), thing);
        }
        for (id, thing) in &self.firewalls {
            add(id, thing);
        }
        for (ip, thing) in &self.addresses {
            add(&ip.to_string(), thing);
        }
        for (id, thing) in &self.volumes {
            add(id, thing);
        }
        for thing in self.snapshots.values() {
            add(&format!("{}/{}", thing.droplet, thing.name), thing);
        }
        text
    }

    pub(super) fn entries(&self) -> Vec<CloudEntry> {
        self.ledger.clone()
    }
}

fn tags(name: &str, marked: bool) -> Vec<String> {
    let ours = ["byop".to_owned(), format!("byop-id:{name}"), format!("byop-req:{KEY}")];
    // What a person could write.
    let theirs = [format!("id:{name}"), "not-byop".to_owned()];
    if marked { ours.to_vec() } else { theirs.to_vec() }
}

/// A body without what may be secret.
pub(super) fn shown(body: &Value) -> Value {
    let mut shown = body.clone();
    if let Some(data) = shown.get_mut("user_data") {
        *data = json!("[redacted]");
    }
    shown
}
