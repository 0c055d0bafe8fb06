//! OVHcloud: Public Cloud instances with what belongs to them, domain zones, and the VPS product.
//!
//! There are neither tags nor labels, so the mark, the name and the key of a thing stand in its name, as
//! `byop-<name>--<key>`, and are taken out again for display. Servers cannot be given reserved addresses: additional
//! ones are bought by hand, floating ones need a private network behind a gateway and can bear no name.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use byop_core::clock::{Clock, SystemClock};
use byop_core::cloud::{CloudProvider, DnsProvider, Firewalls, ReservedIps, Snapshots, SshKeys};
use byop_core::model::{
    CloudCapabilities, PowerAction, Region, RegionId, Resource, ResourceKind, Server, ServerFilter, ServerId,
    ServerImage, ServerSize, ServerSpec,
};
use byop_core::{Error, ErrorKind, Result};

use crate::http::{Client, RetryPolicy, Transport};
use crate::registry::ProviderOptions;

mod catalog;
mod client;
mod config;
mod convert;
mod dns;
mod error;
mod firewall;
mod keys;
mod order;
mod prices;
mod servers;
mod session;
mod sign;
mod snapshots;
mod vps;
mod wire;

pub use catalog::Quota;
pub use order::{OrderOptions, VpsOrder};
pub use vps::{Termination, Vps};

use config::{Billing, Config};
use session::{Network, Session};
use sign::Signed;

/// What the provider takes once it is written as base64: 65,535 bytes.
const MAX_USER_DATA: usize = 49_150;

/// OVHcloud, by the Public Cloud of one project.
///
/// It reads these settings, from the environment or from options:
/// - `OVH_ENDPOINT`: `ovh-eu` (unless set), `ovh-ca`, `ovh-us`, or the URL of an API;
/// - `OVH_APPLICATION_KEY`, `OVH_APPLICATION_SECRET` and `OVH_CONSUMER_KEY`; or, for a service account,
///   `OVH_CLIENT_ID` and `OVH_CLIENT_SECRET`;
/// - `OVH_CLOUD_PROJECT_SERVICE`: the project; needed when the account has several;
/// - `BYOP_OVH_BILLING`: `hourly` (unless set) or `monthly`;
/// - `BYOP_OVH_NETWORK`: a private network for new servers, in place of the public one;
/// - `BYOP_OVH_TOKEN_URL`: where tokens of service accounts come from, when the endpoint is a URL and they come from
///   elsewhere than its `/auth/oauth2/token`.
///
/// A size is the name of a flavor, such as `b2-7`. A server takes one SSH key. One with a firewall is made by the second
/// version of the API; where that is missing, `apply_firewall` is `Unsupported`.
///
/// ```
/// use byop_cloud::ovh::Ovh;
/// use byop_cloud::registry::ProviderOptions;
/// use byop_core::cloud::CloudProvider;
///
/// let options = ProviderOptions::new()
///     .with_setting("OVH_ENDPOINT", "ovh-ca".to_owned())
///     .with_setting("OVH_CLIENT_ID", "id".to_owned())
///     .with_setting("OVH_CLIENT_SECRET", "secret".to_owned());
/// let ovh = Ovh::from_options(&options)?.with_project("8f3c2d1e5b7a4c6d9e0f1a2b3c4d5e6f");
/// assert_eq!(ovh.name(), "ovh");
/// # Ok::<(), byop_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Ovh {
    config: Config,
    transport: Arc<dyn Transport>,
    policy: RetryPolicy,
    clock: Arc<dyn Clock>,
    session: OnceLock<Session>,
}

impl Ovh {
    /// With the settings of the environment.
    ///
    /// # Errors
    /// `Unauthenticated` when a credential is missing; `InvalidInput` for a setting that cannot be.
    pub fn from_env() -> Result<Self> {
        Self::from_options(&ProviderOptions::from_env())
    }

    /// With these settings.
    ///
    /// # Errors
    /// `Unauthenticated` when a credential is missing; `InvalidInput` for a setting that cannot be.
    pub fn from_options(options: &ProviderOptions) -> Result<Self> {
        let config = Config::from_options(options)?;
        Ok(Self {
            transport: Arc::new(Network::new(config.http.clone())),
            config,
            policy: RetryPolicy::default(),
            clock: Arc::new(SystemClock),
            session: OnceLock::new(),
        })
    }

