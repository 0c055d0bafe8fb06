//! Domain zones. What is written is served only after the zone was refreshed.

use std::net::{Ipv4Addr, Ipv6Addr};

use async_trait::async_trait;
use byop_core::cloud::DnsProvider;
use byop_core::model::{DnsName, DnsRecord, DnsRecordKind, DomainName};
use byop_core::{Error, ErrorKind, Result};
use serde_json::json;

use super::client::{encode, is_unknown};
use super::{Ovh, wire};
use crate::http::{Method, Repeat};

const PUT: &str = "dns.put";
/// What records without a time of their own have.
const ZONE_TTL: u32 = 3600;
/// The provider takes none that is shorter.
const SHORTEST_TTL: u32 = 60;
/// How often a set is looked at again when nobody knows whether a record was made.
const TRIES: u32 = 3;

#[async_trait]
impl DnsProvider for Ovh {
    async fn list_zones(&self) -> Result<Vec<DomainName>> {
        let names: Vec<String> = self.session().api.list("dns.zones", "/domain/zone").await?;
        Ok(names.into_iter().filter_map(|name| DomainName::new(name.to_ascii_lowercase()).ok()).collect())
    }

    async fn list_records(&self, zone: &DomainName) -> Result<Vec<DnsRecord>> {
        let mut sets: Vec<DnsRecord> = Vec::new();
        for record in self.read_records("dns.list", zone, "").await? {
            let Some(found) = record_of(zone, &record) else { continue };
            let same = |set: &&mut DnsRecord| (&set.name, &set.kind) == (&found.name, &found.kind);
            match sets.iter_mut().find(same) {
                // Twins are one.
                Some(set) if found.values.iter().all(|value| set.values.contains(value)) => {}
                Some(set) => set.values.extend(found.values),
                None => sets.push(found),
            }
        }
        Ok(sets)
    }

    async fn put_record(&self, zone: &DomainName, record: &DnsRecord) -> Result<()> {
        let wanted = targets(zone, record)?;
        let ttl = record.ttl_seconds.max(SHORTEST_TTL);
        let written = self.write_set(zone, record, &wanted, ttl).await;
        // Also after a failure: what was written before it has to be served.
        let refreshed = self.refresh(PUT, zone).await;
        written.and(refreshed)
    }

    async fn delete_record(&self, zone: &DomainName, name: &DnsName, kind: &DnsRecordKind) -> Result<()> {
        const DELETE: &str = "dns.delete";
        let found = self.read_set(DELETE, zone, name, kind).await?;
        let removed = self.remove_records(DELETE, zone, &found).await;
        // Also when nothing is left: whoever removed it may not have come to this.
        let refreshed = self.refresh(DELETE, zone).await;
        removed.and(refreshed)
    }
}

