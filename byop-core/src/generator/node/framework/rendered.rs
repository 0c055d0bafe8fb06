//! Frameworks that render pages on a server, unless they are told to export files.

use super::super::manifest::Manifest;
use super::{ASTRO, NEXT, NUXT, Output, ROUTER, SVELTE, Served, VITE, compact, serve, setting};
use crate::generator::view::View;
use crate::model::{Diagnostic, Severity};

pub(super) fn next(view: &View<'_>, served: &mut Served) {
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
    served.keeps(&[dist, "public", "next.config.js", "next.config.mjs", "next.config.ts", "next.config.cjs"]);
    // Next.js keeps rendered pages and resized images there while it runs.
    served.writable.push(format!("/app/{dist}/cache"));
    if config.contains("output:\"standalone\"") && dist == ".next" {
        served.output = Some(Output::NextStandalone);
        served.start = Some("node server.js".into());
        served.entry = Some("server.js".into());
    }
}

pub(super) fn nitro(served: &mut Served) {
    served.output = Some(Output::Nitro);
    served.start = Some("node .output/server/index.mjs".into());
    served.entry = Some(".output/server/index.mjs".into());
    served.env.insert("HOST".into(), "0.0.0.0".into());
}

pub(super) fn nuxt(view: &View<'_>, build: &str, served: &mut Served) {
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

pub(super) fn remix(view: &View<'_>, manifest: &Manifest, served: &mut Served) {
    let (config, file) = compact(view, &VITE);
    if config.contains("ssr:false") {
        serve(served, "build/client", true, file, "ssr is switched off");
        return;
    }
    let is_vite = view.first_file(&VITE).is_some() || manifest.depends_on("vite");
    let entry = if is_vite { "build/server/index.js" } else { "build/index.js" };
    served.keeps(&["build", "public"]);
    served.start = Some(format!("remix-serve ./{entry}"));
    served.entry = Some(entry.into());
}

pub(super) fn router(view: &View<'_>, served: &mut Served) {
    let (config, file) = compact(view, &ROUTER);
    let folder = setting(&config, "buildDirectory").unwrap_or("build").to_owned();
    if config.contains("ssr:false") {
        serve(served, &format!("{folder}/client"), true, file, "ssr is switched off");
        return;
    }
    let entry = format!("{folder}/server/index.js");
    served.keeps(&[&folder]);
    served.start = Some(format!("react-router-serve ./{entry}"));
    served.entry = Some(entry);
}

pub(super) fn svelte(view: &View<'_>, manifest: &Manifest, served: &mut Served) {
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
    served.keeps(&[&folder]);
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

pub(super) fn astro(view: &View<'_>, manifest: &Manifest, served: &mut Served) {
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
    served.keeps(&[&folder]);
    served.entry = Some(format!("{folder}/server/entry.mjs"));
    if !manifest.depends_on("@astrojs/node") {
        served.diagnostics.push(Diagnostic::new(
            "no-node-adapter",
            Severity::Warning,
            "the site is rendered on a server, but @astrojs/node is not among the dependencies",
        ));
    }
}
