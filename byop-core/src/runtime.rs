//! The container engine as a port.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;

use crate::error::{Error, ErrorKind, Result};
use crate::model::{
    BuildEvent, BuildImageSpec, ContainerFilter, ContainerInfo, ContainerSpec, ContainerStats,
    ContainerSummary, ExecOutput, ExecSpec, ImageInfo, ImageRef, LogLine, LogOptions, NetworkInfo,
    NetworkSpec, RuntimeEvent, RuntimeInfo, VolumeInfo,
};
use crate::source::BuildContext;

/// A container engine: Docker, or a fake in tests.
///
/// Everything that is created carries the labels of its spec, and creating the same thing twice is harmless.
/// Names are unique on an engine. Where a container is asked for by `id`, its name will do.
///
/// All methods can return `Unavailable` (the engine cannot be reached), `Timeout`, and `Internal` (an answer that
/// the implementation does not understand).
#[async_trait]
pub trait ContainerRuntime: Debug + Send + Sync {
    /// What the engine is and can do.
    ///
    /// # Errors
    /// Only those that all methods share.
    async fn info(&self) -> Result<RuntimeInfo>;

    /// Builds an image. The stream gives the output line by line and ends with `Done`; dropping it cancels the
    /// build.
    ///
    /// # Errors
    /// `InvalidInput` inside the stream when the build fails, with the failing instruction as context `step`;
    /// `Unsupported` when the spec asks for a builder that the engine lacks.
    async fn build_image(
        &self,
        spec: &BuildImageSpec,
        context: BuildContext,
    ) -> Result<BoxStream<'static, Result<BuildEvent>>>;

    /// Gets an image from its registry. The stream gives progress lines.
    ///
    /// # Errors
    /// `NotFound` when the registry has no such image, `Unauthenticated` when it wants credentials.
    async fn pull_image(&self, image: &ImageRef) -> Result<BoxStream<'static, Result<String>>>;

    /// The image of that name or id.
    ///
    /// # Errors
    /// `NotFound`.
    async fn inspect_image(&self, image: &str) -> Result<ImageInfo>;

    /// Images with these labels, the newest first.
    ///
    /// # Errors
    /// Only those that all methods share.
    async fn list_images(&self, filter: &ContainerFilter) -> Result<Vec<ImageInfo>>;

    /// Gives an image a further name. Twice is harmless.
    ///
    /// # Errors
    /// `NotFound` when `image` is missing.
    async fn tag_image(&self, image: &str, tag: &ImageRef) -> Result<()>;

    /// Removes a name of an image, and the image with its last name. Missing: `Ok`.
    ///
    /// # Errors
    /// `Conflict` when a container uses it.
    async fn remove_image(&self, image: &str) -> Result<()>;

    /// Creates a container and returns its id; it is not started. When a container of that name exists with the
    /// same `byop.key` label, it is joined to the networks that it lacks and its id is returned.
    ///
    /// # Errors
    /// `AlreadyExists` when another container has the name; `NotFound` when the image, a network or a volume is
    /// missing; `InvalidInput` when the engine refuses a value; `Conflict` when a published port is taken.
    async fn create_container(&self, spec: &ContainerSpec) -> Result<String>;

    /// Starts a container. Running already: `Ok`.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` when a published port is taken; `InvalidInput` when its program cannot be run.
    async fn start_container(&self, id: &str) -> Result<()>;

    /// Sends the stop signal, waits up to `grace`, then ends the container. Stopped already: `Ok`.
    ///
    /// # Errors
    /// `NotFound`.
    async fn stop_container(&self, id: &str, grace: Duration) -> Result<()>;

    /// Removes a container, running or not, with its anonymous volumes. Missing: `Ok`.
    ///
    /// # Errors
    /// Only those that all methods share.
    async fn remove_container(&self, id: &str) -> Result<()>;

    /// The container of that name or id.
    ///
    /// # Errors
    /// `NotFound`.
    async fn inspect_container(&self, id: &str) -> Result<ContainerInfo>;

    /// Containers with these labels, running or not, in order of name.
    ///
    /// # Errors
    /// Only those that all methods share.
    async fn list_containers(&self, filter: &ContainerFilter) -> Result<Vec<ContainerSummary>>;

    /// Creates a network. One of that name exists: `Ok`.
    ///
    /// # Errors
    /// `QuotaExceeded` when the engine has no addresses left.
    async fn create_network(&self, spec: &NetworkSpec) -> Result<()>;

