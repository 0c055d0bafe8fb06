//! Errors on their way to Python and back: the report crosses as JSON, and `byop.exceptions` makes it an exception.

use std::error::Error as _;
use std::fmt;

use byop_core::{Error, ErrorKind, ErrorReport};
use pyo3::exceptions::PyRuntimeError;
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

/// The error for an exception that code of Python raised in `operation`: `byop._ports` wrote its report, and with its
/// traceback as text.
pub(crate) fn caught(exception: PyErr, report: &str, text: String, operation: &str) -> Error {
    let report = serde_json::from_str::<ErrorReport>(report).map(Error::from);
    let reported = report.unwrap_or_else(|error| {
        Error::new(ErrorKind::Internal, "", "the exception cannot be understood").with_source(error)
    });
    let mut report = reported.report();
    report.causes.clear();
    if report.operation.is_empty() {
        operation.clone_into(&mut report.operation);
    }
    Error::from(report).with_source(Raised { exception, text, reported })
}

/// An exception of Python as a cause, with its traceback.
#[derive(Debug)]
struct Raised {
    exception: PyErr,
    text: String,
    /// As which it was raised.
    reported: Error,
}

impl fmt::Display for Raised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Raised {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.reported.source()
    }
}
