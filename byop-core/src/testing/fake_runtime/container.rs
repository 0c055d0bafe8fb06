//! The life of a fake container.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::missing;
use super::program::{FakeHealth, FakeProgram};
use super::state::{Files, State};
use crate::clock::Timestamp;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{
    ContainerInfo, ContainerSetup, ContainerSpec, ContainerState, ContainerStats, ContainerSummary,
    ImageInfo, LogCursor, LogLine, NetworkInfo, PortBinding, RestartPolicy,
};

/// The engine's first pause before a restart; it doubles with each.
const BACKOFF: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(super) struct Container {
    pub(super) id: String,
    pub(super) image_id: String,
    pub(super) spec: ContainerSpec,
    pub(super) program: FakeProgram,
    pub(super) state: ContainerState,
    /// Addresses by network.
    pub(super) networks: BTreeMap<String, String>,
    pub(super) logs: Vec<LogLine>,
    pub(super) root: Files,
    pub(super) memory: Files,
    has_image_check: bool,
    started: Option<Instant>,
    restart_at: Option<Instant>,
    printed: usize,
    exit_code: i64,
    oom_killed: bool,
    restarts: u64,
    error: String,
    stop_wanted: bool,
    healthy: Option<bool>,
    ports: Vec<PortBinding>,
    image: ImageInfo,
    hazards: Vec<String>,
}

impl Container {
    /// Makes it another container than the one that was asked for.
    pub(super) fn edit(&mut self, change: impl FnOnce(&mut ContainerSpec, &mut Vec<String>)) {
        change(&mut self.spec, &mut self.hazards);
    }

    pub(super) fn pause(&mut self) {
        if self.is_running() {
            self.state = ContainerState::Paused;
        }
    }

    pub(super) fn is_running(&self) -> bool {
        self.state == ContainerState::Running
    }

    fn age(&self, now: Instant) -> Duration {
        self.started.map_or(Duration::ZERO, |started| now.saturating_duration_since(started))
    }

    pub(super) fn answer(&self, port: u16) -> Option<String> {
        let listens = self.is_running() && self.age(Instant::now()) >= self.program.boot;
        (listens && self.program.listens == Some(port)).then(|| self.program.answer.clone())
    }

    pub(super) fn info(&self) -> ContainerInfo {
        ContainerInfo {
            id: self.id.clone(),
            name: self.spec.name.clone(),
            image: self.spec.image.clone(),
            image_id: self.image_id.clone(),
            state: self.state,
            healthy: self.healthy,
            exit_code: self.exit_code,
            oom_killed: self.oom_killed,
            restarts: self.restarts,
            error: self.error.clone(),
            labels: self.spec.labels.clone(),
            addresses: if self.is_running() { self.networks.clone() } else { BTreeMap::new() },
            ports: self.published(),
            created_at: None,
            started_at: None,
            setup: {
                let mut setup = ContainerSetup::of(&self.spec, &self.image);
                setup.hazards.clone_from(&self.hazards);
                setup
            },
        }
    }

    pub(super) fn summary(&self, networks: &BTreeMap<String, NetworkInfo>) -> ContainerSummary {
        let id_of = |name: &String| networks.get(name).map(|network| network.id.clone()).unwrap_or_default();
        ContainerSummary {
            id: self.id.clone(),
            name: self.spec.name.clone(),
            image: self.spec.image.clone(),
            image_id: self.image_id.clone(),
            state: self.state,
            labels: self.spec.labels.clone(),
            ports: self.published(),
            networks: self.networks.keys().map(|name| (name.clone(), id_of(name))).collect(),
            volumes: self.spec.mounts.iter().map(|mount| mount.volume.clone()).collect(),
        }
    }

    fn published(&self) -> Vec<PortBinding> {
        if self.is_running() { self.ports.clone() } else { Vec::new() }
    }

    pub(super) fn stats(&self) -> ContainerStats {
        let mut stats = ContainerStats { container: self.spec.name.clone(), ..Default::default() };
        if self.is_running() {
            let limits = self.spec.resources.as_ref();
            stats.cpu_nanos = u64::try_from(self.age(Instant::now()).as_millis()).unwrap_or(0) + 1;
            stats.memory_bytes = self.program.memory_bytes;
            stats.memory_limit_bytes = limits.map_or(8 << 30, |limits| limits.memory_bytes);
            stats.pids = u64::from(self.program.processes);
        }
        stats
    }

    /// When and how the program ends by itself, if nobody stops it.
    fn end_of_run(&self) -> Option<(Instant, i64, bool)> {
        let started = self.started?;
        let booted = started + self.program.boot;
        if let Some(limits) = &self.spec.resources {
            if limits.memory_bytes > 0 && self.program.memory_bytes > limits.memory_bytes {
                return Some((booted, 137, true));
            }
            if limits.pids > 0 && self.program.processes > limits.pids {
                return Some((booted, 1, false));
            }
        }
        self.program.exit.map(|(after, code)| (started + after, code, false))
    }

