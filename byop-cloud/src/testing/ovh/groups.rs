//! The simulated second version of the API: security groups, and servers behind them.

use byop_core::clock::Timestamp;
use byop_core::model::ResourceKind;
use serde_json::{Value, json};

use super::cloud::Wanted;
use super::offers::is_region;
use super::reply::{Answer, Reply, bad_request, conflict, moment, not_found, thing};
use super::state::{Group, State};

impl Group {
    fn json(&self, id: &str, now: Timestamp) -> Value {
        let status = match (self.gone_at, self.ready_at <= now) {
            (Some(_), _) => "DELETING",
            (None, true) => "READY",
            (None, false) if self.is_new => "CREATING",
            (None, false) => "UPDATING",
        };
        let location = json!({ "region": self.region, "availabilityZone": null });
        let state =
            json!({ "name": self.name, "location": location, "rules": self.rules, "defaultRules": [] });
        json!({
            "id": id, "checksum": format!("c{}", self.checksum), "createdAt": moment(self.created),
            "updatedAt": moment(self.created), "resourceStatus": status,
            "currentTasks": if status == "READY" { Value::Null } else { json!([{ "status": "RUNNING" }]) },
            "targetSpec": {
                "name": self.name, "location": location, "description": "",
                "rules": if self.rules.is_empty() { Value::Null } else { json!(self.rules) },
            },
            "currentState": if status == "CREATING" { Value::Null } else { state },
        })
    }
}

/// A rule needs both ends of its range, and an address of its family.
fn check_rules(rules: &[Value]) -> Result<(), String> {
    for rule in rules {
        if rule["portRangeMin"].is_null() != rule["portRangeMax"].is_null() {
            return Err("A range of ports has two ends".into());
        }
        if !rule["portRangeMin"].is_null() && !matches!(rule["protocol"].as_str(), Some("TCP" | "UDP")) {
            return Err("Only TCP and UDP have ports".into());
        }
        let prefix = rule["remoteIpPrefix"].as_str().unwrap_or("0.0.0.0/0");
        if rule["remoteIpPrefix"].is_string() && prefix.contains(':') != (rule["ethernetType"] == "IPV6") {
            return Err("The network is of another family".into());
        }
    }
    Ok(())
}

fn rules(target: &Value) -> Vec<Value> {
    target["rules"].as_array().cloned().unwrap_or_default()
}

impl State {
    /// One page; the cursor is the id of its first group.
    pub(super) fn list_groups(&self, size: Option<usize>, cursor: Option<&str>, now: Timestamp) -> Answer {
        let size = size.unwrap_or(self.page_size).min(self.page_size).max(1);
        let mut all = self.groups.iter().filter(|(id, group)| {
            group.listed_at <= now && cursor.is_none_or(|cursor| id.as_str() >= cursor)
        });
        let page: Vec<_> = all.by_ref().take(size).map(|(id, group)| group.json(id, now)).collect();
        Ok(Reply::Page(page, all.next().map(|(id, _)| id.clone())))
    }

    pub(super) fn group(&self, id: &str, now: Timestamp) -> Answer {
        thing(self.groups.get(id).ok_or_else(|| not_found("security group"))?.json(id, now))
    }

    pub(super) fn create_group(&mut self, body: &Value, now: Timestamp) -> Answer {
        let target = &body["targetSpec"];
        let region = target["location"]["region"].as_str().unwrap_or_default();
        if !is_region(region) {
            return Err(bad_request("This region does not exist"));
        }
        check_rules(&rules(target)).map_err(bad_request)?;
        let id = self.next_id();
        let group = Group {
            name: target["name"].as_str().unwrap_or_default().to_owned(),
            region: region.to_owned(),
            rules: rules(target),
            checksum: self.next(),
            created: now,
            ready_at: now.plus(self.times.boot),
            listed_at: now.plus(self.times.list_lag),
            is_new: true,
            gone_at: None,
        };
        self.enter(ResourceKind::Firewall, &id, &group.name, now);
        let json = group.json(&id, now);
        self.groups.insert(id, group);
        thing(json)
    }

    pub(super) fn change_group(&mut self, id: &str, body: &Value, now: Timestamp) -> Answer {
        let (checksum, ready_at) = (self.next(), now.plus(self.times.boot));
        let disturbed = self.disturbed > 0;
        self.disturbed = self.disturbed.saturating_sub(1);
        let group = self.groups.get_mut(id).ok_or_else(|| not_found("security group"))?;
        if disturbed {
            group.checksum = checksum;
        }
        if body["checksum"] != format!("c{}", group.checksum) {
            return Err(conflict(
                "Client::Conflict::ChecksumMismatch",
                "The checksum is not the present one",
            ));
        }
        let target = &body["targetSpec"];
        check_rules(&rules(target)).map_err(bad_request)?;
        group.name = target["name"].as_str().unwrap_or_default().to_owned();
        group.rules = rules(target);
        group.checksum = checksum + 1_000_000;
        group.is_new = false;
        group.ready_at = ready_at;
        thing(group.json(id, now))
    }

    pub(super) fn delete_group(&mut self, id: &str, now: Timestamp) -> Answer {
        if self.machines.values().any(|machine| machine.groups.iter().any(|group| group == id)) {
            return Err(conflict("Client::Conflict", "The security group is in use"));
        }
        let gone_at = now.plus(self.times.delete);
        let group = self.groups.get_mut(id).ok_or_else(|| not_found("security group"))?;
        if group.gone_at.is_some() {
            return Err(conflict("Client::Conflict::ResourceAlreadyBeingDeleted", "It is being deleted"));
        }
        group.gone_at = Some(gone_at);
        thing(group.json(id, now))
    }

    pub(super) fn create_behind(&mut self, body: &Value, now: Timestamp) -> Answer {
        let target = &body["targetSpec"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let ssh_key = match target["sshKeyName"].as_str() {
            Some(name) => {
                let found = self.keys.iter().find(|(_, key)| key.name == name);
                Some(found.map(|(id, _)| id.clone()).ok_or_else(|| not_found("SSH key"))?)
            }
            None => None,
        };
        let groups = target["securityGroups"].as_array().into_iter().flatten();
        let wanted = Wanted {
            name: text(&target["name"]),
            region: text(&target["location"]["region"]),
            flavor: text(&target["flavor"]["id"]),
            image: text(&target["image"]["id"]),
            ssh_key,
            user_data_bytes: target["userData"].as_str().map_or(0, str::len),
            monthly: false,
            groups: groups.map(|group| text(&group["id"])).collect(),
        };
        let id = self.make(wanted, now)?;
        thing(json!({
            "id": id, "checksum": "c1", "createdAt": moment(now), "updatedAt": moment(now),
            "resourceStatus": "CREATING", "currentTasks": [], "targetSpec": target, "currentState": null,
        }))
    }
}
