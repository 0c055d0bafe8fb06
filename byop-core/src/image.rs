//! Images on a host: there already, or brought there.

use futures_util::StreamExt;

use crate::error::Result;
use crate::model::{ImageInfo, ImageRef};
use crate::runtime::{ContainerRuntime, ContainerRuntimeExt};

/// Makes sure that the engine has an image: pulls it only when it is missing.
///
/// # Errors
/// Those of [`ContainerRuntime::pull_image`].
pub async fn ensure(runtime: &dyn ContainerRuntime, image: &ImageRef) -> Result<ImageInfo> {
    if let Some(info) = runtime.find_image(image.as_str()).await? {
        return Ok(info);
    }
    let mut progress = runtime.pull_image(image).await?;
    while let Some(line) = progress.next().await {
        tracing::debug!(image = %image, "{}", line?);
    }
    runtime.inspect_image(image.as_str()).await
}

/// Removes an image with all its names, or with its id where it has none.
///
/// # Errors
/// Those of [`ContainerRuntime::remove_image`].
pub async fn remove(runtime: &dyn ContainerRuntime, image: &ImageInfo) -> Result<()> {
    for tag in &image.tags {
        runtime.remove_image(tag).await?;
    }
    if image.tags.is_empty() {
        runtime.remove_image(&image.id).await?;
    }
    Ok(())
}
