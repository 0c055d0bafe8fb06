//! Simulated droplets.

use std::collections::BTreeSet;

use byop_core::clock::Timestamp;
use byop_core::model::ResourceKind;
use serde_json::{Value, json};

use super::actions::Effect;
use super::answer::{Answer, Call, Refusal, answer, done, moment, one};
use super::catalog;
use super::state::State;

#[derive(Debug)]
pub(super) struct Droplet {
    pub(super) name: String,
    pub(super) region: String,
    pub(super) size: &'static str,
    pub(super) image: u64,
    pub(super) tags: BTreeSet<String>,
    pub(super) status: &'static str,
    pub(super) created_at: Timestamp,
    pub(super) listed_at: Timestamp,
    pub(super) readable_at: Timestamp,
    /// When its public address is shown.
    pub(super) public_at: Option<Timestamp>,
    pub(super) has_ipv6: bool,
    pub(super) vpc: Option<String>,
    pub(super) gone_at: Option<Timestamp>,
}

impl Droplet {
    pub(super) fn key(&self) -> Option<&str> {
        self.tags.iter().find_map(|tag| tag.strip_prefix("byop-req:"))
    }

    pub(super) fn is_marked(&self) -> bool {
        self.tags.contains("byop")
    }
}

impl State {
    pub(super) fn create_droplet(&mut self, call: &Call) -> Answer {
        let (region, size, tags) = (call.text("region"), call.text("size"), call.texts("tags"));
        if catalog::region(region).is_none() {
            return Err(Refusal::new(422, "You specified an invalid region for Droplet creation."));
        }
        let size = catalog::find_size(size)
            .ok_or_else(|| Refusal::new(422, "You specified an invalid size for Droplet creation."))?;
        if !size.is_in(region) {
            return Err(Refusal::new(422, "Size is not available in this region."));
        }
        let wanted = &call.body["image"];
        let wanted = wanted.as_str().map_or_else(|| wanted.to_string(), str::to_owned);
        let image = self.find_image(&wanted).filter(|image| image.status == "available");
        let image =
            image.ok_or_else(|| Refusal::new(422, "You specified an invalid image for Droplet creation."))?;
        if image.min_disk > size.disk {
            return Err(Refusal::new(422, "Image requires a larger disk than this size has."));
        }
        let image = image.id;
        for key in call.body["ssh_keys"].as_array().into_iter().flatten() {
            let reference = key.as_str().map_or_else(|| key.to_string(), str::to_owned);
            if self.find_ssh_key(&reference).is_none() {
                return Err(Refusal::new(
                    422,
                    format!("{reference} are invalid key identifiers for Droplet creation."),
                ));
            }
        }
        if call.text("user_data").len() > 64 * 1024 {
            return Err(Refusal::new(422, "User data is too big."));
        }
        if self.droplets.len() >= self.quota {
            return Err(Refusal::new(422, "creating this/these droplet(s) will exceed your droplet limit"));
        }
        let id = 3_164_000 + self.next();
        self.tags.extend(tags.iter().cloned());
        let droplet = Droplet {
            name: call.text("name").to_owned(),
            region: region.to_owned(),
            size: size.slug,
            image,
            tags: tags.into_iter().collect(),
            status: "new",
            created_at: self.now,
            listed_at: self.listed_at(),
            readable_at: self.now.plus(self.times.read_lag),
            public_at: None,
            has_ipv6: call.body["ipv6"] == true,
            vpc: call.body["vpc_uuid"].as_str().map(str::to_owned),
            gone_at: None,
        };
        let (name, marked) = (droplet.name.clone(), droplet.is_marked());
        let key = droplet.key().map(str::to_owned);
        self.enter(ResourceKind::Server, &id.to_string(), &name, key.as_deref(), marked);
        self.droplets.insert(id, droplet);
        let fails = self.broken > 0;
        self.broken = self.broken.saturating_sub(1);
        let action = self.begin("create", Some(id), self.times.boot, fails, Effect::Status("active"));
        let body = json!({
            "droplet": self.droplet_json(id),
            "links": {"actions": [{"id": action, "rel": "create", "href":
                format!("https://api.digitalocean.com/v2/actions/{action}")}]},
        });
        Ok(answer(202, &body))
    }

    /// A droplet that can be read.
    pub(super) fn readable(&self, id: &str) -> Result<u64, Refusal> {
        let id = id.parse().map_err(|_| Refusal::missing())?;
        let found = self.droplets.get(&id).filter(|droplet| droplet.readable_at <= self.now);
        found.map(|_| id).ok_or_else(Refusal::missing)
    }

