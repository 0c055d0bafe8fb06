//! Deno: tasks and entries, cached at build time and run without a shell.

mod config;
mod start;

use config::Config;
use start::Launch;

use super::finish::{copy, copy_from, copy_source, end, no_start, probe, run, start_of};
use super::images::BaseImages;
use super::pins::{self, Pin};
use super::scan::{self, Sources};
use super::version::Version;
use super::view::View;
use super::{Generator, command, native, procfile};
use crate::error::{Error, Result};
use crate::model::{AppSpec, BuildStep, Detection, Diagnostic, Plan, Severity, Stage};
use crate::source::SourceTree;

/// Extensions of the sources.
const SOURCES: [&str; 6] = ["ts", "tsx", "js", "mjs", "jsx", "mts"];

/// Where Deno keeps modules.
const MODULES: &str = "/deno-dir";
/// Where what the build adds to them is put aside.
const ADDED: &str = "/added";

/// Recognises `deno.json`, `deno.jsonc`, `deno.lock` and imports that only Deno understands.
#[derive(Debug, Clone, Default)]
pub struct DenoGenerator {
    images: BaseImages,
}

impl DenoGenerator {
    /// The generator on a table of base images.
    #[must_use]
    pub fn new(images: BaseImages) -> Self {
        Self { images }
    }
}

struct Project {
    config: Config,
    start: Launch,
    /// The file that says that it is Deno, and why.
    sign: (String, &'static str),
    pins: Vec<Pin>,
    has_package: bool,
}

impl Project {
    fn read(view: &View<'_>) -> Result<Option<Self>> {
        let config = Config::read(view)?;
        let has_package = view.has_file("package.json");
        let sign = match &config.file {
            Some(file) => (file.clone(), "a configuration of Deno"),
            None if view.has_file("deno.lock") => ("deno.lock".to_owned(), "a lock file of Deno"),
            None if has_package || native::rival(view, &[]).is_some() => return Ok(None),
            None => match start::foreign_import(view) {
                Some(file) => (file, "it imports what only Deno understands"),
                None => return Ok(None),
            },
        };
        let start = Launch::read(view, &config);
        let mut pins = Vec::new();
        for file in [".deno-version", ".dvmrc"] {
            pins.extend(pins::from_file(view, file)?);
        }
        pins.extend(pins::from_tools(view, &["deno"])?);
        Ok(Some(Self { config, start, sign, pins, has_package }))
    }

    fn confidence(&self) -> f64 {
        let is_chosen = self.config.has_tasks() || self.config.has_imports || self.config.is_workspace();
        match (self.has_package, is_chosen, self.start.line.is_some()) {
            // A configuration of the formatter makes no app of Deno out of one of Node.js.
            (true, false, _) => 0.3,
            (true, true, true) => 0.97,
            (true, true, false) => 0.5,
            (false, _, true) if self.config.file.is_some() => 0.96,
            (false, _, true) => 0.92,
            (false, _, false) => 0.6,
        }
    }

    fn framework(&self) -> Option<(&'static str, &'static str)> {
        const KNOWN: [(&str, &str); 5] = [
            ("$fresh", "fresh"),
            ("@fresh/core", "fresh"),
            ("@oak/oak", "oak"),
            ("hono", "hono"),
            ("lume", "lume"),
        ];
        if self.start.is_fresh {
            return Some(("fresh", "its files are there"));
        }
        KNOWN
            .iter()
            .find(|(import, _)| self.config.imports(import))
            .map(|(_, name)| (*name, "it is among the imports"))
    }
}

impl Generator for DenoGenerator {
    fn name(&self) -> &str {
        "deno"
    }

    fn looks_for(&self) -> Vec<String> {
        ["deno.json", "deno.jsonc"].map(String::from).to_vec()
    }

