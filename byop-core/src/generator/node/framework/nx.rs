//! Workspaces of Nx: the default project, or the only one.

use serde_json::Value;

use super::super::manifest::Manifest;
use super::{Served, serve};
use crate::generator::view::View;

/// How the chosen project of a workspace is served.
pub(super) fn serve_nx(view: &View<'_>, manifest: &Manifest, served: &mut Served) {
    let Some((name, project)) = self::project(view) else { return };
    let build = project.pointer("/targets/build").or_else(|| project.pointer("/architect/build"));
    let executor = build
        .and_then(|build| build.get("executor").or_else(|| build.get("builder")))
        .and_then(Value::as_str)
        .unwrap_or_default();
    let output = build
        .and_then(|build| build.pointer("/options/outputPath"))
        .and_then(Value::as_str)
        .map_or_else(|| format!("dist/apps/{name}"), str::to_owned);
    let target = build.and_then(|build| build.pointer("/options/target")).and_then(Value::as_str);
    let main = build.and_then(|build| build.pointer("/options/main")).and_then(Value::as_str);
    let is_node = executor.contains("node") || target == Some("node") || executor.contains("esbuild");
    if manifest.script("start").is_some_and(|line| !line.contains("nx ")) {
        return;
    }
    if executor.contains("next") {
        served.start = Some(format!("npx nx run {name}:serve:production"));
    } else if is_node {
        let file = main
            .and_then(|main| main.rsplit('/').next())
            .and_then(|file| file.rsplit_once('.'))
            .map_or("main", |(stem, _)| stem);
        served.start = Some(format!("node {output}/{file}.js"));
        served.entry = Some(format!("{output}/{file}.js"));
    } else if !executor.is_empty() {
        serve(served, &output, true, "nx.json", "the output path of the default project");
    }
}

/// The project of an Nx workspace to build, with its settings.
pub(super) fn project(view: &View<'_>) -> Option<(String, Value)> {
    let parse = |path: &str| view.glance(path).and_then(|text| serde_json::from_str::<Value>(&text).ok());
    let workspace = parse("workspace.json").or_else(|| parse("angular.json")).unwrap_or(Value::Null);
    let settings = parse("nx.json").unwrap_or(Value::Null);
    let name = settings
        .get("defaultProject")
        .or_else(|| workspace.get("defaultProject"))
        .and_then(Value::as_str)
        .map(str::to_owned)
        .or_else(|| {
            let mut apps = view
                .sources(&["json"], 3)
                .into_iter()
                .filter_map(|path| path.strip_prefix("apps/")?.strip_suffix("/project.json"));
            let first = apps.next()?;
            apps.next().is_none().then(|| first.to_owned())
        })?;
    let listed = workspace.pointer(&format!("/projects/{name}")).cloned();
    let project = match listed {
        Some(Value::String(folder)) => parse(&format!("{folder}/project.json")),
        Some(object @ Value::Object(_)) => Some(object),
        _ => parse(&format!("apps/{name}/project.json")),
    };
    Some((name, project.unwrap_or(Value::Null)))
}
