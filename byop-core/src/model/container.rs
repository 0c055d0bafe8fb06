//! Containers, networks and volumes, as every container engine has them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::app::{ResourceLimits, UserSpec};
use super::image::Builder;
use super::port::Protocol;
use super::setup::ContainerSetup;
use crate::clock::Timestamp;
use crate::error::{Error, Result};

/// What an engine is and can do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct RuntimeInfo {
    /// A stable id of the engine.
    pub id: String,
    /// The version of the engine.
    pub version: String,
    /// The newest API version that it speaks, such as `1.41`.
    pub api_version: String,
    /// The builder that this engine and this client can use together.
    pub builder: Builder,
    /// Whether it runs on this machine, reached by a local socket.
    pub is_local: bool,
    /// Processors.
    pub cpus: u32,
    /// Memory in bytes.
    pub memory_bytes: u64,
    /// Operating system of containers, such as `linux`.
    pub os: String,
    /// Architecture, such as `x86_64`.
    pub architecture: String,
}

impl RuntimeInfo {
    /// An engine with everything but its id unknown.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            version: String::new(),
            api_version: String::new(),
            builder: Builder::Classic,
            is_local: false,
            cpus: 0,
            memory_bytes: 0,
            os: String::new(),
            architecture: String::new(),
        }
    }
}

/// A container to create. The defaults are the hardened ones: no capability, no new privileges, read-only root.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ContainerSpec {
    /// Unique on the engine.
    pub name: String,
    /// The image, by name or id.
    pub image: String,
    /// Replaces the image's entry point.
    pub entrypoint: Option<Vec<String>>,
    /// Replaces the image's command.
    pub command: Option<Vec<String>>,
    /// Environment variables. Values are never logged.
    pub env: BTreeMap<String, crate::secret::Secret>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// The user that it runs as, in place of the image's.
    pub user: Option<UserSpec>,
    /// The networks to join, by name; the first is the primary one. Empty: the engine's default.
    pub networks: Vec<String>,
    /// Joins the network of this container instead of any of `networks`.
    pub share_network_with: Option<String>,
    /// Further names in its networks.
    pub aliases: Vec<String>,
    /// Volumes.
    pub mounts: Vec<MountSpec>,
    /// Folders in memory, writable: path to size in bytes.
    pub tmpfs: BTreeMap<String, u64>,
    /// Ports published on the host.
    pub ports: Vec<PortBinding>,
    /// Limits; none for a container of the platform itself.
    pub resources: Option<ResourceLimits>,
    /// Capabilities to add to none.
    pub capabilities: Vec<String>,
    /// Whether the root file system can be written to.
    pub writable_root: bool,
    /// What happens when it ends.
    pub restart: RestartPolicy,
    /// Runs a minimal init as process 1 that reaps orphans and hands on signals.
    pub init: bool,
    /// Seconds between the stop signal and the end.
    pub stop_timeout_seconds: u32,
    /// The check that the engine runs inside; `None` keeps the image's.
    pub health: Option<ContainerHealth>,
}

impl ContainerSpec {
    /// A hardened container.
    #[must_use]
    pub fn new(name: impl Into<String>, image: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            image: image.into(),
            entrypoint: None,
            command: None,
            env: BTreeMap::new(),
            labels: BTreeMap::new(),
            user: None,
            networks: Vec::new(),
            share_network_with: None,
            aliases: Vec::new(),
            mounts: Vec::new(),
            tmpfs: BTreeMap::new(),
            ports: Vec::new(),
            resources: None,
            capabilities: Vec::new(),
            writable_root: false,
            restart: RestartPolicy::No,
            init: false,
            stop_timeout_seconds: 10,
            health: None,
        }
    }
}

/// A volume mounted into a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MountSpec {
    /// The name of the volume.
    pub volume: String,
    /// Where it appears; absolute.
    pub path: String,
    /// Whether the container can only read it.
    pub read_only: bool,
}

