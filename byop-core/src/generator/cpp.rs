//! C and C++: CMake, Meson and Make, built to one program.

mod cmake;
mod libraries;
mod make;
mod meson;
mod project;

use project::{Project, System};

use super::finish::{cache, copy_source, end, no_start, run};
use super::images::BaseImages;
use super::native::{self, Hints, Program};
use super::view::View;
use super::{Generator, command};
use crate::error::{Error, Result};
use crate::model::{AppSpec, BuildStep, Detection, Diagnostic, Plan, Severity, Stage};
use crate::source::SourceTree;

/// Extensions of the sources.
const SOURCES: [&str; 5] = ["c", "cc", "cpp", "cxx", "c++"];

/// Recognises `CMakeLists.txt`, `meson.build`, and a `Makefile` or a `main` beside sources in C or C++.
#[derive(Debug, Clone, Default)]
pub struct CppGenerator {
    images: BaseImages,
}

impl CppGenerator {
    /// The generator on a table of base images.
    #[must_use]
    pub fn new(images: BaseImages) -> Self {
        Self { images }
    }
}

impl Generator for CppGenerator {
    fn name(&self) -> &str {
        "cpp"
    }

    fn looks_for(&self) -> Vec<String> {
        ["CMakeLists.txt", "meson.build", "Makefile"].map(String::from).to_vec()
    }

    fn detect(&self, source: &SourceTree) -> Result<Option<Detection>> {
        let view = View::of(source);
        let Some(project) = Project::read(&view)? else { return Ok(None) };
        let own = ["CMakeLists.txt", "meson.build"];
        let rival = native::rival(&view, &own);
        let confidence = match (rival, project.system, &project.chosen) {
            // The extension module of another language, or a file of tasks.
            (Some(_), ..) => 0.3,
            (None, System::Cmake | System::Meson, Some(_)) => 0.96,
            (None, System::Make, Some(_)) => 0.8,
            (None, System::Compiler, _) => 0.6,
            (None, System::Cmake | System::Meson, None) => 0.6,
            (None, System::Make, None) => 0.5,
        };
        let mut detection = Detection::new("cpp", confidence);
        view.base().clone_into(&mut detection.root);
        detection.note("stack = cpp", view.full(&project.file), "it builds sources in C or C++");
        if let Some(rival) = rival {
            detection.note("confidence is low", view.full(rival), "it belongs to another stack");
        }
        if let Some(tool) = project.system.name() {
            detection.package_manager = Some(tool.into());
        }
        if let Some((name, file)) = &project.framework {
            detection.framework = Some((*name).to_owned());
            detection.note(format!("framework = {name}"), view.full(file), "it is among the libraries");
        }
        match &project.chosen {
            Some(chosen) => detection.note(
                format!("binary = {}", chosen.name),
                view.full(&chosen.file),
                "the program that is built there",
            ),
            None if project.candidates.is_empty() => detection
                .diagnostics
                .push(no_start(format!("{} names no program that could be started", project.file))),
            None => {
                let names: Vec<&str> = project.candidates.iter().map(|one| one.name.as_str()).collect();
                detection.diagnostics.push(
                    Diagnostic::new(
                        "several-binaries",
                        Severity::Error,
                        format!("which of these is the app? {}", names.join(", ")),
                    )
                    .with_setting("build.start"),
                );
            }
        }
        for (file, name) in [("vcpkg.json", "vcpkg"), ("conanfile.txt", "Conan"), ("conanfile.py", "Conan")] {
            if view.has_file(file) {
                detection.diagnostics.push(
                    Diagnostic::new(
                        "libraries-not-installed",
                        Severity::Warning,
                        format!("{file} is not used: libraries come from the distribution, not from {name}"),
                    )
                    .with_setting("build.install"),
                );
            }
        }
        for name in &project.unknown {
            detection.diagnostics.push(
                Diagnostic::new(
                    "unknown-library",
                    Severity::Warning,
                    format!("no distribution package is known for the library {name}"),
                )
                .with_setting("build.install"),
            );
        }
        Ok(Some(detection))
    }

