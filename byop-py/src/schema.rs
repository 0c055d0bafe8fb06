//! JSON Schemas of what users write.

use byop_core::{Error, schema as schemas};
use pyo3::prelude::*;

use crate::error::raise;

/// The schema of `app`, the spec of an app, or of `project`, its `byop.yaml`, as JSON.
#[pyfunction]
pub(crate) fn schema(py: Python<'_>, kind: &str) -> PyResult<String> {
    match kind {
        "app" => Ok(schemas::app_spec().to_string()),
        "project" => Ok(schemas::project_file().to_string()),
        _ => {
            let error = Error::invalid("schema.get", "there is no schema of this kind")
                .with_context("kind", kind.chars().take(80).collect::<String>())
                .with_remedy("ask for `app` or `project`");
            Err(raise(py, &error))
        }
    }
}

/// The schemas of all data that crosses, by the names of their types, as JSON.
#[pyfunction]
pub(crate) fn model() -> String {
    schemas::model().to_string()
}
