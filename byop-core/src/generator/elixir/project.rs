//! What `mix.exs` says, read as text: names and versions, without running a word of Elixir.

use std::collections::BTreeSet;

use crate::error::Result;
use crate::generator::pins::{self, Pin};
use crate::generator::version::Version;
use crate::generator::view::View;

/// Packages that are compiled from C.
const NATIVE: [&str; 6] =
    ["bcrypt_elixir", "argon2_elixir", "picosat_elixir", "jiffy", "fast_html", "libgraph_nif"];
/// As many apps of an umbrella as are looked at.
const APPS: usize = 30;

/// A dependency that is a folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Local {
    pub(super) name: String,
    pub(super) folder: String,
}

/// One `mix.exs`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Mix {
    /// `app: :name`.
    pub(super) app: Option<String>,
    /// `elixir: "~> 1.15"`.
    pub(super) elixir: Option<String>,
    /// `apps_path: "apps"`.
    pub(super) apps_path: Option<String>,
    /// The names under `releases:`.
    pub(super) releases: Vec<String>,
    /// The packages that are named as dependencies.
    pub(super) packages: BTreeSet<String>,
    /// The aliases for assets.
    pub(super) has_assets_setup: bool,
    pub(super) has_assets_deploy: bool,
    /// The dependencies that are folders of the tree.
    pub(super) local: Vec<Local>,
    pub(super) has_git: bool,
}

