//! A provider that is held by several.

use std::sync::Arc;

use async_trait::async_trait;

use super::{CloudProvider, DnsProvider, Firewalls, ReservedIps, Snapshots, SshKeys};
use crate::error::Result;
use crate::model::{
    CloudCapabilities, PowerAction, Region, RegionId, Resource, ResourceKind, Server, ServerFilter, ServerId,
    ServerImage, ServerSize, ServerSpec,
};

/// So that what a registry opens can be given to an engine as it is.
#[async_trait]
impl CloudProvider for Arc<dyn CloudProvider> {
    fn name(&self) -> &str {
        self.as_ref().name()
    }
    fn capabilities(&self) -> CloudCapabilities {
        self.as_ref().capabilities()
    }
    async fn list_regions(&self) -> Result<Vec<Region>> {
        self.as_ref().list_regions().await
    }
    async fn list_sizes(&self, region: &RegionId) -> Result<Vec<ServerSize>> {
        self.as_ref().list_sizes(region).await
    }
    async fn find_size(&self, region: &RegionId, id: &str) -> Result<Option<ServerSize>> {
        self.as_ref().find_size(region, id).await
    }
    async fn find_image(&self, region: &RegionId, name: &str) -> Result<Option<ServerImage>> {
        self.as_ref().find_image(region, name).await
    }
    async fn create_server(&self, spec: &ServerSpec) -> Result<Server> {
        self.as_ref().create_server(spec).await
    }
    async fn get_server(&self, id: &ServerId) -> Result<Server> {
        self.as_ref().get_server(id).await
    }
    async fn list_servers(&self, filter: &ServerFilter) -> Result<Vec<Server>> {
        self.as_ref().list_servers(filter).await
    }
    async fn power(&self, id: &ServerId, action: PowerAction) -> Result<()> {
        self.as_ref().power(id, action).await
    }
    async fn resize_server(&self, id: &ServerId, size: &str) -> Result<()> {
        self.as_ref().resize_server(id, size).await
    }
    async fn delete_server(&self, id: &ServerId) -> Result<()> {
        self.as_ref().delete_server(id).await
    }
    async fn list_resources(&self) -> Result<Vec<Resource>> {
        self.as_ref().list_resources().await
    }
    async fn delete_resource(&self, kind: ResourceKind, id: &str) -> Result<()> {
        self.as_ref().delete_resource(kind, id).await
    }
    fn ssh_keys(&self) -> Option<&dyn SshKeys> {
        self.as_ref().ssh_keys()
    }
    fn firewalls(&self) -> Option<&dyn Firewalls> {
        self.as_ref().firewalls()
    }
    fn reserved_ips(&self) -> Option<&dyn ReservedIps> {
        self.as_ref().reserved_ips()
    }
    fn snapshots(&self) -> Option<&dyn Snapshots> {
        self.as_ref().snapshots()
    }
    fn dns(&self) -> Option<&dyn DnsProvider> {
        self.as_ref().dns()
    }
}
