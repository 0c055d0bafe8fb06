//! Generated files, in memory.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Files by relative path, in order of path.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct FileSet(pub BTreeMap<String, GeneratedFile>);

/// One generated file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GeneratedFile {
    /// Its text.
    pub contents: String,
    /// Whether the tree already has such a file, which then stays as it is.
    pub kept: bool,
}

impl FileSet {
    /// No files.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file that byop wrote.
    pub fn insert(&mut self, path: impl Into<String>, contents: impl Into<String>) {
        self.0.insert(path.into(), GeneratedFile { contents: contents.into(), kept: false });
    }

    /// Adds a file that the tree had.
    pub fn keep(&mut self, path: impl Into<String>, contents: impl Into<String>) {
        self.0.insert(path.into(), GeneratedFile { contents: contents.into(), kept: true });
    }

    /// The text of a file.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&str> {
        self.0.get(path).map(|file| file.contents.as_str())
    }

    /// The files that byop wrote, with their texts.
    pub fn generated(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .filter(|(_, file)| !file.kept)
            .map(|(path, file)| (path.as_str(), file.contents.as_str()))
    }
}
