//! The name servers of the fake cloud.

use async_trait::async_trait;

use super::state::State;
use super::{FakeCloud, missing};
use crate::cloud::DnsProvider;
use crate::error::{Error, Result};
use crate::model::{DnsName, DnsRecord, DnsRecordKind, DomainName};

fn records<'a>(
    state: &'a mut State,
    operation: &'static str,
    zone: &DomainName,
) -> Result<&'a mut Vec<DnsRecord>> {
    state.zones.get_mut(zone).ok_or_else(|| missing(operation, "zone", zone))
}

#[async_trait]
impl DnsProvider for FakeCloud {
    async fn list_zones(&self) -> Result<Vec<DomainName>> {
        self.call("dns.zones", "", |state, _| Ok(state.zones.keys().cloned().collect())).await
    }

    async fn list_records(&self, zone: &DomainName) -> Result<Vec<DnsRecord>> {
        const LIST: &str = "dns.list";
        self.call(LIST, zone.as_str(), |state, _| records(state, LIST, zone).cloned()).await
    }

    async fn put_record(&self, zone: &DomainName, record: &DnsRecord) -> Result<()> {
        const PUT: &str = "dns.put";
        self.call(PUT, record.name.as_str(), |state, _| {
            let records = records(state, PUT, zone)?;
            check(zone, record)?;
            records.retain(|known| (&known.name, &known.kind) != (&record.name, &record.kind));
            records.push(record.clone());
            Ok(())
        })
        .await
    }

    async fn delete_record(&self, zone: &DomainName, name: &DnsName, kind: &DnsRecordKind) -> Result<()> {
        const DELETE: &str = "dns.delete";
        self.call(DELETE, name.as_str(), |state, _| {
            records(state, DELETE, zone)?.retain(|known| (&known.name, &known.kind) != (name, kind));
            Ok(())
        })
        .await
    }
}

fn check(zone: &DomainName, record: &DnsRecord) -> Result<()> {
    let fits = |value: &String| match record.kind {
        DnsRecordKind::A => value.parse::<std::net::Ipv4Addr>().is_ok(),
        DnsRecordKind::Aaaa => value.parse::<std::net::Ipv6Addr>().is_ok(),
        DnsRecordKind::Cname => DnsName::new(value.as_str()).is_ok(),
        _ => true,
    };
    if record.name.is_in(zone) && !record.values.is_empty() && record.values.iter().all(fits) {
        return Ok(());
    }
    Err(Error::invalid("dns.put", "the record does not fit")
        .with_context("zone", zone)
        .with_context("name", &record.name)
        .with_context("values", record.values.join(", ")))
}