    fn check(&self, now: Instant) -> Option<bool> {
        let started = self.started.filter(|_| self.is_running())?;
        let seconds = |count: u32| Duration::from_secs(u64::from(count));
        let (interval, patience, verdict) = match &self.spec.health {
            Some(check) if check.command.is_empty() => return None,
            Some(check) => {
                let patience =
                    seconds(check.start_period_seconds) + seconds(check.interval_seconds) * check.retries;
                let verdict = match check.command[0].as_str() {
                    "true" => Some(FakeHealth::After(Duration::ZERO)),
                    "false" => Some(FakeHealth::Never),
                    _ => None,
                };
                (seconds(check.interval_seconds), patience, verdict)
            }
            None if self.has_image_check => (seconds(1), seconds(3), None),
            None => return None,
        };
        let passes = match verdict.unwrap_or(self.program.health) {
            FakeHealth::Never => None,
            FakeHealth::After(wait) => Some(started + wait.max(interval)),
            FakeHealth::WhenListening => Some(started + self.program.boot.max(interval)),
        };
        match passes {
            Some(passes) if now >= passes => Some(true),
            _ if now >= started + patience => Some(false),
            _ => None,
        }
    }
}

impl State {
    pub(super) fn create(&mut self, spec: &ContainerSpec) -> Result<String> {
        let operation = "container.create";
        let fits = |b: u8| b.is_ascii_alphanumeric() || b"_.-".contains(&b);
        if !spec.name.bytes().all(fits) || !spec.name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            return Err(Error::invalid(operation, "this is not a valid name")
                .with_context("name", spec.name.escape_default()));
        }
        for mount in &spec.mounts {
            if !self.volumes.contains_key(&mount.volume) {
                return Err(missing(operation, "volume", &mount.volume));
            }
        }
        for network in &spec.networks {
            if !self.networks.contains_key(network) {
                return Err(missing(operation, "network", network));
            }
        }
        let image = self.image(&spec.image).map_err(|error| error.with_operation(operation))?.clone();
        if let Some(found) = self.containers.values().find(|found| found.spec.name == spec.name) {
            let key = |labels: &BTreeMap<String, String>| labels.get("byop.key").cloned();
            if key(&spec.labels).is_none() || key(&found.spec.labels) != key(&spec.labels) {
                return Err(Error::new(
                    ErrorKind::AlreadyExists,
                    operation,
                    "another container has this name",
                )
                .with_context("container", &spec.name));
            }
            let id = found.id.clone();
            for network in &spec.networks {
                self.connect(network, &id)?;
            }
            return Ok(id);
        }
        let id = self.next_id();
        let networks = spec.networks.iter().map(|name| (name.clone(), self.next_address())).collect();
        let container = Container {
            id: id.clone(),
            image_id: image.info.id.clone(),
            program: self.program(spec, &image),
            spec: spec.clone(),
            state: ContainerState::Created,
            networks,
            logs: Vec::new(),
            root: Files::new(),
            memory: Files::new(),
            has_image_check: image.info.has_health_check,
            started: None,
            restart_at: None,
            printed: 0,
            exit_code: 0,
            oom_killed: false,
            restarts: 0,
            error: String::new(),
            stop_wanted: false,
            healthy: None,
            ports: Vec::new(),
            image: image.info.clone(),
            hazards: Vec::new(),
        };
        self.event("container", "create", &id, &spec.labels);
        self.containers.insert(id.clone(), container);
        Ok(id)
    }

    pub(super) fn start(&mut self, id: &str) -> Result<()> {
        let operation = "container.start";
        let container = self.find(id).ok_or_else(|| missing(operation, "container", id))?;
        if container.is_running() {
            return Ok(());
        }
        if !container.program.can_start {
            let error = Error::invalid(operation, "executable file not found").with_context("container", id);
            if let Some(container) = self.find_mut(id) {
                container.error = error.message().to_owned();
                container.exit_code = 127;
            }
            return Err(error);
        }
        let (id, labels) = (container.id.clone(), container.spec.labels.clone());
        let mut ports = container.spec.ports.clone();
        for port in &mut ports {
            if port.host_port == 0 {
                port.host_port = 32_768 + u16::try_from(self.next() % 20_000).unwrap_or(0);
            }
            let taken =
                self.containers.values().filter(|other| other.is_running()).flat_map(|other| &other.ports);
            if taken.into_iter().any(|other| overlaps(other, port)) {
                return Err(Error::new(ErrorKind::Conflict, operation, "a published port is already taken")
                    .with_context("port", port.host_port));
            }
        }
        let looks = self.socket_table(&id);
        if let Some(container) = self.containers.get_mut(&id) {
            container.program = looks.unwrap_or_else(|| container.program.clone());
            container.ports = ports;
            container.stop_wanted = false;
            container.restarts = 0;
            container.run(Instant::now());
        }
        self.event("container", "start", &id, &labels);
        self.settle();
        Ok(())
    }

    /// What `cat /proc/net/tcp` prints in the network of another container.
    fn socket_table(&self, id: &str) -> Option<FakeProgram> {
        let spec = &self.containers.get(id)?.spec;
        if !spec.command.as_ref()?.iter().any(|word| word == "/proc/net/tcp") {
            return None;
        }
        let mut program = FakeProgram::exiting(0).with_line("  sl  local_address rem_address   st");
        let owner = self.find(spec.share_network_with.as_ref()?)?;
        if let Some(port) = owner.program.listens.filter(|port| owner.answer(*port).is_some()) {
            program = program.with_line(format!("   0: 00000000:{port:04X} 00000000:0000 0A 0"));
        }
        Some(program)
    }

    /// Whether the program has to be ended by force.
    pub(super) fn ask_to_stop(&mut self, id: &str) -> Result<bool> {
        let container = self.find_mut(id).ok_or_else(|| missing("container.stop", "container", id))?;
        container.stop_wanted = true;
        container.restart_at = None;
        if container.state == ContainerState::Restarting {
            container.state = ContainerState::Exited;
        }
        if !container.is_running() || container.program.ignores_stop {
            return Ok(container.is_running());
        }
        let id = container.id.clone();
        self.end(&id, Instant::now(), 0, false);
        Ok(false)
    }

    /// Ends a run. The engine then starts it again, or does not.
    pub(super) fn end(&mut self, id: &str, at: Instant, exit_code: i64, oom_killed: bool) {
        let Some(container) = self.containers.get_mut(id) else { return };
        container.exit_code = exit_code;
        container.oom_killed = oom_killed;
        container.healthy = None;
        container.state = ContainerState::Exited;
        if container.spec.restart == RestartPolicy::UnlessStopped && !container.stop_wanted {
            let doubled = u32::try_from(container.restarts.min(9)).unwrap_or(9);
            container.state = ContainerState::Restarting;
            container.restart_at = Some(at + BACKOFF * 2_u32.pow(doubled));
        }
        let labels = container.spec.labels.clone();
        self.event("container", "die", id, &labels);
    }

    pub(super) fn remove(&mut self, id: &str) {
        let Some(id) = self.find(id).map(|found| found.id.clone()) else { return };
        if let Some(container) = self.containers.remove(&id) {
            self.event("container", "destroy", &id, &container.spec.labels);
        }
    }

    /// Lets everything happen that is due by now.
    pub(super) fn settle(&mut self) {
        let now = Instant::now();
        let ids: Vec<_> = self.containers.keys().cloned().collect();
        for id in ids {
            // Each round is one end or one restart; more than this at once is a program that never runs.
            for _ in 0..64 {
                if !self.advance(&id, now) {
                    break;
                }
            }
            if let Some(container) = self.containers.get_mut(&id) {
                container.healthy = container.check(now);
            }
        }
    }

    /// Whether something changed.
    fn advance(&mut self, id: &str, now: Instant) -> bool {
        self.print(id, now);
        let Some(container) = self.containers.get_mut(id) else { return false };
        if let Some(at) = container.restart_at.filter(|at| *at <= now) {
            container.restart_at = None;
            container.restarts += 1;
            container.run(at);
            return true;
        }
        match container.end_of_run().filter(|(at, ..)| container.is_running() && *at <= now) {
            Some((at, code, oom_killed)) => {
                self.end(id, at, code, oom_killed);
                true
            }
            None => false,
        }
    }

    fn print(&mut self, id: &str, now: Instant) {
        let Some(container) = self.containers.get(id).filter(|container| container.is_running()) else {
            return;
        };
        let until = container.end_of_run().map_or(now, |(end, ..)| end.min(now));
        let started = container.started.unwrap_or(now);
        let due: Vec<_> = container.program.lines[container.printed..]
            .iter()
            .take_while(|(after, ..)| started + *after <= until)
            .cloned()
            .collect();
        let mut last = container.logs.last().map_or(0, |line| line.cursor.as_nanos());
        let name = container.spec.name.clone();
        let mut lines = Vec::new();
        for (after, stream, text) in due {
            last = self.nanos(started + after).max(last + 1);
            lines.push(LogLine {
                container: name.clone(),
                time: Timestamp(i64::try_from(last / 1_000_000).unwrap_or(i64::MAX)),
                cursor: LogCursor::from_nanos(last),
                stream,
                text,
            });
        }
        if let Some(container) = self.containers.get_mut(id) {
            container.printed += lines.len();
            container.logs.extend(lines);
        }
    }
}

/// Whether the two cannot be published at the same time.
fn overlaps(a: &PortBinding, b: &PortBinding) -> bool {
    let any = |port: &PortBinding| matches!(port.host_ip.as_str(), "0.0.0.0" | "::");
    (a.protocol, a.host_port) == (b.protocol, b.host_port) && (a.host_ip == b.host_ip || any(a) || any(b))
}

impl Container {
    fn run(&mut self, at: Instant) {
        self.state = ContainerState::Running;
        self.started = Some(at);
        self.printed = 0;
        self.oom_killed = false;
        self.healthy = None;
        self.error.clear();
        self.memory.clear();
    }
}
