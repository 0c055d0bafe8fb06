//! Name servers, and whose their records are.

use std::fmt::Debug;

use async_trait::async_trait;

use super::record::{Marker, marker_name};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{DnsName, DnsRecord, DnsRecordKind, DomainName};

/// Name servers that hold zones of ours. The shared errors are those of [`CloudProvider`](super::CloudProvider).
///
/// A vendor implements these four plain calls. Programs write through [`DnsProviderExt`], which asks first whose a
/// record is.
#[async_trait]
pub trait DnsProvider: Debug + Send + Sync {
    /// The zones that are held here.
    ///
    /// # Errors
    /// Only those that all methods share.
    async fn list_zones(&self) -> Result<Vec<DomainName>>;

    /// All records of a zone, from every page, whoever made them: one entry for each name and kind.
    ///
    /// # Errors
    /// `NotFound` for a zone that is not held here.
    async fn list_records(&self, zone: &DomainName) -> Result<Vec<DnsRecord>>;

    /// Makes the set of records of this name and kind exactly what is given, whatever was there. Twice is as once.
    ///
    /// # Errors
    /// `NotFound` for a zone that is not held here; `InvalidInput` for a name outside of the zone, values that do
    /// not fit the kind, or no values.
    async fn put_record(&self, zone: &DomainName, record: &DnsRecord) -> Result<()>;

    /// Removes the set of records of this name and kind. Missing: `Ok`.
    ///
    /// # Errors
    /// `NotFound` for a zone that is not held here.
    async fn delete_record(&self, zone: &DomainName, name: &DnsName, kind: &DnsRecordKind) -> Result<()>;
}

/// A record with the owner that its marker names.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OwnedRecord {
    /// The record; without values when only its marker is left.
    pub record: DnsRecord,
    /// Whose it is.
    pub owner: String,
}

/// Writing to name servers without touching what others wrote there.
///
/// Beside each record of ours stands a marker: a text record that names its owner. What has none is somebody else's.
#[async_trait]
pub trait DnsProviderExt: DnsProvider {
    /// Makes the records of this name and kind exactly what is given and marks them as the owner's. A record of
    /// somebody else stays; when it says the same already, that is success.
    ///
    /// `owner` is a short text without quotes, such as `app/shop`.
    ///
    /// # Errors
    /// `Conflict` when somebody else has records of this name that stand in the way; and those of
    /// [`put_record`](DnsProvider::put_record).
    async fn apply_owned_record(&self, zone: &DomainName, record: &DnsRecord, owner: &str) -> Result<()> {
        let marker = Marker::new(record, owner)?;
        let records = self.list_records(zone).await?;
        let marked = super::record::owner_of(&records, record);
        if let Some(other) = marked.filter(|other| *other != owner) {
            return Err(taken(zone, record, Some(other)));
        }
        let mut others = Vec::new();
        for found in records.iter().filter(|found| found.name == record.name) {
            if found.kind == record.kind {
                if marked.is_none() {
                    return if found.is_same(record) { Ok(()) } else { Err(taken(zone, found, None)) };
                }
            } else if DnsRecordKind::Cname == found.kind || DnsRecordKind::Cname == record.kind {
                // A name that stands for another one has no other records beside it.
                match super::record::owner_of(&records, found) {
                    Some(found_owner) if found_owner == owner => others.push(found),
                    other => return Err(taken(zone, found, other)),
                }
            }
        }
        for other in others {
            self.delete_owned_record(zone, &other.name, &other.kind, owner).await?;
        }
        // The marker comes first: a record without one would be taken for somebody else's.
        if marked.is_none() {
            self.put_record(zone, &marker.record()).await?;
        }
        self.put_record(zone, record).await
    }

    /// Removes the records of this name and kind if they are the owner's. Missing, or somebody else's: `Ok`, and
    /// nothing is touched.
    ///
    /// # Errors
    /// `NotFound` for a zone that is not held here.
    async fn delete_owned_record(
        &self,
        zone: &DomainName,
        name: &DnsName,
        kind: &DnsRecordKind,
        owner: &str,
    ) -> Result<()> {
        let Some(marker) = marker_name(name, kind) else { return Ok(()) };
        let records = self.list_records(zone).await?;
        let probe = DnsRecord::new(name.clone(), kind.clone());
        if super::record::owner_of(&records, &probe) != Some(owner) {
            return Ok(());
        }
        // The marker goes last: until then it says that the rest may go.
        self.delete_record(zone, name, kind).await?;
        self.delete_record(zone, &marker, &DnsRecordKind::Txt).await
    }

    /// All records that bear a marker, with their owners.
    ///
    /// # Errors
    /// `NotFound` for a zone that is not held here.
    async fn list_owned_records(&self, zone: &DomainName) -> Result<Vec<OwnedRecord>> {
        Ok(super::record::owned(&self.list_records(zone).await?))
    }
}

impl<T: DnsProvider + ?Sized> DnsProviderExt for T {}

fn taken(zone: &DomainName, found: &DnsRecord, owner: Option<&str>) -> Error {
    Error::new(ErrorKind::Conflict, "dns.apply", "somebody else has records of this name")
        .with_context("zone", zone)
        .with_context("name", &found.name)
        .with_context("kind", &found.kind)
        .with_context("values", found.values.join(", "))
        .with_context("owner", owner.unwrap_or("unknown"))
        .with_remedy("remove them at the name server if they are not needed, or choose another name")
}
