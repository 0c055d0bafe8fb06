//! Builds the image, or finds that it has been built.

use std::path::PathBuf;

use async_trait::async_trait;
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};

use super::{Stage, StageContext, labels};
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{BuildEvent, BuildImageSpec, BuildSpec, Builder, FileSet, ImageInfo, ImageRef};
use crate::runtime::ContainerRuntimeExt;
use crate::source::{BuildContext, SourceTree};

/// Builds the image of an app.
#[derive(Debug)]
pub struct Build;

/// The input of [`Build`].
#[derive(Debug, Serialize)]
pub struct BuildInput {
    /// The source's folder.
    pub root: PathBuf,
    /// Digest of the source tree.
    pub source_digest: Digest,
    /// The commit of a Git source.
    pub revision: Option<String>,
    /// Generated files that lie over the source.
    pub files: FileSet,
    /// The Dockerfile inside the context.
    pub dockerfile: String,
    /// Which builder to use.
    pub builder: Builder,
    /// Limits of the build.
    pub options: BuildSpec,
}

/// An image on the host.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BuiltImage {
    /// Its name.
    pub name: ImageRef,
    /// The image.
    pub info: ImageInfo,
}

#[async_trait]
impl Stage for Build {
    type Context = StageContext;
    type Input = BuildInput;
    type Output = BuiltImage;
    const NAME: &'static str = "build";

    fn describe(&self, _: &BuildInput) -> String {
        "build the image".into()
    }

    async fn run(&self, cx: &StageContext, input: &BuildInput) -> Result<BuiltImage> {
        let (root, limits, files) = (input.root.clone(), cx.limits.clone(), input.files.clone());
        // Reading a large tree takes a while; the host's runtime has other things to do.
        let (context, digest) = tokio::task::spawn_blocking(move || {
            let context = BuildContext::new(&SourceTree::open(&root, &limits)?, &files)?;
            let digest = context.digest()?;
            Ok::<_, Error>((context, digest))
        })
        .await
        .map_err(|error| {
            Error::new(ErrorKind::Internal, "image.build", "a task ended").with_source(error)
        })??;
        if !context.withheld().is_empty() {
            let list = context.withheld().join(", ");
            cx.log(Self::NAME, format!("left out of the image, as secrets or built files: {list}")).await;
        }
        let key = Digest::of_json(&(&digest, &input.dockerfile, &input.revision));
        let tag = ImageRef::new(format!("byop/{}:{}", cx.app, key.short()))?;
        let built = cx.runtime.find_image(tag.as_str()).await?;
        if let Some(info) =
            built.filter(|info| info.labels.get("byop.key").map(String::as_str) == Some(key.as_str()))
        {
            cx.log(Self::NAME, format!("{tag} has been built before")).await;
            return Ok(BuiltImage { name: tag, info });
        }
        let mut spec = BuildImageSpec::new(tag.clone());
        spec.dockerfile.clone_from(&input.dockerfile);
        spec.builder = input.builder;
        spec.memory_bytes = input.options.memory_bytes;
        spec.cpus = input.options.cpus;
        spec.labels = labels::of_app(&cx.app, &cx.job);
        spec.labels.insert("byop.key".into(), key.to_string());
        spec.labels.insert("org.opencontainers.image.title".into(), cx.app.to_string());
        if let Some(revision) = &input.revision {
            spec.labels.insert("org.opencontainers.image.revision".into(), revision.clone());
        }
        let mut output = cx.runtime.build_image(&spec, context).await?;
        while let Some(event) = output.next().await {
            match event? {
                BuildEvent::Log(line) => cx.log(Self::NAME, line).await,
                BuildEvent::Step { number, total, name } => {
                    cx.progress(Self::NAME, number.into(), total.into(), name).await;
                }
                BuildEvent::Done(info) => return Ok(BuiltImage { name: tag, info: *info }),
            }
        }
        Err(Error::new(ErrorKind::Unavailable, "image.build", "the build ended without a result")
            .with_context("image", &tag))
    }
}
