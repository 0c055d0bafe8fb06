//! Haskell: Stack, Cabal and hpack, built to one program.

mod project;

use project::{Project, Tool};

use super::Generator;
use super::command::quote;
use super::finish::{cache, copy, copy_source, end, no_start, run};
use super::images::BaseImages;
use super::native::{self, Hints, Program};
use super::pins;
use super::view::View;
use crate::error::{Error, Result};
use crate::model::{AppSpec, BuildStep, Detection, Diagnostic, Plan, Severity, Stage};
use crate::source::SourceTree;

/// Recognises `stack.yaml`, `package.yaml`, `cabal.project` and `*.cabal`.
#[derive(Debug, Clone, Default)]
pub struct HaskellGenerator {
    images: BaseImages,
}

impl HaskellGenerator {
    /// The generator on a table of base images.
    #[must_use]
    pub fn new(images: BaseImages) -> Self {
        Self { images }
    }
}

impl Generator for HaskellGenerator {
    fn name(&self) -> &str {
        "haskell"
    }

    fn looks_for(&self) -> Vec<String> {
        ["stack.yaml", "cabal.project", "*.cabal"].map(String::from).to_vec()
    }

    fn detect(&self, source: &SourceTree) -> Result<Option<Detection>> {
        let view = View::of(source);
        let Some(project) = Project::read(&view)? else { return Ok(None) };
        let mut detection = Detection::new("haskell", if project.chosen.is_some() { 0.96 } else { 0.6 });
        view.base().clone_into(&mut detection.root);
        detection.note("stack = haskell", view.full(&project.file), "a manifest of Haskell");
        detection.version = Some(pins::decide(&self.images, "haskell", &project.pins, None, &mut detection));
        let tool = project.tool.name();
        detection.package_manager = Some(tool.into());
        detection.note(
            format!("package manager = {tool}"),
            view.full(&project.file),
            "it is this tool's file",
        );
        if let Some((name, _)) = project.framework {
            detection.framework = Some(name.into());
            detection.note(
                format!("framework = {name}"),
                view.full(&project.manifest),
                "it is among the dependencies",
            );
        }
        match &project.chosen {
            Some(name) => detection.note(
                format!("binary = {name}"),
                view.full(&project.manifest),
                "the program that it names",
            ),
            None if project.programs.is_empty() => {
                detection.diagnostics.push(no_start("the manifests name no executable: this is a library"));
            }
            None => detection.diagnostics.push(
                Diagnostic::new(
                    "several-binaries",
                    Severity::Error,
                    format!("which of these is the app? {}", project.programs.join(", ")),
                )
                .with_setting("build.build"),
            ),
        }
        Ok(Some(detection))
    }

    fn plan(&self, source: &SourceTree, detection: &Detection, spec: &AppSpec) -> Result<Plan> {
        let view = View::at(source, &detection.root);
        let Some(project) = Project::read(&view)? else {
            return Err(Error::invalid("app.plan", "the Haskell project is gone").with_remedy("detect again"));
        };
        let chosen = project.chosen.clone();
        let hints = Hints {
            extensions: &["hs"],
            entry: chosen.clone(),
            install: chosen.as_deref().and_then(|name| project.install_line(name)),
            build: chosen.as_deref().map(|name| project.build_line(name)),
            start: chosen.as_ref().map(|name| format!("./{name}")),
            port: project.framework.map_or(8080, |(_, port)| port),
            ..Hints::default()
        };
        let mut plan = native::plan(&self.images, &view, detection, spec, hints)?;
        plan.ignore = ["dist-newstyle", ".stack-work", "dist"].map(String::from).to_vec();
        if let Some(name) = chosen.filter(|_| plan.start.is_some()) {
            let build = self.build_stage(&plan, &view, &project, &name);
            let program = Program {
                packages: project.packages(),
                ..Program::dynamic(format!("/out/{name}"), format!("/app/{name}"))
            };
            native::stages(&mut plan, &view, &self.images, build, program);
        }
        end(plan, &view, spec)
    }
}

impl HaskellGenerator {
    fn build_stage(&self, plan: &Plan, view: &View<'_>, project: &Project, name: &str) -> Stage {
        let mut steps = Vec::new();
        if !project.build_packages().is_empty() {
            steps.push(BuildStep::Packages {
                names: project.build_packages(),
                reason: "A dependency links to these while it is compiled.".into(),
            });
        }
        if project.tool == Tool::Cabal && project.is_offline() {
            steps.push(BuildStep::Env {
                values: [("CABAL_CONFIG".to_owned(), "/dev/null".to_owned())].into(),
                reason: "All packages come with the compiler, so no index of others is fetched.".into(),
            });
        }
        steps.push(BuildStep::Workdir("/src".into()));
        // What was compiled for the dependencies has to stay in the layer, so only downloads are a cache.
        let caches = match project.tool {
            Tool::Stack => vec![cache("stack-pantry", "/root/.stack/pantry")],
            Tool::Cabal => vec![cache("cabal-packages", "/root/.cabal/packages")],
        };
        let libraries = project.libraries(name);
        if plan.install.is_some() || libraries.is_some() {
            let files: Vec<String> = project.manifests.iter().map(|file| view.full(file)).collect();
            steps.push(copy(
                files,
                "./",
                "Manifests first: dependencies are only compiled again when they change.",
            ));
            for file in project.manifests_below() {
                let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
                steps.push(copy(vec![view.full(file)], &format!("./{folder}/"), ""));
            }
        }
        if let Some(line) = plan.install.clone() {
            steps.push(run(line, caches.clone(), ""));
        }
        if let Some((folders, line)) = libraries {
            for (index, folder) in folders.into_iter().enumerate() {
                let reason = "The project's own libraries change less often than the program.";
                let reason = if index == 0 { reason } else { "" };
                steps.push(copy(vec![view.full(folder)], &format!("./{folder}"), reason));
            }
            steps.push(run(line, caches.clone(), ""));
        }
        steps.push(copy_source(view, ""));
        let line = plan.build.clone().unwrap_or_default();
        let out = match project.tool {
            Tool::Stack => String::new(),
            Tool::Cabal => format!(
                " && mkdir -p /out && cp \"$(cabal list-bin {})\" /out/",
                quote(&format!("exe:{name}"))
            ),
        };
        steps.push(run(format!("{line}{out} && strip /out/{name}"), caches, ""));
        Stage {
            name: "build".into(),
            image: self.images.image("haskell", plan.version.as_deref().unwrap_or_default()),
            reason: "Compiles the program; the compiler and the source stay in this stage.".into(),
            steps,
        }
    }
}
