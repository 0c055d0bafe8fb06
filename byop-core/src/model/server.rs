//! Servers that are rented: regions, sizes, states, firewalls.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::port::Protocol;
use crate::clock::Timestamp;
use crate::secret::Secret;

macro_rules! id_newtype {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id_newtype!(
    /// The provider's id of a region, such as `fra1`.
    RegionId
);
id_newtype!(
    /// The provider's id of a server.
    ServerId
);

/// A place in which servers can be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Region {
    /// The provider's id.
    pub id: RegionId,
    /// For people, such as `Frankfurt 1`.
    pub name: String,
}

/// A size of server that a region offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ServerSize {
    /// The provider's id, such as `s-1vcpu-1gb`.
    pub id: String,
    /// Processors.
    pub cpus: u32,
    /// Memory in bytes.
    pub memory_bytes: u64,
    /// Disk in bytes.
    pub disk_bytes: u64,
    /// Architecture, such as `x86_64`.
    pub architecture: String,
    /// The price of an hour, where the provider tells it.
    pub hourly_price: Option<Price>,
}

impl ServerSize {
    /// A size without a price.
    #[must_use]
    pub fn new(id: impl Into<String>, cpus: u32, memory_bytes: u64, disk_bytes: u64) -> Self {
        Self {
            id: id.into(),
            cpus,
            memory_bytes,
            disk_bytes,
            architecture: "x86_64".into(),
            hourly_price: None,
        }
    }

    /// Sets the price of an hour.
    #[must_use]
    pub fn with_hourly_price(mut self, price: Price) -> Self {
        self.hourly_price = Some(price);
        self
    }
}

/// An amount of money, exact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    /// Millionths of the currency's unit.
    pub micros: u64,
    /// ISO 4217, such as `EUR`.
    pub currency: String,
}

/// A server to make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ServerSpec {
    /// Chosen by the caller before the first try; the same key is the same server.
    pub key: String,
    /// Its name at the provider, and its host name.
    pub name: String,
    /// Where.
    pub region: RegionId,
    /// The provider's id of the size.
    pub size: String,
    /// The provider's id of the operating system's image.
    pub image: String,
    /// Labels, by which lists find it again.
    pub labels: BTreeMap<String, String>,
    /// What the server runs at its first start (cloud-init). It may hold keys, so it is never stored with the
    /// spec: whoever reads a spec back makes it again.
    #[serde(skip)]
    pub user_data: Option<Secret>,
}

impl ServerSpec {
    /// A server without labels and user data.
    pub fn new(
        key: impl Into<String>,
        name: impl Into<String>,
        region: RegionId,
        size: impl Into<String>,
        image: impl Into<String>,
    ) -> Self {
        Self {
            key: key.into(),
            name: name.into(),
            region,
            size: size.into(),
            image: image.into(),
            labels: BTreeMap::new(),
            user_data: None,
        }
    }

    /// Adds a label.
    #[must_use]
    pub fn with_label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.insert(name.into(), value.into());
        self
    }

    /// Sets what the server runs at its first start.
    #[must_use]
    pub fn with_user_data(mut self, user_data: impl Into<Secret>) -> Self {
        self.user_data = Some(user_data.into());
        self
    }
}

/// A server as its provider sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Server {
    /// The provider's id.
    pub id: ServerId,
    /// Its name.
    pub name: String,
    /// Where it is.
    pub region: RegionId,
    /// The provider's id of its size.
    pub size: String,
    /// How it is.
    pub state: ServerState,
    /// Public addresses, version 4 first; empty until the provider has given one.
    pub addresses: Vec<std::net::IpAddr>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// When it was made, where the provider tells it.
    pub created_at: Option<Timestamp>,
}

impl Server {
    /// A server that is being made.
    pub fn new(id: ServerId, name: impl Into<String>, region: RegionId, size: impl Into<String>) -> Self {
        Self {
            id,
            name: name.into(),
            region,
            size: size.into(),
            state: ServerState::Starting,
            addresses: Vec::new(),
            labels: BTreeMap::new(),
            created_at: None,
        }
    }
}

/// How a server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ServerState {
    /// It is being made or started.
    Starting,
    /// It runs; whether it answers is another question.
    Running,
    /// It is being stopped.
    Stopping,
    /// It is off, and usually still costs money.
    Stopped,
    /// It is being removed.
    Deleting,
    /// The provider could not make it or broke it.
    Failed,
}

/// Which servers to list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ServerFilter {
    /// Only those that have all of these labels.
    pub labels: BTreeMap<String, String>,
    /// Only those in this region.
    pub region: Option<RegionId>,
}

impl ServerFilter {
    /// Every server of the account.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// Only servers with this label.
    #[must_use]
    pub fn with_label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.insert(name.into(), value.into());
        self
    }

    /// Only servers in this region.
    #[must_use]
    pub fn with_region(mut self, region: RegionId) -> Self {
        self.region = Some(region);
        self
    }
}

/// A change of the power state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PowerAction {
    /// Switches it on.
    Start,
    /// Asks the operating system to stop.
    Stop,
    /// Stops it in an orderly way and starts it again.
    Restart,
}

/// Something that may reach a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirewallRule {
    /// The protocol.
    pub protocol: Protocol,
    /// The port.
    pub port: u16,
    /// Networks in CIDR notation, such as `203.0.113.0/24`; empty lets in everyone.
    pub sources: Vec<String>,
}

/// What a provider can do beyond the required.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CloudCapabilities {
    /// Filters traffic before it reaches the server.
    pub firewall: bool,
    /// Gives servers addresses of version 6.
    pub ipv6: bool,
}

impl CloudCapabilities {
    /// Only the required.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// With filters before the server.
    #[must_use]
    pub fn with_firewall(mut self) -> Self {
        self.firewall = true;
        self
    }

    /// With addresses of version 6.
    #[must_use]
    pub fn with_ipv6(mut self) -> Self {
        self.ipv6 = true;
        self
    }
}
