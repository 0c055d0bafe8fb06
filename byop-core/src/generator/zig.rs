//! Zig: `build.zig`, built to one static program.

use super::Generator;
use super::finish::{cache, copy_source, end, no_start, run};
use super::images::BaseImages;
use super::native::{self, Hints, Program, file_name};
use super::pins::{self, Pin};
use super::view::View;
use crate::error::{Error, Result};
use crate::model::{AppSpec, BuildStep, Detection, Diagnostic, Plan, RunSpec, Severity, Stage};
use crate::source::SourceTree;

/// Recognises `build.zig`.
#[derive(Debug, Clone, Default)]
pub struct ZigGenerator {
    images: BaseImages,
}

impl ZigGenerator {
    /// The generator on a table of base images.
    #[must_use]
    pub fn new(images: BaseImages) -> Self {
        Self { images }
    }
}

/// What `build.zig` and `build.zig.zon` say.
struct Project {
    name: Option<String>,
    programs: Vec<String>,
    pins: Vec<Pin>,
    framework: Option<&'static str>,
}

impl Project {
    fn read(view: &View<'_>) -> Result<Option<Self>> {
        let Some(text) = view.read("build.zig")? else { return Ok(None) };
        let manifest = view.read("build.zig.zon")?.unwrap_or_default();
        let mut pins = Vec::new();
        for file in [".zigversion", ".zig-version"] {
            pins.extend(pins::from_file(view, file)?);
        }
        pins.extend(pins::from_tools(view, &["zig"])?);
        if let Some(version) = field(&manifest, "minimum_zig_version") {
            pins.push(Pin::new(version, "build.zig.zon", "minimum_zig_version"));
        }
        let framework = [("httpz", "httpz"), ("zap", "zap"), ("jetzig", "jetzig")]
            .into_iter()
            .find(|(name, _)| {
                manifest.contains(&format!(".{name} =")) || manifest.contains(&format!("{name}.git"))
            })
            .map(|(_, name)| name);
        Ok(Some(Self { name: field(&manifest, "name"), programs: programs(&text), pins, framework }))
    }

    /// The only program, else the one that is called like the package.
    fn chosen(&self) -> Option<String> {
        match self.programs.as_slice() {
            [only] => file_name(only),
            programs => {
                self.name.as_ref().filter(|name| programs.contains(name)).and_then(|name| file_name(name))
            }
        }
    }
}

/// The value of `.key = "value"` or `.key = .value`.
fn field(text: &str, key: &str) -> Option<String> {
    let needle = format!(".{key}");
    text.lines().map(str::trim).find_map(|line| {
        let value = line.strip_prefix(&needle)?.trim_start().strip_prefix('=')?.trim();
        let value = value.trim_end_matches(',').trim_start_matches('.').trim_matches(['"', '@']);
        (!value.is_empty()).then(|| value.to_owned())
    })
}

/// The names in `addExecutable(.{ .name = "x" ...`.
fn programs(text: &str) -> Vec<String> {
    let text: String =
        text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n");
    text.match_indices("addExecutable")
        .filter_map(|(at, _)| {
            let rest = &text[at..];
            let rest = &rest[rest.find(".name")?..];
            let value = rest.split_once('=')?.1.trim_start().strip_prefix('"')?;
            value.split_once('"').map(|(name, _)| name.to_owned())
        })
        .collect()
}

impl Generator for ZigGenerator {
    fn name(&self) -> &str {
        "zig"
    }

    fn looks_for(&self) -> Vec<String> {
        vec!["build.zig".into()]
    }

