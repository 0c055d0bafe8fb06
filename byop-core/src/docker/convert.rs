//! From the engine's shapes to the model's.

use std::collections::{BTreeMap, HashMap};

use bollard::models::{
    ContainerInspectResponse, ContainerStateStatusEnum as Status, ContainerSummary as Line,
    ContainerSummaryStateEnum as LineState, HealthStatusEnum, ImageInspect, PortMap, PortSummaryTypeEnum,
};

use super::setup;
use crate::clock::Timestamp;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{
    ContainerInfo, ContainerState, ContainerSummary, ImageInfo, PortBinding, Protocol, sort_ports,
};

pub(super) fn labels(found: Option<HashMap<String, String>>) -> BTreeMap<String, String> {
    found.unwrap_or_default().into_iter().collect()
}

pub(super) fn container(found: ContainerInspectResponse) -> Result<ContainerInfo> {
    let id = found.id.filter(|id| !id.is_empty()).ok_or_else(|| {
        Error::new(ErrorKind::Internal, "container.inspect", "the engine's answer has no container id")
    })?;
    let state = found.state.unwrap_or_default();
    let config = found.config.unwrap_or_default();
    let host = found.host_config.unwrap_or_default();
    let network = found.network_settings.unwrap_or_default();
    let addresses = network.networks.unwrap_or_default().into_iter().filter_map(|(name, endpoint)| {
        endpoint.ip_address.filter(|address| !address.is_empty()).map(|address| (name, address))
    });
    Ok(ContainerInfo {
        id,
        name: found.name.unwrap_or_default().trim_start_matches('/').to_owned(),
        image: config.image.clone().unwrap_or_default(),
        image_id: found.image.unwrap_or_default(),
        state: match state.status {
            Some(Status::RUNNING | Status::STOPPING) => ContainerState::Running,
            Some(Status::PAUSED) => ContainerState::Paused,
            Some(Status::RESTARTING) => ContainerState::Restarting,
            Some(Status::EXITED) => ContainerState::Exited,
            Some(Status::DEAD | Status::REMOVING) => ContainerState::Dead,
            Some(Status::CREATED | Status::EMPTY) | None => ContainerState::Created,
        },
        healthy: state.health.and_then(|health| match health.status {
            Some(HealthStatusEnum::HEALTHY) => Some(true),
            Some(HealthStatusEnum::UNHEALTHY) => Some(false),
            _ => None,
        }),
        exit_code: state.exit_code.unwrap_or(0),
        oom_killed: state.oom_killed.unwrap_or(false),
        restarts: found.restart_count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0),
        error: state.error.unwrap_or_default(),
        labels: labels(config.labels.clone()),
        addresses: addresses.collect(),
        ports: published(network.ports.unwrap_or_default()),
        created_at: found.created.as_deref().and_then(timestamp),
        started_at: state.started_at.as_deref().and_then(timestamp),
        setup: setup::of(config, host),
    })
}

/// A time of the engine; the year 1 is what it says of what has not happened.
pub(super) fn timestamp(text: &str) -> Option<Timestamp> {
    let nanos = super::time::parse_nanos(text)?;
    Some(Timestamp(i64::try_from(nanos / 1_000_000).unwrap_or(i64::MAX)))
}

pub(super) fn summary(line: Line) -> ContainerSummary {
    let mut names = line.names.unwrap_or_default();
    // Links add names such as `/other/alias`; the container's own has one slash.
    names.sort_by_key(|name| name.matches('/').count());
    let ports = line.ports.unwrap_or_default().into_iter().filter_map(|port| {
        let protocol = match port.typ? {
            PortSummaryTypeEnum::TCP => Protocol::Tcp,
            PortSummaryTypeEnum::UDP => Protocol::Udp,
            _ => return None,
        };
        Some(PortBinding {
            host_ip: port.ip?,
            host_port: port.public_port?,
            container_port: port.private_port,
            protocol,
        })
    });
    let mut ports: Vec<_> = ports.collect();
    sort_ports(&mut ports);
    let networks = line.network_settings.and_then(|settings| settings.networks).unwrap_or_default();
    let mounts = line.mounts.unwrap_or_default().into_iter();
    ContainerSummary {
        id: line.id.unwrap_or_default(),
        name: names.first().map(|name| name.trim_start_matches('/').to_owned()).unwrap_or_default(),
        image: line.image.unwrap_or_default(),
        state: match line.state {
            Some(LineState::RUNNING | LineState::STOPPING) => ContainerState::Running,
            Some(LineState::PAUSED) => ContainerState::Paused,
            Some(LineState::RESTARTING) => ContainerState::Restarting,
            Some(LineState::EXITED) => ContainerState::Exited,
            Some(LineState::DEAD | LineState::REMOVING) => ContainerState::Dead,
            Some(LineState::CREATED | LineState::EMPTY) | None => ContainerState::Created,
        },
        image_id: line.image_id.unwrap_or_default(),
        labels: labels(line.labels),
        ports,
        networks: networks
            .into_iter()
            .map(|(name, endpoint)| (name, endpoint.network_id.unwrap_or_default()))
            .collect(),
        volumes: mounts
            .filter(|mount| mount.typ.as_deref() == Some("volume"))
            .filter_map(|mount| mount.name)
            .collect(),
    }
}

