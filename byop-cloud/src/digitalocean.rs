//! DigitalOcean: droplets, SSH keys, firewalls, reserved addresses, snapshots, domains.
//!
//! ```
//! use byop_cloud::digitalocean::DigitalOcean;
//! use byop_cloud::registry::ProviderOptions;
//! use byop_core::cloud::CloudProvider;
//!
//! let options = ProviderOptions::new().with_setting("DIGITALOCEAN_TOKEN", "dop_v1_0123".to_owned());
//! let cloud = DigitalOcean::from_options(&options)?;
//! assert_eq!(cloud.name(), "digitalocean");
//! # Ok::<(), byop_core::Error>(())
//! ```

use std::sync::Arc;

use async_trait::async_trait;
use byop_core::Result;
use byop_core::clock::{Clock, SystemClock};
use byop_core::cloud::{CloudProvider, DnsProvider, Firewalls, ReservedIps, Snapshots, SshKeys};
use byop_core::model::{
    CloudCapabilities, PowerAction, Region, RegionId, Resource, ResourceKind, Server, ServerFilter, ServerId,
    ServerImage, ServerSize, ServerSpec,
};

use crate::http::{Client, RetryPolicy, Transport};
use crate::registry::ProviderOptions;

mod addresses;
mod catalog;
mod client;
mod config;
mod convert;
mod dns;
mod error;
mod firewalls;
mod marks;
mod resources;
mod servers;
mod sign;
mod snapshots;
mod ssh_keys;
mod wire;

use client::Api;
use config::Config;
use sign::{Bearer, Network};
#[cfg(feature = "testing")]
pub(crate) use ssh_keys::fingerprint_of;

/// How long lists of DigitalOcean may be late.
const LIST_LAG_SECONDS: u32 = 30;

/// DigitalOcean, as one token sees it.
///
/// A droplet takes two calls: a look by its key, and the one that makes it; a third reads the firewall that it is to
/// be behind, unless that was applied a moment ago. Its key is the tag `byop-req:<key>`. Addresses of version 6 are switched on.
///
/// A reserved address is known as ours by the droplet that it leads to, and by a tag of the account after that. A
/// resize leaves the disk as it is. Sizes with graphics processors are not offered, because lists leave such droplets
/// out.
#[derive(Debug)]
pub struct DigitalOcean {
    config: Config,
    transport: Arc<dyn Transport>,
    policy: RetryPolicy,
    clock: Arc<dyn Clock>,
    vpc: Option<String>,
    api: Api,
    key_lists: ssh_keys::KeyLists,
    fresh: firewalls::Fresh,
}

impl DigitalOcean {
    /// From the environment: `DIGITALOCEAN_TOKEN` (or `DIGITALOCEAN_ACCESS_TOKEN`), `DIGITALOCEAN_API_URL`, and what
    /// [`from_options`](Self::from_options) reads besides.
    ///
    /// # Errors
    /// Those of [`from_options`](Self::from_options).
    pub fn from_env() -> Result<Self> {
        Self::from_options(&ProviderOptions::from_env())
    }

    /// From settings of these names. `HTTPS_PROXY`, `NO_PROXY` and `BYOP_CA_FILE` say how the network is reached.
    ///
    /// # Errors
    /// `Unauthenticated` without a token; `InvalidInput` for one that cannot be sent and for an address that is none.
    pub fn from_options(options: &ProviderOptions) -> Result<Self> {
        let config = Config::from_options(options)?;
        let transport: Arc<dyn Transport> = Arc::new(Network::new(config.http.clone()));
        let (policy, clock): (_, Arc<dyn Clock>) = (RetryPolicy::default(), Arc::new(SystemClock));
        let api = api(&config, &transport, policy, &clock);
        let (key_lists, fresh) = Default::default();
        Ok(Self { config, transport, policy, clock, vpc: None, api, key_lists, fresh })
    }

    /// Sets what carries requests, in place of the network.
    #[must_use]
    pub fn with_transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = transport;
        self.renewed()
    }

    /// Sets how often and how long a request is tried.
    #[must_use]
    pub fn with_policy(mut self, policy: RetryPolicy) -> Self {
        self.policy = policy;
        self.renewed()
    }

    /// Sets the clock by which dates in answers are read.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self.renewed()
    }

    /// Sets the private network, by its UUID, in which droplets are made; the region's default unless set.
    #[must_use]
    pub fn with_vpc(mut self, uuid: impl Into<String>) -> Self {
        self.vpc = Some(uuid.into());
        self
    }

    fn renewed(mut self) -> Self {
        self.api = api(&self.config, &self.transport, self.policy, &self.clock);
        self
    }
}

fn api(config: &Config, transport: &Arc<dyn Transport>, policy: RetryPolicy, clock: &Arc<dyn Clock>) -> Api {
    let bearer = Bearer::new(Arc::clone(transport), &config.token);
    let client = Client::new(Arc::new(bearer))
        .with_policy(policy)
        .with_clock(Arc::clone(clock))
        .with_check(error::check);
    Api::new(client, config.base.clone())
}

#[async_trait]
impl CloudProvider for DigitalOcean {
    fn name(&self) -> &str {
        "digitalocean"
    }

    fn capabilities(&self) -> CloudCapabilities {
        CloudCapabilities::none()
            .with_list_lag(LIST_LAG_SECONDS)
            .with_labels()
            .with_resize()
            .with_ipv6()
            .with_max_user_data(servers::MAX_USER_DATA)
    }

    async fn list_regions(&self) -> Result<Vec<Region>> {
        self.regions().await
    }

    async fn list_sizes(&self, region: &RegionId) -> Result<Vec<ServerSize>> {
        self.sizes(region).await
    }

    async fn find_image(&self, region: &RegionId, name: &str) -> Result<Option<ServerImage>> {
        self.image(region, name).await
    }

    async fn create_server(&self, spec: &ServerSpec) -> Result<Server> {
        self.create(spec).await
    }

    async fn get_server(&self, id: &ServerId) -> Result<Server> {
        self.server(id).await
    }

    async fn list_servers(&self, filter: &ServerFilter) -> Result<Vec<Server>> {
        let droplets = self.droplets("server.list", filter).await?;
        Ok(droplets.iter().map(convert::server).collect())
    }

    async fn power(&self, id: &ServerId, action: PowerAction) -> Result<()> {
        self.change_power(id, action).await
    }

    async fn resize_server(&self, id: &ServerId, size: &str) -> Result<()> {
        self.resize(id, size).await
    }

    async fn delete_server(&self, id: &ServerId) -> Result<()> {
        self.delete(id).await
    }

    async fn list_resources(&self) -> Result<Vec<Resource>> {
        self.resources().await
    }

    async fn delete_resource(&self, kind: ResourceKind, id: &str) -> Result<()> {
        self.remove(kind, id).await
    }

    fn ssh_keys(&self) -> Option<&dyn SshKeys> {
        Some(self)
    }

    fn firewalls(&self) -> Option<&dyn Firewalls> {
        Some(self)
    }

    fn reserved_ips(&self) -> Option<&dyn ReservedIps> {
        Some(self)
    }

    fn snapshots(&self) -> Option<&dyn Snapshots> {
        Some(self)
    }

    fn dns(&self) -> Option<&dyn DnsProvider> {
        Some(self)
    }
}
