//! A server that is one package of a workspace: it is installed and built from the root, and runs in its folder.

use std::collections::BTreeMap;

use super::{Runtime, Writer, copy, copy_from};
use crate::generator::command::quote;
use crate::generator::node::framework::Output;
use crate::generator::node::workspace::Workspace;
use crate::model::{BuildStep, Plan, Stage};

impl Writer<'_> {
    pub(super) fn member(&self, plan: &mut Plan, workspace: &Workspace, install: &dyn Fn(String) -> String) {
        let manager = &self.project.manager;
        let start = plan.start.clone().unwrap_or_default();
        let needs_manager = self.needs_manager(plan, &start);
        let full = install(manager.install());
        let mut last = self.last_stage(needs_manager, &start);
        plan.install = Some(full.clone());
        let folder = format!("/app/{}", workspace.folder);
        if let Some(output) = self.output_of(&start).filter(|_| plan.build.is_some()) {
            plan.stages.push(self.build_stage(&full, plan.build.as_deref(), None));
            self.copy_output(output, workspace, &mut last);
            plan.stages.push(last);
            self.finish(plan, &start, needs_manager);
            return;
        }
        let keeps_dev = self.keeps_dev(plan, &start);
        let is_simple = !self.has_hooks() && !manager.is_berry && !self.uses_prisma(workspace);
        let production = self.production(workspace).filter(|_| is_simple && !keeps_dev);
        let left = match production {
            Some(production) => {
                let mut stage = self.stage(
                    "dependencies",
                    "What the app needs to run, apart from the build: this layer stays when only source changes.",
                );
                self.add_install(&mut stage, &production);
                plan.stages.push(stage);
                last.steps.push(copy_from(
                    "dependencies",
                    "/app",
                    "./",
                    "Dependencies before source: they change less often.",
                ));
                // Those of the build stay behind.
                let folders: Vec<String> =
                    workspace.folders().map(|folder| format!("{folder}/node_modules")).collect();
                (plan.build.is_some()).then(|| format!("rm -rf {}", quoted(&folders)))
            }
            None if keeps_dev => None,
            None => self.prune_member(),
        };
        let is_separate = plan.stages.iter().any(|stage| stage.name == "dependencies");
        if plan.build.is_some() || !is_separate {
            plan.stages.push(self.build_stage(&full, plan.build.as_deref(), left.as_deref()));
            if is_separate {
                self.copy_folders(workspace, &start, &mut last);
            } else if manager.is_pnp {
                last.steps.push(copy_from("build", "/app", "./", "The workspace with its packages."));
            } else {
                let reason = "The dependencies that are left.";
                last.steps.push(copy_from("build", "/app/package.json", "./", ""));
                last.steps.push(copy_from("build", "/app/node_modules", "./node_modules", reason));
                if self.project.served.is_at_root {
                    self.copy_folders(workspace, &start, &mut last);
                } else {
                    for folder in workspace.folders() {
                        last.steps.push(copy_from(
                            "build",
                            &format!("/app/{folder}"),
                            &format!("./{folder}"),
                            "",
                        ));
                    }
                }
            }
        } else {
            for folder in workspace.folders() {
                last.steps.push(copy(
                    vec![format!("{}/", self.place.full(folder))],
                    &format!("./{folder}/"),
                    "",
                ));
            }
        }
        if !self.project.served.is_at_root {
            last.steps.push(BuildStep::Workdir(folder.clone()));
            let is_plain = |line: &str| line.starts_with("node ") || line.starts_with("bun ");
            if !is_plain(&start) || plan.processes.values().any(|line| !is_plain(line)) {
                self.add_path(&folder, &mut last);
            }
        }
        plan.stages.push(last);
        self.finish(plan, &start, needs_manager);
    }

    /// Installs what this app needs to run, and no other app.
    fn production(&self, workspace: &Workspace) -> Option<String> {
        let manager = &self.project.manager;
        let line = manager.install_production(self.major)?;
        let name = self.project.manifest.text("name").filter(|_| self.view.has_file("package.json"));
        Some(match (manager.name, name) {
            ("npm", Some(_)) if self.major >= 16 => {
                format!("{line} -w {} --include-workspace-root", quote(&workspace.folder))
            }
            ("pnpm", Some(name)) if workspace.manifest.dependencies().next().is_none() => {
                format!("{line} --filter {}", quote(&format!("{name}...")))
            }
            _ => line,
        })
    }

    fn prune_member(&self) -> Option<String> {
        let line = self.project.manager.prune(self.major, true)?;
        let name = self.project.manifest.text("name");
        Some(match name {
            Some(name) if self.project.manager.is_berry && self.view.has_file("package.json") => {
                format!("yarn workspaces focus {} --production", quote(name))
            }
            _ => line,
        })
    }

    fn uses_prisma(&self, workspace: &Workspace) -> bool {
        let needed = workspace.needed.iter().map(|member| &member.manifest);
        needed.chain([&self.project.manifest]).any(|manifest| manifest.depends_on("prisma"))
    }

    fn copy_output(&self, output: Output, workspace: &Workspace, last: &mut Stage) {
        let folder = &workspace.folder;
        match output {
            Output::Nitro => last.steps.push(copy_from(
                "build",
                &format!("/app/{folder}/.output"),
                "./.output",
                "The output brings its own dependencies.",
            )),
            Output::NextStandalone => {
                last.steps.push(copy_from("build", &format!("/app/{folder}/.next/standalone"), "./", "The standalone output has the layout of the workspace and the dependencies that it needs; static files are not part of it."));
                let fixed = format!("{folder}/.next/static");
                last.steps.push(copy_from("build", &format!("/app/{fixed}"), &format!("./{fixed}"), ""));
                if self.view.has_dir("public") {
                    let public = format!("{folder}/public");
                    last.steps.push(copy_from(
                        "build",
                        &format!("/app/{public}"),
                        &format!("./{public}"),
                        "",
                    ));
                }
                last.steps.push(BuildStep::Workdir(format!("/app/{folder}")));
            }
        }
    }

    /// Copies the app and the packages that it needs out of the build stage.
    fn copy_folders(&self, workspace: &Workspace, start: &str, last: &mut Stage) {
        let served = &self.project.served;
        if served.is_at_root {
            let entry = served.entry.as_deref().unwrap_or_default();
            let folder = entry.rsplit_once('/').map_or("dist", |(folder, _)| folder);
            let reason = "What was built for this app.";
            last.steps.push(copy_from("build", &format!("/app/{folder}"), &format!("./{folder}"), reason));
            return;
        }
        for member in &workspace.needed {
            let path = &member.folder;
            last.steps.push(copy_from("build", &format!("/app/{path}"), &format!("./{path}"), ""));
        }
        let folder = &workspace.folder;
        if self.is_framework_start(start) {
            self.copy_kept(&format!("/app/{folder}"), &format!("./{folder}"), last);
        } else {
            last.steps.push(copy_from("build", &format!("/app/{folder}"), &format!("./{folder}"), ""));
        }
    }

    /// Programs of dependencies are in the app's folder or at the root: which, the package manager decides.
    fn add_path(&self, folder: &str, last: &mut Stage) {
        let fallback = match self.runtime {
            Runtime::Node => "",
            Runtime::Bun => ":/usr/local/bun-node-fallback-bin",
        };
        let path = format!(
            "{folder}/node_modules/.bin:/app/node_modules/.bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin{fallback}"
        );
        last.steps.push(BuildStep::Env {
            values: BTreeMap::from([("PATH".to_owned(), path)]),
            reason: "Programs of dependencies are in the app's folder or at the root of the workspace."
                .into(),
        });
    }
}

fn quoted(words: &[String]) -> String {
    words.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" ")
}
