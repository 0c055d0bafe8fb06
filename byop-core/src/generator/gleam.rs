//! Gleam on Erlang: a shipment of compiled modules, run by the Erlang that compiled them.

use super::finish::{begin, copy_from, copy_source, end, manifests, no_start, run, start_of};
use super::images::BaseImages;
use super::pins::{self, Pin};
use super::scan::Sources;
use super::view::View;
use super::{Generator, command, procfile, scan};
use crate::error::{Error, Result};
use crate::model::{AppSpec, BuildStep, Detection, Plan, Stage};
use crate::source::SourceTree;

/// The program that a shipment brings, as a person would start it after a build.
const START: &str = "./build/erlang-shipment/entrypoint.sh run";

/// Recognises `gleam.toml`.
#[derive(Debug, Clone, Default)]
pub struct GleamGenerator {
    images: BaseImages,
}

impl GleamGenerator {
    /// The generator on a table of base images.
    #[must_use]
    pub fn new(images: BaseImages) -> Self {
        Self { images }
    }
}

struct Project {
    table: toml::Table,
    pins: Vec<Pin>,
}

impl Project {
    fn read(view: &View<'_>) -> Result<Option<Self>> {
        let Some(table) = view.toml("gleam.toml")? else { return Ok(None) };
        let mut pins = Vec::new();
        pins.extend(pins::from_tools(view, &["gleam"])?);
        let range = table.get("gleam").and_then(toml::Value::as_str);
        pins.extend(range.map(|range| Pin::new(range, "gleam.toml", "gleam")));
        Ok(Some(Self { table, pins }))
    }

    fn depends_on(&self, name: &str) -> bool {
        self.table.get("dependencies").and_then(|list| list.get(name)).is_some()
    }

    fn has_dependencies(&self) -> bool {
        ["dependencies", "dev-dependencies", "dev_dependencies"].iter().any(|section| {
            self.table.get(*section).and_then(toml::Value::as_table).is_some_and(|list| !list.is_empty())
        })
    }

    fn is_erlang(&self) -> bool {
        self.table.get("target").and_then(toml::Value::as_str).is_none_or(|target| target == "erlang")
    }
}

impl Generator for GleamGenerator {
    fn name(&self) -> &str {
        "gleam"
    }

    fn looks_for(&self) -> Vec<String> {
        vec!["gleam.toml".into()]
    }

    fn detect(&self, source: &SourceTree) -> Result<Option<Detection>> {
        let view = View::of(source);
        let Some(project) = Project::read(&view)? else { return Ok(None) };
        let mut detection = Detection::new("gleam", if project.is_erlang() { 0.96 } else { 0.7 });
        view.base().clone_into(&mut detection.root);
        detection.note("stack = gleam", view.full("gleam.toml"), "the manifest of a Gleam project");
        detection.version = Some(pins::decide(&self.images, "gleam", &project.pins, None, &mut detection));
        detection.package_manager = Some("gleam".into());
        for (package, framework) in [("wisp", "wisp"), ("lustre", "lustre"), ("mist", "mist")] {
            if detection.framework.is_none() && project.depends_on(package) {
                detection.framework = Some(framework.into());
                detection.note(
                    format!("framework = {framework}"),
                    view.full("gleam.toml"),
                    "it is a dependency",
                );
            }
        }
        if !project.is_erlang() {
            detection.diagnostics.push(no_start(
                "the project compiles to JavaScript, which byop does not build: use an own Dockerfile, or the Erlang target",
            ));
        }
        Ok(Some(detection))
    }

    fn plan(&self, source: &SourceTree, detection: &Detection, spec: &AppSpec) -> Result<Plan> {
        let view = View::at(source, &detection.root);
        let Some(project) = Project::read(&view)? else {
            return Err(Error::invalid("app.plan", "gleam.toml is gone").with_remedy("detect again"));
        };
        let mut detection = detection.clone();
        if let Some(version) = &spec.build.version {
            detection.version = Some(self.images.resolve("gleam", version).version);
        }
        let procfile = procfile::read(&view)?;
        let start = start_of(spec, &procfile, project.is_erlang().then(|| START.to_owned()));
        let sources = Sources::read(&view, None, &["gleam"]);
        let port = spec
            .port
            .or_else(|| start.as_deref().and_then(command::port_of))
            .or_else(|| sources.port().map(|(port, _)| port))
            .unwrap_or(8000);
        let mut plan = begin(&detection, port);
        plan.processes = procfile.others;
        plan.health = scan::health(spec.health.path.as_deref(), sources.health().map(|(path, _)| path));
        plan.diagnostics.extend(sources.loopback());
        plan.install = spec
            .build
            .install
            .clone()
            .or_else(|| project.has_dependencies().then(|| "gleam deps download".to_owned()));
        plan.build = spec.build.build.clone().or_else(|| Some("gleam export erlang-shipment".to_owned()));
        if start.is_some() && project.is_erlang() {
            self.stages(&mut plan, &view);
            plan.command = start.as_deref().map(command::exec_form);
            plan.env.insert("HOME".into(), "/tmp".into());
        }
        plan.start = start;
        plan.ignore = ["build", "erl_crash.dump"].map(String::from).to_vec();
        end(plan, &view, spec)
    }
}

impl GleamGenerator {
    fn stages(&self, plan: &mut Plan, view: &View<'_>) {
        let version = plan.version.clone().unwrap_or_default();
        // Images are named by all three numbers.
        let exact = if version.matches('.').count() == 1 { format!("{version}.0") } else { version };
        let erlang = self.images.image("gleam.erlang", "");
        let mut build = Stage {
            name: "build".into(),
            image: erlang.clone(),
            reason: "Compiles for the Erlang that runs it; the compiler stays in this stage.".into(),
            steps: vec![
                BuildStep::Workdir("/src".into()),
                copy_from(&self.images.image("gleam", &exact), "/bin/gleam", "/bin/gleam", ""),
            ],
        };
        if let Some(install) = plan.install.clone() {
            build.steps.push(manifests(view, &["gleam.toml", "manifest.toml"], "packages"));
            build.steps.push(run(install, Vec::new(), ""));
        }
        build.steps.push(copy_source(view, ""));
        if let Some(line) = plan.build.clone() {
            build.steps.push(run(line, Vec::new(), ""));
        }
        plan.stages.push(build);
        plan.stages.push(Stage {
            name: "run".into(),
            image: erlang,
            reason: "What runs: Erlang and the compiled modules.".into(),
            steps: vec![
                BuildStep::Workdir("/app".into()),
                copy_from("build", "/src/build/erlang-shipment", "./build/erlang-shipment", ""),
            ],
        });
        // The image has busybox.
        let port = plan.port;
        plan.health.command = Some(if plan.health.is_known {
            let url = format!("http://127.0.0.1:{port}{}", plan.health.path);
            ["wget", "-q", "-T", "4", "-O", "/dev/null", &url].map(String::from).to_vec()
        } else {
            ["nc", "-z", "-w", "4", "127.0.0.1", &port.to_string()].map(String::from).to_vec()
        });
    }
}