    pub(super) fn droplet(&self, id: &str) -> Answer {
        one(200, "droplet", self.droplet_json(self.readable(id)?))
    }

    pub(super) fn list_droplets(&self, call: &Call) -> Answer {
        let (tag, name) = (call.query.get("tag_name"), call.query.get("name"));
        if tag.is_some() && name.is_some() {
            return Err(Refusal::new(400, "name and tag_name cannot be used together"));
        }
        let wants_gpu = call.query.get("type").is_some_and(|kind| kind == "gpus");
        let fits = |droplet: &Droplet| {
            droplet.listed_at <= self.now
                && tag.is_none_or(|tag| droplet.tags.contains(tag))
                && name.is_none_or(|name| droplet.name == *name)
                && droplet.size.starts_with("gpu-") == wants_gpu
        };
        let listed = self.droplets.iter().filter(|(_, droplet)| fits(droplet));
        // The newest first.
        self.page(call, "droplets", listed.rev().map(|(id, _)| self.droplet_json(*id)).collect())
    }

    pub(super) fn delete_droplet(&mut self, id: &str) -> Answer {
        let id = self.readable(id)?;
        if self.is_busy(id) {
            return Err(Refusal::pending());
        }
        let gone_at = self.now.plus(self.times.delete);
        if let Some(droplet) = self.droplets.get_mut(&id) {
            droplet.gone_at.get_or_insert(gone_at);
        }
        self.settle(self.now);
        done()
    }

    /// Removes what has become due. Its address and its volumes stay.
    pub(super) fn bury(&mut self) {
        let now = self.now;
        let due = |droplet: &Droplet| droplet.gone_at.is_some_and(|at| at <= now);
        let gone: Vec<u64> = self.droplets.iter().filter(|(_, d)| due(d)).map(|(id, _)| *id).collect();
        for id in gone {
            self.droplets.remove(&id);
            self.strike_out(ResourceKind::Server, &id.to_string());
            for address in self.addresses.values_mut() {
                address.droplet.take_if(|droplet| *droplet == id);
            }
            for volume in self.volumes.values_mut() {
                volume.droplets.retain(|droplet| *droplet != id);
            }
        }
    }

    pub(super) fn droplet_json(&self, id: u64) -> Value {
        let Some(droplet) = self.droplets.get(&id) else { return Value::Null };
        let size = catalog::find_size(droplet.size).map(catalog::Size::json);
        let image = self.images.iter().find(|image| image.id == droplet.image).map(catalog::Image::json);
        let snapshots: Vec<_> =
            self.snapshots.iter().filter(|(_, s)| s.droplet == id).map(|(number, _)| *number).collect();
        json!({
            "id": id, "name": droplet.name, "status": droplet.status, "locked": self.is_locked(id),
            "created_at": moment(droplet.created_at), "tags": droplet.tags, "size_slug": droplet.size, "size": size,
            "memory": 1024, "vcpus": 1, "disk": 25, "kernel": null, "next_backup_window": null, "backup_ids": [],
            "region": catalog::region(&droplet.region), "image": image, "snapshot_ids": snapshots,
            "volume_ids": [], "features": ["private_networking"], "vpc_uuid": droplet.vpc,
            "networks": self.networks(id, droplet),
        })
    }

    /// The private one comes first, in both senses.
    fn networks(&self, id: u64, droplet: &Droplet) -> Value {
        if droplet.status == "new" {
            return json!({"v4": [], "v6": []});
        }
        let [.., high, low] = id.to_be_bytes();
        let mut v4 = vec![json!({"ip_address": format!("10.114.{high}.{low}"), "netmask": "255.255.240.0",
            "gateway": "10.114.0.1", "type": "private"})];
        let mut v6 = Vec::new();
        if droplet.public_at.is_some_and(|at| at <= self.now) {
            v4.push(json!({"ip_address": format!("203.0.{high}.{low}"), "netmask": "255.255.240.0",
                "gateway": "203.0.113.1", "type": "public"}));
            if droplet.has_ipv6 {
                v6.push(
                    json!({"ip_address": format!("2001:db8::{id:x}").replace("::", "::1:"), "netmask": 64,
                    "gateway": "2001:db8::1", "type": "public"}),
                );
            }
        }
        json!({"v4": v4, "v6": v6})
    }
}
