//! An object of Python, and how it is asked.

use std::collections::BTreeSet;
use std::sync::Arc;

use byop_core::{Error, ErrorKind, Result};
use pyo3::prelude::*;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::caught;
use crate::gate::attached;

/// An object that fills a port. Its methods may be coroutines: those run in an event loop of byop's own.
#[derive(Debug, Clone)]
pub(super) struct Object {
    object: Arc<Py<PyAny>>,
    name: String,
    /// What it has of what it need not have.
    has: BTreeSet<&'static str>,
}

impl Object {
    /// Looks at an object: its name, and which of the optional methods it has.
    pub(super) fn new(object: &Bound<'_, PyAny>, optional: &[&'static str]) -> PyResult<Self> {
        let mut has = BTreeSet::new();
        for method in optional {
            if object.hasattr(*method)? {
                has.insert(*method);
            }
        }
        let name = object.getattr("name")?;
        let name = if name.is_callable() { name.call0()? } else { name };
        Ok(Self { object: Arc::new(object.clone().unbind()), name: name.extract()?, has })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn has(&self, method: &str) -> bool {
        self.has.contains(method)
    }

    /// Asks it, and waits on this thread.
    pub(super) fn ask<T: DeserializeOwned>(&self, method: &'static str, args: &Value) -> Result<T> {
        self.ask_with(method, args, |_| Ok(Vec::new()))
    }

    /// As `ask`, with arguments before the others that are no plain data.
    pub(super) fn ask_with<T: DeserializeOwned>(
        &self,
        method: &'static str,
        args: &Value,
        leading: impl FnOnce(Python<'_>) -> PyResult<Vec<Py<PyAny>>>,
    ) -> Result<T> {
        let operation = || format!("{}.{method}", self.name);
        let text = attached(|py| {
            let ask = || -> PyResult<String> {
                let call = py.import("byop._ports")?.getattr("call")?;
                call.call1((&*self.object, method, args.to_string(), leading(py)?))?.extract()
            };
            ask().map_err(|exception| caught(py, exception, operation()))
        });
        let text = text.unwrap_or_else(|| {
            Err(Error::new(ErrorKind::Unavailable, operation(), "the interpreter of Python ends"))
        })?;
        serde_json::from_str(&text).map_err(|error| {
            let text: String = error.to_string().chars().take(500).collect();
            Error::new(
                ErrorKind::Internal,
                operation(),
                format!("what the code in Python returned cannot be taken: {text}"),
            )
            .with_remedy("return what the types of byop say")
        })
    }

    /// Asks it on a thread for work that blocks.
    pub(super) async fn ask_aside<T: DeserializeOwned + Send + 'static>(
        &self,
        method: &'static str,
        args: Value,
    ) -> Result<T> {
        let object = self.clone();
        let asked = tokio::task::spawn_blocking(move || object.ask(method, &args)).await;
        asked.unwrap_or_else(|error| {
            let operation = format!("{}.{method}", self.name);
            Err(Error::new(ErrorKind::Internal, operation, "the call ended without an answer")
                .with_source(error))
        })
    }
}
