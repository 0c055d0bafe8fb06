//! Records of name servers.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::name::DomainName;
use crate::error::{Error, Result};

/// The name of a record, in lower case and without a dot at its end: a host name such as `www.example.com`, in which
/// labels may begin with `_`, and the first label may be `*`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(with = "String"))]
#[serde(try_from = "String", into = "String")]
pub struct DnsName(String);

impl DnsName {
    /// Checks and wraps a text.
    ///
    /// # Errors
    /// `InvalidInput`, with the text and what was expected.
    ///
    /// ```
    /// use byop_core::model::DnsName;
    ///
    /// for good in ["example.com", "*.example.com", "_acme-challenge.www.example.com"] {
    ///     assert!(DnsName::new(good).is_ok());
    /// }
    /// assert!(DnsName::new("www.*.example.com").is_err());
    /// ```
    pub fn new(text: impl Into<String>) -> Result<Self> {
        let text = text.into();
        let plain = text.strip_prefix("*.").unwrap_or(&text);
        if text.len() <= 253 && plain.split('.').all(is_label) {
            return Ok(Self(text));
        }
        Err(Error::invalid("dns.name", "this is not a valid name of a DNS record")
            .with_context("name", text.chars().take(80).flat_map(char::escape_default).collect::<String>())
            .with_remedy(
                "give the whole name in lower case and without a dot at its end, such as www.example.com",
            ))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is in the zone.
    #[must_use]
    pub fn is_in(&self, zone: &DomainName) -> bool {
        let head = self.0.strip_suffix(zone.as_str());
        head.is_some_and(|head| head.is_empty() || head.ends_with('.'))
    }
}

fn is_label(text: &str) -> bool {
    let bytes = text.strip_prefix('_').unwrap_or(text).as_bytes();
    let is_plain = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-' || *b == b'_';
    !bytes.is_empty()
        && text.len() <= 63
        && bytes.iter().all(is_plain)
        && bytes[0] != b'-'
        && bytes[bytes.len() - 1] != b'-'
}

impl fmt::Display for DnsName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for DnsName {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        Self::new(text)
    }
}

impl TryFrom<String> for DnsName {
    type Error = Error;
    fn try_from(text: String) -> Result<Self> {
        Self::new(text)
    }
}

impl From<DnsName> for String {
    fn from(name: DnsName) -> Self {
        name.0
    }
}

impl From<DomainName> for DnsName {
    fn from(name: DomainName) -> Self {
        Self(name.into())
    }
}

/// The set of records that share a name and a kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct DnsRecord {
    /// The whole name.
    pub name: DnsName,
    /// The kind.
    pub kind: DnsRecordKind,
    /// The values, in any order: addresses, one host name without a dot at its end, or texts without quotes.
    pub values: Vec<String>,
    /// For how long resolvers may cache it, in seconds.
    pub ttl_seconds: u32,
}

impl DnsRecord {
    /// A set without values, kept for five minutes.
    #[must_use]
    pub fn new(name: DnsName, kind: DnsRecordKind) -> Self {
        Self { name, kind, values: Vec::new(), ttl_seconds: 300 }
    }

    /// Adds a value.
    #[must_use]
    pub fn with_value(mut self, value: impl Into<String>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Sets how long others may keep it.
    #[must_use]
    pub fn with_ttl(mut self, seconds: u32) -> Self {
        self.ttl_seconds = seconds;
        self
    }

    /// Whether both say the same: order does not count, nor does how long others may keep it.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let sorted = |record: &Self| {
            let mut values = record.values.clone();
            values.sort();
            values
        };
        self.name == other.name && self.kind == other.kind && sorted(self) == sorted(other)
    }
}

/// What a record says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DnsRecordKind {
    /// An address of version 4.
    A,
    /// An address of version 6.
    Aaaa,
    /// Another name.
    Cname,
    /// Text.
    Txt,
    /// Another kind, in upper case, such as `MX`: byop shows it and never writes it.
    Other(String),
}

impl DnsRecordKind {
    /// As it stands in a zone, such as `AAAA`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
            Self::Cname => "CNAME",
            Self::Txt => "TXT",
            Self::Other(text) => text,
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text.to_ascii_uppercase().as_str() {
            "A" => Self::A,
            "AAAA" => Self::Aaaa,
            "CNAME" => Self::Cname,
            "TXT" => Self::Txt,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl fmt::Display for DnsRecordKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_no_name_server_would_take_are_refused() {
        for bad in ["", ".", "a.", "A.b", "a..b", "*", "*.", "a*.b", "a.*.b", "-a.b", "a b", "a\n", "é.b"] {
            assert!(DnsName::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_name_is_in_its_zone_only() {
        let zone = DomainName::new("example.com").unwrap();
        for (name, is_in) in
            [("example.com", true), ("*.a.example.com", true), ("badexample.com", false), ("com", false)]
        {
            assert_eq!(DnsName::new(name).unwrap().is_in(&zone), is_in, "{name}");
        }
    }
}
