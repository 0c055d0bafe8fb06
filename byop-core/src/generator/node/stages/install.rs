//! Installing dependencies and building: the parts that all stages share.

use std::collections::BTreeMap;

use super::{Runtime, Writer};
use crate::generator::command::plain_words;
use crate::generator::finish::{cache, copy, copy_source, run};
use crate::model::{BuildStep, CacheMount, RunSpec, Stage};

/// Files that an installation reads, if they are there.
const MANIFESTS: [&str; 16] = [
    "package.json",
    "package-lock.json",
    "npm-shrinkwrap.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "bun.lock",
    "bun.lockb",
    "pnpm-workspace.yaml",
    ".npmrc",
    ".yarnrc",
    ".yarnrc.yml",
    ".pnpmfile.cjs",
    "bunfig.toml",
    ".pnp.cjs",
    ".pnp.loader.mjs",
    "lerna.json",
];
/// Folders that an installation reads.
const FOLDERS: [&str; 6] =
    [".yarn/releases", ".yarn/plugins", ".yarn/patches", ".yarn/cache", "patches", "prisma"];
/// Scripts that run while installing.
const HOOKS: [&str; 4] = ["preinstall", "install", "postinstall", "prepare"];
/// How many manifests of a workspace are copied one by one; beyond, the source is copied at once.
pub(super) const MOST_MANIFESTS: usize = 48;