    /// Joins a container to a network. Joined already: `Ok`.
    ///
    /// # Errors
    /// `NotFound` when either is missing.
    async fn connect_network(&self, network: &str, container: &str) -> Result<()>;

    /// Takes a container out of a network. Not in it, or either missing: `Ok`.
    ///
    /// # Errors
    /// Only those that all methods share.
    async fn disconnect_network(&self, network: &str, container: &str) -> Result<()>;

    /// Removes a network. Missing: `Ok`.
    ///
    /// # Errors
    /// `Conflict` while running containers are in it.
    async fn remove_network(&self, name: &str) -> Result<()>;

    /// Networks with these labels, in order of name.
    ///
    /// # Errors
    /// Only those that all methods share.
    async fn list_networks(&self, filter: &ContainerFilter) -> Result<Vec<NetworkInfo>>;

    /// Creates a volume. One of that name exists: `Ok`, and its labels stay.
    ///
    /// # Errors
    /// Only those that all methods share.
    async fn create_volume(&self, name: &str, labels: &BTreeMap<String, String>) -> Result<()>;

    /// Removes a volume and its data. Missing: `Ok`.
    ///
    /// # Errors
    /// `Conflict` while a container uses it.
    async fn remove_volume(&self, name: &str) -> Result<()>;

    /// Volumes with these labels, in order of name.
    ///
    /// # Errors
    /// Only those that all methods share.
    async fn list_volumes(&self, filter: &ContainerFilter) -> Result<Vec<VolumeInfo>>;

    /// Runs a command inside a running container and waits for its end. A command that fails is no error.
    ///
    /// # Errors
    /// `NotFound` when the container is missing; `Conflict` when it does not run; `InvalidInput` when it has no
    /// such program.
    async fn exec(&self, id: &str, spec: &ExecSpec) -> Result<ExecOutput>;

    /// Unpacks a tar archive into a folder of a container, running or not.
    ///
    /// # Errors
    /// `NotFound` when the container or folder is missing; `PermissionDenied` when the folder is read-only.
    async fn upload(&self, id: &str, path: &str, archive: Vec<u8>) -> Result<()>;

    /// The container's log, oldest line first. A following stream ends with the container.
    ///
    /// # Errors
    /// `NotFound`.
    async fn logs(&self, id: &str, options: &LogOptions) -> Result<BoxStream<'static, Result<LogLine>>>;

    /// What the container uses now, within a second. A stopped container uses nothing.
    ///
    /// # Errors
    /// `NotFound`.
    async fn stats(&self, id: &str) -> Result<ContainerStats>;

    /// What happens on the engine from now on, to objects with these labels.
    ///
    /// # Errors
    /// Only those that all methods share.
    async fn events(&self, filter: &ContainerFilter) -> Result<BoxStream<'static, Result<RuntimeEvent>>>;
}

/// Conveniences over any [`ContainerRuntime`].
#[async_trait]
pub trait ContainerRuntimeExt: ContainerRuntime {
    /// The container of that name or id, if there is one.
    ///
    /// # Errors
    /// Those of [`ContainerRuntime::inspect_container`] but `NotFound`.
    async fn find_container(&self, id: &str) -> Result<Option<ContainerInfo>> {
        found(self.inspect_container(id).await)
    }

    /// The image; pulled only when the engine does not have it.
    ///
    /// # Errors
    /// Those of [`ContainerRuntime::pull_image`].
    async fn ensure_image(&self, image: &ImageRef) -> Result<ImageInfo> {
        if let Some(info) = self.find_image(image.as_str()).await? {
            return Ok(info);
        }
        let mut progress = self.pull_image(image).await?;
        while let Some(line) = progress.next().await {
            tracing::debug!(image = %image, "{}", line?);
        }
        self.inspect_image(image.as_str()).await
    }

    /// Removes an image with all its names, or by its id where it has none.
    ///
    /// # Errors
    /// Those of [`ContainerRuntime::remove_image`].
    async fn remove_image_and_tags(&self, image: &ImageInfo) -> Result<()> {
        for tag in &image.tags {
            self.remove_image(tag).await?;
        }
        if image.tags.is_empty() {
            self.remove_image(&image.id).await?;
        }
        Ok(())
    }

    /// The image of that name or id, if there is one.
    ///
    /// # Errors
    /// Those of [`ContainerRuntime::inspect_image`] but `NotFound`.
    async fn find_image(&self, image: &str) -> Result<Option<ImageInfo>> {
        found(self.inspect_image(image).await)
    }
}

impl<T: ContainerRuntime + ?Sized> ContainerRuntimeExt for T {}

fn found<T>(result: Result<T, Error>) -> Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
