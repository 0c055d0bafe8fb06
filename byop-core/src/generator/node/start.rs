//! How a Node.js server is started.

use super::framework::Served;
use super::manager::Manager;
use super::manifest::Manifest;
use crate::generator::command::{is_assignment, plain_words, quote};
use crate::generator::view::View;
use crate::model::{Diagnostic, Severity};

/// Programs that serve a developer, not the public.
const DEVELOPMENT: [&str; 27] = [
    "nodemon",
    "ts-node-dev",
    "tsnd",
    "node-dev",
    "node --watch",
    "tsx watch",
    "tsx --watch",
    "bun --watch",
    "bun --hot",
    "next dev",
    "nest start",
    "ng serve",
    "react-scripts start",
    "craco start",
    "vue-cli-service serve",
    "vite dev",
    "vite serve",
    "webpack serve",
    "webpack-dev-server",
    "nuxt dev",
    "astro dev",
    "remix dev",
    "react-router dev",
    "gatsby develop",
    "strapi develop",
    "expo start",
    "nx serve",
];

/// Files that a project without a start script may begin with.
const ENTRIES: [&str; 13] = [
    "index.js",
    "index.mjs",
    "index.cjs",
    "server.js",
    "server.mjs",
    "server.cjs",
    "app.js",
    "app.mjs",
    "main.js",
    "main.mjs",
    "src/index.js",
    "src/server.js",
    "src/app.js",
];

/// The start command line, as a person would type it.
pub(super) fn of(view: &View<'_>, manifest: &Manifest, manager: &Manager, served: &Served) -> Option<String> {
    let script = script_of(manifest);
    if let Some((name, line)) = script {
        // A framework's own server entry is better than its development server.
        if !is_development(line) {
            return built_elsewhere(view, served, line)
                .or_else(|| Some(resolve(manifest, manager, name, line)));
        }
        if served.start.is_none() {
            let built = main_of(view, manifest, manager).filter(|_| manifest.script("build").is_some());
            return without_watching(without_assignments(line))
                .or(built)
                .or_else(|| Some(resolve(manifest, manager, name, line)));
        }
    }
    if let Some(start) = &served.start {
        return Some(start.clone());
    }
    if let Some(task) = turbo_start(view, manifest) {
        return Some(manager.exec(&task));
    }
    if let Some(main) = main_of(view, manifest, manager) {
        return Some(main);
    }
    let program = program_of(manager);
    let typescript = ["index.ts", "src/index.ts", "server.ts", "main.ts"];
    let more: &[&str] = if manager.name == "bun" { &typescript } else { &[] };
    ENTRIES.iter().chain(more).find(|path| view.has_file(path)).map(|path| format!("{program} {path}"))
}

/// The framework's own start, when the script names a file of the source that is built into another folder, or a
/// program that the output does not have.
fn built_elsewhere(view: &View<'_>, served: &Served, line: &str) -> Option<String> {
    let own = served.start.as_ref()?;
    // These need what the output that runs by itself leaves out.
    let needs_all = ["next start", "nuxt start", "nuxt preview", "nuxi start", "nuxi preview", "vinxi start"];
    if served.output.is_some() && needs_all.iter().any(|command| line.trim().starts_with(command)) {
        return Some(own.clone());
    }
    let (named, built) = (file_of(line)?, file_of(own)?);
    (named != built && built.ends_with(&format!("/{named}")) && !view.has_file(&named)).then(|| own.clone())
}

fn program_of(manager: &Manager) -> &'static str {
    if manager.name == "bun" { "bun" } else { "node" }
}

/// How the file is run that `main` names, when it is there or is going to be built.
fn main_of(view: &View<'_>, manifest: &Manifest, manager: &Manager) -> Option<String> {
    let program = program_of(manager);
    let runnable = |path: &str| {
        let is_script = [".js", ".mjs", ".cjs"].iter().any(|end| path.ends_with(end));
        is_script || (manager.name == "bun" && [".ts", ".tsx", ".mts"].iter().any(|end| path.ends_with(end)))
    };
    let main = manifest.text("main")?.trim_start_matches("./").trim_end_matches('/');
    let candidates = [main.to_owned(), format!("{main}.js"), format!("{main}/index.js")];
    let found = candidates.iter().find(|path| runnable(path) && view.has_file(path));
    let is_built = ["dist/", "build/", "lib/", "out/"].iter().any(|folder| main.starts_with(folder))
        && runnable(main)
        && manifest.script("build").is_some();
    found
        .map(String::as_str)
        .or_else(|| is_built.then_some(main))
        .map(|path| format!("{program} {}", quote(path)))
}

fn script_of(manifest: &Manifest) -> Option<(&str, &str)> {
    let production = ["start:prod", "start:production", "start-prod", "serve:prod", "serve:production"]
        .into_iter()
        .find_map(|name| manifest.script(name).map(|line| (name, line)));
    match (manifest.script("start"), production) {
        (Some(line), Some(better)) if is_development(line) => Some(better),
        (Some(line), _) => Some(("start", line)),
        (None, production) => production,
    }
}

pub(super) fn is_development(line: &str) -> bool {
    let line = line.trim();
    DEVELOPMENT.iter().any(|tool| line.contains(tool))
        || matches!(line, "vite" | "astro" | "docusaurus start" | "vitepress" | "parcel index.html")
        || line.starts_with("vite --")
        || line.starts_with("webpack --watch")
}

