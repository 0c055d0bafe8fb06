//! Servers in containers of an engine: for development, and for tests of all that is done with servers.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::Mutex;

use super::{CloudProvider, DnsProvider, Firewalls, ReservedIps, Snapshots, SshKeys};
use crate::docker::Docker;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{
    CloudCapabilities, PowerAction, Region, RegionId, Resource, ResourceKind, Server, ServerFilter, ServerId,
    ServerImage, ServerSize, ServerSpec,
};

mod catalog;
mod convert;
mod image;
mod keys;
mod seed;
mod servers;

/// A cloud on a Docker engine. Each server is a container with systemd, an SSH server, an engine of its own inside and
/// an address that stays its own. It boots from its user data with the real cloud-init, in a second or two.
///
/// Its name is `docker` and its region `local`. Images are `debian-12` and `debian-13`, which the first server or
/// [`DockerCloud::prepare_image`] makes, and whatever has a tag `byop/server:NAME` of one's own. The maker's
/// user, who lets in the keys of a server, is `debian`.
///
/// A server may do to the engine's machine whatever root may, so this is not for users that are not trusted. Its address
/// can be reached from that machine only. It has no firewall before it: let its user data set one up inside.
///
/// ```no_run
/// use byop_core::cloud::{CloudProvider, DockerCloud};
/// use byop_core::model::{RegionId, ServerSpec};
///
/// # async fn demo() -> byop_core::Result<()> {
/// let cloud = DockerCloud::connect()?;
/// let spec = ServerSpec::new("key1", "web-1", RegionId("local".into()), "small", "debian-12")
///     .with_user_data("#cloud-config\nruncmd: [touch /ready]\n".to_owned());
/// let server = cloud.create_server(&spec).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct DockerCloud {
    engine: Docker,
    /// Held while a server is made, so that no two choose the same address.
    making: Arc<Mutex<()>>,
}

impl DockerCloud {
    /// A cloud on this engine.
    #[must_use]
    pub fn new(engine: Docker) -> Self {
        Self { engine, making: Arc::default() }
    }

    /// A cloud on the engine of this machine.
    ///
    /// # Errors
    /// Those of [`Docker::connect`].
    pub fn connect() -> Result<Self> {
        Docker::connect().map(Self::new)
    }

    /// A cloud on the engine that the environment names.
    ///
    /// # Errors
    /// Those of [`Docker::from_env`].
    pub fn from_env() -> Result<Self> {
        Docker::from_env().map(Self::new)
    }

    /// Makes the image `debian-12` or `debian-13` from the distribution's own on the engine, which takes a minute or two
    /// and packages from the network; at once if the engine has it as this version of byop makes it.
    ///
    /// # Errors
    /// `NotFound` for another name; `InvalidInput` when the build fails, with its last lines; those of the engine.
    pub async fn prepare_image(&self, name: &str) -> Result<ServerImage> {
        image::prepare(&self.engine, name).await
    }
}

fn missing(operation: &'static str, what: &'static str, id: impl std::fmt::Display) -> Error {
    Error::not_found(operation, format!("there is no such {}", what.replace('_', " "))).with_context(what, id)
}

fn foreign(operation: &'static str, what: &'static str, id: &str) -> Error {
    Error::new(ErrorKind::PermissionDenied, operation, "it was not made by byop").with_context(what, id)
}

#[async_trait]
impl CloudProvider for DockerCloud {
    fn name(&self) -> &str {
        "docker"
    }

    fn capabilities(&self) -> CloudCapabilities {
        CloudCapabilities::none()
            .with_keyed_create()
            .with_labels()
            .with_resize()
            .with_list_lag(0)
            .with_max_user_data(seed::MOST)
    }

    async fn list_regions(&self) -> Result<Vec<Region>> {
        Ok(catalog::regions())
    }

    async fn list_sizes(&self, region: &RegionId) -> Result<Vec<ServerSize>> {
        catalog::check_region("size.list", region)?;
        catalog::sizes(&self.engine, "size.list").await
    }

    async fn find_image(&self, region: &RegionId, name: &str) -> Result<Option<ServerImage>> {
        catalog::check_region("image.find", region)?;
        image::find(&self.engine, name).await
    }

    async fn create_server(&self, spec: &ServerSpec) -> Result<Server> {
        self.create(spec).await
    }

    async fn get_server(&self, id: &ServerId) -> Result<Server> {
        let machine = self.machine("server.get", id).await?;
        self.server(machine).await
    }

    async fn list_servers(&self, filter: &ServerFilter) -> Result<Vec<Server>> {
        self.list(filter).await
    }

    async fn power(&self, id: &ServerId, action: PowerAction) -> Result<()> {
        self.switch(id, action).await
    }

    async fn resize_server(&self, id: &ServerId, size: &str) -> Result<()> {
        self.resize(id, size).await
    }

    async fn delete_server(&self, id: &ServerId) -> Result<()> {
        self.delete(id).await
    }

    async fn list_resources(&self) -> Result<Vec<Resource>> {
        let servers = self.list(&ServerFilter::all()).await.map_err(|e| e.with_operation("resource.list"))?;
        let mut found: Vec<_> = servers.iter().map(convert::resource).collect();
        found.extend(keys::list(&self.engine).await?);
        Ok(found)
    }

    async fn delete_resource(&self, kind: ResourceKind, id: &str) -> Result<()> {
        match kind {
            ResourceKind::Server => self.delete(&ServerId(id.to_owned())).await,
            ResourceKind::SshKey => keys::delete(&self.engine, id).await,
            _ => Err(Error::new(ErrorKind::Unsupported, "resource.delete", "this cloud has no such things")
                .with_context("kind", kind.as_str())),
        }
    }

    fn ssh_keys(&self) -> Option<&dyn SshKeys> {
        Some(self)
    }

    fn firewalls(&self) -> Option<&dyn Firewalls> {
        None
    }

    fn reserved_ips(&self) -> Option<&dyn ReservedIps> {
        None
    }

    fn snapshots(&self) -> Option<&dyn Snapshots> {
        None
    }

    fn dns(&self) -> Option<&dyn DnsProvider> {
        None
    }
}
