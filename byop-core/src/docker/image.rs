//! Images: pull, look, name, remove.

use bollard::query_parameters::{
    CreateImageOptionsBuilder, ListImagesOptionsBuilder, RemoveImageOptionsBuilder, TagImageOptionsBuilder,
};
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt};

use super::{Docker, checked_image, convert, error, label_filters};
use crate::error::Result;
use crate::model::{ContainerFilter, ImageInfo, ImageRef};

impl Docker {
    pub(super) async fn image(&self, image: &str) -> Result<ImageInfo> {
        let operation = "image.inspect";
        let name = checked_image(operation, image)?;
        let found = self
            .api
            .inspect_image(name)
            .await
            .map_err(|failure| error::engine(operation, failure).with_context("image", name))?;
        convert::image(found)
    }

    pub(super) async fn images(&self, filter: &ContainerFilter) -> Result<Vec<ImageInfo>> {
        let options = ListImagesOptionsBuilder::default().filters(&label_filters(filter)).build();
        let found = self
            .api
            .list_images(Some(options))
            .await
            .map_err(|failure| error::engine("image.list", failure))?;
        // The list knows neither user, ports nor health check.
        let mut images = Vec::with_capacity(found.len());
        for line in found {
            match self.image(&line.id).await {
                Ok(image) => images.push(image),
                Err(error) if error::is_missing(&error) => {}
                Err(error) => return Err(error.with_operation("image.list")),
            }
        }
        images.sort_by(|a, b| (b.created_at, &a.id).cmp(&(a.created_at, &b.id)));
        Ok(images)
    }

    pub(super) fn pull(&self, image: &ImageRef) -> BoxStream<'static, Result<String>> {
        let (name, tag) = split(image.as_str());
        let mut options = CreateImageOptionsBuilder::default().from_image(name);
        // Without a tag the engine would pull all of them.
        options = options.tag(tag.unwrap_or("latest"));
        let image = image.clone();
        let api = self.api.clone();
        let progress = async_stream(move || api.create_image(Some(options.build()), None, None));
        progress
            .map_err(move |failure| error::engine("image.pull", failure).with_context("image", &image))
            .try_filter_map(|line| async move {
                if let Some(message) = line.error_detail.and_then(|detail| detail.message) {
                    return Err(error::said("image.pull", &message));
                }
                let status = line.status.unwrap_or_default();
                Ok((!status.is_empty()).then(|| match line.id {
                    Some(id) => format!("{id}: {status}"),
                    None => status,
                }))
            })
            .boxed()
    }

    pub(super) async fn tag(&self, image: &str, tag: &ImageRef) -> Result<()> {
        let operation = "image.tag";
        let image = checked_image(operation, image)?;
        let (repository, version) = split(tag.as_str());
        let options =
            TagImageOptionsBuilder::default().repo(repository).tag(version.unwrap_or("latest")).build();
        self.api
            .tag_image(image, Some(options))
            .await
            .map_err(|failure| error::engine(operation, failure).with_context("image", image))
    }

    pub(super) async fn untag(&self, image: &str) -> Result<()> {
        let operation = "image.remove";
        let image = checked_image(operation, image)?;
        let options = RemoveImageOptionsBuilder::default().force(false).noprune(false).build();
        self.api
            .remove_image(image, Some(options), None)
            .await
            .map(drop)
            .map_err(|failure| error::engine(operation, failure).with_context("image", image))
    }
}

/// A stream that owns the client it comes from.
fn async_stream<S: futures_util::Stream + Send + 'static>(
    make: impl FnOnce() -> S,
) -> BoxStream<'static, S::Item> {
    make().boxed()
}

/// Repository and tag or digest; the engine takes them apart.
fn split(image: &str) -> (&str, Option<&str>) {
    if let Some((name, digest)) = image.split_once('@') {
        return (name, Some(digest));
    }
    match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
        _ => (image, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registrys_port_is_not_a_tag() {
        assert_eq!(split("registry:5000/a"), ("registry:5000/a", None));
        assert_eq!(split("registry:5000/a:1"), ("registry:5000/a", Some("1")));
        assert_eq!(split("a@sha256:0"), ("a", Some("sha256:0")));
    }
}