/// A port of the host that leads to a port of a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PortBinding {
    /// The address of the host to listen on, such as `127.0.0.1`.
    pub host_ip: String,
    /// The port of the host; 0 lets the engine choose.
    pub host_port: u16,
    /// The port of the container.
    pub container_port: u16,
    /// `tcp` unless set.
    #[serde(default)]
    pub protocol: Protocol,
}

/// What happens when a container ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RestartPolicy {
    /// It stays ended.
    No,
    /// It is started again, after a crash and a reboot too, unless it was stopped on purpose.
    UnlessStopped,
}

/// A check that the engine runs inside a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ContainerHealth {
    /// The argument list; empty switches the image's check off.
    pub command: Vec<String>,
    /// Seconds between checks.
    pub interval_seconds: u32,
    /// Seconds after which a check counts as failed.
    pub timeout_seconds: u32,
    /// Failed checks in a row that make it unhealthy.
    pub retries: u32,
    /// Seconds in which failures do not count.
    pub start_period_seconds: u32,
}

/// What a container is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ContainerState {
    /// Made, never started.
    Created,
    /// Its process runs.
    Running,
    /// Frozen.
    Paused,
    /// It ended and the engine starts it again.
    Restarting,
    /// It ended.
    Exited,
    /// The engine could not remove or stop it properly.
    Dead,
}

/// A container as the engine sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ContainerInfo {
    /// The engine's id.
    pub id: String,
    /// Its name, without a leading slash.
    pub name: String,
    /// The image, as it was asked for.
    pub image: String,
    /// The id of the image that really runs.
    pub image_id: String,
    /// What it is doing.
    pub state: ContainerState,
    /// Whether Docker's health check passes; `None` without a check, or before its first result.
    pub healthy: Option<bool>,
    /// The exit code of the last run; meaningful when it has exited.
    pub exit_code: i64,
    /// Whether the last run was killed for using too much memory.
    pub oom_killed: bool,
    /// How often the engine has restarted it.
    pub restarts: u64,
    /// The engine's own error, such as a missing program.
    pub error: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its addresses, by network.
    pub addresses: BTreeMap<String, String>,
    /// Published ports.
    pub ports: Vec<PortBinding>,
    /// When it was made.
    #[serde(default)]
    pub created_at: Option<Timestamp>,
    /// When its last run began; none before the first.
    #[serde(default)]
    pub started_at: Option<Timestamp>,
    /// How it was set up. Not part of the JSON form.
    #[serde(skip)]
    pub setup: ContainerSetup,
}

/// A line of a list of containers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ContainerSummary {
    /// The engine's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The image, as it was asked for.
    pub image: String,
    /// The id of the image that it was made from.
    #[serde(default)]
    pub image_id: String,
    /// What it is doing.
    pub state: ContainerState,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Published ports.
    pub ports: Vec<PortBinding>,
    /// The networks that it is in, running or not: name to the network's id.
    #[serde(default)]
    pub networks: BTreeMap<String, String>,
    /// The volumes that it mounts, by name.
    #[serde(default)]
    pub volumes: Vec<String>,
}

/// Which containers, networks or volumes to list: those that have all of these labels.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ContainerFilter {
    /// Labels; an empty value matches any.
    pub labels: BTreeMap<String, String>,
}

impl ContainerFilter {
    /// Everything.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// Only what has this label with this value; an empty value matches any.
    #[must_use]
    pub fn with_label(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.insert(key.into(), value.into());
        self
    }
}

/// A network to create.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NetworkSpec {
    /// Unique on the engine.
    pub name: String,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Whether it has no way out.
    pub internal: bool,
}

/// A network of the engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct NetworkInfo {
    /// The engine's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Whether it has no way out.
    #[serde(default)]
    pub internal: bool,
}

/// A volume of the engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct VolumeInfo {
    /// Its name.
    pub name: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Settings of its driver: a volume of byop has none. One that leads elsewhere, such as to another machine, does.
    #[serde(default)]
    pub options: BTreeMap<String, String>,
}

/// A command to run inside a running container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ExecSpec {
    /// The argument list; no shell is involved.
    pub command: Vec<String>,
    /// Runs as this user instead of the container's.
    pub user: Option<UserSpec>,
}

