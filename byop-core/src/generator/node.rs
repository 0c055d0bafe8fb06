//! Node.js: servers, server-rendered and static front ends, with npm, Yarn, pnpm or Bun.

mod assets;
mod framework;
mod lockfile;
mod manager;
mod manifest;
mod stages;
mod start;

pub(super) use assets::{Assets, assets};
use framework::Served;
use manager::Manager;
use manifest::Manifest;

use super::finish::{begin, end, no_start, start_of};
use super::images::BaseImages;
use super::pins::{self, Pin};
use super::procfile::{self, Procfile};
use super::scan::Sources;
use super::view::View;
use super::{Generator, command, scan};
use crate::error::Result;
use crate::model::{AppSpec, Detection, Diagnostic, Plan, Severity, Variant};
use crate::source::SourceTree;

const SOURCES: [&str; 6] = ["js", "ts", "mjs", "cjs", "mts", "cts"];

/// What servers of other stacks begin with.
const SERVERS: [&str; 9] = [
    "artisan",
    "bin/console",
    "index.php",
    "public/index.php",
    "config/application.rb",
    "config.ru",
    "app.rb",
    "main.rb",
    "mix.exs",
];

/// Recognises `package.json`.
#[derive(Debug, Clone, Default)]
pub struct NodeGenerator {
    images: BaseImages,
}

impl NodeGenerator {
    /// The generator on a table of base images.
    #[must_use]
    pub fn new(images: BaseImages) -> Self {
        Self { images }
    }
}

/// What the tree says about a Node.js project.
#[derive(Debug)]
struct Project {
    manifest: Manifest,
    manager: Manager,
    framework: Option<&'static str>,
    served: Served,
    build: Option<String>,
    start: Option<String>,
    procfile: Procfile,
}

impl Project {
    fn read(view: &View<'_>) -> Result<Option<Self>> {
        let Some(manifest) = Manifest::read(view)? else { return Ok(None) };
        let manager = Manager::of(view, &manifest)?;
        let framework = framework::of(view, &manifest);
        let mut served = framework::served(view, &manifest, framework);
        let procfile = procfile::read(view)?;
        if procfile.web.is_some() {
            // Whoever names a process wants a process.
            served.static_dir = None;
        }
        let build = framework::build(view, &manifest, framework, &manager);
        let start =
            if served.static_dir.is_some() { None } else { start::of(view, &manifest, &manager, &served) };
        Ok(Some(Self { manifest, manager, framework, served, build, start, procfile }))
    }

    fn variant(&self) -> Option<Variant> {
        if self.served.static_dir.is_some() {
            Some(Variant::Spa)
        } else {
            self.framework.filter(|name| framework::renders(name)).map(|_| Variant::Ssr)
        }
    }

    fn confidence(&self, view: &View<'_>) -> f64 {
        let is_server = self.framework.is_some_and(|name| !framework::builds_files(name));
        if !is_server && self.manifest.script("start").is_none() && view.first_file(&SERVERS).is_some() {
            // It builds the assets of the other stack.
            return 0.45;
        }
        match (&self.procfile.web, &self.start, &self.served.static_dir) {
            (Some(_), ..) => 0.96,
            (_, Some(_), _) if is_server => 0.96,
            (_, Some(_), _) => 0.93,
            (.., Some(_)) => 0.92,
            // Without a start it may only build the assets of another stack.
            _ if self.framework.is_some() || self.manifest.is_workspace() => 0.6,
            _ if self.manifest.has_dependencies() || self.manifest.text("main").is_some() => 0.55,
            _ => 0.4,
        }
    }
}

fn pins_of(view: &View<'_>, manifest: &Manifest) -> Result<Vec<Pin>> {
    let mut found = Vec::new();
    for file in [".nvmrc", ".node-version"] {
        found.extend(pins::from_file(view, file)?);
    }
    found.extend(pins::from_tools(view, &["node", "nodejs"])?);
    let manifest_pins = [
        (manifest.pointer("/volta/node"), "volta.node"),
        (manifest.pointer("/devEngines/runtime/version"), "devEngines.runtime"),
        (manifest.pointer("/engines/node"), "engines.node"),
    ];
    found.extend(
        manifest_pins
            .into_iter()
            .filter_map(|(value, key)| value.map(|value| Pin::new(value, "package.json", key))),
    );
    Ok(found)
}

