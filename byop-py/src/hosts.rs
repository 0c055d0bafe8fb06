//! Where containers run.

use std::time::Duration;

use byop_core::docker;
use byop_core::testing::FakeProgram;
use pyo3::prelude::*;

use crate::error::raise;

/// An engine of Docker.
#[derive(Debug)]
#[pyclass(frozen)]
pub(crate) struct Docker {
    pub(crate) inner: docker::Docker,
}

#[pymethods]
impl Docker {
    /// The engine behind a socket or an address; the usual socket without one.
    #[staticmethod]
    fn connect(py: Python<'_>, address: Option<&str>) -> PyResult<Self> {
        let inner = match address {
            None => docker::Docker::connect(),
            Some(address) => match address.strip_prefix("unix://") {
                Some(path) => docker::Docker::connect_unix(path),
                None if address.starts_with('/') => docker::Docker::connect_unix(address),
                None => docker::Docker::connect_tcp(address),
            },
        };
        inner.map(|inner| Self { inner }).map_err(|error| raise(py, &error))
    }

    /// The engine that the environment names.
    #[staticmethod]
    fn from_env(py: Python<'_>) -> PyResult<Self> {
        let inner = docker::Docker::from_env();
        inner.map(|inner| Self { inner }).map_err(|error| raise(py, &error))
    }
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
