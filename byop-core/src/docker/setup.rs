//! How a container is set up, read back from the engine.

use std::collections::BTreeMap;

use bollard::models::{ContainerConfig, HostConfig, MountType, PortMap};

use super::convert::container_port;
use crate::model::{ContainerSetup, MountSpec, PortBinding, sort_ports};
use crate::secret::Secret;

/// The whole setup of a container.
pub(super) fn of(config: ContainerConfig, host: HostConfig) -> ContainerSetup {
    let hazards = hazards(&host);
    let mut setup = ContainerSetup {
        entrypoint: config.entrypoint.unwrap_or_default(),
        command: config.cmd.unwrap_or_default(),
        env: env(config.env),
        user: config.user.unwrap_or_default(),
        health: config.healthcheck.and_then(|check| check.test).unwrap_or_default(),
        ..ContainerSetup::default()
    };
    let volumes = host.mounts.unwrap_or_default().into_iter();
    setup.mounts = volumes
        .filter(|mount| mount.typ == Some(MountType::VOLUME))
        .map(|mount| MountSpec {
            volume: mount.source.unwrap_or_default(),
            path: mount.target.unwrap_or_default(),
            read_only: mount.read_only.unwrap_or(false),
        })
        .collect();
    setup.mounts.sort_by(|a, b| a.path.cmp(&b.path));
    setup.tmpfs = host
        .tmpfs
        .unwrap_or_default()
        .into_iter()
        .map(|(path, options)| (path, size_of_tmpfs(&options)))
        .collect();
    setup.ports = asked(host.port_bindings.unwrap_or_default());
    let positive = |number: Option<i64>| number.and_then(|number| u64::try_from(number).ok()).unwrap_or(0);
    setup.memory_bytes = positive(host.memory);
    setup.nano_cpus = positive(host.nano_cpus);
    setup.pids = positive(host.pids_limit);
    setup.capabilities = host.cap_add.unwrap_or_default();
    setup.capabilities.sort();
    setup.writable_root = !host.readonly_rootfs.unwrap_or(false);
    setup.restart = host
        .restart_policy
        .and_then(|policy| policy.name)
        .map(|name| name.to_string())
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "no".into());
    setup.init = host.init.unwrap_or(false);
    setup.hazards = hazards;
    setup
}

/// Environment variables, from the lines of an engine.
pub(super) fn env(lines: Option<Vec<String>>) -> BTreeMap<String, Secret> {
    let lines = lines.unwrap_or_default().into_iter();
    lines
        .map(|line| match line.split_once('=') {
            Some((name, value)) => (name.to_owned(), Secret::new(value)),
            None => (line, Secret::new("")),
        })
        .collect()
}

fn size_of_tmpfs(options: &str) -> u64 {
    let size = options.split(',').find_map(|option| option.strip_prefix("size="));
    size.and_then(|size| size.parse().ok()).unwrap_or(0)
}

/// Ports as they were asked for.
fn asked(ports: PortMap) -> Vec<PortBinding> {
    let mut out = Vec::new();
    for (inside, bindings) in ports {
        let Some((container_port, protocol)) = container_port(&inside) else { continue };
        for binding in bindings.unwrap_or_default() {
            let host_port = binding.host_port.and_then(|port| port.parse().ok()).unwrap_or(0);
            let host_ip = binding.host_ip.filter(|ip| !ip.is_empty()).unwrap_or_else(|| "0.0.0.0".into());
            out.push(PortBinding { host_ip, host_port, container_port, protocol });
        }
    }
    sort_ports(&mut out);
    out
}

