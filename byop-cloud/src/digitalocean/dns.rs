//! Domains and their records.

use std::collections::BTreeMap;

use async_trait::async_trait;
use byop_core::cloud::DnsProvider;
use byop_core::model::{DnsName, DnsRecord, DnsRecordKind, DomainName};
use byop_core::{Error, Result};

use super::client::encode;
use super::{DigitalOcean, wire};
use crate::http::Repeat;

const PUT: &str = "dns.put";
const DELETE: &str = "dns.delete";
/// The least that DigitalOcean takes.
const SHORTEST_TTL: u32 = 30;

impl DigitalOcean {
    /// The records of one name and kind, twins included.
    async fn records_of(
        &self,
        operation: &'static str,
        zone: &DomainName,
        name: &DnsName,
        kind: &DnsRecordKind,
    ) -> Result<Vec<wire::Record>> {
        let query = [("type", kind.as_str()), ("name", name.as_str())];
        let mut records: Vec<wire::Record> =
            self.api.list(operation, &records_path(zone), &query, "domain_records").await?;
        records.retain(|record| {
            record.kind == kind.as_str() && full_name(zone, &record.name).as_ref() == Some(name)
        });
        Ok(records)
    }

    async fn delete_one(&self, operation: &'static str, zone: &DomainName, id: u64) -> Result<()> {
        self.api.delete(operation, &format!("{}/{id}", records_path(zone))).await
    }
}

#[async_trait]
impl DnsProvider for DigitalOcean {
    async fn list_zones(&self) -> Result<Vec<DomainName>> {
        let domains: Vec<wire::Domain> = self.api.list("dns.zones", "domains", &[], "domains").await?;
        // What is no host name cannot be a zone of an application.
        Ok(domains.into_iter().filter_map(|domain| DomainName::new(domain.name).ok()).collect())
    }

    async fn list_records(&self, zone: &DomainName) -> Result<Vec<DnsRecord>> {
        let records: Vec<wire::Record> =
            self.api.list("dns.list", &records_path(zone), &[], "domain_records").await?;
        let mut sets: BTreeMap<(DnsName, DnsRecordKind), DnsRecord> = BTreeMap::new();
        for record in records {
            let Some(name) = full_name(zone, &record.name) else { continue };
            let kind = DnsRecordKind::parse(&record.kind);
            let value = value_of(zone, &kind, &record);
            let set = sets
                .entry((name.clone(), kind.clone()))
                .or_insert_with(|| DnsRecord::new(name, kind).with_ttl(record.ttl));
            // DigitalOcean keeps identical twins; they say nothing more.
            if !set.values.contains(&value) {
                set.values.push(value);
            }
        }
        Ok(sets.into_values().collect())
    }

    async fn put_record(&self, zone: &DomainName, record: &DnsRecord) -> Result<()> {
        check(zone, record)?;
        let ttl = record.ttl_seconds.max(SHORTEST_TTL);
        let mut wanted: Vec<&String> = record.values.iter().collect();
        wanted.sort();
        wanted.dedup();
        let mut others = Vec::new();
        for known in self.records_of(PUT, zone, &record.name, &record.kind).await? {
            let value = value_of(zone, &record.kind, &known);
            match wanted.iter().position(|wanted| **wanted == value) {
                Some(at) if known.ttl == ttl => drop(wanted.remove(at)),
                _ => others.push(known),
            }
        }
        let relative = relative_name(zone, &record.name);
        let mut is_new = false;
        for value in wanted {
            let data = data_of(&record.kind, value);
            let body = wire::NewRecord {
                kind: record.kind.as_str(),
                name: &relative,
                data: &data,
                ttl,
                priority: None,
                port: None,
                weight: None,
                flags: None,
                tag: None,
            };
            // One that says something else is changed, so that the name never stands empty.
            if let Some(other) = others.pop() {
                self.api.put(PUT, &format!("{}/{}", records_path(zone), other.id), &body).await?;
            } else {
                self.api.post(PUT, &records_path(zone), &body, Repeat::Never).await?;
                is_new = true;
            }
        }
        for other in others {
            self.delete_one(PUT, zone, other.id).await?;
        }
        if is_new {
            self.remove_twins(zone, record).await?;
        }
        Ok(())
    }

