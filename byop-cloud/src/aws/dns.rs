//! Name servers: Route 53.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use async_trait::async_trait;
use byop_core::cloud::DnsProvider;
use byop_core::model::{DnsName, DnsRecord, DnsRecordKind, DomainName};
use byop_core::{Error, ErrorKind, Result};

use super::Aws;
use super::client::encode;
use super::error::has_code;
use super::locate::missing;
use super::wire::{RecordCursor, RecordSet, Zone};
use super::xml::{Node, escape, text};
use crate::http::{Method, collect_pages};

mod value;

use value::{check, plain_name, shown, wire_name, wire_values};

const APPLY: &str = "dns.apply";
const LIST: &str = "dns.list";
const DELETE: &str = "dns.delete";

#[async_trait]
impl DnsProvider for Aws {
    async fn list_zones(&self) -> Result<Vec<DomainName>> {
        let zones = collect_pages(LIST, None, |cursor: Option<String>| async move {
            let marker = cursor.map(|marker| format!("&marker={}", encode(&marker))).unwrap_or_default();
            let path = format!("hostedzone?maxitems=100{marker}");
            let read = |root: Node<'_, '_>| {
                let next =
                    (text(root, "IsTruncated").as_deref() == Some("true")).then(|| text(root, "NextMarker"));
                (Zone::list(root), next.flatten())
            };
            let (zones, next) = self.api.route53(LIST, Method::Get, &path, None, read).await?;
            Ok((zones, next.map(Some)))
        })
        .await?;
        // Private ones answer within one network only.
        let public = zones.into_iter().filter(|zone| !zone.private);
        Ok(public.filter_map(|zone| DomainName::new(plain_name(&zone.name)).ok()).collect())
    }

    async fn list_records(&self, zone: &DomainName) -> Result<Vec<DnsRecord>> {
        let id = self.zone(LIST, zone).await?;
        let sets = collect_pages(LIST, None, |cursor: Option<RecordCursor>| {
            let id = id.clone();
            async move {
                let (sets, next) = self.sets(LIST, &id, cursor.as_ref(), 300).await?;
                Ok((sets, next.map(Some)))
            }
        });
        let sets = sets.await.map_err(|error| self.forget(zone, error))?;
        let mut records: BTreeMap<(DnsName, DnsRecordKind), DnsRecord> = BTreeMap::new();
        for set in &sets {
            let Ok(name) = DnsName::new(plain_name(&set.name)) else { continue };
            let kind = DnsRecordKind::parse(&set.kind);
            // Several that are chosen from by weight or place are one to whoever asks what stands here.
            let entry = records.entry((name.clone(), kind.clone()));
            let record =
                entry.or_insert_with(|| DnsRecord::new(name, kind.clone()).with_ttl(set.ttl.unwrap_or(60)));
            for value in shown(&kind, set) {
                if !record.values.contains(&value) {
                    record.values.push(value);
                }
            }
        }
        Ok(records.into_values().collect())
    }

    async fn put_record(&self, zone: &DomainName, record: &DnsRecord) -> Result<()> {
        check(APPLY, zone, record)?;
        let id = self.zone(APPLY, zone).await?;
        let set = RecordSet {
            name: wire_name(&record.name),
            kind: record.kind.as_str().to_owned(),
            identifier: None,
            ttl: Some(record.ttl_seconds),
            values: wire_values(record),
            alias: None,
        };
        self.change_records(APPLY, &id, "UPSERT", &set).await.map_err(|error| self.forget(zone, error))
    }

