//! A container engine that fails.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream::BoxStream;

use super::faults::Port;
use super::store::CANARY;
use super::{Flaw, Process, Seen};
use crate::error::Result;
use crate::model::{
    BuildEvent, BuildImageSpec, ContainerFilter, ContainerInfo, ContainerSpec, ContainerState,
    ContainerStats, ContainerSummary, ExecOutput, ExecSpec, ImageInfo, ImageRef, LogLine, LogOptions,
    NetworkInfo, NetworkSpec, RuntimeEvent, RuntimeInfo, VolumeInfo,
};
use crate::runtime::ContainerRuntime;
use crate::source::BuildContext;

/// A container engine as one [`Process`] reaches it: calls fail, come late or twice, or never return. Made by
/// [`Process::runtime`].
#[derive(Debug)]
pub struct FaultyRuntime {
    process: Process,
    runtime: Arc<dyn ContainerRuntime>,
}

impl FaultyRuntime {
    pub(super) fn new(process: Process, runtime: Arc<dyn ContainerRuntime>) -> Self {
        Self { process, runtime }
    }

    async fn call<T: Send, F: Future<Output = Result<T>> + Send>(
        &self,
        operation: &'static str,
        subject: &str,
        mut effect: impl FnMut() -> F + Send,
    ) -> Result<T> {
        let simulation = &self.process.simulation;
        let effect = || {
            let work = effect();
            Some(async {
                let result = work.await;
                simulation.tell(&Seen::HostCalled { operation, subject });
                result
            })
        };
        self.process.call(Port::Host, operation, subject, effect).await
    }

    fn has(&self, flaw: Flaw) -> bool {
        self.process.simulation.has(flaw)
    }

    fn shows(&self, flaw: Flaw) -> bool {
        self.process.simulation.shows(flaw, 500)
    }

    /// What is really created, where a bug is planted.
    fn flawed(&self, spec: &ContainerSpec) -> ContainerSpec {
        let mut spec = spec.clone();
        let random = self.process.simulation.random();
        if !spec.labels.contains_key("byop.app") {
            return spec;
        }
        if self.shows(Flaw::LabelMissing) {
            spec.labels.remove("byop.app");
        }
        if self.has(Flaw::KeyAtRandom) {
            spec.labels.insert("byop.key".into(), random.number().to_string());
        }
        if self.shows(Flaw::NameAtRandom) {
            spec.name = format!("{}-{}", spec.name, random.below(1_000_000));
        }
        if self.shows(Flaw::SecretInLabel) {
            spec.labels.insert("byop.password".into(), CANARY.into());
        }
        spec
    }

    async fn stop_others(&self, id: &str) -> Result<()> {
        let started = self.runtime.inspect_container(id).await?;
        let Some(app) = started.labels.get("byop.app") else { return Ok(()) };
        let others = ContainerFilter::all().with_label("byop.app", app);
        for other in self.runtime.list_containers(&others).await? {
            if other.id != started.id && other.state == ContainerState::Running {
                self.runtime.stop_container(&other.id, Duration::ZERO).await?;
            }
        }
        Ok(())
    }
}

#[async_trait]
impl ContainerRuntime for FaultyRuntime {
    async fn info(&self) -> Result<RuntimeInfo> {
        self.call("runtime.info", "", || self.runtime.info()).await
    }

