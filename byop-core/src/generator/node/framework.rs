//! Which framework a project is built with, and whether it is served as files or by a server.

mod angular;
mod nx;
mod routes;

use std::collections::BTreeMap;

pub(super) use routes::health_file;

use super::manager::Manager;
use super::manifest::Manifest;
use super::start;
use crate::generator::command::plain_words;
use crate::generator::view::View;
use crate::model::{Diagnostic, Severity};

/// How the app is served.
#[derive(Debug, Default)]
pub(super) struct Served {
    /// The folder of built files, for a static site.
    pub(super) static_dir: Option<String>,
    pub(super) index_fallback: bool,
    /// The framework's own way to start its server.
    pub(super) start: Option<String>,
    pub(super) entry: Option<String>,
    /// What alone is needed to run, when the build puts it together.
    pub(super) output: Option<Output>,
    pub(super) port: u16,
    pub(super) env: BTreeMap<String, String>,
    /// Environment of the build.
    pub(super) build_env: BTreeMap<String, String>,
    pub(super) writable: Vec<String>,
    pub(super) file: String,
    pub(super) reason: String,
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// A build output that runs without the rest of the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Output {
    /// `.output` of Nitro: Nuxt, TanStack Start.
    Nitro,
    /// `.next/standalone`.
    NextStandalone,
}

/// Dependencies that decide, the most particular first.
const BY_DEPENDENCY: [(&str, &str); 34] = [
    ("turbo", "turborepo"),
    ("nx", "nx"),
    ("next", "next"),
    ("nuxt", "nuxt"),
    ("@remix-run/node", "remix"),
    ("@remix-run/serve", "remix"),
    ("@remix-run/dev", "remix"),
    ("@react-router/dev", "react-router"),
    ("@tanstack/react-start", "tanstack-start"),
    ("@tanstack/solid-start", "tanstack-start"),
    ("@solidjs/start", "solid-start"),
    ("@sveltejs/kit", "sveltekit"),
    ("astro", "astro"),
    ("@angular/core", "angular"),
    ("gatsby", "gatsby"),
    ("@docusaurus/core", "docusaurus"),
    ("vitepress", "vitepress"),
    ("@11ty/eleventy", "eleventy"),
    ("react-scripts", "cra"),
    ("@vue/cli-service", "vue-cli"),
    ("expo", "expo"),
    ("@nestjs/core", "nest"),
    ("fastify", "fastify"),
    ("express", "express"),
    ("koa", "koa"),
    ("hono", "hono"),
    ("@hapi/hapi", "hapi"),
    ("elysia", "elysia"),
    ("@feathersjs/feathers", "feathers"),
    ("@adonisjs/core", "adonis"),
    ("polka", "polka"),
    ("restify", "restify"),
    ("vite", "vite"),
    ("parcel", "parcel"),
];

