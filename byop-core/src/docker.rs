//! Docker as a [`ContainerRuntime`].

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream::BoxStream;

use crate::error::{Error, Result};
use crate::model::{
    BuildEvent, BuildImageSpec, ContainerFilter, ContainerInfo, ContainerSpec, ContainerStats,
    ContainerSummary, ExecOutput, ExecSpec, ImageInfo, ImageRef, LogLine, LogOptions, NetworkInfo,
    NetworkSpec, RuntimeEvent, RuntimeInfo, VolumeInfo,
};
use crate::runtime::ContainerRuntime;
use crate::source::BuildContext;

mod build;
mod connect;
mod container;
mod convert;
mod error;
mod events;
mod exec;
mod image;
mod info;
mod lines;
mod logs;
pub(crate) mod machine;
mod network;
pub(crate) mod note;
mod setup;
mod stats;
mod subnet;
mod time;
mod tls;
mod trace;
mod transport;
mod volume;

pub use tls::DockerTls;
use transport::{ANSWER_TIMEOUT, Wire};

/// A Docker engine, over its HTTP API. Cheap to clone; it connects when it is first used.
///
/// Containers are created hardened: no capability but those of the spec, no new privileges, a read-only root, no
/// swap, rotated logs, and folders in memory without `exec`, `suid` and devices.
///
/// ```no_run
/// use byop_core::docker::Docker;
/// use byop_core::runtime::ContainerRuntime;
///
/// # async fn demo() -> byop_core::Result<()> {
/// let engine = Docker::connect()?;
/// let info = engine.info().await?;
/// assert!(info.cpus > 0);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Docker {
    api: bollard::Docker,
    wire: Wire,
    readings: stats::Readings,
    /// Where networks get their addresses from once the engine has none left.
    network_range: subnet::Subnet,
}

impl Docker {
    /// Takes the addresses of networks from this range once the engine has none left; `10.210.0.0/16` unless set, which
    /// is enough for 1,024. What other networks of the engine have is left out, and what the machine itself reaches by
    /// its routes, if the engine is on this one.
    ///
    /// # Errors
    /// `InvalidInput` when it is no IPv4 range of a length between /8 and /26.
    pub fn with_network_range(mut self, range: &str) -> Result<Self> {
        self.network_range = subnet::range(range)?;
        Ok(self)
    }

    fn on(wire: Wire) -> Result<Self> {
        let client = wire.clone();
        let send = move |request: bollard::BollardRequest| {
            let client = client.clone();
            async move { client.send(request).await }
        };
        // The address only fills the URL that the transport takes the path from.
        let address = Some("http://localhost");
        let timeout = ANSWER_TIMEOUT.as_secs();
        bollard::Docker::connect_with_custom_transport(send, address, timeout, bollard::API_DEFAULT_VERSION)
            .map(|api| Self {
                api,
                wire,
                readings: stats::Readings::default(),
                network_range: subnet::Subnet::DEFAULT,
            })
            .map_err(|failure| error::engine("runtime.connect", failure))
    }

    /// The engine client for calls that may take this much longer than usual.
    fn patient(&self, extra: Duration) -> bollard::Docker {
        self.api.clone().with_timeout(ANSWER_TIMEOUT.saturating_add(extra))
    }
}

/// Label filters as the engine wants them.
fn label_filters(filter: &ContainerFilter) -> HashMap<String, Vec<String>> {
    if filter.labels.is_empty() {
        return HashMap::new();
    }
    let labels = filter.labels.iter();
    let wanted =
        labels.map(|(key, value)| if value.is_empty() { key.clone() } else { format!("{key}={value}") });
    HashMap::from([("label".to_owned(), wanted.collect())])
}

/// Names and ids go into URL paths, so nothing else may. What cannot be a name does not exist.
fn checked<'a>(operation: &'static str, name: &'a str) -> Result<&'a str> {
    check(operation, name, b"_.-")
}

/// As [`checked`], for images.
fn checked_image<'a>(operation: &'static str, name: &'a str) -> Result<&'a str> {
    check(operation, name, b"_.-/:@+")
}

fn check<'a>(operation: &'static str, name: &'a str, extra: &[u8]) -> Result<&'a str> {
    let fits = (1..=512).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || extra.contains(&b))
        && name.as_bytes()[0].is_ascii_alphanumeric()
        && !name.contains("..")
        && !name.contains("//");
    if fits {
        return Ok(name);
    }
    Err(Error::not_found(operation, "nothing can have this name")
        .with_context("name", name.chars().take(80).flat_map(char::escape_default).collect::<String>()))
}

