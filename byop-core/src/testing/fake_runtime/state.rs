//! All that a fake engine knows.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

use super::container::Container;
use super::faults::{self, Fault};
use super::missing;
use super::program::FakeProgram;
use crate::clock::Timestamp;
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{ContainerSpec, ImageInfo, NetworkInfo, NetworkSpec, RuntimeEvent};

/// The files of a container or a volume, by absolute or relative path.
pub(super) type Files = BTreeMap<String, Vec<u8>>;

#[derive(Debug, Clone)]
pub(super) struct Image {
    pub(super) info: ImageInfo,
    pub(super) program: FakeProgram,
}

#[derive(Debug, Default)]
pub(super) struct Volume {
    pub(super) labels: BTreeMap<String, String>,
    pub(super) files: Files,
}

impl Volume {
    pub(super) fn new(labels: &BTreeMap<String, String>) -> Self {
        Self { labels: labels.clone(), files: Files::new() }
    }
}

#[derive(Debug, Default)]
pub(super) struct State {
    /// By id.
    pub(super) images: BTreeMap<String, Image>,
    /// By id.
    pub(super) containers: BTreeMap<String, Container>,
    pub(super) networks: BTreeMap<String, NetworkInfo>,
    pub(super) volumes: BTreeMap<String, Volume>,
    pub(super) programs: BTreeMap<String, FakeProgram>,
    pub(super) events: Vec<RuntimeEvent>,
    pub(super) faults: Vec<Fault>,
    pub(super) calls: Vec<String>,
    pub(super) build_time: Duration,
    counter: u64,
    /// The same moment on both clocks.
    epoch: Option<(Instant, u64)>,
}

impl State {
    /// A number that was not given before.
    pub(super) fn next(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }

    /// An id that looks like an engine's.
    pub(super) fn next_id(&mut self) -> String {
        let number = self.next();
        Digest::of(format!("fake {number}")).as_str().trim_start_matches("sha256:").to_owned()
    }

    /// Nanoseconds since 1970 of a moment.
    pub(super) fn nanos(&mut self, moment: Instant) -> u64 {
        let (start, nanos) = *self.epoch.get_or_insert_with(|| {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            (Instant::now(), u64::try_from(since.as_nanos()).unwrap_or(0))
        });
        let passed = |duration: Duration| u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        match moment.checked_duration_since(start) {
            Some(after) => nanos.saturating_add(passed(after)),
            None => nanos.saturating_sub(passed(start.duration_since(moment))),
        }
    }

    /// Records the call and gives the fault that is meant for it.
    pub(super) fn fault(&mut self, operation: &str, subject: &str) -> Option<Fault> {
        self.calls.push(format!("{operation} {subject}").trim_end().to_owned());
        faults::due(&mut self.faults, operation, subject)
    }

    pub(super) fn event(&mut self, object: &str, action: &str, id: &str, labels: &BTreeMap<String, String>) {
        let nanos = self.nanos(Instant::now());
        self.events.push(RuntimeEvent {
            time: Timestamp(i64::try_from(nanos / 1_000_000).unwrap_or(i64::MAX)),
            object: object.to_owned(),
            action: action.to_owned(),
            id: id.to_owned(),
            attributes: labels.clone(),
        });
    }

    pub(super) fn find(&self, id: &str) -> Option<&Container> {
        self.containers.get(id).or_else(|| self.containers.values().find(|found| found.spec.name == id))
    }

    pub(super) fn find_mut(&mut self, id: &str) -> Option<&mut Container> {
        let id = self.find(id)?.id.clone();
        self.containers.get_mut(&id)
    }

    // Images

    pub(super) fn add_image(&mut self, name: &str, program: FakeProgram) {
        let mut info = ImageInfo::new(format!("sha256:{}", self.next_id()));
        info.size_bytes = 1 << 20;
        info.exposed_ports = program.listens.into_iter().collect();
        self.keep_image(info, name, program);
    }

    /// Adds an image under a name, taking the name from any other.
    pub(super) fn keep_image(&mut self, mut info: ImageInfo, name: &str, program: FakeProgram) {
        let id = info.id.clone();
        if !self.images.contains_key(&id) {
            // Later images are newer, however little time passes.
            let newest = self.images.values().map(|image| image.info.created_at.0).max();
            info.created_at = Timestamp(newest.unwrap_or(0) + 1);
            self.images.insert(id.clone(), Image { info, program });
        }
        self.name_image(&id, name);
    }

