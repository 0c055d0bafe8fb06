//! Frameworks that build files, for a web server to serve.

use super::super::manifest::Manifest;
use super::super::start;
use super::{Served, VITE, compact, serve, setting};
use crate::generator::command::plain_words;
use crate::generator::view::View;

/// Vite and the like: files, unless the start script runs a server.
pub(super) fn files(view: &View<'_>, manifest: &Manifest, name: &str, served: &mut Served) {
    if let Some(line) = manifest.script("start") {
        let program = plain_words(line).map(|words| words[0].clone()).unwrap_or_default();
        let is_server = ["node", "tsx", "ts-node", "bun", "deno"].contains(&program.as_str())
            && start::file_of(line).is_some();
        if is_server {
            return;
        }
    }
    let has_build =
        manifest.script("build").is_some() || manifest.scripts().any(|(_, line)| line.contains("build"));
    if name == "vite" && !has_build && !view.has_file("index.html") {
        return;
    }
    let build = manifest.script("build").unwrap_or_default();
    let after = |flag: &str| {
        let rest = build.split(flag).nth(1)?.trim_start_matches(['=', ' ']);
        rest.split_whitespace().next().map(str::to_owned)
    };
    match name {
        "vite" => {
            let (config, file) = compact(view, &VITE);
            // What is built as a library has no page.
            served.is_library = config.contains("lib:{") && !view.has_file("index.html");
            let root = setting(&config, "root")
                .map(|root| root.trim_start_matches("./").trim_end_matches('/').to_owned());
            let given = after("--outDir").map(|folder| (folder, "package.json"));
            let (folder, file) = given
                .or_else(|| setting(&config, "outDir").map(|folder| (folder.to_owned(), file)))
                .unwrap_or_else(|| ("dist".into(), file));
            // The output is relative to the root that Vite is given.
            let folder = match (&root, folder.strip_prefix("../")) {
                (Some(root), Some(up)) if !root.contains('/') => up.to_owned(),
                (Some(root), None) if !root.is_empty() && root != "." => format!("{root}/{folder}"),
                _ => folder,
            };
            serve(served, &folder, true, file, "the output folder of Vite");
        }
        "cra" => {
            served.build_env.insert("CI".into(), "false".into());
            serve(served, "build", true, "package.json", "the output folder of react-scripts");
        }
        "vue-cli" => {
            let (config, file) = compact(view, &["vue.config.js", "vue.config.ts"]);
            let folder = setting(&config, "outputDir").unwrap_or("dist").to_owned();
            serve(served, &folder, true, file, "the output folder of Vue's command line");
        }
        "gatsby" => serve(served, "public", false, "package.json", "the output folder of Gatsby"),
        "docusaurus" => serve(served, "build", false, "package.json", "the output folder of Docusaurus"),
        "vitepress" => {
            let base = ["docs", "."]
                .into_iter()
                .find(|base| view.has_dir(&format!("{base}/.vitepress")))
                .unwrap_or(".");
            let folder =
                if base == "." { ".vitepress/dist".to_owned() } else { format!("{base}/.vitepress/dist") };
            serve(served, &folder, false, "package.json", "the output folder of VitePress");
        }
        "eleventy" => {
            let folder = after("--output").unwrap_or_else(|| "_site".into());
            serve(served, &folder, false, "package.json", "the output folder of Eleventy");
        }
        "expo" => {
            let settings = view.glance("app.json").unwrap_or_default();
            let is_paged = settings.split_whitespace().collect::<String>().contains(r#""output":"static""#);
            serve(served, "dist", !is_paged, "app.json", "the output folder of Expo's export");
        }
        "hexo" => serve(served, "public", false, "package.json", "the output folder of Hexo"),
        "vuepress" => {
            let base = if view.has_dir("docs/.vuepress") { "docs/.vuepress/dist" } else { ".vuepress/dist" };
            serve(served, base, false, "package.json", "the output folder of VuePress");
        }
        "quasar" => serve(served, "dist/spa", true, "package.json", "the output folder of Quasar"),
        _ => serve(served, "dist", true, "package.json", "the usual output folder"),
    }
}

/// A Staticfile beside a front end has the last word on folder and fallback.
pub(super) fn staticfile(view: &View<'_>, served: &mut Served) {
    let Some(text) = view.glance("Staticfile") else { return };
    let settings = crate::generator::static_site::settings(&text);
    if let Some(root) = settings.root {
        served.static_dir = Some(root);
    }
    if let Some(fallback) = settings.index_fallback {
        served.index_fallback = fallback;
    }
}
