//! How an application is built and started.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::app::{AppSpec, HealthSpec, ResourceLimits, UserSpec, VolumeSpec};
use super::detection::{Diagnostic, Variant};
use super::image::Builder;
use super::name::{AppName, DomainName};
use super::port::PortSpec;
use super::routing::RoutingSpec;

/// How an application is built and started: everything that the files are generated from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Plan {
    /// The stack, such as `node`.
    pub stack: String,
    /// The version of the language or runtime.
    pub version: Option<String>,
    /// The web framework.
    pub framework: Option<String>,
    /// How a JavaScript application is served.
    pub variant: Option<Variant>,
    /// The package manager.
    pub package_manager: Option<String>,
    /// Its version: the one that the project requires, else the default.
    #[serde(default)]
    pub package_manager_version: Option<String>,
    /// The install command line.
    pub install: Option<String>,
    /// The build command line.
    pub build: Option<String>,
    /// The start command line, as a person would type it.
    pub start: Option<String>,
    /// The start command as the image has it: an argument list, with a shell only where a variable needs one.
    /// Absent when the image brings its own, and when no start command is known.
    pub command: Option<Vec<String>>,
    /// The binary, script, module or package that is built or started.
    pub entry: Option<String>,
    /// The folder of built or given files that a web server serves.
    pub static_dir: Option<String>,
    /// Whether unknown paths are answered with the index page, for apps that route in the browser.
    pub index_fallback: bool,
    /// The public folder of a server-side application, such as `public`.
    pub document_root: Option<String>,
    /// The port that the application listens on.
    pub port: u16,
    /// How the container checks itself.
    pub health: HealthCheck,
    /// Environment variables of the running container.
    pub env: BTreeMap<String, String>,
    /// Further processes by name, with their command lines, from a Procfile. `release` is meant to run once before a
    /// release starts. A deployment runs none of them.
    pub processes: BTreeMap<String, String>,
    /// Folders that persist across releases: those that the app's own Dockerfile declares as `VOLUME`.
    pub volumes: Vec<VolumeSpec>,
    /// Absolute paths of folders that the application writes to besides `/tmp`, and whose contents need not persist.
    pub writable: Vec<String>,
    /// The user that the container runs as; `None` for an own Dockerfile that names none by number.
    pub user: Option<UserSpec>,
    /// The app's folder inside the tree, with `/` between its parts; empty when it is the root.
    pub root: String,
    /// The build stages, in order; the last is the run stage. Empty for an own Dockerfile.
    pub stages: Vec<Stage>,
    /// The folder of the tree that is sent to the builder, with `/` between its parts; empty for the whole tree.
    #[serde(default)]
    pub context: String,
    /// The app's own Dockerfile, inside the build context, for the stacks `dockerfile` and `compose`.
    pub dockerfile: Option<String>,
    /// Files of the tree that stay as they are, with their texts: the app's own Dockerfile or `.dockerignore`.
    pub kept: BTreeMap<String, String>,
    /// Files that byop adds to the build context, with their texts, such as a web server's configuration below
    /// `.byop/`.
    pub context_files: BTreeMap<String, String>,
    /// The signal that stops the application, if it is not SIGTERM.
    pub stop_signal: Option<String>,
    /// Databases and similar services that the application seems to need.
    pub addons: Vec<AddonNeed>,
    /// Environment variables that the application reads and that have no value yet.
    pub required_env: Vec<EnvNeed>,
    /// What `.dockerignore` excludes besides what it always excludes.
    pub ignore: Vec<String>,
    /// The name of the compose file; another than `compose.yaml` when the tree has a compose file of its own.
    pub compose_file: String,
    /// Remarks for people.
    pub diagnostics: Vec<Diagnostic>,
}

impl Plan {
    /// A plan without commands or stages.
    #[must_use]
    pub fn new(stack: impl Into<String>, port: u16) -> Self {
        Self {
            stack: stack.into(),
            version: None,
            framework: None,
            variant: None,
            package_manager: None,
            package_manager_version: None,
            install: None,
            build: None,
            start: None,
            command: None,
            entry: None,
            static_dir: None,
            index_fallback: false,
            document_root: None,
            port,
            health: HealthCheck::default(),
            env: BTreeMap::new(),
            processes: BTreeMap::new(),
            volumes: Vec::new(),
            writable: Vec::new(),
            user: Some(UserSpec { uid: 10_001, gid: 10_001 }),
            root: String::new(),
            stages: Vec::new(),
            context: String::new(),
            dockerfile: None,
            kept: BTreeMap::new(),
            context_files: BTreeMap::new(),
            stop_signal: None,
            addons: Vec::new(),
            required_env: Vec::new(),
            ignore: Vec::new(),
            compose_file: "compose.yaml".into(),
            diagnostics: Vec::new(),
        }
    }

    /// The owner's volumes, and those of the plan that the owner did not name or place otherwise.
    #[must_use]
    pub fn all_volumes(&self, wanted: &[VolumeSpec]) -> Vec<VolumeSpec> {
        let is_new = |volume: &&VolumeSpec| {
            !wanted.iter().any(|other| other.path == volume.path || other.name == volume.name)
        };
        wanted.iter().chain(self.volumes.iter().filter(is_new)).cloned().collect()
    }
}

/// A database, cache or other service that an application needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AddonNeed {
    /// Its kind: `postgresql`, `mysql`, `mongodb`, `redis`, ...
    pub kind: String,
    /// The file that says so.
    pub file: String,
    /// What in the file says so, such as "the dependency `pg`".
    pub reason: String,
    /// The environment variable from which the application reads its address, where that is known.
    pub env: Option<String>,
}

