//! How an application is built and started.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::app::{ResourceLimits, UserSpec, VolumeSpec};
use super::detection::{Diagnostic, Variant};
use super::image::Builder;
use super::name::{AppName, DomainName};

/// Everything that the files are written from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
    /// The install command line.
    pub install: Option<String>,
    /// The build command line.
    pub build: Option<String>,
    /// The start command line, as a person would type it.
    pub start: Option<String>,
    /// The binary, script, module or package that is built or started.
    pub entry: Option<String>,
    /// The folder of built or given files that a web server serves.
    pub static_dir: Option<String>,
    /// Whether unknown paths are answered with the index page (a router in the browser).
    pub index_fallback: bool,
    /// The public folder of a server-side application, such as `public`.
    pub document_root: Option<String>,
    /// The port that the application listens on.
    pub port: u16,
    /// How the container checks itself.
    pub health: HealthCheck,
    /// Environment variables of the running container.
    pub env: BTreeMap<String, String>,
    /// Further processes by name, from a Procfile: command lines beside `web`.
    pub processes: BTreeMap<String, String>,
    /// Absolute folders that the application writes to besides `/tmp`.
    pub writable: Vec<String>,
    /// The user that the container runs as.
    pub user: UserSpec,
    /// The build stages, in order; the last is the run stage. Empty for an own Dockerfile.
    pub stages: Vec<Stage>,
    /// The Dockerfile in the tree to use as it is, for the stack `dockerfile`.
    pub dockerfile: Option<String>,
    /// What a person should know.
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
            install: None,
            build: None,
            start: None,
            entry: None,
            static_dir: None,
            index_fallback: false,
            document_root: None,
            port,
            health: HealthCheck::default(),
            env: BTreeMap::new(),
            processes: BTreeMap::new(),
            writable: Vec::new(),
            user: UserSpec { uid: 10_001, gid: 10_001 },
            stages: Vec::new(),
            dockerfile: None,
            diagnostics: Vec::new(),
        }
    }
}

/// How a container checks itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthCheck {
    /// The path that answers with a good status.
    pub path: String,
    /// The check as an argument list, run inside the container without a shell; none when the image has
    /// nothing that could ask.
    pub command: Option<Vec<String>>,
}

/// One stage of a multi-stage Dockerfile, as data.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    /// Its name, such as `build`.
    pub name: String,
    /// Its base image, with tag.
    pub image: String,
    /// Why this image, for the comment above `FROM`.
    pub reason: String,
    /// Distribution packages to install first.
    pub packages: Vec<String>,
    /// The working folder.
    pub workdir: String,
    /// Environment of the stage.
    pub env: BTreeMap<String, String>,
    /// Files of the tree copied before `install`: manifests and lock files.
    pub manifests: Vec<String>,
    /// The command line that installs dependencies.
    pub install: Option<String>,
    /// Whether the whole tree is copied after the installation.
    pub source: bool,
    /// The command line that builds.
    pub build: Option<String>,
    /// Cache folders of `install` and `build`, mounted where the engine can.
    pub caches: Vec<CacheMount>,
    /// What is copied from earlier stages or other images.
    pub copies: Vec<CopySpec>,
}

/// A cache folder that outlives a build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CacheMount {
    /// Identifies the cache; independent of paths.
    pub id: String,
    /// Where the tool expects it.
    pub target: String,
}

/// Copies files from an earlier stage or another image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopySpec {
    /// The stage or image.
    pub from: String,
    /// The path there.
    pub source: String,
    /// The path here.
    pub target: String,
}

/// What the files are generated for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Target {
    /// The name of the app, for labels, networks and volumes.
    pub app: AppName,
    /// Which builder will read the Dockerfile.
    pub builder: Builder,
    /// The host names of the route; none gives no route.
    pub domains: Vec<DomainName>,
    /// The limits in the compose file.
    pub resources: ResourceLimits,
    /// The named volumes in the compose file.
    pub volumes: Vec<VolumeSpec>,
    /// The environment in the compose file.
    pub env: BTreeMap<String, String>,
    /// Names of variables whose values the person running compose supplies.
    pub secret_names: Vec<String>,
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
            env: BTreeMap::new(),
            secret_names: Vec::new(),
        }
    }
}