impl Ovh {
    /// Makes the set what is wanted: changes and adds first, so that the name is never without an answer.
    async fn write_set(
        &self,
        zone: &DomainName,
        record: &DnsRecord,
        wanted: &[String],
        ttl: u32,
    ) -> Result<()> {
        let api = &self.session().api;
        for attempt in 1.. {
            let mut spare = Vec::new();
            let mut lacking: Vec<&String> = wanted.iter().collect();
            for found in self.read_set(PUT, zone, &record.name, &record.kind).await? {
                let value = value(zone, &found);
                let same = lacking
                    .iter()
                    .position(|target| value.is_some() && value == read_value(zone, &record.kind, target));
                match same {
                    Some(at) if found.ttl.unwrap_or(0) == ttl => drop(lacking.remove(at)),
                    _ => spare.push(found),
                }
            }
            let mut spare = spare.into_iter();
            let mut made = Ok(());
            for target in lacking {
                made = match spare.next() {
                    Some(old) => {
                        let path = record_path(zone, &format!("/{}", old.id));
                        api.put(PUT, &path, &json!({ "target": target, "ttl": ttl })).await
                    }
                    None => {
                        let body = json!({
                            "fieldType": record.kind.as_str(),
                            "subDomain": sub_domain(zone, &record.name),
                            "target": target,
                            "ttl": ttl,
                        });
                        let path = record_path(zone, "");
                        let made: Result<wire::ZoneRecord> =
                            api.send(PUT, Method::Post, &path, &body, Repeat::Never).await;
                        made.map(drop)
                    }
                };
                if made.is_err() {
                    break;
                }
            }
            match made {
                Ok(()) => return self.remove_records(PUT, zone, &spare.collect::<Vec<_>>()).await,
                // A second one would be a twin, so it is looked for first.
                Err(error) if is_unknown(&error) && attempt < TRIES => {}
                Err(error) if error.kind() == ErrorKind::NotFound && attempt < TRIES => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    async fn remove_records(
        &self,
        operation: &'static str,
        zone: &DomainName,
        records: &[wire::ZoneRecord],
    ) -> Result<()> {
        for record in records {
            let path = record_path(zone, &format!("/{}", record.id));
            self.session().api.delete(operation, &path).await?;
        }
        Ok(())
    }

    async fn refresh(&self, operation: &'static str, zone: &DomainName) -> Result<()> {
        let path = format!("/domain/zone/{}/refresh", encode(zone.as_str()));
        self.session().api.act(operation, &path, None, Repeat::Safe).await
    }

    /// The records of one name and kind.
    async fn read_set(
        &self,
        operation: &'static str,
        zone: &DomainName,
        name: &DnsName,
        kind: &DnsRecordKind,
    ) -> Result<Vec<wire::ZoneRecord>> {
        let sub = sub_domain(zone, name);
        let query = format!("?fieldType={}&subDomain={}", encode(kind.as_str()), encode(sub));
        let mut found = self.read_records(operation, zone, &query).await?;
        // The filter for the apex is an empty text, which may be taken for none.
        found.retain(|record| {
            let found_sub = record.sub_domain.as_deref().unwrap_or_default();
            found_sub.eq_ignore_ascii_case(sub) && record.field_type.as_deref() == Some(kind.as_str())
        });
        Ok(found)
    }

    /// Lists hold ids only. A few records are read at the same time; more would be too many for the provider.
    async fn read_records(
        &self,
        operation: &'static str,
        zone: &DomainName,
        query: &str,
    ) -> Result<Vec<wire::ZoneRecord>> {
        let api = &self.session().api;
        let ids: Vec<u64> = api.list(operation, &record_path(zone, query)).await?;
        let mut records = Vec::with_capacity(ids.len());
        for some in ids.chunks(4) {
            let read = async |at: usize| match some.get(at) {
                Some(id) => api.find(operation, &record_path(zone, &format!("/{id}"))).await,
                None => Ok(None),
            };
            let (a, b, c, d) = tokio::join!(read(0), read(1), read(2), read(3));
            for record in [a, b, c, d] {
                records.extend(record?);
            }
        }
        Ok(records)
    }
}

fn record_path(zone: &DomainName, rest: &str) -> String {
    format!("/domain/zone/{}/record{rest}", encode(zone.as_str()))
}

/// The name within its zone; empty for the zone itself.
fn sub_domain<'a>(zone: &DomainName, name: &'a DnsName) -> &'a str {
    let head = name.as_str().strip_suffix(zone.as_str()).unwrap_or(name.as_str());
    head.strip_suffix('.').unwrap_or(head)
}

fn record_of(zone: &DomainName, record: &wire::ZoneRecord) -> Option<DnsRecord> {
    let sub = record.sub_domain.as_deref().unwrap_or_default().to_ascii_lowercase();
    let name = if sub.is_empty() { zone.to_string() } else { format!("{sub}.{zone}") };
    let kind = DnsRecordKind::parse(record.field_type.as_deref()?);
    let ttl = record.ttl.filter(|ttl| *ttl > 0).unwrap_or(ZONE_TTL);
    let value = value(zone, record)?;
    Some(DnsRecord::new(DnsName::new(name).ok()?, kind).with_value(value).with_ttl(ttl))
}

fn value(zone: &DomainName, record: &wire::ZoneRecord) -> Option<String> {
    let kind = DnsRecordKind::parse(record.field_type.as_deref()?);
    read_value(zone, &kind, record.target.as_deref()?)
}

/// What a target says, in the model's form.
fn read_value(zone: &DomainName, kind: &DnsRecordKind, target: &str) -> Option<String> {
    Some(match kind {
        DnsRecordKind::A => target.parse::<Ipv4Addr>().ok()?.to_string(),
        DnsRecordKind::Aaaa => target.parse::<Ipv6Addr>().ok()?.to_string(),
        // Without a dot at its end a name is one of the zone.
        DnsRecordKind::Cname => match target.strip_suffix('.') {
            Some(whole) => whole.to_ascii_lowercase(),
            None => format!("{}.{zone}", target.to_ascii_lowercase()),
        },
        DnsRecordKind::Txt => read_text(target),
        _ => target.to_owned(),
    })
}

/// What is sent for each value.
fn targets(zone: &DomainName, record: &DnsRecord) -> Result<Vec<String>> {
    let target = |value: &String| match record.kind {
        DnsRecordKind::A => value.parse::<Ipv4Addr>().ok().map(|ip| ip.to_string()),
        DnsRecordKind::Aaaa => value.parse::<Ipv6Addr>().ok().map(|ip| ip.to_string()),
        DnsRecordKind::Cname => DnsName::new(value.as_str()).ok().map(|name| format!("{name}.")),
        DnsRecordKind::Txt => value.chars().all(|c| !c.is_control()).then(|| write_text(value)),
        _ => None,
    };
    let mut targets: Vec<_> = record.values.iter().filter_map(target).collect();
    let is_one = record.kind != DnsRecordKind::Cname || targets.len() == 1;
    if record.name.is_in(zone) && !targets.is_empty() && targets.len() == record.values.len() && is_one {
        targets.sort();
        targets.dedup();
        return Ok(targets);
    }
    Err(Error::invalid(PUT, "the record does not fit")
        .with_context("zone", zone)
        .with_context("name", &record.name)
        .with_context("kind", &record.kind)
        .with_context("values", record.values.join(", "))
        .with_remedy("give a name of the zone, and values of the record's kind"))
}

/// A text as zones have it: in quotes, in parts of at most 255 bytes.
fn write_text(text: &str) -> String {
    let mut parts = vec![(String::new(), 0)];
    for c in text.chars() {
        if parts.last().is_some_and(|(_, length)| length + c.len_utf8() > 255) {
            parts.push((String::new(), 0));
        }
        if let Some((part, length)) = parts.last_mut() {
            if matches!(c, '"' | '\\') {
                part.push('\\');
            }
            part.push(c);
            *length += c.len_utf8();
        }
    }
    let quoted: Vec<_> = parts.into_iter().map(|(part, _)| format!("\"{part}\"")).collect();
    quoted.join(" ")
}

/// The other way; a text without quotes stands for itself.
fn read_text(target: &str) -> String {
    if !target.starts_with('"') {
        return target.to_owned();
    }
    let (mut text, mut inside, mut escaped) = (String::new(), false, false);
    for c in target.chars() {
        match c {
            _ if escaped => {
                text.push(c);
                escaped = false;
            }
            '\\' if inside => escaped = true,
            '"' => inside = !inside,
            _ if inside => text.push(c),
            _ => {}
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_back() {
        let long = "ab\u{e9}".repeat(200);
        for text in ["", "x", "v=spf1 include:a.b; -all", r#"a "b" \c"#, &long] {
            let target = write_text(text);
            assert!(target.split("\" \"").all(|part| part.trim_matches('"').len() <= 255), "{target}");
            assert_eq!(read_text(&target), text);
        }
        assert_eq!(read_text("plain; text"), "plain; text");
    }

    #[test]
    fn names_without_a_dot_at_their_end_are_of_the_zone() {
        let zone = DomainName::new("example.com").unwrap();
        let read = |target| read_value(&zone, &DnsRecordKind::Cname, target).unwrap();
        assert_eq!(read("www.Example.net."), "www.example.net");
        assert_eq!(read("www"), "www.example.com");
    }

    #[test]
    fn the_zone_itself_has_an_empty_name() {
        let zone = DomainName::new("example.com").unwrap();
        for (name, sub) in [("example.com", ""), ("*.a.example.com", "*.a"), ("_x.example.com", "_x")] {
            assert_eq!(sub_domain(&zone, &DnsName::new(name).unwrap()), sub);
        }
    }
}