impl Mix {
    pub(super) fn parse(text: &str) -> Self {
        let text: String = text
            .lines()
            .filter(|line| !line.trim_start().starts_with('#'))
            .flat_map(|line| [line, "\n"])
            .collect();
        let after = |key: &str| {
            text.match_indices(key)
                .find(|(at, _)| !text[..*at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
                .map(|(at, _)| text[at + key.len()..].trim_start())
        };
        let quoted = |key: &str| {
            let rest = after(key)?.strip_prefix('"')?;
            rest.split_once('"').map(|(found, _)| found.to_owned())
        };
        Self {
            app: after("app:").and_then(|rest| rest.strip_prefix(':')).map(word).filter(|w| !w.is_empty()),
            elixir: quoted("elixir:"),
            apps_path: quoted("apps_path:"),
            releases: releases(&text, after("releases:")),
            packages: packages(&text),
            has_assets_setup: text.contains("\"assets.setup\""),
            has_assets_deploy: text.contains("\"assets.deploy\""),
            local: local(&text),
            has_git: text.contains(" git: \"") || text.contains(" github: \""),
        }
    }
}

/// A name in lower case.
fn word(text: &str) -> String {
    text.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').take(80).collect()
}

/// The keys of the list of releases, which is given in place or by a function.
fn releases(text: &str, rest: Option<&str>) -> Vec<String> {
    let Some(rest) = rest else { return Vec::new() };
    let list = if let Some(list) = rest.strip_prefix('[') {
        list
    } else {
        let name = word(rest.trim_start_matches('@'));
        let found = [format!("defp {name}"), format!("def {name}"), format!("@{name} ")]
            .iter()
            .find_map(|start| text.find(start.as_str()).map(|at| &text[at + start.len()..]));
        match found.and_then(|body| body.split_once('[')) {
            Some((_, list)) => list,
            None => return Vec::new(),
        }
    };
    let (mut depth, mut names, mut start) = (0usize, Vec::new(), 0);
    for (at, c) in list.char_indices().take(4000) {
        match c {
            '[' | '(' | '{' => {
                if depth == 0 && c == '[' {
                    let key = list[start..at].trim().trim_start_matches(',').trim();
                    if let Some(key) =
                        key.strip_suffix(':').filter(|key| !key.is_empty() && word(key) == **key)
                    {
                        names.push(key.to_owned());
                    }
                }
                depth += 1;
            }
            ']' | ')' | '}' => {
                if depth == 0 {
                    break;
                }
                depth -= 1;
                start = at + 1;
            }
            _ => {}
        }
    }
    names
}

/// The function of dependencies, cut at each `{:`.
fn dependencies(text: &str) -> impl Iterator<Item = &str> {
    let body = text.find("deps do").or_else(|| text.find("deps: [")).map_or("", |at| &text[at..]);
    // The next function ends this one.
    let end = body.get(4..).and_then(|rest| rest.find("\n  def")).map_or(body.len(), |end| end + 4);
    body[..end].split("{:").skip(1).take(400)
}

/// The names in `{:name, ...}`.
fn packages(text: &str) -> BTreeSet<String> {
    dependencies(text).map(word).filter(|name| !name.is_empty()).collect()
}

/// The folders in `{:name, path: "..."}`.
fn local(text: &str) -> Vec<Local> {
    let found = dependencies(text).filter_map(|entry| {
        let folder = entry.split_once(" path: \"")?.1.split_once('"')?.0;
        let folder = folder.trim_start_matches("./").trim_end_matches('/');
        Some(Local { name: word(entry), folder: folder.to_owned() })
    });
    found.filter(|local| !local.name.is_empty()).collect()
}

#[derive(Debug)]
pub(super) struct Project {
    pub(super) root: Mix,
    /// The apps of an umbrella: folder and manifest.
    pub(super) apps: Vec<(String, Mix)>,
    pub(super) has_lock: bool,
    /// The packages of all manifests.
    pub(super) packages: BTreeSet<String>,
    /// The folders of dependencies in the tree, with those of their own; `None` when one is not there.
    pub(super) local: Option<Vec<String>>,
    /// Whether a package has to be downloaded.
    pub(super) is_fetched: bool,
    pub(super) is_native: bool,
    pub(super) has_git: bool,
    pub(super) pins: Vec<Pin>,
    /// The major version of Erlang that is pinned, and the file.
    pub(super) erlang: Option<(u32, String)>,
}

impl Project {
    pub(super) fn read(view: &View<'_>) -> Result<Option<Self>> {
        let Some(text) = view.read("mix.exs")? else { return Ok(None) };
        let root = Mix::parse(&text);
        let apps: Vec<(String, Mix)> =
            root.apps_path.as_deref().map(|folder| apps(view, folder.trim_matches('/'))).unwrap_or_default();
        let mut packages = root.packages.clone();
        packages.extend(apps.iter().flat_map(|(_, mix)| mix.packages.iter().cloned()));
        // What is part of the umbrella is downloaded from nowhere.
        for (_, mix) in &apps {
            if let Some(app) = &mix.app {
                packages.remove(app);
            }
        }
        let lock = view.glance("mix.lock").unwrap_or_default();
        let local = local_packages(view, &root);
        let is_fetched = match &local {
            Some(local) => {
                let is_local = |name: &String| local.iter().any(|(known, ..)| known.name == *name);
                let mut all = packages.iter().chain(local.iter().flat_map(|(_, mix)| &mix.packages));
                (view.has_file("mix.lock") && !local.is_empty()) || all.any(|name| !is_local(name))
            }
            None => true,
        };
        let is_native =
            NATIVE.iter().any(|name| packages.contains(*name) || lock.contains(&format!("\"{name}\": ")));
        let mut project = Self {
            has_git: root.has_git || lock.contains(": {:git,"),
            root,
            apps,
            has_lock: view.has_file("mix.lock"),
            packages,
            local: local.map(|local| local.into_iter().map(|(local, _)| local.folder).collect()),
            is_fetched,
            is_native,
            pins: Vec::new(),
            erlang: None,
        };
        project.read_pins(view)?;
        Ok(Some(project))
    }

    fn read_pins(&mut self, view: &View<'_>) -> Result<()> {
        self.pins.extend(pins::from_file(view, ".elixir-version")?);
        self.pins.extend(pins::from_tools(view, &["elixir"])?);
        let range = self.root.elixir.clone().map(|range| range.replace(" and ", " ").replace(" or ", " || "));
        self.pins.extend(range.map(|range| Pin::new(range, "mix.exs", "elixir")));
        // `1.18.4-otp-27` says both.
        for pin in &mut self.pins {
            if let Some((elixir, erlang)) = pin.request.clone().split_once("-otp-") {
                self.erlang = self.erlang.take().or_else(|| Some((major(erlang)?, pin.file.clone())));
                pin.request = elixir.to_owned();
            }
        }
        if self.erlang.is_none() {
            let mut found = pins::from_tools(view, &["erlang"])?;
            if found.is_none() {
                found = pins::from_file(view, ".erlang-version")?;
            }
            self.erlang = found.and_then(|pin| Some((major(&pin.request)?, pin.file)));
        }
        Ok(())
    }

    pub(super) fn has(&self, package: &str) -> bool {
        self.packages.contains(package)
    }

    pub(super) fn framework(&self) -> Option<&'static str> {
        [
            ("phoenix", "phoenix"),
            ("plug_cowboy", "plug"),
            ("bandit", "plug"),
            ("ecto_sql", "ecto"),
            ("ecto", "ecto"),
            ("postgrex", "ecto"),
        ]
        .iter()
        .find(|(package, _)| self.has(package))
        .map(|(_, name)| *name)
    }

    /// The app of an umbrella that is released on its own: the only one, or the only one with Phoenix.
    fn web_app(&self) -> Option<&(String, Mix)> {
        let mut web = self.apps.iter().filter(|(_, mix)| mix.packages.contains("phoenix"));
        match (web.next(), web.next(), self.apps.as_slice()) {
            (Some(app), None, _) | (None, None, [app]) => Some(app),
            _ => None,
        }
    }

    /// The release that is built, and the folder that it is built in (empty for the root).
    pub(super) fn release(&self) -> Option<(String, String)> {
        if let Some(name) = self.root.releases.first() {
            return Some((name.clone(), String::new()));
        }
        if self.root.apps_path.is_some() {
            let (folder, mix) = self.web_app()?;
            let name = mix.releases.first().or(mix.app.as_ref())?;
            return Some((name.clone(), folder.clone()));
        }
        Some((self.root.app.clone()?, String::new()))
    }

    /// The manifest that has the aliases for assets, and the folder that it is in.
    pub(super) fn web(&self) -> (&Mix, &str) {
        match self.web_app() {
            Some((folder, mix)) if !self.root.has_assets_deploy => (mix, folder),
            _ => (&self.root, ""),
        }
    }
}

/// The dependencies in folders of the tree, and theirs; `None` when one is elsewhere.
fn local_packages(view: &View<'_>, root: &Mix) -> Option<Vec<(Local, Mix)>> {
    let mut found: Vec<(Local, Mix)> = Vec::new();
    let mut open: Vec<(String, Local)> =
        root.local.iter().map(|local| (String::new(), local.clone())).collect();
    while let Some((from, local)) = open.pop() {
        let folder = inside(&from, &local.folder)?;
        if found.iter().any(|(known, _)| known.folder == folder) {
            continue;
        }
        let mix = Mix::parse(&view.glance(&format!("{folder}/mix.exs"))?);
        open.extend(mix.local.iter().map(|local| (folder.clone(), local.clone())));
        found.push((Local { name: local.name, folder }, mix));
        if found.len() > APPS {
            return None;
        }
    }
    found.sort_by(|a, b| a.0.folder.cmp(&b.0.folder));
    Some(found)
}

/// A path as seen from a folder, unless it leads out of the tree or to its root.
fn inside(from: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            name => parts.push(name),
        }
    }
    (!parts.is_empty() && !path.starts_with('/')).then(|| parts.join("/"))
}