/// An environment variable that an application reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EnvNeed {
    /// Its name.
    pub name: String,
    /// The file that reads or lists it.
    pub file: String,
    /// Whether its name suggests a secret, such as a key or a password.
    pub is_secret: bool,
}

/// How a container checks itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct HealthCheck {
    /// The path to request.
    pub path: String,
    /// Whether the path was given or found in the source. Otherwise it is `/`, and any answer but a server error counts
    /// as healthy, since the app may have no such page.
    pub is_known: bool,
    /// The check as an argument list, run inside the container without a shell; `None` when the image has no program
    /// for it.
    pub command: Option<Vec<String>>,
    /// Seconds between checks.
    pub interval_seconds: u32,
    /// Seconds after which a check counts as failed.
    pub timeout_seconds: u32,
    /// Seconds at the start during which failures do not count.
    pub start_seconds: u32,
    /// Failed checks in a row that make the container unhealthy.
    pub retries: u32,
}

impl Default for HealthCheck {
    /// The root page, every 10 s.
    fn default() -> Self {
        let spec = HealthSpec::default();
        Self {
            path: "/".into(),
            is_known: false,
            command: None,
            interval_seconds: spec.interval_seconds,
            timeout_seconds: spec.timeout_seconds,
            start_seconds: spec.deadline_seconds,
            retries: spec.retries,
        }
    }
}

/// One stage of a multi-stage Dockerfile, as data.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Stage {
    /// Its name, such as `build`.
    pub name: String,
    /// Its base: an image with tag, or the name of an earlier stage.
    pub image: String,
    /// Why this base, for the comment above `FROM`.
    pub reason: String,
    /// What happens in it, in order.
    pub steps: Vec<BuildStep>,
}

/// One instruction of a stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum BuildStep {
    /// Sets the working folder.
    Workdir(String),
    /// Sets environment variables, with the reason.
    Env {
        /// Values by name.
        values: BTreeMap<String, String>,
        /// Why, for the comment; empty for none.
        reason: String,
    },
    /// Copies files of the tree, of an earlier stage or of another image.
    Copy(CopySpec),
    /// Installs distribution packages.
    Packages {
        /// Their names.
        names: Vec<String>,
        /// Why, for the comment.
        reason: String,
    },
    /// Runs a command line.
    Run(RunSpec),
}

/// A command line of a build.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RunSpec {
    /// The command line for BuildKit.
    pub command: String,
    /// The command line for the classic builder, if it is another; empty skips the step.
    pub classic: Option<String>,
    /// Cache folders, mounted where the builder can.
    pub caches: Vec<CacheMount>,
    /// Names of build secrets that the command needs: each is a file below `/run/secrets` while it runs, and part of no
    /// layer. Needs BuildKit.
    pub secrets: Vec<String>,
    /// Why, for the comment; empty for none.
    pub reason: String,
}

/// A cache folder that persists across builds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CacheMount {
    /// Identifies the cache, independently of paths. It is prefixed with the name of the app.
    pub id: String,
    /// Where the tool expects it.
    pub target: String,
    /// Whether only one build at a time may use it.
    pub is_locked: bool,
}

/// Copies files of the tree, an earlier stage or another image.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CopySpec {
    /// The stage or image; the tree when absent.
    pub from: Option<String>,
    /// The paths there.
    pub sources: Vec<String>,
    /// The path here.
    pub target: String,
    /// Why, for the comment; empty for none.
    pub reason: String,
}

/// The target of generated files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Target {
    /// The name of the app, for labels, networks and volumes.
    pub app: AppName,
    /// Which builder will read the Dockerfile.
    pub builder: Builder,
    /// The host names of the route; without one there is no route.
    pub domains: Vec<DomainName>,
    /// The limits in the compose file.
    pub resources: ResourceLimits,
    /// The named volumes in the compose file.
    pub volumes: Vec<VolumeSpec>,
    /// The raw ports in the compose file.
    pub ports: Vec<PortSpec>,
    /// The environment in the compose file.
    pub env: BTreeMap<String, String>,
    /// Names of variables whose values the person running compose supplies.
    pub secret_names: Vec<String>,
    /// The proxy's certificate resolver; `None` gives routes over plain HTTP.
    pub certificate_resolver: Option<String>,
    /// How requests reach the app, in the compose file.
    #[serde(default)]
    pub routing: RoutingSpec,
    /// Images to use in place of those that the compose file names, such as a mirror's.
    #[serde(default)]
    pub images: BTreeMap<String, String>,
}

impl Target {
    /// For a BuildKit engine, without routes.
    #[must_use]
    pub fn new(app: AppName) -> Self {
        Self {
            app,
            builder: Builder::BuildKit,
            domains: Vec::new(),
            resources: ResourceLimits::default(),
            volumes: Vec::new(),
            ports: Vec::new(),
            env: BTreeMap::new(),
            secret_names: Vec::new(),
            certificate_resolver: None,
            routing: RoutingSpec::default(),
            images: BTreeMap::new(),
        }
    }

    /// What `spec` asks for, to be built by `builder`.
    #[must_use]
    pub fn of(spec: &AppSpec, builder: Builder) -> Self {
        Self {
            app: spec.name.clone(),
            builder,
            domains: spec.domains.clone(),
            resources: spec.resources.clone(),
            volumes: spec.volumes.clone(),
            ports: spec.ports.clone(),
            env: spec.env.iter().map(|(name, value)| (name.to_string(), value.clone())).collect(),
            secret_names: spec.secrets.keys().map(ToString::to_string).collect(),
            certificate_resolver: None,
            routing: spec.routing.clone(),
            images: spec.build.images.clone(),
        }
    }
}
