//! COBOL: one program, compiled by GnuCOBOL.

use super::Generator;
use super::command::quote;
use super::finish::{copy_source, end, no_start, run};
use super::images::BaseImages;
use super::native::{self, Hints, Program, file_name};
use super::view::View;
use crate::error::{Error, Result};
use crate::model::{AppSpec, BuildStep, Detection, Diagnostic, Plan, Severity, Stage};
use crate::source::SourceTree;

const SOURCES: [&str; 6] = ["cbl", "cob", "cobol", "CBL", "COB", "COBOL"];

/// Folders of copy books.
const COPY_BOOKS: [&str; 5] = ["copy", "copybooks", "copylib", "cpy", "src/copy"];

/// Recognises sources in COBOL: `index.cbl`, else the only one.
#[derive(Debug, Clone, Default)]
pub struct CobolGenerator {
    images: BaseImages,
}

impl CobolGenerator {
    /// The generator on a table of base images.
    #[must_use]
    pub fn new(images: BaseImages) -> Self {
        Self { images }
    }
}

/// The sources of a tree, and the one that is the app.
struct Project {
    sources: Vec<String>,
    main: Option<String>,
}

impl Project {
    fn read(view: &View<'_>) -> Option<Self> {
        let sources: Vec<String> =
            view.sources(&SOURCES, 2).into_iter().take(50).map(str::to_owned).collect();
        let stem = |path: &str| stem_of(path).to_ascii_lowercase();
        let main = ["index", "main", "server", "app"]
            .into_iter()
            .find_map(|name| sources.iter().find(|path| stem(path) == name))
            .or_else(|| sources.first().filter(|_| sources.len() == 1))
            .cloned();
        (!sources.is_empty()).then_some(Self { sources, main })
    }

    /// The sources of the programs that a source calls by name.
    fn called<'a>(&'a self, main: &str, text: &str) -> Vec<&'a str> {
        let upper = text.to_ascii_uppercase();
        self.sources
            .iter()
            .map(String::as_str)
            .filter(|path| {
                let name = stem_of(path).to_ascii_uppercase();
                *path != main && ['"', '\''].iter().any(|q| upper.contains(&format!("CALL {q}{name}{q}")))
            })
            .collect()
    }
}

fn stem_of(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// Whether lines begin anywhere, rather than with a column for numbers and one for marks.
fn is_free(text: &str) -> bool {
    text.lines().any(|line| {
        let upper = line.to_ascii_uppercase();
        let start = upper.len() - upper.trim_start().len();
        let is_numbered = upper.bytes().take(6).all(|b| b.is_ascii_digit());
        start < 6
            && !is_numbered
            && (upper.contains("IDENTIFICATION DIVISION") || upper.contains("ID DIVISION"))
    })
}

impl Generator for CobolGenerator {
    fn name(&self) -> &str {
        "cobol"
    }

    fn looks_for(&self) -> Vec<String> {
        vec!["index.cbl".into()]
    }

    fn detect(&self, source: &SourceTree) -> Result<Option<Detection>> {
        let view = View::of(source);
        let Some(project) = Project::read(&view) else { return Ok(None) };
        let rival = native::rival(&view, &[]);
        let confidence = match (rival, &project.main) {
            (Some(_), _) => 0.3,
            (None, Some(_)) => 0.9,
            (None, None) => 0.6,
        };
        let mut detection = Detection::new("cobol", confidence);
        view.base().clone_into(&mut detection.root);
        let file = project.main.as_ref().or_else(|| project.sources.first()).cloned().unwrap_or_default();
        detection.note("stack = cobol", view.full(&file), "a source in COBOL");
        match &project.main {
            Some(main) => detection.note(
                format!("program = {}", stem_of(main)),
                view.full(main),
                if project.sources.len() == 1 {
                    "the only source"
                } else {
                    "its name says that it comes first"
                },
            ),
            None => detection.diagnostics.push(
                Diagnostic::new(
                    "several-binaries",
                    Severity::Error,
                    format!("which of these is the app? {}", project.sources.join(", ")),
                )
                .with_setting("build.start"),
            ),
        }
        Ok(Some(detection))
    }

    fn plan(&self, source: &SourceTree, detection: &Detection, spec: &AppSpec) -> Result<Plan> {
        let view = View::at(source, &detection.root);
        let Some(mut project) = Project::read(&view) else {
            return Err(Error::invalid("app.plan", "the COBOL source is gone").with_remedy("detect again"));
        };
        let mut detection = detection.clone();
        if let Some(start) = &spec.build.start {
            let name = start.split_whitespace().next().map(stem_of).unwrap_or_default();
            if let Some(main) = project.sources.iter().find(|path| stem_of(path) == name) {
                project.main = Some(main.clone());
                detection.diagnostics.retain(|diagnostic| diagnostic.code != "several-binaries");
            }
        }
        let main = project.main.clone();
        let name = main.as_deref().and_then(|main| file_name(stem_of(main)));
        let text = main.as_deref().and_then(|main| view.glance(main)).unwrap_or_default();
        let build = main.as_deref().zip(name.as_deref()).map(|(main, name)| {
            let format = if is_free(&text) { " -free" } else { "" };
            let books: String = COPY_BOOKS
                .into_iter()
                .filter(|folder| view.has_dir(folder))
                .map(|folder| format!(" -I {folder}"))
                .collect();
            let called: String =
                project.called(main, &text).iter().map(|path| format!(" {}", quote(path))).collect();
            format!("cobc -x -O2{format}{books} -o {name} {}{called}", quote(main))
        });
        let hints = Hints {
            file: main.as_deref(),
            extensions: &SOURCES,
            entry: main.clone(),
            build,
            start: name.as_ref().map(|name| format!("./{name}")),
            port: 8080,
            ..Hints::default()
        };
        let mut plan = native::plan(&self.images, &view, &detection, spec, hints)?;
        match (name, plan.build.clone()) {
            (Some(name), Some(line)) if plan.start.is_some() => {
                let build = Stage {
                    name: "build".into(),
                    image: self.images.image("native", ""),
                    reason: "Compiles the program; the compiler and the source stay in this stage.".into(),
                    steps: vec![
                        BuildStep::Packages {
                            names: vec!["gnucobol3".into()],
                            reason: "The compiler.".into(),
                        },
                        BuildStep::Workdir("/src".into()),
                        copy_source(&view, ""),
                        run(line, Vec::new(), ""),
                    ],
                };
                let program = Program {
                    packages: vec!["libcob4t64".into()],
                    ..Program::dynamic(format!("/src/{name}"), format!("/app/{name}"))
                };
                native::stages(&mut plan, &view, &self.images, build, program);
            }
            _ => {
                if plan.diagnostics.iter().all(|diagnostic| diagnostic.severity != Severity::Error) {
                    plan.diagnostics.push(no_start("no source in COBOL could be chosen"));
                }
                plan.start = None;
            }
        }
        end(plan, &view, spec)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_is_seen_by_where_lines_begin() {
        assert!(is_free("IDENTIFICATION DIVISION.\nPROGRAM-ID. A.\n"));
        assert!(is_free("  identification division.\n"));
        assert!(!is_free("       IDENTIFICATION DIVISION.\n"));
        assert!(!is_free("000100 IDENTIFICATION DIVISION.\n"));
        assert!(!is_free("      *> ID DIVISION\n"));
    }
}
