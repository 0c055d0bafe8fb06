//! The stages of a Node.js image.

use std::collections::BTreeMap;

use super::framework::{Output, Served};
use super::{Project, start};
use crate::generator::command::{exec_form, plain_words};
use crate::generator::finish::{cache, copy, copy_from, copy_source, run, serve_static};
use crate::generator::images::BaseImages;
use crate::generator::packages;
use crate::generator::version::Version;
use crate::generator::view::View;
use crate::model::{AppSpec, BuildStep, CacheMount, Plan, Stage};

/// Files that an installation reads, if they are there.
const MANIFESTS: [&str; 13] = [
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
];
/// Folders that an installation reads.
const FOLDERS: [&str; 5] = [".yarn/releases", ".yarn/plugins", ".yarn/patches", "patches", "prisma"];

/// What the image does not need.
pub(super) fn ignored(served: &Served) -> Vec<String> {
    let mut lines: Vec<String> = [
        "node_modules",
        "**/node_modules",
        ".pnpm-store",
        "coverage",
        ".nyc_output",
        ".next",
        ".nuxt",
        ".output",
        ".svelte-kit",
        ".turbo",
        ".cache",
        ".vercel",
        ".netlify",
        "npm-debug.log*",
        "yarn-error.log",
    ]
    .map(String::from)
    .to_vec();
    if let Some(folder) = served.static_dir.as_deref().filter(|folder| !matches!(*folder, "." | "public")) {
        lines.push(folder.to_owned());
    }
    lines
}

struct Writer<'a> {
    view: &'a View<'a>,
    project: &'a Project,
    image: String,
    version: String,
    major: u32,
}

/// Adds the stages of a project to its plan.
pub(super) fn add(plan: &mut Plan, view: &View<'_>, project: &Project, images: &BaseImages, spec: &AppSpec) {
    let version = plan.version.clone().unwrap_or_default();
    let writer = Writer {
        view,
        project,
        image: images.image("node", &version),
        major: Version::parse(&version).map_or(0, |version| version.major()),
        version,
    };
    let install = |command: String| spec.build.install.clone().unwrap_or(command);
    if let Some(folder) = plan.static_dir.clone() {
        if plan.build.is_some() || project.manifest.has_dependencies() {
            let full = install(project.manager.install());
            plan.stages.push(writer.build_stage(&full, plan.build.as_deref(), None, "build"));
            plan.install = Some(full);
            serve_static(plan, images, Some("build"), &format!("/app/{folder}"));
        } else {
            serve_static(plan, images, None, &view.full(&folder));
        }
        return;
    }
    writer.server(plan, images, &install);
}

/// What brings Node.js and a project's packages into a stage of another stack.
pub(super) fn bring(view: &View<'_>, project: &Project, images: &BaseImages, version: &str) -> Vec<BuildStep> {
    let writer = Writer {
        view,
        project,
        image: images.image("node", version),
        major: Version::parse(version).map_or(0, |version| version.major()),
        version: version.to_owned(),
    };
    let reason = format!("Node.js {version}, which builds the assets here and is not needed to run them.");
    let mut stage = Stage {
        steps: vec![
            copy_from(&writer.image, "/usr/local/bin", "/usr/local/bin", &reason),
            copy_from(&writer.image, "/usr/local/lib/node_modules", "/usr/local/lib/node_modules", ""),
        ],
        ..Stage::default()
    };
    // The image has its Yarn elsewhere, so that it is not among what was copied.
    let is_bare = project.manager.name == "yarn" && project.manager.package().is_none();
    stage.steps.extend(writer.manager_step().or_else(|| {
        is_bare.then(|| {
            let line = "npm install --global --no-audit --no-fund --force yarn@1.22.22 && npm cache clean --force";
            run(line, Vec::new(), "The package manager of the assets.")
        })
    }));
    writer.add_install(&mut stage, &project.manager.install(), project.manager.name == "npm");
    stage.steps
}