    fn plan(&self, source: &SourceTree, detection: &Detection, spec: &AppSpec) -> Result<Plan> {
        let view = View::at(source, &detection.root);
        let Some(mut project) = Project::read(&view)? else {
            return Err(
                Error::invalid("app.plan", "the C or C++ project is gone").with_remedy("detect again")
            );
        };
        if let Some(start) = &spec.build.start {
            project.choose_by(start);
        }
        let chosen = project.chosen.clone();
        let hints = Hints {
            extensions: &SOURCES,
            entry: chosen.as_ref().map(|one| one.name.clone()),
            build: chosen.as_ref().map(|one| project.build_line(one)),
            start: chosen.as_ref().map(|one| project.start(one)),
            port: project.port(),
            ..Hints::default()
        };
        let mut plan = native::plan(&self.images, &view, detection, spec, hints)?;
        if chosen.is_some() {
            plan.diagnostics.retain(|diagnostic| diagnostic.code != "several-binaries");
        }
        plan.ignore =
            ["build", "builddir", "cmake-build-*", "**/*.o", "**/*.a", ".cache"].map(String::from).to_vec();
        if let Some(chosen) = chosen.filter(|_| plan.start.is_some()) {
            let build = self.build_stage(&plan, &view, &project, &chosen);
            let program = Program {
                packages: project.libraries.run.clone(),
                ..Program::dynamic(format!("/out/{}", chosen.name), project.path(&chosen))
            };
            native::stages(&mut plan, &view, &self.images, build, program);
        }
        end(plan, &view, spec)
    }
}

impl CppGenerator {
    fn build_stage(
        &self,
        plan: &Plan,
        view: &View<'_>,
        project: &Project,
        chosen: &project::Binary,
    ) -> Stage {
        let mut names: Vec<String> = ["ccache", "g++"].map(String::from).to_vec();
        names.extend(project.system.packages().iter().map(|name| (*name).to_owned()));
        names.extend(project.libraries.build.iter().cloned());
        if project.fetches {
            names.extend(["ca-certificates", "git"].map(String::from));
        }
        names.sort();
        names.dedup();
        let mut steps = vec![
            BuildStep::Packages { names, reason: "The compiler, the build tool and headers.".into() },
            BuildStep::Env {
                values: [(
                    "PATH".to_owned(),
                    "/usr/lib/ccache:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned(),
                )]
                .into(),
                reason: "Compiles only what changed, by contents and not by time.".into(),
            },
            BuildStep::Workdir("/src".into()),
            copy_source(view, ""),
        ];
        let built = command::quote(&project.built(chosen));
        let line = plan.build.clone().unwrap_or_default();
        let install = plan.install.as_ref().map(|line| format!("{line} && ")).unwrap_or_default();
        let strip = if project.system == System::Compiler { "" } else { " && strip" };
        let out = if strip.is_empty() {
            format!("{line} && mkdir -p /out && cp {built} /out/{}", command::quote(&chosen.name))
        } else {
            format!("{line} && mkdir -p /out{strip} -o /out/{} {built}", command::quote(&chosen.name))
        };
        steps.push(run(
            format!("{install}{out}"),
            vec![cache("ccache", "/root/.cache/ccache")],
            "Only the program leaves this stage, without the symbols that debuggers want.",
        ));
        Stage {
            name: "build".into(),
            image: self.images.image("native", ""),
            reason: "Compiles the program with the distribution's tools; they stay in this stage.".into(),
            steps,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn confidence(files: &[(&str, &str)]) -> Option<f64> {
        let tree = SourceTree::from_files(files.iter().copied()).unwrap();
        CppGenerator::default().detect(&tree).unwrap().map(|found| found.confidence)
    }

    #[test]
    fn a_makefile_alone_is_no_c() {
        assert_eq!(confidence(&[("Makefile", "all:\n\tlatex a.tex\n"), ("docs/a.md", "")]), None);
        assert_eq!(confidence(&[("notes.txt", ""), ("lib/a.c", "")]), None);
    }

    #[test]
    fn sources_in_c_beside_another_stack_are_its_extension() {
        for manifest in ["package.json", "pyproject.toml", "go.mod", "Cargo.toml", "setup.py", "Gemfile"] {
            for build in ["Makefile", "CMakeLists.txt", "main.c"] {
                let files = [(manifest, ""), (build, "project(a)\nadd_executable(a a.c)"), ("src/a.c", "")];
                assert!(confidence(&files).is_none_or(|sure| sure < 0.5), "{manifest} {build}");
            }
        }
    }

    #[test]
    fn a_start_command_settles_which_program_it_is() {
        let files = [("CMakeLists.txt", "project(x)\nadd_executable(a a.cc)\nadd_executable(b b.cc)")];
        let tree = SourceTree::from_files(files).unwrap();
        let mut spec = AppSpec::new("x", crate::model::Source::Directory(".".into())).unwrap();
        spec.build.start = Some("./b --port 9000".into());
        let generator = CppGenerator::default();
        let found = generator.detect(&tree).unwrap().unwrap();
        assert!(found.diagnostics.iter().any(|said| said.code == "several-binaries"));
        let plan = generator.plan(&tree, &found, &spec).unwrap();
        assert_eq!(plan.command.unwrap(), ["/build/b", "--port", "9000"]);
        assert!(plan.diagnostics.iter().all(|said| said.severity != Severity::Error));
    }
}
