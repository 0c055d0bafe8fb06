//! Preview: the pure half of the pipeline.

use super::Inner;
use super::redaction::Redaction;
use crate::error::{Error, ErrorKind, Result};
use crate::generator;
use crate::model::{AppSpec, Builder, Preview, Source};
use crate::source;
use crate::store::Scope;

impl Inner {
    pub(super) async fn preview(&self, scope: &Scope, spec: &AppSpec) -> Result<Preview> {
        spec.validate()?;
        let redaction = Redaction::of_spec(self, scope, spec.clone()).await;
        let preview = self.preview_source(scope, spec).await;
        preview.map_err(|error| redaction.report(error.report()).into())
    }

    async fn preview_source(&self, scope: &Scope, spec: &AppSpec) -> Result<Preview> {
        if let Source::Image(image) = &spec.source {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "app.preview",
                "an image that is built already has no preview",
            )
            .with_context("image", image));
        }
        // Archives and repositories have to be unpacked somewhere; the folder goes with the preview.
        let work = tempfile::Builder::new().prefix("byop-preview-").tempdir().map_err(|error| {
            Error::new(ErrorKind::Unavailable, "app.preview", "no temporary folder can be made")
                .with_source(error)
        })?;
        let secrets = self.secrets_of(scope);
        let fetched = source::fetch(&spec.source, work.path().to_owned(), &self.limits, &secrets).await?;
        generator::preview_aside(&self.generators, || Ok(fetched.tree), spec, Builder::BuildKit).await
    }
}
