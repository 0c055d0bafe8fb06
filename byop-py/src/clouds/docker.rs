//! The cloud on an engine of Docker.

use std::sync::Arc;

use byop_core::cloud::DockerCloud as Servers;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use super::Cloud;
use crate::args::written;
use crate::error::raise;
use crate::hosts::Docker;
use crate::process::Process;

/// Servers in containers of an engine.
#[derive(Debug)]
#[pyclass(frozen)]
pub(crate) struct DockerCloud {
    process: &'static Process,
    inner: Servers,
}

#[pymethods]
impl DockerCloud {
    #[new]
    fn new(py: Python<'_>, engine: &Bound<'_, PyAny>) -> PyResult<Self> {
        let docker = engine
            .cast::<Docker>()
            .map_err(|_| PyTypeError::new_err("servers in containers want a Docker engine"))?;
        let fail = |error| raise(py, &error);
        let process = Process::current().map_err(fail)?;
        Ok(Self { process, inner: Servers::new(docker.get().get().map_err(fail)?) })
    }

    /// The provider.
    fn cloud(&self) -> Cloud {
        Cloud::new(self.process, Arc::new(self.inner.clone()))
    }

    /// Makes an image of servers unless the engine has it.
    fn prepare_image(&self, py: Python<'_>, name: String) -> PyResult<String> {
        let cloud = self.inner.clone();
        let work = async move { written(&cloud.prepare_image(&name).await?) };
        self.process.block(py, work)
    }
}
