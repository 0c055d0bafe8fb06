//! A container engine in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use tokio::time::{Instant, sleep};

use crate::error::{Error, ErrorKind, Result};
use crate::model::{
    BuildEvent, BuildImageSpec, ContainerFilter, ContainerInfo, ContainerSpec, ContainerState,
    ContainerStats, ContainerSummary, ExecOutput, ExecSpec, ImageInfo, ImageRef, LogLine, LogOptions,
    NetworkInfo, NetworkSpec, RuntimeEvent, RuntimeInfo, VolumeInfo,
};
use crate::runtime::ContainerRuntime;
use crate::source::BuildContext;

mod build;
mod container;
pub(super) mod faults;
mod process;
mod program;
mod state;
#[cfg(test)]
mod tests;

pub use faults::{Fault, Moment};
pub use program::{FakeHealth, FakeProgram};
use state::State;

/// How often a stream of the fake looks for something new.
const TICK: Duration = Duration::from_millis(5);

/// A container engine in memory, for tests of what drives one: it keeps images, containers, networks and volumes,
/// runs [`FakeProgram`]s in place of processes, and fails where a test says so.
///
/// Time is tokio's, so a test with paused time does not wait. Clones share their state.
///
/// ```
/// use byop_core::model::ContainerSpec;
/// use byop_core::runtime::ContainerRuntime;
/// use byop_core::testing::{FakeProgram, FakeRuntime};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> byop_core::Result<()> {
/// let engine = FakeRuntime::new();
/// engine.add_image("shop:1", FakeProgram::server(8080));
/// let id = engine.create_container(&ContainerSpec::new("shop-web", "shop:1")).await?;
/// engine.start_container(&id).await?;
/// assert!(engine.answer("shop-web", 8080).is_some());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct FakeRuntime(Arc<Mutex<State>>);

impl FakeRuntime {
    /// An engine without images.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an image that runs `program`.
    pub fn add_image(&self, name: &str, program: FakeProgram) {
        self.state().add_image(name, program);
    }

    /// Gives all images whose name starts with `prefix` this program, built ones too; the longest prefix counts.
    pub fn set_program(&self, prefix: impl Into<String>, program: FakeProgram) {
        self.state().programs.insert(prefix.into(), program);
    }

    /// How long a build takes.
    pub fn set_build_time(&self, time: Duration) {
        self.state().build_time = time;
    }

    /// Lets a coming call of an operation go wrong.
    pub fn inject(&self, fault: Fault) {
        self.state().faults.push(fault);
    }

    /// The calls so far, as `operation subject`, such as `container.create shop-web-1`.
    #[must_use]
    pub fn calls(&self) -> Vec<String> {
        self.state().calls.clone()
    }

    /// What a request to a port of a container is answered; `None` when nothing listens there.
    #[must_use]
    pub fn answer(&self, container: &str, port: u16) -> Option<String> {
        let mut state = self.state();
        state.settle();
        state.find(container).and_then(|container| container.answer(port))
    }

    /// What a container was made from.
    #[must_use]
    pub fn container_spec(&self, container: &str) -> Option<ContainerSpec> {
        self.state().find(container).map(|container| container.spec.clone())
    }

    /// Makes a container another than the one that was asked for, as somebody who removes and makes it by hand would;
    /// the second argument is [`ContainerSetup::hazards`](crate::model::ContainerSetup::hazards).
    pub fn edit_container(&self, container: &str, change: impl FnOnce(&mut ContainerSpec, &mut Vec<String>)) {
        if let Some(container) = self.state().find_mut(container) {
            container.edit(change);
        }
    }

    /// Freezes a running container.
    pub fn pause(&self, container: &str) {
        if let Some(container) = self.state().find_mut(container) {
            container.pause();
        }
    }

    /// Takes a volume away, whoever uses it.
    pub fn lose_volume(&self, name: &str) {
        self.state().volumes.remove(name);
    }