    fn detect(&self, source: &SourceTree) -> Result<Option<Detection>> {
        let view = View::of(source);
        let Some(project) = Project::read(&view)? else { return Ok(None) };
        let mut detection = Detection::new("deno", project.confidence());
        view.base().clone_into(&mut detection.root);
        detection.note("stack = deno", view.full(&project.sign.0), project.sign.1);
        let pins = native::whole(&self.images, "deno", &project.pins);
        detection.version = Some(pins::decide(&self.images, "deno", &pins, None, &mut detection));
        detection.package_manager = Some("deno".into());
        if let Some((name, reason)) = project.framework() {
            detection.framework = Some(name.into());
            detection.note(format!("framework = {name}"), view.full(&project.sign.0), reason);
        }
        match &project.start.line {
            Some(line) => {
                detection.note(
                    format!("start = {line}"),
                    view.full(&project.start.file),
                    project.start.reason.clone(),
                );
            }
            None => detection.diagnostics.push(no_start("there is neither a start task nor a main.ts")),
        }
        if let Some(left) = &project.start.left_out {
            detection.diagnostics.push(
                Diagnostic::new(
                    "development-task",
                    Severity::Info,
                    format!(
                        "the start task runs `{left}`, which is for development: the server is started itself"
                    ),
                )
                .with_setting("build.start"),
            );
        }
        Ok(Some(detection))
    }

