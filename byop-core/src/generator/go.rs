//! Go: modules, workspaces and single files, built to one static program.

mod place;
mod project;

use project::{Project, join};

use super::command::quote;
use super::finish::{
    begin, cache, copy, copy_from, copy_source, end, no_start, probe, run, shellless, start_of,
};
use super::images::BaseImages;
use super::pins;
use super::procfile;
use super::scan::Sources;
use super::view::View;
use super::{Generator, command, scan};
use crate::error::{Error, Result};
use crate::model::{AppSpec, BuildStep, Detection, Diagnostic, Plan, Severity, Stage};
use crate::source::SourceTree;

/// Folders that a server may read while it runs, and that are no Go source.
pub(super) const ASSETS: [&str; 9] =
    ["templates", "views", "static", "public", "assets", "migrations", "config", "web", "locales"];

/// Recognises `go.mod`, `go.work` and a `main.go`.
#[derive(Debug, Clone, Default)]
pub struct GoGenerator {
    images: BaseImages,
}

impl GoGenerator {
    /// The generator on a table of base images.
    #[must_use]
    pub fn new(images: BaseImages) -> Self {
        Self { images }
    }
}

impl Generator for GoGenerator {
    fn name(&self) -> &str {
        "go"
    }

    fn looks_for(&self) -> Vec<String> {
        ["go.mod", "go.work", "main.go"].map(String::from).to_vec()
    }

    fn detect(&self, source: &SourceTree) -> Result<Option<Detection>> {
        let view = View::of(source);
        let Some(mut project) = Project::read(source, &view)? else { return Ok(None) };
        project.settle([procfile::read(&view)?.web.as_deref(), None]);
        let confidence = match (&project.package, project.module.is_some() || project.has_workspace) {
            (Some(_), true) => 0.96,
            (Some(_), false) => 0.85,
            (None, _) => 0.6,
        };
        let mut detection = Detection::new("go", confidence);
        view.base().clone_into(&mut detection.root);
        let file = project.home.first_file(&["go.mod", "go.work", "main.go"]).unwrap_or("go.mod");
        detection.note("stack = go", project.home.full(file), "a file of a Go project");
        detection.version = Some(pins::decide(&self.images, "go", &project.pins, None, &mut detection));
        if file != "main.go" {
            detection.package_manager = Some("go modules".into());
        }
        if let Some((name, _)) = project.framework {
            detection.framework = Some(name.into());
            detection.note(format!("framework = {name}"), "go.mod", "it is among the requirements");
        }
        match &project.package {
            Some(package) => {
                detection.note(
                    format!("package = {package}"),
                    project.package_file(&view).unwrap_or_default(),
                    "it has the main function",
                );
                if project.candidates.len() > 1 && package != "." {
                    let others: Vec<&str> = project
                        .candidates
                        .iter()
                        .filter(|other| *other != package)
                        .map(String::as_str)
                        .collect();
                    detection.diagnostics.push(
                        Diagnostic::new(
                            "several-binaries",
                            Severity::Info,
                            format!("{package} is built; there is also {}", others.join(", ")),
                        )
                        .with_setting("build.build"),
                    );
                }
            }
            None if project.candidates.is_empty() => {
                detection.diagnostics.push(no_start("no package main was found: this is a library"))
            }
            None => detection.diagnostics.push(
                Diagnostic::new(
                    "several-binaries",
                    Severity::Error,
                    format!("which of these is the app? {}", project.candidates.join(", ")),
                )
                .with_setting("build.build"),
            ),
        }
        Ok(Some(detection))
    }

    fn plan(&self, source: &SourceTree, detection: &Detection, spec: &AppSpec) -> Result<Plan> {
        let view = View::at(source, &detection.root);
        let Some(mut project) = Project::read(source, &view)? else {
            return Err(Error::invalid("app.plan", "the Go project is gone").with_remedy("detect again"));
        };
        let mut detection = detection.clone();
        if let Some(version) = &spec.build.version {
            detection.version = Some(self.images.resolve("go", version).version);
        }
        let procfile = procfile::read(&view)?;
        let said = spec.build.start.as_deref().or(procfile.web.as_deref());
        project.settle([spec.build.build.as_deref(), said]);
        if project.package.is_some() {
            detection
                .diagnostics
                .retain(|d| !(d.code == "several-binaries" && d.severity == Severity::Error));
        }
        let file = project.package_file(&view);
        let sources = Sources::read(&view, file.as_deref(), &["go"]);
        let needs_cgo = project.needs_cgo
            || sources.iter().any(|(_, text)| text.lines().any(|line| line.trim() == "import \"C\""));
        let binary = project.binary();
        let path = format!("/app/bin/{binary}");
        let found = (project.package.is_some() || spec.build.build.is_some()).then(|| path.clone());
        let start = start_of(spec, &procfile, found);
        let port = spec
            .port
            .or_else(|| start.as_deref().and_then(command::port_of))
            .or_else(|| sources.port().map(|(port, _)| port))
            .or(project.framework.map(|(_, port)| port))
            .unwrap_or(8080);
        let mut plan = begin(&detection, port);
        plan.entry.clone_from(&project.package);
        plan.processes = procfile.others;
        plan.health = scan::health(spec.health.path.as_deref(), sources.health().map(|(path, _)| path));
        plan.diagnostics.extend(sources.loopback());
        let is_offline = project.is_vendored || !project.has_sum;
        let go = match project.is_nested {
            true => format!("go -C {}", quote(&project.within)),
            false => "go".to_owned(),
        };
        plan.install =
            spec.build.install.clone().or_else(|| (!is_offline).then(|| format!("{go} mod download")));
        plan.build = spec.build.build.clone().map(|line| with_output(line, &binary)).or_else(|| {
            let package = project.package.as_deref()?;
            Some(format!("{go} build -trimpath -ldflags \"-s -w\" -o /out/{binary} {}", quote(package)))
        });
        if let Some(line) = start.as_deref() {
            // The compiler stays behind: what it would run is the program that it made.
            let line = if line.trim().starts_with("go run ") { &path } else { line };
            self.stages(&mut plan, &project, needs_cgo, line, &binary);
        }
        plan.start = start;
        plan.ignore = ["bin", "*.test", "*.out", "coverage.txt", "tmp"].map(String::from).to_vec();
        end(plan, &view, spec)
    }
}

