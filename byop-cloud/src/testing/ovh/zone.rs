//! The simulated domain zones: what is written counts after a refresh.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};

use serde_json::{Value, json};

use super::reply::{Answer, Reply, bad_request, not_found, thing};
use super::state::State;

#[derive(Debug, Clone, PartialEq, Eq)]
struct Record {
    kind: String,
    sub: String,
    target: String,
    ttl: u64,
}

/// A zone as it is written, and as it is served.
#[derive(Debug)]
pub(super) struct Zone {
    records: BTreeMap<u64, Record>,
    served: Vec<String>,
}

impl Zone {
    /// With what every zone has.
    pub(super) fn new() -> Self {
        let record = |kind: &str, sub: &str, target: &str| Record {
            kind: kind.into(),
            sub: sub.into(),
            target: target.into(),
            ttl: 0,
        };
        let records = [
            record("NS", "", "dns200.example.net."),
            record("MX", "", "1 mx1.example.net."),
            record("A", "", "198.51.100.1"),
            record("TXT", "", "\"v=spf1 include:mx.example.net ~all\""),
        ];
        let mut zone = Self { records: (5_000_000..).zip(records).collect(), served: Vec::new() };
        zone.refresh();
        zone
    }

    fn refresh(&mut self) {
        let line =
            |record: &Record| format!("{} {} {} {}", record.sub, record.ttl, record.kind, record.target);
        self.served = self.records.values().map(line).collect();
        self.served.sort();
    }

    /// What its name servers answer, one line a record.
    pub(super) fn served(&self) -> &[String] {
        &self.served
    }
}

fn check(record: &Record) -> Result<(), String> {
    let fits = match record.kind.as_str() {
        "A" => record.target.parse::<Ipv4Addr>().is_ok(),
        "AAAA" => record.target.parse::<Ipv6Addr>().is_ok(),
        _ => !record.target.is_empty(),
    };
    if !fits {
        return Err(format!("Invalid target for a record of type {}", record.kind));
    }
    if record.sub.contains('@') || record.sub.ends_with('.') {
        return Err("Invalid subDomain".into());
    }
    if (1..60).contains(&record.ttl) {
        return Err("Invalid ttl".into());
    }
    Ok(())
}

fn json(id: u64, zone: &str, record: &Record) -> Value {
    json!({
        "id": id, "zone": zone, "fieldType": record.kind, "target": record.target, "ttl": record.ttl,
        "subDomain": if record.sub.is_empty() && id.is_multiple_of(2) { Value::Null } else { json!(record.sub) },
    })
}

impl State {
    fn zone(&mut self, name: &str) -> Result<&mut Zone, super::reply::Refusal> {
        self.zones.get_mut(name).ok_or_else(|| not_found("zone"))
    }

    pub(super) fn list_zones(&self) -> Answer {
        Ok(Reply::List(self.zones.keys().map(|name| json!(name)).collect()))
    }

    pub(super) fn list_records(&mut self, zone: &str, kind: Option<&str>, sub: Option<&str>) -> Answer {
        let zone = self.zone(zone)?;
        let all = zone.records.iter().filter(|(_, record)| {
            kind.is_none_or(|kind| record.kind == kind) && sub.is_none_or(|sub| record.sub == sub)
        });
        Ok(Reply::List(all.map(|(id, _)| json!(id)).collect()))
    }

    pub(super) fn record(&mut self, zone: &str, id: &str) -> Answer {
        let records = &self.zone(zone)?.records;
        let found = id.parse().ok().and_then(|id: u64| Some((id, records.get(&id)?)));
        let (id, record) = found.ok_or_else(|| not_found("record"))?;
        thing(json(id, zone, record))
    }

    pub(super) fn create_record(&mut self, zone: &str, body: &Value) -> Answer {
        let id = 5_100_000 + self.next();
        let record = Record {
            kind: body["fieldType"].as_str().unwrap_or_default().to_owned(),
            sub: body["subDomain"].as_str().unwrap_or_default().to_owned(),
            target: body["target"].as_str().unwrap_or_default().to_owned(),
            ttl: body["ttl"].as_u64().unwrap_or(0),
        };
        check(&record).map_err(bad_request)?;
        let records = &mut self.zone(zone)?.records;
        let clash = records.values().any(|known| {
            known.sub == record.sub
                && known.kind != record.kind
                && (known.kind == "CNAME" || record.kind == "CNAME")
        });
        if clash {
            return Err(bad_request("A CNAME record cannot share its name"));
        }
        let json = json(id, zone, &record);
        records.insert(id, record);
        thing(json)
    }

    pub(super) fn change_record(&mut self, zone: &str, id: &str, body: &Value) -> Answer {
        let records = &mut self.zone(zone)?.records;
        let found = id.parse().ok().and_then(|id: u64| records.get_mut(&id));
        let record = found.ok_or_else(|| not_found("record"))?;
        let mut changed = record.clone();
        if let Some(sub) = body["subDomain"].as_str() {
            changed.sub = sub.to_owned();
        }
        if let Some(target) = body["target"].as_str() {
            changed.target = target.to_owned();
        }
        if let Some(ttl) = body["ttl"].as_u64() {
            changed.ttl = ttl;
        }
        check(&changed).map_err(bad_request)?;
        *record = changed;
        Ok(Reply::Nothing)
    }

    pub(super) fn delete_record(&mut self, zone: &str, id: &str) -> Answer {
        let records = &mut self.zone(zone)?.records;
        let removed = id.parse().ok().and_then(|id: u64| records.remove(&id));
        removed.map(|_| Reply::Nothing).ok_or_else(|| not_found("record"))
    }

    pub(super) fn refresh_zone(&mut self, zone: &str) -> Answer {
        self.zone(zone)?.refresh();
        Ok(Reply::Nothing)
    }
}