    async fn delete_record(&self, zone: &DomainName, name: &DnsName, kind: &DnsRecordKind) -> Result<()> {
        if !name.is_in(zone) {
            return Ok(());
        }
        for record in self.records_of(DELETE, zone, name, kind).await? {
            self.delete_one(DELETE, zone, record.id).await?;
        }
        Ok(())
    }
}

impl DigitalOcean {
    /// Somebody else may have written the same meanwhile. Of twins the eldest stays, whoever looks.
    async fn remove_twins(&self, zone: &DomainName, record: &DnsRecord) -> Result<()> {
        let mut records = self.records_of(PUT, zone, &record.name, &record.kind).await?;
        records.sort_by_key(|record| record.id);
        let mut seen = Vec::new();
        for known in records {
            let value = value_of(zone, &record.kind, &known);
            if seen.contains(&value) {
                self.delete_one(PUT, zone, known.id).await?;
            } else {
                seen.push(value);
            }
        }
        Ok(())
    }
}

fn records_path(zone: &DomainName) -> String {
    format!("domains/{}/records", encode(zone.as_str()))
}

/// `@` is the zone itself.
fn full_name(zone: &DomainName, name: &str) -> Option<DnsName> {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    DnsName::new(if name == "@" || name.is_empty() { zone.to_string() } else { format!("{name}.{zone}") })
        .ok()
}

fn relative_name(zone: &DomainName, name: &DnsName) -> String {
    match name.as_str().strip_suffix(zone.as_str()).unwrap_or(name.as_str()).trim_end_matches('.') {
        "" => "@".to_owned(),
        head => head.to_owned(),
    }
}

fn value_of(zone: &DomainName, kind: &DnsRecordKind, record: &wire::Record) -> String {
    let host = || match record.data.trim_end_matches('.') {
        "@" => zone.to_string(),
        name => name.to_owned(),
    };
    match kind {
        DnsRecordKind::Cname => host(),
        DnsRecordKind::Other(other) if other == "MX" => {
            format!("{} {}", record.priority.unwrap_or_default(), host())
        }
        _ => record.data.clone(),
    }
}

/// The names of other hosts end with a dot.
fn data_of(kind: &DnsRecordKind, value: &str) -> String {
    if *kind == DnsRecordKind::Cname { format!("{value}.") } else { value.to_owned() }
}

fn check(zone: &DomainName, record: &DnsRecord) -> Result<()> {
    let fits = |value: &String| match record.kind {
        DnsRecordKind::A => value.parse::<std::net::Ipv4Addr>().is_ok(),
        DnsRecordKind::Aaaa => value.parse::<std::net::Ipv6Addr>().is_ok(),
        DnsRecordKind::Cname => DnsName::new(value.as_str()).is_ok(),
        DnsRecordKind::Txt => !value.is_empty() && !value.chars().any(char::is_control),
        _ => false,
    };
    let is_one_alias = record.kind != DnsRecordKind::Cname || record.values.len() == 1;
    if record.name.is_in(zone) && !record.values.is_empty() && record.values.iter().all(fits) && is_one_alias
    {
        return Ok(());
    }
    Err(Error::invalid(PUT, "the record does not fit its kind or its zone")
        .with_context("zone", zone)
        .with_context("name", &record.name)
        .with_context("kind", &record.kind)
        .with_remedy(
            "give a name in the zone, and addresses, one host name without a dot at its end, or texts",
        ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_relative_to_their_zone() {
        let zone = DomainName::new("example.com").unwrap();
        for (full, relative) in [
            ("example.com", "@"),
            ("www.example.com", "www"),
            ("*.a.example.com", "*.a"),
            ("_x.example.com", "_x"),
        ] {
            let name = DnsName::new(full).unwrap();
            assert_eq!(relative_name(&zone, &name), relative);
            assert_eq!(full_name(&zone, relative), Some(name));
        }
    }
}
