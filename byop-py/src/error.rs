//! Errors on their way to Python: the report crosses as JSON, and `byop.exceptions` makes it an exception.

use byop_core::{Error, ErrorKind};
use pyo3::prelude::*;

/// The wire names of all error kinds, so that a test can find the kind that has no class.
#[pyfunction]
pub(crate) fn error_kinds() -> Vec<&'static str> {
    ErrorKind::ALL.into_iter().map(ErrorKind::as_str).collect()
}

/// The exception for an error.
pub(crate) fn raise(py: Python<'_>, error: &Error) -> PyErr {
    let make = || {
        let report = serde_json::to_string(&error.report())
            .map_err(|failure| pyo3::exceptions::PyRuntimeError::new_err(failure.to_string()))?;
        py.import("byop.exceptions")?.getattr("_from_report")?.call1((report,))
    };
    make().map_or_else(|failure| failure, PyErr::from_value)
}
