//! A source tree: a bounded, symlink-safe view of an application's files.
//!
//! A tree is listed once and then read on demand. Nothing is ever read through a symbolic link: a link inside the
//! tree is followed in the listing, and files are opened part by part beneath a handle of the root, so that a tree
//! that changes in the meantime cannot lead outside either.

use std::io::Write;
use std::path::PathBuf;

use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{FileSet, Source, SourceLimits};
use crate::secret::SecretSource;

mod ignored;
mod path;
mod root;
mod tree;
mod walk;

pub use ignored::ALWAYS_IGNORED;
pub use tree::{EntryKind, SourceEntry, SourceTree};

/// A fetched source: the tree and what was really taken.
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
