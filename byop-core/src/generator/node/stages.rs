//! The stages of a Node.js image.

mod install;
mod member;
mod server;

use super::framework::Served;
use super::runtime::{Runtime, runs_bun};
use super::{Project, start};
use crate::generator::command::{exec_form, plain_words};
use crate::generator::finish::{copy, copy_from, copy_source, run, serve_static};
use crate::generator::images::BaseImages;
use crate::generator::packages::{self, Native};
use crate::generator::version::Version;
use crate::generator::view::View;
use crate::model::{AppSpec, BuildStep, Plan, Stage};

/// What the image does not need.
pub(super) fn ignored(view: &View<'_>, served: &Served) -> Vec<String> {
    let mut lines: Vec<String> = [
        "node_modules",
        "**/node_modules",
        ".pnpm-store",
        "coverage",
        ".nyc_output",
        "**/.next",
        "**/.nuxt",
        "**/.output",
        "**/.svelte-kit",
        "**/.turbo",
        ".nx",
        ".cache",
        ".vercel",
        ".netlify",
        "npm-debug.log*",
        "yarn-error.log",
    ]
    .map(String::from)
    .to_vec();
    if let Some(folder) = served.static_dir.as_deref().filter(|folder| !matches!(*folder, "." | "public")) {
        lines.push(if served.is_at_root { folder.to_owned() } else { view.full(folder) });
    }
    lines
}

struct Writer<'a> {
    /// The app's folder.
    view: &'a View<'a>,
    /// The folder of the lock file: the app's own, or the root of its workspace.
    place: View<'a>,
    project: &'a Project,
    runtime: Runtime,
    image: String,
    version: String,
    major: u32,
    native: Native,
}

/// Adds the stages of a project to its plan.
pub(super) fn add(
    plan: &mut Plan,
    view: &View<'_>,
    project: &Project,
    runtime: Runtime,
    images: &BaseImages,
    spec: &AppSpec,
) {
    let version = plan.version.clone().unwrap_or_default();
    let place = project.workspace.as_ref().map_or_else(|| view.clone(), |workspace| workspace.view(view));
    let shared = project.workspace.iter().flat_map(|workspace| {
        let needed = workspace.needed.iter().map(|member| &member.manifest);
        needed.chain([&workspace.manifest]).flat_map(|manifest| manifest.dependencies())
    });
    let writer = Writer {
        view,
        native: packages::node(project.manifest.dependencies().chain(shared)),
        place,
        project,
        runtime,
        image: images.image(runtime.name(), &version),
        // A version of Bun says nothing of npm.
        major: match runtime {
            Runtime::Node => Version::parse(&version).map_or(0, |version| version.major()),
            Runtime::Bun => 24,
        },
        version,
    };
    let install = |command: String| spec.build.install.clone().unwrap_or(command);
    if let Some(folder) = plan.static_dir.clone() {
        if plan.build.is_some() || project.manifest.has_dependencies() {
            let full = install(project.manager.install());
            plan.stages.push(writer.build_stage(&full, plan.build.as_deref(), None));
            plan.install = Some(full);
            serve_static(plan, images, Some("build"), &writer.output(&folder));
        } else {
            serve_static(plan, images, None, &view.full(&folder));
        }
        return;
    }
    if writer.native.run.iter().any(|name| name == "chromium") {
        plan.env.insert("PUPPETEER_EXECUTABLE_PATH".into(), "/usr/bin/chromium".into());
    }
    match &project.workspace {
        Some(workspace) => writer.member(plan, workspace, &install),
        None => writer.server(plan, &install),
    }
}

