//! Node.js: servers, server-rendered and static front ends, with npm, Yarn, pnpm or Bun.

mod apps;
mod assets;
mod framework;
mod lockfile;
mod manager;
mod manifest;
mod runtime;
mod secrets;
mod stages;
mod start;
mod workspace;

pub(super) use assets::{Assets, assets};
use framework::Served;
use manager::Manager;
use manifest::Manifest;
use runtime::Runtime;
use secrets::Credentials;
use workspace::Workspace;

use super::finish::{begin, end, no_start, start_of};
use super::images::BaseImages;
use super::pins::{self, Pin};
use super::procfile::{self, Procfile};
use super::scan::Sources;
use super::version::Version;
use super::view::View;
use super::{Generator, command, scan};
use crate::error::Result;
use crate::model::{AppSpec, Detection, Diagnostic, Plan, Severity, Variant};
use crate::source::SourceTree;

const SOURCES: [&str; 6] = ["js", "ts", "mjs", "cjs", "mts", "cts"];

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

/// Recognises a `package.json` whose app is run by Bun.
#[derive(Debug, Clone, Default)]
pub struct BunGenerator {
    node: NodeGenerator,
}

impl BunGenerator {
    /// The generator on a table of base images.
    #[must_use]
    pub fn new(images: BaseImages) -> Self {
        Self { node: NodeGenerator::new(images) }
    }
}

/// What the tree says about a Node.js project.
#[derive(Debug)]
struct Project {
    manifest: Manifest,
    manager: Manager,
    workspace: Option<Workspace>,
    credentials: Credentials,
    framework: Option<&'static str>,
    served: Served,
    build: Option<String>,
    start: Option<String>,
    procfile: Procfile,
    /// Whether the folder is one of another stack too, and this manifest only builds assets for it.
    is_assets: bool,
}

impl Project {
    fn read(view: &View<'_>) -> Result<Option<Self>> {
        Self::read_with(view, None)
    }

    /// With the package manager that somebody asks for.
    fn read_with(view: &View<'_>, asked: Option<&str>) -> Result<Option<Self>> {
        let own = Manifest::read(view)?;
        let workspace = Workspace::above(view, own.as_ref())?;
        let manifest = match (own, &workspace) {
            (Some(own), _) => own,
            // The projects of Nx need no manifest of their own: that of the root has the dependencies of all.
            (None, Some(workspace)) => match Manifest::read(&workspace.view(view))? {
                Some(shared) => shared,
                None => return Ok(None),
            },
            (None, None) => return Ok(None),
        };
        let (manager, credentials) = match &workspace {
            Some(workspace) => {
                let root = workspace.view(view);
                (Manager::of(&root, &workspace.manifest, asked)?, Credentials::read(&root))
            }
            None => (Manager::of(view, &manifest, asked)?, Credentials::read(view)),
        };
        let framework = framework::of(view, &manifest, workspace.as_ref());
        let mut served = framework::served(view, &manifest, framework);
        let procfile = procfile::read(view)?;
        if procfile.web.is_some() {
            // Whoever names a process wants a process.
            served.static_dir = None;
        }
        if served.task.is_none()
            && let (Some(_), Some((name, _))) = (&workspace, framework::nx_project(view))
            && !view.has_file("package.json")
        {
            served.task = Some(format!("nx run {}:build", command::quote(&name)));
        }
        let usual = || framework::build(view, &manifest, framework, &manager);
        let build = match (&served.task, &workspace) {
            (Some(task), _) => Some(manager.exec(task)),
            (None, Some(workspace)) => workspace.build(&manager, &manifest).or_else(|| {
                let line = framework::own_build(view, framework?)?;
                Some(workspace.exec(&manager, &manifest, line))
            }),
            (None, None) => usual(),
        };
        let start =
            if served.static_dir.is_some() { None } else { start::of(view, &manifest, &manager, &served) };
        if let Some(start) = &start {
            served.diagnostics.extend(start::development_server(&manifest, start));
        }
        let is_assets = is_beside_another(view)
            && match &procfile.web {
                Some(line) => !runtime::runs_javascript(line),
                None => {
                    let serves = framework.is_some_and(|name| !framework::builds_files(name));
                    let is_run = manifest.script("start").is_some_and(|line| !start::is_development(line));
                    !serves && !is_run
                }
            };
        Ok(Some(Self {
            manifest,
            manager,
            workspace,
            credentials,
            framework,
            served,
            build,
            start,
            procfile,
            is_assets,
        }))
    }

    fn can_run(&self) -> bool {
        self.start.is_some() || self.served.static_dir.is_some() || self.procfile.web.is_some()
    }

    fn variant(&self) -> Option<Variant> {
        if self.served.static_dir.is_some() {
            Some(Variant::Spa)
        } else {
            self.framework.filter(|name| framework::renders(name)).map(|_| Variant::Ssr)
        }
    }