/// As [`checked`], for something to be created.
fn checked_new<'a>(operation: &'static str, name: &'a str) -> Result<&'a str> {
    checked(operation, name).map_err(|_| {
        Error::invalid(operation, "this is not a valid name")
            .with_context("name", name.chars().take(80).flat_map(char::escape_default).collect::<String>())
            .with_remedy("use letters, digits, `_`, `.` and `-`, starting with a letter or digit")
    })
}

#[async_trait]
impl ContainerRuntime for Docker {
    async fn info(&self) -> Result<RuntimeInfo> {
        self.engine_info().await
    }

    async fn build_image(
        &self,
        spec: &BuildImageSpec,
        context: BuildContext,
    ) -> Result<BoxStream<'static, Result<BuildEvent>>> {
        build::build(self, spec, context).await
    }

    async fn pull_image(&self, image: &ImageRef) -> Result<BoxStream<'static, Result<String>>> {
        Ok(self.pull(image))
    }

    async fn inspect_image(&self, image: &str) -> Result<ImageInfo> {
        self.image(image).await
    }

    async fn list_images(&self, filter: &ContainerFilter) -> Result<Vec<ImageInfo>> {
        self.images(filter).await
    }

    async fn tag_image(&self, image: &str, tag: &ImageRef) -> Result<()> {
        self.tag(image, tag).await
    }

    async fn remove_image(&self, image: &str) -> Result<()> {
        error::missing_is_ok(self.untag(image).await)
    }

    async fn create_container(&self, spec: &ContainerSpec) -> Result<String> {
        self.create(spec).await
    }

    async fn start_container(&self, id: &str) -> Result<()> {
        self.start(id).await
    }

    async fn stop_container(&self, id: &str, grace: Duration) -> Result<()> {
        self.stop(id, grace).await
    }

    async fn remove_container(&self, id: &str) -> Result<()> {
        error::missing_is_ok(self.remove(id).await)
    }

    async fn inspect_container(&self, id: &str) -> Result<ContainerInfo> {
        convert::container(self.inspect("container.inspect", id).await?)
    }

    async fn list_containers(&self, filter: &ContainerFilter) -> Result<Vec<ContainerSummary>> {
        self.containers(filter).await
    }

    async fn create_network(&self, spec: &NetworkSpec) -> Result<()> {
        self.network(spec).await
    }

    async fn connect_network(&self, network: &str, container: &str) -> Result<()> {
        self.join(network, container, &[]).await
    }

    async fn disconnect_network(&self, network: &str, container: &str) -> Result<()> {
        error::missing_is_ok(self.leave(network, container).await)
    }

    async fn remove_network(&self, name: &str) -> Result<()> {
        error::missing_is_ok(self.drop_network(name).await)
    }

    async fn list_networks(&self, filter: &ContainerFilter) -> Result<Vec<NetworkInfo>> {
        self.networks(filter).await
    }

    async fn create_volume(&self, name: &str, labels: &BTreeMap<String, String>) -> Result<()> {
        self.volume(name, labels).await
    }

    async fn remove_volume(&self, name: &str) -> Result<()> {
        error::missing_is_ok(self.drop_volume(name).await)
    }

    async fn list_volumes(&self, filter: &ContainerFilter) -> Result<Vec<VolumeInfo>> {
        self.volumes(filter).await
    }

    async fn exec(&self, id: &str, spec: &ExecSpec) -> Result<ExecOutput> {
        self.run_inside(id, spec).await
    }

    async fn upload(&self, id: &str, path: &str, archive: Vec<u8>) -> Result<()> {
        self.unpack_inside(id, path, archive).await
    }

    async fn logs(&self, id: &str, options: &LogOptions) -> Result<BoxStream<'static, Result<LogLine>>> {
        logs::open(self, id, options).await
    }

    async fn stats(&self, id: &str) -> Result<ContainerStats> {
        self.usage(id).await
    }

    async fn events(&self, filter: &ContainerFilter) -> Result<BoxStream<'static, Result<RuntimeEvent>>> {
        events::open(self, filter).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn a_name_cannot_leave_its_place_in_a_url() {
        for bad in ["", "../info", "a/b", "a?force=1", "a#b", "a b", "a%2f", "a..b", "-a"] {
            assert_eq!(checked("a.b", bad).unwrap_err().kind(), ErrorKind::NotFound, "{bad}");
        }
        assert!(checked_image("a.b", "registry.example:5000/a/b:1@sha256:00").is_ok());
        for bad in ["a/../b", "/a", "a?b", "a//b"] {
            assert!(checked_image("a.b", bad).is_err(), "{bad}");
        }
    }
}