    /// Takes a network away with all that was connected to it.
    pub fn lose_network(&self, name: &str) {
        let mut state = self.state();
        state.networks.remove(name);
        for container in state.containers.values_mut() {
            container.networks.remove(name);
        }
    }

    /// Ends the program of a running container, as a crash would.
    pub fn crash(&self, container: &str, exit_code: i64) {
        let mut state = self.state();
        state.settle();
        if let Some(id) = state.find(container).map(|container| container.id.clone()) {
            state.end(&id, Instant::now(), exit_code, false);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A call of what stands beside the engine, in the same order and with the same faults.
    pub(super) async fn beside<T>(
        &self,
        operation: &'static str,
        subject: &str,
        effect: impl FnOnce() -> T,
    ) -> Result<T> {
        self.call(operation, subject, |_| Ok(effect())).await
    }

    /// Runs one call: faults before and after, the effect in between, at once for everyone else.
    async fn call<T>(
        &self,
        operation: &'static str,
        subject: &str,
        effect: impl FnOnce(&mut State) -> Result<T>,
    ) -> Result<T> {
        tokio::task::yield_now().await;
        let fault = self.state().fault(operation, subject);
        let fault = match fault {
            Some(Fault { moment: Moment::Before, error, .. }) => {
                return Err(error.unwrap_or_else(|| faults::ordinary(operation)));
            }
            Some(Fault { moment: Moment::Never, .. }) => return std::future::pending().await,
            other => other,
        };
        let result = {
            let mut state = self.state();
            state.settle();
            effect(&mut state)
        };
        match fault {
            None => result,
            Some(Fault { moment: Moment::Lost, .. }) => std::future::pending().await,
            Some(Fault { error, .. }) => Err(error.unwrap_or_else(|| faults::ordinary(operation))),
        }
    }
}

/// Matches as the engine does: all labels, an empty value matching any.
fn matches(labels: &BTreeMap<String, String>, filter: &ContainerFilter) -> bool {
    filter
        .labels
        .iter()
        .all(|(key, wanted)| labels.get(key).is_some_and(|value| wanted.is_empty() || wanted == value))
}

fn missing(operation: &'static str, what: &str, name: &str) -> Error {
    Error::not_found(operation, format!("there is no such {what}")).with_context(what.to_owned(), name)
}

#[async_trait]
impl ContainerRuntime for FakeRuntime {
    async fn info(&self) -> Result<RuntimeInfo> {
        self.call("runtime.info", "", |_| {
            let mut info = RuntimeInfo::new("fake");
            info.version = "0".into();
            info.api_version = "1.41".into();
            info.builder = crate::model::Builder::BuildKit;
            info.cpus = 2;
            info.memory_bytes = 8 << 30;
            info.os = "linux".into();
            info.architecture = "x86_64".into();
            Ok(info)
        })
        .await
    }

    async fn build_image(
        &self,
        spec: &BuildImageSpec,
        context: BuildContext,
    ) -> Result<BoxStream<'static, Result<BuildEvent>>> {
        let time = self.call("image.build", spec.tag.as_str(), |state| Ok(state.build_time)).await?;
        Ok(build::build(self.clone(), spec.clone(), context, time))
    }

    async fn pull_image(&self, image: &ImageRef) -> Result<BoxStream<'static, Result<String>>> {
        let name = image.as_str().to_owned();
        let pulled = self.call("image.pull", image.as_str(), |state| state.pull(&name)).await;
        Ok(stream::iter([pulled.map(|()| "pulled".to_owned())]).boxed())
    }

    async fn inspect_image(&self, image: &str) -> Result<ImageInfo> {
        self.call("image.inspect", image, |state| state.image(image).map(|image| image.info.clone())).await
    }