impl Writer<'_> {
    pub(super) fn is_workspace(&self) -> bool {
        self.project.manifest.is_workspace() || self.place.has_file("pnpm-workspace.yaml")
    }

    pub(super) fn has_hooks(&self) -> bool {
        let root = self.project.workspace.as_ref().map(|workspace| &workspace.manifest);
        [&self.project.manifest]
            .into_iter()
            .chain(root)
            .any(|manifest| HOOKS.iter().any(|name| manifest.script(name).is_some()))
    }

    /// Whether an installation needs more than the manifests.
    fn needs_source(&self) -> bool {
        let workspace = self.project.workspace.as_ref();
        let manifests = || {
            workspace
                .into_iter()
                .flat_map(|w| w.needed.iter().map(|member| &member.manifest).chain([&w.manifest]))
                .chain([&self.project.manifest])
        };
        let is_path = |spec: &str| ["file:", "link:", "portal:"].iter().any(|kind| spec.starts_with(kind));
        // Packages of the workspace have their manifests copied; others are outside of it.
        let is_local = workspace.is_none()
            && manifests().any(|manifest| {
                manifest.dependencies().chain(manifest.dev_dependencies()).any(|(_, spec)| is_path(spec))
            });
        let runs_own = manifests()
            .flat_map(|manifest| HOOKS.iter().filter_map(|name| manifest.script(name)))
            .any(|line| !is_harmless(line));
        is_local || runs_own || self.members.is_none()
    }

    pub(super) fn stage(&self, name: &str, reason: &str) -> Stage {
        let mut stage =
            Stage { name: name.into(), image: self.image.clone(), reason: reason.into(), steps: vec![] };
        if !self.native.build.is_empty() {
            stage.steps.push(BuildStep::Packages {
                names: self.native.build.clone(),
                reason: "A dependency is compiled or prepared while it is installed.".into(),
            });
        }
        let mut values = BTreeMap::new();
        let mut reason = "";
        if self.runtime == Runtime::Node && self.native.build.iter().any(|name| name == "make") {
            values.insert("npm_config_nodedir".to_owned(), "/usr/local".to_owned());
            reason = "What is compiled uses the headers that are in the image.";
        }
        if self.native.run.iter().any(|name| name == "chromium") {
            values.insert("PUPPETEER_SKIP_DOWNLOAD".to_owned(), "true".to_owned());
            reason = "The distribution's browser is used.";
        }
        if !values.is_empty() {
            stage.steps.push(BuildStep::Env { values, reason: reason.into() });
        }
        stage.steps.push(BuildStep::Workdir("/app".into()));
        stage.steps.extend(self.manager_step());
        stage
    }

    /// Installs the package manager, where the image has none that will do, and Bun where only scripts want it.
    pub(super) fn manager_step(&self) -> Option<BuildStep> {
        if self.runtime == Runtime::Bun {
            return None;
        }
        let manager = &self.project.manager;
        let uses_bun = manager.name != "bun"
            && self.project.manifest.scripts().any(|(name, line)| {
                matches!(name, "build" | "start") && (line.starts_with("bun ") || line.contains("&& bun "))
            });
        let mut names: Vec<String> = manager.package(self.major).into_iter().collect();
        if uses_bun {
            names.push(crate::generator::node::manager::bun_package());
        }
        if names.is_empty() {
            return None;
        }
        let force = if manager.name == "yarn" { "--force " } else { "" };
        Some(run(
            format!(
                "npm install --global --no-audit --no-fund {force}{} && npm cache clean --force",
                names.join(" ")
            ),
            Vec::new(),
            "The package manager, at the version that the project asks for.",
        ))
    }

    pub(super) fn add_install(&self, stage: &mut Stage, command: &str) {
        let view = &self.place;
        if self.needs_source() {
            stage.steps.push(copy_source(
                view,
                "The installation reads more than manifests, so it needs the source.",
            ));
        } else {
            let files: Vec<String> = MANIFESTS
                .into_iter()
                .filter(|file| view.has_file(file))
                .map(|file| view.full(file))
                .collect();
            stage.steps.push(copy(
                files,
                "./",
                "Manifests first: the next layer is only made again when they change.",
            ));
            for folder in FOLDERS.into_iter().filter(|folder| view.has_dir(folder)) {
                stage.steps.push(copy(vec![view.full(folder)], &format!("./{folder}"), ""));
            }
            for member in self.members.iter().flatten() {
                stage.steps.push(copy(
                    vec![view.full(&format!("{member}/package.json"))],
                    &format!("./{member}/"),
                    "",
                ));
                let schema = format!("{member}/prisma");
                if view.has_dir(&schema) {
                    stage.steps.push(copy(vec![view.full(&schema)], &format!("./{schema}"), ""));
                }
            }
        }
        let quiet = if command.starts_with("npm ") { " --no-audit --no-fund" } else { "" };
        stage.steps.push(self.manager_run(&[&format!("{command}{quiet}")], self.caches(), ""));
    }

    fn caches(&self) -> Vec<CacheMount> {
        self.project.manager.cache().map(|(id, target)| cache(id, target)).into_iter().collect()
    }

    /// Runs command lines, with the credentials of the registry for those of the package manager.
    fn manager_run(&self, lines: &[&str], caches: Vec<CacheMount>, reason: &str) -> BuildStep {
        let credentials = &self.project.credentials;
        let plain = lines.join(" && ");
        if credentials.names.is_empty() {
            return run(plain, caches, reason);
        }
        let managers = ["npm ", "npx ", "yarn ", "pnpm ", "bun ", "bunx "];
        let with = lines
            .iter()
            .map(|line| {
                let is_manager = managers.iter().any(|name| line.starts_with(name));
                if is_manager { credentials.with(line) } else { (*line).to_owned() }
            })
            .collect::<Vec<_>>();
        BuildStep::Run(RunSpec {
            command: with.join(" && "),
            classic: Some(plain),
            caches,
            secrets: credentials.names.clone(),
            reason: "The credentials of the registry are there while this runs, and part of no layer.".into(),
        })
    }

    pub(super) fn build_stage(&self, install: &str, build: Option<&str>, after: Option<&str>) -> Stage {
        let mut stage = self.stage(
            "build",
            "Builds with everything that is needed for it; nothing of this stage stays but the result.",
        );
        if self.project.manager.is_pnp {
            let values = BTreeMap::from([("YARN_ENABLE_GLOBAL_CACHE".to_owned(), "false".to_owned())]);
            stage.steps.push(BuildStep::Env {
                values,
                reason: "Without node_modules the packages have to stay with the app.".into(),
            });
        }
        self.add_install(&mut stage, install);
        let mut values = self.project.served.build_env.clone();
        if build.is_some() {
            values.insert("NODE_ENV".into(), "production".into());
        }
        if build.is_some_and(|line| line.contains("turbo")) {
            values.insert("TURBO_TELEMETRY_DISABLED".into(), "1".into());
        }
        if build.is_some_and(|line| line.contains("nx ")) {
            values.insert("NX_DAEMON".into(), "false".into());
        }
        if !values.is_empty() {
            stage.steps.push(BuildStep::Env { values, reason: String::new() });
        }
        if !self.needs_source() {
            stage.steps.push(copy_source(&self.place, ""));
        }
        let lines: Vec<&str> = build.into_iter().chain(after).collect();
        if !lines.is_empty() {
            let mut caches = match after {
                Some(line) if !line.starts_with("rm -rf ") || line.contains("&&") => self.caches(),
                _ => Vec::new(),
            };
            if self.project.framework == Some("next")
                && self.project.served.static_dir.is_none()
                && build.is_some()
            {
                caches.push(cache("next", &self.output(".next/cache")));
            }
            stage.steps.push(self.manager_run(&lines, caches, ""));
        }
        stage
    }
}

/// Whether a hook does its work, or nothing, with the manifests alone.
fn is_harmless(line: &str) -> bool {
    const KNOWN: [&str; 13] = [
        "prisma generate",
        "npx prisma generate",
        "husky",
        "husky install",
        "husky || true",
        "patch-package",
        "lefthook install",
        "simple-git-hooks",
        "npx simple-git-hooks",
        "is-ci || husky install",
        "svelte-kit sync || echo ''",
        "svelte-kit sync || echo \"\"",
        "electron-builder install-app-deps",
    ];
    let line = line.trim();
    let only = plain_words(line).is_some_and(|words| {
        words[0] == "only-allow" || words[..2.min(words.len())] == ["npx", "only-allow"]
    });
    KNOWN.contains(&line) || only
}
