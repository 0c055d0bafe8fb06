//! Which framework a project is built with, and whether it is served as files or by a server.

mod angular;
mod files;
mod nx;
mod rendered;
mod routes;
mod servers;

use std::collections::BTreeMap;

pub(super) use nx::{folders as nx_folders, own as nx_project};
pub(super) use routes::health_file;

use super::manager::Manager;
use super::manifest::Manifest;
use super::start;
use super::workspace::Workspace;
use crate::generator::view::View;
use crate::model::Diagnostic;

/// How the app is served.
#[derive(Debug, Default)]
pub(super) struct Served {
    /// The folder of built files, for a static site.
    pub(super) static_dir: Option<String>,
    pub(super) index_fallback: bool,
    /// The framework's own way to start its server.
    pub(super) start: Option<String>,
    pub(super) entry: Option<String>,
    /// What the running app needs besides its dependencies and `package.json`; empty when that is not known.
    pub(super) kept: Vec<String>,
    /// Whether the output lands in the root of the workspace, not in the app's folder.
    pub(super) is_at_root: bool,
    /// The task of a workspace's tool that builds it.
    pub(super) task: Option<String>,
    /// Whether it is built for other packages, and not to be served at all.
    pub(super) is_library: bool,
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

impl Served {
    fn keeps(&mut self, paths: &[&str]) {
        self.kept = paths.iter().map(|path| (*path).to_owned()).collect();
    }
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
const BY_DEPENDENCY: [(&str, &str); 51] = [
    ("turbo", "turborepo"),
    ("nx", "nx"),
    ("next", "next"),
    ("nuxt", "nuxt"),
    ("nitropack", "nitro"),
    ("nitro", "nitro"),
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
    ("@strapi/strapi", "strapi"),
    ("@adonisjs/core", "adonis"),
    ("@medusajs/medusa", "medusa"),
    ("@keystone-6/core", "keystone"),
    ("@redwoodjs/core", "redwood"),
    ("@nestjs/core", "nest"),
    ("fastify", "fastify"),
    ("express", "express"),
    ("koa", "koa"),
    ("hono", "hono"),
    ("@hapi/hapi", "hapi"),
    ("elysia", "elysia"),
    ("@feathersjs/feathers", "feathers"),
    ("polka", "polka"),
    ("restify", "restify"),
    ("h3", "h3"),
    ("fastify-cli", "fastify"),
    ("micro", "micro"),
    ("hexo", "hexo"),
    ("vuepress", "vuepress"),
    ("@quasar/app-vite", "quasar"),
    ("ember-source", "ember"),
    ("vite", "vite"),
    ("parcel", "parcel"),
    ("@rsbuild/core", "rsbuild"),
    ("html-webpack-plugin", "webpack"),
    ("preact-cli", "preact-cli"),
    ("@umijs/max", "umi"),
];

/// The framework of a project.
pub(super) fn of(
    view: &View<'_>,
    manifest: &Manifest,
    workspace: Option<&Workspace>,
) -> Option<&'static str> {
    if !view.has_file("package.json") {
        // The manifest is that of the workspace: the app's own files say what it is.
        return nx::framework(view, manifest);
    }
    let found = BY_DEPENDENCY.iter().find(|(package, name)| {
        manifest.depends_on(package)
            && match *name {
                "turborepo" | "nx" if workspace.is_some() => false,
                // In a project of one package it only runs the scripts.
                "turborepo" => manifest.is_workspace() || view.has_file("pnpm-workspace.yaml"),
                "nx" => view.has_file("nx.json"),
                "expo" => manifest.depends_on("react-native-web") && view.has_file("app.json"),
                // A site generator may be there for the documentation only.
                "vitepress" | "docusaurus" | "eleventy" | "gatsby" | "hexo" | "vuepress" => {
                    manifest.script("build").is_some_and(|line| line.contains(name.trim_end_matches('y')))
                }
                _ => true,
            }
    });
    found
        .map(|(_, name)| *name)
        .or_else(|| (workspace.is_none() && view.has_file("turbo.json")).then_some("turborepo"))
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
            | "nitro"
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
            | "hexo"
            | "vuepress"
            | "quasar"
            | "ember"
            | "rsbuild"
            | "webpack"
            | "preact-cli"
            | "umi"
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
        Some("next") => rendered::next(view, &mut served),
        Some("nuxt") => rendered::nuxt(view, build, &mut served),
        Some("nitro" | "tanstack-start" | "solid-start") => rendered::nitro(&mut served),
        Some("remix") => rendered::remix(view, manifest, &mut served),
        Some("react-router") => rendered::router(view, &mut served),
        Some("sveltekit") => rendered::svelte(view, manifest, &mut served),
        Some("astro") => rendered::astro(view, manifest, &mut served),
        Some("angular") => angular::serve_angular(view, manifest, &mut served),
        Some("nx") => nx::serve_nx(view, manifest, &mut served),
        Some(name) if builds_files(name) && name != "turborepo" => {
            files::files(view, manifest, name, &mut served);
        }
        Some(name) => servers::serve(name, &mut served),
        None => {}
    }
    if served.static_dir.is_some() {
        served.port = 8080;
        files::staticfile(view, &mut served);
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
    let line = own_build(view, framework?)?;
    if line.starts_with("node ") {
        return Some(line.to_owned());
    }
    Some(manager.exec(line))
}

/// The command line of a framework that builds an app without a build script.
pub(super) fn own_build(view: &View<'_>, framework: &str) -> Option<&'static str> {
    Some(match framework {
        "next" => "next build",
        "nuxt" => "nuxt build",
        "nitro" => "nitro build",
        "vite" if view.has_file("index.html") => "vite build",
        "astro" => "astro build",
        "angular" => "ng build",
        "sveltekit" => "vite build",
        "cra" => "react-scripts build",
        "react-router" => "react-router build",
        "expo" => "expo export --platform web",
        "strapi" => "strapi build",
        "adonis" => "node ace build",
        "medusa" => "medusa build",
        "keystone" => "keystone build",
        "redwood" => "rw build",
        "turborepo" if view.has_file("turbo.json") => "turbo run build",
        _ => return None,
    })
}
