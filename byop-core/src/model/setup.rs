//! How a container is set up, in one form for what is wanted and for what is there.

use std::collections::BTreeMap;

use super::container::{ContainerSpec, MountSpec, PortBinding, RestartPolicy};
use super::image::ImageInfo;
use crate::secret::Secret;

/// How a container is set up. Equal setups are the same container but for its name, labels and networks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ContainerSetup {
    /// The entry point.
    pub entrypoint: Vec<String>,
    /// The command.
    pub command: Vec<String>,
    /// Environment variables.
    pub env: BTreeMap<String, Secret>,
    /// The user; empty is root.
    pub user: String,
    /// Volumes, in order of path.
    pub mounts: Vec<MountSpec>,
    /// Folders in memory: path to size in bytes.
    pub tmpfs: BTreeMap<String, u64>,
    /// Ports as they were asked for, in order: a host port of 0 is one that the engine chose.
    pub ports: Vec<PortBinding>,
    /// Limit of memory in bytes; 0 is none.
    pub memory_bytes: u64,
    /// Limit of processor time in billionths of a processor; 0 is none.
    pub nano_cpus: u64,
    /// Limit of processes; 0 is none.
    pub pids: u64,
    /// Capabilities that it has.
    pub capabilities: Vec<String>,
    /// Whether the root file system can be written to.
    pub writable_root: bool,
    /// What happens when it ends, in the engine's words.
    pub restart: String,
    /// Whether a minimal init is its first process.
    pub init: bool,
    /// The health check, as the engine has it.
    pub health: Vec<String>,
    /// What takes it out of its box, in the engine's words: privileges, namespaces and folders of the host, devices,
    /// safeguards that are off. None of what byop makes has any.
    pub hazards: Vec<String>,
}

impl ContainerSetup {
    /// The setup of a container that is made from `spec`, with what its image brings along.
    #[must_use]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    pub fn of(spec: &ContainerSpec, image: &ImageInfo) -> Self {
        let defaults = &image.defaults;
        let mut env = defaults.env.clone();
        env.extend(spec.env.clone());
        let mut mounts = spec.mounts.clone();
        mounts.sort_by(|a, b| a.path.cmp(&b.path));
        let mut ports = spec.ports.clone();
        sort_ports(&mut ports);
        let mut capabilities = spec.capabilities.clone();
        capabilities.sort();
        // An entry point of one's own takes the image's command away.
        let image_command = if spec.entrypoint.is_some() { Vec::new() } else { defaults.command.clone() };
        let limits = spec.resources.as_ref();
        Self {
            entrypoint: spec.entrypoint.clone().unwrap_or_else(|| defaults.entrypoint.clone()),
            command: spec.command.clone().unwrap_or(image_command),
            env,
            user: spec.user.map_or_else(|| image.user.clone(), |user| format!("{}:{}", user.uid, user.gid)),
            mounts,
            tmpfs: spec.tmpfs.clone(),
            ports,
            memory_bytes: limits.map_or(0, |limits| limits.memory_bytes),
            nano_cpus: limits.map_or(0, |limits| (limits.cpus.clamp(0.0, 1e6) * 1e9).round() as u64),
            pids: limits.map_or(0, |limits| u64::from(limits.pids)),
            capabilities,
            writable_root: spec.writable_root,
            restart: match spec.restart {
                RestartPolicy::No => "no",
                RestartPolicy::UnlessStopped => "unless-stopped",
            }
            .into(),
            init: spec.init,
            health: match &spec.health {
                None => defaults.health.clone(),
                Some(check) if check.command.is_empty() => vec!["NONE".into()],
                Some(check) => std::iter::once("CMD".to_owned()).chain(check.command.clone()).collect(),
            },
            hazards: Vec::new(),
        }
    }
}

/// One order for ports, so that lists of them can be compared.
pub(crate) fn sort_ports(ports: &mut [PortBinding]) {
    ports.sort_by(|a, b| {
        let key = |port: &PortBinding| (port.container_port, port.protocol, port.host_port);
        (key(a), &a.host_ip).cmp(&(key(b), &b.host_ip))
    });
}
