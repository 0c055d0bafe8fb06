//! What a verb is called with: the keys of a JSON object.

use byop_core::model::AppSpec;
use byop_core::store::Page;
use byop_core::{Error, ErrorKind, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The arguments that have not been taken yet.
#[derive(Debug)]
pub(crate) struct Args(Map<String, Value>);

impl Args {
    /// Reads the text that Python wrote.
    pub(crate) fn read(text: &str) -> Result<Self> {
        let read = |error| Error::invalid("call.read", "the arguments are no JSON object").with_source(error);
        serde_json::from_str(text).map(Self).map_err(read)
    }

    /// One argument; one that is missing is taken for null.
    pub(crate) fn take<T: Argument>(&mut self, name: &'static str) -> Result<T> {
        T::read(name, self.0.remove(name).unwrap_or_default())
    }

    /// Refuses what nobody took: a slip of the Python side.
    pub(crate) fn finish(self) -> Result<()> {
        self.0.into_iter().next().map_or(Ok(()), |(name, _)| {
            Err(Error::invalid("call.read", "there is no argument of this name")
                .with_context("argument", name))
        })
    }
}

/// What an argument can be.
pub(crate) trait Argument: Sized {
    /// Reads it.
    fn read(name: &'static str, value: Value) -> Result<Self>;
}

impl<T: DeserializeOwned> Argument for T {
    fn read(name: &'static str, value: Value) -> Result<Self> {
        serde_json::from_value(value).map_err(|error| {
            // The text quotes what was given.
            let text: String = error.to_string().chars().take(500).collect();
            Error::invalid("call.read", format!("`{name}` cannot be taken: {text}"))
                .with_context("argument", name)
        })
    }
}

/// The spec of an app, with the errors of its own reader.
#[derive(Debug)]
pub(crate) struct Spec(pub(crate) AppSpec);

impl Argument for Spec {
    fn read(_name: &'static str, value: Value) -> Result<Self> {
        AppSpec::from_value(value).map(Self)
    }
}

/// A page of a list.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Paging {
    prefix: String,
    after: Option<String>,
    limit: Option<u32>,
}

impl From<Paging> for Page {
    fn from(paging: Paging) -> Self {
        let mut page = Self::all().with_prefix(paging.prefix);
        if let Some(after) = paging.after {
            page = page.with_after(after);
        }
        match paging.limit {
            Some(limit) => page.with_limit(limit),
            None => page,
        }
    }
}

/// An answer as JSON.
pub(crate) fn written(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| {
        Error::new(ErrorKind::Internal, "call.write", "the answer cannot be written as JSON")
            .with_source(error)
    })
}
