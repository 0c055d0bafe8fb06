//! What Cargo's manifests say: packages, binaries, and which of them is the app.

use std::collections::BTreeSet;

use crate::error::Result;
use crate::generator::command::quote;
use crate::generator::pins::{self, Pin};
use crate::generator::view::View;
use crate::source::SourceTree;

/// Web frameworks with their own default port, the most particular first.
const FRAMEWORKS: [(&str, u16); 9] = [
    ("rocket", 8000),
    ("axum", 3000),
    ("actix-web", 8080),
    ("warp", 3030),
    ("poem", 3000),
    ("salvo", 8080),
    ("tide", 8080),
    ("gotham", 8080),
    ("leptos_axum", 3000),
];

/// A program that Cargo can build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Binary {
    pub(super) name: String,
    pub(super) package: String,
    /// Its main file.
    pub(super) path: String,
    pub(super) manifest: String,
}

#[derive(Debug)]
pub(super) struct Project<'a> {
    /// The folder that is built in: that of the workspace around the app's own folder.
    pub(super) home: View<'a>,
    /// The app's folder below that one; empty where they are the same.
    pub(super) within: String,
    pub(super) binaries: Vec<Binary>,
    pub(super) chosen: Option<Binary>,
    pub(super) reason: &'static str,
    pub(super) framework: Option<(&'static str, u16)>,
    pub(super) is_locked: bool,
    pub(super) pins: Vec<Pin>,
    /// The platform that `.cargo/config.toml` builds for.
    pub(super) target: Option<String>,
    is_workspace: bool,
    /// Whether the package is no member of a workspace and takes others from beside it.
    is_nested: bool,
    has_library: bool,
    has_build_script: bool,
    has_special_targets: bool,
    lock: String,
    dependencies: BTreeSet<String>,
}

struct Package {
    folder: String,
    binaries: Vec<Binary>,
    default_run: Option<String>,
    dependencies: BTreeSet<String>,
    is_default_member: bool,
}

/// The folders that the workspace of a manifest names.
struct Members {
    members: Vec<String>,
    excluded: Vec<String>,
    defaults: Vec<String>,
}

impl Members {
    fn of(root: &toml::Table) -> Self {
        let workspace = root.get("workspace").and_then(toml::Value::as_table);
        let list = |key: &str| -> Vec<String> {
            workspace
                .and_then(|table| table.get(key))
                .and_then(toml::Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(toml::Value::as_str)
                .map(|text| text.trim_start_matches("./").trim_end_matches('/').to_owned())
                .collect()
        };
        Self { members: list("members"), excluded: list("exclude"), defaults: list("default-members") }
    }

    fn has(&self, folder: &str) -> bool {
        self.members.iter().any(|pattern| matches(pattern, folder))
            && !self.excluded.iter().any(|pattern| matches(pattern, folder))
    }
}

impl<'a> Project<'a> {
    pub(super) fn read(source: &'a SourceTree, app: &View<'a>) -> Result<Option<Self>> {
        let Some(own) = app.toml("Cargo.toml")? else { return Ok(None) };
        let (view, within, is_nested) = place(source, app, &own);
        let root = if within.is_empty() || is_nested { own } else { view.toml("Cargo.toml")?.unwrap_or(own) };
        let all = Members::of(&root);
        let mut packages = Vec::new();
        if root.contains_key("package") {
            packages.push(package(&view, &root, if is_nested { &within } else { "" }));
        }
        let mut folders: Vec<&str> = view
            .sources(&["toml"], 5)
            .into_iter()
            .filter_map(|path| path.strip_suffix("/Cargo.toml"))
            .filter(|folder| !is_nested && (all.has(folder) || (!within.is_empty() && *folder == within)))
            .take(200)
            .collect();
        folders.sort_unstable();
        for folder in folders {
            // Of a workspace around the app only the app's own packages count.
            let is_own = within.is_empty() || folder == within || folder.starts_with(&format!("{within}/"));
            let Some(table) =
                is_own.then(|| view.toml(&format!("{folder}/Cargo.toml"))).transpose()?.flatten()
            else {
                continue;
            };
            let mut member = package(&view, &table, folder);
            member.is_default_member = all.defaults.iter().any(|pattern| matches(pattern, folder));
            packages.push(member);
        }
        if !within.is_empty() && !is_nested {
            packages.retain(|package| !package.folder.is_empty());
        }
        let is_special = |key: &str| root.contains_key(key);
        let lock = if is_nested { format!("{within}/Cargo.lock") } else { "Cargo.lock".to_owned() };
        let mut project = Self {
            binaries: Vec::new(),
            chosen: None,
            reason: "",
            framework: None,
            is_locked: view.has_file(&lock),
            pins: pins_of(&view, app, &root)?,
            target: target(&view),
            // An empty table only says that a folder above is none of its business.
            is_workspace: !all.members.is_empty() || (!within.is_empty() && !is_nested),
            is_nested,
            has_library: view.has_file("src/lib.rs") || root.contains_key("lib"),
            has_build_script: view.has_file("build.rs")
                || root.get("package").is_some_and(|package| package.get("build").is_some()),
            has_special_targets: ["bench", "test", "example", "patch"].into_iter().any(is_special),
            lock: view.glance(&lock).unwrap_or_default(),
            dependencies: packages.iter().flat_map(|package| package.dependencies.iter().cloned()).collect(),
            home: view,
            within,
        };
        let has_root = root.contains_key("package") && (project.within.is_empty() || is_nested);
        project.choose(&packages, has_root);
        project.framework = FRAMEWORKS.iter().find(|(name, _)| project.dependencies.contains(*name)).copied();
        Ok(Some(project))
    }

