//! What there is on a host, in as few questions as its engine allows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};

use super::Inner;
use crate::error::{ErrorKind, Result};
use crate::model::{
    ContainerFilter, ContainerInfo, ContainerSummary, ImageInfo, NetworkInfo, RouteInfo, VolumeInfo,
};
use crate::runtime::{ContainerRuntime, ContainerRuntimeExt};

/// The label of everything that belongs to an app.
pub(super) const APP: &str = "byop.app";
/// The label with the number of a release.
pub(super) const RELEASE: &str = "byop.release";
/// Questions at a time to one engine.
const AT_ONCE: usize = 8;

/// What there is on a host at about one moment.
#[derive(Debug)]
pub(super) struct HostView {
    pub(super) host: String,
    pub(super) runtime: Arc<dyn ContainerRuntime>,
    /// All containers, those of strangers too: they may be in an app's network.
    pub(super) containers: Vec<ContainerSummary>,
    pub(super) networks: Vec<NetworkInfo>,
    pub(super) volumes: Vec<VolumeInfo>,
    /// What the proxy uses; none when it does not say.
    pub(super) routes: Option<Vec<RouteInfo>>,
}

/// Whether a container is an app's. One that a stranger runs from the app's image inherits the image's labels, but no
/// image has a release.
pub(super) fn is_of(container: &ContainerSummary, app: &str) -> bool {
    container.labels.get(APP).map(String::as_str) == Some(app) && container.labels.contains_key(RELEASE)
}

impl HostView {
    /// The container of this name.
    pub(super) fn container(&self, name: &str) -> Option<&ContainerSummary> {
        self.containers.iter().find(|container| container.name == name)
    }

    /// The containers that carry the label of an app, in order of name.
    pub(super) fn containers_of<'a, 'b>(
        &'a self,
        app: &'b str,
    ) -> impl Iterator<Item = &'a ContainerSummary> + use<'a, 'b> {
        self.containers.iter().filter(move |container| is_of(container, app))
    }

    /// All that an engine knows of these containers, by id. One that has gone meanwhile is left out.
    pub(super) async fn inspect(
        &self,
        ids: impl IntoIterator<Item = &str>,
    ) -> Result<BTreeMap<String, ContainerInfo>> {
        let questions = ids.into_iter().map(|id| async move { self.runtime.find_container(id).await });
        let found: Vec<_> =
            stream::iter(questions.collect::<Vec<_>>()).buffer_unordered(AT_ONCE).try_collect().await?;
        Ok(found.into_iter().flatten().map(|info| (info.id.clone(), info)).collect())
    }

    /// The images of these names and ids, by the name that was asked for; each is asked for once.
    pub(super) async fn images(&self, names: BTreeSet<String>) -> Result<BTreeMap<String, ImageInfo>> {
        let questions = names.into_iter().map(|name| async move {
            let image = self.runtime.find_image(&name).await?;
            Ok::<_, crate::Error>(image.map(|image| (name, image)))
        });
        let found: Vec<_> =
            stream::iter(questions.collect::<Vec<_>>()).buffer_unordered(AT_ONCE).try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }
}

impl Inner {
    /// Looks at a host.
    pub(super) async fn look_at(&self, host: &str) -> Result<HostView> {
        let runtime = self.runtime(host)?;
        let all = ContainerFilter::all();
        let routes = async {
            match self.ingress.list_routes(runtime.as_ref()).await {
                Ok(routes) => Ok(Some(routes)),
                // Whether the proxy runs is seen from its container.
                Err(error) => match error.kind() {
                    ErrorKind::NotFound
                    | ErrorKind::Unavailable
                    | ErrorKind::Conflict
                    | ErrorKind::Timeout => {
                        tracing::debug!(host, %error, "the proxy does not show its routes");
                        Ok(None)
                    }
                    _ => Err(error),
                },
            }
        };
        let (containers, networks, volumes, routes) = tokio::try_join!(
            runtime.list_containers(&all),
            runtime.list_networks(&all),
            runtime.list_volumes(&all),
            routes,
        )?;
        Ok(HostView { host: host.to_owned(), runtime, containers, networks, volumes, routes })
    }
}