    fn name_image(&mut self, id: &str, name: &str) {
        let name = full_name(name);
        for image in self.images.values_mut() {
            image.info.tags.retain(|tag| *tag != name);
        }
        if let Some(image) = self.images.get_mut(id) {
            image.info.tags.push(name);
            image.info.tags.sort();
        }
    }

    pub(super) fn image(&self, name: &str) -> Result<&Image> {
        let full = full_name(name);
        self.images
            .get(name)
            .or_else(|| self.images.values().find(|image| image.info.tags.contains(&full)))
            .ok_or_else(|| missing("image.inspect", "image", name))
    }

    pub(super) fn pull(&self, name: &str) -> Result<()> {
        self.image(name).map(drop).map_err(|error| error.with_operation("image.pull"))
    }

    pub(super) fn tag(&mut self, image: &str, tag: &str) -> Result<()> {
        let id = self.image(image).map_err(|error| error.with_operation("image.tag"))?.info.id.clone();
        self.name_image(&id, tag);
        Ok(())
    }

    pub(super) fn remove_image(&mut self, name: &str) -> Result<()> {
        let Ok(image) = self.image(name) else { return Ok(()) };
        let (id, last) = (image.info.id.clone(), image.info.tags.len() < 2 || image.info.id == name);
        if last && self.containers.values().any(|container| container.image_id == id) {
            return Err(Error::new(ErrorKind::Conflict, "image.remove", "a container uses the image")
                .with_context("image", name));
        }
        if last {
            self.images.remove(&id);
        } else if let Some(image) = self.images.get_mut(&id) {
            let name = full_name(name);
            image.info.tags.retain(|tag| *tag != name);
        }
        Ok(())
    }

    /// The program for a container of this image: by prefix of its name, else the image's own.
    pub(super) fn program(&self, spec: &ContainerSpec, image: &Image) -> FakeProgram {
        let names = std::iter::once(&spec.image).chain(&image.info.tags);
        let by_name =
            names.flat_map(|name| self.programs.iter().filter(|(prefix, _)| name.starts_with(*prefix)));
        by_name
            .max_by_key(|(prefix, _)| prefix.len())
            .map_or_else(|| image.program.clone(), |(_, program)| program.clone())
    }

    // Networks and volumes

    pub(super) fn create_network(&mut self, spec: &NetworkSpec) {
        if !self.networks.contains_key(&spec.name) {
            let (id, name, labels) = (self.next_id(), spec.name.clone(), spec.labels.clone());
            self.networks.insert(name.clone(), NetworkInfo { id, name, labels, internal: spec.internal });
        }
    }

    pub(super) fn connect(&mut self, network: &str, container: &str) -> Result<()> {
        if !self.networks.contains_key(network) {
            return Err(missing("network.connect", "network", network));
        }
        let address = self.next_address();
        let found =
            self.find_mut(container).ok_or_else(|| missing("network.connect", "container", container))?;
        found.networks.entry(network.to_owned()).or_insert(address);
        Ok(())
    }

    pub(super) fn next_address(&mut self) -> String {
        let number = self.next();
        format!("10.99.{}.{}", number / 250 % 250, number % 250 + 2)
    }

    pub(super) fn remove_network(&mut self, name: &str) -> Result<()> {
        // As the engine: only running containers hold a network.
        if self.containers.values().any(|found| found.is_running() && found.networks.contains_key(name)) {
            return Err(Error::new(ErrorKind::Conflict, "network.remove", "containers are in the network")
                .with_context("network", name));
        }
        self.networks.remove(name);
        Ok(())
    }

    pub(super) fn remove_volume(&mut self, name: &str) -> Result<()> {
        let used = |found: &Container| found.spec.mounts.iter().any(|mount| mount.volume == name);
        if self.containers.values().any(used) {
            return Err(Error::new(ErrorKind::Conflict, "volume.remove", "a container uses the volume")
                .with_context("volume", name));
        }
        self.volumes.remove(name);
        Ok(())
    }
}

/// A name without a tag means `latest`.
pub(super) fn full_name(name: &str) -> String {
    let tagged = name.contains('@') || name.rsplit_once(':').is_some_and(|(_, tag)| !tag.contains('/'));
    if tagged { name.to_owned() } else { format!("{name}:latest") }
}
