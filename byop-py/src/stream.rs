//! What comes bit by bit.

use std::sync::Arc;

use byop_core::Result;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use pyo3::prelude::*;
use serde::Serialize;
use tokio::sync::Mutex;

use crate::args::written;
use crate::error::raise;
use crate::ports::may_wait;
use crate::process::{Process, Task};

/// Items, each as JSON.
pub(crate) type Items = BoxStream<'static, Result<String>>;

/// Writes each item of a stream.
pub(crate) fn items<T: Serialize + 'static>(stream: BoxStream<'static, Result<T>>) -> Items {
    stream.map(|item| item.and_then(|item| written(&item))).boxed()
}

/// A stream that can be waited for in both ways.
#[pyclass(frozen)]
pub(crate) struct Stream {
    process: &'static Process,
    items: Arc<Mutex<Items>>,
}

impl Stream {
    pub(crate) fn new(process: &'static Process, items: Items) -> Self {
        Self { process, items: Arc::new(Mutex::new(items)) }
    }
}

async fn next(items: Arc<Mutex<Items>>) -> Result<Option<String>> {
    items.lock().await.next().await.transpose()
}

#[pymethods]
impl Stream {
    /// The next item; none at the end.
    fn next(&self, py: Python<'_>) -> PyResult<Option<String>> {
        may_wait()?;
        self.process.block(py, next(Arc::clone(&self.items)))
    }

    /// Begins to wait for the next item.
    fn start_next(&self, py: Python<'_>, settle: Py<PyAny>) -> PyResult<Task> {
        self.process.start(next(Arc::clone(&self.items)), settle).map_err(|error| raise(py, &error))
    }
}
