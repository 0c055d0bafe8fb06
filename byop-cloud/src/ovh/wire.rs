//! The JSON of the API. Fields may be missing, lists may be `null`, and texts may be ones that nobody has heard of.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Instance {
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) region: Option<String>,
    pub(super) status: Option<String>,
    pub(super) created: Option<String>,
    pub(super) ip_addresses: Option<Vec<Address>>,
    pub(super) plan_code: Option<String>,
    /// In lists.
    pub(super) flavor_id: Option<String>,
    pub(super) image_id: Option<String>,
    /// Alone.
    pub(super) flavor: Option<Flavor>,
    pub(super) image: Option<Image>,
}

impl Instance {
    pub(super) fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_default()
    }

    pub(super) fn status(&self) -> &str {
        self.status.as_deref().unwrap_or_default()
    }

    pub(super) fn flavor_id(&self) -> Option<&str> {
        self.flavor.as_ref().map(|flavor| flavor.id.as_str()).or(self.flavor_id.as_deref())
    }

    pub(super) fn image_id(&self) -> Option<&str> {
        self.image.as_ref().map(|image| image.id.as_str()).or(self.image_id.as_deref())
    }

    pub(super) fn is_gone(&self) -> bool {
        matches!(self.status(), "DELETED" | "SOFT_DELETED")
    }
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Address {
    pub(super) ip: Option<String>,
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Flavor {
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) vcpus: Option<u32>,
    /// MB.
    pub(super) ram: Option<u64>,
    /// GB.
    pub(super) disk: Option<u64>,
    pub(super) os_type: Option<String>,
    pub(super) available: Option<bool>,
    pub(super) plan_codes: Option<PlanCodes>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct PlanCodes {
    pub(super) hourly: Option<String>,
    pub(super) monthly: Option<String>,
}

/// An image of the provider's, or a snapshot.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Image {
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) region: Option<String>,
    pub(super) status: Option<String>,
    pub(super) user: Option<String>,
    /// GB.
    pub(super) min_disk: Option<u64>,
    pub(super) creation_date: Option<String>,
}

impl Image {
    pub(super) fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_default()
    }

    pub(super) fn is_active(&self) -> bool {
        self.status.as_deref() == Some("active")
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SshKey {
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) public_key: Option<String>,
    /// None: all.
    pub(super) regions: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RegionDetail {
    pub(super) name: Option<String>,
    pub(super) status: Option<String>,
    pub(super) datacenter_location: Option<String>,
    pub(super) services: Option<Vec<Component>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Component {
    pub(super) name: Option<String>,
    pub(super) status: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct RegionQuota {
    pub(super) region: Option<String>,
    pub(super) instance: Option<InstanceQuota>,
}

#[derive(Debug, Deserialize)]
pub(super) struct InstanceQuota {
    #[serde(rename = "maxInstances")]
    pub(super) max_instances: Option<i64>,
    #[serde(rename = "usedInstances")]
    pub(super) used_instances: Option<i64>,
    #[serde(rename = "maxCores")]
    pub(super) max_cores: Option<i64>,
    #[serde(rename = "usedCores")]
    pub(super) used_cores: Option<i64>,
    /// MB.
    #[serde(rename = "maxRam")]
    pub(super) max_ram: Option<i64>,
    #[serde(rename = "usedRAM")]
    pub(super) used_ram: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Me {
    pub(super) ovh_subsidiary: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Catalog {
    pub(super) locale: Option<Locale>,
    pub(super) addons: Option<Vec<CatalogPlan>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Locale {
    pub(super) currency_code: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CatalogPlan {
    pub(super) plan_code: Option<String>,
    pub(super) pricings: Option<Vec<Pricing>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Pricing {
    /// In hundred-millionths of the currency.
    pub(super) price: Option<u64>,
    pub(super) interval_unit: Option<String>,
    /// For how many months one is bound.
    pub(super) commitment: Option<i64>,
}

/// A server to make.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewInstance<'a> {
    pub(super) name: String,
    pub(super) region: &'a str,
    pub(super) flavor_id: &'a str,
    pub(super) image_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ssh_key_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user_data: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) networks: Vec<NetworkId<'a>>,
    pub(super) monthly_billing: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NetworkId<'a> {
    pub(super) network_id: &'a str,
}

/// What the second version says of a thing: the wanted state, and how far it has come.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Envelope<T> {
    pub(super) id: String,
    pub(super) checksum: Option<String>,
    pub(super) resource_status: Option<String>,
    pub(super) created_at: Option<String>,
    pub(super) target_spec: Option<T>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct GroupSpec {
    pub(super) name: Option<String>,
    pub(super) location: Option<Location>,
    pub(super) rules: Option<Vec<GroupRule>>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Location {
    pub(super) region: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GroupRule {
    pub(super) direction: String,
    pub(super) ethernet_type: String,
    pub(super) protocol: Option<String>,
    pub(super) port_range_min: Option<u16>,
    pub(super) port_range_max: Option<u16>,
    pub(super) remote_ip_prefix: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ZoneRecord {
    pub(super) id: u64,
    pub(super) field_type: Option<String>,
    pub(super) sub_domain: Option<String>,
    pub(super) target: Option<String>,
    pub(super) ttl: Option<u32>,
}
