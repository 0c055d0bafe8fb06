//! Swift: `Package.swift`, built to one program.

use super::Generator;
use super::command::quote;
use super::finish::{copy_source, end, manifests, no_start, run};
use super::images::BaseImages;
use super::native::{self, Hints, Program, file_name};
use super::pins::{self, Pin};
use super::view::View;
use crate::error::{Error, Result};
use crate::model::{AppSpec, BuildStep, CacheMount, Detection, Diagnostic, Plan, RunSpec, Severity, Stage};
use crate::source::SourceTree;

/// Web frameworks by the end of their package's address.
const FRAMEWORKS: [(&str, &str); 4] = [
    ("vapor/vapor", "vapor"),
    ("hummingbird-project/hummingbird", "hummingbird"),
    ("Kitura/Kitura", "kitura"),
    ("PerfectlySoft/Perfect-HTTPServer", "perfect"),
];

/// Recognises `Package.swift`.
#[derive(Debug, Clone, Default)]
pub struct SwiftGenerator {
    images: BaseImages,
}

impl SwiftGenerator {
    /// The generator on a table of base images.
    #[must_use]
    pub fn new(images: BaseImages) -> Self {
        Self { images }
    }
}

struct Project {
    /// What can be built and started.
    programs: Vec<String>,
    chosen: Option<String>,
    framework: Option<&'static str>,
    has_dependencies: bool,
    pins: Vec<Pin>,
}

impl Project {
    fn read(view: &View<'_>) -> Result<Option<Self>> {
        let Some(text) = view.read("Package.swift")? else { return Ok(None) };
        let mut pins = Vec::new();
        pins.extend(pins::from_file(view, ".swift-version")?);
        pins.extend(pins::from_tools(view, &["swift"])?);
        let first = text.lines().next().unwrap_or_default();
        if let Some((_, version)) = first.split_once("swift-tools-version:") {
            let version = version.split(';').next().unwrap_or_default().trim();
            pins.push(Pin::new(version, "Package.swift", "swift-tools-version"));
        }
        let plain: String =
            text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
        let package = names(&plain, "Package(").into_iter().next();
        let products = names(&plain, ".executable(");
        let mut targets = names(&plain, ".executableTarget(");
        // Before 5.4 a target was a program when it had a main file.
        for target in names(&plain, ".target(") {
            let has_main = ["", &format!("{target}/")]
                .iter()
                .any(|folder| view.has_file(&format!("Sources/{folder}main.swift")));
            if has_main && !targets.contains(&target) {
                targets.push(target);
            }
        }
        let programs: Vec<String> = if products.is_empty() { targets } else { products }
            .iter()
            .filter_map(|name| file_name(name))
            .collect();
        let chosen = match programs.as_slice() {
            [only] => Some(only.clone()),
            several => package
                .iter()
                .map(String::as_str)
                .chain(["App", "Run", "Server", "server", "app"])
                .find(|name| several.iter().any(|one| one == name))
                .map(str::to_owned),
        };
        Ok(Some(Self {
            framework: FRAMEWORKS
                .into_iter()
                .find(|(address, _)| {
                    plain.contains(&format!("{address}.git")) || plain.contains(&format!("{address}\""))
                })
                .map(|(_, name)| name),
            has_dependencies: plain.contains(".package("),
            programs,
            chosen,
            pins,
        }))
    }
}

/// What was built before: the package manager looks at each file's identity, so nothing stale is taken.
fn products() -> CacheMount {
    CacheMount { id: "swift-build".into(), target: "/src/.build".into(), is_locked: true }
}

/// The `name:` of each call.
fn names(text: &str, call: &str) -> Vec<String> {
    text.match_indices(call)
        .filter_map(|(at, _)| {
            let rest = text[at + call.len()..].trim_start();
            let value = rest.strip_prefix("name:")?.trim_start().strip_prefix('"')?;
            value.split_once('"').map(|(name, _)| name.to_owned())
        })
        .collect()
}

impl Generator for SwiftGenerator {
    fn name(&self) -> &str {
        "swift"
    }

    fn looks_for(&self) -> Vec<String> {
        vec!["Package.swift".into()]
    }