/// What brings Node.js and a project's packages into a stage of another stack.
pub(super) fn bring(
    view: &View<'_>,
    project: &Project,
    images: &BaseImages,
    version: &str,
) -> Vec<BuildStep> {
    let writer = Writer {
        view,
        native: packages::node(project.manifest.dependencies()),
        place: view.clone(),
        project,
        runtime: Runtime::Node,
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
    let is_bare = project.manager.name == "yarn" && project.manager.package(writer.major).is_none();
    stage.steps.extend(writer.manager_step().or_else(|| {
        is_bare.then(|| {
            let line =
                "npm install --global --no-audit --no-fund --force yarn@1.22.22 && npm cache clean --force";
            run(line, Vec::new(), "The package manager of the assets.")
        })
    }));
    writer.add_install(&mut stage, &project.manager.install());
    stage.steps
}

impl Writer<'_> {
    /// Where a path in the app's folder is in the stages.
    fn output(&self, path: &str) -> String {
        match &self.project.workspace {
            Some(workspace) if !self.project.served.is_at_root => format!("/app/{}/{path}", workspace.folder),
            _ => format!("/app/{path}"),
        }
    }

    /// Whether the start command or another process needs a package that is there for development.
    fn keeps_dev(&self, plan: &Plan, start: &str) -> bool {
        let manifest = &self.project.manifest;
        start::needs_dev_dependency(manifest, start)
            || plan.processes.values().any(|line| start::needs_dev_dependency(manifest, line))
    }

    /// Whether a package manager has to be there while the app runs.
    fn needs_manager(&self, plan: &Plan, start: &str) -> bool {
        let name = self.project.manager.name;
        plain_words(start).map_or_else(|| start.contains(name), |words| words[0] == name)
            || plan.processes.values().any(|line| line.contains(name))
    }

    /// The run stage, up to its working folder.
    fn last_stage(&self, needs_manager: bool, start: &str) -> Stage {
        let program = match self.runtime {
            Runtime::Node => "Node.js",
            Runtime::Bun => "Bun",
        };
        let mut last = Stage {
            name: "run".into(),
            image: self.image.clone(),
            reason: format!(
                "What runs: {program} {}, the app and nothing that is only needed to build it.",
                self.version
            ),
            steps: vec![],
        };
        if !self.native.run.is_empty() {
            last.steps.push(BuildStep::Packages {
                names: self.native.run.clone(),
                reason: "Dependencies use these while they run.".into(),
            });
        }
        last.steps.push(BuildStep::Workdir("/app".into()));
        let needs_bun = self.project.manager.name != "bun" && runs_bun(&self.project.manifest, start);
        if needs_manager || needs_bun {
            last.steps.extend(self.manager_step());
        }
        last
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
        plan.health.command = Some(vec![self.runtime.name().into(), "-e".into(), script]);
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
            // In a workspace, `PATH` has the folders of programs.
            && self.project.workspace.is_none()
            && manifest.has_dependencies()
            && !["echo", "env", "true", "sleep"].contains(&words[0].as_str());
        if is_local {
            words[0] = format!("node_modules/.bin/{}", words[0]);
        }
        words
    }

    /// Copies what the running app needs of its own folder out of the build stage.
    fn copy_kept(&self, from: &str, to: &str, last: &mut Stage) {
        let served = &self.project.served;
        if self.view.has_file("package.json") {
            let reason = "What the app is made of, without its source.";
            last.steps.push(copy_from("build", &format!("{from}/package.json"), &format!("{to}/"), reason));
        }
        for path in &served.kept {
            // What is built is there afterwards; all else only if the tree has it.
            let is_given = path == "public" || path.starts_with("next.config");
            if !is_given || self.view.has_dir(path) || self.view.has_file(path) {
                last.steps.push(copy_from("build", &format!("{from}/{path}"), &format!("{to}/{path}"), ""));
            }
        }
    }

    /// Whether the start needs nothing but what the framework is known to build.
    fn is_framework_start(&self, start: &str) -> bool {
        let served = &self.project.served;
        let has_script = || plain_words(start).is_some_and(|words| words[0] == self.project.manager.name);
        if served.kept.is_empty() || has_script() {
            return false;
        }
        if served.start.as_deref() == Some(start) {
            return true;
        }
        let Some(file) = start::file_of(start) else {
            // Such as `next start -p 3000`.
            let word = |line: &str| line.split_whitespace().next().map(str::to_owned);
            return word(start) == served.start.as_deref().and_then(word) && plain_words(start).is_some();
        };
        served.kept.iter().any(|path| file == *path || file.starts_with(&format!("{path}/")))
    }
}

fn js_text(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'").replace(['\n', '\r'], ""))
}
