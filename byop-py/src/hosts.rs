//! Where containers run.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use byop_core::docker::DockerTls;
use byop_core::model::{ContainerFilter, ContainerState, ContainerStats};
use byop_core::runtime::ContainerRuntime;
use byop_core::testing::FakeProgram;
use byop_core::{Error, ErrorKind, Result, Secret, docker};
use futures_util::{StreamExt, TryStreamExt};
use pyo3::prelude::*;

use crate::args::written;
use crate::error::raise;
use crate::process::Process;

const OPERATION: &str = "runtime.connect";
/// How many containers are asked at the same time.
const ABREAST: usize = 64;

/// An engine of Docker.
#[derive(Debug)]
#[pyclass(frozen)]
pub(crate) struct Docker {
    process: &'static Process,
    inner: docker::Docker,
}

impl Docker {
    fn new(connect: impl FnOnce() -> Result<docker::Docker>) -> Result<Self> {
        let process = Process::current()?;
        Ok(Self { process, inner: process.within(connect)? })
    }

    /// The engine, for work in this process: its connections belong to the one that made them.
    pub(crate) fn get(&self) -> Result<docker::Docker> {
        self.process.check()?;
        Ok(self.inner.clone())
    }
}

#[pymethods]
impl Docker {
    /// The engine behind a socket or an address; the usual socket without one.
    #[staticmethod]
    fn connect(py: Python<'_>, address: Option<&str>) -> PyResult<Self> {
        let connect = || match address {
            None => docker::Docker::connect(),
            Some(path) if path.starts_with('/') => docker::Docker::connect_unix(path),
            Some(address) => match address.split_once("://") {
                Some(("unix", path)) => docker::Docker::connect_unix(path),
                None | Some(("tcp" | "http", _)) => docker::Docker::connect_tcp(address),
                Some(("https", _)) => Err(Error::invalid(OPERATION, "the certificates are missing")
                    .with_context("address", address)
                    .with_remedy("give `ca`, and `cert` with `key`")),
                Some(_) => Err(unsupported(address)),
            },
        };
        Self::new(connect).map_err(|error| raise(py, &error))
    }

    /// The engine at an address, by TLS; all certificates are PEM.
    #[staticmethod]
    fn connect_tls(
        py: Python<'_>,
        address: &str,
        ca: &str,
        identity: Option<(String, String)>,
    ) -> PyResult<Self> {
        let tls = match identity {
            Some((certificate, key)) => DockerTls::new(ca, certificate, Secret::new(key)),
            None => DockerTls::without_certificate(ca),
        };
        let connect = || match address.split_once("://") {
            None | Some(("tcp" | "https", _)) => docker::Docker::connect_tls(address, &tls),
            Some(_) => Err(unsupported(address)),
        };
        Self::new(connect).map_err(|error| raise(py, &error))
    }

    /// The engine that the environment names.
    #[staticmethod]
    fn from_env(py: Python<'_>) -> PyResult<Self> {
        Self::new(docker::Docker::from_env).map_err(|error| raise(py, &error))
    }
}

fn unsupported(address: &str) -> Error {
    Error::new(ErrorKind::Unsupported, OPERATION, "this kind of engine address is not supported")
        .with_context("address", address.escape_default())
        .with_remedy(
            "give unix:///path/to/socket or tcp://host:port; for ssh, forward the socket: \
             ssh -N -L /tmp/engine.sock:/var/run/docker.sock user@host",
        )
}

/// A host in memory, for tests.
#[derive(Debug)]
#[pyclass(frozen)]
pub(crate) struct FakeRuntime {
    pub(crate) inner: byop_core::testing::FakeRuntime,
}

#[pymethods]
impl FakeRuntime {
    #[new]
    fn new() -> Self {
        Self { inner: byop_core::testing::FakeRuntime::new() }
    }

    /// Adds an image whose program listens on a port after a while.
    fn add_image(&self, name: &str, port: u16, boot_seconds: f64, lines: Vec<String>) {
        let boot = Duration::try_from_secs_f64(boot_seconds).unwrap_or_default();
        let program = FakeProgram::server(port).with_boot(boot);
        self.inner.add_image(name, lines.into_iter().fold(program, FakeProgram::with_line));
    }

    /// The calls so far.
    fn calls(&self) -> Vec<String> {
        self.inner.calls()
    }

    /// Lets a container end by itself.
    fn crash(&self, container: &str, exit_code: i64) {
        self.inner.crash(container, exit_code);
    }
}

/// The runtime that a handle is.
fn runtime_of(handle: &Bound<'_, PyAny>) -> PyResult<Arc<dyn ContainerRuntime>> {
    if let Ok(docker) = handle.cast::<Docker>() {
        let docker = docker.get().get().map_err(|error| raise(handle.py(), &error))?;
        return Ok(Arc::new(docker));
    }
    Ok(Arc::new(handle.cast::<FakeRuntime>()?.get().inner.clone()))
}

fn filter_of(labels: BTreeMap<String, String>) -> ContainerFilter {
    labels.into_iter().fold(ContainerFilter::all(), |filter, (key, value)| filter.with_label(key, value))
}

/// The containers of a host that have these labels.
#[pyfunction]
pub(crate) fn list_containers(
    py: Python<'_>,
    host: Bound<'_, PyAny>,
    labels: BTreeMap<String, String>,
) -> PyResult<String> {
    let runtime = runtime_of(&host)?;
    let process = Process::current().map_err(|error| raise(py, &error))?;
    process.block(py, async move { written(&runtime.list_containers(&filter_of(labels)).await?) })
}

/// What those of them that run use now, in the same order.
#[pyfunction]
pub(crate) fn list_stats(
    py: Python<'_>,
    host: Bound<'_, PyAny>,
    labels: BTreeMap<String, String>,
) -> PyResult<String> {
    let runtime = runtime_of(&host)?;
    let process = Process::current().map_err(|error| raise(py, &error))?;
    process.block(py, async move {
        let mut listed = runtime.list_containers(&filter_of(labels)).await?;
        listed.retain(|container| container.state == ContainerState::Running);
        let asked = futures_util::stream::iter(listed).map(|container| {
            let runtime = Arc::clone(&runtime);
            async move { read(runtime.as_ref(), &container.id).await }
        });
        let all: Vec<_> = asked.buffered(ABREAST).try_collect().await?;
        written(&all.into_iter().flatten().collect::<Vec<_>>())
    })
}

/// One that went meanwhile uses nothing.
async fn read(runtime: &dyn ContainerRuntime, id: &str) -> Result<Option<ContainerStats>> {
    match runtime.stats(id).await {
        Ok(stats) => Ok(Some(stats)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