impl NodeGenerator {
    fn describe(&self, view: &View<'_>, project: &Project, spec: Option<&AppSpec>) -> Result<Detection> {
        let mut detection = Detection::new("node", project.confidence(view));
        view.base().clone_into(&mut detection.root);
        detection.note("stack = node", view.full("package.json"), "a manifest of Node.js");
        let version =
            pins::decide(&self.images, "node", &pins_of(view, &project.manifest)?, spec, &mut detection);
        detection.version = Some(version);
        detection.package_manager = Some(project.manager.name.to_owned());
        detection.note(
            format!("package manager = {}", project.manager.name),
            project.manager.file,
            project.manager.reason.clone(),
        );
        if let Some(name) = project.framework {
            detection.framework = Some(name.to_owned());
            detection.note(
                format!("framework = {name}"),
                framework::evidence(view, name),
                "the project is set up for it",
            );
        }
        detection.variant = project.variant();
        if let Some(folder) = &project.served.static_dir {
            detection.note(
                format!("variant = spa, served from {folder}"),
                &project.served.file,
                project.served.reason.clone(),
            );
        }
        if let (None, Some(start)) = (&project.procfile.web, &project.start) {
            detection.note(
                format!("start = {start}"),
                "package.json",
                "the start script, else `main`, else a usual entry file",
            );
        }
        detection.diagnostics.extend(project.manager.diagnostics.iter().cloned());
        detection.diagnostics.extend(project.served.diagnostics.iter().cloned());
        if project.start.is_none() && project.served.static_dir.is_none() && project.procfile.web.is_none() {
            detection.diagnostics.push(no_start(if project.manifest.is_workspace() {
                "this is a workspace whose root has no start script: which of its apps is to run?"
            } else {
                "package.json has no start script, and neither `main` nor an index.js names a file that can be run"
            }));
        }
        Ok(detection)
    }
}

impl Generator for NodeGenerator {
    fn name(&self) -> &str {
        "node"
    }

    fn looks_for(&self) -> Vec<String> {
        vec!["package.json".into()]
    }

    fn detect(&self, source: &SourceTree) -> Result<Option<Detection>> {
        let view = View::of(source);
        let Some(project) = Project::read(&view)? else { return Ok(None) };
        self.describe(&view, &project, None).map(Some)
    }

    fn plan(&self, source: &SourceTree, detection: &Detection, spec: &AppSpec) -> Result<Plan> {
        let view = View::at(source, &detection.root);
        let Some(mut project) = Project::read(&view)? else {
            return Err(
                crate::error::Error::invalid("app.plan", "package.json is gone").with_remedy("detect again")
            );
        };
        if spec.build.start.is_some() {
            project.served.static_dir = None;
        }
        let mut detection = detection.clone();
        if let Some(version) = &spec.build.version {
            detection.version = Some(self.images.resolve("node", version).version);
        }
        detection.variant = project.variant();
        let start = start_of(spec, &project.procfile, project.start.clone());
        if start.is_some() {
            detection.diagnostics.retain(|d| d.code != "no-start-command");
        }
        let entry = start.as_deref().and_then(start::file_of);
        let is_static = project.served.static_dir.is_some();
        let sources =
            if is_static { Sources::default() } else { Sources::read(&view, entry.as_deref(), &SOURCES) };
        let script = project.manifest.script("start").unwrap_or_default().to_owned();
        let port = spec
            .port
            .or_else(|| start.as_deref().and_then(command::port_of))
            .or_else(|| if is_static { None } else { command::port_of(&script) })
            .or_else(|| {
                project
                    .framework
                    .is_none_or(framework::names_its_port)
                    .then(|| sources.port().map(|(port, _)| port))
                    .flatten()
            })
            .unwrap_or(project.served.port);
        let mut plan = begin(&detection, port);
        plan.build = spec.build.build.clone().or_else(|| project.build.clone());
        plan.entry = entry.or_else(|| project.served.entry.clone());
        plan.static_dir.clone_from(&project.served.static_dir);
        plan.index_fallback = is_static && project.served.index_fallback;
        plan.processes.clone_from(&project.procfile.others);
        let found = if is_static {
            Some("/".to_owned())
        } else {
            framework::health_file(&view).or_else(|| sources.health().map(|(path, _)| path))
        };
        plan.health = scan::health(spec.health.path.as_deref(), found);
        plan.diagnostics.extend(sources.loopback());
        if !is_static {
            plan.start = start;
            plan.env = project.served.env.clone();
            plan.env.insert("NODE_ENV".into(), "production".into());
            plan.env.insert("HOME".into(), "/tmp".into());
            plan.writable.extend(project.served.writable.iter().cloned());
        }
        plan.ignore = stages::ignored(&project.served);
        stages::add(&mut plan, &view, &project, &self.images, spec);
        if project.build.is_none()
            && plan.static_dir.is_some()
            && project.framework.is_some()
            && spec.build.build.is_none()
        {
            plan.diagnostics.push(
                Diagnostic::new("no-build-script", Severity::Warning, "package.json has no build script")
                    .with_setting("build.build"),
            );
        }
        end(plan, &view, spec)
    }
}
