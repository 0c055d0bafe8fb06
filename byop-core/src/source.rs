//! A source tree: a bounded, symlink-safe view of an application's files.
//!
//! A tree is listed once and then read on demand. Nothing is ever read through a symbolic link: a link inside the
//! tree is followed in the listing, and files are opened part by part beneath a handle of the root, so that a tree
//! that changes in the meantime cannot lead outside either.

use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind, Result};
use crate::model::{Source, SourceLimits};
use crate::secret::SecretSource;

mod archive;
mod context;
#[cfg(feature = "git")]
mod git;
mod ignored;
mod path;
mod pattern;
mod reader;
mod root;
mod tree;
mod unpack;
mod walk;

pub use context::BuildContext;
pub use ignored::ALWAYS_IGNORED;
pub use tree::{EntryKind, SourceEntry, SourceTree};

use unpack::Stop;

/// A fetched source: the tree and what was really taken.
#[derive(Debug)]
pub struct Fetched {
    /// The tree.
    pub tree: SourceTree,
    /// The commit of a Git source.
    pub revision: Option<String>,
}

/// Brings a source to this machine: a folder is used where it is; archives and repositories are unpacked into a new
/// folder `source` below `work`, which is replaced when it is there from an earlier try.
///
/// `work` belongs to one fetch at a time; removing it afterwards is the caller's. When the future is dropped, the work
/// ends soon after.
///
/// # Errors
/// `InvalidInput` for what [`SourceTree::open`] refuses, and for an archive or address that is refused, with the entry;
/// `NotFound` for a folder, archive, repository or reference that is not there; `Unauthenticated`, `Unavailable` and
/// `Timeout` for a repository; `QuotaExceeded` when the disk is full; `Unsupported` for an image, which has no tree,
/// and for a repository when Git is not there.
pub async fn fetch(
    source: &Source,
    work: PathBuf,
    limits: &SourceLimits,
    secrets: &dyn SecretSource,
) -> Result<Fetched> {
    match source {
        Source::Directory(path) => {
            let (path, limits) = (path.clone(), limits.clone());
            let tree = blocking(move |_| SourceTree::open(&path, &limits)).await?;
            Ok(Fetched { tree, revision: None })
        }
        Source::Archive(archive) => {
            let (path, limits) = (archive.path.clone(), limits.clone());
            let tree = blocking(move |stop| {
                let into = fresh(&work)?;
                let top = archive::unpack(&path, &into, &limits, stop)?;
                checked(&top, &into, &limits)
            });
            Ok(Fetched { tree: tree.await?, revision: None })
        }
        #[cfg(feature = "git")]
        Source::Git(git) => git::fetch(git, work, limits, secrets).await,
        #[cfg(not(feature = "git"))]
        Source::Git(_) => {
            let _ = secrets;
            Err(Error::new(ErrorKind::Unsupported, OPERATION, "byop was built without the feature `git`"))
        }
        Source::Image(_) => Err(Error::new(ErrorKind::Unsupported, OPERATION, "an image has no source tree")),
    }
}

const OPERATION: &str = "source.fetch";

/// The place for what is fetched, with nothing in it.
fn fresh(work: &Path) -> Result<PathBuf> {
    let into = work.join("source");
    let done = std::fs::create_dir_all(work).and_then(|()| match std::fs::remove_dir_all(&into) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        other => other,
    });
    done.map_err(|error| {
        let kind = match error.kind() {
            std::io::ErrorKind::PermissionDenied => ErrorKind::PermissionDenied,
            _ => ErrorKind::Unavailable,
        };
        Error::new(kind, OPERATION, "the working folder cannot be prepared")
            .with_context("folder", work.display())
            .with_source(error)
    })?;
    Ok(into)
}

/// Lists what was fetched into `into`, and removes it when it is refused.
fn checked(top: &Path, into: &Path, limits: &SourceLimits) -> Result<SourceTree> {
    let tree = SourceTree::open(top, limits);
    if tree.is_err() {
        // The refusal is the error that counts.
        let _ = std::fs::remove_dir_all(into);
    }
    tree
}

/// Runs work that blocks on a thread for it, and asks it to end when nobody waits any more.
async fn blocking<T: Send + 'static>(work: impl FnOnce(&Stop) -> Result<T> + Send + 'static) -> Result<T> {
    struct AskOnDrop(Stop);
    impl Drop for AskOnDrop {
        fn drop(&mut self) {
            self.0.ask();
        }
    }
    let stop = Stop::default();
    let _guard = AskOnDrop(stop.clone());
    tokio::task::spawn_blocking(move || work(&stop)).await.map_err(|error| {
        Error::new(ErrorKind::Internal, OPERATION, "the work ended without a result").with_source(error)
    })?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::MemorySecrets;

    async fn fetch_here(source: Source) -> Result<Fetched> {
        let work = tempfile::TempDir::new().unwrap();
        fetch(&source, work.path().join("work"), &SourceLimits::default(), &MemorySecrets::new()).await
    }

    #[tokio::test]
    async fn a_folder_is_used_where_it_is() {
        let dir = tempfile::TempDir::new().unwrap();
        std::fs::write(dir.path().join("app"), "text").unwrap();
        let fetched = fetch_here(Source::Directory(dir.path().to_owned())).await.unwrap();
        assert_eq!(fetched.tree.read_text("app").unwrap().as_deref(), Some("text"));
        assert_eq!(fetched.revision, None);
    }

    #[tokio::test]
    async fn a_missing_folder_is_not_found() {
        let error = fetch_here(Source::Directory("/no/such/folder".into())).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }

    #[tokio::test]
    async fn work_that_nobody_waits_for_is_asked_to_end() {
        let (tell, told) = std::sync::mpsc::channel();
        let work = blocking(move |stop| {
            tell.send(stop.clone()).unwrap();
            Ok(())
        });
        work.await.unwrap();
        let stop: Stop = told.recv().unwrap();
        assert_eq!(stop.check().unwrap_err().kind(), ErrorKind::Cancelled);
    }
}
