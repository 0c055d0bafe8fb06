//! What a user wants to run.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::build::{self, BuildSpec};
use super::name::{AppName, DomainName, EnvName};
use super::port::{self, PortSpec};
use super::routing::RoutingSpec;
use super::source::Source;
use super::spelling;
use crate::error::{Error, Result};
use crate::secret::SecretRef;

/// An application as its owner wants it: the input of `preview`, `plan` and `deploy`.
///
/// ```
/// use byop_core::model::{AppSpec, Source};
///
/// let spec = AppSpec::new("shop", Source::Directory("./shop".into()))?.with_domain("shop.example.com")?;
/// assert_eq!(spec.name.as_str(), "shop");
/// # Ok::<(), byop_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AppSpec {
    /// Unique within a store.
    pub name: AppName,
    /// Where its files come from.
    pub source: Source,
    /// Host names at which it answers, by plain HTTP. With an empty list, only the engine can reach the app.
    #[serde(default)]
    pub domains: Vec<DomainName>,
    /// Plain environment variables.
    #[serde(default)]
    pub env: BTreeMap<EnvName, String>,
    /// Environment variables whose values are secrets: variable name to secret name, such as `DB_URL` to `db-url`.
    #[serde(default)]
    pub secrets: BTreeMap<EnvName, SecretRef>,
    /// The port it listens on; detected when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// TCP and UDP ports of the host that lead directly to it, besides HTTP.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<PortSpec>,
    /// Overrides of what detection found about the build.
    #[serde(default)]
    pub build: BuildSpec,
    /// Further processes by name, with their command lines: added to those of a Procfile, or replacing them; an empty
    /// line removes one. `web` is the start command. A deployment runs `web` only: the others are written into the
    /// generated compose file and are not started.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub processes: BTreeMap<String, String>,
    /// How its health is checked.
    #[serde(default)]
    pub health: HealthSpec,
    /// Limits of memory, processors and processes.
    #[serde(default)]
    pub resources: ResourceLimits,
    /// Folders that persist across releases.
    #[serde(default)]
    pub volumes: Vec<VolumeSpec>,
    /// Absolute paths of folders that it writes to besides `/tmp`, and whose contents need not persist: added to those
    /// detected.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub writable: Vec<String>,
    /// The add-ons that it needs, by kind, such as `postgresql`, in place of those detected. They are written into the
    /// generated compose file; a deployment does not start them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub addons: Option<Vec<String>>,
    /// The environment variables that it cannot run without, in place of those detected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required_env: Option<Vec<EnvName>>,
    /// The user that it runs as, in place of the image's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserSpec>,
    /// How the proxy treats requests to it.
    #[serde(default)]
    pub routing: RoutingSpec,
}

impl AppSpec {
    /// A spec with defaults for all but name and source.
    ///
    /// # Errors
    /// `InvalidInput` for a bad name.
    pub fn new(name: impl Into<String>, source: Source) -> Result<Self> {
        Ok(Self {
            name: AppName::new(name)?,
            source,
            domains: Vec::new(),
            env: BTreeMap::new(),
            secrets: BTreeMap::new(),
            port: None,
            ports: Vec::new(),
            build: BuildSpec::default(),
            processes: BTreeMap::new(),
            health: HealthSpec::default(),
            resources: ResourceLimits::default(),
            volumes: Vec::new(),
            writable: Vec::new(),
            addons: None,
            required_env: None,
            user: None,
            routing: RoutingSpec::default(),
        })
    }

    /// A spec from its JSON form.
    ///
    /// # Errors
    /// `InvalidInput`, naming the key, and the line and column where the text is no JSON.
    pub fn from_json(text: &str) -> Result<Self> {
        let value: Value = serde_json::from_str(text).map_err(|error| {
            Error::invalid("app.parse", "the spec is not valid JSON")
                .with_context("line", error.line())
                .with_context("column", error.column())
                .with_remedy("correct the text there")
                .with_source(error)
        })?;
        Self::from_value(value)
    }

    /// A spec from its JSON form, parsed already.
    ///
    /// # Errors
    /// `InvalidInput`, naming the key.
    pub fn from_value(value: Value) -> Result<Self> {
        let error = match serde_json::from_value(value.clone()) {
            Ok(spec) => return Ok(spec),
            Err(error) => error,
        };
        // The text quotes what was given.
        let text: String = error.to_string().chars().take(500).flat_map(shown_char).collect();
        let meant = spelling::unknown_field(&error.to_string())
            .and_then(|(given, known)| spelling::closest(given, known).map(str::to_owned));
        let refused = Error::invalid("app.parse", format!("the spec cannot be taken: {text}"));
        Err(match faulty_key(&value) {
            Some(key) => refused.with_context("key", key).with_remedy(match meant {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => "correct the value of this key".into(),
            }),
            None => refused.with_remedy("give an object with at least `name` and `source`"),
        })
    }

