//! Records of name servers.

use serde::{Deserialize, Serialize};

use super::name::DomainName;

/// The set of records that share a name and a kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DnsRecord {
    /// The whole name, such as `www.example.com`.
    pub name: DomainName,
    /// The kind.
    pub kind: DnsRecordKind,
    /// The values, such as addresses.
    pub values: Vec<String>,
    /// How long others may keep it, in seconds.
    pub ttl_seconds: u32,
}

/// What a record says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
}
