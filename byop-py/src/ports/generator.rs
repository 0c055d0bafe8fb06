//! A technology stack written in Python.

use std::collections::BTreeMap;

use byop_core::generator::{Generator, render};
use byop_core::model::{AppSpec, Detection, FileSet, Plan, Target};
use byop_core::{Result, source};
use pyo3::prelude::*;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::object::Object;
use crate::error::raise;

/// Methods that a generator need not have.
const OPTIONAL: &[&str] = &["generate", "looks_for"];
/// The port of an app when nobody says another.
const PORT: u16 = 8080;

/// An object of Python as a generator.
#[derive(Debug)]
pub(crate) struct PythonGenerator(Object);

impl PythonGenerator {
    pub(crate) fn new(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        Object::new(object, OPTIONAL).map(Self)
    }

    fn ask<T: DeserializeOwned>(
        &self,
        method: &'static str,
        tree: &source::SourceTree,
        args: &Value,
    ) -> Result<T> {
        self.0.wait(method, args, Some(tree))
    }
}

impl Generator for PythonGenerator {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn detect(&self, source: &source::SourceTree) -> Result<Option<Detection>> {
        let given: Option<Map<String, Value>> = self.ask("detect", source, &json!([]))?;
        given.map(|given| self.0.whole("detect", &Detection::new(self.name(), 0.0), given)).transpose()
    }

    fn plan(&self, source: &source::SourceTree, detection: &Detection, spec: &AppSpec) -> Result<Plan> {
        let given: Map<String, Value> = self.ask("plan", source, &json!([detection, spec]))?;
        self.0.whole("plan", &Plan::new(self.name(), spec.port.unwrap_or(PORT)), given)
    }

    fn generate(&self, plan: &Plan, target: &Target) -> Result<FileSet> {
        if !self.0.has("generate") {
            return render(plan, target);
        }
        let texts: BTreeMap<String, String> = self.0.wait("generate", &json!([plan, target]), None)?;
        let mut files = FileSet::new();
        for (path, text) in texts {
            files.insert(path, text);
        }
        Ok(files)
    }

    fn looks_for(&self) -> Vec<String> {
        if !self.0.has("looks_for") {
            return Vec::new();
        }
        self.0.wait("looks_for", &json!([]), None).unwrap_or_default()
    }
}

/// A source tree as a generator sees it.
#[derive(Debug)]
#[pyclass(frozen)]
pub(crate) struct SourceTree(pub(super) source::SourceTree);

#[pymethods]
impl SourceTree {
    /// The tree at a folder.
    #[staticmethod]
    fn open(py: Python<'_>, folder: std::path::PathBuf) -> PyResult<Self> {
        let tree = source::SourceTree::open(&folder, &byop_core::model::SourceLimits::default());
        tree.map(Self).map_err(|error| raise(py, &error))
    }

    /// A tree in memory.
    #[staticmethod]
    fn from_files(py: Python<'_>, files: BTreeMap<String, String>) -> PyResult<Self> {
        source::SourceTree::from_files(files).map(Self).map_err(|error| raise(py, &error))
    }

    /// The paths of all files below a folder.
    #[pyo3(signature = (folder = ""))]
    fn files(&self, folder: &str) -> Vec<String> {
        self.0.files_below(folder).map(str::to_owned).collect()
    }

    /// Whether there is a file.
    fn has_file(&self, path: &str) -> bool {
        self.0.has_file(path)
    }

    /// Whether there is a folder.
    fn has_dir(&self, path: &str) -> bool {
        self.0.has_dir(path)
    }

    /// The text of a file; none when there is no such file.
    fn read_text(&self, py: Python<'_>, path: &str) -> PyResult<Option<String>> {
        self.0.read_text(path).map_err(|error| raise(py, &error))
    }
}
