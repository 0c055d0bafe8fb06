//! Errors on their way to Python and back: the report crosses as JSON, and `byop.exceptions` makes it an exception.

use std::error::Error as _;
use std::fmt;

use byop_core::{Error, ErrorKind, ErrorReport};
use pyo3::exceptions::{PyConnectionError, PyNotImplementedError, PyRuntimeError, PyTimeoutError};
use pyo3::prelude::*;

/// The wire names of all error kinds, so that a test can find the kind that has no class.
#[pyfunction]
pub(crate) fn error_kinds() -> Vec<&'static str> {
    ErrorKind::ALL.into_iter().map(ErrorKind::as_str).collect()
}

/// The exception for an error. One of Python that caused it becomes its cause, with its traceback.
pub(crate) fn raise(py: Python<'_>, error: &Error) -> PyErr {
    let make = || {
        let report = serde_json::to_string(&error.report())
            .map_err(|failure| PyRuntimeError::new_err(failure.to_string()))?;
        py.import("byop.exceptions")?.getattr("_from_report")?.call1((report,))
    };
    let exception = make().map_or_else(|failure| failure, PyErr::from_value);
    let mut next = error.source();
    while let Some(cause) = next {
        if let Some(raised) = cause.downcast_ref::<Raised>() {
            exception.set_cause(py, Some(raised.exception.clone_ref(py)));
            break;
        }
        next = cause.source();
    }
    exception
}

/// The error for an exception that code of Python raised in `operation`.
///
/// Only what speaks for itself gets another kind than `Internal`: a slip such as a `KeyError` must not look like a thing
/// that is gone.
pub(crate) fn caught(py: Python<'_>, exception: PyErr, operation: String) -> Error {
    let value = exception.value(py);
    if let Some(traceback) = exception.traceback(py) {
        // Until it is raised again, the two are apart; without it there is just less to read.
        let _ = value.setattr("__traceback__", traceback);
    }
    let report = value.call_method0("_to_report").and_then(|text| text.extract::<String>());
    let report = report.ok().and_then(|text| serde_json::from_str::<ErrorReport>(&text).ok());
    let kind = if exception.is_instance_of::<PyTimeoutError>(py) {
        ErrorKind::Timeout
    } else if exception.is_instance_of::<PyConnectionError>(py) {
        ErrorKind::Unavailable
    } else if exception.is_instance_of::<PyNotImplementedError>(py) {
        ErrorKind::Unsupported
    } else {
        ErrorKind::Internal
    };
    let raised = Raised::new(py, exception);
    match report {
        Some(mut report) => {
            report.causes.clear();
            if report.operation.is_empty() {
                report.operation = operation;
            }
            Error::from(report).with_source(raised)
        }
        None => Error::new(kind, operation, "the code in Python raised an exception").with_source(raised),
    }
}

/// An exception of Python as a cause, with its traceback.
#[derive(Debug)]
struct Raised {
    exception: PyErr,
    text: String,
}

impl Raised {
    fn new(py: Python<'_>, exception: PyErr) -> Self {
        let text = py
            .import("byop._ports")
            .and_then(|ports| ports.getattr("describe")?.call1((exception.value(py),))?.extract::<String>());
        Self { text: text.unwrap_or_else(|_| exception.to_string()), exception }
    }
}

impl fmt::Display for Raised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Raised {}