    async fn list_images(&self, filter: &ContainerFilter) -> Result<Vec<ImageInfo>> {
        self.call("image.list", "", |state| {
            let images = state.images.values().map(|image| image.info.clone());
            let mut found: Vec<_> = images.filter(|info| matches(&info.labels, filter)).collect();
            found.sort_by(|a, b| (b.created_at, &a.id).cmp(&(a.created_at, &b.id)));
            Ok(found)
        })
        .await
    }

    async fn tag_image(&self, image: &str, tag: &ImageRef) -> Result<()> {
        self.call("image.tag", image, |state| state.tag(image, tag.as_str())).await
    }

    async fn remove_image(&self, image: &str) -> Result<()> {
        self.call("image.remove", image, |state| state.remove_image(image)).await
    }

    async fn create_container(&self, spec: &ContainerSpec) -> Result<String> {
        self.call("container.create", &spec.name, |state| state.create(spec)).await
    }

    async fn start_container(&self, id: &str) -> Result<()> {
        self.call("container.start", id, |state| state.start(id)).await
    }

    async fn stop_container(&self, id: &str, grace: Duration) -> Result<()> {
        let stubborn = self.call("container.stop", id, |state| state.ask_to_stop(id)).await?;
        if stubborn {
            sleep(grace).await;
            let mut state = self.state();
            state.settle();
            if let Some(id) = state.find(id).filter(|found| found.is_running()).map(|found| found.id.clone())
            {
                state.end(&id, Instant::now(), 137, false);
            }
        }
        Ok(())
    }

    async fn remove_container(&self, id: &str) -> Result<()> {
        self.call("container.remove", id, |state| {
            state.remove(id);
            Ok(())
        })
        .await
    }

    async fn inspect_container(&self, id: &str) -> Result<ContainerInfo> {
        self.call("container.inspect", id, |state| {
            state
                .find(id)
                .map(container::Container::info)
                .ok_or_else(|| missing("container.inspect", "container", id))
        })
        .await
    }

    async fn list_containers(&self, filter: &ContainerFilter) -> Result<Vec<ContainerSummary>> {
        self.call("container.list", "", |state| {
            let containers =
                state.containers.values().filter(|container| matches(&container.spec.labels, filter));
            let mut found: Vec<_> = containers.map(|container| container.summary(&state.networks)).collect();
            found.sort_by(|a, b| a.name.cmp(&b.name));
            Ok(found)
        })
        .await
    }

    async fn create_network(&self, spec: &NetworkSpec) -> Result<()> {
        self.call("network.create", &spec.name, |state| {
            state.create_network(spec);
            Ok(())
        })
        .await
    }

    async fn connect_network(&self, network: &str, container: &str) -> Result<()> {
        self.call("network.connect", network, |state| state.connect(network, container)).await
    }

    async fn disconnect_network(&self, network: &str, container: &str) -> Result<()> {
        self.call("network.disconnect", network, |state| {
            if let Some(found) = state.find_mut(container) {
                found.networks.remove(network);
            }
            Ok(())
        })
        .await
    }

    async fn remove_network(&self, name: &str) -> Result<()> {
        self.call("network.remove", name, |state| state.remove_network(name)).await
    }

    async fn list_networks(&self, filter: &ContainerFilter) -> Result<Vec<NetworkInfo>> {
        self.call("network.list", "", |state| {
            Ok(state.networks.values().filter(|network| matches(&network.labels, filter)).cloned().collect())
        })
        .await
    }

    async fn create_volume(&self, name: &str, labels: &BTreeMap<String, String>) -> Result<()> {
        self.call("volume.create", name, |state| {
            state.volumes.entry(name.to_owned()).or_insert_with(|| state::Volume::new(labels));
            Ok(())
        })
        .await
    }

    async fn remove_volume(&self, name: &str) -> Result<()> {
        self.call("volume.remove", name, |state| state.remove_volume(name)).await
    }