impl Writer<'_> {
    fn server(&self, plan: &mut Plan, _images: &BaseImages, install: &dyn Fn(String) -> String) {
        let (manifest, manager) = (&self.project.manifest, &self.project.manager);
        let start = plan.start.clone().unwrap_or_default();
        let keeps_dev = start::needs_dev_dependency(manifest, &start)
            || plan.processes.values().any(|line| start::needs_dev_dependency(manifest, line));
        let output = self.project.served.output.filter(|_| {
            self.project.served.start.as_deref() == Some(start.as_str())
                || (self.project.served.output == Some(Output::Nitro) && start.contains(".output/"))
        });
        let is_simple =
            !self.is_workspace() && !self.has_hooks() && !manager.is_berry && !manifest.depends_on("prisma");
        let production = manager.install_production(self.major).filter(|_| is_simple && !keeps_dev);
        let needs_manager = plain_words(&start)
            .map_or_else(|| start.contains(manager.name), |words| words[0] == manager.name)
            || plan.processes.values().any(|line| line.contains(manager.name));
        let mut last = Stage {
            name: "run".into(),
            image: self.image.clone(),
            reason: format!(
                "What runs: Node.js {}, the app and nothing that is only needed to build it.",
                self.version
            ),
            steps: vec![],
        };
        if let Some(step) = self.runtime_packages() {
            last.steps.push(step);
        }
        last.steps.push(BuildStep::Workdir("/app".into()));
        if needs_manager {
            last.steps.extend(self.manager_step());
        }
        if !manifest.has_dependencies() && plan.build.is_none() && !self.is_workspace() {
            plan.install =
                (manager.name != "npm" || manager.lock.is_some()).then(|| install(manager.install()));
            if plan.install.is_none() {
                plan.install = Some(install(manager.install()));
            }
            // Without dependencies there is nothing to install.
            last.steps
                .push(copy_source(self.view, "The app has no dependencies: its source is all there is."));
        } else if let (Some(production), None) = (&production, &plan.build) {
            let command = install(production.clone());
            let mut stage = self.stage(
                "dependencies",
                "The dependencies alone, so that they are only installed again when a manifest changes.",
            );
            self.add_install(&mut stage, &command, manager.name == "npm");
            plan.install = Some(command);
            plan.stages.push(stage);
            last.steps.push(copy_from(
                "dependencies",
                "/app/node_modules",
                "./node_modules",
                "Dependencies before source: they change less often.",
            ));
            last.steps.push(copy_source(self.view, ""));
        } else if let Some(output) = output.filter(|_| plan.build.is_some()) {
            let full = install(manager.install());
            plan.stages.push(self.build_stage(&full, plan.build.as_deref(), None, "build"));
            plan.install = Some(full);
            match output {
                Output::Nitro => last.steps.push(copy_from(
                    "build",
                    "/app/.output",
                    "./.output",
                    "The output brings its own dependencies.",
                )),
                Output::NextStandalone => {
                    last.steps.push(copy_from("build", "/app/.next/standalone", "./", "The standalone output brings the dependencies that it needs; static files are not part of it."));
                    last.steps.push(copy_from("build", "/app/.next/static", "./.next/static", ""));
                    if self.view.has_dir("public") {
                        last.steps.push(copy_from("build", "/app/public", "./public", ""));
                    }
                }
            }
        } else if let (Some(production), true) =
            (&production, plan.build.is_some() && manifest.dependencies().next().is_some())
        {
            let full = install(manager.install());
            let mut stage = self.stage(
                "dependencies",
                "What the app needs to run, apart from the build: this layer stays when only source changes.",
            );
            self.add_install(&mut stage, &install(production.clone()), manager.name == "npm");
            plan.stages.push(stage);
            plan.stages.push(self.build_stage(
                &full,
                plan.build.as_deref(),
                Some("rm -rf node_modules"),
                "build",
            ));
            plan.install = Some(full);
            last.steps.push(copy_from(
                "dependencies",
                "/app/node_modules",
                "./node_modules",
                "Dependencies before source: they change less often.",
            ));
            last.steps.push(copy_from("build", "/app", "./", ""));
        } else {
            let full = install(manager.install());
            let prune = if keeps_dev { None } else { manager.prune(self.major, self.is_workspace()) };
            plan.stages.push(self.build_stage(&full, plan.build.as_deref(), prune.as_deref(), "build"));
            plan.install = Some(full);
            last.steps.push(copy_from("build", "/app", "./", "The app with the dependencies that are left."));
        }
        plan.stages.push(last);
        self.finish(plan, &start, needs_manager);
    }

    fn finish(&self, plan: &mut Plan, start: &str, needs_manager: bool) {
        if !start.is_empty() {
            plan.command = Some(self.command(start));
        }
        if needs_manager {
            plan.env.insert("NPM_CONFIG_UPDATE_NOTIFIER".into(), "false".into());
            if self.project.manager.is_pnp {
                plan.env.insert("YARN_ENABLE_GLOBAL_CACHE".into(), "false".into());
            }
        }
        let limit = if plan.health.is_known { 400 } else { 500 };
        // Written for every version of Node.js, without fetch.
        let script = format!(
            "require('http').get({{host:'127.0.0.1',port:process.env.PORT||{},path:{},timeout:4000}},r=>process.exit(r.statusCode<{limit}?0:1)).on('error',()=>process.exit(1))",
            plan.port,
            js_text(&plan.health.path),
        );
        plan.health.command = Some(vec!["node".into(), "-e".into(), script]);
    }

    /// The start command as a list; a program of a dependency by its path, as no manager puts it on `PATH`.
    fn command(&self, start: &str) -> Vec<String> {
        let Some(mut words) = plain_words(start) else { return exec_form(start) };
        // The image has no `.env` file; its values come from the environment.
        words.retain(|word| !word.starts_with("--env-file"));
        let is_given =
            ["node", "npm", "npx", "yarn", "pnpm", "bun", "bunx", "sh", "bash"].contains(&words[0].as_str());
        let manifest = &self.project.manifest;
        let is_local = !is_given
            && !words[0].contains('/')
            && manifest.has_dependencies()
            && !["echo", "env", "true", "sleep"].contains(&words[0].as_str());
        if is_local {
            words[0] = format!("node_modules/.bin/{}", words[0]);
        }
        words
    }

    fn is_workspace(&self) -> bool {
        self.project.manifest.is_workspace() || self.view.has_file("pnpm-workspace.yaml")
    }

    /// Scripts that run while installing.
    fn has_hooks(&self) -> bool {
        ["preinstall", "install", "postinstall", "prepare"]
            .iter()
            .any(|name| self.project.manifest.script(name).is_some())
    }

    /// Whether an installation needs more than the manifests.
    fn needs_source(&self) -> bool {
        let manifest = &self.project.manifest;
        let is_local = manifest.dependencies().chain(manifest.dev_dependencies()).any(|(_, spec)| {
            spec.starts_with("file:") || spec.starts_with("link:") || spec.starts_with("portal:")
        });
        let hooks = ["preinstall", "install", "postinstall", "prepare"];
        let runs_own = hooks.iter().filter_map(|name| manifest.script(name)).any(|line| {
            !["prisma generate", "husky", "husky install", "patch-package", "npx prisma generate"]
                .contains(&line.trim())
        });
        is_local || runs_own || self.members().is_none()
    }

    /// The manifests of a workspace's members; none when they are too many to name one by one.
    fn members(&self) -> Option<Vec<String>> {
        let mut patterns = self.project.manifest.workspaces();
        if let Some(text) = self.view.glance("pnpm-workspace.yaml") {
            patterns.extend(workspace_patterns(&text));
        }
        if patterns.is_empty() {
            return Some(Vec::new());
        }
        let mut found: Vec<String> = self
            .view
            .sources(&["json"], 4)
            .into_iter()
            .filter_map(|path| path.strip_suffix("/package.json"))
            .filter(|folder| patterns.iter().any(|pattern| matches(pattern, folder)))
            .map(str::to_owned)
            .collect();
        found.sort();
        (found.len() <= 12).then_some(found)
    }

    fn stage(&self, name: &str, reason: &str) -> Stage {
        let mut stage =
            Stage { name: name.into(), image: self.image.clone(), reason: reason.into(), steps: vec![] };
        let needed = packages::node_build(self.project.manifest.dependencies().map(|(name, _)| name));
        if !needed.is_empty() {
            stage.steps.push(BuildStep::Packages {
                names: needed,
                reason: "A dependency is compiled while it is installed.".into(),
            });
        } else if let Some(step) = self.runtime_packages() {
            stage.steps.push(step);
        }
        stage.steps.push(BuildStep::Workdir("/app".into()));
        stage.steps.extend(self.manager_step());
        stage
    }

    fn runtime_packages(&self) -> Option<BuildStep> {
        let is_prisma =
            self.project.manifest.depends_on("prisma") || self.project.manifest.depends_on("@prisma/client");
        is_prisma.then(|| BuildStep::Packages {
            names: vec!["openssl".into()],
            reason: "Prisma's engine looks for OpenSSL.".into(),
        })
    }

    /// Installs the package manager, where the image has none that will do.
    fn manager_step(&self) -> Option<BuildStep> {
        let manager = &self.project.manager;
        let package = match manager.package() {
            Some(package) => package,
            // From this line on the images bring no Yarn.
            None if manager.name == "yarn" && self.major >= 26 => "yarn@1.22.22".into(),
            None => return None,
        };
        let force = if manager.name == "yarn" { "--force " } else { "" };
        Some(run(
            format!("npm install --global --no-audit --no-fund {force}{package} && npm cache clean --force"),
            Vec::new(),
            "The package manager, at the version that the project asks for.",
        ))
    }

    fn add_install(&self, stage: &mut Stage, command: &str, is_quiet: bool) {
        let view = self.view;
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
            for member in self.members().unwrap_or_default() {
                stage.steps.push(copy(
                    vec![view.full(&format!("{member}/package.json"))],
                    &format!("./{member}/"),
                    "",
                ));
            }
        }
        let quiet = if is_quiet && command.starts_with("npm ") { " --no-audit --no-fund" } else { "" };
        stage.steps.push(run(format!("{command}{quiet}"), self.caches(), ""));
    }

    fn caches(&self) -> Vec<CacheMount> {
        self.project.manager.cache().map(|(id, target)| cache(id, target)).into_iter().collect()
    }

    fn build_stage(&self, install: &str, build: Option<&str>, after: Option<&str>, name: &str) -> Stage {
        let mut stage = self.stage(
            name,
            "Builds with everything that is needed for it; nothing of this stage stays but the result.",
        );
        if self.project.manager.is_pnp {
            let values = BTreeMap::from([("YARN_ENABLE_GLOBAL_CACHE".to_owned(), "false".to_owned())]);
            stage.steps.push(BuildStep::Env {
                values,
                reason: "Without node_modules the packages have to stay with the app.".into(),
            });
        }
        self.add_install(&mut stage, install, self.project.manager.name == "npm");
        let mut values = self.project.served.build_env.clone();
        if build.is_some() {
            values.insert("NODE_ENV".into(), "production".into());
        }
        if !values.is_empty() {
            stage.steps.push(BuildStep::Env { values, reason: String::new() });
        }
        if !self.needs_source() {
            stage.steps.push(copy_source(self.view, ""));
        }
        let lines: Vec<&str> = build.into_iter().chain(after).collect();
        if !lines.is_empty() {
            let mut caches = if after.is_some_and(|line| line != "rm -rf node_modules") {
                self.caches()
            } else {
                Vec::new()
            };
            if self.project.framework == Some("next") && self.project.served.static_dir.is_none() {
                caches.push(cache("next", "/app/.next/cache"));
            }
            stage.steps.push(run(lines.join(" && "), caches, ""));
        }
        stage
    }
}

