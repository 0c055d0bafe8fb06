//! Where an engine's state lives.

use std::path::PathBuf;
use std::sync::Arc;

use byop_core::clock::SystemClock;
use byop_core::store::{MemoryStore, PostgresOptions, PostgresStore, SqliteStore};
use byop_core::{Error, ErrorKind, Result, Secret};
use pyo3::prelude::*;

use crate::args::seconds_of;
use crate::error::raise;
use crate::process::Process;

/// An open store.
#[pyclass(frozen)]
pub(crate) struct Store {
    process: &'static Process,
    inner: Option<Arc<dyn byop_core::store::Store>>,
    /// The same one again, where it is a file.
    file: Option<Arc<SqliteStore>>,
}

impl Drop for Store {
    fn drop(&mut self) {
        if self.process.is_here() {
            self.process.within(|| drop((self.inner.take(), self.file.take())));
        } else {
            std::mem::forget((self.inner.take(), self.file.take()));
        }
    }
}

impl Store {
    fn new(process: &'static Process, store: impl byop_core::store::Store + 'static) -> Self {
        Self { process, inner: Some(Arc::new(store)), file: None }
    }

    /// The file, for what only a file can do.
    fn file(&self) -> Result<Arc<SqliteStore>> {
        self.process.check()?;
        self.file
            .clone()
            .ok_or_else(|| Error::new(ErrorKind::Unsupported, "store.file", "the store is not in a file"))
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
        let store = Arc::new(process.block(py, async move { SqliteStore::open(path).await })?);
        let inner: Arc<dyn byop_core::store::Store> = Arc::<SqliteStore>::clone(&store);
        Ok(Self { process, inner: Some(inner), file: Some(store) })
    }

    /// Copies the file.
    fn backup_to(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        let file = self.file().map_err(|error| raise(py, &error))?;
        self.process.block(py, async move { file.backup_to(path).await })
    }

    /// Reads the whole file and says whether it is sound.
    fn check(&self, py: Python<'_>) -> PyResult<()> {
        let file = self.file().map_err(|error| raise(py, &error))?;
        self.process.block(py, async move { file.check().await })
    }

    /// In a database of PostgreSQL.
    #[staticmethod]
    fn postgres(
        py: Python<'_>,
        url: String,
        connections: Option<usize>,
        statement_seconds: Option<f64>,
        root_certificates: Option<String>,
    ) -> PyResult<Self> {
        let make = || -> Result<_> {
            let mut options = PostgresOptions::new(&Secret::new(url))?;
            if let Some(connections) = connections {
                options = options.with_connections(connections);
            }
            if let Some(seconds) = statement_seconds {
                options =
                    options.with_statement_timeout(seconds_of("store.open", "statement_seconds", seconds)?);
            }
            if let Some(pem) = root_certificates {
                options = options.with_root_certificates(pem);
            }
            Ok((Process::current()?, options))
        };
        let (process, options) = make().map_err(|error| raise(py, &error))?;
        let store = process.block(py, async move { PostgresStore::open_with(options).await })?;
        Ok(Self::new(process, store))
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}