/// The framework of a project.
pub(super) fn of(view: &View<'_>, manifest: &Manifest) -> Option<&'static str> {
    let found = BY_DEPENDENCY.iter().find(|(package, name)| {
        manifest.depends_on(package)
            && match *name {
                "turborepo" => {
                    manifest.is_workspace()
                        || view.has_file("turbo.json")
                        || view.has_file("pnpm-workspace.yaml")
                }
                "nx" => view.has_file("nx.json"),
                "expo" => manifest.depends_on("react-native-web") && view.has_file("app.json"),
                // A site generator may be there for the documentation only.
                "vitepress" | "docusaurus" | "eleventy" | "gatsby" => {
                    manifest.script("build").is_some_and(|line| line.contains(name.trim_end_matches('y')))
                }
                _ => true,
            }
    });
    found.map(|(_, name)| *name).or_else(|| view.has_file("turbo.json").then_some("turborepo"))
}

/// The file that shows a framework.
pub(super) fn evidence(view: &View<'_>, name: &str) -> String {
    let files: &[&str] = match name {
        "next" => &["next.config.js", "next.config.mjs", "next.config.ts"],
        "nuxt" => &["nuxt.config.ts", "nuxt.config.js"],
        "astro" => &ASTRO,
        "angular" => &["angular.json"],
        "sveltekit" => &["svelte.config.js", "svelte.config.ts"],
        "react-router" => &ROUTER,
        "turborepo" => &["turbo.json"],
        "nx" => &["nx.json"],
        "vite" => &VITE,
        _ => &[],
    };
    view.first_file(files).unwrap_or("package.json").to_owned()
}

/// Whether a framework renders pages on a server, when it is not exported.
pub(super) fn renders(name: &str) -> bool {
    matches!(
        name,
        "next"
            | "nuxt"
            | "remix"
            | "react-router"
            | "tanstack-start"
            | "solid-start"
            | "sveltekit"
            | "astro"
            | "angular"
    )
}

/// Whether a framework makes files and has no server of its own.
pub(super) fn builds_files(name: &str) -> bool {
    matches!(
        name,
        "vite"
            | "cra"
            | "vue-cli"
            | "gatsby"
            | "docusaurus"
            | "vitepress"
            | "eleventy"
            | "expo"
            | "parcel"
            | "angular"
            | "turborepo"
            | "nx"
    )
}

/// Whether the port of an app of this framework is to be looked for in its source.
pub(super) fn names_its_port(name: &str) -> bool {
    !renders(name) && !matches!(name, "turborepo" | "nx")
}

const ASTRO: [&str; 4] = ["astro.config.mjs", "astro.config.ts", "astro.config.js", "astro.config.cjs"];
const ROUTER: [&str; 3] = ["react-router.config.ts", "react-router.config.js", "react-router.config.mjs"];
const VITE: [&str; 4] = ["vite.config.ts", "vite.config.js", "vite.config.mjs", "vite.config.mts"];
const NEXT: [&str; 4] = ["next.config.js", "next.config.mjs", "next.config.ts", "next.config.cjs"];
const NUXT: [&str; 2] = ["nuxt.config.ts", "nuxt.config.js"];
const SVELTE: [&str; 3] = ["svelte.config.js", "svelte.config.ts", "svelte.config.mjs"];

/// A configuration file without comments and blanks, to look for settings in.
fn compact(view: &View<'_>, files: &[&'static str]) -> (String, &'static str) {
    let Some(file) = view.first_file(files) else { return (String::new(), "package.json") };
    let text = view.glance(file).unwrap_or_default();
    let mut out = String::with_capacity(text.len());
    let mut in_block = false;
    for line in text.lines() {
        let mut line = line.trim();
        if in_block {
            match line.find("*/") {
                Some(end) => (line, in_block) = (&line[end + 2..], false),
                None => continue,
            }
        }
        if let Some(start) = line.find("/*") {
            in_block = !line[start..].contains("*/");
            line = &line[..start];
        }
        // An address has slashes too.
        let end = line
            .match_indices("//")
            .map(|(at, _)| at)
            .find(|at| !line[..*at].ends_with(':'))
            .unwrap_or(line.len());
        out.extend(
            line[..end]
                .chars()
                .filter(|c| !c.is_whitespace())
                .map(|c| if c == '\'' || c == '`' { '"' } else { c }),
        );
    }
    (out, file)
}

/// The text that a compacted configuration sets a key to.
fn setting<'t>(config: &'t str, key: &str) -> Option<&'t str> {
    let needle = format!("{key}:\"");
    let at = config
        .match_indices(&needle)
        .map(|(at, _)| at)
        .find(|at| !config[..*at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))?;
    config[at + needle.len()..].split('"').next().filter(|text| !text.is_empty())
}

