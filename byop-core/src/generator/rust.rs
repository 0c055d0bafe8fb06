//! Rust: packages and workspaces with one binary to run.

mod cargo;

use cargo::{Binary, Project};

use super::finish::{begin, cache, copy, copy_from, copy_source, end, no_start, probe, shellless, start_of};
use super::images::BaseImages;
use super::packages;
use super::procfile;
use super::scan::Sources;
use super::view::View;
use super::{Generator, command, pins, scan};
use crate::error::{Error, Result};
use crate::model::{AppSpec, BuildStep, CacheMount, Detection, Diagnostic, Plan, RunSpec, Severity, Stage};
use crate::source::SourceTree;

/// Recognises `Cargo.toml`.
#[derive(Debug, Clone, Default)]
pub struct RustGenerator {
    images: BaseImages,
}

impl RustGenerator {
    /// The generator on a table of base images.
    #[must_use]
    pub fn new(images: BaseImages) -> Self {
        Self { images }
    }
}

impl Generator for RustGenerator {
    fn name(&self) -> &str {
        "rust"
    }

    fn looks_for(&self) -> Vec<String> {
        vec!["Cargo.toml".into()]
    }

    fn detect(&self, source: &SourceTree) -> Result<Option<Detection>> {
        let view = View::of(source);
        let Some(mut project) = Project::read(source, &view)? else { return Ok(None) };
        project.settle([procfile::read(&view)?.web.as_deref(), None]);
        let mut detection = Detection::new("rust", if project.chosen.is_some() { 0.96 } else { 0.6 });
        view.base().clone_into(&mut detection.root);
        detection.note("stack = rust", view.full("Cargo.toml"), "a manifest of Cargo");
        detection.version = Some(pins::decide(&self.images, "rust", &project.pins, None, &mut detection));
        detection.package_manager = Some("cargo".into());
        if let Some((name, _)) = project.framework {
            detection.framework = Some(name.into());
            detection.note(format!("framework = {name}"), "Cargo.toml", "it is among the dependencies");
        }
        match &project.chosen {
            Some(binary) => {
                detection.note(format!("binary = {}", binary.name), &binary.manifest, project.reason)
            }
            None if project.binaries.is_empty() => {
                detection.diagnostics.push(no_start("there is no binary: this is a library"));
            }
            None => {
                let names: Vec<&str> = project.binaries.iter().map(|binary| binary.name.as_str()).collect();
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
        if project.chosen.is_some() && !project.is_locked {
            detection.diagnostics.push(Diagnostic::new(
                "no-lock-file",
                Severity::Warning,
                "there is no Cargo.lock, so two builds of the same source may differ",
            ));
        }
        Ok(Some(detection))
    }

    fn plan(&self, source: &SourceTree, detection: &Detection, spec: &AppSpec) -> Result<Plan> {
        let view = View::at(source, &detection.root);
        let Some(mut project) = Project::read(source, &view)? else {
            return Err(Error::invalid("app.plan", "Cargo.toml is gone").with_remedy("detect again"));
        };
        let mut detection = detection.clone();
        if let Some(version) = &spec.build.version {
            detection.version = Some(self.images.resolve("rust", version).version);
        }
        let procfile = procfile::read(&view)?;
        project
            .settle([spec.build.build.as_deref(), spec.build.start.as_deref().or(procfile.web.as_deref())]);
        let chosen = project.chosen.clone();
        if chosen.is_some() {
            detection.diagnostics.retain(|d| d.code != "several-binaries");
        }
        let main = chosen.as_ref().map(|binary| match project.within.as_str() {
            "" => binary.path.as_str(),
            within => binary.path.strip_prefix(within).unwrap_or_default().trim_start_matches('/'),
        });
        let sources = Sources::read(&view, main, &["rs"]);
        let found = chosen.as_ref().map(|binary| format!("/app/bin/{}", binary.name));
        let start = start_of(spec, &procfile, found);
        let is_rocket = project.framework.is_some_and(|(name, _)| name == "rocket");
        let port = spec
            .port
            .or_else(|| start.as_deref().and_then(command::port_of))
            .or_else(|| if is_rocket { None } else { sources.port().map(|(port, _)| port) })
            .or(project.framework.map(|(_, port)| port))
            .unwrap_or(8080);
        let mut plan = begin(&detection, port);
        plan.entry = chosen.as_ref().map(|binary| binary.name.clone());
        plan.processes = procfile.others;
        plan.health = scan::health(spec.health.path.as_deref(), sources.health().map(|(path, _)| path));
        plan.diagnostics.extend(if is_rocket { None } else { sources.loopback() });
        plan.install.clone_from(&spec.build.install);
        plan.build =
            spec.build.build.clone().or_else(|| chosen.as_ref().map(|binary| project.build_line(binary)));
        if is_rocket {
            plan.env.insert("ROCKET_ADDRESS".into(), "0.0.0.0".into());
            plan.env.insert("ROCKET_PORT".into(), port.to_string());
        }
        plan.env.insert("HOME".into(), "/tmp".into());
        plan.ignore = ["target", "**/target", "**/*.rs.bk"].map(String::from).to_vec();
        let has_macro = sources.iter().any(|(_, text)| {
            ["sqlx::query!(", "sqlx::query_as!(", "sqlx::query_scalar!("]
                .iter()
                .any(|name| text.contains(name))
        });
        let queries = project.checked_queries(has_macro);
        if queries == Some(false) {
            plan.diagnostics.push(Diagnostic::new(
                "needs-database-to-build",
                Severity::Warning,
                "sqlx checks its queries against a database while it compiles: run `cargo sqlx prepare` and commit `.sqlx`",
            ));
        }
        if let (Some(binary), Some(start)) = (&chosen, &start) {
            self.stages(&mut plan, &view, &project, binary, start);
        }
        plan.start = start;
        end(plan, &view, spec)
    }
}

impl RustGenerator {
    fn stages(&self, plan: &mut Plan, app: &View<'_>, project: &Project<'_>, binary: &Binary, start: &str) {
        let view = &project.home;
        let version = plan.version.clone().unwrap_or_default();
        let native = packages::rust(&|name| project.has_crate(name));
        let mut build = Stage {
            name: "build".into(),
            image: self.images.image("rust", &version),
            reason: "Compiles the program; the compiler and the source stay in this stage.".into(),
            steps: Vec::new(),
        };
        let mut names = native.build;
        if project.target.as_deref().is_some_and(|target| target.ends_with("musl")) {
            names.push("musl-tools".into());
        }
        if !names.is_empty() {
            build.steps.push(BuildStep::Packages {
                names,
                reason: "A dependency links to these while it is compiled.".into(),
            });
        }
        build.steps.push(BuildStep::Workdir("/src".into()));
        if project.checked_queries(false) == Some(true) {
            build.steps.push(BuildStep::Env {
                values: [("SQLX_OFFLINE".to_owned(), "true".to_owned())].into(),
                reason: "The answers to its queries are in the tree; no database is asked.".into(),
            });
        }
        let musl = project.target.as_deref().filter(|target| target.ends_with("musl"));
        let mut line = plan.build.clone().unwrap_or_default();
        if let Some(target) = musl {
            line = format!("rustup target add {target} && {line}");
        }
        let fetched = [
            cache("cargo-registry", "/usr/local/cargo/registry"),
            cache("cargo-git", "/usr/local/cargo/git"),
        ];
        let target = CacheMount { id: "cargo-target".into(), target: "/src/target".into(), is_locked: true };
        let files: Vec<String> =
            ["Cargo.toml", "Cargo.lock", "rust-toolchain", "rust-toolchain.toml", ".cargo"]
                .into_iter()
                .filter(|file| view.has_file(file) || view.has_dir(file))
                .map(|file| view.full(file))
                .collect();
        let mut has_dummies = false;
        if let Some(dummies) = project.dummies(view) {
            has_dummies = true;
            let (folders, plain): (Vec<String>, Vec<String>) =
                files.into_iter().partition(|file| view.has_dir(file));
            build.steps.push(copy(
                plain,
                "./",
                "Manifests first, so that the dependencies are a layer of their own.",
            ));
            for folder in folders {
                build.steps.push(copy(vec![folder], "./.cargo", ""));
            }
            build.steps.push(BuildStep::Run(RunSpec {
                command: format!("{dummies} && cargo fetch{}", if project.is_locked { " --locked" } else { "" }),
                classic: Some(format!("{dummies} && {line}")),
                caches: fetched.to_vec(),
                reason: "Empty programs stand in for the source, which would make this layer again with every change.".into(), ..RunSpec::default() }));
        }
        build.steps.push(copy_source(view, ""));
        let artefact = project.artefact(binary);
        let out = format!("mkdir -p /out && cp {artefact} /out/");
        // Cargo compares times, and the source may be older than what stood in for it.
        let touch =
            if has_dummies { "find . -name '*.rs' -not -path './target/*' -exec touch {} + && " } else { "" };
        let mut caches = fetched.to_vec();
        caches.push(target);
        build.steps.push(BuildStep::Run(RunSpec {
            command: format!("{touch}{line} && {out}"),
            classic: None,
            caches,
            reason: "Copied out in the same step, because a cache is no part of the image.".into(),
            ..RunSpec::default()
        }));
        let name = &binary.name;
        let (mut words, needs_shell) = shellless(start, plan.port);
        if needs_shell {
            words = command::exec_form(start);
        }
        if words
            .first()
            .is_some_and(|word| word.trim_start_matches("./").trim_start_matches("target/release/") == name)
        {
            words[0] = format!("/app/bin/{name}");
        }
        let is_plain = native.run.is_empty() && !needs_shell;
        let role = match (is_plain, musl) {
            (true, None) => "rust.run",
            // Linked to nothing, it needs no C library beside it.
            (true, Some(_)) => "go.run",
            (false, _) => "rust.run.shell",
        };
        let mut last = Stage {
            name: "run".into(),
            image: self.images.image(role, ""),
            reason: "What runs: one program and the C library that it is linked to.".into(),
            steps: Vec::new(),
        };
        if !native.run.is_empty() {
            last.steps.push(BuildStep::Packages {
                names: native.run,
                reason: "Libraries that the program loads.".into(),
            });
        }
        last.steps.push(BuildStep::Workdir("/app".into()));
        last.steps.push(probe(plan, &self.images));
        for folder in super::go::ASSETS.into_iter().filter(|folder| app.has_dir(folder)) {
            last.steps.push(copy(
                vec![app.full(folder)],
                &format!("./{folder}"),
                "Read by the program while it runs.",
            ));
        }
        for file in ["Rocket.toml", "Rocket.prod.toml"].into_iter().filter(|file| app.has_file(file)) {
            last.steps.push(copy(vec![app.full(file)], "./", "Settings of the framework."));
        }
        last.steps.push(copy_from("build", &format!("/out/{name}"), &format!("/app/bin/{name}"), ""));
        plan.stages.push(build);
        plan.stages.push(last);
        plan.command = Some(words);
    }
}