/// The apps of an umbrella.
fn apps(view: &View<'_>, folder: &str) -> Vec<(String, Mix)> {
    let mut found: Vec<&str> = view
        .sources(&["exs"], 2)
        .into_iter()
        .filter_map(|path| path.strip_suffix("/mix.exs"))
        .filter(|path| path.rsplit_once('/').is_some_and(|(parent, _)| parent == folder))
        .collect();
    found.sort_unstable();
    found
        .into_iter()
        .take(APPS)
        .filter_map(|path| {
            view.glance(&format!("{path}/mix.exs")).map(|text| (path.to_owned(), Mix::parse(&text)))
        })
        .collect()
}

fn major(text: &str) -> Option<u32> {
    Version::parse(text).map(|version| version.major())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIX: &str = "defmodule Shop.MixProject do\n  use Mix.Project\n\n  def project do\n    [\n      app: :shop,\n      version: \"0.1.0\",\n      elixir: \"~> 1.15\",\n      deps: deps(),\n      aliases: aliases(),\n      releases: releases()\n    ]\n  end\n\n  defp releases do\n    [\n      store: [applications: [shop: :permanent]],\n      worker: [include_executables_for: [:unix]]\n    ]\n  end\n\n  defp deps do\n    [\n      {:phoenix, \"~> 1.7\"},\n      # {:old, \"~> 1.0\"},\n      {:ecto_sql, \"~> 3.10\"}\n    ]\n  end\n\n  defp aliases do\n    [\n      \"assets.deploy\": [\"x\"],\n      setup: [{:not_a_dep, 1}]\n    ]\n  end\nend\n";

    #[test]
    fn a_manifest_is_read_without_elixir() {
        let mix = Mix::parse(MIX);
        assert_eq!(mix.app.as_deref(), Some("shop"));
        assert_eq!(mix.elixir.as_deref(), Some("~> 1.15"));
        assert_eq!(mix.releases, ["store", "worker"]);
        assert_eq!(mix.packages.iter().map(String::as_str).collect::<Vec<_>>(), ["ecto_sql", "phoenix"]);
        assert!(mix.has_assets_deploy && !mix.has_assets_setup && !mix.has_git);
    }

    #[test]
    fn dependencies_in_folders_are_found_with_theirs() {
        let root = "deps: [{:web, path: \"libs/web\"}]";
        let web = "defp deps do\n [{:json, path: \"../json\"}]";
        let files = [("mix.exs", root), ("libs/web/mix.exs", web), ("libs/json/mix.exs", "")];
        let tree = crate::source::SourceTree::from_files(files).unwrap();
        let project = Project::read(&View::of(&tree)).unwrap().unwrap();
        assert_eq!(project.local.unwrap(), ["libs/json", "libs/web"]);
        assert!(!project.is_fetched);
        assert_eq!(inside("libs/web", "../../../out"), None);
        assert_eq!(inside("", "/etc"), None);
        assert_eq!(inside("libs", ".."), None);
    }

    #[test]
    fn releases_are_read_in_place_too() {
        let mix = Mix::parse("app: :a,\nreleases: [\n  demo: [\n    steps: [:assemble]\n  ]\n],\n");
        assert_eq!(mix.releases, ["demo"]);
        assert!(Mix::parse("").releases.is_empty());
        assert!(Mix::parse("releases: [").releases.is_empty());
    }
}