impl ExecSpec {
    /// A command as the container's own user.
    #[must_use]
    pub fn new<T: Into<String>>(command: impl IntoIterator<Item = T>) -> Self {
        Self { command: command.into_iter().map(Into::into).collect(), user: None }
    }
}

/// What a command printed, and how it ended. Output beyond 1 MiB a stream is cut.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ExecOutput {
    /// The exit code.
    pub exit_code: i64,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// Which log lines to give.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct LogOptions {
    /// Only the last so many lines.
    pub tail: Option<u32>,
    /// Only lines after this millisecond.
    pub since: Option<Timestamp>,
    /// Only lines after the one with this cursor: goes on exactly where one stopped.
    pub after: Option<LogCursor>,
    /// Whether to wait for further lines until the container ends.
    pub follow: bool,
}

impl LogOptions {
    /// All lines so far.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// The last `lines` lines so far.
    #[must_use]
    pub fn tail(lines: u32) -> Self {
        Self { tail: Some(lines), ..Self::default() }
    }

    /// Waits for further lines.
    #[must_use]
    pub fn with_follow(mut self) -> Self {
        self.follow = true;
        self
    }

    /// Goes on after the line with this cursor.
    #[must_use]
    pub fn with_after(mut self, cursor: LogCursor) -> Self {
        self.after = Some(cursor);
        self
    }

    /// Only lines after this millisecond.
    #[must_use]
    pub fn with_since(mut self, since: Timestamp) -> Self {
        self.since = Some(since);
        self
    }
}

/// The position of a line in a container's log, more precise than its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(with = "String"))]
#[serde(try_from = "String", into = "String")]
pub struct LogCursor(u64);

impl LogCursor {
    /// The place of a line that the engine read at this nanosecond since 1970.
    #[must_use]
    pub fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since 1970.
    #[must_use]
    pub fn as_nanos(self) -> u64 {
        self.0
    }
}

impl TryFrom<String> for LogCursor {
    type Error = Error;
    fn try_from(text: String) -> Result<Self> {
        text.parse()
            .map(Self)
            .map_err(|error| Error::invalid("log.cursor", "this is not a place in a log").with_source(error))
    }
}

impl From<LogCursor> for String {
    fn from(cursor: LogCursor) -> Self {
        cursor.0.to_string()
    }
}

/// Where a log line came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LogStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// One line of a container's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LogLine {
    /// The container's name.
    pub container: String,
    /// When the engine read it.
    pub time: Timestamp,
    /// Its position, for `after` of `logs`.
    pub cursor: LogCursor,
    /// Where it came from.
    pub stream: LogStream,
    /// The text, without its line end.
    pub text: String,
}

/// What a container uses at one moment.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ContainerStats {
    /// The container's name.
    pub container: String,
    /// Share of one processor in percent: 150 is one and a half. Since the last reading by the same client, or
    /// since the start.
    pub cpu_percent: f64,
    /// Processor time since the start, in nanoseconds.
    pub cpu_nanos: u64,
    /// Memory in use in bytes, without the page cache that can be reclaimed.
    pub memory_bytes: u64,
    /// The memory limit in bytes.
    pub memory_limit_bytes: u64,
    /// Processes and threads.
    pub pids: u64,
    /// Bytes received since the start.
    pub network_rx_bytes: u64,
    /// Bytes sent since the start.
    pub network_tx_bytes: u64,
    /// Bytes read from disk since the start; 0 where the kernel does not count.
    pub block_read_bytes: u64,
    /// Bytes written to disk since the start; 0 where the kernel does not count.
    pub block_write_bytes: u64,
}

/// Something that happened on the engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RuntimeEvent {
    /// When.
    pub time: Timestamp,
    /// The kind of object, such as `container`.
    pub object: String,
    /// What happened, such as `die`.
    pub action: String,
    /// The engine's id of the object.
    pub id: String,
    /// Labels and attributes of the object.
    pub attributes: BTreeMap<String, String>,
}
