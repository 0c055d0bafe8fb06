//! What compiled stacks have in common: one program, built in one stage, and copied into an image with little else.

use super::finish::{self, copy, copy_from, probe, shellless, start_of};
use super::images::BaseImages;
use super::pins::Pin;
use super::procfile;
use super::scan::{self, Sources};
use super::version::{Version, is_plain};
use super::view::View;
use super::{command, go};
use crate::error::Result;
use crate::model::{AppSpec, BuildStep, Detection, Plan, Stage};

/// Files by which a tree belongs to a stack, whatever Makefile or script lies beside them.
const MANIFESTS: [&str; 38] = [
    "Dockerfile",
    "Containerfile",
    "package.json",
    "deno.json",
    "deno.jsonc",
    "pyproject.toml",
    "requirements.txt",
    "Pipfile",
    "setup.py",
    "manage.py",
    "go.mod",
    "go.work",
    "main.go",
    "Cargo.toml",
    "Gemfile",
    "config.ru",
    "composer.json",
    "index.php",
    "pom.xml",
    "build.gradle",
    "build.gradle.kts",
    "build.sbt",
    "project.clj",
    "deps.edn",
    "mix.exs",
    "rebar.config",
    "gleam.toml",
    "pubspec.yaml",
    "shard.yml",
    "Package.swift",
    "build.zig",
    "stack.yaml",
    "cabal.project",
    "hugo.toml",
    "mkdocs.yml",
    "_config.yml",
    "CMakeLists.txt",
    "meson.build",
];

/// Extensions of manifests whose names are the project's.
const MANIFEST_EXTENSIONS: [&str; 7] = ["csproj", "fsproj", "sln", "cabal", "gemspec", "nimble", "rockspec"];

/// The first manifest of another stack than the one that has `own`.
pub(crate) fn rival<'a>(view: &View<'a>, own: &[&str]) -> Option<&'a str> {
    view.entries_here().filter(|(_, is_file)| *is_file).map(|(name, _)| name).find(|name| {
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        !own.contains(name)
            && !own.contains(&extension)
            && (MANIFESTS.contains(name) || MANIFEST_EXTENSIONS.contains(&extension))
    })
}

/// What a stack says about its app, before the spec, the Procfile and the source have their say.
#[derive(Debug, Default)]
pub(crate) struct Hints<'a> {
    /// The source file to read first.
    pub(crate) file: Option<&'a str>,
    /// Extensions of the stack's source files.
    pub(crate) extensions: &'a [&'a str],
    /// What is built or started.
    pub(crate) entry: Option<String>,
    pub(crate) install: Option<String>,
    pub(crate) build: Option<String>,
    pub(crate) start: Option<String>,
    /// The framework's own port.
    pub(crate) port: u16,
}

/// A plan without stages. What `spec` says wins.
pub(crate) fn plan(
    images: &BaseImages,
    view: &View<'_>,
    detection: &Detection,
    spec: &AppSpec,
    hints: Hints<'_>,
) -> Result<Plan> {
    let mut detection = detection.clone();
    if let Some(version) = &spec.build.version {
        detection.version = Some(match detection.stack.as_str() {
            "zig" => whole_version(images, "zig", version),
            stack => images.resolve(stack, version).version,
        });
    }
    let procfile = procfile::read(view)?;
    let sources = Sources::read(view, hints.file, hints.extensions);
    let start = start_of(spec, &procfile, hints.start);
    let port = spec
        .port
        .or_else(|| start.as_deref().and_then(command::port_of))
        .or_else(|| sources.port().map(|(port, _)| port))
        .or_else(|| sources.iter().find_map(|(_, text)| port_in(text)))
        .filter(|port| *port >= 1024)
        .unwrap_or(hints.port);
    let mut plan = finish::begin(&detection, port);
    let health = sources
        .health()
        .map(|(path, _)| path)
        .filter(|path| path != "/")
        .or_else(|| sources.iter().find_map(|(_, text)| health_in(text)))
        .or_else(|| sources.health().map(|(path, _)| path));
    plan.health = scan::health(spec.health.path.as_deref(), health);
    plan.diagnostics.extend(sources.loopback());
    plan.entry = hints.entry;
    plan.processes = procfile.others;
    plan.install = spec.build.install.clone().or(hints.install);
    plan.build = spec.build.build.clone().or(hints.build);
    plan.start = start;
    plan.env.insert("HOME".into(), "/tmp".into());
    Ok(plan)
}

