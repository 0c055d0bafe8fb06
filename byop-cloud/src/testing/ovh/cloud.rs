//! The simulated Public Cloud: instances, keys, snapshots, quotas.

use byop_core::clock::Timestamp;
use byop_core::model::ResourceKind;
use serde_json::{Value, json};

use super::offers::{FLAVORS, REGIONS, find_flavor, find_image, flavor_json, is_region, uuid};
use super::reply::{Answer, Refusal, Reply, bad_request, conflict, moment, not_found, thing};
use super::state::{Copy, Key, Machine, State};

/// The most bytes of user data, as base64.
const USER_DATA: usize = 65_535;

impl Machine {
    fn addresses(&self, now: Timestamp) -> Value {
        let Some((six, four)) = self.addresses else { return Value::Null };
        let [.., high, low] = self.number.to_be_bytes();
        let mut all = Vec::new();
        if six <= now {
            all.push(json!({
                "ip": format!("2001:db8::{:x}", self.number), "version": 6, "type": "public",
                "networkId": "ext", "gatewayIp": "2001:db8::1",
            }));
        }
        if four <= now {
            all.push(json!({
                "ip": format!("10.0.{high}.{low}"), "version": 4, "type": "private",
                "networkId": "int", "gatewayIp": null,
            }));
            all.push(json!({
                "ip": format!("203.0.{}.{low}", high.wrapping_add(113)), "version": 4, "type": "public",
                "networkId": "ext", "gatewayIp": "203.0.113.1",
            }));
        }
        // None yet is nothing, one way or the other.
        if all.is_empty() && self.number.is_multiple_of(2) { Value::Null } else { Value::Array(all) }
    }

    /// As in lists.
    fn short(&self, id: &str, now: Timestamp) -> Value {
        json!({
            "id": id, "name": self.name, "region": self.region, "status": self.status,
            "flavorId": uuid("flavor", &self.flavor, &self.region), "imageId": self.image,
            "sshKeyId": self.ssh_key, "created": moment(self.created), "ipAddresses": self.addresses(now),
            "monthlyBilling": if self.monthly { json!({ "status": "ok" }) } else { Value::Null },
            "planCode": null, "operationIds": [], "currentMonthOutgoingTraffic": null,
        })
    }

    fn detail(&self, state: &State, id: &str, now: Timestamp) -> Value {
        let mut detail = self.short(id, now);
        let flavor = FLAVORS.iter().find(|flavor| flavor.name == self.flavor);
        detail["flavor"] = flavor.map_or(Value::Null, |flavor| flavor_json(flavor, &self.region));
        detail["image"] = match find_image(&self.image, &self.region) {
            Some((image, _)) => image,
            None => json!({ "id": self.image, "name": "", "status": "active" }),
        };
        let key = self.ssh_key.as_ref().and_then(|id| Some((id, state.keys.get(id)?)));
        detail["sshKey"] = key.map_or(Value::Null, |(id, key)| key_json(id, key));
        for name in ["flavorId", "imageId", "sshKeyId"] {
            detail.as_object_mut().map(|detail| detail.remove(name));
        }
        detail["rescuePassword"] = Value::Null;
        detail
    }
}

/// What a new server is made from, in either version of the API.
pub(super) struct Wanted {
    pub(super) name: String,
    pub(super) region: String,
    pub(super) flavor: String,
    pub(super) image: String,
    pub(super) ssh_key: Option<String>,
    /// As base64.
    pub(super) user_data_bytes: usize,
    pub(super) monthly: bool,
    pub(super) groups: Vec<String>,
}

impl State {
    pub(super) fn instances(&self, region: Option<&str>, now: Timestamp) -> Answer {
        if region.is_some_and(|region| !is_region(region)) {
            return Err(not_found("region"));
        }
        let all = self.machines.iter().filter(|(_, machine)| {
            machine.listed_at <= now && region.is_none_or(|region| machine.region == region)
        });
        Ok(Reply::List(all.map(|(id, machine)| machine.short(id, now)).collect()))
    }

    pub(super) fn machine(&mut self, id: &str, now: Timestamp) -> Result<&mut Machine, Refusal> {
        let found = self.machines.get_mut(id).filter(|machine| machine.readable_at <= now);
        found.ok_or_else(|| not_found("instance"))
    }

    pub(super) fn instance(&mut self, id: &str, now: Timestamp) -> Answer {
        self.machine(id, now)?;
        let machine = self.machines.get(id).ok_or_else(|| not_found("instance"))?;
        thing(machine.detail(self, id, now))
    }

