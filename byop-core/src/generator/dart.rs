//! Dart on a server: `pubspec.yaml` and `bin`, built to one program.

use super::Generator;
use super::command::quote;
use super::finish::{cache, copy_source, end, manifests, no_start, run};
use super::images::BaseImages;
use super::native::{self, Hints, Program, file_name};
use super::pins::{self, Pin};
use super::view::View;
use super::yaml::Outline;
use crate::error::{Error, Result};
use crate::model::{AppSpec, BuildStep, Detection, Diagnostic, Plan, Severity, Stage};
use crate::source::SourceTree;

/// Web frameworks by package, the most particular first.
const FRAMEWORKS: [&str; 5] = ["dart_frog", "serverpod", "conduit", "alfred", "shelf"];

/// Recognises `pubspec.yaml` without Flutter.
#[derive(Debug, Clone, Default)]
pub struct DartGenerator {
    images: BaseImages,
}

impl DartGenerator {
    /// The generator on a table of base images.
    #[must_use]
    pub fn new(images: BaseImages) -> Self {
        Self { images }
    }
}

struct Project {
    name: String,
    /// Main files below `bin`.
    mains: Vec<String>,
    chosen: Option<String>,
    framework: Option<&'static str>,
    pins: Vec<Pin>,
}

impl Project {
    fn read(view: &View<'_>) -> Result<Option<Self>> {
        let Some(text) = view.read("pubspec.yaml")? else { return Ok(None) };
        let outline = Outline::parse(&text);
        if super::flutter::is_flutter(&outline) {
            return Ok(None);
        }
        let name = outline.text(&["name"]).and_then(file_name).unwrap_or_else(|| "app".into());
        let mut mains: Vec<String> = view
            .sources(&["dart"], 1)
            .into_iter()
            .filter(|path| {
                path.strip_prefix("bin/").is_some_and(|file| file_name(file).as_deref() == Some(file))
            })
            .map(str::to_owned)
            .collect();
        mains.sort();
        let framework = FRAMEWORKS.into_iter().find(|package| outline.has(&["dependencies", package]));
        let chosen = if framework == Some("dart_frog") && view.has_dir("routes") {
            Some("bin/server.dart".to_owned())
        } else {
            match mains.as_slice() {
                [only] => Some(only.clone()),
                several => [name.as_str(), "server", "main", "app"]
                    .iter()
                    .map(|stem| format!("bin/{stem}.dart"))
                    .find(|path| several.contains(path)),
            }
        };
        let mut pins = Vec::new();
        pins.extend(pins::from_tools(view, &["dart"])?);
        if let Some(request) = outline.text(&["environment", "sdk"]) {
            pins.push(Pin::new(request, "pubspec.yaml", "environment.sdk"));
        }
        Ok(Some(Self { name, mains, chosen, framework, pins }))
    }

    fn is_frog(&self) -> bool {
        self.framework == Some("dart_frog") && self.chosen.is_some()
    }

    /// The name of the program, after its main file.
    fn program(&self, main: &str) -> String {
        let file = if self.is_frog() { self.name.as_str() } else { main.rsplit('/').next().unwrap_or(main) };
        file.trim_end_matches(".dart").to_owned()
    }
}

impl Generator for DartGenerator {
    fn name(&self) -> &str {
        "dart"
    }

    fn looks_for(&self) -> Vec<String> {
        vec!["pubspec.yaml".into()]
    }

    fn detect(&self, source: &SourceTree) -> Result<Option<Detection>> {
        let view = View::of(source);
        let Some(project) = Project::read(&view)? else { return Ok(None) };
        let mut detection = Detection::new("dart", if project.chosen.is_some() { 0.96 } else { 0.6 });
        view.base().clone_into(&mut detection.root);
        detection.note("stack = dart", view.full("pubspec.yaml"), "a manifest of Dart, without Flutter");
        detection.version = Some(pins::decide(&self.images, "dart", &project.pins, None, &mut detection));
        detection.package_manager = Some("pub".into());
        if let Some(name) = project.framework {
            detection.framework = Some(name.into());
            detection.note(
                format!("framework = {name}"),
                view.full("pubspec.yaml"),
                "it is among the dependencies",
            );
        }
        match &project.chosen {
            Some(main) => {
                detection.note(format!("main = {main}"), view.full(main), "the program that is compiled");
            }
            None if project.mains.is_empty() => {
                detection.diagnostics.push(no_start("there is no program in bin: this is a library"));
            }
            None => detection.diagnostics.push(
                Diagnostic::new(
                    "several-binaries",
                    Severity::Error,
                    format!("which of these is the app? {}", project.mains.join(", ")),
                )
                .with_setting("build.build"),
            ),
        }
        Ok(Some(detection))
    }

    fn plan(&self, source: &SourceTree, detection: &Detection, spec: &AppSpec) -> Result<Plan> {
        let view = View::at(source, &detection.root);
        let Some(project) = Project::read(&view)? else {
            return Err(Error::invalid("app.plan", "pubspec.yaml is gone").with_remedy("detect again"));
        };
        let chosen = project.chosen.clone();
        let program = chosen.as_deref().map(|main| project.program(main));
        let frozen = if view.has_file("pubspec.lock") { " --enforce-lockfile" } else { "" };
        // Older releases check the lock file by default and do not know the flag.
        let is_old = detection.version.as_deref().is_some_and(|version| version.starts_with("2."));
        let build = chosen.as_deref().zip(program.as_deref()).map(|(main, program)| {
            let main = if project.is_frog() { format!("build/{main}") } else { main.to_owned() };
            let compile = format!("dart compile exe {} -o /out/{program}.exe", quote(&main));
            if project.is_frog() {
                format!("dart run dart_frog_cli:dart_frog build && {compile}")
            } else {
                compile
            }
        });
        let hints = Hints {
            file: chosen.as_deref(),
            extensions: &["dart"],
            entry: chosen.clone(),
            install: Some(format!("dart pub get{}", if is_old { "" } else { frozen })),
            build,
            start: program.as_ref().map(|program| format!("./bin/{program}.exe")),
            port: 8080,
        };
        let mut plan = native::plan(&self.images, &view, detection, spec, hints)?;
        plan.ignore = [".dart_tool", "build", "test", "**/*.exe"].map(String::from).to_vec();
        if let Some(program) = program.filter(|_| plan.start.is_some()) {
            let mut steps = vec![BuildStep::Workdir("/src".into())];
            let caches = vec![cache("pub", "/root/.pub-cache")];
            if let Some(line) = plan.install.clone() {
                steps.push(manifests(&view, &["pubspec.yaml", "pubspec.lock"], "packages"));
                steps.push(run(line, caches.clone(), ""));
            }
            steps.push(copy_source(&view, ""));
            let line = plan.build.clone().unwrap_or_default();
            let offline = if plan.install.is_some() { "dart pub get --offline && " } else { "" };
            steps.push(run(
                format!("mkdir -p /out && {offline}{line}"),
                caches,
                "Compiled ahead of time, so that the image needs no Dart.",
            ));
            let build = Stage {
                name: "build".into(),
                image: self.images.image("dart", plan.version.as_deref().unwrap_or_default()),
                reason: "Compiles the program; the compiler and the source stay in this stage.".into(),
                steps,
            };
            let one = Program::dynamic(format!("/out/{program}.exe"), format!("/app/bin/{program}.exe"));
            native::stages(&mut plan, &view, &self.images, build, one);
        }
        end(plan, &view, spec)
    }
}
