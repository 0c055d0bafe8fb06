//! Simulated domains. As with the real ones, two records may be identical.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};

use serde_json::{Value, json};

use super::answer::{Answer, Call, Refusal, done, one};
use super::state::State;

pub(super) type Zone = BTreeMap<u64, Record>;

#[derive(Debug, Clone)]
pub(super) struct Record {
    kind: String,
    name: String,
    data: String,
    ttl: u64,
    priority: Option<u64>,
}

impl Record {
    fn json(&self, id: u64) -> Value {
        json!({
            "id": id, "type": self.kind, "name": self.name, "data": self.data, "ttl": self.ttl,
            "priority": self.priority, "port": null, "weight": null, "flags": null, "tag": null,
        })
    }
}

impl State {
    /// A zone with what every zone has.
    pub(super) fn add_zone(&mut self, name: &str) {
        let record = |kind: &str, data: &str, ttl, priority| Record {
            kind: kind.to_owned(),
            name: "@".to_owned(),
            data: data.to_owned(),
            ttl,
            priority,
        };
        let all = [
            record("SOA", "1800", 1800, None),
            record("NS", "ns1.digitalocean.com", 1800, None),
            record("NS", "ns2.digitalocean.com", 1800, None),
            record("MX", "mail.example.net", 3600, Some(10)),
        ];
        let zone = all.into_iter().map(|record| (28_448_000 + self.next(), record)).collect();
        self.zones.insert(name.to_owned(), zone);
    }

    fn zone(&mut self, name: &str) -> Result<&mut Zone, Refusal> {
        self.zones.get_mut(name).ok_or_else(Refusal::missing)
    }

    pub(super) fn list_domains(&self, call: &Call) -> Answer {
        let shown = self.zones.keys().map(|name| json!({"name": name, "ttl": 1800, "zone_file": ""}));
        self.page(call, "domains", shown.collect())
    }

    pub(super) fn list_records(&mut self, zone: &str, call: &Call) -> Answer {
        let (kind, name) = (call.query.get("type").cloned(), call.query.get("name").cloned());
        let records = self.zone(zone)?;
        let fits = |record: &&Record| {
            let full = if record.name == "@" { zone.to_owned() } else { format!("{}.{zone}", record.name) };
            kind.as_ref().is_none_or(|kind| record.kind == *kind)
                && name.as_ref().is_none_or(|name| full == *name)
        };
        let shown =
            records.iter().filter(|(_, record)| fits(record)).map(|(id, record)| record.json(*id)).collect();
        self.page(call, "domain_records", shown)
    }

    pub(super) fn create_record(&mut self, zone: &str, call: &Call) -> Answer {
        let id = 28_448_000 + self.next();
        let record = read(call, self.zone(zone)?, id)?;
        let shown = record.json(id);
        self.zone(zone)?.insert(id, record);
        one(201, "domain_record", shown)
    }

    pub(super) fn replace_record(&mut self, zone: &str, id: &str, call: &Call) -> Answer {
        let records = self.zone(zone)?;
        let id = id.parse().ok().filter(|id| records.contains_key(id)).ok_or_else(Refusal::missing)?;
        let record = read(call, records, id)?;
        let shown = record.json(id);
        records.insert(id, record);
        one(200, "domain_record", shown)
    }

    pub(super) fn delete_record(&mut self, zone: &str, id: &str) -> Answer {
        let id: u64 = id.parse().map_err(|_| Refusal::missing())?;
        self.zone(zone)?.remove(&id).ok_or_else(Refusal::missing)?;
        done()
    }
}

fn read(call: &Call, zone: &Zone, id: u64) -> Result<Record, Refusal> {
    let (kind, data) = (call.text("type"), call.text("data"));
    let wrong = |message: &str| Err(Refusal::new(422, message));
    let ttl = call.body["ttl"].as_u64().unwrap_or(1800);
    if ttl < 30 {
        return wrong("Ttl must be greater than or equal to 30");
    }
    match kind {
        "A" if data.parse::<Ipv4Addr>().is_err() => return wrong("Data must be a valid IPv4 address."),
        "AAAA" if data.parse::<Ipv6Addr>().is_err() => return wrong("Data must be a valid IPv6 address."),
        "CNAME" if !data.ends_with('.') && data != "@" => return wrong("Data needs to end with a dot (.)"),
        "TXT" if data.is_empty() => return wrong("Data can't be blank"),
        "A" | "AAAA" | "CNAME" | "TXT" | "NS" | "MX" | "SRV" | "CAA" => {}
        _ => return wrong("Type is not included in the list"),
    }
    let name = call.text("name").to_owned();
    let others = zone.iter().filter(|(other, record)| **other != id && record.name == name);
    let has_alias = others.clone().any(|(_, record)| record.kind == "CNAME");
    if has_alias || (kind == "CNAME" && others.count() > 0) {
        return wrong("CNAME records cannot share a name with other records");
    }
    Ok(Record {
        kind: kind.to_owned(),
        name,
        data: data.trim_end_matches('.').to_owned(),
        ttl,
        priority: call.body["priority"].as_u64(),
    })
}
