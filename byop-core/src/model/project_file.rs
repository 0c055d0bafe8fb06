//! What an app says about itself, in its own tree.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::app::{AppSpec, HealthSpec, ResourceLimits, VolumeSpec};
use super::build::BuildSpec;
use super::name::EnvName;

/// The contents of `byop.yaml` (or `byop.yml`): what an app says about itself, with the keys that [`AppSpec`] has.
///
/// The file is in the root of the tree, in the app's folder, or in both; then the folder's wins. Over it all stands the
/// [`AppSpec`]: a key that it sets wins over the file, and the file wins over detection. Where a key of the spec
/// always has a value, as in `health`, the default counts as not set.
///
/// An app does not say everything about itself. Its name, its host names, its raw ports, its user, its routing and
/// the references of its secrets are its owner's, and so are the limits of its build: the file has no such keys.
/// `resources` is a wish: an app gets less than its owner allows when it asks for less, and never more.
///
/// ```yaml
/// port: 8080
/// build:
///   version: 3.10
///   packages: { run: [libpq5] }
/// processes:
///   worker: celery -A shop worker
/// health: { path: /healthz }
/// env:
///   LOG_LEVEL: info
/// volumes:
///   - { name: media, path: /app/media }
/// addons: [postgresql, redis]
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ProjectFile {
    /// Overrides of what detection found about the build. `memory_bytes` and `cpus` are refused.
    pub build: BuildSpec,
    /// The port that it listens on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// Further processes by name, with their command lines: added to those of a Procfile, or replacing them; an empty
    /// line removes one. `web` is the start command. A deployment runs `web` only: the others are written into the
    /// generated compose file and are not started.
    pub processes: BTreeMap<String, String>,
    /// How its health is checked.
    pub health: HealthSpec,
    /// Plain environment variables. Never secrets: the file is part of the source.
    pub env: BTreeMap<EnvName, String>,
    /// The environment variables that it cannot run without, in place of those detected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required_env: Option<Vec<EnvName>>,
    /// Folders that persist across releases.
    pub volumes: Vec<VolumeSpec>,
    /// Absolute paths of folders that it writes to besides `/tmp`, and whose contents need not persist: added to those
    /// detected.
    pub writable: Vec<String>,
    /// The add-ons that it needs, by kind, such as `postgresql`, in place of those detected. They are written into the
    /// generated compose file; a deployment does not start them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub addons: Option<Vec<String>>,
    /// What it needs to run. Less than the owner allows is granted; more is a question to the owner.
    pub resources: ResourceRequest,
}

/// What an app asks for. Absent: what its owner allows.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ResourceRequest {
    /// Memory in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// Processors; 0.5 is half of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpus: Option<f64>,
    /// Processes and threads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pids: Option<u32>,
}

/// The outcome of laying a file under a spec.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    /// The keys of the file that count, with their values where they are short.
    pub(crate) facts: Vec<String>,
    /// What the app asks for beyond what its owner allows: key, wish, limit.
    pub(crate) beyond: Vec<(&'static str, String, String)>,
}

impl Taken {
    fn note(&mut self, key: &str, value: impl std::fmt::Display) {
        self.facts.push(format!("{key} = {value}"));
    }

    fn option<T: Clone + std::fmt::Display>(&mut self, key: &str, to: &mut Option<T>, from: &Option<T>) {
        if let (None, Some(value)) = (&to, from) {
            self.note(key, value);
            *to = Some(value.clone());
        }
    }

    fn list<T: Clone + std::fmt::Display>(
        &mut self,
        key: &str,
        to: &mut Option<Vec<T>>,
        from: &Option<Vec<T>>,
    ) {
        if let (None, Some(list)) = (&to, from) {
            let shown: Vec<String> = list.iter().map(ToString::to_string).collect();
            self.note(key, if shown.is_empty() { "none".into() } else { shown.join(", ") });
            *to = Some(list.clone());
        }
    }

    fn added(&mut self, key: &str, to: &mut Vec<String>, from: &[String]) {
        let new: Vec<String> = from.iter().filter(|item| !to.contains(item)).cloned().collect();
        if !new.is_empty() {
            self.note(key, new.join(", "));
            to.extend(new);
        }
    }

    fn limit<T: PartialOrd + Copy + std::fmt::Display>(
        &mut self,
        key: &'static str,
        allowed: &mut T,
        wish: Option<T>,
    ) {
        match wish {
            Some(wish) if wish > *allowed => {
                self.beyond.push((key, wish.to_string(), allowed.to_string()));
            }
            Some(wish) if wish < *allowed => {
                self.note(key, wish);
                *allowed = wish;
            }
            _ => {}
        }
    }
}

impl ProjectFile {
    /// Lays the file under a spec: what the spec leaves open is the file's to say.
    pub(crate) fn lay_under(&self, spec: &mut AppSpec) -> Taken {
        let mut taken = Taken::default();
        self.lay_build_under(&mut spec.build, &mut taken);
        taken.option("port", &mut spec.port, &self.port);
        for (name, line) in &self.processes {
            if name == "web" {
                taken.option("build.start", &mut spec.build.start, &Some(line.clone()));
            } else if !spec.processes.contains_key(name) {
                taken.note(&format!("processes.{name}"), if line.is_empty() { "none" } else { line });
                spec.processes.insert(name.clone(), line.clone());
            }
        }
        self.lay_health_under(&mut spec.health, &mut taken);
        for (name, value) in &self.env {
            if !spec.env.contains_key(name) && !spec.secrets.contains_key(name) {
                // Not the value: it may be long, and evidence is shown.
                taken.facts.push(format!("env.{name}"));
                spec.env.insert(name.clone(), value.clone());
            }
        }
        taken.list("required_env", &mut spec.required_env, &self.required_env);
        for volume in &self.volumes {
            let is_known = |other: &VolumeSpec| other.name == volume.name || other.path == volume.path;
            if !spec.volumes.iter().any(is_known) {
                taken.note(&format!("volumes.{}", volume.name), &volume.path);
                spec.volumes.push(volume.clone());
            }
        }
        taken.added("writable", &mut spec.writable, &self.writable);
        taken.list("addons", &mut spec.addons, &self.addons);
        let ResourceLimits { memory_bytes, cpus, pids } = &mut spec.resources;
        taken.limit("resources.memory_bytes", memory_bytes, self.resources.memory_bytes);
        taken.limit("resources.cpus", cpus, self.resources.cpus);
        taken.limit("resources.pids", pids, self.resources.pids);
        taken
    }

