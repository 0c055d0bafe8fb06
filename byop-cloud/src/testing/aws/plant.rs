//! Things that nobody asked for.

use std::collections::BTreeSet;

use byop_core::clock::Timestamp;
use byop_core::model::ResourceKind;

use super::REGIONS;
use super::disks::Volume;
use super::network::{Address, Group, KeyPair};
use super::state::{State, Tags};

impl State {
    pub(super) fn plant(&mut self, kind: ResourceKind, name: &str, marked: bool, now: Timestamp) -> String {
        let region = REGIONS[(self.counter % 2) as usize];
        let mut tags = Tags::from([("Name".to_owned(), name.to_owned())]);
        if marked {
            tags.extend(
                [("byop", "1"), ("byop-id", name), ("byop-req", "planted")]
                    .map(|(k, v)| (k.to_owned(), v.to_owned())),
            );
        }
        if kind == ResourceKind::Snapshot {
            let mut image = self.image(tags.clone(), tags, region, name, now);
            image.base.listed_at = now;
            image.base.known_at = now;
            image.state = "available";
            if let Some(copy) = self.copies.last_mut() {
                copy.base.listed_at = now;
            }
            let id = format!("{region}/{}", image.base.id);
            self.images.push(image);
            return id;
        }
        let start = match kind {
            ResourceKind::Server => "i",
            ResourceKind::SshKey => "key",
            ResourceKind::Firewall => "sg",
            ResourceKind::ReservedIp => "eipalloc",
            _ => "vol",
        };
        let mut base = self.base(start, region, tags, now);
        base.listed_at = now;
        base.known_at = now;
        if kind == ResourceKind::SshKey {
            base.id = format!("{name}-{}", self.counter);
        }
        self.enter(kind, &base, now);
        let id = format!("{region}/{}", base.id);
        match kind {
            ResourceKind::Server => {
                let instance = self.planted_instance(base, now);
                self.instances.push(instance);
            }
            ResourceKind::SshKey => self.keys.push(KeyPair { base, text: "ssh-ed25519 AAAA".to_owned() }),
            ResourceKind::Firewall => {
                let (name, network) = (format!("{name}-{}", self.counter), "vpc-default".to_owned());
                self.groups.push(Group { base, name, network, rules: BTreeSet::new() });
            }
            ResourceKind::ReservedIp => {
                let ip = format!("192.0.2.{}", self.counter % 250);
                self.addresses.push(Address { base, ip, instance: None, association: None });
            }
            _ => self.volumes.push(Volume { base, instance: None, gib: 50 }),
        }
        id
    }

    /// All that bears no mark, as text.
    pub(super) fn foreign(&self) -> String {
        let is_theirs = |tags: &Tags| tags.contains_key("Name") && !tags.contains_key("byop");
        let mut lines = Vec::new();
        for i in self.instances.iter().filter(|i| is_theirs(&i.base.tags)) {
            lines.push(format!("{} {} {} {:?}", i.base.id, i.state, i.size, i.base.tags));
        }
        lines.extend(self.keys.iter().filter(|k| is_theirs(&k.base.tags)).map(|k| format!("{:?}", k.base)));
        for g in self.groups.iter().filter(|g| is_theirs(&g.base.tags)) {
            lines.push(format!("{:?} {} {:?}", g.base, g.name, g.rules));
        }
        for a in self.addresses.iter().filter(|a| is_theirs(&a.base.tags)) {
            lines.push(format!("{:?} {:?}", a.base, a.instance));
        }
        lines
            .extend(self.volumes.iter().filter(|v| is_theirs(&v.base.tags)).map(|v| format!("{:?}", v.base)));
        lines.extend(self.copies.iter().filter(|c| is_theirs(&c.base.tags)).map(|c| format!("{:?}", c.base)));
        lines.extend(self.images.iter().filter(|i| is_theirs(&i.base.tags)).map(|i| format!("{:?}", i.base)));
        lines.join("\n")
    }
}
