//! Workspaces of Nx: the default project, or the only one.

use serde_json::Value;

use super::super::manifest::Manifest;
use super::{ASTRO, NEXT, NUXT, Served, VITE, compact, serve, setting};
use crate::generator::command::quote;
use crate::generator::view::View;

/// How the chosen project of a workspace is served.
pub(super) fn serve_nx(view: &View<'_>, manifest: &Manifest, served: &mut Served) {
    let Some((name, project)) = own(view).or_else(|| self::project(view)) else { return };
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
    if !view.has_file("package.json") {
        served.is_at_root = true;
        served.task = Some(format!("nx run {}:build", quote(&name)));
    } else if manifest.script("start").is_some_and(|line| !line.contains("nx ")) {
        return;
    }
    if served.is_at_root && executor.is_empty() {
        inferred(view, &name, served);
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

/// A project without a build target: the plugins of Nx see its build tool by the settings of that.
fn inferred(view: &View<'_>, name: &str, served: &mut Served) {
    let (config, file) = compact(view, &VITE);
    if file == "package.json" {
        let entry = format!("dist/{}/main.js", view.base());
        if view.first_file(&["webpack.config.js", "webpack.config.ts", "rspack.config.js"]).is_some()
            && view.first_file(&["src/main.ts", "src/main.js"]).is_some()
        {
            served.start = Some(format!("node {entry}"));
            served.entry = Some(entry);
        }
        return;
    }
    let folder = setting(&config, "outDir").map_or_else(
        || format!("dist/apps/{name}"),
        |folder| {
            let up = folder.trim_start_matches("../");
            if up.len() < folder.len() { up.to_owned() } else { format!("{}/{folder}", view.base()) }
        },
    );
    serve(served, &folder, true, file, "the output folder of Vite");
}

/// The framework of a project that has no manifest of its own.
pub(in crate::generator::node) fn framework(view: &View<'_>, manifest: &Manifest) -> Option<&'static str> {
    let by_file: [(&[&'static str], &str, &'static str); 3] =
        [(&NEXT, "next", "next"), (&NUXT, "nuxt", "nuxt"), (&ASTRO, "astro", "astro")];
    let found = by_file
        .into_iter()
        .find(|(files, package, _)| manifest.depends_on(package) && view.first_file(files).is_some());
    Some(found.map_or("nx", |(.., name)| name))
}

/// The name of a project that is the app's folder itself, and its settings.
pub(in crate::generator::node) fn own(view: &View<'_>) -> Option<(String, Value)> {
    if view.has_file("nx.json") {
        return None;
    }
    let settings: Value = serde_json::from_str(&view.glance("project.json")?).ok()?;
    let folder = view.base().rsplit('/').next().unwrap_or_default();
    let name = settings.get("name").and_then(Value::as_str).unwrap_or(folder).to_owned();
    Some((name, settings))
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

/// The folders of the projects of a workspace that are apps, by its own word.
pub(in crate::generator::node) fn folders(root: &View<'_>) -> Vec<String> {
    if !root.has_file("nx.json") {
        return Vec::new();
    }
    root.sources(&["json"], 4)
        .into_iter()
        .filter_map(|path| path.strip_suffix("/project.json"))
        .filter(|folder| !folder.ends_with("-e2e"))
        .filter(|folder| {
            let settings = root.glance(&format!("{folder}/project.json")).unwrap_or_default();
            settings.split_whitespace().collect::<String>().contains(r#""projectType":"application""#)
        })
        .map(str::to_owned)
        .collect()
}