    fn detect(&self, source: &SourceTree) -> Result<Option<Detection>> {
        let view = View::of(source);
        let Some(project) = Project::read(&view)? else { return Ok(None) };
        let rival = native::rival(&view, &["Package.swift"]);
        let confidence = match (&project.chosen, rival) {
            // Grammars and libraries are packaged for Swift beside much else.
            (_, Some(_)) if project.programs.is_empty() => 0.2,
            (Some(_), _) => 0.96,
            (None, _) => 0.6,
        };
        let mut detection = Detection::new("swift", confidence);
        view.base().clone_into(&mut detection.root);
        detection.note("stack = swift", view.full("Package.swift"), "a manifest of Swift");
        detection.version = Some(pins::decide(&self.images, "swift", &project.pins, None, &mut detection));
        detection.package_manager = Some("swiftpm".into());
        if let Some(name) = project.framework {
            detection.framework = Some(name.into());
            detection.note(
                format!("framework = {name}"),
                view.full("Package.swift"),
                "it is among the dependencies",
            );
        }
        match &project.chosen {
            Some(name) => {
                detection.note(
                    format!("binary = {name}"),
                    view.full("Package.swift"),
                    "the program that it names",
                );
            }
            None if project.programs.is_empty() => {
                detection.diagnostics.push(no_start("Package.swift names no program: this is a library"));
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
        if project.has_dependencies && !view.has_file("Package.resolved") {
            detection.diagnostics.push(Diagnostic::new(
                "no-lock-file",
                Severity::Warning,
                "there is no Package.resolved, so two builds of the same source may differ",
            ));
        }
        Ok(Some(detection))
    }

    fn plan(&self, source: &SourceTree, detection: &Detection, spec: &AppSpec) -> Result<Plan> {
        let view = View::at(source, &detection.root);
        let Some(project) = Project::read(&view)? else {
            return Err(Error::invalid("app.plan", "Package.swift is gone").with_remedy("detect again"));
        };
        let chosen = project.chosen.clone();
        let is_vapor = project.framework == Some("vapor");
        let has_lock = view.has_file("Package.resolved");
        let start = chosen.as_ref().map(|name| {
            let arguments =
                if is_vapor { " serve --env production --hostname 0.0.0.0 --port 8080" } else { "" };
            format!("./{name}{arguments}")
        });
        let hints = Hints {
            extensions: &["swift"],
            entry: chosen.clone(),
            install: project.has_dependencies.then(|| {
                format!("swift package resolve{}", if has_lock { " --force-resolved-versions" } else { "" })
            }),
            build: chosen.as_ref().map(|name| {
                format!("swift build -c release --static-swift-stdlib --product {}", quote(name))
            }),
            start,
            port: 8080,
            ..Hints::default()
        };
        let mut plan = native::plan(&self.images, &view, detection, spec, hints)?;
        // The server is told its port on the command line.
        if is_vapor && spec.build.start.is_none() {
            plan.start = plan.start.map(|line| line.replace("--port 8080", &format!("--port {}", plan.port)));
        }
        plan.ignore = [".build", ".swiftpm", "DerivedData", "Tests"].map(String::from).to_vec();
        if let Some(name) = chosen.filter(|_| plan.start.is_some()) {
            let build = self.build_stage(&plan, &view, &name);
            let loads_curl = view.sources(&["swift"], 5).into_iter().take(60).any(|path| {
                view.glance(path).is_some_and(|text| text.contains("import FoundationNetworking"))
            });
            let program = Program {
                packages: if loads_curl { vec!["libcurl4t64".into()] } else { Vec::new() },
                ..Program::dynamic(format!("/out/{name}"), format!("/app/{name}"))
            };
            native::stages(&mut plan, &view, &self.images, build, program);
        }
        end(plan, &view, spec)
    }
}

impl SwiftGenerator {
    fn build_stage(&self, plan: &Plan, view: &View<'_>, name: &str) -> Stage {
        let mut steps = vec![BuildStep::Workdir("/src".into())];
        if let Some(line) = plan.install.clone() {
            steps.push(manifests(view, &["Package.swift", "Package.resolved"], "packages"));
            steps.push(run(line, vec![products()], ""));
        }
        steps.push(copy_source(view, ""));
        let line = plan.build.clone().unwrap_or_default();
        steps.push(BuildStep::Run(RunSpec {
            command: format!("{line} && mkdir -p /out && strip -o /out/{name} .build/release/{name}"),
            caches: vec![products()],
            reason: "Swift's own libraries are linked into the program.".into(),
            ..RunSpec::default()
        }));
        Stage {
            name: "build".into(),
            image: self.images.image("swift", plan.version.as_deref().unwrap_or_default()),
            reason: "Compiles the program; the compiler and the source stay in this stage.".into(),
            steps,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_named_by_products_and_targets() {
        let text = "let package = Package(\n    name: \"shop\",\n    targets: [\n        .executableTarget(name: \"App\", dependencies: []),\n        .testTarget(name: \"Tests\"),\n        .executableTarget(\n            name: \"Tool\"),\n    ])";
        assert_eq!(names(text, "Package("), ["shop"]);
        assert_eq!(names(text, ".executableTarget("), ["App", "Tool"]);
        assert!(names(".executableTarget(name", ".executableTarget(").is_empty());
    }
}