/// The same program without what restarts it when a file changes.
fn without_watching(line: &str) -> Option<String> {
    let words = plain_words(line)?;
    let (program, skipped): (&str, &[&str]) = match words[0].as_str() {
        "nodemon" | "node-dev" => ("node", &[]),
        "node" | "bun" => (words[0].as_str(), &["--watch", "--hot"]),
        "tsx" => ("tsx", &["watch", "--watch"]),
        _ => return None,
    };
    let rest: Vec<&str> =
        words[1..].iter().map(String::as_str).filter(|word| !skipped.contains(word)).collect();
    // Flags of its own could mean anything.
    let file = rest.first().filter(|word| !word.starts_with('-'))?;
    let is_typescript = [".ts", ".tsx", ".mts"].iter().any(|end| file.ends_with(end));
    if is_typescript && program == "node" {
        return None;
    }
    Some(rest.iter().fold(program.to_owned(), |line, word| format!("{line} {}", quote(word))))
}

/// Says so when the start script is for developers: whether it is used or replaced.
pub(super) fn development_server(manifest: &Manifest, used: &str) -> Option<Diagnostic> {
    let (name, line) = script_of(manifest).filter(|(_, line)| is_development(line))?;
    let is_replaced = !is_development(used) && !used.ends_with(&format!("run {name}"));
    let (severity, message) = if is_replaced {
        (Severity::Info, format!("the {name} script `{line}` is for developers; `{used}` is used instead"))
    } else {
        (
            Severity::Warning,
            format!("the {name} script `{line}` is for developers and not made for production"),
        )
    };
    Some(Diagnostic::new("development-server", severity, message).with_setting("build.start"))
}

/// The script itself where it is one plain command: the app gets the stop signal then, not a package manager.
fn resolve(manifest: &Manifest, manager: &Manager, name: &str, line: &str) -> String {
    let has_hooks = ["pre", "post"].iter().any(|hook| manifest.script(&format!("{hook}{name}")).is_some());
    let stripped = without_assignments(line);
    let Some(words) = plain_words(stripped).filter(|_| !has_hooks && !manager.is_pnp) else {
        return manager.run(name);
    };
    let names_manager = ["npm", "yarn", "pnpm", "npx", "bunx", "corepack"].contains(&words[0].as_str());
    let is_shell = ["cd", "export", "exec", ".", "source"].contains(&words[0].as_str());
    if names_manager || is_shell || words[0] == "bun" && manager.name != "bun" {
        return manager.run(name);
    }
    stripped.trim().to_owned()
}

/// A command line without the variables that it sets first; they become variables of the image.
fn without_assignments(line: &str) -> &str {
    let mut rest = line.trim();
    while let Some((word, after)) = rest.split_once(' ') {
        let is_skipped =
            word == "cross-env" || (is_assignment(word) && !word.contains(['\'', '"', '$', '`']));
        if !is_skipped {
            break;
        }
        rest = after.trim_start();
    }
    rest
}

/// The variables that the start script sets for its command.
pub(super) fn assignments(manifest: &Manifest) -> Vec<(String, String)> {
    let Some((_, line)) = script_of(manifest) else { return Vec::new() };
    let set = &line[..line.len() - without_assignments(line).len().min(line.len())];
    set.split_whitespace()
        .filter(|word| is_assignment(word))
        .filter_map(|word| word.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn turbo_start(view: &View<'_>, manifest: &Manifest) -> Option<String> {
    if !manifest.depends_on("turbo") {
        return None;
    }
    let settings: serde_json::Value = serde_json::from_str(&view.glance("turbo.json")?).ok()?;
    let tasks = settings.get("tasks").or_else(|| settings.get("pipeline"))?;
    tasks.get("start").map(|_| "turbo run start".to_owned())
}

/// The file that a start command line hands to `node` or `bun`.
pub(super) fn file_of(line: &str) -> Option<String> {
    let words = plain_words(line)?;
    if !["node", "bun", "tsx", "ts-node", "nodemon"].contains(&words[0].as_str()) {
        return None;
    }
    let file = words[1..].iter().find(|word| !word.starts_with('-') && *word != "run")?;
    Some(file.trim_start_matches("./").to_owned())
}

/// Whether the start command needs a package that is listed for development only.
pub(super) fn needs_dev_dependency(manifest: &Manifest, line: &str) -> bool {
    let script = line.rsplit(' ').next().and_then(|name| manifest.script(name)).unwrap_or_default();
    let words: Vec<&str> = line
        .split_whitespace()
        .chain(script.split_whitespace())
        .map(|word| word.rsplit('/').next().unwrap_or(word))
        .collect();
    manifest.dev_dependencies().filter(|(name, _)| !name.starts_with("@types/")).any(|(name, _)| {
        let last = name.rsplit('/').next().unwrap_or(name);
        let scoped =
            name.trim_start_matches('@').replace("/cli", "").replace('/', "-").replace("remix-run", "remix");
        let program = match name {
            "typescript" => "tsc",
            "@angular/cli" => "ng",
            "@nestjs/cli" => "nest",
            _ => last,
        };
        words.iter().any(|word| *word == program || *word == scoped || *word == name)
            || (words.contains(&"-r") || words.contains(&"--import") || words.contains(&"--loader"))
                && line.contains(name)
    })
}
