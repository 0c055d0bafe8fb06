//! Actions: what takes time, one at a time for each droplet.

use std::net::Ipv4Addr;
use std::time::Duration;

use byop_core::clock::Timestamp;
use byop_core::model::ResourceKind;
use serde_json::{Value, json};

use super::answer::{Answer, Call, Refusal, moment, one};
use super::catalog::{self, Image};
use super::state::{Snapshot, State};

#[derive(Debug)]
pub(super) struct Action {
    kind: String,
    droplet: Option<u64>,
    started_at: Timestamp,
    done_at: Timestamp,
    status: &'static str,
    fails: bool,
    effect: Effect,
}

#[derive(Debug, Clone)]
pub(super) enum Effect {
    Status(&'static str),
    Size(&'static str),
    Snapshot(String),
    Assign(Ipv4Addr, u64),
    Unassign(Ipv4Addr),
}

impl State {
    /// Begins one; gives its id.
    pub(super) fn begin(
        &mut self,
        kind: &str,
        droplet: Option<u64>,
        takes: Duration,
        fails: bool,
        effect: Effect,
    ) -> u64 {
        let id = 36_804_000 + self.next();
        let (started_at, done_at) = (self.now, self.now.plus(takes));
        let status = "in-progress";
        self.actions.insert(
            id,
            Action { kind: kind.to_owned(), droplet, started_at, done_at, status, fails, effect },
        );
        id
    }

    /// Whether an action of the droplet is under way.
    pub(super) fn is_busy(&self, droplet: u64) -> bool {
        self.actions.values().any(|action| action.droplet == Some(droplet) && action.status == "in-progress")
    }

    pub(super) fn is_locked(&self, droplet: u64) -> bool {
        self.is_busy(droplet) || self.droplets.get(&droplet).is_some_and(|droplet| droplet.gone_at.is_some())
    }

    pub(super) fn is_moving_to(&self, ip: Ipv4Addr, droplet: u64) -> bool {
        self.actions.values().any(|action| {
            action.status == "in-progress"
                && matches!(action.effect, Effect::Assign(from, to) if from == ip && to == droplet)
        })
    }

    pub(super) fn is_moving(&self, ip: Ipv4Addr) -> bool {
        self.actions.values().any(|action| {
            action.status == "in-progress"
                && matches!(action.effect, Effect::Assign(to, _) | Effect::Unassign(to) if to == ip)
        })
    }

    /// Does what has become due.
    pub(super) fn settle(&mut self, now: Timestamp) {
        self.now = now;
        let due = |action: &Action| action.status == "in-progress" && action.done_at <= now;
        let ended: Vec<u64> =
            self.actions.iter().filter(|(_, action)| due(action)).map(|(id, _)| *id).collect();
        for id in ended {
            let Some(action) = self.actions.get_mut(&id) else { continue };
            action.status = if action.fails { "errored" } else { "completed" };
            let (droplet, effect, at) = (action.droplet, action.effect.clone(), action.done_at);
            if !action.fails {
                self.carry_out(droplet, effect, at);
            }
        }
        self.bury();
    }

    fn carry_out(&mut self, droplet: Option<u64>, effect: Effect, at: Timestamp) {
        let shown_at = at.plus(self.times.address);
        match effect {
            Effect::Assign(ip, droplet) => {
                if let Some(address) = self.addresses.get_mut(&ip) {
                    address.droplet = Some(droplet).filter(|id| self.droplets.contains_key(id));
                }
                return;
            }
            Effect::Unassign(ip) => {
                if let Some(address) = self.addresses.get_mut(&ip) {
                    address.droplet = None;
                }
                return;
            }
            _ => {}
        }
        let Some(id) = droplet else { return };
        let Some(droplet) = self.droplets.get_mut(&id) else { return };
        match effect {
            Effect::Status(status) => {
                droplet.status = status;
                droplet.public_at.get_or_insert(shown_at);
            }
            Effect::Size(size) => droplet.size = size,
            Effect::Snapshot(name) => self.take_snapshot(id, name),
            _ => {}
        }
    }

    pub(super) fn take_snapshot(&mut self, droplet: u64, name: String) {
        let region = self.droplets.get(&droplet).map_or("fra1", |droplet| droplet.region.as_str()).to_owned();
        let number = 6_372_000 + self.next();
        let id = format!("{droplet}/{name}");
        let key = name.strip_prefix("byop-snapshot-");
        self.enter(ResourceKind::Snapshot, &id, &name, key, key.is_some());
        let (created_at, listed_at) = (self.now, self.listed_at());
        self.images.push(Image {
            id: number,
            slug: None,
            distribution: "Debian",
            name: name.clone(),
            regions: vec!["fra1", "nyc3"],
            min_disk: 25,
            created_at: moment(created_at),
            status: "available",
            is_application: false,
        });
        self.snapshots.insert(number, Snapshot { name, droplet, region, created_at, listed_at });
    }

    pub(super) fn create_action(&mut self, id: &str, call: &Call) -> Answer {
        let id = self.readable(id)?;
        let status = self.droplets.get(&id).map_or("", |droplet| droplet.status);
        if self.is_locked(id) || status == "new" {
            return Err(Refusal::pending());
        }
        let kind = call.text("type");
        let needs = |wanted: &str, message: &str| {
            if status == wanted { Ok(()) } else { Err(Refusal::new(422, message)) }
        };
        let mut fails = false;
        let effect = match kind {
            "power_on" => {
                needs("off", "Droplet is already powered on.").map(|()| Effect::Status("active"))?
            }
            "shutdown" => {
                needs("active", "Droplet is already powered off.")?;
                fails = self.deaf > 0;
                self.deaf = self.deaf.saturating_sub(1);
                Effect::Status("off")
            }
            "power_off" => {
                needs("active", "Droplet is already powered off.").map(|()| Effect::Status("off"))?
            }
            "reboot" | "power_cycle" => {
                needs("active", "Droplet is currently powered off.").map(|()| Effect::Status("active"))?
            }
            "resize" => {
                needs("off", "Droplet must be powered off before resizing.")?;
                let size = catalog::find_size(call.text("size"));
                let size = size.ok_or_else(|| Refusal::new(422, "You specified an invalid size."))?;
                let disk = self.droplets.get(&id).and_then(|droplet| catalog::find_size(droplet.size));
                if disk.is_some_and(|present| present.disk > size.disk) {
                    return Err(Refusal::new(422, "This size has a smaller disk."));
                }
                Effect::Size(size.slug)
            }
            "snapshot" => Effect::Snapshot(call.text("name").to_owned()),
            _ => return Err(Refusal::new(422, "The type of the action is not known.")),
        };
        let takes = self.times.boot;
        let action = self.begin(kind, Some(id), takes, fails, effect);
        one(201, "action", self.action_json(action))
    }

    pub(super) fn list_actions(&self, id: &str, call: &Call) -> Answer {
        let id = self.readable(id)?;
        let all = self.actions.iter().filter(|(_, action)| action.droplet == Some(id));
        self.page(call, "actions", all.rev().map(|(number, _)| self.action_json(*number)).collect())
    }

    pub(super) fn action_json(&self, id: u64) -> Value {
        let Some(action) = self.actions.get(&id) else { return Value::Null };
        let is_done = action.status != "in-progress";
        json!({
            "id": id, "status": action.status, "type": action.kind, "started_at": moment(action.started_at),
            "completed_at": is_done.then(|| moment(action.done_at)), "resource_id": action.droplet,
            "resource_type": "droplet", "region": null, "region_slug": "fra1",
        })
    }

    /// A list of a droplet tells numbers, the list of the account texts.
    pub(super) fn list_snapshots_of(&self, id: &str, call: &Call) -> Answer {
        let id = self.readable(id)?;
        let listed = self.snapshots.iter().filter(|(_, s)| s.droplet == id && s.listed_at <= self.now);
        let shown = listed.map(|(number, snapshot)| {
            let mut value = snapshot_json(*number, snapshot);
            value["id"] = json!(number);
            value["type"] = json!("snapshot");
            value
        });
        self.page(call, "snapshots", shown.collect())
    }

    pub(super) fn list_snapshots(&self, call: &Call) -> Answer {
        if call.query.get("resource_type").is_some_and(|kind| kind == "volume") {
            return self.page(call, "snapshots", Vec::new());
        }
        let listed = self.snapshots.iter().filter(|(_, snapshot)| snapshot.listed_at <= self.now);
        self.page(
            call,
            "snapshots",
            listed.map(|(number, snapshot)| snapshot_json(*number, snapshot)).collect(),
        )
    }

    pub(super) fn snapshot(&self, id: &str) -> Answer {
        let number: u64 = id.parse().map_err(|_| Refusal::missing())?;
        let snapshot = self.snapshots.get(&number).ok_or_else(Refusal::missing)?;
        one(200, "snapshot", snapshot_json(number, snapshot))
    }

    pub(super) fn delete_snapshot(&mut self, id: &str) -> Answer {
        let number: u64 = id.parse().map_err(|_| Refusal::missing())?;
        let snapshot = self.snapshots.remove(&number).ok_or_else(Refusal::missing)?;
        self.images.retain(|image| image.id != number);
        self.strike_out(ResourceKind::Snapshot, &format!("{}/{}", snapshot.droplet, snapshot.name));
        super::answer::done()
    }
}

fn snapshot_json(number: u64, snapshot: &Snapshot) -> Value {
    json!({
        "id": number.to_string(), "name": snapshot.name, "created_at": moment(snapshot.created_at),
        "regions": [snapshot.region], "min_disk_size": 25, "size_gigabytes": 2.34, "tags": null,
        "resource_id": snapshot.droplet.to_string(), "resource_type": "droplet",
    })
}
