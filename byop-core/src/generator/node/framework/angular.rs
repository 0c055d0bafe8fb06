//! What `angular.json` says about the build's output.

use serde_json::Value;

use super::super::manifest::Manifest;
use super::{Served, serve};
use crate::generator::view::View;

/// How an Angular app is served: files, unless its build renders on a server.
pub(super) fn serve_angular(view: &View<'_>, manifest: &Manifest, served: &mut Served) {
    let settings: Value =
        view.glance("angular.json").and_then(|text| serde_json::from_str(&text).ok()).unwrap_or(Value::Null);
    let projects = settings.get("projects").and_then(Value::as_object);
    let wanted = settings.get("defaultProject").and_then(Value::as_str);
    let is_app = |project: &Value| project.get("projectType").and_then(Value::as_str) != Some("library");
    let found = projects.and_then(|projects| {
        wanted
            .and_then(|name| projects.get_key_value(name))
            .or_else(|| projects.iter().find(|(_, project)| is_app(project)))
    });
    let name =
        found.map_or_else(|| manifest.text("name").unwrap_or("app").to_owned(), |(name, _)| name.clone());
    let build = found.and_then(|(_, project)| {
        project.pointer("/architect/build").or_else(|| project.pointer("/targets/build"))
    });
    let options = build.and_then(|build| build.get("options"));
    let builder = build
        .and_then(|build| build.get("builder"))
        .and_then(Value::as_str)
        .unwrap_or("@angular/build:application");
    let path = options.and_then(|options| options.get("outputPath"));
    let base = match path {
        Some(Value::String(path)) => path.clone(),
        Some(Value::Object(map)) => map.get("base").and_then(Value::as_str).unwrap_or("dist").to_owned(),
        _ => format!("dist/{name}"),
    };
    let browser = path.and_then(|path| path.get("browser")).and_then(Value::as_str).unwrap_or("browser");
    let base = base.trim_start_matches("./").trim_end_matches('/');
    let is_application = builder.ends_with(":application");
    let renders =
        options.and_then(|options| options.get("ssr")).is_some_and(|ssr| *ssr != Value::Bool(false));
    let is_static_output =
        options.and_then(|options| options.get("outputMode")).and_then(Value::as_str) == Some("static");
    if renders && !is_static_output {
        served.port = 4000;
        served.start = Some(format!("node {base}/server/server.mjs"));
        served.entry = Some(format!("{base}/server/server.mjs"));
        return;
    }
    let folder =
        if is_application && !browser.is_empty() { format!("{base}/{browser}") } else { base.to_owned() };
    serve(served, &folder, true, "angular.json", "the output path of the build");
}