    fn confidence(&self) -> f64 {
        if self.is_assets {
            return 0.3;
        }
        let is_server = self.framework.is_some_and(|name| !framework::builds_files(name));
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

/// Manifests of other stacks, beside which a `package.json` mostly builds assets.
const OTHERS: [&str; 22] = [
    "composer.json",
    "Gemfile",
    "manage.py",
    "requirements.txt",
    "pyproject.toml",
    "Pipfile",
    "go.mod",
    "Cargo.toml",
    "mix.exs",
    "pom.xml",
    "build.gradle",
    "build.gradle.kts",
    "artisan",
    "pubspec.yaml",
    "build.sbt",
    "bin/console",
    "index.php",
    "public/index.php",
    "config/application.rb",
    "config.ru",
    "app.rb",
    "main.rb",
];

fn is_beside_another(view: &View<'_>) -> bool {
    view.first_file(&OTHERS).is_some()
        || view
            .entries_here()
            .any(|(name, is_file)| is_file && (name.ends_with(".csproj") || name.ends_with(".fsproj")))
}

/// The versions that are asked for: files that say nothing else before manifests, the app before its workspace.
fn pins_of(view: &View<'_>, project: &Project, runtime: Runtime) -> Result<Vec<Pin>> {
    let mut places = vec![(view.clone(), &project.manifest)];
    match &project.workspace {
        Some(workspace) => places.push((workspace.view(view), &workspace.manifest)),
        None if !view.base().is_empty() => places.push((View::root_of(view), &project.manifest)),
        None => {}
    }
    let (files, names): (&[&str], &[&str]) = match runtime {
        Runtime::Node => (&[".nvmrc", ".node-version"], &["node", "nodejs"]),
        Runtime::Bun => (&[".bun-version"], &["bun"]),
    };
    let mut found = Vec::new();
    for (place, _) in &places {
        for file in files {
            found.extend(pins::from_file(place, file)?);
        }
        found.extend(pins::from_tools(place, names)?);
    }
    let keys: &[&str] = match runtime {
        Runtime::Node => &["/volta/node", "/devEngines/runtime/version", "/engines/node"],
        Runtime::Bun => &["/engines/bun"],
    };
    for (place, manifest) in &places {
        for key in keys {
            if let Some(value) = manifest.pointer(key) {
                let reason = key.trim_start_matches('/').replace('/', ".");
                found.push(Pin::new(value, place.full("package.json"), reason));
            }
        }
    }
    if runtime == Runtime::Bun
        && let Some(version) = project.manager.exact_version()
    {
        found.push(Pin::new(version, project.manager.file, "packageManager"));
    }
    Ok(found)
}

impl NodeGenerator {
    /// The project to look at: that of the app's folder, or the only app of a workspace that has no start itself.
    fn find<'a>(source: &'a SourceTree) -> Result<Option<(View<'a>, Project, Vec<String>)>> {
        let view = View::of(source);
        let Some(project) = Project::read(&view)? else { return Ok(None) };
        if project.can_run() || project.workspace.is_some() {
            return Ok(Some((view, project, Vec::new())));
        }
        let apps = apps::of(&view, &project.manifest)?;
        if let [only] = apps.as_slice()
            && source.focus().is_empty()
        {
            let member = View::of_tree(&view, &view.full(only));
            if let Some(found) = Project::read(&member)? {
                return Ok(Some((member, found, Vec::new())));
            }
        }
        let apps = apps.iter().map(|folder| view.full(folder)).collect();
        Ok(Some((view, project, apps)))
    }

    fn describe(
        &self,
        view: &View<'_>,
        project: &Project,
        runtime: Runtime,
        apps: &[String],
    ) -> Result<Detection> {
        let stack = runtime.name();
        let mut detection = Detection::new(stack, project.confidence());
        view.base().clone_into(&mut detection.root);
        detection.note(
            format!("stack = {stack}"),
            view.full("package.json"),
            match runtime {
                Runtime::Node => "a manifest of Node.js",
                Runtime::Bun => "its start is run by Bun",
            },
        );
        let pins = pins_of(view, project, runtime)?;
        let version = pins::decide(&self.images, stack, &pins, None, &mut detection);
        let major = Version::parse(&version).map_or(0, |version| version.major());
        detection.version = Some(version);
        let manager = &project.manager;
        detection.package_manager = Some(manager.name.to_owned());
        detection.package_manager_version = Some(manager.shown_version(major));
        detection.note(
            format!("package manager = {}", manager.name),
            match &project.workspace {
                Some(workspace) => workspace.view(view).full(manager.file),
                None => manager.file.to_owned(),
            },
            manager.reason.clone(),
        );
        if let Some(workspace) = &project.workspace {
            let root = workspace.view(view).full("package.json");
            detection.note(format!("app = {}", workspace.folder), root, "it is a package of this workspace");
        }
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
        detection.diagnostics.extend(project.credentials.diagnostics.iter().cloned());
        if !project.can_run() && apps.len() > 1 {
            detection.diagnostics.push(
                Diagnostic::new(
                    "several-apps",
                    Severity::Error,
                    format!("this is a workspace of several apps: which of {} is to run?", apps.join(", ")),
                )
                .with_setting("build.root"),
            );
        } else if !project.can_run() {
            detection.diagnostics.push(no_start(if project.manifest.is_workspace() {
                "this is a workspace whose root has no start script: which of its apps is to run?"
            } else {
                "package.json has no start script, and neither `main` nor an index.js names a file that can be run"
            }));
        }
        Ok(detection)
    }
}

/// Whether the package in a folder is meant to run, and not a part of others.
pub(super) fn is_app(view: &View<'_>) -> Result<bool> {
    Ok(match Project::read(view)? {
        // The root of a repository has no others beside it.
        Some(project) if project.workspace.is_none() => project.can_run() && !project.served.is_library,
        Some(project) => apps::is_app(view, &project),
        None => false,
    })
}

impl Generator for NodeGenerator {
    fn name(&self) -> &str {
        "node"
    }

