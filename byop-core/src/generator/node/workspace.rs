//! Workspaces: one root with a lock file, several packages below it, and the app in one of them.

use std::collections::BTreeMap;

use super::manager::Manager;
use super::manifest::Manifest;
use crate::error::Result;
use crate::generator::command::quote;
use crate::generator::view::View;

/// How many packages are looked at, at most.
const MOST_MEMBERS: usize = 256;

/// A workspace as one of its apps sees it.
#[derive(Debug)]
pub(super) struct Workspace {
    /// The folder of its root in the tree.
    pub(super) root: String,
    /// The folder of the app below that.
    pub(super) folder: String,
    /// The manifest of the root.
    pub(super) manifest: Manifest,
    /// The packages of the workspace that the app needs, each after those that it needs itself.
    pub(super) needed: Vec<Member>,
    /// What runs tasks across the packages.
    pub(super) tool: Option<Tool>,
}

/// A package of a workspace.
#[derive(Debug)]
pub(super) struct Member {
    /// Its folder below the root.
    pub(super) folder: String,
    pub(super) manifest: Manifest,
}

/// Programs that know the order of tasks in a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tool {
    Turbo,
    Nx,
    Moon,
    Lerna,
}

impl Workspace {
    /// The workspace that the app's folder belongs to: the nearest above it that names it.
    pub(super) fn above(view: &View<'_>, app: Option<&Manifest>) -> Result<Option<Self>> {
        let mut folder = view.base();
        // A bound, because a hostile tree may be one long chain of folders.
        for _ in 0..8 {
            let Some(parent) = parent_of(folder) else { return Ok(None) };
            folder = parent;
            let root = View::of_tree(view, folder);
            let Some(below) = view.base().get(if folder.is_empty() { 0 } else { folder.len() + 1 }..) else {
                return Ok(None);
            };
            let Some(manifest) = Manifest::read(&root)? else { continue };
            let patterns = patterns(&root, &manifest);
            let is_named = patterns.iter().any(|pattern| matches(pattern, below));
            let tool = tool_of(&root, &manifest);
            let is_project = tool == Some(Tool::Nx) && view.has_file("project.json");
            if !is_named && !is_project {
                continue;
            }
            let needed = match app {
                Some(app) => needed(&root, &patterns, app, below),
                None => Vec::new(),
            };
            return Ok(Some(Self {
                root: folder.to_owned(),
                folder: below.to_owned(),
                manifest,
                needed,
                tool,
            }));
        }
        Ok(None)
    }

    /// The root as a view.
    pub(super) fn view<'a>(&self, app: &View<'a>) -> View<'a> {
        View::of_tree(app, &self.root)
    }

    /// Builds the app after everything that it needs.
    pub(super) fn build(&self, manager: &Manager, app: &Manifest) -> Option<String> {
        app.script("build")?;
        let name = app.text("name").unwrap_or_default();
        let short = quote(name);
        match self.tool {
            Some(Tool::Turbo) if !name.is_empty() => {
                return Some(manager.exec(&format!("turbo run build --filter={short}")));
            }
            Some(Tool::Nx) if !name.is_empty() => {
                return Some(manager.exec(&format!("nx run {short}:build")));
            }
            Some(Tool::Moon) if self.manifest.depends_on("@moonrepo/cli") => {
                let id = self.folder.rsplit('/').next().unwrap_or_default();
                return Some(manager.exec(&format!("moon run {}:build", quote(id))));
            }
            Some(Tool::Lerna) if !name.is_empty() => {
                return Some(
                    manager.exec(&format!("lerna run build --scope={short} --include-dependencies")),
                );
            }
            _ => {}
        }
        let built: Vec<&Member> =
            self.needed.iter().filter(|member| member.manifest.script("build").is_some()).collect();
        if manager.name == "pnpm" {
            let filter = if name.is_empty() { format!("./{}", self.folder) } else { name.to_owned() };
            let dots = if built.is_empty() { "" } else { "..." };
            return Some(format!("pnpm --filter {} run build", quote(&format!("{filter}{dots}"))));
        }
        let mut lines: Vec<String> = built
            .into_iter()
            .map(|member| run_in(manager, &member.folder, member.manifest.text("name")))
            .collect();
        lines.push(run_in(manager, &self.folder, app.text("name")));
        Some(lines.join(" && "))
    }

    /// Runs a program in the app's folder.
    pub(super) fn exec(&self, manager: &Manager, app: &Manifest, line: &str) -> String {
        let folder = quote(&self.folder);
        match (manager.name, app.text("name")) {
            ("pnpm", Some(name)) => format!("pnpm --filter {} exec {line}", quote(name)),
            ("pnpm", None) => format!("pnpm --filter ./{folder} exec {line}"),
            ("yarn", Some(name)) if manager.is_berry => format!("yarn workspace {} exec {line}", quote(name)),
            ("yarn", _) => format!("yarn --cwd {folder} {line}"),
            ("bun", _) => format!("bun run --cwd {folder} {line}"),
            _ => format!("npm exec -w {folder} -- {line}"),
        }
    }

    /// The folders below the root that the running app needs: its own last.
    pub(super) fn folders(&self) -> impl Iterator<Item = &str> {
        self.needed.iter().map(|member| member.folder.as_str()).chain([self.folder.as_str()])
    }
}

