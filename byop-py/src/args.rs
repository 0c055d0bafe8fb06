//! What a verb is called with: the keys of a JSON object.

use std::str::FromStr;
use std::time::Duration;

use byop_core::model::AppSpec;
use byop_core::store::Page;
use byop_core::{Error, ErrorKind, Result};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::misfit;

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

impl<T: DeserializeOwned + JsonSchema> Argument for T {
    fn read(name: &'static str, value: Value) -> Result<Self> {
        fit("call.read", name, value)
    }
}

/// Plain data as `T`, or where it does not fit.
pub(crate) fn fit<T: DeserializeOwned + JsonSchema>(
    operation: &'static str,
    name: &'static str,
    value: Value,
) -> Result<T> {
    let error = match T::deserialize(&value) {
        Ok(read) => return Ok(read),
        Err(error) => error,
    };
    Err(match misfit::find::<T>(name, &value) {
        Some(found) => Error::invalid(operation, format!("`{}` {}", found.path, found.text))
            .with_context("key", found.path),
        // The types' own checks say it well, and quote what was given.
        None => {
            let text: String = error.to_string().chars().take(500).collect();
            Error::invalid(operation, format!("`{name}` cannot be taken: {text}")).with_context("key", name)
        }
    })
}

/// A time.
pub(crate) fn seconds_of(operation: &'static str, name: &'static str, seconds: f64) -> Result<Duration> {
    Duration::try_from_secs_f64(seconds).map_err(|error| {
        Error::invalid(operation, format!("`{name}` must be a number of seconds")).with_source(error)
    })
}

/// A name or an id, with the error of its own check.
#[derive(Debug)]
pub(crate) struct Text<T>(pub(crate) T);

impl<T> std::ops::Deref for Text<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: FromStr<Err = Error>> Argument for Text<T> {
    fn read(name: &'static str, value: Value) -> Result<Self> {
        fit::<String>("call.read", name, value)?.parse().map(Self)
    }
}

/// The spec of an app, with the errors of its own reader.
#[derive(Debug)]
pub(crate) struct Spec(pub(crate) AppSpec);

impl Argument for Spec {
    fn read(name: &'static str, value: Value) -> Result<Self> {
        let found = |error: Error| match misfit::find::<AppSpec>(name, &value) {
            Some(found) => {
                let refused = Error::invalid("app.parse", format!("`{}` {}", found.path, found.text))
                    .with_context("key", found.path.trim_start_matches("spec."));
                match error.remedy() {
                    Some(remedy) => refused.with_remedy(remedy),
                    None => refused,
                }
            }
            None => error,
        };
        AppSpec::from_value(value.clone()).map(Self).map_err(found)
    }
}

/// A page of a list.
#[derive(Debug, Default, Deserialize, JsonSchema)]
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