    fn plan(&self, source: &SourceTree, detection: &Detection, spec: &AppSpec) -> Result<Plan> {
        let view = View::at(source, &detection.root);
        let Some(project) = Project::read(&view)? else {
            return Err(Error::invalid("app.plan", "the Deno project is gone").with_remedy("detect again"));
        };
        let mut detection = detection.clone();
        if let Some(version) = &spec.build.version {
            detection.version = Some(native::whole_version(&self.images, "deno", version));
        }
        let procfile = procfile::read(&view)?;
        let entry = project.start.entry.clone();
        let sources = Sources::read(&view, entry.as_deref(), &SOURCES);
        let start = start_of(spec, &procfile, project.start.line.clone());
        let port = spec
            .port
            .or_else(|| start.as_deref().and_then(command::port_of))
            .or_else(|| project.start.task.as_deref().and_then(command::port_of))
            .or_else(|| sources.port().map(|(port, _)| port))
            .filter(|port| *port >= 1024)
            .unwrap_or(8000);
        let mut plan = super::finish::begin(&detection, port);
        plan.health = scan::health(spec.health.path.as_deref(), sources.health().map(|(path, _)| path));
        plan.diagnostics.extend(sources.loopback());
        plan.processes = procfile.others;
        let is_modern = detection.version.as_deref().and_then(Version::parse).is_none_or(|v| v.major() >= 2);
        let frozen = if is_modern && view.has_file("deno.lock") { " --frozen" } else { "" };
        let is_listed = project.config.has_imports || project.has_package || project.config.is_workspace();
        plan.install = spec
            .build
            .install
            .clone()
            .or_else(|| (is_modern && is_listed).then(|| format!("deno install{frozen}")));
        plan.build = spec.build.build.clone().or_else(|| {
            let cache = entry.as_deref().map(|entry| format!("deno cache{frozen} {}", command::quote(entry)));
            match (project.config.task("build"), cache) {
                (Some(_), Some(cache)) => Some(format!("deno task build && {cache}")),
                (Some(_), None) => Some("deno task build".into()),
                (None, cache) => cache,
            }
        });
        plan.entry = entry;
        plan.start = start;
        plan.env.insert("HOME".into(), "/tmp".into());
        plan.env.insert("DENO_DIR".into(), MODULES.into());
        plan.env.insert("DENO_NO_UPDATE_CHECK".into(), "1".into());
        plan.ignore = ["node_modules", "**/node_modules", "_fresh", "coverage"].map(String::from).to_vec();
        self.stages(&mut plan, &view, &project);
        end(plan, &view, spec)
    }
}

impl DenoGenerator {
    fn stages(&self, plan: &mut Plan, view: &View<'_>, project: &Project) {
        let Some(start) = plan.start.clone() else { return };
        let mut image = self.images.image("deno", plan.version.as_deref().unwrap_or_default());
        let mut steps = vec![
            BuildStep::Env {
                values: [("DENO_DIR".to_owned(), MODULES.to_owned())].into(),
                reason: "Modules go here, and from here into the image: it fetches nothing when it starts."
                    .into(),
            },
            BuildStep::Workdir("/app".into()),
        ];
        let has_modules = plan.install.is_some();
        if let Some(line) = plan.install.clone() {
            manifests(&mut steps, view, project);
            steps.push(run(format!("{line} && touch {MODULES}/.installed"), Vec::new(), ""));
            plan.stages.push(Stage {
                name: "modules".into(),
                image: std::mem::replace(&mut image, "modules".into()),
                reason: "Fetches modules; the image has them in a layer that stays while they do.".into(),
                steps: std::mem::take(&mut steps),
            });
        }
        steps.push(copy_source(view, ""));
        let build = plan.build.as_ref().map(|line| format!(" && {line}")).unwrap_or_default();
        let (line, reason) = if has_modules {
            let changed = format!("find {MODULES} -type f -newer {MODULES}/.installed");
            (
                format!("mkdir -p {ADDED}{MODULES}{build} && {changed} -exec cp --parents -t {ADDED} {{}} +"),
                "What else the source imports, checked and fetched now, and what that adds to the modules.",
            )
        } else {
            (format!("mkdir -p {MODULES}{build}"), "What the source imports, checked and fetched now.")
        };
        steps.push(run(line, Vec::new(), reason));
        plan.stages.push(Stage {
            name: "build".into(),
            image,
            reason: "Builds; what it needs for that stays in this stage.".into(),
            steps,
        });
        let (words, needs_shell) = super::finish::shellless(&start, plan.port);
        let words = if needs_shell { command::exec_form(&start) } else { words };
        let role = if needs_shell { "native.run.shell" } else { "native.run" };
        let first = if has_modules { "modules" } else { "build" };
        let mut steps = vec![
            BuildStep::Workdir("/app".into()),
            probe(plan, &self.images),
            copy_from(first, "/tini", "/tini", "As process 1 Deno would not end when it is asked to."),
            copy_from(first, "/usr/bin/deno", "/usr/bin/deno", ""),
            copy_from(first, MODULES, MODULES, ""),
        ];
        if has_modules {
            steps.push(copy_from("build", &format!("{ADDED}{MODULES}"), MODULES, ""));
        }
        steps.push(copy_from("build", "/app", "./", ""));
        plan.stages.push(Stage {
            name: "run".into(),
            image: self.images.image(role, ""),
            reason: "What runs: Deno, the source and its modules; tasks need no shell.".into(),
            steps,
        });
        plan.command = Some(["/tini", "--"].into_iter().map(String::from).chain(words).collect());
    }
}

/// Copies the manifests, those of a workspace's members with them.
fn manifests(steps: &mut Vec<BuildStep>, view: &View<'_>, project: &Project) {
    let mut files: Vec<String> =
        ["deno.json", "deno.jsonc", "deno.lock", "package.json", ".npmrc", "import_map.json"]
            .into_iter()
            .filter(|file| view.has_file(file))
            .map(|file| view.full(file))
            .collect();
    files.dedup();
    if !files.is_empty() {
        steps.push(copy(files, "./", "Manifests first: modules are only fetched again when they change."));
    }
    for member in &project.config.members {
        let files: Vec<String> = ["deno.json", "deno.jsonc", "package.json"]
            .into_iter()
            .map(|file| format!("{member}/{file}"))
            .filter(|file| view.has_file(file))
            .map(|file| view.full(&file))
            .collect();
        if !files.is_empty() {
            steps.push(copy(files, &format!("./{member}/"), ""));
        }
    }
}