/// A port as languages without web frameworks write it.
fn port_in(text: &str) -> Option<u16> {
    let number = |rest: &str| -> Option<u16> {
        let start = rest.find(|c: char| c.is_ascii_digit())?;
        let digits: String = rest[start..].chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok().filter(|port| *port >= 80)
    };
    text.lines().filter(|line| line.len() < 400).find_map(|line| {
        let trimmed = line.trim_start();
        if let Some(rest) = trimmed.strip_prefix("#define ") {
            let mut words = rest.split_whitespace();
            let is_port = words.next().is_some_and(|name| name.to_ascii_uppercase().ends_with("PORT"));
            return if is_port { words.next().and_then(number) } else { None };
        }
        if trimmed.starts_with(['#', '*']) || trimmed.starts_with("//") {
            return None;
        }
        let needles = ["htons(", "LISTEN:", "PORT:-", "-PORT ", "VALUE "];
        needles.iter().find_map(|needle| {
            // COBOL gives values to everything, so the name has to say what it is.
            if *needle == "VALUE " && !trimmed.to_ascii_uppercase().contains("PORT") {
                return None;
            }
            line.find(needle).and_then(|at| number(&line[at + needle.len()..]))
        })
    })
}

/// A health path that the source names in quotes, or in a pattern of a shell.
fn health_in(text: &str) -> Option<String> {
    let is_comment = |line: &str| line.starts_with('#') || line.starts_with("//") || line.starts_with("--");
    ["/healthz", "/health", "/readyz", "/livez", "/ping"].into_iter().find_map(|path| {
        let is_named = text.lines().map(str::trim_start).filter(|line| !is_comment(line)).any(|line| {
            line.match_indices(path).any(|(at, _)| {
                let before = line[..at].strip_suffix("GET ").unwrap_or(&line[..at]);
                let after = &line[at + path.len()..];
                before.ends_with(['"', '\'', '(', '|', '*', ' '])
                    && !after.starts_with(|c: char| c.is_alphanumeric() || "-_/".contains(c))
                    || before.is_empty() && after.starts_with([')', '|'])
            })
        });
        is_named.then(|| path.to_owned())
    })
}

/// A program that was built, and what it needs to run.
#[derive(Debug)]
pub(crate) struct Program {
    /// Where it is in the stage `build`.
    pub(crate) built: String,
    /// Where it goes.
    pub(crate) path: String,
    /// The role of the image that it runs on.
    pub(crate) role: &'static str,
    /// Why that image.
    pub(crate) reason: &'static str,
    /// Distribution packages that it loads.
    pub(crate) packages: Vec<String>,
}

impl Program {
    /// A program that needs nothing but the C and C++ libraries.
    pub(crate) fn dynamic(built: impl Into<String>, path: impl Into<String>) -> Self {
        Self {
            built: built.into(),
            path: path.into(),
            role: "native.run",
            reason: "What runs: one program and the C and C++ libraries that it is linked to.",
            packages: Vec::new(),
        }
    }

    /// A program that needs no library at all.
    pub(crate) fn fixed(built: impl Into<String>, path: impl Into<String>) -> Self {
        Self {
            role: "go.run",
            reason: "What runs: one program, certificates and time zones; no shell, no package manager.",
            ..Self::dynamic(built, path)
        }
    }
}

/// Adds the build stage and the stage that runs its program. The start command line has to be known.
pub(crate) fn stages(plan: &mut Plan, view: &View<'_>, images: &BaseImages, build: Stage, program: Program) {
    let Some(start) = plan.start.clone() else { return };
    let (mut words, needs_shell) = shellless(&start, plan.port);
    if needs_shell {
        words = command::exec_form(&start);
    }
    let name = program.path.rsplit('/').next().unwrap_or(&program.path);
    if let Some(first) = words.first_mut()
        && !needs_shell
        && first.rsplit('/').next() == Some(name)
    {
        first.clone_from(&program.path);
    }
    let has_packages = !program.packages.is_empty();
    let role = if needs_shell || has_packages { "native.run.shell" } else { program.role };
    let mut last = Stage {
        name: "run".into(),
        image: images.image(role, ""),
        reason: if needs_shell || has_packages {
            "What runs: the program, on a system that has the rest of what it needs.".into()
        } else {
            program.reason.into()
        },
        steps: Vec::new(),
    };
    if has_packages {
        last.steps.push(BuildStep::Packages {
            names: program.packages,
            reason: "Libraries that the program loads.".into(),
        });
    }
    last.steps.push(BuildStep::Workdir("/app".into()));
    last.steps.push(probe(plan, images));
    last.steps.extend(assets(view));
    last.steps.push(copy_from("build", &program.built, &program.path, ""));
    plan.stages.push(build);
    plan.stages.push(last);
    plan.command = Some(words);
}

