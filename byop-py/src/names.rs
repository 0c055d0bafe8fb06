//! Names for what nobody names.

use byop_core::names;
use pyo3::prelude::*;

/// The memorable name for a seed.
#[pyfunction]
pub(crate) fn memorable_name(seed: &str) -> String {
    names::memorable(seed)
}