/// The `packages` of a pnpm workspace file. The format is a plain list, so no YAML reader is let near it.
fn workspace_patterns(text: &str) -> Vec<String> {
    text.lines()
        .skip_while(|line| !line.starts_with("packages:"))
        .skip(1)
        .take_while(|line| line.trim().is_empty() || line.starts_with([' ', '-', '#', '\t']))
        .filter_map(|line| line.trim().strip_prefix('-'))
        .map(|item| item.split(" #").next().unwrap_or(item).trim().trim_matches(['"', '\'']).to_owned())
        .filter(|item| !item.starts_with('!') && !item.is_empty())
        .collect()
}

/// Whether a workspace pattern names a folder.
pub(super) fn matches(pattern: &str, folder: &str) -> bool {
    let pattern = pattern.trim_start_matches("./").trim_end_matches('/');
    if let Some(base) = pattern.strip_suffix("/**") {
        return folder.starts_with(base) && folder.as_bytes().get(base.len()) == Some(&b'/');
    }
    if let Some(base) = pattern.strip_suffix("/*") {
        return folder
            .strip_prefix(base)
            .and_then(|rest| rest.strip_prefix('/'))
            .is_some_and(|rest| !rest.contains('/'));
    }
    pattern == folder || pattern == "*" && !folder.contains('/')
}

fn js_text(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'").replace(['\n', '\r'], ""))
}