impl GoGenerator {
    fn stages(&self, plan: &mut Plan, project: &Project<'_>, needs_cgo: bool, start: &str, binary: &str) {
        let view = &project.home;
        let version = plan.version.clone().unwrap_or_default();
        let mut build = Stage {
            name: "build".into(),
            image: self.images.image("go", &version),
            reason: "Compiles the program; the compiler and the source stay in this stage.".into(),
            steps: vec![BuildStep::Workdir("/src".into())],
        };
        let cgo = if needs_cgo { "1" } else { "0" };
        build.steps.push(BuildStep::Env {
            values: [("CGO_ENABLED".to_owned(), cgo.to_owned())].into(),
            reason: if needs_cgo {
                "A dependency is written in C."
            } else {
                "Without C the program needs no library at all."
            }
            .into(),
        });
        let modules = cache("go-mod", "/go/pkg/mod");
        if let Some(install) = plan.install.clone() {
            let here: Vec<String> = ["go.mod", "go.sum", "go.work", "go.work.sum"]
                .into_iter()
                .filter(|file| view.has_file(file))
                .map(|file| view.full(file))
                .collect();
            if !here.is_empty() {
                build.steps.push(copy(
                    here,
                    "./",
                    "Manifests first: modules are only downloaded again when they change.",
                ));
            }
            for folder in project.modules.iter().filter(|folder| *folder != ".") {
                let files: Vec<String> = ["go.mod", "go.sum"]
                    .into_iter()
                    .map(|file| join(folder, file))
                    .filter(|file| view.has_file(file))
                    .map(|file| view.full(&file))
                    .collect();
                build.steps.push(copy(files, &format!("./{folder}/"), ""));
            }
            build.steps.push(run(install, vec![modules.clone()], ""));
        }
        build.steps.push(copy_source(view, ""));
        if let Some(line) = plan.build.clone() {
            build.steps.push(run(line, vec![modules, cache("go-build", "/root/.cache/go-build")], ""));
        }
        let (mut words, needs_shell) = shellless(&local(start, binary), plan.port);
        if needs_shell {
            words = command::exec_form(&local(start, binary));
        }
        let image = match (needs_shell, needs_cgo) {
            (true, _) => self.images.image("rust.run.shell", ""),
            (_, true) => self.images.image("go.run.cgo", ""),
            _ => self.images.image("go.run", ""),
        };
        let mut last = Stage {
            name: "run".into(),
            image,
            reason: "What runs: one program, certificates and time zones; no shell, no package manager."
                .into(),
            steps: vec![BuildStep::Workdir("/app".into()), probe(plan, &self.images)],
        };
        for folder in assets(view, project) {
            last.steps.push(copy(
                vec![view.full(&folder)],
                &format!("./{}", folder.rsplit('/').next().unwrap_or(&folder)),
                "Read by the program while it runs.",
            ));
        }
        last.steps.push(copy_from("build", &format!("/out/{binary}"), &format!("/app/bin/{binary}"), ""));
        plan.stages.push(build);
        plan.stages.push(last);
        plan.command = Some(words);
        plan.env.insert("HOME".into(), "/tmp".into());
        if plan.framework.as_deref() == Some("gin") {
            plan.env.insert("GIN_MODE".into(), "release".into());
        }
    }
}

/// A given build line, whose program has to come out where the next stage takes it from.
fn with_output(line: String, binary: &str) -> String {
    match line.strip_prefix("go build") {
        Some(rest) if !line.contains(" -o") => format!("go build -o /out/{}{rest}", quote(binary)),
        _ => line,
    }
}

/// A Procfile's program by its path in the image.
fn local(start: &str, binary: &str) -> String {
    for prefix in
        [format!("./bin/{binary}"), format!("bin/{binary}"), format!("./{binary}"), binary.to_owned()]
    {
        if let Some(rest) = start.strip_prefix(&prefix)
            && (rest.is_empty() || rest.starts_with(' '))
        {
            return format!("/app/bin/{binary}{rest}");
        }
    }
    start.to_owned()
}

/// Folders beside the program that are not compiled into it.
fn assets(view: &View<'_>, project: &Project<'_>) -> Vec<String> {
    let module = project.package.as_deref().and_then(|package| {
        let package = package.trim_start_matches("./");
        project
            .modules
            .iter()
            .find(|folder| package == folder.as_str() || package.starts_with(&format!("{folder}/")))
            .cloned()
    });
    let own = if project.is_nested { Some(project.within.clone()) } else { module };
    let base = own.filter(|folder| folder != ".").unwrap_or_default();
    let has_data = |folder: &String| {
        view.sources(
            &[
                "html", "tmpl", "gohtml", "css", "js", "sql", "json", "yaml", "yml", "toml", "png", "svg",
                "txt", "ico",
            ],
            6,
        )
        .iter()
        .any(|path| path.starts_with(&format!("{folder}/")))
    };
    ASSETS
        .into_iter()
        .map(|name| join(&base, name))
        .filter(|folder| view.has_dir(folder) && has_data(folder))
        .collect()
}