    pub(super) fn create_instance(&mut self, body: &Value, now: Timestamp) -> Answer {
        let text = |name: &str| body[name].as_str().map(str::to_owned);
        let Some(image) = text("imageId") else { return Err(bad_request("An image or a volume is needed")) };
        let wanted = Wanted {
            name: text("name").unwrap_or_default(),
            region: text("region").unwrap_or_default(),
            flavor: text("flavorId").unwrap_or_default(),
            image,
            ssh_key: text("sshKeyId"),
            user_data_bytes: body["userData"].as_str().map_or(0, |data| data.len().div_ceil(3) * 4),
            monthly: body["monthlyBilling"] == true,
            groups: Vec::new(),
        };
        let id = self.make(wanted, now)?;
        let machine = self.machines.get(&id).ok_or_else(|| not_found("instance"))?;
        thing(machine.detail(self, &id, now))
    }

    /// Makes a server as wanted, and gives its id.
    pub(super) fn make(&mut self, wanted: Wanted, now: Timestamp) -> Result<String, Refusal> {
        if !REGIONS.contains(&(wanted.region.as_str(), "UP")) {
            return Err(if is_region(&wanted.region) {
                conflict("Client::Conflict::RegionInMaintenance", "This region is in maintenance")
            } else {
                bad_request("This region does not exist")
            });
        }
        let flavor = find_flavor(&wanted.flavor).filter(|(_, region)| *region == wanted.region);
        let Some((flavor, _)) = flavor else { return Err(not_found("flavor")) };
        if matches!(flavor.name, "g1-last" | "t2-45") {
            return Err(bad_request("This flavor is not available for now: out of stock"));
        }
        let copy = self.copies.get(&wanted.image);
        let copy =
            copy.filter(|copy| copy.region == wanted.region && copy.ready_at <= now).map(|copy| copy.disk);
        let disk = find_image(&wanted.image, &wanted.region).map(|(_, disk)| disk).or(copy);
        let Some(disk) = disk else { return Err(not_found("image")) };
        if disk > flavor.disk {
            return Err(bad_request("The disk of this flavor is too small for the image"));
        }
        if wanted.ssh_key.as_ref().is_some_and(|key| !self.keys.contains_key(key)) {
            return Err(not_found("SSH key"));
        }
        if wanted.groups.iter().any(|group| self.groups.get(group).is_none_or(|g| g.region != wanted.region))
        {
            return Err(not_found("security group"));
        }
        if wanted.user_data_bytes > USER_DATA || wanted.name.is_empty() {
            return Err(bad_request("The name or the user data is not valid"));
        }
        if self.machines.len() >= self.quota {
            return Err((403, "Client::Forbidden", "Instance creation refused: quota exceeded".to_owned()));
        }
        let id = self.next_id();
        let number = self.next();
        let up_at = now.plus(self.times.boot);
        let fails = self.broken > 0;
        self.broken = self.broken.saturating_sub(1);
        let machine = Machine {
            name: wanted.name.clone(),
            region: wanted.region,
            flavor: flavor.name.to_owned(),
            image: wanted.image,
            ssh_key: wanted.ssh_key,
            groups: wanted.groups,
            monthly: wanted.monthly,
            status: "BUILD",
            then: Some((up_at, if fails { "ERROR" } else { "ACTIVE" })),
            created: now,
            listed_at: now.plus(self.times.list_lag),
            readable_at: now.plus(self.times.read_lag),
            addresses: (!fails).then(|| (up_at, up_at.plus(self.times.address))),
            number,
            gone_at: None,
        };
        self.machines.insert(id.clone(), machine);
        self.enter(ResourceKind::Server, &id, &wanted.name, now);
        Ok(id)
    }

    pub(super) fn delete_instance(&mut self, id: &str, now: Timestamp) -> Answer {
        let gone_at = now.plus(self.times.delete);
        let machine = self.machine(id, now)?;
        if machine.gone_at.is_some() {
            return Err(conflict("Client::Conflict::ResourceAlreadyBeingDeleted", "It is being deleted"));
        }
        machine.status = "DELETING";
        machine.then = None;
        machine.gone_at = Some(gone_at);
        Ok(Reply::Nothing)
    }

