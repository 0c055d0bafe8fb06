//! Networks.

use bollard::models::{EndpointSettings, NetworkConnectRequest, NetworkDisconnectRequest};
use bollard::query_parameters::ListNetworksOptionsBuilder;

use super::{Docker, checked, checked_new, convert, error, label_filters};
use crate::error::{ErrorKind, Result};
use crate::model::{ContainerFilter, NetworkInfo, NetworkSpec};

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
        match self.wire.post(operation, "/networks/create", &body).await {
            Ok(_) => Ok(()),
            Err(error)
                if error.kind() == ErrorKind::Conflict && error.message().contains("already exists") =>
            {
                Ok(())
            }
            Err(error) => Err(error.with_context("network", name)),
        }
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
            })
            .collect();
        found.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        Ok(found)
    }
}
