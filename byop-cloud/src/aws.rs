//! Amazon Web Services: servers of EC2, name servers of Route 53.
//!
//! [`Aws::from_env`] takes the credentials that the vendor's own tools would take: `AWS_ACCESS_KEY_ID`,
//! `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`; a profile (`AWS_PROFILE`, `AWS_SHARED_CREDENTIALS_FILE`,
//! `AWS_CONFIG_FILE`); those of a container; those of the machine's role. Temporary ones are renewed before they end.
//!
//! It works in the regions of `BYOP_AWS_REGIONS` (with commas between them), else in `AWS_REGION` or
//! `AWS_DEFAULT_REGION`, else in all that the account has. Lists cover just these, so what was made in a region is
//! found as long as the region stays in the setting. Ids are `region/id`, such as `eu-west-3/i-0123456789abcdef0`.
//!
//! Servers get a gp3 disk of `BYOP_AWS_DISK_GIB` (20) and are made in the default network, or in the subnet of
//! `BYOP_AWS_SUBNET`. `AWS_ENDPOINT_URL` and `AWS_ENDPOINT_URL_EC2`, `_ROUTE_53`, `_SSM` and `_STS` lead elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use byop_core::Result;
use byop_core::clock::Clock;
use byop_core::cloud::{CloudProvider, DnsProvider, Firewalls, ReservedIps, Snapshots, SshKeys};
use byop_core::model::{
    CloudCapabilities, PowerAction, Region, RegionId, Resource, ResourceKind, Server, ServerFilter, ServerId,
    ServerImage, ServerSize, ServerSpec,
};

use crate::http::{RetryPolicy, Transport};
use crate::registry::ProviderOptions;

mod addresses;
mod catalog;
mod client;
mod config;
mod convert;
mod credentials;
mod dns;
mod error;
mod firewalls;
mod locate;
mod lookups;
mod network;
mod prices;
mod profile;
mod resources;
mod servers;
mod sign;
mod snapshots;
mod ssh_keys;
mod turns;
mod user_data;
mod wire;
mod xml;

use catalog::Catalog;
use client::Api;
use config::Config;
#[cfg(feature = "testing")]
pub(crate) use convert::timestamp as read_time;
use credentials::Origin;
use lookups::Lookups;
use network::Network;
pub use prices::PriceTable;
use profile::Profile;
use turns::Turns;

/// The account, as a [`CloudProvider`].
///
/// ```
/// use byop_cloud::aws::Aws;
/// use byop_cloud::registry::ProviderOptions;
/// use byop_core::cloud::CloudProvider;
///
/// let options = ProviderOptions::new()
///     .with_setting("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE".to_owned())
///     .with_setting("AWS_SECRET_ACCESS_KEY", "secret".to_owned())
///     .with_setting("AWS_REGION", "eu-west-3".to_owned());
/// assert_eq!(Aws::from_options(&options)?.name(), "aws");
/// # Ok::<(), byop_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Aws {
    api: Api,
    catalog: Catalog,
    turns: Turns,
    lookups: Lookups,
    /// The zones of the name servers by their names.
    zones: Mutex<BTreeMap<String, String>>,
    /// Servers that could not be started and were removed since: the vendor shows them for another hour.
    removed: Mutex<BTreeSet<String>>,
    /// Addresses by their keys, while lists may not show them yet.
    allocated: Mutex<BTreeMap<String, String>>,
}

impl Aws {
    /// The account that the environment of this process speaks of.
    ///
    /// # Errors
    /// As those of [`from_options`](Self::from_options).
    pub fn from_env() -> Result<Self> {
        Self::from_options(&ProviderOptions::from_env())
    }

