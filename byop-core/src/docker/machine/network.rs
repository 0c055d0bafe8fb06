//! The network of machines: its addresses are chosen by us, so that a machine keeps its own when it is off.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::time::Duration;

use bollard::models::{EndpointIpamConfig, EndpointSettings, NetworkConnectRequest};
use bollard::query_parameters::ListContainersOptionsBuilder;
use serde_json::json;

use crate::docker::subnet::Subnet;
use crate::docker::{Docker, checked, checked_new, error};
use crate::error::{Error, ErrorKind, Result};

const CREATE: &str = "network.create";
const CONNECT: &str = "network.connect";
/// Addresses of a network of machines: 253 of them.
const LENGTH: u8 = 24;
/// How often another range is tried.
const ATTEMPTS: usize = 4;

impl Docker {
    /// The addresses that machines can have in the network of this name, which is made first if it is missing.
    ///
    /// # Errors
    /// `Conflict` when a network without the label has the name; `QuotaExceeded` when no range is free.
    pub(crate) async fn machine_network(&self, name: &str, label: &str) -> Result<Vec<Ipv4Addr>> {
        let name = checked_new(CREATE, name)?;
        let hosts = |subnet: Subnet| subnet.hosts().skip(1).collect();
        if let Some(subnet) = self.machine_subnet(name, label).await? {
            return Ok(hosts(subnet));
        }
        let mut tried = Vec::new();
        for _ in 0..ATTEMPTS {
            let taken: Vec<_> = self.taken().await?.into_iter().chain(tried.clone()).collect();
            let Some(subnet) = self.network_range.free_of(LENGTH, &taken) else { break };
            let body = json!({
                "Name": name,
                "CheckDuplicate": true,
                "Driver": "bridge",
                "Labels": { label: "" },
                "IPAM": { "Driver": "default", "Config": [{ "Subnet": subnet.to_string() }] },
            });
            match self.wire.post(CREATE, "/networks/create", &body).await {
                Ok(_) => return Ok(hosts(subnet)),
                Err(error)
                    if ["already exists", "overlaps"].iter().any(|why| error.message().contains(why)) => {}
                Err(error) => return Err(error.with_context("network", name)),
            }
            // Somebody else makes it, or has taken the range. One that is being made has its addresses before it can
            // be seen, and an engine may make a second one of the same name meanwhile: so it is waited for.
            for _ in 0..40 {
                if let Some(subnet) = self.machine_subnet(name, label).await? {
                    return Ok(hosts(subnet));
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            tried.push(subnet);
        }
        Err(Error::new(ErrorKind::QuotaExceeded, CREATE, "no range of addresses is free for machines")
            .with_context("network", name)
            .with_remedy("remove networks that are not used any more, or give Docker::with_network_range another range"))
    }

    async fn machine_subnet(&self, name: &str, label: &str) -> Result<Option<Subnet>> {
        let found = match self.api.inspect_network(name, None).await {
            Ok(found) => found,
            Err(failure) => match error::engine("network.inspect", failure) {
                error if error::is_missing(&error) => return Ok(None),
                error => return Err(error.with_context("network", name)),
            },
        };
        if !found.labels.unwrap_or_default().contains_key(label) {
            return Err(Error::new(ErrorKind::Conflict, CREATE, "another network has this name")
                .with_context("network", name)
                .with_remedy("remove or rename it"));
        }
        let configs = found.ipam.and_then(|ipam| ipam.config).unwrap_or_default();
        let subnet = configs.into_iter().find_map(|config| config.subnet?.parse().ok());
        subnet.map(Some).ok_or_else(|| {
            Error::new(ErrorKind::Internal, CREATE, "the network has no addresses of version 4")
                .with_context("network", name)
        })
    }

    /// The addresses that containers with this label have in a network, or will have once they are started.
    ///
    /// # Errors
    /// Only those that all methods share.
    pub(crate) async fn machine_addresses(&self, network: &str, label: &str) -> Result<Vec<Ipv4Addr>> {
        let filters = HashMap::from([("label".to_owned(), vec![label.to_owned()])]);
        let options = ListContainersOptionsBuilder::default().all(true).filters(&filters).build();
        let found = self.api.list_containers(Some(options)).await;
        let found = found.map_err(|failure| error::engine("container.list", failure))?;
        let address = |endpoint: &EndpointSettings| {
            let wanted = endpoint.ipam_config.as_ref().and_then(|config| config.ipv4_address.as_ref());
            wanted.or(endpoint.ip_address.as_ref())?.parse().ok()
        };
        let settings = found.into_iter().filter_map(|line| line.network_settings?.networks);
        Ok(settings.filter_map(|networks| address(networks.get(network)?)).collect())
    }

    /// Gives a machine that does not run another address.
    ///
    /// # Errors
    /// `NotFound` when either is missing.
    pub(crate) async fn move_machine(&self, network: &str, id: &str, address: Ipv4Addr) -> Result<()> {
        self.leave(network, id).await?;
        let (network, id) = (checked(CONNECT, network)?, checked(CONNECT, id)?);
        let config = EndpointIpamConfig { ipv4_address: Some(address.to_string()), ..Default::default() };
        let endpoint = EndpointSettings { ipam_config: Some(config), ..Default::default() };
        let request = NetworkConnectRequest { container: id.to_owned(), endpoint_config: Some(endpoint) };
        self.api.connect_network(network, request).await.map_err(|failure| {
            error::engine(CONNECT, failure).with_context("network", network).with_context("container", id)
        })
    }
}
