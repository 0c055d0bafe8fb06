//! Which folders of a repository need which others, by the manifests of their languages.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::generator::view::View;
use crate::source::SourceTree;

/// The folders that each folder needs.
pub(super) fn read(source: &SourceTree, folders: &[String]) -> BTreeMap<String, BTreeSet<String>> {
    let known: BTreeSet<&str> = folders.iter().map(String::as_str).collect();
    let manifests: Vec<(&String, Manifests)> =
        folders.iter().map(|folder| (folder, Manifests::read(&View::at(source, folder)))).collect();
    let mut by_name: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    for (folder, manifest) in &manifests {
        for (language, name) in &manifest.names {
            by_name.insert((language, name), folder);
        }
    }
    let mut edges: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (folder, manifest) in &manifests {
        let by_path = manifest.paths.iter().map(|path| join(folder, path));
        let named = manifest
            .wanted
            .iter()
            .filter_map(|(language, name)| by_name.get(&(*language, name.as_str())))
            .map(|folder| (*folder).to_owned());
        let needed: BTreeSet<String> = by_path
            .chain(named)
            .filter(|other| other != *folder && !other.is_empty() && known.contains(other.as_str()))
            .collect();
        if !needed.is_empty() {
            edges.insert((*folder).clone(), needed);
        }
    }
    edges
}

/// The name that a folder's manifest gives it.
pub(super) fn name_of(view: &View<'_>) -> Option<String> {
    let (_, name) = Manifests::read(view).names.into_iter().next()?;
    name.rsplit('/').next().map(str::to_owned)
}

/// What the manifests of a folder say of itself and of others in the same repository.
#[derive(Default)]
struct Manifests {
    names: Vec<(&'static str, String)>,
    /// What it needs by name, with the language; most are no folders of the repository.
    wanted: Vec<(&'static str, String)>,
    /// What it needs by path.
    paths: Vec<String>,
}

impl Manifests {
    fn read(view: &View<'_>) -> Self {
        let mut found = Self::default();
        found.node(view);
        found.cargo(view);
        found.go(view);
        found.python(view);
        found
    }

    fn node(&mut self, view: &View<'_>) {
        let text = view.glance("package.json");
        let Some(root) = text.and_then(|text| serde_json::from_str::<Value>(&text).ok()) else { return };
        self.names.extend(root.get("name").and_then(Value::as_str).map(|name| ("node", name.to_owned())));
        for section in ["dependencies", "devDependencies", "peerDependencies"] {
            for (name, spec) in root.get(section).and_then(Value::as_object).into_iter().flatten() {
                let spec = spec.as_str().unwrap_or_default();
                match ["file:", "link:", "portal:"].iter().find_map(|kind| spec.strip_prefix(kind)) {
                    Some(path) => self.paths.push(path.to_owned()),
                    None => self.wanted.push(("node", name.clone())),
                }
            }
        }
    }

    fn cargo(&mut self, view: &View<'_>) {
        let Some(root) = view.toml("Cargo.toml").ok().flatten() else { return };
        let package = root.get("package").and_then(|package| package.get("name"));
        self.names.extend(package.and_then(toml::Value::as_str).map(|name| ("rust", name.to_owned())));
        for section in ["dependencies", "build-dependencies"] {
            for (name, value) in root.get(section).and_then(toml::Value::as_table).into_iter().flatten() {
                if let Some(path) = value.get("path").and_then(toml::Value::as_str) {
                    self.paths.push(path.to_owned());
                } else if value.get("workspace").is_some() {
                    self.wanted.push(("rust", name.clone()));
                }
            }
        }
    }

    fn go(&mut self, view: &View<'_>) {
        for line in view.glance("go.mod").unwrap_or_default().lines() {
            let line = line.split("//").next().unwrap_or_default().trim();
            let mut words = line.split_whitespace();
            if let Some((_, path)) = line.split_once("=>") {
                let path = path.trim();
                if path.starts_with('.') {
                    self.paths.push(path.to_owned());
                }
            } else {
                match (words.next(), words.next()) {
                    (Some("module"), Some(name)) => self.names.push(("go", name.to_owned())),
                    (Some("require"), Some(name)) if name != "(" => self.wanted.push(("go", name.to_owned())),
                    (Some(name), Some(version)) if version.starts_with('v') => {
                        self.wanted.push(("go", name.to_owned()));
                    }
                    _ => {}
                }
            }
        }
    }

    fn python(&mut self, view: &View<'_>) {
        let Some(root) = view.toml("pyproject.toml").ok().flatten() else { return };
        let at = |keys: &[&str]| {
            let mut value = root.get(*keys.first()?)?;
            for key in &keys[1..] {
                value = value.get(*key)?;
            }
            Some(value)
        };
        let name = at(&["project", "name"]).or_else(|| at(&["tool", "poetry", "name"]));
        self.names.extend(name.and_then(toml::Value::as_str).map(|name| ("python", name.to_owned())));
        for keys in [&["tool", "uv", "sources"][..], &["tool", "poetry", "dependencies"][..]] {
            for (name, value) in at(keys).and_then(toml::Value::as_table).into_iter().flatten() {
                if let Some(path) = value.get("path").and_then(toml::Value::as_str) {
                    self.paths.push(path.to_owned());
                } else if value.get("workspace").is_some() {
                    self.wanted.push(("python", name.clone()));
                }
            }
        }
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