fn published(ports: PortMap) -> Vec<PortBinding> {
    let mut out = Vec::new();
    for (inside, bindings) in ports {
        let Some((container_port, protocol)) = container_port(&inside) else { continue };
        for binding in bindings.unwrap_or_default() {
            let Some(host_port) = binding.host_port.and_then(|port| port.parse().ok()) else { continue };
            let host_ip = binding.host_ip.unwrap_or_default();
            out.push(PortBinding { host_ip, host_port, container_port, protocol });
        }
    }
    sort_ports(&mut out);
    out
}

/// The parts of a port such as `80/tcp`.
pub(super) fn container_port(text: &str) -> Option<(u16, Protocol)> {
    let (port, protocol) = text.split_once('/')?;
    let protocol = match protocol {
        "tcp" => Protocol::Tcp,
        "udp" => Protocol::Udp,
        _ => return None,
    };
    Some((port.parse().ok()?, protocol))
}

fn tcp_port(text: &str) -> Option<u16> {
    container_port(text).filter(|(_, protocol)| *protocol == Protocol::Tcp).map(|(port, _)| port)
}

pub(super) fn image(found: ImageInspect) -> Result<ImageInfo> {
    let id = found.id.filter(|id| !id.is_empty()).ok_or_else(|| {
        Error::new(ErrorKind::Internal, "image.inspect", "the engine's answer has no image id")
    })?;
    let config = found.config.unwrap_or_default();
    let mut info = ImageInfo::new(id);
    info.tags = found.repo_tags.unwrap_or_default();
    info.tags.sort();
    info.created_at = found.created.as_deref().and_then(timestamp).unwrap_or(Timestamp(0));
    info.size_bytes = found.size.and_then(|size| u64::try_from(size).ok()).unwrap_or(0);
    info.labels = labels(config.labels);
    info.user = config.user.unwrap_or_default();
    info.exposed_ports =
        config.exposed_ports.unwrap_or_default().iter().filter_map(|port| tcp_port(port)).collect();
    info.exposed_ports.sort_unstable();
    info.defaults.health = config.healthcheck.and_then(|check| check.test).unwrap_or_default();
    info.has_health_check = info.defaults.health.first().is_some_and(|first| first != "NONE");
    info.defaults.entrypoint = config.entrypoint.unwrap_or_default();
    info.defaults.command = config.cmd.unwrap_or_default();
    info.defaults.env = setup::env(config.env);
    Ok(info)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_lists_are_empty_ones() {
        let found: ContainerInspectResponse = serde_json::from_str(
            r#"{"Id":"1","Name":"/a","State":{"Status":"exited","ExitCode":137,"OOMKilled":true},
                "Config":{"Labels":null},"NetworkSettings":{"Ports":{"80/tcp":null},"Networks":null}}"#,
        )
        .unwrap();
        let info = container(found).unwrap();
        assert_eq!((info.name.as_str(), info.state, info.exit_code), ("a", ContainerState::Exited, 137));
        assert!(info.oom_killed && info.ports.is_empty() && info.healthy.is_none());
        let found: ImageInspect = serde_json::from_str(
            r#"{"Id":"sha256:1","RepoTags":null,"Config":{"Labels":null,"ExposedPorts":{"8080/tcp":{},"53/udp":{}},
                "Healthcheck":{"Test":["NONE"]}}}"#,
        )
        .unwrap();
        let info = image(found).unwrap();
        assert_eq!(info.exposed_ports, [8080]);
        assert!(!info.has_health_check);
    }
}
