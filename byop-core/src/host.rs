//! A machine that apps are deployed to, and the checks before something is started on it.

use std::collections::BTreeSet;

use crate::error::{Error, ErrorKind, Result};
use crate::model::{ContainerFilter, ContainerState, Protocol};
use crate::runtime::ContainerRuntime;

mod port_owner;

/// Checks that a TCP port of the host is free, or published by the container `own` already.
///
/// # Errors
/// `Conflict`, naming the container or, where the engine runs on this machine, the process that has the port.
pub async fn check_port(runtime: &dyn ContainerRuntime, port: u16, own: &str) -> Result<()> {
    let taken = |owner: String| {
        Error::new(ErrorKind::Conflict, "host.check_port", format!("port {port} is taken by {owner}"))
            .with_context("port", port)
            .with_context("owner", &owner)
            .with_remedy("stop what has the port, or set another port for byop's proxy")
    };
    for container in runtime.list_containers(&ContainerFilter::all()).await? {
        let publishes = container.ports.iter().any(|p| (p.protocol, p.host_port) == (Protocol::Tcp, port));
        if container.state != ContainerState::Running || !publishes {
            continue;
        }
        if container.name == own {
            return Ok(());
        }
        return Err(taken(format!("the container {} ({})", container.name, container.image)));
    }
    // The processes of this machine have nothing to do with an engine elsewhere.
    if !runtime.info().await?.is_local {
        return Ok(());
    }
    port_owner::find(port).map_or(Ok(()), |owner| Err(taken(owner)))
}

/// The ports of the host that something has, as far as can be seen: those that running containers publish and, where
/// the engine runs on this machine, those that processes have opened.
///
/// # Errors
/// Those of the engine.
pub async fn ports_in_use(runtime: &dyn ContainerRuntime) -> Result<BTreeSet<(Protocol, u16)>> {
    let containers = runtime.list_containers(&ContainerFilter::all()).await?;
    let published = containers.iter().flat_map(|container| &container.ports);
    let mut ports: BTreeSet<_> = published.map(|port| (port.protocol, port.host_port)).collect();
    if runtime.info().await?.is_local {
        ports.extend(port_owner::opened());
    }
    Ok(ports)
}
