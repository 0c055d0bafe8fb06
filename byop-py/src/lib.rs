//! The Python module of byop: thin functions over `byop_core`; the Python side in `python/byop` gives them their
//! types and their documentation. Data crosses as JSON text.

mod args;
mod clouds;
mod engine;
mod error;
mod gate;
mod hosts;
mod misfit;
mod names;
mod ports;
mod preview;
mod process;
mod schema;
mod stores;
mod stream;
mod testing;
mod verbs;

/// The private half of the package `byop`.
#[pyo3::pymodule(gil_used = false)]
mod _byop {
    use pyo3::exceptions::PyImportError;
    use pyo3::prelude::*;
    use pyo3::types::IntoPyDict;

    use crate::gate::{close_gate, forget_others};

    #[pymodule_export]
    use crate::clouds::{Cloud, DockerCloud, FakeCloud, cloud_names, cloud_verbs};
    #[pymodule_export]
    use crate::engine::{Engine, engine_streams, engine_verbs};
    #[pymodule_export]
    use crate::error::error_kinds;
    #[pymodule_export]
    use crate::hosts::{Docker, FakeRuntime, list_containers, list_stats};
    #[pymodule_export]
    use crate::names::memorable_name;
    #[pymodule_export]
    use crate::ports::{Call, SourceTree, next_call, turns_loop};
    #[pymodule_export]
    use crate::preview::{cloud_init, name_of_folder, preview, services};
    #[pymodule_export]
    use crate::process::Task;
    #[pymodule_export]
    use crate::schema::{model, schema};
    #[pymodule_export]
    use crate::stores::Store;
    #[pymodule_export]
    use crate::stream::Stream;
    #[pymodule_export]
    use crate::testing::{check_cloud_provider, cloud_behaviours};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        check_interpreter(module.py())?;
        let close = wrap_pyfunction!(close_gate, module)?;
        module.py().import("atexit")?.call_method1("register", (close,))?;
        let os = module.py().import("os")?;
        if os.hasattr("register_at_fork")? {
            let forget = [("after_in_child", wrap_pyfunction!(forget_others, module)?)];
            os.call_method("register_at_fork", (), Some(&forget.into_py_dict(module.py())?))?;
        }
        Ok(())
    }

    /// Refuses another interpreter than the main one of the process: threads bring answers to that one only. Newer
    /// versions of Python do it themselves.
    fn check_interpreter(py: Python<'_>) -> PyResult<()> {
        let Ok(interpreters) = py.import("_xxsubinterpreters") else { return Ok(()) };
        let which = |function: &str| interpreters.call_method0(function)?.repr()?.extract::<String>();
        if which("get_current")? == which("get_main")? {
            return Ok(());
        }
        Err(PyImportError::new_err(
            "byop does not work in a subinterpreter; let the server start processes (mod_wsgi: WSGIApplicationGroup \
             %{GLOBAL}; uWSGI: single-interpreter)",
        ))
    }

    #[pymodule_export]
    #[allow(non_upper_case_globals)] // The name that Python expects.
    const __version__: &str = env!("CARGO_PKG_VERSION");
}
