//! A cloud provider written in Python.

use async_trait::async_trait;
use byop_core::Result;
use byop_core::cloud::{CloudProvider, DnsProvider, Firewalls, ReservedIps, Snapshots, SshKeys};
use byop_core::model::{
    CloudCapabilities, DnsName, DnsRecord, DnsRecordKind, DomainName, FirewallId, FirewallSpec, PowerAction,
    Region, RegionId, ReservedIp, ReservedIpId, Resource, ResourceKind, Server, ServerFilter, ServerId,
    ServerImage, ServerSize, ServerSpec, Snapshot, SnapshotId, SshKeyId,
};
use pyo3::prelude::*;
use serde_json::json;

use super::object::Object;
use crate::error::raise;

/// Methods that a provider need not have.
const OPTIONAL: &[&str] =
    &["apply_ssh_key", "apply_firewall", "reserve_ip", "create_snapshot", "list_zones", "resize_server"];

/// An object of Python as a provider.
#[derive(Debug)]
pub(crate) struct PythonCloud {
    object: Object,
    capabilities: CloudCapabilities,
}

impl PythonCloud {
    pub(crate) fn new(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = object.py();
        let given: String = py.import("byop._ports")?.getattr("capabilities")?.call1((object,))?.extract()?;
        let object = Object::new(object, OPTIONAL)?;
        let capabilities = object.read("capabilities", &given);
        let capabilities = capabilities
            .and_then(|given| object.whole("capabilities", &CloudCapabilities::default(), given))
            .map_err(|error| raise(py, &error))?;
        Ok(Self { object, capabilities })
    }
}

#[async_trait]
impl CloudProvider for PythonCloud {
    fn name(&self) -> &str {
        self.object.name()
    }

    fn capabilities(&self) -> CloudCapabilities {
        self.capabilities.clone()
    }

    async fn list_regions(&self) -> Result<Vec<Region>> {
        self.object.ask("list_regions", json!([])).await
    }

    async fn list_sizes(&self, region: &RegionId) -> Result<Vec<ServerSize>> {
        self.object.ask("list_sizes", json!([region])).await
    }

    async fn find_image(&self, region: &RegionId, name: &str) -> Result<Option<ServerImage>> {
        self.object.ask("find_image", json!([region, name])).await
    }

    async fn create_server(&self, spec: &ServerSpec) -> Result<Server> {
        let mut whole = json!(spec);
        whole["user_data"] = json!(spec.user_data.as_ref().map(|text| text.expose()));
        self.object.ask("create_server", json!([whole])).await
    }

    async fn get_server(&self, id: &ServerId) -> Result<Server> {
        self.object.ask("get_server", json!([id])).await
    }

    async fn list_servers(&self, filter: &ServerFilter) -> Result<Vec<Server>> {
        self.object.ask("list_servers", json!([filter])).await
    }

    async fn power(&self, id: &ServerId, action: PowerAction) -> Result<()> {
        self.object.ask("power", json!([id, action])).await
    }

    async fn resize_server(&self, id: &ServerId, size: &str) -> Result<()> {
        self.object.ask("resize_server", json!([id, size])).await
    }

    async fn delete_server(&self, id: &ServerId) -> Result<()> {
        self.object.ask("delete_server", json!([id])).await
    }

    async fn list_resources(&self) -> Result<Vec<Resource>> {
        self.object.ask("list_resources", json!([])).await
    }

    async fn delete_resource(&self, kind: ResourceKind, id: &str) -> Result<()> {
        self.object.ask("delete_resource", json!([kind, id])).await
    }

    fn ssh_keys(&self) -> Option<&dyn SshKeys> {
        self.object.has("apply_ssh_key").then_some(self)
    }

    fn firewalls(&self) -> Option<&dyn Firewalls> {
        self.object.has("apply_firewall").then_some(self)
    }

    fn reserved_ips(&self) -> Option<&dyn ReservedIps> {
        self.object.has("reserve_ip").then_some(self)
    }

    fn snapshots(&self) -> Option<&dyn Snapshots> {
        self.object.has("create_snapshot").then_some(self)
    }

    fn dns(&self) -> Option<&dyn DnsProvider> {
        self.object.has("list_zones").then_some(self)
    }
}

#[async_trait]
impl SshKeys for PythonCloud {
    async fn apply_ssh_key(&self, region: &RegionId, public_key: &str) -> Result<SshKeyId> {
        self.object.ask("apply_ssh_key", json!([region, public_key])).await
    }
}

#[async_trait]
impl Firewalls for PythonCloud {
    async fn apply_firewall(&self, spec: &FirewallSpec) -> Result<FirewallId> {
        self.object.ask("apply_firewall", json!([spec])).await
    }
}

#[async_trait]
impl ReservedIps for PythonCloud {
    async fn reserve_ip(&self, key: &str, server: &ServerId) -> Result<ReservedIp> {
        self.object.ask("reserve_ip", json!([key, server])).await
    }

    async fn get_reserved_ip(&self, id: &ReservedIpId) -> Result<ReservedIp> {
        self.object.ask("get_reserved_ip", json!([id])).await
    }

    async fn assign_ip(&self, id: &ReservedIpId, server: &ServerId) -> Result<()> {
        self.object.ask("assign_ip", json!([id, server])).await
    }
}

#[async_trait]
impl Snapshots for PythonCloud {
    async fn create_snapshot(&self, key: &str, server: &ServerId) -> Result<Snapshot> {
        self.object.ask("create_snapshot", json!([key, server])).await
    }

    async fn get_snapshot(&self, id: &SnapshotId) -> Result<Snapshot> {
        self.object.ask("get_snapshot", json!([id])).await
    }
}

#[async_trait]
impl DnsProvider for PythonCloud {
    async fn list_zones(&self) -> Result<Vec<DomainName>> {
        self.object.ask("list_zones", json!([])).await
    }

    async fn list_records(&self, zone: &DomainName) -> Result<Vec<DnsRecord>> {
        self.object.ask("list_records", json!([zone])).await
    }

    async fn put_record(&self, zone: &DomainName, record: &DnsRecord) -> Result<()> {
        self.object.ask("put_record", json!([zone, record])).await
    }

    async fn delete_record(&self, zone: &DomainName, name: &DnsName, kind: &DnsRecordKind) -> Result<()> {
        self.object.ask("delete_record", json!([zone, name, kind])).await
    }
}
