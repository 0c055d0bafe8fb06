//! A machine that apps are deployed to, and the checks before something is started on it.

use crate::error::{Error, ErrorKind, Result};
use crate::model::{ContainerFilter, ContainerState};
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
        let publishes = container.ports.iter().any(|p| p.host_port == port);
        if container.state != ContainerState::Running || !publishes {
            continue;
        }
        if container.name == own {
            return Ok(());
        }
        return Err(taken(format!("the container {} ({})", container.name, container.image)));
    }
    match port_owner::find(port) {
        Some(owner) if runtime.info().await?.is_local => Err(taken(owner)),
        _ => Ok(()),
    }
}
