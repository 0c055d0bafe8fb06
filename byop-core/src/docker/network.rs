//! Networks.

use bollard::models::{EndpointSettings, NetworkConnectRequest, NetworkDisconnectRequest};
use bollard::query_parameters::ListNetworksOptionsBuilder;

use super::subnet::{self, Subnet};
use super::{Docker, checked, checked_new, convert, error, label_filters};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{ContainerFilter, NetworkInfo, NetworkSpec};

/// Several networks can be made at the same time.
const ATTEMPTS: usize = 32;

impl Docker {
    pub(super) async fn network(&self, spec: &NetworkSpec) -> Result<()> {
        let operation = "network.create";
        let name = checked_new(operation, &spec.name)?;
        // Not by bollard: older engines make a second network of the same name without `CheckDuplicate`, which
        // its types no longer have.
        let body = serde_json::json!({
            "Name": name,
            "CheckDuplicate": true,
            "Driver": "bridge",
            "Internal": spec.internal,
            "Labels": spec.labels,
        });
        let made = match self.wire.post(operation, "/networks/create", &body).await {
            Err(error) if error.kind() == ErrorKind::QuotaExceeded => {
                self.network_in_range(body, error).await
            }
            other => other.map(drop),
        };
        match made {
            Err(error)
                if error.kind() == ErrorKind::Conflict && error.message().contains("already exists") =>
            {
                Ok(())
            }
            other => other.map_err(|error| error.with_context("network", name)),
        }
    }

    /// Creates a network with addresses that byop chooses, because the engine has none left.
    async fn network_in_range(&self, mut body: serde_json::Value, exhausted: Error) -> Result<()> {
        let operation = "network.create";
        let mut tried = Vec::new();
        for _ in 0..ATTEMPTS {
            // A network that is being made has its addresses before it can be seen.
            let taken: Vec<_> = self.taken().await?.into_iter().chain(tried.clone()).collect();
            let Some(subnet) = self.network_range.free(&taken) else { return Err(exhausted) };
            body["IPAM"] =
                serde_json::json!({ "Driver": "default", "Config": [{ "Subnet": subnet.to_string() }] });
            match self.wire.post(operation, "/networks/create", &body).await {
                // Somebody else has taken it meanwhile.
                Err(error) if error.message().contains("overlaps") => tried.push(subnet),
                other => return other.map(drop),
            }
        }
        Err(exhausted)
    }

    /// The ranges that other networks of the engine have, and those that this machine reaches otherwise if it is the
    /// engine's.
    pub(super) async fn taken(&self) -> Result<Vec<Subnet>> {
        let found =
            self.api.list_networks(None).await.map_err(|failure| error::engine("network.list", failure))?;
        let configs = found.into_iter().filter_map(|network| network.ipam?.config).flatten();
        let mut taken: Vec<Subnet> = configs.filter_map(|config| config.subnet?.parse().ok()).collect();
        if self.wire.is_local() {
            // Where there is no such table, nothing is known of other networks.
            taken.extend(subnet::routes(&std::fs::read_to_string("/proc/net/route").unwrap_or_default()));
        }
        Ok(taken)
    }

    pub(super) async fn join(&self, network: &str, container: &str, aliases: &[String]) -> Result<()> {
        let operation = "network.connect";
        let (network, container) = (checked(operation, network)?, checked(operation, container)?);
        let endpoint = EndpointSettings { aliases: Some(aliases.to_vec()), ..Default::default() };
        let request =
            NetworkConnectRequest { container: container.to_owned(), endpoint_config: Some(endpoint) };
        match self.api.connect_network(network, request).await {
            Ok(()) => Ok(()),
            Err(failure) => {
                let error = error::engine(operation, failure);
                if error.message().contains("already exists in network")
                    || error.message().contains("already attached")
                {
                    return Ok(());
                }
                Err(error.with_context("network", network).with_context("container", container))
            }
        }
    }

    pub(super) async fn leave(&self, network: &str, container: &str) -> Result<()> {
        let operation = "network.disconnect";
        let (network, container) = (checked(operation, network)?, checked(operation, container)?);
        let request = NetworkDisconnectRequest { container: container.to_owned(), force: Some(true) };
        match self.api.disconnect_network(network, request).await {
            Ok(()) => Ok(()),
            Err(failure) => {
                let error = error::engine(operation, failure);
                if error.message().contains("not connected to") {
                    return Ok(());
                }
                Err(error.with_context("network", network).with_context("container", container))
            }
        }
    }

    pub(super) async fn drop_network(&self, name: &str) -> Result<()> {
        let operation = "network.remove";
        let name = checked(operation, name)?;
        self.api
            .remove_network(name)
            .await
            .map_err(|failure| error::engine(operation, failure).with_context("network", name))
    }

    pub(super) async fn networks(&self, filter: &ContainerFilter) -> Result<Vec<NetworkInfo>> {
        let options = ListNetworksOptionsBuilder::default().filters(&label_filters(filter)).build();
        let found = self
            .api
            .list_networks(Some(options))
            .await
            .map_err(|failure| error::engine("network.list", failure))?;
        let mut found: Vec<_> = found
            .into_iter()
            .map(|network| NetworkInfo {
                id: network.id.unwrap_or_default(),
                name: network.name.unwrap_or_default(),
                labels: convert::labels(network.labels),
                internal: network.internal.unwrap_or(false),
            })
            .collect();
        found.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        Ok(found)
    }
}
