//! Simulated firewalls.

use byop_core::model::ResourceKind;
use serde_json::{Value, json};

use super::answer::{Answer, Call, Refusal, done, moment, one};
use super::state::{Firewall, State};

impl State {
    /// The key of a firewall whose name and tag agree.
    fn key_of(name: &str, tags: &[String]) -> Option<String> {
        let key = name.strip_prefix("byop-")?;
        tags.iter().any(|tag| tag.strip_prefix("byop-firewall:") == Some(key)).then(|| key.to_owned())
    }

    fn check_firewall(&self, call: &Call) -> Result<(), Refusal> {
        let rules = |key: &str| call.body[key].as_array().cloned().unwrap_or_default();
        let (inbound, outbound) = (rules("inbound_rules"), rules("outbound_rules"));
        if inbound.is_empty() && outbound.is_empty() {
            return Err(Refusal::new(400, "must specify at least one rule"));
        }
        let all = inbound.iter().map(|rule| (rule, "sources"));
        for (rule, ends) in all.chain(outbound.iter().map(|rule| (rule, "destinations"))) {
            check_rule(rule, &rule[ends])?;
        }
        if let Some(tag) = call.texts("tags").into_iter().find(|tag| !self.tags.contains(tag)) {
            return Err(Refusal::new(400, format!("tag {tag} does not exist")));
        }
        Ok(())
    }

    pub(super) fn create_firewall(&mut self, call: &Call) -> Answer {
        self.check_firewall(call)?;
        let name = call.text("name");
        if self.firewalls.values().any(|firewall| firewall.name == name) {
            return Err(Refusal::new(409, "duplicate name"));
        }
        let id = self.add_firewall(name, call.body.clone(), &call.texts("tags"));
        one(202, "firewall", self.firewall_json(&id))
    }

    pub(super) fn add_firewall(&mut self, name: &str, body: Value, tags: &[String]) -> String {
        let id = self.uuid();
        let key = Self::key_of(name, tags);
        self.enter(ResourceKind::Firewall, &id, name, key.as_deref(), key.is_some());
        let (created_at, listed_at) = (self.now, self.listed_at());
        self.firewalls.insert(id.clone(), Firewall { name: name.to_owned(), body, created_at, listed_at });
        id
    }

    fn firewall_json(&self, id: &str) -> Value {
        let Some(firewall) = self.firewalls.get(id) else { return Value::Null };
        let mut value = firewall.body.clone();
        value["id"] = json!(id);
        value["name"] = json!(firewall.name);
        value["status"] = json!("succeeded");
        value["pending_changes"] = json!([]);
        value["created_at"] = json!(moment(firewall.created_at));
        // Every port is shown as zero.
        for rules in ["inbound_rules", "outbound_rules"] {
            for rule in value[rules].as_array_mut().into_iter().flatten() {
                if rule["ports"] == "all" {
                    rule["ports"] = json!("0");
                }
            }
        }
        value
    }

    pub(super) fn firewall(&self, id: &str) -> Answer {
        if self.firewalls.contains_key(id) {
            one(200, "firewall", self.firewall_json(id))
        } else {
            Err(Refusal::missing())
        }
    }

    pub(super) fn list_firewalls(&self, call: &Call) -> Answer {
        let listed = self.firewalls.iter().filter(|(_, firewall)| firewall.listed_at <= self.now);
        self.page(call, "firewalls", listed.map(|(id, _)| self.firewall_json(id)).collect())
    }

    pub(super) fn replace_firewall(&mut self, id: &str, call: &Call) -> Answer {
        self.check_firewall(call)?;
        let firewall = self.firewalls.get_mut(id).ok_or_else(Refusal::missing)?;
        firewall.name = call.text("name").to_owned();
        firewall.body = call.body.clone();
        one(200, "firewall", self.firewall_json(id))
    }

    pub(super) fn delete_firewall(&mut self, id: &str) -> Answer {
        self.firewalls.remove(id).ok_or_else(Refusal::missing)?;
        self.strike_out(ResourceKind::Firewall, id);
        done()
    }

    /// The firewalls that a droplet is behind.
    pub(super) fn firewalls_of(&self, droplet: u64) -> Vec<String> {
        let Some(found) = self.droplets.get(&droplet) else { return Vec::new() };
        let is_behind = |firewall: &Firewall| {
            let tags = firewall.body["tags"].as_array().into_iter().flatten();
            let ids = firewall.body["droplet_ids"].as_array().into_iter().flatten();
            tags.filter_map(Value::as_str).any(|tag| found.tags.contains(tag))
                || ids.filter_map(Value::as_u64).any(|id| id == droplet)
        };
        self.firewalls.iter().filter(|(_, firewall)| is_behind(firewall)).map(|(id, _)| id.clone()).collect()
    }
}

fn check_rule(rule: &Value, ends: &Value) -> Result<(), Refusal> {
    let ports = rule["ports"].as_str().unwrap_or_default();
    let is_port = |text: &str| text.parse::<u16>().is_ok_and(|port| port > 0);
    let fits = match ports.split_once('-') {
        Some((first, last)) => is_port(first) && is_port(last),
        None => is_port(ports) || matches!(ports, "all" | "0"),
    };
    if !fits {
        return Err(Refusal::new(400, format!("invalid ports: {ports}")));
    }
    let addresses = ends["addresses"].as_array().cloned().unwrap_or_default();
    let is_network = |value: &Value| {
        let text = value.as_str().unwrap_or_default();
        text.split('/').next().unwrap_or_default().parse::<std::net::IpAddr>().is_ok()
    };
    if addresses.is_empty() || !addresses.iter().all(is_network) {
        return Err(Refusal::new(400, "a rule needs valid sources or destinations"));
    }
    Ok(())
}
