//! Crystal: `shard.yml`, built to one static program.

use super::finish::{copy_source, end, manifests, no_start, run};
use super::images::BaseImages;
use super::native::{self, Hints, Program, file_name};
use super::pins::{self, Pin};
use super::view::View;
use super::yaml::Outline;
use super::{Generator, command};
use crate::error::{Error, Result};
use crate::model::{AppSpec, BuildStep, Detection, Diagnostic, Plan, Severity, Stage};
use crate::source::SourceTree;

/// Web frameworks by shard, with their own default port.
const FRAMEWORKS: [(&str, u16); 5] =
    [("kemal", 3000), ("lucky", 3000), ("amber", 3000), ("athena", 3000), ("grip", 4004)];

/// Recognises `shard.yml`.
#[derive(Debug, Clone, Default)]
pub struct CrystalGenerator {
    images: BaseImages,
}

impl CrystalGenerator {
    /// The generator on a table of base images.
    #[must_use]
    pub fn new(images: BaseImages) -> Self {
        Self { images }
    }
}

struct Project {
    name: String,
    /// Programs with their main files.
    targets: Vec<(String, String)>,
    framework: Option<(&'static str, u16)>,
    has_dependencies: bool,
    pins: Vec<Pin>,
}

impl Project {
    fn read(view: &View<'_>) -> Result<Option<Self>> {
        let Some(text) = view.read("shard.yml")? else { return Ok(None) };
        let outline = Outline::parse(&text);
        let name = outline.text(&["name"]).and_then(file_name).unwrap_or_else(|| "app".into());
        let mut targets: Vec<(String, String)> = outline
            .below(&["targets"])
            .into_iter()
            .filter_map(|target| {
                let main = outline.text(&["targets", target, "main"])?;
                (file_name(target).as_deref() == Some(target)).then(|| (target.to_owned(), main.to_owned()))
            })
            .collect();
        if targets.is_empty() {
            let mains =
                [format!("src/{name}.cr"), "src/main.cr".into(), "src/app.cr".into(), "src/server.cr".into()];
            targets
                .extend(mains.into_iter().find(|path| view.has_file(path)).map(|path| (name.clone(), path)));
        }
        let dependencies = outline.below(&["dependencies"]);
        let mut pins = Vec::new();
        pins.extend(pins::from_file(view, ".crystal-version")?);
        pins.extend(pins::from_tools(view, &["crystal"])?);
        if let Some(request) = outline.text(&["crystal"]) {
            pins.push(Pin::new(request, "shard.yml", "crystal"));
        }
        Ok(Some(Self {
            framework: FRAMEWORKS.into_iter().find(|(shard, _)| dependencies.contains(shard)),
            has_dependencies: !dependencies.is_empty(),
            name,
            targets,
            pins,
        }))
    }

    fn chosen(&self) -> Option<&(String, String)> {
        match self.targets.as_slice() {
            [only] => Some(only),
            targets => [self.name.as_str(), "server", "app", "web"]
                .into_iter()
                .find_map(|name| targets.iter().find(|(target, _)| target == name)),
        }
    }
}

impl Generator for CrystalGenerator {
    fn name(&self) -> &str {
        "crystal"
    }

    fn looks_for(&self) -> Vec<String> {
        vec!["shard.yml".into()]
    }

    fn detect(&self, source: &SourceTree) -> Result<Option<Detection>> {
        let view = View::of(source);
        let Some(project) = Project::read(&view)? else { return Ok(None) };
        let chosen = project.chosen();
        let mut detection = Detection::new("crystal", if chosen.is_some() { 0.96 } else { 0.6 });
        view.base().clone_into(&mut detection.root);
        detection.note("stack = crystal", view.full("shard.yml"), "a manifest of Crystal");
        detection.version = Some(pins::decide(&self.images, "crystal", &project.pins, None, &mut detection));
        detection.package_manager = Some("shards".into());
        if let Some((name, _)) = project.framework {
            detection.framework = Some(name.into());
            detection.note(
                format!("framework = {name}"),
                view.full("shard.yml"),
                "it is among the dependencies",
            );
        }
        match chosen {
            Some((name, main)) => {
                detection.note(format!("binary = {name}"), view.full(main), "its main file");
                if project.has_dependencies && !view.has_file("shard.lock") {
                    detection.diagnostics.push(Diagnostic::new(
                        "no-lock-file",
                        Severity::Warning,
                        "there is no shard.lock, so two builds of the same source may differ",
                    ));
                }
            }
            None if project.targets.is_empty() => {
                detection.diagnostics.push(no_start("shard.yml names no target: this is a library"));
            }
            None => {
                let names: Vec<&str> = project.targets.iter().map(|(name, _)| name.as_str()).collect();
                detection.diagnostics.push(
                    Diagnostic::new(
                        "several-binaries",
                        Severity::Error,
                        format!("which of these is the app? {}", names.join(", ")),
                    )
                    .with_setting("build.build"),
                );
            }
        }
        Ok(Some(detection))
    }

    fn plan(&self, source: &SourceTree, detection: &Detection, spec: &AppSpec) -> Result<Plan> {
        let view = View::at(source, &detection.root);
        let Some(project) = Project::read(&view)? else {
            return Err(Error::invalid("app.plan", "shard.yml is gone").with_remedy("detect again"));
        };
        let chosen = project.chosen().cloned();
        let frozen = if view.has_file("shard.lock") { " --frozen" } else { "" };
        let hints = Hints {
            file: chosen.as_ref().map(|(_, main)| main.as_str()),
            extensions: &["cr"],
            entry: chosen.as_ref().map(|(_, main)| main.clone()),
            install: project.has_dependencies.then(|| {
                format!("shards install --production --skip-postinstall --skip-executables{frozen}")
            }),
            build: chosen.as_ref().map(|(name, main)| {
                format!(
                    "crystal build --release --no-debug --static -o /out/{name} {}",
                    command::operand(main)
                )
            }),
            start: chosen.as_ref().map(|(name, _)| format!("./{name}")),
            port: project.framework.map_or(8080, |(_, port)| port),
        };
        let mut plan = native::plan(&self.images, &view, detection, spec, hints)?;
        plan.ignore = ["bin", "lib", ".shards", "spec"].map(String::from).to_vec();
        if project.framework.is_some_and(|(name, _)| name == "kemal") {
            plan.env.insert("KEMAL_ENV".into(), "production".into());
        }
        if let Some((name, _)) = chosen.filter(|_| plan.start.is_some()) {
            let mut steps = vec![BuildStep::Workdir("/src".into())];
            if let Some(line) = plan.install.clone() {
                steps.push(manifests(&view, &["shard.yml", "shard.lock"], "shards"));
                steps.push(run(line, Vec::new(), ""));
            }
            steps.push(copy_source(&view, ""));
            let line = plan.build.clone().unwrap_or_default();
            steps.push(run(
                format!("mkdir -p /out && {line}"),
                vec![super::finish::cache("crystal", "/root/.cache/crystal")],
                "",
            ));
            let build = Stage {
                name: "build".into(),
                image: self.images.image("crystal", plan.version.as_deref().unwrap_or_default()),
                reason: "Compiles the program; this variant has what it takes to link everything into it."
                    .into(),
                steps,
            };
            let program = Program::fixed(format!("/out/{name}"), format!("/app/{name}"));
            native::stages(&mut plan, &view, &self.images, build, program);
        }
        end(plan, &view, spec)
    }
}
