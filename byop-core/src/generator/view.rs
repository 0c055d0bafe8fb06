//! The app's folder inside a source tree: all paths are relative to it.

use serde_json::Value;

use crate::error::{Error, Result};
use crate::source::{EntryKind, SourceEntry, SourceTree};

/// Folders that hold no source of the app itself.
const FOREIGN: [&str; 18] = [
    "node_modules",
    "vendor",
    "target",
    ".git",
    ".venv",
    "venv",
    "env",
    "dist",
    "build",
    "__pycache__",
    ".next",
    ".nuxt",
    ".output",
    "test",
    "tests",
    "__tests__",
    "testdata",
    "site-packages",
];

/// A folder of a tree, seen as the root.
#[derive(Debug, Clone)]
pub(crate) struct View<'a> {
    source: &'a SourceTree,
    base: String,
}

impl<'a> View<'a> {
    /// The folder of the app: the one that the caller chose, else the root, or, when the root has no files that matter
    /// and a single folder, that one.
    pub(crate) fn of(source: &'a SourceTree) -> Self {
        if !source.focus().is_empty() {
            return Self::at(source, source.focus());
        }
        let mut base = String::new();
        // A bound, because a hostile tree may be one long chain of folders.
        for _ in 0..8 {
            match Self::only_folder(source, &base) {
                Some(next) => base = next,
                None => break,
            }
        }
        let here = Self { source, base };
        if here.entries_here().any(|(name, is_file)| is_file && !is_noise(name)) {
            return here;
        }
        Self { source, base: String::new() }
    }

    /// The same tree, seen from `base`, as a detection recorded it.
    pub(crate) fn at(source: &'a SourceTree, base: &str) -> Self {
        Self { source, base: base.to_owned() }
    }

    fn only_folder(source: &SourceTree, base: &str) -> Option<String> {
        let here = View { source, base: base.to_owned() };
        let mut folders = None;
        for (name, is_file) in here.entries_here() {
            if is_file {
                if !is_noise(name) {
                    return None;
                }
            } else if !name.starts_with('.') {
                if folders.is_some() {
                    return None;
                }
                folders = Some(name.to_owned());
            }
        }
        // A folder with a meaning of its own is the answer, not the way to it.
        folders
            .filter(|name| !matches!(name.as_str(), "public" | "dist" | "src" | "docs"))
            .map(|name| here.full(&name))
    }

    /// The names directly in this folder, and whether each is a file.
    pub(crate) fn entries_here(&self) -> impl Iterator<Item = (&'a str, bool)> + '_ {
        let skip = self.skip();
        self.entries_below().iter().filter_map(move |entry| {
            let name = entry.path.get(skip..)?;
            if name.is_empty() || name.contains('/') {
                return None;
            }
            let is_file = match &entry.kind {
                EntryKind::Directory => false,
                EntryKind::Symlink(_) => self.source.has_file(&entry.path),
                _ => true,
            };
            Some((name, is_file))
        })
    }

    /// How much of a path in the tree is the way to this folder.
    fn skip(&self) -> usize {
        if self.base.is_empty() { 0 } else { self.base.len() + 1 }
    }

    /// All entries below this folder. They are sorted, so those of one folder are side by side.
    fn entries_below(&self) -> &'a [SourceEntry] {
        let entries = self.source.entries();
        if self.base.is_empty() {
            return entries;
        }
        let order = |path: &str| match path.strip_prefix(self.base.as_str()) {
            Some(rest) => rest.bytes().next().cmp(&Some(b'/')),
            None => path.cmp(self.base.as_str()),
        };
        let start = entries.partition_point(|entry| order(&entry.path).is_lt());
        let end = entries.partition_point(|entry| order(&entry.path).is_le());
        entries.get(start..end).unwrap_or_default()
    }

