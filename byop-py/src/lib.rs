//! The Python module of byop: thin functions over `byop_core`; the Python side in `python/byop` gives them their
//! types and their documentation. Data crosses as JSON text.

mod error;
mod names;
mod preview;
mod schema;

/// The private half of the package `byop`.
#[pyo3::pymodule(gil_used = false)]
mod _byop {
    #[pymodule_export]
    use crate::error::error_kinds;
    #[pymodule_export]
    use crate::names::memorable_name;
    #[pymodule_export]
    use crate::preview::preview;
    #[pymodule_export]
    use crate::schema::schema;

    #[pymodule_export]
    #[allow(non_upper_case_globals)] // The name that Python expects.
    const __version__: &str = env!("CARGO_PKG_VERSION");
}