    async fn list_volumes(&self, filter: &ContainerFilter) -> Result<Vec<VolumeInfo>> {
        self.call("volume.list", "", |state| {
            let volumes = state.volumes.iter().filter(|(_, volume)| matches(&volume.labels, filter));
            Ok(volumes
                .map(|(name, volume)| VolumeInfo {
                    name: name.clone(),
                    labels: volume.labels.clone(),
                    options: BTreeMap::new(),
                })
                .collect())
        })
        .await
    }

    async fn exec(&self, id: &str, spec: &ExecSpec) -> Result<ExecOutput> {
        self.call("container.exec", id, |state| {
            let container = state.find(id).ok_or_else(|| missing("container.exec", "container", id))?;
            if !container.is_running() {
                return Err(Error::new(ErrorKind::Conflict, "container.exec", "the container does not run"));
            }
            let id = container.id.clone();
            state.exec(&id, &spec.command, spec.user)
        })
        .await
    }

    async fn upload(&self, id: &str, path: &str, archive: Vec<u8>) -> Result<()> {
        self.call("container.upload", id, |state| state.upload(id, path, &archive)).await
    }

    async fn logs(&self, id: &str, options: &LogOptions) -> Result<BoxStream<'static, Result<LogLine>>> {
        let found = self
            .call("container.logs", id, |state| {
                let container = state.find(id).ok_or_else(|| missing("container.logs", "container", id))?;
                let since = options
                    .since
                    .map_or(0, |since| u64::try_from(since.0).unwrap_or(0) * 1_000_000 + 999_999);
                let after = options.after.map_or(since, |after| after.as_nanos().max(since));
                let mut lines: Vec<_> =
                    container.logs.iter().filter(|line| line.cursor.as_nanos() > after).cloned().collect();
                if let Some(tail) = options.tail {
                    lines.drain(..lines.len().saturating_sub(tail as usize));
                }
                Ok((container.id.clone(), lines, container.logs.len()))
            })
            .await?;
        let (id, lines, seen) = found;
        let now = stream::iter(lines.into_iter().map(Ok));
        if !options.follow {
            return Ok(now.boxed());
        }
        let later = stream::unfold((self.clone(), seen), move |(engine, seen)| {
            let id = id.clone();
            async move {
                loop {
                    {
                        let mut state = engine.state();
                        state.settle();
                        let container = state.find(&id)?;
                        if let Some(line) = container.logs.get(seen) {
                            let line = line.clone();
                            drop(state);
                            return Some((Ok(line), (engine, seen + 1)));
                        }
                        if !container.is_running() {
                            return None;
                        }
                    }
                    sleep(TICK).await;
                }
            }
        });
        Ok(now.chain(later).boxed())
    }

    async fn stats(&self, id: &str) -> Result<ContainerStats> {
        self.call("container.stats", id, |state| {
            let container = state.find(id).ok_or_else(|| missing("container.stats", "container", id))?;
            Ok(container.stats())
        })
        .await
    }

    async fn events(&self, filter: &ContainerFilter) -> Result<BoxStream<'static, Result<RuntimeEvent>>> {
        let seen = self.call("runtime.events", "", |state| Ok(state.events.len())).await?;
        let filter = filter.clone();
        Ok(stream::unfold((self.clone(), seen), move |(engine, mut seen)| {
            let filter = filter.clone();
            async move {
                loop {
                    {
                        let mut state = engine.state();
                        state.settle();
                        while let Some(event) = state.events.get(seen) {
                            seen += 1;
                            if matches(&event.attributes, &filter) {
                                let event = event.clone();
                                drop(state);
                                return Some((Ok(event), (engine, seen)));
                            }
                        }
                    }
                    sleep(TICK).await;
                }
            }
        })
        .boxed())
    }
}

impl FakeRuntime {
    /// The states of all containers by name: what a test compares with the store.
    #[must_use]
    pub fn census(&self) -> BTreeMap<String, ContainerState> {
        let mut state = self.state();
        state.settle();
        state.containers.values().map(|container| (container.spec.name.clone(), container.state)).collect()
    }
}