/// Copies folders that a server may read while it runs.
pub(crate) fn assets(view: &View<'_>) -> Vec<BuildStep> {
    const DATA: [&str; 15] = [
        "html", "tmpl", "css", "js", "sql", "json", "yaml", "yml", "toml", "png", "svg", "txt", "ico",
        "leaf", "ecr",
    ];
    let named: Vec<&str> =
        go::ASSETS.into_iter().chain(["Public", "Resources"]).filter(|folder| view.has_dir(folder)).collect();
    if named.is_empty() {
        return Vec::new();
    }
    let data = view.sources(&DATA, 6);
    named
        .into_iter()
        .filter(|folder| {
            data.iter().any(|path| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/')))
        })
        .map(|folder| {
            copy(vec![view.full(folder)], &format!("./{folder}"), "Read by the program while it runs.")
        })
        .collect()
}

/// The whole version of a request such as `2.5`, for tools that are published by whole versions only.
pub(crate) fn whole_version(images: &BaseImages, stack: &str, request: &str) -> String {
    let is_line =
        is_plain(request) && Version::parse(request).is_some_and(|v| v.minor().is_some() && !v.is_exact());
    if is_line {
        let resolved = images.resolve(stack, &format!("~{}", request.trim_start_matches('v')));
        return if resolved.is_known { resolved.version } else { format!("{}.0", resolved.version) };
    }
    images.resolve(stack, request).version
}

/// The same for pins; words and ranges stay what they are.
pub(crate) fn whole(images: &BaseImages, stack: &str, pins: &[Pin]) -> Vec<Pin> {
    let exact = |pin: &Pin| {
        let request = if is_plain(&pin.request) {
            whole_version(images, stack, &pin.request)
        } else {
            pin.request.clone()
        };
        Pin { request, ..pin.clone() }
    };
    pins.iter().map(exact).collect()
}

/// A name that can be a file: what else it holds is left out.
pub(crate) fn file_name(name: &str) -> Option<String> {
    let clean: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || "-_.+".contains(*c)).collect();
    (!clean.trim_matches('.').is_empty() && !clean.starts_with('-')).then_some(clean)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceTree;

    #[test]
    fn a_manifest_of_another_stack_is_a_rival() {
        let tree = SourceTree::from_files([("Makefile", ""), ("shop.csproj", ""), ("src/package.json", "")]);
        let tree = tree.unwrap();
        let view = View::of(&tree);
        assert_eq!(rival(&view, &[]), Some("shop.csproj"));
        assert_eq!(rival(&view, &["csproj"]), None);
    }

    #[test]
    fn whole_versions_are_found_for_lines() {
        let images = BaseImages::default();
        assert_eq!(whole_version(&images, "deno", "2.1"), "2.1.14");
        assert_eq!(whole_version(&images, "deno", "v2.1.4"), "2.1.4");
        assert_eq!(whole_version(&images, "zig", "0.5"), "0.5.0");
    }

    #[test]
    fn ports_are_found_without_a_framework() {
        for (text, port) in [
            ("addr.sin_port = htons(8081);", Some(8081)),
            ("#define PORT 9000", Some(9000)),
            ("#define LIMIT 9000", None),
            ("socat TCP-LISTEN:7000,fork EXEC:x", Some(7000)),
            ("PORT=${PORT:-5000}", Some(5000)),
            ("       01 WS-PORT PIC 9(5) VALUE 8085.", Some(8085)),
            ("       01 LIMIT PIC 9(5) VALUE 8085.", None),
            ("// htons(8081)", None),
        ] {
            assert_eq!(port_in(text), port, "{text}");
        }
    }

    #[test]
    fn health_paths_are_found_without_a_framework() {
        for (text, path) in [
            ("if (strncmp(buf, \"GET /healthz \", 13) == 0)", Some("/healthz")),
            ("case $path in\n/health) ok ;;", Some("/health")),
            ("get \"/ping\" do", Some("/ping")),
            ("see example.com/health", None),
            ("x = \"/health-report\"", None),
            ("# \"/health\"", None),
        ] {
            assert_eq!(health_in(text).as_deref(), path, "{text}");
        }
    }
}
