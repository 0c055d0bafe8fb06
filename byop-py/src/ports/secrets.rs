//! Secrets that the program has.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use byop_core::secret::MemorySecrets;
use byop_core::{Error, ErrorKind, Result, Secret, SecretRef, SecretSource};
use pyo3::prelude::*;
use serde_json::{Value, json};

use super::object::Object;

/// The source that an object of Python is: a dictionary, or something with `get_secret`.
pub(crate) fn secrets_of(object: &Bound<'_, PyAny>) -> PyResult<impl SecretSource + 'static> {
    let source: Arc<dyn SecretSource> = match object.extract::<BTreeMap<String, String>>() {
        Ok(texts) => {
            let add = |all: MemorySecrets, (name, value)| all.with_secret(name, value);
            Arc::new(texts.into_iter().fold(MemorySecrets::new(), add))
        }
        Err(_) => Arc::new(PythonSecrets(Object::new(object, &[])?)),
    };
    Ok(Secrets(source))
}

#[derive(Debug)]
struct Secrets(Arc<dyn SecretSource>);

#[async_trait]
impl SecretSource for Secrets {
    async fn get_secret(&self, name: &SecretRef) -> Result<Secret> {
        self.0.get_secret(name).await
    }
}

/// An object of Python as a source of secrets.
#[derive(Debug)]
struct PythonSecrets(Object);

#[async_trait]
impl SecretSource for PythonSecrets {
    async fn get_secret(&self, name: &SecretRef) -> Result<Secret> {
        match self.0.ask("get_secret", json!([name])).await? {
            Value::String(text) => Ok(Secret::new(text)),
            Value::Null => {
                Err(Error::not_found("secret.get", "there is no secret of this name")
                    .with_context("name", name))
            }
            // It is not quoted: it is a secret all the same.
            _ => Err(Error::new(ErrorKind::Internal, "secret.get", "the source returned no string")
                .with_context("name", name)
                .with_context("source", self.0.name())
                .with_remedy("let `get_secret` return a string, a `Secret` or None")),
        }
    }
}