fn run_in(manager: &Manager, folder: &str, name: Option<&str>) -> String {
    match (manager.name, name) {
        ("yarn", Some(name)) => format!("yarn workspace {} run build", quote(name)),
        ("bun", _) => format!("bun run --cwd {} build", quote(folder)),
        ("yarn", None) => format!("yarn --cwd {} run build", quote(folder)),
        _ => format!("npm run build -w {}", quote(folder)),
    }
}

fn parent_of(folder: &str) -> Option<&str> {
    if folder.is_empty() {
        return None;
    }
    Some(folder.rsplit_once('/').map_or("", |(parent, _)| parent))
}

fn tool_of(root: &View<'_>, manifest: &Manifest) -> Option<Tool> {
    if root.has_file("turbo.json") && manifest.depends_on("turbo") {
        Some(Tool::Turbo)
    } else if root.has_file("nx.json") && manifest.depends_on("nx") {
        Some(Tool::Nx)
    } else if root.has_file(".moon/workspace.yml") {
        Some(Tool::Moon)
    } else if root.has_file("lerna.json") && manifest.depends_on("lerna") {
        Some(Tool::Lerna)
    } else {
        None
    }
}

/// The patterns that name the packages of a workspace.
pub(super) fn patterns(root: &View<'_>, manifest: &Manifest) -> Vec<String> {
    let mut patterns = manifest.workspaces();
    if let Some(text) = root.glance("pnpm-workspace.yaml") {
        patterns.extend(listed(&text));
    }
    if patterns.is_empty()
        && let Some(text) = root.glance("lerna.json")
        && let Ok(settings) = serde_json::from_str::<serde_json::Value>(&text)
    {
        let list = settings.get("packages").and_then(serde_json::Value::as_array);
        patterns.extend(list.into_iter().flatten().filter_map(|v| v.as_str()).map(str::to_owned));
    }
    patterns
}

/// The `packages` of a pnpm workspace file. The format is a plain list, so no YAML reader is let near it.
fn listed(text: &str) -> Vec<String> {
    text.lines()
        .skip_while(|line| !line.starts_with("packages:"))
        .skip(1)
        .take_while(|line| line.trim().is_empty() || line.starts_with([' ', '-', '#', '\t']))
        .filter_map(|line| line.trim().strip_prefix('-'))
        .map(|item| item.split(" #").next().unwrap_or(item).trim().trim_matches(['"', '\'']).to_owned())
        .filter(|item| !item.starts_with('!') && !item.is_empty())
        .collect()
}

/// The folders of a workspace's packages, in order.
pub(super) fn members(root: &View<'_>, patterns: &[String]) -> Vec<String> {
    if patterns.is_empty() {
        return Vec::new();
    }
    let mut found: Vec<String> = root
        .sources(&["json"], 4)
        .into_iter()
        .filter_map(|path| path.strip_suffix("/package.json"))
        .filter(|folder| patterns.iter().any(|pattern| matches(pattern, folder)))
        .map(str::to_owned)
        .collect();
    found.sort();
    found.truncate(MOST_MEMBERS);
    found
}

/// The packages that an app needs, each after those that it needs itself.
fn needed(root: &View<'_>, patterns: &[String], app: &Manifest, folder: &str) -> Vec<Member> {
    let mut search = Search { root, patterns, seen: vec![folder.to_owned()], found: Vec::new(), names: None };
    search.follow(app, folder, 0);
    search.found
}

struct Search<'a> {
    root: &'a View<'a>,
    patterns: &'a [String],
    seen: Vec<String>,
    found: Vec<Member>,
    /// The folders of all packages by name, once they had to be read.
    names: Option<BTreeMap<String, String>>,
}

