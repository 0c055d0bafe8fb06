//! Static site generators: programs that turn texts into the files that are served.

mod book;
mod hugo;
mod jekyll;
mod python_docs;
mod zola;

use super::super::command::quote;
use super::super::finish::{cache, copy, copy_from, copy_source, run, serve_static};
use super::super::images::BaseImages;
use super::super::pins::Pin;
use super::super::view::View;
use crate::error::Result;
use crate::model::{BuildStep, Detection, Diagnostic, Plan, RunSpec, Severity, Stage};

/// A generator that a tree is written for.
#[derive(Debug)]
pub(super) struct Tool {
    /// Its name, which is the framework of the app and a row of the table of versions.
    pub(super) name: &'static str,
    /// The deciding file.
    pub(super) file: String,
    pub(super) confidence: f64,
    pub(super) manager: Option<&'static str>,
    /// Where the tree says which version it wants.
    pub(super) pin: Option<Pin>,
    /// Where the files come out.
    pub(super) output: String,
    /// The command line that makes them.
    pub(super) build: String,
    pub(super) recipe: Recipe,
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// How the generator gets into the build stage.
#[derive(Debug)]
pub(super) enum Recipe {
    /// From PyPI, into the Python image.
    Pip {
        /// Lists of packages in the tree.
        requirements: Vec<String>,
        /// Packages that no list names; `{version}` is that of the tool.
        packages: Vec<String>,
        /// Distribution packages.
        system: Vec<&'static str>,
        /// Whether packages of Node.js are part of the build.
        has_node: bool,
    },
    /// By uv, from its lock file.
    Uv,
    /// From the distribution.
    Distribution(Vec<String>),
    /// By Bundler, into the Ruby image.
    Bundler,
    /// A single program out of the generator's own image.
    Program {
        /// The role of the image.
        role: &'static str,
        /// Where the program is in it.
        path: &'static str,
    },
    /// By Cargo, into the Rust image; `{version}` is that of the tool.
    Cargo(String),
}

/// The generator of a tree.
pub(super) fn find(view: &View<'_>) -> Result<Option<Tool>> {
    let found = match hugo::find(view)? {
        Some(tool) => Some(tool),
        None => zola::find(view),
    };
    let found = found.or_else(|| jekyll::find(view)).or_else(|| book::find(view));
    Ok(match found {
        Some(tool) => Some(tool),
        None => python_docs::find(view)?,
    })
}

/// How sure a generator's own file makes: less so beside the manifest of an application, whose manual it may be.
fn confidence(view: &View<'_>, alone: f64) -> f64 {
    const APPLICATIONS: [&str; 12] = [
        "package.json",
        "pyproject.toml",
        "setup.py",
        "Cargo.toml",
        "go.mod",
        "pom.xml",
        "build.gradle",
        "build.gradle.kts",
        "composer.json",
        "mix.exs",
        "manage.py",
        "Dockerfile",
    ];
    if view.first_file(&APPLICATIONS).is_some() { alone.min(0.7) } else { alone }
}

/// The value of a top level key in YAML, TOML or JSON, as far as it is one plain value. Case does not matter.
fn setting(text: &str, key: &str) -> Option<String> {
    let is_json = text.trim_start().starts_with('{');
    for line in text.lines() {
        if line.starts_with('[') {
            // From here on TOML's keys belong to tables.
            return None;
        }
        if line.starts_with([' ', '\t']) && !is_json {
            continue;
        }
        let line = line.trim();
        let Some((name, value)) = line.split_once(['=', ':']) else { continue };
        if !name.trim().trim_matches(['"', '\'']).eq_ignore_ascii_case(key) {
            continue;
        }
        let value = value.trim().trim_end_matches(',');
        let value = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => value[1..].split(quote).next().unwrap_or_default(),
            _ => value.split(" #").next().unwrap_or_default().trim(),
        };
        return Some(value.to_owned()).filter(|value| !value.is_empty());
    }
    None
}

/// A folder that a setting names, if it is one inside the tree.
fn folder(value: Option<String>, usual: &str) -> String {
    let clean = value.map(|text| text.trim_start_matches("./").trim_matches('/').to_owned());
    clean
        .filter(|text| {
            !text.is_empty()
                && text.split('/').all(|part| !matches!(part, "" | "." | ".."))
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"/._-".contains(&b))
        })
        .unwrap_or_else(|| usual.to_owned())
}

