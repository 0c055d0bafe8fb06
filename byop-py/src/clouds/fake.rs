//! The cloud in memory.

use std::sync::Arc;
use std::time::Duration;

use byop_core::model::{CloudCapabilities, ResourceKind};
use byop_core::testing::{self, CloudTimes};
use byop_core::{Error, Result};
use pyo3::prelude::*;
use serde::Deserialize;
use serde_json::json;

use super::Cloud;
use crate::args::written;
use crate::error::raise;
use crate::process::Process;

/// How the cloud is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    name: String,
    boot_seconds: f64,
    delete_seconds: f64,
    answer_seconds: f64,
    list_lag_seconds: f64,
    capabilities: Option<CloudCapabilities>,
}

/// A cloud in memory, with what tests do to it.
#[derive(Debug)]
#[pyclass(frozen)]
pub(crate) struct FakeCloud {
    process: &'static Process,
    inner: testing::FakeCloud,
}

#[pymethods]
impl FakeCloud {
    #[new]
    fn new(py: Python<'_>, settings: &str) -> PyResult<Self> {
        let make = || -> Result<Self> {
            let settings: Settings = serde_json::from_str(settings).map_err(|error| {
                Error::invalid("cloud.open", format!("a setting cannot be taken: {error}"))
            })?;
            let process = Process::current()?;
            let time = |seconds| Duration::try_from_secs_f64(seconds).unwrap_or_default();
            let times = CloudTimes {
                answer: time(settings.answer_seconds),
                boot: time(settings.boot_seconds),
                delete: time(settings.delete_seconds),
                list_lag: time(settings.list_lag_seconds),
                ..CloudTimes::default()
            };
            let mut inner = testing::FakeCloud::new().with_name(&settings.name).with_times(times);
            if let Some(capabilities) = settings.capabilities {
                inner = inner.with_capabilities(capabilities);
            }
            Ok(Self { process, inner })
        };
        make().map_err(|error| raise(py, &error))
    }

    /// The provider.
    fn cloud(&self) -> Cloud {
        Cloud::new(self.process, Arc::new(self.inner.clone()))
    }

    /// Everything that was ever made, as JSON.
    fn ledger(&self, py: Python<'_>) -> PyResult<String> {
        let entries = self.inner.ledger().into_iter().map(|entry| {
            json!({
                "kind": entry.kind,
                "id": entry.id,
                "name": entry.name,
                "key": entry.key,
                "marked": entry.marked,
                "created_at": entry.created_at,
                "gone_at": entry.gone_at,
            })
        });
        written(&entries.collect::<Vec<_>>()).map_err(|error| raise(py, &error))
    }

    /// The calls so far.
    fn calls(&self) -> Vec<String> {
        self.inner.calls()
    }

    /// How many servers the account may have.
    fn set_quota(&self, servers: usize) {
        self.inner.set_quota(servers);
    }

    /// Lets the next servers fail while they start.
    fn break_servers(&self, count: usize) {
        self.inner.break_servers(count);
    }

    /// A thing that nobody asked for; gives its id.
    fn plant(&self, py: Python<'_>, kind: &str, name: &str, foreign: bool) -> PyResult<String> {
        let kind: ResourceKind = serde_json::from_value(json!(kind)).map_err(|error| {
            raise(py, &Error::invalid("cloud.plant", "there is no such kind of thing").with_source(error))
        })?;
        Ok(if foreign { self.inner.plant_foreign(kind, name) } else { self.inner.plant(kind, name) })
    }
}