    fn lay_build_under(&self, to: &mut BuildSpec, taken: &mut Taken) {
        let from = &self.build;
        taken.option("build.root", &mut to.root, &from.root);
        taken.option("build.stack", &mut to.stack, &from.stack);
        taken.option("build.version", &mut to.version, &from.version);
        taken.option("build.framework", &mut to.framework, &from.framework);
        taken.option("build.package_manager", &mut to.package_manager, &from.package_manager);
        taken.option("build.install", &mut to.install, &from.install);
        taken.option("build.build", &mut to.build, &from.build);
        taken.option("build.start", &mut to.start, &from.start);
        taken.option("build.static_dir", &mut to.static_dir, &from.static_dir);
        taken.option("build.index_fallback", &mut to.index_fallback, &from.index_fallback);
        taken.option("build.document_root", &mut to.document_root, &from.document_root);
        taken.added("build.packages.build", &mut to.packages.build, &from.packages.build);
        taken.added("build.packages.run", &mut to.packages.run, &from.packages.run);
        taken.added("build.secrets", &mut to.secrets, &from.secrets);
        for (name, image) in &from.images {
            if !to.images.contains_key(name) {
                taken.note(&format!("build.images.{name}"), image);
                to.images.insert(name.clone(), image.clone());
            }
        }
    }

    fn lay_health_under(&self, to: &mut HealthSpec, taken: &mut Taken) {
        let (from, unset) = (&self.health, HealthSpec::default());
        taken.option("health.path", &mut to.path, &from.path);
        // A range is one value in two keys.
        let range = |health: &HealthSpec| (health.status_min, health.status_max);
        if range(to) == range(&unset) && range(from) != range(&unset) {
            taken.note("health.status", format!("{} to {}", from.status_min, from.status_max));
            (to.status_min, to.status_max) = range(from);
        }
        for (key, to, from, unset) in [
            (
                "health.interval_seconds",
                &mut to.interval_seconds,
                from.interval_seconds,
                unset.interval_seconds,
            ),
            ("health.timeout_seconds", &mut to.timeout_seconds, from.timeout_seconds, unset.timeout_seconds),
            ("health.retries", &mut to.retries, from.retries, unset.retries),
            (
                "health.deadline_seconds",
                &mut to.deadline_seconds,
                from.deadline_seconds,
                unset.deadline_seconds,
            ),
        ] {
            if *to == unset && from != unset {
                taken.note(key, from);
                *to = from;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AppName, Source};

    fn spec() -> AppSpec {
        AppSpec::new("a", Source::Directory(".".into())).unwrap()
    }

    fn file(json: serde_json::Value) -> ProjectFile {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn the_spec_wins_and_the_file_says_the_rest() {
        let file = file(serde_json::json!({
            "port": 9000,
            "build": {"version": "22", "start": "node a.js", "packages": {"run": ["curl"]}},
            "health": {"path": "/up", "retries": 5},
            "env": {"A": "file", "B": "file"},
            "processes": {"worker": "w", "clock": ""},
            "volumes": [{"name": "data", "path": "/x"}, {"name": "media", "path": "/media"}],
        }));
        let mut spec = spec().with_env("A", "spec").unwrap();
        spec.port = Some(1);
        spec.build.start = Some("node b.js".into());
        spec.health.retries = 7;
        spec.volumes = vec![VolumeSpec { name: AppName::new("data").unwrap(), path: "/data".into() }];
        let taken = file.lay_under(&mut spec);
        assert_eq!(
            taken.facts,
            [
                "build.version = 22",
                "build.packages.run = curl",
                "processes.clock = none",
                "processes.worker = w",
                "health.path = /up",
                "env.B",
                "volumes.media = /media",
            ]
        );
        assert_eq!((spec.port, spec.health.retries), (Some(1), 7));
        assert_eq!(spec.build.start.as_deref(), Some("node b.js"));
        assert_eq!(spec.env.values().map(String::as_str).collect::<Vec<_>>(), ["spec", "file"]);
    }

    #[test]
    fn an_app_gets_less_when_it_asks_for_less_and_never_more() {
        let file = file(serde_json::json!({"resources": {"memory_bytes": 1u64 << 40, "pids": 64}}));
        let mut spec = spec();
        let taken = file.lay_under(&mut spec);
        assert_eq!((spec.resources.memory_bytes, spec.resources.pids), (512 << 20, 64));
        assert_eq!(taken.facts, ["resources.pids = 64"]);
        assert_eq!(taken.beyond.len(), 1);
    }

    #[test]
    fn a_variable_of_the_file_does_not_replace_a_secret() {
        let file = file(serde_json::json!({"env": {"KEY": "x"}}));
        let mut spec = spec();
        spec.secrets.insert(EnvName::new("KEY").unwrap(), crate::SecretRef("vault/key".into()));
        file.lay_under(&mut spec);
        assert!(spec.env.is_empty());
    }
}