    async fn delete_record(&self, zone: &DomainName, name: &DnsName, kind: &DnsRecordKind) -> Result<()> {
        let id = self.zone(DELETE, zone).await?;
        let wanted =
            RecordCursor { name: wire_name(name), kind: Some(kind.as_str().to_owned()), identifier: None };
        let found =
            self.sets(DELETE, &id, Some(&wanted), 1).await.map_err(|error| self.forget(zone, error))?.0;
        let is_it = |set: &&RecordSet| plain_name(&set.name) == name.as_str() && set.kind == kind.as_str();
        let Some(set) = found.iter().find(is_it) else { return Ok(()) };
        if set.alias.is_some() || set.identifier.is_some() {
            return Err(Error::new(
                ErrorKind::Conflict,
                DELETE,
                "this record follows a rule of the vendor's own",
            )
            .with_context("name", name)
            .with_context("kind", kind)
            .with_remedy("remove it where it was made"));
        }
        match self.change_records(DELETE, &id, "DELETE", set).await {
            // Gone, or changed by somebody else, since it was read.
            Err(error) if has_code(&error, "InvalidChangeBatch") && error.message().contains("not found") => {
                Ok(())
            }
            other => other.map_err(|error| self.forget(zone, error)),
        }
    }
}

impl Aws {
    /// The id of a zone, asked for once.
    async fn zone(&self, operation: &'static str, zone: &DomainName) -> Result<String> {
        let known = self.zones.lock().unwrap_or_else(PoisonError::into_inner).get(zone.as_str()).cloned();
        if let Some(id) = known {
            return Ok(id);
        }
        // They come in order of name from the one that is asked for; a private one may have the same name.
        let path = format!("hostedzonesbyname?dnsname={}&maxitems=10", encode(&format!("{zone}.")));
        let found = self.api.route53(operation, Method::Get, &path, None, Zone::list).await?;
        let is_it = |found: &Zone| !found.private && plain_name(&found.name) == zone.as_str();
        let id = found.into_iter().find(is_it).ok_or_else(|| missing(operation, "zone", zone.as_str()))?.id;
        let mut zones = self.zones.lock().unwrap_or_else(PoisonError::into_inner);
        zones.insert(zone.as_str().to_owned(), id.clone());
        Ok(id)
    }

    /// A zone that is gone may come again under another id.
    fn forget(&self, zone: &DomainName, error: Error) -> Error {
        if has_code(&error, "NoSuchHostedZone") {
            self.zones.lock().unwrap_or_else(PoisonError::into_inner).remove(zone.as_str());
        }
        error.with_context("zone", zone)
    }

    async fn sets(
        &self,
        operation: &'static str,
        zone: &str,
        from: Option<&RecordCursor>,
        most: u32,
    ) -> Result<(Vec<RecordSet>, Option<RecordCursor>)> {
        let mut path = format!("hostedzone/{zone}/rrset?maxitems={most}");
        if let Some(from) = from {
            path.push_str(&format!("&name={}", encode(&from.name)));
            for (parameter, value) in [("type", &from.kind), ("identifier", &from.identifier)] {
                if let Some(value) = value {
                    path.push_str(&format!("&{parameter}={}", encode(value)));
                }
            }
        }
        self.api.route53(operation, Method::Get, &path, None, RecordSet::page).await
    }

    async fn change_records(
        &self,
        operation: &'static str,
        zone: &str,
        action: &'static str,
        set: &RecordSet,
    ) -> Result<()> {
        let values: String = set
            .values
            .iter()
            .map(|value| format!("<ResourceRecord><Value>{}</Value></ResourceRecord>", escape(value)))
            .collect();
        let body = format!(
            "<ChangeResourceRecordSetsRequest xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><ChangeBatch>\
             <Changes><Change><Action>{action}</Action><ResourceRecordSet><Name>{}</Name><Type>{}</Type><TTL>{}</TTL>\
             <ResourceRecords>{values}</ResourceRecords></ResourceRecordSet></Change></Changes></ChangeBatch>\
             </ChangeResourceRecordSetsRequest>",
            escape(&set.name),
            escape(&set.kind),
            set.ttl.unwrap_or(60),
        );
        let path = format!("hostedzone/{zone}/rrset/");
        self.api.route53(operation, Method::Post, &path, Some(body), |_| ()).await
    }
}
