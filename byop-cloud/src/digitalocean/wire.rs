//! DigitalOcean's JSON. What is missing or null is empty; what is unknown is left out.

use std::fmt;

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize};

fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(from: D) -> Result<T, D::Error> {
    Option::deserialize(from).map(Option::unwrap_or_default)
}

/// An id: a number in most places, a text in some.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Id(pub(super) String);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Either;
        impl Visitor<'_> for Either {
            type Value = Id;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number or a text")
            }
            fn visit_u64<E: de::Error>(self, id: u64) -> Result<Id, E> {
                Ok(Id(id.to_string()))
            }
            fn visit_str<E: de::Error>(self, id: &str) -> Result<Id, E> {
                Ok(Id(id.to_owned()))
            }
        }
        from.deserialize_any(Either)
    }
}

/// An id or a name in a request: a number where it is one.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Reference<'a> {
    Id(u64),
    Slug(&'a str),
}

impl<'a> Reference<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        text.parse().map_or(Self::Slug(text), Self::Id)
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Region {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) slug: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) available: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct Size {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) slug: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) vcpus: u32,
    /// MiB.
    #[serde(default, deserialize_with = "or_default")]
    pub(super) memory: u64,
    /// GiB.
    #[serde(default, deserialize_with = "or_default")]
    pub(super) disk: u64,
    pub(super) price_hourly: Option<f64>,
    pub(super) price_monthly: Option<f64>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) regions: Vec<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) available: bool,
    #[serde(default)]
    pub(super) gpu_info: Option<serde_json::Value>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Image {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) id: u64,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) distribution: String,
    pub(super) slug: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) regions: Vec<String>,
    /// GiB.
    #[serde(default, deserialize_with = "or_default")]
    pub(super) min_disk_size: u64,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) created_at: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) status: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Droplet {
    pub(super) id: u64,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) locked: bool,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) status: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) created_at: String,
    pub(super) image: Option<Image>,
    pub(super) size: Option<Size>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) size_slug: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) networks: Networks,
    pub(super) region: Option<Region>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) tags: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Networks {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) v4: Vec<Network>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) v6: Vec<Network>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Network {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) ip_address: String,
    #[serde(default, deserialize_with = "or_default", rename = "type")]
    pub(super) kind: String,
}

#[derive(Debug, Serialize)]
pub(super) struct NewDroplet<'a> {
    pub(super) name: &'a str,
    pub(super) region: &'a str,
    pub(super) size: &'a str,
    pub(super) image: Reference<'a>,
    pub(super) ssh_keys: Vec<Reference<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user_data: Option<&'a str>,
    pub(super) tags: Vec<String>,
    pub(super) ipv6: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) vpc_uuid: Option<&'a str>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Action {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) status: String,
    #[serde(default, deserialize_with = "or_default", rename = "type")]
    pub(super) kind: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) started_at: String,
}

#[derive(Debug, Serialize)]
pub(super) struct NewAction<'a> {
    #[serde(rename = "type")]
    pub(super) kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) size: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) disk: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) droplet_id: Option<u64>,
}

impl<'a> NewAction<'a> {
    pub(super) fn new(kind: &'a str) -> Self {
        Self { kind, name: None, size: None, disk: None, droplet_id: None }
    }
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct SshKey {
    pub(super) id: u64,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) name: String,
}

#[derive(Debug, Serialize)]
pub(super) struct NewSshKey<'a> {
    pub(super) name: &'a str,
    pub(super) public_key: &'a str,
}

#[derive(Debug, Deserialize)]
pub(super) struct Firewall {
    pub(super) id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) created_at: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) droplet_ids: Vec<u64>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) tags: Vec<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct NewFirewall {
    pub(super) name: String,
    pub(super) inbound_rules: Vec<Inbound>,
    pub(super) outbound_rules: Vec<Outbound>,
    pub(super) droplet_ids: Vec<u64>,
    pub(super) tags: Vec<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct Inbound {
    pub(super) protocol: &'static str,
    pub(super) ports: String,
    pub(super) sources: Addresses,
}

#[derive(Debug, Serialize)]
pub(super) struct Outbound {
    pub(super) protocol: &'static str,
    pub(super) ports: String,
    pub(super) destinations: Addresses,
}

#[derive(Debug, Serialize)]
pub(super) struct Addresses {
    pub(super) addresses: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ReservedIp {
    pub(super) ip: std::net::Ipv4Addr,
    pub(super) region: Option<Region>,
    pub(super) droplet: Option<DropletOfIp>,
}

/// The droplet that an address leads to; its other members may be left out.
#[derive(Debug, Deserialize)]
pub(super) struct DropletOfIp {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) id: u64,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) tags: Vec<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct NewReservedIp {
    pub(super) droplet_id: u64,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Tag {
    pub(super) name: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Snapshot {
    pub(super) id: Id,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) created_at: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) regions: Vec<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) size_gigabytes: f64,
    /// The droplet; not told in the list of the droplet itself.
    #[serde(default, deserialize_with = "or_default")]
    pub(super) resource_id: Id,
}

#[derive(Debug, Deserialize)]
pub(super) struct Volume {
    pub(super) id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) created_at: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) size_gigabytes: f64,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) droplet_ids: Vec<u64>,
    pub(super) region: Option<Region>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) tags: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Domain {
    pub(super) name: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Record {
    pub(super) id: u64,
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) data: String,
    pub(super) priority: Option<u32>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) ttl: u32,
}

/// A record to write. The members that its kind does not have are sent as null, as the description wants.
#[derive(Debug, Serialize)]
pub(super) struct NewRecord<'a> {
    #[serde(rename = "type")]
    pub(super) kind: &'a str,
    pub(super) name: &'a str,
    pub(super) data: &'a str,
    pub(super) ttl: u32,
    pub(super) priority: Option<u32>,
    pub(super) port: Option<u32>,
    pub(super) weight: Option<u32>,
    pub(super) flags: Option<u32>,
    pub(super) tag: Option<&'a str>,
}
