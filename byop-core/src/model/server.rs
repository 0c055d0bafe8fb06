//! Servers that are rented: regions, sizes, states, firewalls.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::port::Protocol;
use super::price::ServerPrice;
use crate::clock::Timestamp;
use crate::secret::Secret;

macro_rules! id_newtype {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
    /// The provider's id of a server; it includes the region where ids are unique only within one.
    ServerId
);
id_newtype!(
    /// The provider's id of an SSH key.
    SshKeyId
);
id_newtype!(
    /// The provider's id of a firewall.
    FirewallId
);
id_newtype!(
    /// The provider's id of a reserved address.
    ReservedIpId
);
id_newtype!(
    /// The provider's id of a snapshot.
    SnapshotId
);

/// A place in which servers can be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Region {
    /// The provider's id.
    pub id: RegionId,
    /// For people, such as `Frankfurt 1`.
    pub name: String,
}

/// A size of server that a region offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
    /// What it costs, if the provider says so.
    pub price: Option<ServerPrice>,
}

impl ServerSize {
    /// A size without a price.
    #[must_use]
    pub fn new(id: impl Into<String>, cpus: u32, memory_bytes: u64, disk_bytes: u64) -> Self {
        Self { id: id.into(), cpus, memory_bytes, disk_bytes, architecture: "x86_64".into(), price: None }
    }

    /// Sets the architecture.
    #[must_use]
    pub fn with_architecture(mut self, architecture: impl Into<String>) -> Self {
        self.architecture = architecture.into();
        self
    }

    /// Sets the price.
    #[must_use]
    pub fn with_price(mut self, price: ServerPrice) -> Self {
        self.price = Some(price);
        self
    }
}

/// An operating system that servers can be made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ServerImage {
    /// The provider's id, in the region that was asked for.
    pub id: String,
    /// For people, such as `Debian 12`.
    pub name: String,
    /// Architecture, such as `x86_64`; a size of another cannot run it.
    pub architecture: String,
    /// The smallest disk that it fits on, in bytes; 0 when any will do.
    pub min_disk_bytes: u64,
    /// The user that can log in with an SSH key, where that is known.
    pub user: Option<String>,
}

impl ServerImage {
    /// An image for x86_64 and any disk.
    pub fn new(id: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            architecture: "x86_64".into(),
            min_disk_bytes: 0,
            user: None,
        }
    }

    /// Sets the architecture.
    #[must_use]
    pub fn with_architecture(mut self, architecture: impl Into<String>) -> Self {
        self.architecture = architecture.into();
        self
    }

    /// Sets the smallest disk.
    #[must_use]
    pub fn with_min_disk(mut self, bytes: u64) -> Self {
        self.min_disk_bytes = bytes;
        self
    }

    /// Sets the user that its maker lets in.
    #[must_use]
    pub fn with_user(mut self, user: impl Into<String>) -> Self {
        self.user = Some(user.into());
        self
    }
}

/// A server to create, as a provider gets it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ServerSpec {
    /// Chosen by the caller before the first try; the same key is the same server. At most 20 lower-case letters
    /// and digits, so that every provider can carry it, if need be in the server's name.
    pub key: String,
    /// Its host name: a DNS label of at most 40 characters.
    pub name: String,
    /// Where.
    pub region: RegionId,
    /// The provider's id of the size.
    pub size: String,
    /// The provider's id of the image, as `find_image` gives it.
    pub image: String,
    /// SSH keys, known to the provider, that can log in as the image's user.
    #[serde(default)]
    pub ssh_keys: Vec<SshKeyId>,
    /// The firewall that it has from its start.
    #[serde(default)]
    pub firewall: Option<FirewallId>,
    /// Labels besides the name and the key: lower-case letters, digits, `-` and `_`, at most 63 characters each.
    #[serde(default)]
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
            ssh_keys: Vec::new(),
            firewall: None,
            labels: BTreeMap::new(),
            user_data: None,
        }
    }

    /// Lets the holder of a key in.
    #[must_use]
    pub fn with_ssh_key(mut self, key: SshKeyId) -> Self {
        self.ssh_keys.push(key);
        self
    }

    /// Sets what filters its traffic.
    #[must_use]
    pub fn with_firewall(mut self, firewall: FirewallId) -> Self {
        self.firewall = Some(firewall);
        self
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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Server {
    /// The provider's id.
    pub id: ServerId,
    /// The key that it was created with; `None` for one that byop did not create.
    #[serde(default)]
    pub key: Option<String>,
    /// Its name.
    pub name: String,
    /// Where it is.
    pub region: RegionId,
    /// The provider's id of its size.
    pub size: String,
    /// Its state.
    pub state: ServerState,
    /// Why it failed, in the provider's words.
    #[serde(default)]
    pub failure: Option<String>,
    /// Public addresses, version 4 first; empty until the provider has given one.
    pub addresses: Vec<std::net::IpAddr>,
    /// Its labels, as far as the provider keeps them.
    pub labels: BTreeMap<String, String>,
    /// When it was made, where the provider tells it.
    pub created_at: Option<Timestamp>,
}

impl Server {
    /// A server that is being made.
    pub fn new(id: ServerId, name: impl Into<String>, region: RegionId, size: impl Into<String>) -> Self {
        Self {
            id,
            key: None,
            name: name.into(),
            region,
            size: size.into(),
            state: ServerState::Starting,
            failure: None,
            addresses: Vec::new(),
            labels: BTreeMap::new(),
            created_at: None,
        }
    }

    /// Whether it runs and can be reached from outside; whether anything answers there is another question.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.state == ServerState::Running && !self.addresses.is_empty()
    }
}

