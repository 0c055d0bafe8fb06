//! Python: web apps behind a WSGI or ASGI server, and scripts, with pip, uv, Poetry, PDM or Pipenv.

mod app;
mod project;
mod stages;

use project::Project;

use super::finish::{begin, end, no_start, start_of};
use super::images::BaseImages;
use super::procfile;
use super::scan::Sources;
use super::view::View;
use super::{Generator, command, pins, scan};
use crate::error::{Error, Result};
use crate::model::{AppSpec, Detection, Diagnostic, Plan, Severity};
use crate::source::SourceTree;

/// The version of uv where the project does not say.
pub(super) const UV: &str = "0.13.8";

/// Recognises the manifests of Python projects, and scripts with a usual name.
#[derive(Debug, Clone, Default)]
pub struct PythonGenerator {
    images: BaseImages,
}

impl PythonGenerator {
    /// The generator on a table of base images.
    #[must_use]
    pub fn new(images: BaseImages) -> Self {
        Self { images }
    }
}

impl Generator for PythonGenerator {
    fn name(&self) -> &str {
        "python"
    }

    fn looks_for(&self) -> Vec<String> {
        ["requirements.txt", "pyproject.toml", "Pipfile", "setup.py", "manage.py", "main.py", "app.py"]
            .map(String::from)
            .to_vec()
    }

    fn detect(&self, source: &SourceTree) -> Result<Option<Detection>> {
        let view = View::of(source);
        let Some(project) = Project::read(source, &view)? else { return Ok(None) };
        let start = app::start(&view, &project);
        let has_web = procfile::read(&view)?.web.is_some();
        let confidence = match (&start, project.manifest.is_some()) {
            _ if has_web && project.manifest.is_some() => 0.96,
            (Some(start), true) if start.is_server => 0.97,
            (Some(_), true) => 0.94,
            (Some(_), false) => 0.8,
            (None, true) => 0.55,
            (None, false) => 0.3,
        };
        let mut detection = Detection::new("python", confidence);
        view.base().clone_into(&mut detection.root);
        let shown = project.manifest.or(project.script.as_deref()).unwrap_or("*.py");
        detection.note("stack = python", shown, "a file of a Python project");
        detection.version = Some(pins::decide(&self.images, "python", &project.pins, None, &mut detection));
        detection.framework = project.framework().map(str::to_owned);
        if let Some(name) = project.framework() {
            detection.note(format!("framework = {name}"), shown, "it is among the dependencies");
        }
        if let Some(manager) = project.manager {
            detection.package_manager = Some(manager.to_owned());
            detection.note(
                format!("package manager = {manager}"),
                project.lock.or(project.manifest).unwrap_or_default(),
                "its file is there",
            );
        }
        match &start {
            Some(start) => detection.note(format!("start = {}", start.line), &start.file, start.reason),
            None if !has_web => detection
                .diagnostics
                .push(no_start("no file that can be run was found, such as main.py, app.py or a module that makes the web app")),
            None => {}
        }
        detection.diagnostics.extend(project.diagnostics());
        Ok(Some(detection))
    }

    fn plan(&self, source: &SourceTree, detection: &Detection, spec: &AppSpec) -> Result<Plan> {
        let view = View::at(source, &detection.root);
        let Some(project) = Project::read(source, &view)? else {
            return Err(Error::invalid("app.plan", "the Python project is gone").with_remedy("detect again"));
        };
        let mut detection = detection.clone();
        if let Some(version) = &spec.build.version {
            detection.version = Some(self.images.resolve("python", version).version);
        }
        let procfile = procfile::read(&view)?;
        let found = app::start(&view, &project);
        let server = found
            .as_ref()
            .filter(|_| spec.build.start.is_none() && procfile.web.is_none())
            .and_then(|start| start.server);
        let line = start_of(spec, &procfile, found.as_ref().map(|start| start.line.clone()));
        if line.is_some() {
            detection.diagnostics.retain(|d| d.code != "no-start-command");
        }
        let file = found.as_ref().map(|start| start.file.clone()).filter(|file| view.has_file(file));
        let sources = Sources::read(&view, file.as_deref(), &["py"]);
        let is_script = found.as_ref().is_some_and(|start| !start.is_server);
        let port = spec
            .port
            .or_else(|| line.as_deref().and_then(command::port_of))
            .or_else(|| if is_script { sources.port().map(|(port, _)| port) } else { None })
            .unwrap_or_else(|| app::default_port(&project));
        let mut plan = begin(&detection, port);
        plan.entry = found.as_ref().map(|start| start.entry.clone());
        plan.processes = procfile.others;
        let given = spec.health.path.as_deref().or_else(|| found.as_ref().and_then(|start| start.health));
        plan.health = scan::health(given, sources.health().map(|(path, _)| path));
        if project.framework() == Some("django") {
            // Django refuses host names that it does not know, and the check asks by address.
            plan.health.is_known &= spec.health.path.is_some();
            plan.diagnostics.push(Diagnostic::new(
                "migrations",
                Severity::Info,
                "migrations are not run at the start: run `python manage.py migrate` before a release",
            ));
        }
        if is_script {
            plan.env.extend(app::addresses(&project, port));
            if plan.env.is_empty() {
                plan.diagnostics.extend(sources.loopback());
            }
        }
        plan.command = line.as_deref().map(command::exec_form);
        plan.start = line;
        plan.build = spec.build.build.clone().or_else(|| app::collect_static(&view, &project));
        if spec.build.install.is_some() {
            plan.diagnostics.retain(|d| d.code != "conda-environment");
        }
        if plan.diagnostics.iter().any(|d| d.code == "conda-environment") {
            return end(plan, &view, spec);
        }
        stages::add(&mut plan, &view, &project, &self.images, server, spec);
        if is_script && project.is_bot() && spec.health.path.is_none() {
            // Nothing listens, so the check asks whether the program is there.
            plan.health.command =
                Some(["python", "-c", "import os; os.kill(1, 0)"].map(String::from).to_vec());
            plan.diagnostics.push(
                Diagnostic::new(
                    "no-port",
                    Severity::Warning,
                    "this looks like a bot that listens on no port: it is a worker, not a web process",
                )
                .with_setting("port"),
            );
        }
        end(plan, &view, spec)
    }
}
