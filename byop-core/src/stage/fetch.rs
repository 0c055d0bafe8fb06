//! Brings the source to this machine.

use std::path::PathBuf;

use async_trait::async_trait;
use serde::Serialize;

use super::{Stage, StageContext};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{FetchedSource, Source};
use crate::source;

/// Brings the source to this machine.
#[derive(Debug)]
pub struct Fetch;

/// The input of [`Fetch`].
#[derive(Debug, Serialize)]
pub struct FetchInput {
    /// What to fetch.
    pub source: Source,
}

#[async_trait]
impl Stage for Fetch {
    type Context = StageContext;
    type Input = FetchInput;
    type Output = FetchedSource;
    const NAME: &'static str = "fetch";

    fn describe(&self, input: &FetchInput) -> String {
        match &input.source {
            Source::Directory(path) => format!("read {}", path.display()),
            Source::Archive(archive) => format!("unpack {}", archive.path.display()),
            Source::Git(git) => format!("clone {}", git.shown()),
            Source::Image(image) => format!("find {image}"),
        }
    }

    async fn run(&self, cx: &StageContext, input: &FetchInput) -> Result<FetchedSource> {
        let fetched = source::fetch(&input.source, cx.work.clone(), &cx.limits, cx.secrets.as_ref()).await?;
        let tree = fetched.tree.clone();
        // A large tree takes a while to read.
        let digest = tokio::task::spawn_blocking(move || tree.digest()).await.map_err(|error| {
            Error::new(ErrorKind::Internal, "source.fetch", "a task ended").with_source(error)
        })??;
        let root = fetched.tree.root().map(PathBuf::from).ok_or_else(|| {
            Error::new(ErrorKind::Internal, "source.fetch", "the fetched source is in no folder")
        })?;
        Ok(FetchedSource { root, revision: fetched.revision, digest })
    }
}