    /// Adds a host name.
    ///
    /// # Errors
    /// `InvalidInput` for a bad host name.
    pub fn with_domain(mut self, domain: impl Into<String>) -> Result<Self> {
        self.domains.push(DomainName::new(domain)?);
        Ok(self)
    }

    /// Sets a plain environment variable.
    ///
    /// # Errors
    /// `InvalidInput` for a bad name.
    pub fn with_env(mut self, name: impl Into<String>, value: impl Into<String>) -> Result<Self> {
        self.env.insert(EnvName::new(name)?, value.into());
        Ok(self)
    }

    /// Sets the port that it listens on.
    #[must_use]
    pub fn with_port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// Checks what the types alone cannot.
    ///
    /// # Errors
    /// `InvalidInput`, naming the key and what was expected.
    pub fn validate(&self) -> Result<()> {
        let invalid = |key: &str, value: &dyn std::fmt::Display, expected: &str| {
            Error::invalid("app.validate", format!("`{key}` must be {expected}"))
                .with_context("app", &self.name)
                .with_context("key", key)
                .with_context("value", value.to_string().chars().take(80).collect::<String>())
                .with_remedy("correct this key, or leave it out")
        };
        // Refused before it is stored: a spec is kept with its job.
        if let Source::Git(git) = &self.source
            && git.shown() != git.url
        {
            let remedy = "take the credentials out of the URL; put the token into a secret and name it in `credential`";
            return Err(invalid("source.git.url", &git.shown(), "free of credentials").with_remedy(remedy));
        }
        if self.port == Some(0) {
            return Err(invalid("port", &0, "between 1 and 65535"));
        }
        port::validate(&self.ports).map_err(|(key, value, expected)| invalid(key, &value, expected))?;
        let mut seen = BTreeSet::new();
        for domain in &self.domains {
            if !seen.insert(domain) {
                return Err(invalid("domains", domain, "a list without repetitions"));
            }
        }
        for (name, value) in &self.env {
            if value.contains('\0') || value.len() > 128 * 1024 {
                return Err(invalid("env", name, "text of at most 128 KiB without NUL characters"));
            }
            if self.secrets.contains_key(name) {
                return Err(invalid("secrets", name, "different from the names in `env`"));
            }
        }
        self.health.validate().map_err(|(key, value, expected)| invalid(key, &value, expected))?;
        self.build
            .validate()
            .and_then(|()| self.validate_processes())
            .map_err(|(key, value, expected)| invalid(&key, &build::shown(&value), expected))?;
        if !(self.build.cpus.is_finite() && (0.0..=1024.0).contains(&self.build.cpus)) {
            return Err(invalid("build.cpus", &self.build.cpus, "between 0 and 1024"));
        }
        if !(6 << 20..=1 << 44).contains(&self.resources.memory_bytes) {
            return Err(invalid(
                "resources.memory_bytes",
                &self.resources.memory_bytes,
                "between 6 MiB and 16 TiB",
            ));
        }
        if !(self.resources.cpus.is_finite() && (0.01..=1024.0).contains(&self.resources.cpus)) {
            return Err(invalid("resources.cpus", &self.resources.cpus, "between 0.01 and 1024"));
        }
        if !(1..=1 << 22).contains(&self.resources.pids) {
            return Err(invalid("resources.pids", &self.resources.pids, "between 1 and 4194304"));
        }
        self.routing.validate().map_err(|(key, value, expected)| invalid(&key, &value, expected))?;
        let (mut names, mut paths) = (BTreeSet::new(), BTreeSet::new());
        for volume in &self.volumes {
            if !is_absolute_clean_path(&volume.path) {
                return Err(invalid(
                    "volumes.path",
                    &volume.path.escape_default(),
                    "an absolute path inside the container, not in /proc, /sys or /dev, without `..`, `:` or control characters",
                ));
            }
            if !names.insert(&volume.name) || !paths.insert(&volume.path) {
                return Err(invalid("volumes", &volume.name, "a list without repeated names or paths"));
            }
        }
        if let Some(path) = self.writable.iter().find(|path| !is_absolute_clean_path(path)) {
            let expected = "a list of absolute paths inside the container, not in /proc, /sys or /dev, without `..`, `:` or control characters";
            return Err(invalid("writable", &path.escape_default(), expected));
        }
        let is_kind = |kind: &String| AppName::new(kind.as_str()).is_ok();
        if let Some(kind) = self.addons.iter().flatten().find(|kind| !is_kind(kind)) {
            return Err(invalid("addons", &kind.escape_default(), "a list of kinds, such as `postgresql`"));
        }
        Ok(())
    }

    fn validate_processes(&self) -> std::result::Result<(), build::Refusal> {
        for (name, line) in &self.processes {
            let is_name = (1..=40).contains(&name.len())
                && name.starts_with(|c: char| c.is_ascii_alphanumeric())
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
            if !is_name {
                let expected = "named with letters, digits, `-` and `_`, at most 40";
                return Err(("processes".into(), name.clone(), expected));
            }
            if !build::is_line(line) {
                let key = format!("processes.{name}");
                return Err((key, line.clone(), "one line of at most 8 KiB"));
            }
            if name == "web" && line.trim().is_empty() {
                return Err((
                    "processes.web".into(),
                    String::new(),
                    "a command line: it is what requests go to",
                ));
            }
        }
        Ok(())
    }
}