    /// The account that these settings speak of. Without keys in the settings or in a profile, those of the container
    /// or of the machine are asked for at the first call.
    ///
    /// # Errors
    /// `Unauthenticated` for half of a key, and for a profile that is not there or that asks for a way of getting keys
    /// that byop does not have; `InvalidInput` for settings that cannot be.
    pub fn from_options(options: &ProviderOptions) -> Result<Self> {
        let profile = Profile::read(options)?;
        let origin = Origin::find(options, profile.as_ref())?;
        let config = Config::new(options, profile.as_ref().and_then(Profile::region))?;
        let network = Arc::new(Network::new(config.http(options)));
        let metadata = Arc::new(Network::new(config::metadata_http()));
        Ok(Self {
            api: Api::new(config, origin, network, metadata),
            catalog: Catalog::default(),
            turns: Turns::default(),
            lookups: Lookups::default(),
            zones: Mutex::default(),
            removed: Mutex::default(),
            allocated: Mutex::default(),
        })
    }

    /// Sets what carries requests in place of the network.
    #[must_use]
    pub fn with_transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.api = self.api.with_transport(transport);
        self
    }

    /// Sets how often and how long a request is tried.
    #[must_use]
    pub fn with_policy(mut self, policy: RetryPolicy) -> Self {
        self.api = self.api.with_policy(policy);
        self
    }

    /// Sets the clock that requests are signed by.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.api = self.api.with_clock(clock);
        self
    }

    /// Sets the regions to work in; none is all that the account has.
    #[must_use]
    pub fn with_regions(mut self, regions: impl IntoIterator<Item = RegionId>) -> Self {
        self.api.config.regions = regions.into_iter().map(|region| region.0).collect();
        self.catalog = Catalog::default();
        self
    }

    /// Sets the subnet that servers are made in; it has to give public addresses a way in.
    #[must_use]
    pub fn with_subnet(mut self, subnet: impl Into<String>) -> Self {
        self.api.config.subnet = Some(subnet.into());
        self
    }

    /// Sets the size of disks.
    #[must_use]
    pub fn with_disk_gib(mut self, gib: u32) -> Self {
        self.api.config.disk_gib = gib;
        self
    }

    /// Sets what instances cost.
    #[must_use]
    pub fn with_prices(mut self, prices: PriceTable) -> Self {
        self.api.config.prices = prices;
        self
    }

    /// The number of the account that the credentials belong to: a check of the credentials that changes nothing.
    ///
    /// # Errors
    /// Those that all methods of a [`CloudProvider`] share.
    pub async fn account(&self) -> Result<String> {
        let account = self.api.caller("account.get", self.home()).await?;
        Ok(account.unwrap_or_else(|| "unknown".into()))
    }
}

#[async_trait]
impl CloudProvider for Aws {
    fn name(&self) -> &str {
        "aws"
    }

    fn capabilities(&self) -> CloudCapabilities {
        CloudCapabilities::none()
            .with_keyed_create()
            .with_labels()
            .with_resize()
            .with_ipv6()
            .with_list_lag(120)
            .with_max_user_data(user_data::MOST)
    }

    async fn list_regions(&self) -> Result<Vec<Region>> {
        self.regions_now().await
    }

    async fn list_sizes(&self, region: &RegionId) -> Result<Vec<ServerSize>> {
        self.sizes(region).await
    }

    async fn find_size(&self, region: &RegionId, id: &str) -> Result<Option<ServerSize>> {
        self.size(region, id).await
    }

    async fn find_image(&self, region: &RegionId, name: &str) -> Result<Option<ServerImage>> {
        self.image(region, name).await
    }

    async fn create_server(&self, spec: &ServerSpec) -> Result<Server> {
        self.create(spec).await
    }

    async fn get_server(&self, id: &ServerId) -> Result<Server> {
        self.get(id).await
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
        self.terminate("server.delete", id).await
    }

    async fn list_resources(&self) -> Result<Vec<Resource>> {
        self.resources().await
    }

    async fn delete_resource(&self, kind: ResourceKind, id: &str) -> Result<()> {
        self.delete_any(kind, id).await
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
