//! What byop would do with a source tree, without doing it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use byop_core::generator::{self, Generator};
use byop_core::model::{AppSpec, Builder, HostSpec, Source, SourceLimits, Target};
use byop_core::source::SourceTree;
use byop_core::{Error, ErrorKind, Result};
use pyo3::prelude::*;
use serde_json::{Map, Value};

use crate::args::{fit, written};
use crate::error::raise;
use crate::ports::{PythonGenerator, may_wait};
use crate::process::Process;

/// Detection, plan and files of the tree at `source`, as JSON.
#[pyfunction]
#[pyo3(signature = (source, name, domains, env, port, settings, generators))]
#[allow(clippy::too_many_arguments)] // The Python side names them.
pub(crate) fn preview(
    py: Python<'_>,
    source: PathBuf,
    name: Option<String>,
    domains: Vec<String>,
    env: BTreeMap<String, String>,
    port: Option<u16>,
    settings: Option<String>,
    generators: Vec<Bound<'_, PyAny>>,
) -> PyResult<String> {
    let asked = asked(&generators)?;
    aside(py, move || run(source, name, domains, env, port, settings, &asked))
}

/// The programs of the tree at `source`, as JSON.
#[pyfunction]
pub(crate) fn services(
    py: Python<'_>,
    source: PathBuf,
    generators: Vec<Bound<'_, PyAny>>,
) -> PyResult<String> {
    let asked = asked(&generators)?;
    aside(py, move || {
        written(&generator::services(&asked, &SourceTree::open(&source, &SourceLimits::default())?)?)
    })
}

/// The text that sets up a host at its first start.
#[pyfunction]
pub(crate) fn cloud_init(py: Python<'_>, host: &str) -> PyResult<String> {
    let made = fit::<HostSpec>("host.parse", "host", serde_json::from_str(host).unwrap_or_default());
    let made = made.and_then(|host| generator::cloud_init(&host));
    made.map(|text| text.expose().to_owned()).map_err(|error| raise(py, &error))
}

/// Does work that may ask generators of Python, while other threads of Python run.
fn aside(py: Python<'_>, work: impl FnOnce() -> Result<String> + Send + 'static) -> PyResult<String> {
    let process = Process::current().map_err(|error| raise(py, &error))?;
    process.block(py, async {
        tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
            Err(Error::new(ErrorKind::Internal, "app.preview", "the preview broke off").with_source(error))
        })
    })
}

/// The generators to ask: those of Python first.
fn asked(generators: &[Bound<'_, PyAny>]) -> PyResult<Vec<Arc<dyn Generator>>> {
    if !generators.is_empty() {
        may_wait()?;
    }
    let mut asked: Vec<Arc<dyn Generator>> = Vec::new();
    for generator in generators {
        asked.push(Arc::new(PythonGenerator::new(generator)?));
    }
    asked.extend(generator::builtin());
    Ok(asked)
}

/// A name for an app whose owner gave none, from its folder.
#[pyfunction]
#[pyo3(name = "name_of")]
pub(crate) fn name_of_folder(folder: PathBuf) -> String {
    name_of(&folder)
}

fn run(
    source: PathBuf,
    name: Option<String>,
    domains: Vec<String>,
    env: BTreeMap<String, String>,
    port: Option<u16>,
    settings: Option<String>,
    generators: &[Arc<dyn Generator>],
) -> Result<String> {
    let name = name.unwrap_or_else(|| name_of(&source));
    let mut spec = AppSpec::new(name, Source::Directory(source.clone()))?;
    if let Some(settings) = settings {
        spec = with_settings(&spec, &settings)?;
    }
    for domain in domains {
        spec = spec.with_domain(domain)?;
    }
    for (name, value) in env {
        spec = spec.with_env(name, value)?;
    }
    if let Some(port) = port {
        spec = spec.with_port(port);
    }
    spec.validate()?;
    let tree = SourceTree::open(&source, &SourceLimits::default())?;
    let target = Target::of(&spec, Builder::BuildKit);
    let preview = generator::preview(generators, &tree, &spec, &target)?;
    written(&preview)
}

/// A spec with the keys of a JSON object in place of its own.
fn with_settings(spec: &AppSpec, settings: &str) -> Result<AppSpec> {
    let unreadable =
        |error| Error::invalid("app.parse", "the settings are no JSON object").with_source(error);
    let settings: Map<String, Value> = serde_json::from_str(settings).map_err(unreadable)?;
    let mut value = serde_json::to_value(spec).map_err(unreadable)?;
    if let Some(keys) = value.as_object_mut() {
        keys.extend(settings);
    }
    AppSpec::from_value(value)
}

/// A name for an app whose owner gave none: the folder's, in the letters that names may have.
fn name_of(source: &Path) -> String {
    let folder = std::path::absolute(source).ok();
    let folder = folder.as_deref().unwrap_or(source).file_name().unwrap_or_default().to_string_lossy();
    let mut name = String::new();
    for c in folder.chars().map(|c| c.to_ascii_lowercase()) {
        if c.is_ascii_alphanumeric() {
            name.push(c);
        } else if !name.is_empty() && !name.ends_with('-') {
            name.push('-');
        }
    }
    name.truncate(40);
    let name = name.trim_end_matches('-');
    if name.is_empty() { "app".into() } else { name.into() }
}

#[cfg(test)]
mod tests {
    use byop_core::model::AppName;

    use super::*;

    #[test]
    fn every_folder_gives_a_valid_name() {
        for (folder, expected) in [
            ("/srv/shop", "shop"),
            ("/srv/My Shop (2)", "my-shop-2"),
            ("/srv/.hidden", "hidden"),
            ("/srv/a--b__c", "a-b-c"),
            ("/srv/日本", "app"),
            ("/", "app"),
        ] {
            assert_eq!(name_of(Path::new(folder)), expected);
        }
        let long = format!("/srv/{}-b", "a".repeat(39));
        assert!(AppName::new(name_of(Path::new(&long))).is_ok());
    }
}
