//! Where an engine's state lives.

use std::path::PathBuf;
use std::sync::Arc;

use byop_core::clock::SystemClock;
use byop_core::store::{MemoryStore, PostgresStore, SqliteStore};
use byop_core::{Error, Result, Secret};
use pyo3::prelude::*;

use crate::error::raise;
use crate::process::Process;

/// An open store.
#[pyclass(frozen)]
pub(crate) struct Store {
    process: &'static Process,
    inner: Option<Arc<dyn byop_core::store::Store>>,
}

impl Drop for Store {
    fn drop(&mut self) {
        if self.process.is_here() {
            self.process.within(|| drop(self.inner.take()));
        } else {
            std::mem::forget(self.inner.take());
        }
    }
}

impl Store {
    fn new(process: &'static Process, store: impl byop_core::store::Store + 'static) -> Self {
        Self { process, inner: Some(Arc::new(store)) }
    }

    /// The store, for an engine of this process.
    pub(crate) fn get(&self, process: &Process) -> Result<Arc<dyn byop_core::store::Store>> {
        self.process.check()?;
        process.check()?;
        self.inner.clone().ok_or_else(|| Error::invalid("store.open", "the store is gone"))
    }
}

#[pymethods]
impl Store {
    /// In memory.
    #[staticmethod]
    fn memory(py: Python<'_>) -> PyResult<Self> {
        let process = Process::current().map_err(|error| raise(py, &error))?;
        Ok(Self::new(process, MemoryStore::new(Arc::new(SystemClock))))
    }

    /// In one file.
    #[staticmethod]
    fn sqlite(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        let process = Process::current().map_err(|error| raise(py, &error))?;
        let store = process.block(py, async move { SqliteStore::open(path).await })?;
        Ok(Self::new(process, store))
    }

    /// In a database of PostgreSQL.
    #[staticmethod]
    fn postgres(py: Python<'_>, url: String) -> PyResult<Self> {
        let url = Secret::new(url);
        let process = Process::current().map_err(|error| raise(py, &error))?;
        let store = process.block(py, async move { PostgresStore::open(&url).await })?;
        Ok(Self::new(process, store))
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}
