//! Simulated reserved addresses, and volumes.

use std::net::Ipv4Addr;

use byop_core::model::ResourceKind;
use serde_json::{Value, json};

use super::actions::Effect;
use super::answer::{Answer, Call, Refusal, answer, done, moment, one};
use super::catalog;
use super::state::{Address, State, Volume};

impl State {
    fn ip(&self, text: &str) -> Result<Ipv4Addr, Refusal> {
        text.parse().ok().filter(|ip| self.addresses.contains_key(ip)).ok_or_else(Refusal::missing)
    }

    /// A droplet that an address can lead to.
    fn target(&self, call: &Call) -> Result<u64, Refusal> {
        let id = self.readable(&call.body["droplet_id"].to_string())?;
        if self.is_locked(id) {
            return Err(Refusal::pending());
        }
        let is_taken = |address: &Address| address.droplet == Some(id);
        let is_coming = self.addresses.keys().any(|ip| self.is_moving_to(*ip, id));
        if self.addresses.values().any(is_taken) || is_coming {
            return Err(Refusal::new(422, "The droplet already has a reserved IP."));
        }
        Ok(id)
    }

    pub(super) fn reserve(&mut self, call: &Call) -> Answer {
        let droplet = match call.body.get("droplet_id") {
            Some(_) => Some(self.target(call)?),
            None => None,
        };
        let region = match droplet.and_then(|id| self.droplets.get(&id)) {
            Some(droplet) => droplet.region.clone(),
            None => call.text("region").to_owned(),
        };
        let found = droplet.and_then(|id| self.droplets.get(&id));
        let key = found.and_then(|droplet| droplet.key()).map(str::to_owned);
        let marked = found.is_some_and(|droplet| droplet.is_marked());
        let ip = self.add_address(&region, key.as_deref(), marked);
        let mut links = json!({});
        if let Some(droplet) = droplet {
            let action =
                self.begin("assign_ip", None, self.times.address, false, Effect::Assign(ip, droplet));
            links = json!({"droplets": [{"id": droplet, "rel": "droplet", "href": ""}],
                "actions": [{"id": action, "rel": "assign_ip", "href": ""}]});
        }
        Ok(answer(202, &json!({"reserved_ip": self.address_json(ip), "links": links})))
    }

    pub(super) fn add_address(&mut self, region: &str, key: Option<&str>, marked: bool) -> Ipv4Addr {
        let [.., high, low] = self.next().to_be_bytes();
        let ip = Ipv4Addr::new(198, 51, high.wrapping_add(100), low);
        self.enter(ResourceKind::ReservedIp, &ip.to_string(), &ip.to_string(), key, marked);
        let listed_at = self.listed_at();
        self.addresses.insert(ip, Address { region: region.to_owned(), droplet: None, listed_at });
        ip
    }

    fn address_json(&self, ip: Ipv4Addr) -> Value {
        let Some(address) = self.addresses.get(&ip) else { return Value::Null };
        json!({
            "ip": ip.to_string(), "region": catalog::region(&address.region), "locked": self.is_moving(ip),
            "droplet": address.droplet.map(|id| self.droplet_json(id)),
            "project_id": "746c6152-2fa2-11ed-92d3-27aaa54e4988",
        })
    }

    pub(super) fn address(&self, text: &str) -> Answer {
        one(200, "reserved_ip", self.address_json(self.ip(text)?))
    }

    pub(super) fn list_addresses(&self, call: &Call) -> Answer {
        let listed = self.addresses.iter().filter(|(_, address)| address.listed_at <= self.now);
        self.page(call, "reserved_ips", listed.map(|(ip, _)| self.address_json(*ip)).collect())
    }

    pub(super) fn move_address(&mut self, text: &str, call: &Call) -> Answer {
        let ip = self.ip(text)?;
        if self.is_moving(ip) {
            return Err(Refusal::new(422, "The reserved IP already has a pending event."));
        }
        let effect = match call.text("type") {
            "assign" => Effect::Assign(ip, self.target(call)?),
            _ => Effect::Unassign(ip),
        };
        let kind = format!("{}_ip", call.text("type"));
        let action = self.begin(&kind, None, self.times.address, false, effect);
        one(201, "action", self.action_json(action))
    }

    pub(super) fn release(&mut self, text: &str) -> Answer {
        let ip = self.ip(text)?;
        if self.is_moving(ip) {
            return Err(Refusal::new(422, "The reserved IP already has a pending event."));
        }
        if self.clingy && self.addresses.get(&ip).is_some_and(|address| address.droplet.is_some()) {
            return Err(Refusal::new(422, "The reserved IP must be unassigned first."));
        }
        self.addresses.remove(&ip);
        self.strike_out(ResourceKind::ReservedIp, &ip.to_string());
        done()
    }

    pub(super) fn add_volume(&mut self, name: &str, tags: Vec<String>) -> String {
        let id = self.uuid();
        let is_marked = tags.iter().any(|tag| tag == "byop");
        let key = tags.iter().find_map(|tag| tag.strip_prefix("byop-req:").map(str::to_owned));
        self.enter(ResourceKind::Volume, &id, name, key.as_deref(), is_marked);
        let (name, created_at) = (name.to_owned(), self.now);
        self.volumes.insert(id.clone(), Volume { name, tags, droplets: Vec::new(), created_at });
        id
    }

    fn volume_json(&self, id: &str) -> Value {
        let Some(volume) = self.volumes.get(id) else { return Value::Null };
        json!({
            "id": id, "name": volume.name, "tags": volume.tags, "droplet_ids": volume.droplets,
            "region": catalog::region("fra1"), "size_gigabytes": 50, "created_at": moment(volume.created_at),
            "description": "", "filesystem_type": "", "filesystem_label": "",
        })
    }

    pub(super) fn volume(&self, id: &str) -> Answer {
        if !self.volumes.contains_key(id) {
            return Err(Refusal::missing());
        }
        one(200, "volume", self.volume_json(id))
    }

    pub(super) fn list_volumes(&self, call: &Call) -> Answer {
        self.page(call, "volumes", self.volumes.keys().map(|id| self.volume_json(id)).collect())
    }

    pub(super) fn delete_volume(&mut self, id: &str) -> Answer {
        let volume = self.volumes.get(id).ok_or_else(Refusal::missing)?;
        if !volume.droplets.is_empty() {
            return Err(Refusal::new(409, "a volume must be detached before it is deleted"));
        }
        self.volumes.remove(id);
        self.strike_out(ResourceKind::Volume, id);
        done()
    }
}