    /// Takes the binary that a command line names, where the tree alone leaves it open.
    pub(super) fn settle(&mut self, lines: [Option<&str>; 2]) {
        if self.chosen.is_some() {
            return;
        }
        let words: Vec<&str> = lines.into_iter().flatten().flat_map(str::split_whitespace).collect();
        let named = |binary: &&Binary| {
            words.iter().any(|word| word.rsplit(['/', '=']).next() == Some(binary.name.as_str()))
        };
        self.chosen = self.binaries.iter().find(named).cloned();
        self.reason = "the command line names it";
    }

    fn choose(&mut self, packages: &[Package], has_root: bool) {
        self.binaries = packages.iter().flat_map(|package| package.binaries.iter().cloned()).collect();
        let by_name = |name: &String| self.binaries.iter().find(|binary| binary.name == *name).cloned();
        if let Some(found) =
            packages.iter().find_map(|package| package.default_run.as_ref()).and_then(by_name)
        {
            (self.chosen, self.reason) = (Some(found), "default-run names it");
            return;
        }
        let root = packages.first().filter(|package| has_root && !package.binaries.is_empty());
        let defaults: Vec<&Binary> = packages
            .iter()
            .filter(|package| package.is_default_member)
            .flat_map(|package| &package.binaries)
            .collect();
        let pools: [(Vec<&Binary>, &'static str); 3] = [
            (
                root.map(|package| package.binaries.iter().collect()).unwrap_or_default(),
                "the binary of the root package",
            ),
            (defaults, "the binary of the default members"),
            (self.binaries.iter().collect(), "the only binary"),
        ];
        for (pool, reason) in pools {
            if let [only] = pool.as_slice() {
                (self.chosen, self.reason) = (Some((*only).clone()), reason);
                return;
            }
            let mut named = pool
                .iter()
                .filter(|binary| binary.name == binary.package && binary.path.ends_with("src/main.rs"));
            if let (Some(first), None) = (named.next(), named.next()) {
                (self.chosen, self.reason) = (Some((*first).clone()), "it has the name of its package");
                return;
            }
            let with_web: Vec<&&Binary> = pool
                .iter()
                .filter(|binary| {
                    packages.iter().any(|package| {
                        package.binaries.contains(binary)
                            && FRAMEWORKS.iter().any(|(name, _)| package.dependencies.contains(*name))
                    })
                })
                .collect();
            if let (true, [only]) = (pool.len() > 1, with_web.as_slice()) {
                (self.chosen, self.reason) =
                    (Some((**only).clone()), "the only binary whose package uses a web framework");
                return;
            }
        }
    }

    /// Whether a crate is part of the build; without a lock file, whether something depends on it that brings it.
    pub(super) fn has_crate(&self, name: &str) -> bool {
        if !self.lock.is_empty() {
            return self.lock.contains(&format!("name = \"{name}\"\n"));
        }
        match name {
            "openssl-sys" => {
                ["openssl", "native-tls", "reqwest"].iter().any(|krate| self.dependencies.contains(*krate))
            }
            "pq-sys" => self.dependencies.contains("diesel"),
            "prost-build" => {
                self.dependencies.contains("tonic-build") || self.dependencies.contains("prost-build")
            }
            _ => self.dependencies.contains(name),
        }
    }

    /// The command line that builds a binary.
    pub(super) fn build_line(&self, binary: &Binary) -> String {
        let locked = if self.is_locked { " --locked" } else { "" };
        let package =
            if self.is_workspace { format!(" --package {}", quote(&binary.package)) } else { String::new() };
        // Its own manifest, but one place for what is built.
        let manifest = match self.is_nested {
            true => format!(" --manifest-path {} --target-dir target", quote(&binary.manifest)),
            false => String::new(),
        };
        format!("cargo build --release{locked}{manifest}{package} --bin {}", quote(&binary.name))
    }

    /// Where Cargo puts a binary.
    pub(super) fn artefact(&self, binary: &Binary) -> String {
        match &self.target {
            Some(target) => format!("target/{target}/release/{}", quote(&binary.name)),
            None => format!("target/release/{}", quote(&binary.name)),
        }
    }

    /// What speaks for queries that are checked while the program is compiled, and whether their answers are there.
    pub(super) fn checked_queries(&self, has_macro: bool) -> Option<bool> {
        let folders = [".sqlx".to_owned(), format!("{}/.sqlx", self.within)];
        let is_there =
            folders.iter().any(|folder| self.home.has_dir(folder)) || self.home.has_file("sqlx-data.json");
        (self.dependencies.contains("sqlx") && (is_there || has_macro)).then_some(is_there)
    }

    /// A command that puts empty programs where the source will be; none where that would not be enough.
    pub(super) fn dummies(&self, view: &View<'_>) -> Option<String> {
        if self.is_workspace || self.is_nested || self.has_special_targets || view.has_dir("vendor") {
            return None;
        }
        let has_paths = view.glance("Cargo.toml").is_none_or(|text| text.contains("path ="));
        if has_paths {
            return None;
        }
        let mut files: Vec<&str> = self.binaries.iter().map(|binary| binary.path.as_str()).collect();
        if self.has_build_script {
            files.push("build.rs");
        }
        let mut folders: BTreeSet<String> =
            files.iter().filter_map(|file| file.rsplit_once('/')).map(|(folder, _)| quote(folder)).collect();
        if self.has_library {
            folders.insert("src".into());
        }
        let made: Vec<String> =
            files.iter().map(|file| format!("echo 'fn main() {{}}' > {}", quote(file))).collect();
        let library = if self.has_library { " && touch src/lib.rs" } else { "" };
        let folders: Vec<String> = folders.into_iter().collect();
        Some(format!("mkdir -p {} && {}{library}", folders.join(" "), made.join(" && ")))
    }
}

/// The folder to build in, the app's place in it, and whether the app is no part of a workspace there.
fn place<'a>(source: &'a SourceTree, app: &View<'a>, own: &toml::Table) -> (View<'a>, String, bool) {
    let base = app.base();
    let mut above = base;
    while !above.is_empty() && !own.contains_key("workspace") {
        above = above.rsplit_once('/').map_or("", |(parent, _)| parent);
        let home = View::at(source, above);
        let within = if above.is_empty() { base } else { base[above.len()..].trim_start_matches('/') };
        let root = home.glance("Cargo.toml").and_then(|text| text.parse::<toml::Table>().ok());
        let Some(root) = root.filter(|root| root.contains_key("workspace")) else { continue };
        let all = Members::of(&root);
        // What a member takes from beside it is a member too.
        let has_root = root.contains_key("package");
        if all.has(within) || (has_root && !all.excluded.iter().any(|pattern| matches(pattern, within))) {
            return (home, within.to_owned(), false);
        }
    }
    let is_outside = |value: &toml::Value| {
        value.get("path").and_then(toml::Value::as_str).is_some_and(|path| path.starts_with(".."))
    };
    let takes_others = own
        .get("dependencies")
        .and_then(toml::Value::as_table)
        .is_some_and(|table| table.values().any(is_outside));
    if takes_others && !base.is_empty() {
        return (View::at(source, ""), base.to_owned(), true);
    }
    (app.clone(), String::new(), false)
}

/// The platform that Cargo is told to build for, if it is a plain one.
fn target(view: &View<'_>) -> Option<String> {
    let text = view.glance(".cargo/config.toml").or_else(|| view.glance(".cargo/config"))?;
    let table = text.parse::<toml::Table>().ok()?;
    let target = table.get("build")?.get("target")?.as_str()?;
    let is_plain = target.ends_with("-linux-gnu") || target.ends_with("-linux-musl");
    (is_plain && is_name(target)).then(|| target.to_owned())
}

/// The versions that a project asks for. `rust-version` is the oldest that will do, not a wish.
fn pins_of(view: &View<'_>, app: &View<'_>, root: &toml::Table) -> Result<Vec<Pin>> {
    let mut found = Vec::new();
    if app.base() != view.base() {
        found.extend(pins_of(app, app, &toml::Table::new())?);
    }
    let toolchain = match view.toml("rust-toolchain.toml")? {
        Some(table) => Some((table, "rust-toolchain.toml")),
        None => match view.glance("rust-toolchain") {
            Some(text) if text.contains('[') => {
                view.toml("rust-toolchain")?.map(|table| (table, "rust-toolchain"))
            }
            _ => None,
        },
    };
    if let Some((table, file)) = toolchain {
        let channel = table.get("toolchain").and_then(|t| t.get("channel")).and_then(toml::Value::as_str);
        found.extend(channel.map(|channel| Pin::new(channel, file, "toolchain.channel")));
    } else {
        found.extend(pins::from_file(view, "rust-toolchain")?);
    }
    found.extend(pins::from_file(view, ".rust-version")?);
    found.extend(pins::from_tools(view, &["rust"])?);
    let package =
        root.get("package").or_else(|| root.get("workspace").and_then(|workspace| workspace.get("package")));
    let oldest = package.and_then(|package| package.get("rust-version")).and_then(toml::Value::as_str);
    found.extend(oldest.map(|version| Pin::new(format!(">={version}"), "Cargo.toml", "rust-version")));
    Ok(found)
}

fn package(view: &View<'_>, table: &toml::Table, folder: &str) -> Package {
    let at = |path: &str| if folder.is_empty() { path.to_owned() } else { format!("{folder}/{path}") };
    let about = table.get("package").and_then(toml::Value::as_table);
    let text = |key: &str| {
        about.and_then(|package| package.get(key)).and_then(toml::Value::as_str).map(str::to_owned)
    };
    let name = text("name").unwrap_or_default();
    let mut binaries: Vec<Binary> = Vec::new();
    let mut add = |binary: &str, path: String| {
        if is_name(binary) && !binaries.iter().any(|known| known.name == binary || known.path == path) {
            binaries.push(Binary {
                name: binary.to_owned(),
                package: name.clone(),
                path,
                manifest: at("Cargo.toml"),
            });
        }
    };
    for entry in table.get("bin").and_then(toml::Value::as_array).into_iter().flatten() {
        let Some(binary) = entry.get("name").and_then(toml::Value::as_str) else { continue };
        let given = entry.get("path").and_then(toml::Value::as_str).map(&at);
        let usual = [
            at(&format!("src/bin/{binary}.rs")),
            at(&format!("src/bin/{binary}/main.rs")),
            at("src/main.rs"),
        ];
        let path = given
            .or_else(|| usual.into_iter().find(|path| view.has_file(path)))
            .unwrap_or_else(|| at("src/main.rs"));
        add(binary, path);
    }
    let is_automatic =
        about.and_then(|package| package.get("autobins")) != Some(&toml::Value::Boolean(false));
    if is_automatic {
        if view.has_file(&at("src/main.rs")) {
            add(&name, at("src/main.rs"));
        }
        let base = at("src/bin/");
        let mut found: Vec<String> = view
            .sources(&["rs"], 8)
            .into_iter()
            .filter(|path| path.starts_with(&base))
            .map(str::to_owned)
            .collect();
        found.sort();
        for path in found {
            let rest = &path[base.len()..];
            let binary = match rest.strip_suffix("/main.rs") {
                Some(folder) if !folder.contains('/') => folder.to_owned(),
                None if !rest.contains('/') => rest.trim_end_matches(".rs").to_owned(),
                _ => continue,
            };
            add(&binary, path.clone());
        }
    }
    let dependencies = table
        .get("dependencies")
        .and_then(toml::Value::as_table)
        .into_iter()
        .flatten()
        .map(|(name, _)| name.clone())
        .collect();
    let folder = folder.to_owned();
    Package { folder, binaries, default_run: text("default-run"), dependencies, is_default_member: false }
}

/// Whether a text can be the name of a package or binary.
fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with('-')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// Whether a pattern of `members` names a folder.
fn matches(pattern: &str, folder: &str) -> bool {
    match pattern.strip_suffix("/*") {
        Some(base) => folder
            .strip_prefix(base)
            .and_then(|rest| rest.strip_prefix('/'))
            .is_some_and(|rest| !rest.contains('/')),
        None if pattern == "*" => !folder.contains('/'),
        None => pattern == folder,
    }
}
