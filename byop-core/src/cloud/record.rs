//! The markers that say whose a record is.

use super::dns::OwnedRecord;
use crate::error::{Error, Result};
use crate::model::{DnsName, DnsRecord, DnsRecordKind};

const START: &str = "byop owner=";

/// The text record beside a record.
pub(super) struct Marker {
    name: DnsName,
    owner: String,
}

impl Marker {
    pub(super) fn new(record: &DnsRecord, owner: &str) -> Result<Self> {
        let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\\' | ';');
        if owner.is_empty() || owner.len() > 200 || !owner.chars().all(plain) {
            return Err(Error::invalid("dns.apply", "this cannot be the owner of a record")
                .with_context(
                    "owner",
                    owner.chars().take(80).flat_map(char::escape_default).collect::<String>(),
                )
                .with_remedy("use 1 to 200 letters, digits, hyphens and slashes"));
        }
        let name = marker_name(&record.name, &record.kind).ok_or_else(|| {
            Error::invalid("dns.apply", "byop does not write records of this kind and name")
                .with_context("name", &record.name)
                .with_context("kind", &record.kind)
                .with_remedy("write A, AAAA, CNAME and TXT records, with names of at most 230 characters")
        })?;
        Ok(Self { name, owner: owner.to_owned() })
    }

    pub(super) fn record(&self) -> DnsRecord {
        DnsRecord::new(self.name.clone(), DnsRecordKind::Txt).with_value(format!("{START}{}", self.owner))
    }
}

/// Where the marker of a record stands: `_byop-a.www.example.com` for the address of `www.example.com`,
/// `_byop-any-a.example.com` for that of `*.example.com`.
pub(super) fn marker_name(name: &DnsName, kind: &DnsRecordKind) -> Option<DnsName> {
    let kind = match kind {
        DnsRecordKind::Other(_) => return None,
        kind => kind.as_str().to_ascii_lowercase(),
    };
    let text = match name.as_str().strip_prefix("*.") {
        Some(rest) => format!("_byop-any-{kind}.{rest}"),
        None => format!("_byop-{kind}.{name}"),
    };
    DnsName::new(text).ok()
}

/// The record that a marker stands beside.
fn marked_name(marker: &DnsName) -> Option<DnsRecord> {
    let (label, rest) = marker.as_str().strip_prefix("_byop-")?.split_once('.')?;
    let (kind, name) = match label.strip_prefix("any-") {
        Some(kind) => (kind, format!("*.{rest}")),
        None => (label, rest.to_owned()),
    };
    Some(DnsRecord::new(DnsName::new(name).ok()?, DnsRecordKind::parse(kind)))
}

fn owner_in(marker: &DnsRecord) -> Option<&str> {
    let is_marker = marker.kind == DnsRecordKind::Txt;
    marker.values.iter().filter(|_| is_marker).find_map(|value| value.strip_prefix(START))
}

/// Whose the record of this name and kind is.
pub(super) fn owner_of<'a>(records: &'a [DnsRecord], of: &DnsRecord) -> Option<&'a str> {
    let name = marker_name(&of.name, &of.kind)?;
    records.iter().filter(|record| record.name == name).find_map(owner_in)
}

pub(super) fn owned(records: &[DnsRecord]) -> Vec<OwnedRecord> {
    let markers = records.iter().filter_map(|marker| Some((marked_name(&marker.name)?, owner_in(marker)?)));
    let found = markers.map(|(marked, owner)| {
        let record = records.iter().find(|record| record.name == marked.name && record.kind == marked.kind);
        OwnedRecord { record: record.cloned().unwrap_or(marked), owner: owner.to_owned() }
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_leads_back_to_its_record() {
        for name in ["example.com", "*.example.com", "_acme-challenge.www.example.com"] {
            for kind in [DnsRecordKind::A, DnsRecordKind::Aaaa, DnsRecordKind::Cname, DnsRecordKind::Txt] {
                let record = DnsRecord::new(DnsName::new(name).unwrap(), kind);
                let marker = marker_name(&record.name, &record.kind).unwrap();
                assert_eq!(marked_name(&marker), Some(record), "{marker}");
            }
        }
    }

    #[test]
    fn an_owner_that_could_break_out_of_its_record_is_refused() {
        let record = DnsRecord::new(DnsName::new("a.b").unwrap(), DnsRecordKind::A);
        for bad in ["", "a b", "a\"b", "a\\", "é", &"a".repeat(201)] {
            assert!(Marker::new(&record, bad).is_err(), "{bad}");
        }
        assert!(Marker::new(&record, "k7f3q2/app/shop").is_ok());
    }
}