/// The key that a spec is refused for, such as `resources.pids`: found by giving each key alone.
fn faulty_key(value: &Value) -> Option<String> {
    let fits = |key: &str, value: Value| {
        let mut spec = json!({ "name": "a", "source": { "image": "a" } });
        spec[key] = value;
        serde_json::from_value::<AppSpec>(spec).is_ok()
    };
    let (key, value) = value.as_object()?.iter().find(|(key, value)| !fits(key, (*value).clone()))?;
    let key = build::shown(key);
    let part = match value {
        Value::Object(parts) => parts
            .iter()
            .find(|(name, part)| !fits(&key, json!({ name.as_str(): part })))
            .map(|(name, _)| name),
        _ => None,
    };
    Some(part.map_or_else(|| key.clone(), |part| format!("{key}.{}", build::shown(part))))
}

fn shown_char(c: char) -> Vec<char> {
    if c.is_control() { c.escape_default().collect() } else { vec![c] }
}

/// Whether `path` is absolute, not the root itself, and can be written into a mount without surprises.
fn is_absolute_clean_path(path: &str) -> bool {
    path.len() > 1
        && path.len() <= 1024
        && path.starts_with('/')
        && !path.chars().any(|c| c.is_control() || c == ':' || c == ',')
        && path[1..].split('/').all(|part| !part.is_empty() && part != "." && part != "..")
        && !["proc", "sys", "dev"].contains(&path[1..].split('/').next().unwrap_or_default())
}

/// How the health of an app is checked: by an HTTP request through the proxy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct HealthSpec {
    /// The path to request; detected when absent, else `/`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The lowest status that counts as healthy; 200 unless set.
    pub status_min: u16,
    /// The highest status that counts as healthy; 399 unless set. Unless set, any status below 500 is healthy where the
    /// path is only a guess.
    pub status_max: u16,
    /// Seconds between checks of the running container; 10 unless set.
    pub interval_seconds: u32,
    /// Seconds after which a check counts as failed; 5 unless set.
    pub timeout_seconds: u32,
    /// Failed checks in a row that make it unhealthy; 3 unless set.
    pub retries: u32,
    /// Seconds that a new release has to become healthy; 60 unless set.
    pub deadline_seconds: u32,
}

impl Default for HealthSpec {
    /// 200 to 399 every 10 s, 5 s each, 3 times; 60 s to become healthy.
    fn default() -> Self {
        Self {
            path: None,
            status_min: 200,
            status_max: 399,
            interval_seconds: 10,
            timeout_seconds: 5,
            retries: 3,
            deadline_seconds: 60,
        }
    }
}

impl HealthSpec {
    fn validate(&self) -> std::result::Result<(), (&'static str, String, &'static str)> {
        if let Some(path) = &self.path {
            let fits = path.starts_with('/')
                && path.len() <= 1024
                && path
                    .bytes()
                    .all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'\'' | b'\\' | b'`' | b'$'));
            if !fits {
                return Err((
                    "health.path",
                    path.escape_default().to_string(),
                    "a path such as /healthz, in printable ASCII without quotes, `$` and `\\`",
                ));
            }
        }
        let range = 100..=599;
        if !range.contains(&self.status_min)
            || !range.contains(&self.status_max)
            || self.status_min > self.status_max
        {
            return Err((
                "health.status_min",
                format!("{} to {}", self.status_min, self.status_max),
                "the lower end of a range within 100 to 599",
            ));
        }
        for (key, value, max) in [
            ("health.interval_seconds", self.interval_seconds, 3600),
            ("health.timeout_seconds", self.timeout_seconds, 600),
            ("health.retries", self.retries, 100),
            ("health.deadline_seconds", self.deadline_seconds, 3600),
        ] {
            if value == 0 || value > max {
                return Err((key, value.to_string(), "at least 1, and not longer than an hour"));
            }
        }
        Ok(())
    }
}

/// What a container may use.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ResourceLimits {
    /// Memory in bytes; a process that exceeds it is killed. 512 MiB (536870912) unless set.
    pub memory_bytes: u64,
    /// Processors; 0.5 is half of one. 1 unless set.
    pub cpus: f64,
    /// How many processes and threads it may have; 512 unless set.
    pub pids: u32,
}

impl Default for ResourceLimits {
    /// 512 MiB, one processor, 512 processes.
    fn default() -> Self {
        Self { memory_bytes: 512 << 20, cpus: 1.0, pids: 512 }
    }
}

/// A folder of the app that persists across releases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct VolumeSpec {
    /// Unique within the app.
    pub name: AppName,
    /// The absolute path at which the app finds it.
    pub path: String,
}

/// A user and group, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct UserSpec {
    /// User id.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
}