    fn detect(&self, source: &SourceTree) -> Result<Option<Detection>> {
        let view = View::of(source);
        let Some(project) = Project::read(&view)? else { return Ok(None) };
        let rival = native::rival(&view, &["build.zig", "CMakeLists.txt"]);
        let confidence = match (rival, project.chosen()) {
            // Zig builds sources in C of other stacks too.
            (Some(_), _) => 0.4,
            (None, Some(_)) => 0.96,
            (None, None) => 0.6,
        };
        let mut detection = Detection::new("zig", confidence);
        view.base().clone_into(&mut detection.root);
        let pins = native::whole(&self.images, "zig", &project.pins);
        detection.note("stack = zig", view.full("build.zig"), "a build of Zig");
        detection.version = Some(pins::decide(&self.images, "zig", &pins, None, &mut detection));
        detection.package_manager = Some("zig".into());
        if let Some(name) = project.framework {
            detection.framework = Some(name.into());
            detection.note(
                format!("framework = {name}"),
                view.full("build.zig.zon"),
                "it is among the dependencies",
            );
        }
        match project.chosen() {
            Some(name) => {
                detection.note(
                    format!("binary = {name}"),
                    view.full("build.zig"),
                    "the program that is built there",
                );
            }
            None if project.programs.is_empty() => {
                detection.diagnostics.push(no_start("build.zig names no program: this is a library"));
            }
            None => detection.diagnostics.push(
                Diagnostic::new(
                    "several-binaries",
                    Severity::Error,
                    format!("which of these is the app? {}", project.programs.join(", ")),
                )
                .with_setting("build.start"),
            ),
        }
        Ok(Some(detection))
    }

    fn plan(&self, source: &SourceTree, detection: &Detection, spec: &AppSpec) -> Result<Plan> {
        let view = View::at(source, &detection.root);
        let Some(project) = Project::read(&view)? else {
            return Err(Error::invalid("app.plan", "build.zig is gone").with_remedy("detect again"));
        };
        let chosen = project.chosen();
        let hints = Hints {
            extensions: &["zig"],
            entry: chosen.clone(),
            // The baseline, because the program may run on another processor than the one that builds it.
            build: chosen.as_ref().map(|_| {
                "zig build -Doptimize=ReleaseSafe -Dtarget=native-linux-musl -Dcpu=baseline --prefix /out"
                    .into()
            }),
            start: chosen.as_ref().map(|name| format!("./{name}")),
            port: 8080,
            ..Hints::default()
        };
        let mut plan = native::plan(&self.images, &view, detection, spec, hints)?;
        plan.ignore = ["zig-out", "zig-cache", ".zig-cache"].map(String::from).to_vec();
        if let Some(name) = chosen.filter(|_| plan.start.is_some()) {
            let version = plan.version.clone().unwrap_or_default();
            let caches = vec![cache("zig", "/root/.cache/zig")];
            let line = plan.build.clone().unwrap_or_default().replacen("zig ", "python -m ziglang ", 1);
            let build = Stage {
                name: "build".into(),
                image: self.images.image("zig", ""),
                reason: "Compiles the program. There is no official image of Zig; its makers publish the compiler as a Python package.".into(),
                steps: vec![
                    BuildStep::Run(RunSpec {
                        command: format!("pip install --no-cache-dir --root-user-action ignore ziglang=={version}"),
                        classic: Some(format!("pip install --no-cache-dir --root-user-action ignore ziglang=={version}")),
                        reason: "The compiler, checked against the sum that the registry has of it.".into(),
                        ..RunSpec::default()
                    }),
                    BuildStep::Env {
                        values: [("ZIG_LOCAL_CACHE_DIR".to_owned(), "/root/.cache/zig/local".to_owned())].into(),
                        reason: "Beside the other cache, so that both outlive a build.".into(),
                    },
                    BuildStep::Workdir("/src".into()),
                    copy_source(&view, ""),
                    run(
                        format!("find . -type f -exec touch {{}} + && {line}"),
                        caches,
                        "Files of a context may all have one time, which Zig's cache would trust. Without the C library of a distribution the program needs no library at all.",
                    ),
                ],
            };
            let program = Program::fixed(format!("/out/bin/{name}"), format!("/app/{name}"));
            native::stages(&mut plan, &view, &self.images, build, program);
        }
        end(plan, &view, spec)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_and_fields_are_read() {
        let build = "const exe = b.addExecutable(.{\n    .name = \"shop\",\n    .root_module = m,\n});\n// b.addExecutable(.{ .name = \"no\" })\n";
        assert_eq!(programs(build), ["shop"]);
        let zon =
            ".{\n    .name = .shop,\n    .version = \"0.1.0\",\n    .minimum_zig_version = \"0.15.1\",\n}";
        assert_eq!(field(zon, "name").as_deref(), Some("shop"));
        assert_eq!(field(zon, "minimum_zig_version").as_deref(), Some("0.15.1"));
        assert!(programs("addExecutable(").is_empty());
    }
}