    fn looks_for(&self) -> Vec<String> {
        vec!["package.json".into()]
    }

    fn detect(&self, source: &SourceTree) -> Result<Option<Detection>> {
        let Some((view, project, apps)) = Self::find(source)? else { return Ok(None) };
        let mut detection = self.describe(&view, &project, Runtime::Node, &apps)?;
        if Runtime::of(&project) == Runtime::Bun {
            // It would do, but Bun alone is what was asked for.
            detection.confidence = 0.6;
        }
        Ok(Some(detection))
    }

    fn plan(&self, source: &SourceTree, detection: &Detection, spec: &AppSpec) -> Result<Plan> {
        self.plan_for(source, detection, spec, Runtime::Node)
    }
}

impl Generator for BunGenerator {
    fn name(&self) -> &str {
        "bun"
    }

    fn looks_for(&self) -> Vec<String> {
        Vec::new()
    }

    fn detect(&self, source: &SourceTree) -> Result<Option<Detection>> {
        let view = View::of(source);
        // Most trees need no second reading.
        if !view.glance("package.json").is_some_and(|text| text.contains("bun"))
            && view.first_file(&["bun.lock", "bun.lockb", "bunfig.toml"]).is_none()
            && view.base().is_empty()
        {
            return Ok(None);
        }
        let Some((view, project, apps)) = NodeGenerator::find(source)? else { return Ok(None) };
        if Runtime::of(&project) != Runtime::Bun {
            return Ok(None);
        }
        self.node.describe(&view, &project, Runtime::Bun, &apps).map(Some)
    }

    fn plan(&self, source: &SourceTree, detection: &Detection, spec: &AppSpec) -> Result<Plan> {
        self.node.plan_for(source, detection, spec, Runtime::Bun)
    }
}

impl NodeGenerator {
    fn plan_for(
        &self,
        source: &SourceTree,
        detection: &Detection,
        spec: &AppSpec,
        runtime: Runtime,
    ) -> Result<Plan> {
        let view = View::at(source, &detection.root);
        let Some(mut project) = Project::read_with(&view, spec.build.package_manager.as_deref())? else {
            return Err(
                crate::error::Error::invalid("app.plan", "package.json is gone").with_remedy("detect again")
            );
        };
        if spec.build.start.is_some() {
            project.served.static_dir = None;
        } else if let Some(folder) = &spec.build.static_dir {
            project.served.static_dir = Some(folder.clone());
        }
        let mut detection = detection.clone();
        if let Some(version) = &spec.build.version {
            detection.version = Some(self.images.resolve(runtime.name(), version).version);
        }
        if spec.build.package_manager.is_some() {
            detection.package_manager = Some(project.manager.name.to_owned());
            let major = detection.version.as_deref().and_then(Version::parse).map_or(0, |v| v.major());
            detection.package_manager_version = Some(project.manager.shown_version(major));
        }
        detection.variant = project.variant();
        let start = start_of(spec, &project.procfile, project.start.clone());
        if start.is_some() || spec.build.static_dir.is_some() {
            detection.diagnostics.retain(|d| d.code != "no-start-command" && d.code != "several-apps");
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
        plan.ignore = stages::ignored(&view, &project.served);
        stages::add(&mut plan, &view, &project, runtime, &self.images, spec);
        if plan.start.is_none() && plan.static_dir.is_none() {
            // Nobody knows what the image would run.
            plan.stages.clear();
        }
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