impl Search<'_> {
    fn follow(&mut self, manifest: &Manifest, folder: &str, depth: usize) {
        if depth > 16 {
            return;
        }
        let scope = manifest.text("name").and_then(|name| name.split_once('/')).map(|(scope, _)| scope);
        for (name, wanted) in manifest.dependencies().chain(manifest.dev_dependencies()) {
            let by_path = ["file:", "link:", "portal:"].iter().find_map(|prefix| wanted.strip_prefix(prefix));
            let found = match by_path {
                Some(path) => self.at(&join(folder, path)),
                None => {
                    let is_local = wanted.starts_with("workspace:")
                        || wanted == "*"
                        || name.split_once('/').is_some_and(|(own, _)| Some(own) == scope);
                    self.named(name, is_local)
                }
            };
            let Some(member) = found else { continue };
            self.seen.push(member.folder.clone());
            self.follow(&member.manifest, &member.folder, depth + 1);
            self.found.push(member);
        }
    }

    fn at(&self, folder: &str) -> Option<Member> {
        let is_member = || self.patterns.iter().any(|pattern| matches(pattern, folder));
        if self.seen.iter().any(|seen| seen == folder) || !is_member() {
            return None;
        }
        let manifest = Manifest::read(&View::of_tree(self.root, &self.root.full(folder))).ok()??;
        Some(Member { folder: folder.to_owned(), manifest })
    }

    /// The package of a name: mostly its folder has the name too, so that few manifests have to be read.
    fn named(&mut self, name: &str, is_local: bool) -> Option<Member> {
        let last = name.rsplit('/').next().unwrap_or(name);
        let likely = self.patterns.iter().filter_map(|pattern| {
            let pattern = pattern.trim_start_matches("./").trim_end_matches('/');
            let folder = match pattern.strip_suffix('*') {
                Some(base) if base.is_empty() || base.ends_with('/') => format!("{base}{last}"),
                _ if pattern.rsplit('/').next() == Some(last) => pattern.to_owned(),
                _ => return None,
            };
            self.root.has_file(&format!("{folder}/package.json")).then_some(folder)
        });
        let found = likely
            .filter_map(|folder| self.at(&folder))
            .find(|member| member.manifest.text("name") == Some(name));
        if found.is_some() || !is_local {
            return found;
        }
        if self.names.is_none() {
            let read = |folder: String| {
                let view = View::of_tree(self.root, &self.root.full(&folder));
                let manifest = Manifest::read(&view).ok()??;
                manifest.text("name").map(|name| (name.to_owned(), folder))
            };
            self.names = Some(members(self.root, self.patterns).into_iter().filter_map(read).collect());
        }
        let folder = self.names.as_ref()?.get(name)?.clone();
        self.at(&folder)
    }
}

/// A path from a folder, without `.` and `..`.
fn join(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Whether a workspace pattern names a folder.
pub(super) fn matches(pattern: &str, folder: &str) -> bool {
    let pattern = pattern.trim_start_matches("./").trim_end_matches('/');
    let mut wanted = pattern.split('/');
    let mut parts = folder.split('/');
    loop {
        match (wanted.next(), parts.next()) {
            (None, None) => return true,
            (Some("**"), Some(_)) => return true,
            (Some(want), Some(part)) if fits(want, part) => {}
            _ => return false,
        }
    }
}

fn fits(want: &str, part: &str) -> bool {
    match want.split_once('*') {
        Some((start, end)) => {
            part.len() >= start.len() + end.len() && part.starts_with(start) && part.ends_with(end)
        }
        None => want == part,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_name_folders() {
        for (pattern, folder, is_match) in [
            ("apps/*", "apps/web", true),
            ("apps/*", "apps/web/x", false),
            ("./packages/**", "packages/a/b", true),
            ("libs/app-*", "libs/app-one", true),
            ("libs/app-*", "libs/other", false),
            ("*", "web", true),
            ("web", "web", true),
            ("web", "web2", false),
        ] {
            assert_eq!(matches(pattern, folder), is_match, "{pattern} {folder}");
        }
    }

    #[test]
    fn pnpm_lists_are_read() {
        let text = "packages:\n  - 'apps/*' # all\n  - \"libs/*\"\n  - '!libs/x'\n\ncatalog:\n  - no\n";
        assert_eq!(listed(text), ["apps/*", "libs/*"]);
    }

    #[test]
    fn a_path_is_followed_from_its_folder() {
        assert_eq!(join("apps/web", "../../libs/a"), "libs/a");
        assert_eq!(join("", "./x"), "x");
    }
}