impl Tool {
    /// The version to use, with its reason in the detection.
    pub(super) fn version(&self, images: &BaseImages, detection: &mut Detection) -> Option<String> {
        if let Recipe::Uv | Recipe::Distribution(_) | Recipe::Bundler = self.recipe {
            return None;
        }
        let is_exact = |pin: &&Pin| {
            let text = pin.request.trim_start_matches('v');
            text.split('.').count() == 3 && text.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        };
        if let Some(pin) = self.pin.as_ref().filter(is_exact) {
            let version = pin.request.trim_start_matches('v').to_owned();
            detection.note(format!("version = {version}"), &pin.file, &pin.reason);
            return Some(version);
        }
        let version = images.default_version(self.name);
        detection.note(format!("version = {version}"), "", "no file says which, so it is the default");
        Some(version)
    }

    /// The install command line, as a person would type it.
    pub(super) fn install(&self, version: &str) -> Option<String> {
        Some(match &self.recipe {
            Recipe::Pip { requirements, packages, .. } => {
                let lists = requirements.iter().map(|file| format!("-r {}", quote(file)));
                let named = packages.iter().map(|package| quote(&package.replace("{version}", version)));
                let words: Vec<String> = lists.chain(named).collect();
                format!("pip install {}", words.join(" "))
            }
            Recipe::Uv => "uv sync --frozen --all-groups --all-extras --no-install-project".into(),
            Recipe::Bundler => "bundle install".into(),
            Recipe::Cargo(package) => {
                format!("cargo install --locked {}", package.replace("{version}", version))
            }
            Recipe::Distribution(_) | Recipe::Program { .. } => return None,
        })
    }

    /// Adds the stages: one that makes the files, one that serves them.
    pub(super) fn stages(&self, plan: &mut Plan, view: &View<'_>, images: &BaseImages) {
        let version = plan.version.clone().unwrap_or_default();
        let mut steps = Vec::new();
        let python = || images.image("python", &images.default_version("python"));
        let image = match &self.recipe {
            Recipe::Pip { system, has_node, requirements, .. } => {
                steps.extend(packages(system.iter().map(|name| (*name).to_owned()).collect()));
                steps.push(BuildStep::Workdir("/src".into()));
                if *has_node {
                    self.node_modules(plan, view, images, &mut steps);
                }
                self.manifests(view, requirements, &mut steps);
                steps.extend(pip(plan.install.as_deref()));
                python()
            }
            Recipe::Uv => {
                steps.push(BuildStep::Workdir("/src".into()));
                steps.push(environment(&[
                    ("UV_LINK_MODE", "copy"),
                    ("UV_PYTHON_DOWNLOADS", "never"),
                    ("PATH", "/src/.venv/bin:/usr/local/bin:/usr/bin:/bin"),
                ]));
                self.manifests(view, &["pyproject.toml".into(), "uv.lock".into()], &mut steps);
                let line = plan.install.clone().unwrap_or_default();
                let tool = format!("pip install uv=={}", super::super::python::UV);
                steps.push(BuildStep::Run(RunSpec {
                    command: format!("{tool} && {line}"),
                    classic: Some(format!(
                        "{} && {line} && uv cache clean",
                        tool.replace("pip install", "pip install --no-cache-dir")
                    )),
                    caches: vec![cache("pip", "/root/.cache/pip"), cache("uv", "/root/.cache/uv")],
                    ..RunSpec::default()
                }));
                python()
            }
            Recipe::Distribution(names) => {
                steps.extend(packages(names.clone()));
                steps.push(BuildStep::Workdir("/src".into()));
                images.image("static.debian", "")
            }
            Recipe::Bundler => {
                steps.extend(packages(["g++", "gcc", "libc6-dev", "make"].map(String::from).to_vec()));
                steps.push(BuildStep::Workdir("/src".into()));
                let files = ["Gemfile", "Gemfile.lock", ".ruby-version"];
                self.manifests(view, &files.map(String::from), &mut steps);
                steps.push(environment(&[
                    ("BUNDLE_PATH", "/bundle"),
                    ("JEKYLL_ENV", "production"),
                    ("LANG", "C.UTF-8"),
                ]));
                steps.extend(plan.install.as_deref().map(|line| run(line, Vec::new(), "")));
                let wanted = self.pin.as_ref().map(|pin| images.resolve("ruby", &pin.request).version);
                let ruby = wanted.unwrap_or_else(|| images.default_version("jekyll"));
                images.image("static.jekyll", &ruby)
            }
            Recipe::Program { role, path } => {
                steps.push(copy_from(
                    &images.image(role, &version),
                    path,
                    "/usr/local/bin/",
                    "One program, from its makers.",
                ));
                steps.push(BuildStep::Workdir("/src".into()));
                images.image("static.debian", "")
            }
            Recipe::Cargo(_) => {
                let caches = vec![cache("cargo-registry", "/usr/local/cargo/registry")];
                steps.extend(plan.install.as_deref().map(|line| run(line, caches, "")));
                steps.push(BuildStep::Workdir("/src".into()));
                images.image("rust", &images.default_version("rust"))
            }
        };
        steps.push(copy_source(view, ""));
        steps.push(run(plan.build.clone().unwrap_or_default(), Vec::new(), ""));
        plan.stages.push(Stage {
            name: "build".into(),
            image,
            reason: format!("Makes the site; {} stays in this stage.", self.name),
            steps,
        });
        let from = format!("/src/{}", self.output);
        serve_static(plan, images, Some("build"), &from);
    }