    async fn build_image(
        &self,
        spec: &BuildImageSpec,
        context: BuildContext,
    ) -> Result<BoxStream<'static, Result<BuildEvent>>> {
        let mut context = Some(context);
        let effect = || context.take().map(|context| self.runtime.build_image(spec, context));
        self.process.call(Port::Host, "image.build", spec.tag.as_str(), effect).await
    }

    async fn pull_image(&self, image: &ImageRef) -> Result<BoxStream<'static, Result<String>>> {
        self.call("image.pull", image.as_str(), || self.runtime.pull_image(image)).await
    }

    async fn inspect_image(&self, image: &str) -> Result<ImageInfo> {
        self.call("image.inspect", image, || self.runtime.inspect_image(image)).await
    }

    async fn list_images(&self, filter: &ContainerFilter) -> Result<Vec<ImageInfo>> {
        self.call("image.list", "", || self.runtime.list_images(filter)).await
    }

    async fn tag_image(&self, image: &str, tag: &ImageRef) -> Result<()> {
        self.call("image.tag", image, || self.runtime.tag_image(image, tag)).await
    }

    async fn remove_image(&self, image: &str) -> Result<()> {
        self.call("image.remove", image, || self.runtime.remove_image(image)).await
    }

    async fn create_container(&self, spec: &ContainerSpec) -> Result<String> {
        self.call("container.create", &spec.name, || async {
            self.runtime.create_container(&self.flawed(spec)).await
        })
        .await
    }

    async fn start_container(&self, id: &str) -> Result<()> {
        self.call("container.start", id, || async {
            if self.has(Flaw::OldStoppedFirst) {
                self.stop_others(id).await?;
            }
            self.runtime.start_container(id).await
        })
        .await
    }

    async fn stop_container(&self, id: &str, grace: Duration) -> Result<()> {
        self.call("container.stop", id, || {
            let skipped = self.shows(Flaw::StopSkipped);
            async move { if skipped { Ok(()) } else { self.runtime.stop_container(id, grace).await } }
        })
        .await
    }

    async fn remove_container(&self, id: &str) -> Result<()> {
        self.call("container.remove", id, || {
            let skipped = self.shows(Flaw::RemovalSkipped);
            async move { if skipped { Ok(()) } else { self.runtime.remove_container(id).await } }
        })
        .await
    }

    async fn inspect_container(&self, id: &str) -> Result<ContainerInfo> {
        self.call("container.inspect", id, || self.runtime.inspect_container(id)).await
    }

    async fn list_containers(&self, filter: &ContainerFilter) -> Result<Vec<ContainerSummary>> {
        self.call("container.list", "", || self.runtime.list_containers(filter)).await
    }

    async fn create_network(&self, spec: &NetworkSpec) -> Result<()> {
        self.call("network.create", &spec.name, || self.runtime.create_network(spec)).await
    }

    async fn connect_network(&self, network: &str, container: &str) -> Result<()> {
        self.call("network.connect", network, || self.runtime.connect_network(network, container)).await
    }

    async fn disconnect_network(&self, network: &str, container: &str) -> Result<()> {
        self.call("network.disconnect", network, || self.runtime.disconnect_network(network, container)).await
    }

    async fn remove_network(&self, name: &str) -> Result<()> {
        self.call("network.remove", name, || {
            let left = self.shows(Flaw::NetworkLeft);
            async move { if left { Ok(()) } else { self.runtime.remove_network(name).await } }
        })
        .await
    }

    async fn list_networks(&self, filter: &ContainerFilter) -> Result<Vec<NetworkInfo>> {
        self.call("network.list", "", || self.runtime.list_networks(filter)).await
    }

    async fn create_volume(&self, name: &str, labels: &BTreeMap<String, String>) -> Result<()> {
        self.call("volume.create", name, || self.runtime.create_volume(name, labels)).await
    }

    async fn remove_volume(&self, name: &str) -> Result<()> {
        self.call("volume.remove", name, || self.runtime.remove_volume(name)).await
    }

    async fn list_volumes(&self, filter: &ContainerFilter) -> Result<Vec<VolumeInfo>> {
        self.call("volume.list", "", || self.runtime.list_volumes(filter)).await
    }

    async fn exec(&self, id: &str, spec: &ExecSpec) -> Result<ExecOutput> {
        self.call("container.exec", id, || self.runtime.exec(id, spec)).await
    }

    async fn upload(&self, id: &str, path: &str, archive: Vec<u8>) -> Result<()> {
        self.call("container.upload", id, || self.runtime.upload(id, path, archive.clone())).await
    }

    async fn logs(&self, id: &str, options: &LogOptions) -> Result<BoxStream<'static, Result<LogLine>>> {
        self.call("container.logs", id, || self.runtime.logs(id, options)).await
    }

    async fn stats(&self, id: &str) -> Result<ContainerStats> {
        self.call("container.stats", id, || self.runtime.stats(id)).await
    }

    async fn events(&self, filter: &ContainerFilter) -> Result<BoxStream<'static, Result<RuntimeEvent>>> {
        self.call("runtime.events", "", || self.runtime.events(filter)).await
    }
}