    pub(super) fn act(&mut self, id: &str, verb: &str, body: &Value, now: Timestamp) -> Answer {
        let done_at = now.plus(self.times.boot);
        let machine = self.machine(id, now)?;
        let busy =
            || conflict("Client::Conflict", "The instance does something else, or is in the wrong state");
        if machine.then.is_some() || machine.gone_at.is_some() {
            return Err(busy());
        }
        let off = machine.status == "SHUTOFF";
        match (verb, machine.status) {
            ("start", "SHUTOFF") => machine.then = Some((done_at, "ACTIVE")),
            ("stop", "ACTIVE") => machine.then = Some((done_at, "SHUTOFF")),
            ("reboot", "ACTIVE") => {
                machine.status = "REBOOT";
                machine.then = Some((done_at, "ACTIVE"));
            }
            ("resize", "SHUTOFF" | "ACTIVE") => {
                let flavor = find_flavor(body["flavorId"].as_str().unwrap_or_default())
                    .filter(|(_, region)| *region == machine.region);
                let Some((flavor, _)) = flavor else { return Err(not_found("flavor")) };
                let present = FLAVORS.iter().find(|known| known.name == machine.flavor).map_or(0, |f| f.disk);
                if flavor.disk < present {
                    return Err(bad_request("The disk of this flavor is too small"));
                }
                machine.status = "RESIZE";
                machine.flavor = flavor.name.to_owned();
                machine.then = Some((done_at, if off { "SHUTOFF" } else { "ACTIVE" }));
                return self.instance(id, now);
            }
            ("snapshot", "SHUTOFF" | "ACTIVE") => {
                machine.status = "SNAPSHOTTING";
                machine.then = Some((done_at, if off { "SHUTOFF" } else { "ACTIVE" }));
                let region = machine.region.clone();
                let disk = FLAVORS.iter().find(|known| known.name == machine.flavor).map_or(0, |f| f.disk);
                self.copy(body["snapshotName"].as_str().unwrap_or_default(), region, disk, now);
            }
            _ => return Err(busy()),
        }
        Ok(Reply::Nothing)
    }

    fn copy(&mut self, name: &str, region: String, disk: u64, now: Timestamp) {
        let id = self.next_id();
        let copy = Copy {
            name: name.to_owned(),
            region,
            disk,
            created: now,
            ready_at: now.plus(self.times.boot),
            listed_at: now.plus(self.times.list_lag),
        };
        self.copies.insert(id.clone(), copy);
        self.enter(ResourceKind::Snapshot, &id, name, now);
    }

    pub(super) fn snapshots(&self, region: Option<&str>, now: Timestamp) -> Answer {
        let all = self
            .copies
            .iter()
            .filter(|(_, copy)| copy.listed_at <= now && region.is_none_or(|region| copy.region == region));
        let json = |(id, copy): (&String, &Copy)| {
            json!({
                "id": id, "name": copy.name, "region": copy.region, "minDisk": copy.disk, "minRam": 0,
                "status": if copy.ready_at <= now { "active" } else { "saving" }, "size": 1.2,
                "creationDate": moment(copy.created), "user": "", "visibility": "private", "type": "linux",
                "flavorType": null, "planCode": "snapshot.consumption",
            })
        };
        Ok(Reply::List(all.map(json).collect()))
    }

    pub(super) fn delete_snapshot(&mut self, id: &str, now: Timestamp) -> Answer {
        let copy = self.copies.remove(id).ok_or_else(|| not_found("snapshot"))?;
        self.strike_out(&copy.name, now);
        Ok(Reply::Nothing)
    }

    pub(super) fn ssh_keys(&self, now: Timestamp) -> Answer {
        let all = self.keys.iter().filter(|(_, key)| key.listed_at <= now);
        Ok(Reply::List(all.map(|(id, key)| key_json(id, key)).collect()))
    }

    pub(super) fn create_ssh_key(&mut self, body: &Value, now: Timestamp) -> Answer {
        let (name, text) =
            (body["name"].as_str().unwrap_or_default(), body["publicKey"].as_str().unwrap_or_default());
        if self.keys.values().any(|key| key.name == name) {
            return Err(conflict("Client::Conflict::NameAlreadyInUse", "A key of this name exists"));
        }
        if !text.starts_with("ssh-") && !text.starts_with("ecdsa-") {
            return Err(bad_request("This is not a public key"));
        }
        let id = self.next_id();
        let key =
            Key { name: name.to_owned(), text: text.to_owned(), listed_at: now.plus(self.times.list_lag) };
        let json = key_json(&id, &key);
        self.enter(ResourceKind::SshKey, &id, name, now);
        self.keys.insert(id, key);
        thing(json)
    }

    pub(super) fn ssh_key(&self, id: &str) -> Answer {
        thing(key_json(id, self.keys.get(id).ok_or_else(|| not_found("SSH key"))?))
    }

    pub(super) fn delete_ssh_key(&mut self, id: &str, now: Timestamp) -> Answer {
        self.keys.remove(id).ok_or_else(|| not_found("SSH key"))?;
        self.strike_out(id, now);
        Ok(Reply::Nothing)
    }

    pub(super) fn quotas(&self) -> Answer {
        let quota = |(region, _): &(&str, &str)| {
            let used = self.machines.values().filter(|machine| machine.region == *region).count();
            json!({
                "region": region,
                "instance": {
                    "maxInstances": self.quota, "usedInstances": used, "maxCores": 4000, "usedCores": used,
                    "maxRam": 8_000_000, "usedRAM": used * 2000,
                },
                "volume": null, "keypair": null, "network": null,
            })
        };
        Ok(Reply::List(REGIONS.iter().map(quota).collect()))
    }
}

fn key_json(id: &str, key: &Key) -> Value {
    json!({
        "id": id, "name": key.name, "publicKey": key.text, "fingerPrint": "",
        "regions": REGIONS.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
    })
}
