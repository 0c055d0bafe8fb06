//! A source tree: a bounded, symlink-safe view of an application's files.

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{FileSet, Source, SourceLimits};
use crate::secret::SecretSource;

/// The files of an application: listed once in order of path, read on demand, never outside the root.
#[derive(Debug, Clone)]
pub struct SourceTree {
    entries: Vec<SourceEntry>,
}

/// A file, folder or link of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SourceEntry {
    /// Relative to the root, with `/` between its parts.
    pub path: String,
    /// What it is.
    pub kind: EntryKind,
    /// The size of a file in bytes.
    pub size: u64,
    /// Whether a file may be run.
    pub executable: bool,
}

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A folder.
    Directory,
    /// A symbolic link to this target, which is inside the root.
    Symlink(String),
}

/// A fetched source: the tree, what was really taken, and the working folder that holds it.
#[derive(Debug)]
pub struct Fetched {
    /// The tree.
    pub tree: SourceTree,
    /// The commit of a Git source.
    pub revision: Option<String>,
}

/// The build context of an image: the tree without what `.dockerignore` leaves out, and generated files on top.
#[derive(Debug)]
pub struct BuildContext {
    _tree: SourceTree,
}

impl SourceTree {
    /// Lists a folder.
    ///
    /// # Errors
    /// `NotFound`, `InvalidInput` for a tree beyond the limits or a link that leaves the root.
    pub fn open(_root: &Path, _limits: &SourceLimits) -> Result<Self> {
        Err(Error::new(ErrorKind::Unsupported, "source.open", "stub"))
    }

    /// A tree in memory, for tests and embedding programs.
    ///
    /// # Errors
    /// `InvalidInput` for a path that is absolute or has `..`.
    pub fn from_files<P: Into<String>, C: Into<Vec<u8>>>(
        _files: impl IntoIterator<Item = (P, C)>,
    ) -> Result<Self> {
        Ok(Self { entries: Vec::new() })
    }

    /// All entries, in order of path.
    #[must_use]
    pub fn entries(&self) -> &[SourceEntry] {
        &self.entries
    }

    /// Whether there is a regular file (or a link to one inside the root) at `path`.
    #[must_use]
    pub fn has_file(&self, _path: &str) -> bool {
        false
    }

    /// Whether there is a folder at `path`.
    #[must_use]
    pub fn has_dir(&self, _path: &str) -> bool {
        false
    }

    /// The paths of regular files below `dir` (`""` is the root), in order.
    pub fn files_below<'a>(&'a self, _dir: &'a str) -> impl Iterator<Item = &'a str> {
        std::iter::empty()
    }

    /// The text of a file of at most 1 MiB; `None` when there is none.
    ///
    /// # Errors
    /// `InvalidInput` when it is larger or not UTF-8, with the file; `PermissionDenied`.
    pub fn read_text(&self, _path: &str) -> Result<Option<String>> {
        Ok(None)
    }

    /// The digest of all paths, kinds, modes and contents; independent of file order and time stamps.
    ///
    /// # Errors
    /// `PermissionDenied`, and `Conflict` when the tree changes while it is read.
    pub fn digest(&self) -> Result<Digest> {
        Ok(Digest::of(""))
    }
}

impl BuildContext {
    /// The context of `tree` with `files` (Dockerfile, `.dockerignore`) on top.
    ///
    /// # Errors
    /// `InvalidInput` when `.dockerignore` has a bad pattern.
    pub fn new(tree: &SourceTree, _files: &FileSet) -> Result<Self> {
        Ok(Self { _tree: tree.clone() })
    }

    /// Writes the context as a tar archive, without ever holding a file in memory. Returns the bytes written.
    ///
    /// # Errors
    /// `Cancelled` when the writer is closed; `Conflict` when a file changes while it is read.
    pub fn write_tar(&self, _out: impl Write) -> Result<u64> {
        Ok(0)
    }

    /// The digest of what [`BuildContext::write_tar`] would write: equal digests build the same image.
    ///
    /// # Errors
    /// As [`SourceTree::digest`].
    pub fn digest(&self) -> Result<Digest> {
        Ok(Digest::of(""))
    }
}

/// Brings a source to this machine: a folder is used where it is; archives and repositories are unpacked below
/// `work`.
///
/// # Errors
/// `InvalidInput`, `NotFound`, `Unauthenticated`, `Unavailable`, `Timeout`.
pub async fn fetch(
    _source: &Source,
    _work: PathBuf,
    _limits: &SourceLimits,
    _secrets: &dyn SecretSource,
) -> Result<Fetched> {
    Err(Error::new(ErrorKind::Unsupported, "source.fetch", "stub"))
}
