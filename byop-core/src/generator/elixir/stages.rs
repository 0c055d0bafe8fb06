//! The stages of an Elixir image: a release is built, and runs on a system without Elixir.

use std::collections::BTreeMap;

use super::project::Project;
use crate::error::Result;
use crate::generator::command::exec_form;
use crate::generator::finish::{self, cache, copy, copy_from, copy_source, probe, run};
use crate::generator::images::BaseImages;
use crate::generator::node;
use crate::generator::view::View;
use crate::model::{AppSpec, BuildStep, Plan, Stage};
use crate::source::SourceTree;

/// Where the project is, and what it is built on.
pub(super) struct Place<'a> {
    pub(super) view: &'a View<'a>,
    pub(super) source: &'a SourceTree,
    pub(super) images: &'a BaseImages,
}

/// Adds the stages of a project to its plan.
pub(super) fn add(
    plan: &mut Plan,
    place: &Place<'_>,
    project: &Project,
    name: &str,
    folder: &str,
    otp: u32,
    spec: &AppSpec,
) -> Result<()> {
    let (view, images) = (place.view, place.images);
    let version = plan.version.clone().unwrap_or_default();
    let mut build = Stage {
        name: "build".into(),
        image: images.image("elixir", &format!("{version}-otp-{otp}")),
        reason: format!("Builds a release with Elixir {version} on Erlang {otp}."),
        steps: Vec::new(),
    };
    let mut packages = Vec::new();
    if project.is_native {
        packages.push("build-essential".to_owned());
    }
    if project.has_git {
        packages.extend(["ca-certificates", "git"].map(String::from));
    }
    if !packages.is_empty() {
        packages.sort();
        build.steps.push(BuildStep::Packages {
            names: packages,
            reason: "Dependencies come from Git, or are compiled from C.".into(),
        });
    }
    build.steps.push(BuildStep::Workdir("/src".into()));
    build.steps.push(BuildStep::Env {
        values: BTreeMap::from([("MIX_ENV".to_owned(), "prod".to_owned())]),
        reason: "The settings for production are compiled in.".into(),
    });
    let (web, web_folder) = project.web();
    let assets_folder =
        if web_folder.is_empty() { "assets".to_owned() } else { format!("{web_folder}/assets") };
    let assets_view = View::at(place.source, &view.full(&assets_folder));
    let assets = node::assets(&assets_view, images, &["deploy", "build"])?;
    let mut lines = Vec::new();
    dependencies(&mut build, plan, view, project);
    if let Some(assets) = &assets {
        build.steps.push(BuildStep::Workdir(format!("/src/{assets_folder}")));
        build.steps.extend(assets.steps.iter().cloned());
        build.steps.push(BuildStep::Workdir("/src".into()));
    }
    build.steps.push(copy_source(view, ""));
    let inside = |line: &str| {
        // Of an umbrella without a release of its own, one app is built alone, in its folder.
        if web_folder == folder {
            format!("mix {line}")
        } else {
            let app = web.app.as_deref().unwrap_or_default();
            format!("mix cmd --app {app} mix {line}")
        }
    };
    if web.has_assets_deploy {
        lines.push("mix compile".to_owned());
        if web.has_assets_setup && plan.install.is_some() {
            lines.push(inside("assets.setup"));
        }
        lines.push(inside("assets.deploy"));
    } else if let Some(script) = assets.as_ref().and_then(|assets| assets.build.clone()) {
        let manager = assets.as_ref().map_or("npm", |assets| assets.manager);
        let flag = if manager == "yarn" { "--cwd" } else { "--prefix" };
        lines.push(script.replacen(manager, &format!("{manager} {flag} {assets_folder}"), 1));
        if project.has("phoenix") {
            lines.push(inside("phx.digest"));
        }
    }
    let is_chosen = project.root.releases.len() > 1;
    lines.push(if is_chosen { format!("mix release {name}") } else { "mix release".into() });
    let line = spec.build.build.clone().unwrap_or_else(|| lines.join(" && "));
    if !folder.is_empty() {
        build.steps.push(BuildStep::Workdir(format!("/src/{folder}")));
    }
    build.steps.push(run(line.clone(), Vec::new(), ""));
    plan.build = Some(line);
    plan.stages.push(build);
    let steps = vec![
        BuildStep::Packages {
            names: ["ca-certificates", "libncurses6", "libstdc++6", "openssl"].map(String::from).to_vec(),
            reason: "Libraries that Erlang loads.".into(),
        },
        BuildStep::Workdir("/app".into()),
        probe(plan, images),
        copy_from(
            "build",
            &format!("/src/_build/prod/rel/{name}"),
            "./",
            "The release brings its own Erlang.",
        ),
    ];
    plan.stages.push(Stage {
        name: "run".into(),
        image: images.image("elixir.run", &otp.to_string()),
        reason: "What runs: the release, on the system that its Erlang was built for; no Elixir, no Mix."
            .into(),
        steps,
    });
    plan.command = plan.start.as_deref().map(|start| {
        let mut words = exec_form(start);
        if words.first().is_some_and(|word| word.starts_with("bin/")) {
            words[0] = format!("/app/{}", words[0]);
        }
        words
    });
    Ok(())
}

/// Downloads and compiles what the project is built on, before there is any source.
fn dependencies(stage: &mut Stage, plan: &Plan, view: &View<'_>, project: &Project) {
    let tools = "mix local.hex --force && mix local.rebar --force";
    let install = plan.install.as_ref().map(|line| format!("{tools} && {line}"));
    let hex = vec![cache("hex", "/root/.hex")];
    let Some(local) = &project.local else {
        stage.steps.push(copy_source(view, "The installation reads folders of the tree."));
        stage.steps.extend(install.map(|line| run(line, hex, "")));
        return;
    };
    if install.is_none() && local.is_empty() {
        return;
    }
    manifests(stage, view, project);
    for folder in local {
        stage.steps.push(copy(vec![view.full(folder)], &format!("./{folder}"), ""));
    }
    let compile = if project.apps.is_empty() {
        "mix deps.compile"
    } else {
        // Their source is not there yet.
        "mix deps.compile --skip-umbrella-children"
    };
    let mut first = install;
    if view.has_dir("config") {
        stage.steps.extend(first.take().map(|line| run(line, hex.clone(), "")));
        stage.steps.push(copy(
            vec![view.full("config")],
            "./config",
            "Dependencies are compiled with the settings, and only again when these change.",
        ));
    }
    stage.steps.push(match first {
        Some(line) => run(format!("{line} && {compile}"), hex, ""),
        None => run(compile, Vec::new(), ""),
    });
}

/// Copies the manifests, those of an umbrella's apps with them.
fn manifests(stage: &mut Stage, view: &View<'_>, project: &Project) {
    stage.steps.push(finish::manifests(view, &["mix.exs", "mix.lock"], "packages"));
    for (folder, _) in &project.apps {
        stage.steps.push(copy(vec![view.full(&format!("{folder}/mix.exs"))], &format!("./{folder}/"), ""));
    }
}