    /// Sets the project.
    #[must_use]
    pub fn with_project(mut self, project: impl Into<String>) -> Self {
        self.config.project = Some(project.into());
        self.anew()
    }

    /// Pays for new servers by the month, which is cheaper when they stay.
    #[must_use]
    pub fn with_monthly_billing(mut self) -> Self {
        self.config.billing = Billing::Monthly;
        self.anew()
    }

    /// Puts new servers on a network of the project, in place of the public one; several may be named.
    #[must_use]
    pub fn with_network(mut self, id: impl Into<String>) -> Self {
        self.config.networks.push(id.into());
        self.anew()
    }

    /// Sets what carries requests, in place of the network.
    #[must_use]
    pub fn with_transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = transport;
        self.anew()
    }

    /// Sets how often and how long a request is tried.
    #[must_use]
    pub fn with_policy(mut self, policy: RetryPolicy) -> Self {
        self.policy = policy;
        self.anew()
    }

    /// Sets the clock by which dates in answers are read.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self.anew()
    }

    /// The VPS product: servers that were ordered by the month.
    #[must_use]
    pub fn vps(&self) -> Vps<'_> {
        Vps::new(self)
    }

    fn anew(mut self) -> Self {
        self.session = OnceLock::new();
        self
    }

    fn session(&self) -> &Session {
        self.session.get_or_init(|| {
            let config = &self.config;
            let signed = Signed::new(
                Arc::clone(&self.transport),
                config.credentials.clone(),
                config.root.clone(),
                config.token_url.clone(),
            );
            let client = Client::new(Arc::new(signed))
                .with_policy(self.policy)
                .with_clock(Arc::clone(&self.clock))
                .with_check(error::check);
            Session::new(client::Api::new(client, config.root.clone(), config.v2.clone()), config)
        })
    }
}

#[async_trait]
impl CloudProvider for Ovh {
    fn name(&self) -> &str {
        "ovh"
    }

    fn capabilities(&self) -> CloudCapabilities {
        CloudCapabilities::none().with_resize().with_ipv6().with_max_user_data(MAX_USER_DATA)
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
        self.make_server(spec).await
    }

    async fn get_server(&self, id: &ServerId) -> Result<Server> {
        self.read_server(id).await
    }

    async fn list_servers(&self, filter: &ServerFilter) -> Result<Vec<Server>> {
        self.servers(filter).await
    }

    async fn power(&self, id: &ServerId, action: PowerAction) -> Result<()> {
        self.set_power(id, action).await
    }

    async fn resize_server(&self, id: &ServerId, size: &str) -> Result<()> {
        self.set_size(id, size).await
    }

    async fn delete_server(&self, id: &ServerId) -> Result<()> {
        self.remove_server("server.delete", id).await
    }

    async fn list_resources(&self) -> Result<Vec<Resource>> {
        let mut all = self.server_resources().await?;
        all.extend(self.ssh_key_resources().await?);
        all.extend(self.firewall_resources().await?);
        all.extend(self.snapshot_resources().await?);
        Ok(all)
    }

    async fn delete_resource(&self, kind: ResourceKind, id: &str) -> Result<()> {
        const DELETE: &str = "resource.delete";
        match kind {
            ResourceKind::Server => self.remove_server(DELETE, &ServerId(id.to_owned())).await,
            ResourceKind::SshKey => self.remove_ssh_key(DELETE, id).await,
            ResourceKind::Firewall => self.remove_group(DELETE, id).await,
            ResourceKind::Snapshot => self.remove_snapshot(DELETE, id).await,
            kind => Err(Error::new(ErrorKind::Unsupported, DELETE, "byop makes no such things here")
                .with_context("kind", kind.as_str())),
        }
    }

    fn ssh_keys(&self) -> Option<&dyn SshKeys> {
        Some(self)
    }

    fn firewalls(&self) -> Option<&dyn Firewalls> {
        Some(self)
    }

    fn reserved_ips(&self) -> Option<&dyn ReservedIps> {
        None
    }

    fn snapshots(&self) -> Option<&dyn Snapshots> {
        Some(self)
    }

    fn dns(&self) -> Option<&dyn DnsProvider> {
        Some(self)
    }
}