    fn manifests(&self, view: &View<'_>, names: &[String], steps: &mut Vec<BuildStep>) {
        for (at, name) in names.iter().filter(|name| view.has_file(name)).enumerate() {
            let target = match name.rsplit_once('/') {
                Some((folder, _)) => format!("./{folder}/"),
                None => "./".to_owned(),
            };
            let reason = if at == 0 {
                "Manifests first: the next layer is only made again when they change."
            } else {
                ""
            };
            steps.push(copy(vec![view.full(name)], &target, reason));
        }
    }

    /// Packages of Node.js that the generator calls, such as PostCSS, and Node.js itself.
    fn node_modules(
        &self,
        plan: &mut Plan,
        view: &View<'_>,
        images: &BaseImages,
        steps: &mut Vec<BuildStep>,
    ) {
        let image = images.image("node", &images.default_version("node"));
        let has_lock = view.has_file("package-lock.json");
        let files: Vec<String> = ["package.json", "package-lock.json"]
            .into_iter()
            .filter(|file| view.has_file(file))
            .map(|file| view.full(file))
            .collect();
        plan.stages.push(Stage {
            name: "modules".into(),
            image: image.clone(),
            reason: "The packages of Node.js that the site's styles are made with.".into(),
            steps: vec![
                BuildStep::Workdir("/src".into()),
                copy(files, "./", ""),
                BuildStep::Run(RunSpec {
                    command: if has_lock { "npm ci" } else { "npm install" }.into(),
                    caches: vec![cache("npm", "/root/.npm")],
                    ..RunSpec::default()
                }),
            ],
        });
        steps.push(copy_from(
            &image,
            "/usr/local/bin/node",
            "/usr/local/bin/",
            "What those packages run on.",
        ));
        steps.push(copy_from("modules", "/src/node_modules", "./node_modules", ""));
        steps.push(environment(&[("PATH", "/src/node_modules/.bin:/usr/local/bin:/usr/bin:/bin")]));
    }
}

fn environment(pairs: &[(&str, &str)]) -> BuildStep {
    BuildStep::Env {
        values: pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        reason: String::new(),
    }
}

fn packages(mut names: Vec<String>) -> Option<BuildStep> {
    names.sort();
    let reason = "What the site is made with.".to_owned();
    (!names.is_empty()).then_some(BuildStep::Packages { names, reason })
}

fn pip(line: Option<&str>) -> Option<BuildStep> {
    let line = line?;
    Some(BuildStep::Run(RunSpec {
        command: line.into(),
        classic: Some(line.replace("pip install ", "pip install --no-cache-dir ")),
        caches: vec![cache("pip", "/root/.cache/pip")],
        ..RunSpec::default()
    }))
}

/// Says so when the site asks for the dates of changes, which the build does not have.
fn needs_history(text: &str, words: &[&str]) -> Option<Diagnostic> {
    words.iter().any(|word| text.contains(word)).then(|| {
        Diagnostic::new(
            "no-history",
            Severity::Warning,
            "the site wants the dates of changes from Git, but the history is no part of the build",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_values_are_read_from_three_formats() {
        assert_eq!(
            setting("baseURL = \"https://a/\" # x\n[params]\na = 1\n", "baseurl").as_deref(),
            Some("https://a/")
        );
        assert_eq!(setting("a:\n  site_dir: no\nsite_dir: out # x\n", "site_dir").as_deref(), Some("out"));
        assert_eq!(setting("{\n  \"publishDir\": \"web\",\n}", "publishDir").as_deref(), Some("web"));
        assert_eq!(setting("[params]\nbaseURL = 'x'\n", "baseURL"), None);
        assert_eq!(folder(Some("../x".into()), "public"), "public");
        assert_eq!(folder(Some("./web/".into()), "public"), "web");
    }
}
