//! The services of a repository: every app in it, in any language, and what needs what.

mod edges;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::choice::detect_all;
use super::view::View;
use super::{Generator, node};
use crate::error::Result;
use crate::model::{AppSpec, Plan, ServiceFound, ServiceKind, Severity, Source};
use crate::source::{EntryKind, SourceTree};

/// How many services are told of, and how many folders are looked at to find them.
const MOST_SERVICES: usize = 64;
const MOST_FOLDERS: usize = 160;
/// How deep a service may be.
const DEEPEST: usize = 4;

/// Files that make a folder one of its own.
const MANIFESTS: [&str; 22] = [
    "package.json",
    "project.json",
    "go.mod",
    "Cargo.toml",
    "pyproject.toml",
    "requirements.txt",
    "Pipfile",
    "manage.py",
    "Gemfile",
    "composer.json",
    "pom.xml",
    "build.gradle",
    "build.gradle.kts",
    "mix.exs",
    "deno.json",
    "deno.jsonc",
    "pubspec.yaml",
    "gleam.toml",
    "Package.swift",
    "shard.yml",
    "Dockerfile",
    "Procfile",
];

/// Folders that hold no service, though they may look like one.
const PASSED_OVER: [&str; 26] = [
    "node_modules",
    "vendor",
    "target",
    "venv",
    "dist",
    "build",
    "test",
    "tests",
    "__tests__",
    "testdata",
    "fixtures",
    "__pycache__",
    "site-packages",
    "e2e",
    "cypress",
    "examples",
    "example",
    "templates",
    "template",
    "docker",
    "deploy",
    "deployment",
    "infra",
    "ci",
    "scripts",
    "benchmarks",
];

/// Words in a name that speak for a program that answers nobody.
const WORKERS: [&str; 9] =
    ["worker", "workers", "consumer", "scheduler", "cron", "queue", "bot", "daemon", "jobs"];

/// Every app of a repository, with the packages of the repository that they need: each by a detection in its own
/// folder, which is the `build.root` to deploy it with. In order of name.
///
/// A folder whose files cannot be understood is passed over. At most 64 are told of.
///
/// # Errors
/// `Internal` when a generator fails for another reason than the tree.
///
/// ```
/// use byop_core::generator::{builtin, services};
/// use byop_core::source::SourceTree;
///
/// let tree = SourceTree::from_files([
///     ("package.json", r#"{"workspaces":["apps/*"]}"#),
///     ("apps/api/package.json", r#"{"name":"api","scripts":{"start":"node server.js"}}"#),
///     ("apps/site/index.html", "<h1>Hello</h1>"),
///     ("apps/site/package.json", r#"{"name":"site","dependencies":{"vite":"7"},"scripts":{"build":"vite build"}}"#),
/// ])?;
/// let names: Vec<String> = services(&builtin(), &tree)?.into_iter().map(|service| service.name).collect();
/// assert_eq!(names, ["api", "site"]);
/// # Ok::<(), byop_core::Error>(())
/// ```
pub fn services(generators: &[Arc<dyn Generator>], source: &SourceTree) -> Result<Vec<ServiceFound>> {
    let spec = AppSpec::new("app", Source::Directory(".".into()))?;
    let folders = folders(source);
    let mut found: BTreeMap<String, Found> = BTreeMap::new();
    for folder in &folders {
        if let Some(here) = look(generators, source, folder, &spec) {
            found.entry(here.root.clone()).or_insert(here);
        }
    }
    drop_roots(source, &mut found);
    let edges = edges::read(source, &folders);
    let mut listed: BTreeSet<String> = found
        .iter()
        .filter(|(_, here)| here.runs)
        .map(|(root, _)| root.clone())
        .take(MOST_SERVICES)
        .collect();
    // Libraries that a service needs, directly or not.
    let mut waiting: Vec<String> = listed.iter().cloned().collect();
    while let Some(root) = waiting.pop() {
        for needed in edges.get(&root).into_iter().flatten() {
            if listed.len() < MOST_SERVICES && listed.insert(needed.clone()) {
                waiting.push(needed.clone());
            }
        }
    }
    let names = names(source, &listed);
    let mut services = Vec::new();
    for root in &listed {
        let name = names.get(root).cloned().unwrap_or_default();
        let mut service = ServiceFound::new(&name, root);
        if let Some(here) = found.get(root) {
            here.describe(&mut service);
        }
        let needs = edges.get(root).into_iter().flatten().filter_map(|root| names.get(root));
        service.depends_on = needs.cloned().collect();
        let processes = found.get(root).map(|here| here.plan.processes.clone()).unwrap_or_default();
        services.push(service.clone());
        for (process, start) in processes.into_iter().filter(|(process, _)| process != "release") {
            let mut worker = service.clone();
            worker.name = format!("{name}-{process}");
            worker.kind = ServiceKind::Worker;
            worker.start = Some(start);
            worker.port = None;
            worker.depends_on = vec![name.clone()];
            services.push(worker);
        }
    }
    services.truncate(MOST_SERVICES);
    services.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(services)
}

/// What is in a folder.
struct Found {
    root: String,
    plan: Plan,
    /// Whether it is meant to run.
    runs: bool,
}

impl Found {
    fn describe(&self, service: &mut ServiceFound) {
        let plan = &self.plan;
        service.stack = Some(plan.stack.clone());
        service.framework.clone_from(&plan.framework);
        if !self.runs {
            return;
        }
        let last = self.root.rsplit('/').next().unwrap_or_default();
        let is_worker = plan.framework.is_none()
            && !plan.health.is_known
            && last.split(['-', '_', '.']).any(|word| WORKERS.contains(&word));
        service.kind = if plan.static_dir.is_some() {
            ServiceKind::Static
        } else if is_worker {
            ServiceKind::Worker
        } else {
            ServiceKind::Web
        };
        service.start.clone_from(&plan.start);
        service.port = (service.kind != ServiceKind::Worker).then_some(plan.port);
    }
}

