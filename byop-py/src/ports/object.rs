//! An object of Python, and how it is asked.

use std::collections::BTreeSet;
use std::sync::Arc;

use byop_core::{Error, ErrorKind, Result, source};
use pyo3::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::calls::Question;
use crate::error::raise;
use crate::process::Process;

/// An object that fills a port. Its methods may be coroutines: those run in an event loop of byop's own.
#[derive(Debug)]
pub(super) struct Object {
    process: &'static Process,
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
        let name = if name.is_callable() { name.call0()? } else { name }.extract()?;
        let process = Process::current().map_err(|error| raise(object.py(), &error))?;
        process.calls.serve(object.py())?;
        Ok(Self { process, object: Arc::new(object.clone().unbind()), name, has })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn has(&self, method: &str) -> bool {
        self.has.contains(method)
    }

    /// Asks it. When the answer is not waited for any more, a coroutine is cancelled.
    pub(super) async fn ask<T: DeserializeOwned>(&self, method: &'static str, args: Value) -> Result<T> {
        let text = self.question(method, &args, None).ask(self.process)?.answer().await?;
        self.read(method, &text)
    }

    /// Asks it, and waits on this thread; a source tree comes before the other arguments.
    pub(super) fn wait<T: DeserializeOwned>(
        &self,
        method: &'static str,
        args: &Value,
        tree: Option<&source::SourceTree>,
    ) -> Result<T> {
        let text = self.question(method, args, tree).ask(self.process)?.wait()?;
        self.read(method, &text)
    }

    fn question(&self, method: &'static str, args: &Value, tree: Option<&source::SourceTree>) -> Question {
        Question {
            target: Arc::clone(&self.object),
            method,
            arguments: args.to_string(),
            tree: tree.cloned(),
            operation: self.operation(method),
        }
    }

    pub(super) fn read<T: DeserializeOwned>(&self, method: &str, text: &str) -> Result<T> {
        serde_json::from_str(text).map_err(|error| {
            let text: String = error.to_string().chars().take(500).collect();
            let text = format!("what the code in Python returned cannot be taken: {text}");
            Error::new(ErrorKind::Internal, self.operation(method), text)
                .with_remedy("return what the types of byop say")
        })
    }

    /// What a method returned, with what was left out as it is without it.
    pub(super) fn whole<T: Serialize + DeserializeOwned>(
        &self,
        method: &str,
        plain: &T,
        given: Map<String, Value>,
    ) -> Result<T> {
        let wrong = |error: serde_json::Error| {
            Error::invalid(self.operation(method), format!("this cannot be taken: {error}"))
        };
        let mut value = serde_json::to_value(plain).map_err(wrong)?;
        if let Some(keys) = value.as_object_mut() {
            if let Some(name) = given.keys().find(|name| !keys.contains_key(*name)) {
                let error = Error::invalid(self.operation(method), "there is no such key");
                return Err(error.with_context("key", name).with_remedy("leave it out"));
            }
            keys.extend(given);
        }
        serde_json::from_value(value).map_err(wrong)
    }

    fn operation(&self, method: &str) -> String {
        format!("{}.{method}", self.name)
    }
}