    /// Where this folder is in the tree; empty for the root.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// The path in the tree of a path in this folder.
    pub(crate) fn full(&self, path: &str) -> String {
        if self.base.is_empty() { path.to_owned() } else { format!("{}/{path}", self.base) }
    }

    pub(crate) fn has_file(&self, path: &str) -> bool {
        self.source.has_file(&self.full(path))
    }

    pub(crate) fn has_dir(&self, path: &str) -> bool {
        self.source.has_dir(&self.full(path))
    }

    /// The first of these files that is there.
    pub(crate) fn first_file<'p>(&self, paths: &[&'p str]) -> Option<&'p str> {
        paths.iter().copied().find(|path| self.has_file(path))
    }

    /// The text of a file that decides, without a byte order mark.
    pub(crate) fn read(&self, path: &str) -> Result<Option<String>> {
        let text = self.source.read_text(&self.full(path))?;
        Ok(text.map(|text| match text.strip_prefix('\u{feff}') {
            Some(rest) => rest.to_owned(),
            None => text,
        }))
    }

    /// The text of a file that may help: one that is too large or no text is passed over.
    pub(crate) fn glance(&self, path: &str) -> Option<String> {
        self.read(path).ok().flatten()
    }

    /// A JSON file that decides.
    pub(crate) fn json(&self, path: &str) -> Result<Option<Value>> {
        let Some(text) = self.read(path)? else { return Ok(None) };
        serde_json::from_str(&text).map(Some).map_err(|error| {
            Error::invalid("source.detect", "this file is not valid JSON")
                .with_context("file", self.full(path))
                .with_context("line", error.line())
                .with_context("column", error.column())
                .with_remedy("correct the file")
                .with_source(error)
        })
    }

    /// A TOML file that decides.
    pub(crate) fn toml(&self, path: &str) -> Result<Option<toml::Table>> {
        let Some(text) = self.read(path)? else { return Ok(None) };
        text.parse::<toml::Table>().map(Some).map_err(|error| {
            let line = error
                .span()
                .map_or(1, |span| 1 + text.bytes().take(span.start).filter(|b| *b == b'\n').count());
            Error::invalid("source.detect", "this file is not valid TOML")
                .with_context("file", self.full(path))
                .with_context("line", line)
                .with_remedy("correct the file")
                .with_source(error)
        })
    }

    /// Files with one of these extensions that may hold the app's own source, at most `depth` folders down: those
    /// nearest to the root first.
    pub(crate) fn sources(&self, extensions: &[&str], depth: usize) -> Vec<&'a str> {
        let skip = self.skip();
        let mut found: Vec<&'a str> = self
            .entries_below()
            .iter()
            .filter_map(|entry| entry.path.get(skip..))
            .filter(|path| {
                path.rsplit_once('.').is_some_and(|(_, extension)| extensions.contains(&extension))
                    && path.bytes().filter(|b| *b == b'/').count() <= depth
                    && !path.split('/').any(|part| FOREIGN.contains(&part))
                    && self.has_file(path)
            })
            .collect();
        found.sort_by_key(|path| path.bytes().filter(|b| *b == b'/').count());
        found
    }
}

/// Files that say nothing about the stack.
fn is_noise(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    lower.starts_with("readme")
        || lower.starts_with("license")
        || matches!(
            name,
            ".gitignore" | ".gitattributes" | ".DS_Store" | ".editorconfig" | "byop.yaml" | "byop.yml"
        )
}

impl<'a> View<'a> {
    /// Another folder of the tree that a view looks at.
    pub(crate) fn of_tree(view: &Self, base: &str) -> Self {
        Self { source: view.source, base: base.to_owned() }
    }

    /// The root of the tree that a view looks at.
    pub(crate) fn root_of(view: &Self) -> Self {
        Self { source: view.source, base: String::new() }
    }
}

impl<'a> View<'a> {
    /// A folder of this folder.
    pub(crate) fn at_below(view: &Self, folder: &str) -> Self {
        Self { source: view.source, base: view.full(folder) }
    }
}