/// How the project is served.
pub(super) fn served(view: &View<'_>, manifest: &Manifest, framework: Option<&str>) -> Served {
    let mut served = Served { port: 3000, file: "package.json".into(), ..Served::default() };
    let build = manifest.script("build").unwrap_or_default();
    match framework {
        Some("next") => next(view, &mut served),
        Some("nuxt") => nuxt(view, build, &mut served),
        Some("tanstack-start" | "solid-start") => nitro(&mut served),
        Some("remix") => remix(view, manifest, &mut served),
        Some("react-router") => router(view, &mut served),
        Some("sveltekit") => svelte(view, manifest, &mut served),
        Some("astro") => astro(view, manifest, &mut served),
        Some("angular") => angular::serve_angular(view, manifest, &mut served),
        Some("nx") => nx::serve_nx(view, manifest, &mut served),
        Some("nest") => {
            served.start = Some("node dist/main.js".into());
        }
        Some(name) if builds_files(name) && name != "turborepo" => files(view, manifest, name, &mut served),
        _ => {}
    }
    if served.static_dir.is_some() {
        served.port = 8080;
        staticfile(view, &mut served);
    }
    for (name, value) in start::assignments(manifest) {
        if name != "NODE_ENV" && name != "PORT" && served.static_dir.is_none() {
            served.env.entry(name).or_insert(value);
        }
    }
    served
}

fn serve(served: &mut Served, folder: &str, fallback: bool, file: &str, reason: &str) {
    served.static_dir = Some(folder.trim_start_matches("./").trim_end_matches('/').to_owned());
    served.index_fallback = fallback;
    file.clone_into(&mut served.file);
    reason.clone_into(&mut served.reason);
    served.start = None;
}

fn next(view: &View<'_>, served: &mut Served) {
    let (config, file) = compact(view, &NEXT);
    let dist = setting(&config, "distDir").unwrap_or(".next");
    served.build_env.insert("NEXT_TELEMETRY_DISABLED".into(), "1".into());
    if config.contains("output:\"export\"") {
        let folder = if dist == ".next" { "out" } else { dist };
        serve(served, folder, false, file, "output is set to export");
        return;
    }
    served.env.insert("NEXT_TELEMETRY_DISABLED".into(), "1".into());
    served.env.insert("HOSTNAME".into(), "0.0.0.0".into());
    served.start = Some("next start".into());
    // Next.js keeps rendered pages and resized images there while it runs.
    served.writable.push(format!("/app/{dist}/cache"));
    if config.contains("output:\"standalone\"") && dist == ".next" {
        served.output = Some(Output::NextStandalone);
        served.start = Some("node server.js".into());
        served.entry = Some("server.js".into());
    }
}

fn nitro(served: &mut Served) {
    served.output = Some(Output::Nitro);
    served.start = Some("node .output/server/index.mjs".into());
    served.entry = Some(".output/server/index.mjs".into());
    served.env.insert("HOST".into(), "0.0.0.0".into());
}

fn nuxt(view: &View<'_>, build: &str, served: &mut Served) {
    let (config, file) = compact(view, &NUXT);
    served.build_env.insert("NUXT_TELEMETRY_DISABLED".into(), "1".into());
    if build.contains("generate") || config.contains("preset:\"static\"") {
        serve(
            served,
            ".output/public",
            false,
            if build.contains("generate") { "package.json" } else { file },
            "the site is generated",
        );
        return;
    }
    nitro(served);
}

fn remix(view: &View<'_>, manifest: &Manifest, served: &mut Served) {
    let (config, file) = compact(view, &VITE);
    if config.contains("ssr:false") {
        serve(served, "build/client", true, file, "ssr is switched off");
        return;
    }
    let is_vite = view.first_file(&VITE).is_some() || manifest.depends_on("vite");
    let entry = if is_vite { "build/server/index.js" } else { "build/index.js" };
    served.start = Some(format!("remix-serve ./{entry}"));
    served.entry = Some(entry.into());
}

fn router(view: &View<'_>, served: &mut Served) {
    let (config, file) = compact(view, &ROUTER);
    let folder = setting(&config, "buildDirectory").unwrap_or("build").to_owned();
    if config.contains("ssr:false") {
        serve(served, &format!("{folder}/client"), true, file, "ssr is switched off");
        return;
    }
    let entry = format!("{folder}/server/index.js");
    served.start = Some(format!("react-router-serve ./{entry}"));
    served.entry = Some(entry);
}