/// What takes a container out of its box. A container as byop makes them has nothing of it.
fn hazards(host: &HostConfig) -> Vec<String> {
    let mut found = Vec::new();
    if host.privileged == Some(true) {
        found.push("privileged".to_owned());
    }
    let drops_all =
        host.cap_drop.iter().flatten().any(|name| matches!(name.as_str(), "ALL" | "CAP_ALL" | "all"));
    if !drops_all {
        found.push("capabilities are not dropped".into());
    }
    let options: Vec<_> = host.security_opt.iter().flatten().map(String::as_str).collect();
    let keeps = |option: &str| matches!(option, "no-new-privileges" | "no-new-privileges:true");
    if !options.iter().any(|option| keeps(option)) {
        found.push("new privileges are allowed".into());
    }
    found.extend(
        options.iter().filter(|option| !keeps(option)).map(|option| format!("security option {option}")),
    );
    let modes = [
        ("pid", &host.pid_mode),
        ("ipc", &host.ipc_mode),
        ("uts", &host.uts_mode),
        ("user", &host.userns_mode),
        ("network", &host.network_mode),
        ("cgroup", &host.cgroup),
    ];
    for (what, mode) in modes {
        let shared = mode.as_deref().filter(|mode| *mode == "host" || mode.starts_with("container:"));
        found.extend(shared.map(|mode| format!("{what} namespace {mode}")));
    }
    found.extend(host.binds.iter().flatten().map(|bind| format!("bind {bind}")));
    let mounts = host.mounts.iter().flatten().filter(|mount| mount.typ == Some(MountType::BIND));
    found.extend(mounts.map(|mount| {
        let end = |path: &Option<String>| path.clone().unwrap_or_default();
        format!("bind {}:{}", end(&mount.source), end(&mount.target))
    }));
    found.extend(host.volumes_from.iter().flatten().map(|other| format!("volumes from {other}")));
    found.extend(
        host.devices
            .iter()
            .flatten()
            .map(|device| format!("device {}", device.path_on_host.as_deref().unwrap_or_default())),
    );
    if host.device_requests.as_ref().is_some_and(|list| !list.is_empty()) {
        found.push("devices by request".into());
    }
    if host.device_cgroup_rules.as_ref().is_some_and(|list| !list.is_empty()) {
        found.push("device rules".into());
    }
    found.extend(host.sysctls.iter().flatten().map(|(name, value)| format!("sysctl {name}={value}")));
    found.extend(host.extra_hosts.iter().flatten().map(|line| format!("host name {line}")));
    found.extend(host.group_add.iter().flatten().map(|group| format!("group {group}")));
    if host.oom_kill_disable == Some(true) {
        found.push("never ended for memory".into());
    }
    let unmasked = |paths: &Option<Vec<String>>| paths.as_ref().is_some_and(Vec::is_empty);
    if host.privileged != Some(true) && (unmasked(&host.masked_paths) || unmasked(&host.readonly_paths)) {
        found.push("system paths are not masked".into());
    }
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ContainerSpec, ImageInfo, Protocol, ResourceLimits};

    #[test]
    fn what_byop_makes_has_no_hazard_and_its_setup_is_read_back() {
        let mut spec = ContainerSpec::new("a", "b");
        spec.resources = Some(ResourceLimits { memory_bytes: 64 << 20, cpus: 0.25, pids: 9 });
        spec.tmpfs = [("/tmp".to_owned(), 1 << 20)].into();
        spec.env = [("A".to_owned(), Secret::new("b=c"))].into();
        spec.ports = vec![PortBinding {
            host_ip: "0.0.0.0".into(),
            host_port: 1,
            container_port: 2,
            protocol: Protocol::Udp,
        }];
        spec.mounts = vec![MountSpec { volume: "v".into(), path: "/v".into(), read_only: false }];
        let body = super::super::container::body(&spec, true);
        let config = ContainerConfig { env: body.env, cmd: body.cmd, ..Default::default() };
        assert_eq!(of(config, body.host_config.unwrap()), ContainerSetup::of(&spec, &ImageInfo::new("i")));
    }

    #[test]
    fn every_way_out_of_the_box_is_named() {
        let host = HostConfig {
            privileged: Some(true),
            pid_mode: Some("host".into()),
            binds: Some(vec!["/:/host".into()]),
            security_opt: Some(vec!["no-new-privileges".into(), "seccomp=unconfined".into()]),
            ..Default::default()
        };
        let expected = [
            "bind /:/host",
            "capabilities are not dropped",
            "pid namespace host",
            "privileged",
            "security option seccomp=unconfined",
        ];
        assert_eq!(hazards(&host), expected);
    }
}
