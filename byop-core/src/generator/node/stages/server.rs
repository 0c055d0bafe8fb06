//! A server that has its lock file beside it.

use super::{Writer, copy_from, copy_source};
use crate::generator::node::framework::Output;
use crate::model::Plan;

impl Writer<'_> {
    pub(super) fn server(&self, plan: &mut Plan, install: &dyn Fn(String) -> String) {
        let (manifest, manager) = (&self.project.manifest, &self.project.manager);
        let start = plan.start.clone().unwrap_or_default();
        let keeps_dev = self.keeps_dev(plan, &start);
        let output = self.output_of(&start);
        let is_simple =
            !self.is_workspace() && !self.has_hooks() && !manager.is_berry && !manifest.depends_on("prisma");
        let production = manager.install_production(self.major).filter(|_| is_simple && !keeps_dev);
        let needs_manager = self.needs_manager(plan, &start);
        let mut last = self.last_stage(needs_manager, &start);
        if !manifest.has_dependencies() && plan.build.is_none() && !self.is_workspace() {
            plan.install = Some(install(manager.install()));
            // Without dependencies there is nothing to install.
            last.steps
                .push(copy_source(self.view, "The app has no dependencies: its source is all there is."));
        } else if let (Some(production), None) = (&production, &plan.build) {
            let command = install(production.clone());
            let mut stage = self.stage(
                "dependencies",
                "The dependencies alone, so that they are only installed again when a manifest changes.",
            );
            self.add_install(&mut stage, &command);
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
            plan.stages.push(self.build_stage(&full, plan.build.as_deref(), None));
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
            self.add_install(&mut stage, &install(production.clone()));
            plan.stages.push(stage);
            let is_framework = self.is_framework_start(&start);
            let after = if is_framework { None } else { Some("rm -rf node_modules") };
            plan.stages.push(self.build_stage(&full, plan.build.as_deref(), after));
            plan.install = Some(full);
            last.steps.push(copy_from(
                "dependencies",
                "/app/node_modules",
                "./node_modules",
                "Dependencies before source: they change less often.",
            ));
            if is_framework {
                self.copy_kept("/app", ".", &mut last);
            } else {
                last.steps.push(copy_from("build", "/app", "./", ""));
            }
        } else {
            let full = install(manager.install());
            let has_dependencies = manifest.dependencies().next().is_some();
            let is_output = self.is_framework_start(&start) && !self.is_workspace() && !manager.is_pnp;
            let prune = if keeps_dev || (is_output && !has_dependencies) {
                None
            } else {
                manager.prune(self.major, self.is_workspace())
            };
            plan.stages.push(self.build_stage(&full, plan.build.as_deref(), prune.as_deref()));
            plan.install = Some(full);
            if is_output && (has_dependencies || !keeps_dev) {
                if has_dependencies {
                    let reason = "The dependencies that are left.";
                    last.steps.push(copy_from("build", "/app/node_modules", "./node_modules", reason));
                }
                self.copy_kept("/app", ".", &mut last);
            } else {
                last.steps.push(copy_from(
                    "build",
                    "/app",
                    "./",
                    "The app with the dependencies that are left.",
                ));
            }
        }
        plan.stages.push(last);
        self.finish(plan, &start, needs_manager);
    }

    /// The output that runs by itself, when it is what is started.
    pub(super) fn output_of(&self, start: &str) -> Option<Output> {
        let served = &self.project.served;
        served.output.filter(|output| {
            served.start.as_deref() == Some(start) || (*output == Output::Nitro && start.contains(".output/"))
        })
    }
}