fn svelte(view: &View<'_>, manifest: &Manifest, served: &mut Served) {
    let (config, file) = compact(view, &SVELTE);
    if config.contains("@sveltejs/adapter-static")
        || (config.is_empty() && manifest.depends_on("@sveltejs/adapter-static"))
    {
        let folder = setting(&config, "pages").unwrap_or("build").to_owned();
        serve(served, &folder, config.contains("fallback:\""), file, "adapter-static is used");
        return;
    }
    let folder = setting(&config, "out").unwrap_or("build").to_owned();
    served.start = Some(format!("node {folder}"));
    served.entry = Some(folder);
    if !config.contains("@sveltejs/adapter-node") {
        // This variable is how adapter-auto is told to make a server for Node.js.
        served.build_env.insert("GCP_BUILDPACKS".into(), "1".into());
        served.diagnostics.push(Diagnostic::new(
            "adapter-auto",
            Severity::Warning,
            "adapter-auto fetches adapter-node while building; add @sveltejs/adapter-node to the project to pin it",
        ));
    }
}

fn astro(view: &View<'_>, manifest: &Manifest, served: &mut Served) {
    let (config, file) = compact(view, &ASTRO);
    let folder = setting(&config, "outDir")
        .unwrap_or("dist")
        .trim_start_matches("./")
        .trim_end_matches('/')
        .to_owned();
    let is_server = config.contains("output:\"server\"")
        || config.contains("output:\"hybrid\"")
        || config.contains("adapter:");
    if !is_server {
        // Each page is a file of its own; what is no page has to be a 404.
        serve(served, &folder, false, file, "output is static");
        return;
    }
    served.port = 4321;
    served.env.insert("HOST".into(), "0.0.0.0".into());
    served.start = Some(format!("node ./{folder}/server/entry.mjs"));
    served.entry = Some(format!("{folder}/server/entry.mjs"));
    if !manifest.depends_on("@astrojs/node") {
        served.diagnostics.push(Diagnostic::new(
            "no-node-adapter",
            Severity::Warning,
            "the site is rendered on a server, but @astrojs/node is not among the dependencies",
        ));
    }
}

/// Vite and the like: files, unless the start script runs a server.
fn files(view: &View<'_>, manifest: &Manifest, name: &str, served: &mut Served) {
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
        _ => serve(served, "dist", true, "package.json", "the usual output folder"),
    }
}

/// A Staticfile beside a front end has the last word on folder and fallback.
fn staticfile(view: &View<'_>, served: &mut Served) {
    let Some(text) = view.glance("Staticfile") else { return };
    let settings = crate::generator::static_site::settings(&text);
    if let Some(root) = settings.root {
        served.static_dir = Some(root);
    }
    if let Some(fallback) = settings.index_fallback {
        served.index_fallback = fallback;
    }
}

/// The build command line.
pub(super) fn build(
    view: &View<'_>,
    manifest: &Manifest,
    framework: Option<&str>,
    manager: &Manager,
) -> Option<String> {
    if framework == Some("nx")
        && let Some((name, _)) = nx::project(view)
    {
        return Some(manager.exec(&format!("nx run {name}:build")));
    }
    if manifest.script("build").is_some() {
        return Some(manager.run("build"));
    }
    let line = match framework? {
        "next" => "next build",
        "nuxt" => "nuxt build",
        "vite" if view.has_file("index.html") => "vite build",
        "astro" => "astro build",
        "angular" => "ng build",
        "sveltekit" => "vite build",
        "cra" => "react-scripts build",
        "react-router" => "react-router build",
        "turborepo" if view.has_file("turbo.json") => "turbo run build",
        _ => return None,
    };
    Some(manager.exec(line))
}