/// The state of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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

/// Which of byop's servers to list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ServerFilter {
    /// Only those that were made with this key.
    #[serde(default)]
    pub key: Option<String>,
    /// Only those that have all of these labels. A provider that keeps no labels finds none.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Only those in this region.
    pub region: Option<RegionId>,
}

impl ServerFilter {
    /// Every server that was made through byop.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// Only servers that were made with this key.
    #[must_use]
    pub fn with_key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
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

    /// Whether it fits: for providers whose interface does not filter by itself.
    #[must_use]
    pub fn is_match(&self, server: &Server) -> bool {
        self.key.as_ref().is_none_or(|key| server.key.as_ref() == Some(key))
            && self.region.as_ref().is_none_or(|region| *region == server.region)
            && self.labels.iter().all(|(name, value)| server.labels.get(name) == Some(value))
    }
}

/// A change of the power state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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

/// Traffic that may reach a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FirewallRule {
    /// The protocol.
    pub protocol: Protocol,
    /// The port.
    pub port: u16,
    /// Networks in CIDR notation, such as `203.0.113.0/24`; everybody when empty.
    pub sources: Vec<String>,
}

impl FirewallRule {
    /// Lets everyone reach a port.
    #[must_use]
    pub fn new(protocol: Protocol, port: u16) -> Self {
        Self { protocol, port, sources: Vec::new() }
    }

    /// Lets in only this network, and others that are named so.
    #[must_use]
    pub fn with_source(mut self, network: impl Into<String>) -> Self {
        self.sources.push(network.into());
        self
    }
}

/// What a provider supports, and its limits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct CloudCapabilities {
    /// Whether the provider itself creates only one server per key. If not, after a lost answer the engine looks for
    /// the key for `list_lag_seconds`.
    pub keyed_create: bool,
    /// Seconds for which lists may miss what was just created.
    pub list_lag_seconds: u32,
    /// Whether servers keep the labels of their spec. They always keep name and key.
    pub labels: bool,
    /// Whether servers can be resized.
    pub resize: bool,
    /// Whether servers have IPv6 addresses.
    pub ipv6: bool,
    /// The largest user data, in bytes.
    pub max_user_data: usize,
}

impl Default for CloudCapabilities {
    fn default() -> Self {
        Self {
            keyed_create: false,
            list_lag_seconds: 60,
            labels: false,
            resize: false,
            ipv6: false,
            max_user_data: 16 * 1024,
        }
    }
}

impl CloudCapabilities {
    /// The least: no labels, 16 KiB of user data, and lists that may be a minute late.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// With a key that the provider itself keeps unique.
    #[must_use]
    pub fn with_keyed_create(mut self) -> Self {
        self.keyed_create = true;
        self
    }

    /// Sets how many seconds its lists may be late.
    #[must_use]
    pub fn with_list_lag(mut self, seconds: u32) -> Self {
        self.list_lag_seconds = seconds;
        self
    }

    /// With labels.
    #[must_use]
    pub fn with_labels(mut self) -> Self {
        self.labels = true;
        self
    }

    /// With other sizes for servers that are there.
    #[must_use]
    pub fn with_resize(mut self) -> Self {
        self.resize = true;
        self
    }

    /// With addresses of version 6.
    #[must_use]
    pub fn with_ipv6(mut self) -> Self {
        self.ipv6 = true;
        self
    }

    /// Sets the most bytes of user data.
    #[must_use]
    pub fn with_max_user_data(mut self, bytes: usize) -> Self {
        self.max_user_data = bytes;
        self
    }
}
