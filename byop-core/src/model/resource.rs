//! Things at a provider that cost money or take up room.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::price::Price;
use super::server::{FirewallRule, RegionId, ReservedIpId, ServerId, SnapshotId};
use crate::clock::Timestamp;

/// The kind of a resource at a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ResourceKind {
    /// A server.
    Server,
    /// An SSH key.
    SshKey,
    /// A firewall.
    Firewall,
    /// A reserved address.
    ReservedIp,
    /// A disk.
    Volume,
    /// A snapshot of a server.
    Snapshot,
    /// A record of a name server.
    DnsRecord,
}

impl ResourceKind {
    /// The wire name, such as `reserved_ip`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::SshKey => "ssh_key",
            Self::Firewall => "firewall",
            Self::ReservedIp => "reserved_ip",
            Self::Volume => "volume",
            Self::Snapshot => "snapshot",
            Self::DnsRecord => "dns_record",
        }
    }
}

/// A resource at a provider that bears byop's mark.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Resource {
    /// What it is.
    pub kind: ResourceKind,
    /// The provider's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The key that it was made with, where the provider can carry one.
    pub key: Option<String>,
    /// The server that it belongs to now.
    pub server: Option<ServerId>,
    /// Where it is.
    pub region: Option<RegionId>,
    /// When it was made, where the provider tells it.
    pub created_at: Option<Timestamp>,
    /// What it costs a month, where that is known.
    pub monthly_price: Option<Price>,
}

impl Resource {
    /// A thing of which no more is known.
    pub fn new(kind: ResourceKind, id: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            kind,
            id: id.into(),
            name: name.into(),
            key: None,
            server: None,
            region: None,
            created_at: None,
            monthly_price: None,
        }
    }

    /// Sets the key that it was made with.
    #[must_use]
    pub fn with_key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }
}

/// A filter of traffic to make: it lets in what its rules name and nothing else, and everything out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct FirewallSpec {
    /// Chosen by the caller; the same key is the same firewall.
    pub key: String,
    /// The name of the server that it is for.
    pub name: String,
    /// Where.
    pub region: RegionId,
    /// What it lets in.
    pub rules: Vec<FirewallRule>,
}

impl FirewallSpec {
    /// A firewall that lets nothing in.
    pub fn new(key: impl Into<String>, name: impl Into<String>, region: RegionId) -> Self {
        Self { key: key.into(), name: name.into(), region, rules: Vec::new() }
    }

    /// Lets something in.
    #[must_use]
    pub fn with_rule(mut self, rule: FirewallRule) -> Self {
        self.rules.push(rule);
        self
    }
}

/// An address that stays when its server goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ReservedIp {
    /// The provider's id.
    pub id: ReservedIpId,
    /// The address.
    pub address: IpAddr,
    /// The server that it is assigned to.
    pub server: Option<ServerId>,
}

impl ReservedIp {
    /// An address that leads nowhere.
    #[must_use]
    pub fn new(id: ReservedIpId, address: IpAddr) -> Self {
        Self { id, address, server: None }
    }

    /// Sets the server that it leads to.
    #[must_use]
    pub fn with_server(mut self, server: ServerId) -> Self {
        self.server = Some(server);
        self
    }
}

/// A copy of a server's disk, from which servers can be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Snapshot {
    /// The provider's id.
    pub id: SnapshotId,
    /// The id for [`ServerSpec::image`](super::ServerSpec::image), once it is ready.
    pub image: Option<String>,
    /// When it was made, where the provider tells it.
    pub created_at: Option<Timestamp>,
}

impl Snapshot {
    /// A snapshot that is not ready.
    #[must_use]
    pub fn new(id: SnapshotId) -> Self {
        Self { id, image: None, created_at: None }
    }

    /// Sets the image that it can be used as.
    #[must_use]
    pub fn with_image(mut self, image: impl Into<String>) -> Self {
        self.image = Some(image.into());
        self
    }
}
