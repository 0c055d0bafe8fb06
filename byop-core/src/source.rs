//! A source tree: a bounded, symlink-safe view of an application's files.
//!
//! A tree is listed once and then read on demand. Nothing is ever read through a symbolic link: a link inside the
//! tree is followed in the listing, and files are opened part by part beneath a handle of the root, so that a tree
//! that changes in the meantime cannot lead outside either.

use std::path::PathBuf;

use crate::error::{Error, ErrorKind, Result};
use crate::model::{Source, SourceLimits};
use crate::secret::SecretSource;

mod context;
mod ignored;
mod path;
mod pattern;
mod reader;
mod root;
mod tree;
mod walk;

pub use context::BuildContext;
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