/// The folders that may hold a service, those nearest to the root first.
fn folders(source: &SourceTree) -> Vec<String> {
    let mut found: BTreeSet<(usize, &str)> = BTreeSet::from([(0, "")]);
    let mut commands: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for entry in source.entries().iter().filter(|entry| entry.kind != EntryKind::Directory) {
        let Some((folder, name)) = entry.path.rsplit_once('/') else { continue };
        let is_project = || name.ends_with(".csproj") || name.ends_with(".fsproj");
        let is_command = name == "main.go";
        if !(MANIFESTS.contains(&name) || is_project() || is_command) {
            continue;
        }
        let depth = folder.bytes().filter(|b| *b == b'/').count() + 1;
        let is_foreign = folder.split('/').any(|part| PASSED_OVER.contains(&part) || part.starts_with('.'));
        if depth > DEEPEST || is_foreign || folder.ends_with("-e2e") {
            continue;
        }
        if is_command {
            if let Some((above, _)) = folder.rsplit_once('/')
                && (above == "cmd" || above.ends_with("/cmd"))
            {
                commands.entry(above).or_default().push(folder);
            }
        } else {
            found.insert((depth, folder));
        }
    }
    // A single command is what its module builds anyway.
    for folder in commands.into_values().filter(|list| list.len() > 1).flatten() {
        found.insert((folder.bytes().filter(|b| *b == b'/').count() + 1, folder));
    }
    found.into_iter().take(MOST_FOLDERS).map(|(_, folder)| folder.to_owned()).collect()
}

/// What the surest generator makes of a folder. What it cannot read is no service.
fn look(
    generators: &[Arc<dyn Generator>],
    source: &SourceTree,
    folder: &str,
    spec: &AppSpec,
) -> Option<Found> {
    let focused = if folder.is_empty() { source.clone() } else { source.focused(folder).ok()? };
    let best = detect_all(generators, &focused).ok()?.into_iter().next()?;
    let generator = generators.iter().find(|generator| generator.name() == best.stack)?;
    let plan = generator.plan(&focused, &best, spec).ok()?;
    let is_package = matches!(best.stack.as_str(), "node" | "bun");
    let is_library = is_package && !node::is_app(&View::at(&focused, &best.root)).unwrap_or(false);
    let is_startable = plan.start.is_some()
        || plan.command.is_some()
        || plan.static_dir.is_some()
        || plan.dockerfile.is_some();
    let is_asked = plan.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    let runs = is_startable && !is_asked && !is_library && best.confidence >= 0.5;
    Some(Found { root: best.root.clone(), plan, runs })
}

/// The root of a workspace is no service of its own when its packages are.
fn drop_roots(source: &SourceTree, found: &mut BTreeMap<String, Found>) {
    let roots: Vec<String> = found
        .iter()
        .filter(|(root, here)| {
            let inside = |other: &String| {
                other.len() > root.len() && (root.is_empty() || other.starts_with(&format!("{root}/")))
            };
            let is_shared = || is_workspace(&View::at(source, root));
            here.runs
                && found
                    .iter()
                    .any(|(other, inner)| inner.runs && inside(other) && inner.plan.stack == here.plan.stack)
                && is_shared()
        })
        .map(|(root, _)| root.clone())
        .collect();
    for root in roots {
        found.remove(&root);
    }
}

fn is_workspace(view: &View<'_>) -> bool {
    let has = |file: &str, text: &str| view.glance(file).is_some_and(|found| found.contains(text));
    view.first_file(&[
        "pnpm-workspace.yaml",
        "turbo.json",
        "nx.json",
        "lerna.json",
        "go.work",
        "settings.gradle",
        "settings.gradle.kts",
    ])
    .is_some()
        || has("package.json", "\"workspaces\"")
        || has("pom.xml", "<modules>")
        || has("pyproject.toml", "[tool.uv.workspace]")
        || (has("Cargo.toml", "[workspace]") && !has("Cargo.toml", "[package]"))
}

/// A name for each folder: its own, and that of the one above too where two are alike.
fn names(source: &SourceTree, roots: &BTreeSet<String>) -> BTreeMap<String, String> {
    let clean = |text: &str| {
        let text = text.to_ascii_lowercase();
        let parts = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty());
        parts.collect::<Vec<_>>().join("-")
    };
    let short = |root: &str| {
        let last = root.rsplit('/').next().unwrap_or_default();
        let name = if root.is_empty() { edges::name_of(&View::at(source, "")) } else { None };
        let name = clean(name.as_deref().unwrap_or(last));
        if name.is_empty() { "app".to_owned() } else { name }
    };
    let mut used: BTreeMap<String, usize> = BTreeMap::new();
    for root in roots {
        *used.entry(short(root)).or_default() += 1;
    }
    let mut taken = BTreeSet::new();
    let mut named = BTreeMap::new();
    for root in roots {
        let mut name = short(root);
        if used.get(&name).is_some_and(|count| *count > 1) && !root.is_empty() {
            name = clean(root);
        }
        let first = name.clone();
        let mut count = 1;
        while !taken.insert(name.clone()) {
            count += 1;
            name = format!("{first}-{count}");
        }
        named.insert(root.clone(), name);
    }
    named
}
