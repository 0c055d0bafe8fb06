//! From a release to its container: the same for the stage that starts it and for whoever asks later whether it is
//! still the same.

use std::collections::BTreeMap;

use super::labels;
use crate::digest::Digest;
use crate::id::JobId;
use crate::model::{
    AppName, Backend, ContainerSpec, EnvName, MountSpec, PortBinding, PublishedPort, ReleaseConfig,
    RestartPolicy,
};
use crate::secret::Secret;

/// A folder in memory.
const TMPFS_BYTES: u64 = 64 << 20;

/// What the container of a release is made from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReleaseContainer<'a> {
    pub(crate) app: &'a AppName,
    pub(crate) job: &'a JobId,
    pub(crate) backend: &'a Backend,
    pub(crate) image_id: &'a str,
    pub(crate) config: &'a ReleaseConfig,
    pub(crate) ports: &'a [PublishedPort],
}

impl ReleaseContainer<'_> {
    /// The container, but for the label with the record. Secrets that are not given are left out.
    pub(crate) fn spec(&self, secrets: &BTreeMap<EnvName, Secret>) -> ContainerSpec {
        let mut spec = ContainerSpec::new(&self.backend.container, self.image_id);
        for (name, value) in &self.config.env {
            spec.env.insert(name.clone(), Secret::new(value.clone()));
        }
        for (name, value) in secrets {
            spec.env.insert(name.to_string(), value.clone());
        }
        for port in self.ports {
            spec.ports.push(PortBinding {
                host_ip: "0.0.0.0".into(),
                host_port: port.host_port,
                container_port: port.container_port,
                protocol: port.protocol,
            });
        }
        spec.labels = self.labels();
        spec.user = self.config.user;
        spec.command.clone_from(&self.config.command);
        spec.networks = vec![labels::network_name(self.app)];
        spec.aliases = vec![self.app.to_string()];
        let volumes = &self.config.volumes;
        let mount = |volume: &crate::model::VolumeSpec| MountSpec {
            volume: labels::volume_name(self.app, &volume.name),
            path: volume.path.clone(),
            read_only: false,
        };
        spec.mounts = volumes.iter().map(mount).collect();
        let is_mounted = |path: &str| volumes.iter().any(|volume| volume.path == path);
        let in_memory = ["/tmp", "/run"].into_iter().chain(self.config.writable.iter().map(String::as_str));
        spec.tmpfs =
            in_memory.filter(|path| !is_mounted(path)).map(|path| (path.to_owned(), TMPFS_BYTES)).collect();
        spec.resources = Some(self.config.resources.clone());
        spec.restart = RestartPolicy::UnlessStopped;
        spec.init = true;
        spec
    }

    fn labels(&self) -> BTreeMap<String, String> {
        let key = self.key();
        let mut all = labels::of_app(self.app, self.job);
        all.insert("byop.release".into(), self.backend.release.to_string());
        all.insert("byop.port".into(), self.backend.port.to_string());
        // The labels by which Compose's own program finds the containers of a project.
        for (name, value) in [
            ("project", self.app.as_str()),
            ("service", "web"),
            ("oneoff", "False"),
            ("container-number", "1"),
            ("config-hash", &key),
        ] {
            all.insert(format!("com.docker.compose.{name}"), value.into());
        }
        all.insert("byop.key".into(), key);
        all
    }

    /// Equal keys are the same container: a job that is run again finds the one that it made.
    fn key(&self) -> String {
        Digest::of_json(&(self.job, self.app, self.backend, self.image_id, self.config, self.ports))
            .to_string()
    }
}

/// The environment of a container, but for its secrets: what was planned, then the ports, then what its owner says.
pub(crate) fn environment(
    planned: &BTreeMap<String, String>,
    owners: &BTreeMap<EnvName, String>,
    port: u16,
    ports: &[PublishedPort],
) -> BTreeMap<String, String> {
    let mut env = planned.clone();
    env.insert("PORT".into(), port.to_string());
    env.extend(ports.iter().map(|port| (port.variable(), port.host_port.to_string())));
    env.extend(owners.iter().map(|(name, value)| (name.to_string(), value.clone())));
    env
}
