//! Preview: the pure half of the pipeline.

use super::Inner;
use crate::error::{Error, ErrorKind, Result};
use crate::generator;
use crate::model::{AppSpec, Builder, Preview, Source, Target};
use crate::source;

impl Inner {
    pub(super) async fn preview(&self, spec: &AppSpec) -> Result<Preview> {
        spec.validate()?;
        if let Source::Image(image) = &spec.source {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "app.preview",
                "an image is neither detected nor built",
            )
            .with_context("image", image));
        }
        // Archives and repositories have to be unpacked somewhere; the folder goes with the preview.
        let work = tempfile::Builder::new().prefix("byop-preview-").tempdir().map_err(|error| {
            Error::new(ErrorKind::Unavailable, "app.preview", "no temporary folder can be made")
                .with_source(error)
        })?;
        let fetched =
            source::fetch(&spec.source, work.path().to_owned(), &self.limits, self.secrets.as_ref()).await?;
        generator::preview(&self.generators, &fetched.tree, spec, &Target::of(spec, Builder::BuildKit))
    }
}
