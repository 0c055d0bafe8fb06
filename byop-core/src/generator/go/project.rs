//! What Go's manifests and sources say: modules, programs, and which of them is the app.

use super::place;
use crate::error::Result;
use crate::generator::pins::{self, Pin};
use crate::generator::view::View;
use crate::source::SourceTree;

/// Web frameworks by module, the most particular first, with their own default port.
const FRAMEWORKS: [(&str, &str, u16); 7] = [
    ("github.com/gin-gonic/gin", "gin", 8080),
    ("github.com/labstack/echo", "echo", 8080),
    ("github.com/gofiber/fiber", "fiber", 3000),
    ("github.com/go-chi/chi", "chi", 8080),
    ("github.com/gorilla/mux", "gorilla", 8080),
    ("github.com/beego/beego", "beego", 8080),
    ("github.com/gobuffalo/buffalo", "buffalo", 3000),
];

/// Modules that need a C compiler.
const CGO: [&str; 4] = [
    "github.com/mattn/go-sqlite3",
    "github.com/confluentinc/confluent-kafka-go",
    "github.com/h2non/bimg",
    "gocv.io/x/gocv",
];

#[derive(Debug)]
pub(super) struct Project<'a> {
    /// The folder that is built in: that of the workspace or module around the app's own folder.
    pub(super) home: View<'a>,
    /// The app's folder below that one; empty where they are the same.
    pub(super) within: String,
    /// Whether the module is in `within`, and needs folders beside it.
    pub(super) is_nested: bool,
    pub(super) module: Option<String>,
    pub(super) has_workspace: bool,
    /// Folders with a `go.mod`, besides that of the build.
    pub(super) modules: Vec<String>,
    pub(super) has_sum: bool,
    pub(super) is_vendored: bool,
    pub(super) needs_cgo: bool,
    pub(super) framework: Option<(&'static str, u16)>,
    /// What is built: `.`, `./cmd/x` or `main.go`.
    pub(super) package: Option<String>,
    /// All that could be built.
    pub(super) candidates: Vec<String>,
    pub(super) pins: Vec<Pin>,
}

impl<'a> Project<'a> {
    pub(super) fn read(source: &'a SourceTree, app: &View<'a>) -> Result<Option<Self>> {
        let place = place::find(source, app);
        let (view, within) = (place.home, place.within);
        let module_file = match place.is_nested {
            true => view.read(&join(&within, "go.mod"))?,
            false => view.read("go.mod")?,
        };
        let work_file = view.read("go.work")?;
        if module_file.is_none() && work_file.is_none() && !view.has_file("main.go") {
            return Ok(None);
        }
        let used = work_file.as_deref().map(uses).unwrap_or_default();
        let modules: Vec<String> = used
            .into_iter()
            .chain(place.modules)
            .filter(|folder| view.has_file(&join(folder, "go.mod")))
            .collect();
        let mut texts: Vec<String> = module_file.iter().cloned().collect();
        let is_about = |folder: &&String| within.is_empty() || **folder == within;
        texts.extend(
            modules.iter().filter(is_about).filter_map(|folder| view.glance(&join(folder, "go.mod"))),
        );
        let all = texts.join("\n");
        let prefix = if within.is_empty() || place.is_nested { String::new() } else { format!("./{within}") };
        let candidates = mains(app)
            .into_iter()
            .map(|folder| match prefix.as_str() {
                "" => folder,
                prefix => format!("{prefix}{}", folder.trim_start_matches('.')),
            })
            .collect();
        let own = if within.is_empty() { None } else { texts.last() };
        let mut project = Self {
            module: own.or(module_file.as_ref()).and_then(|text| directive(text, "module")),
            has_workspace: work_file.is_some(),
            has_sum: view.has_file("go.sum")
                || modules.iter().any(|folder| view.has_file(&join(folder, "go.sum"))),
            is_vendored: view.has_file("vendor/modules.txt"),
            needs_cgo: CGO.iter().any(|module| all.contains(module)),
            framework: FRAMEWORKS
                .iter()
                .find(|(module, ..)| all.contains(module))
                .map(|(_, name, port)| (*name, *port)),
            package: None,
            candidates,
            pins: Vec::new(),
            modules,
            is_nested: place.is_nested,
            within,
            home: view.clone(),
        };
        let root = if prefix.is_empty() { ".".to_owned() } else { prefix };
        project.choose(module_file.is_some(), &root);
        for folder in if app.base() == view.base() { vec![app] } else { vec![app, &view] } {
            project.pins.extend(pins::from_file(folder, ".go-version")?);
            project.pins.extend(pins::from_tools(folder, &["go", "golang"])?);
        }
        for (text, file) in [(&module_file, "go.mod"), (&work_file, "go.work")] {
            let Some(text) = text else { continue };
            // A release line gets its security fixes; which patch wrote the file does not matter.
            let line = |name: &str| {
                let said = directive(text, name)?;
                Some(said.trim_start_matches("go").split('.').take(2).collect::<Vec<_>>().join("."))
            };
            project
                .pins
                .extend(line("toolchain").map(|version| Pin::new(version, file, "the toolchain line")));
            let oldest = line("go").map(|version| match project.pins.is_empty() {
                true => version,
                // Beside another pin it only says which release is too old.
                false => format!(">={version}"),
            });
            project.pins.extend(oldest.map(|version| Pin::new(version, file, "the go line")));
        }
        Ok(Some(project))
    }

    /// Takes the program that a command line names, where the tree alone leaves it open.
    pub(super) fn settle(&mut self, lines: [Option<&str>; 2]) {
        if self.package.is_some() {
            return;
        }
        let words: Vec<&str> = lines.into_iter().flatten().flat_map(str::split_whitespace).collect();
        let last = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
        let named = |folder: &&String| {
            words.iter().any(|word| *word == folder.as_str() || last(word) == last(folder))
        };
        self.package = self.candidates.iter().find(named).cloned();
    }

    fn choose(&mut self, has_module: bool, root: &str) {
        let view = &self.home;
        if !has_module && !self.has_workspace {
            self.package = Some("main.go".into());
            return;
        }
        if self.candidates.iter().any(|folder| folder == root) {
            self.package = Some(root.to_owned());
            return;
        }
        let of_cmd: Vec<&String> = self
            .candidates
            .iter()
            .filter(|folder| folder.starts_with("./cmd/") || folder.contains("/cmd/"))
            .collect();
        let pool: Vec<&String> = if of_cmd.is_empty() { self.candidates.iter().collect() } else { of_cmd };
        let last = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
        let named = self.module.as_deref().map(last);
        let serves = |folder: &&&String| {
            view.sources(&["go"], 4)
                .iter()
                .filter(|path| {
                    path.rsplit_once('/').map_or(".", |(dir, _)| dir) == folder.trim_start_matches("./")
                })
                .any(|path| {
                    view.glance(path).is_some_and(|text| {
                        ["net/http", "gin-gonic", "labstack/echo", "gofiber"]
                            .iter()
                            .any(|name| text.contains(name))
                    })
                })
        };
        let mut servers = pool.iter().filter(serves);
        let chosen = match pool.as_slice() {
            [] => None,
            [only] => Some((*only).clone()),
            several => several
                .iter()
                .find(|folder| named.as_deref() == Some(last(folder).as_str()))
                .or_else(|| {
                    several
                        .iter()
                        .find(|folder| ["server", "web", "api", "app"].contains(&last(folder).as_str()))
                })
                .map(|folder| (*folder).clone())
                .or_else(|| {
                    servers.next().filter(|_| servers.next().is_none()).map(|folder| (*folder).clone())
                }),
        };
        self.package = chosen;
    }

    pub(super) fn binary(&self) -> String {
        let name = match self.package.as_deref() {
            Some("." | "main.go") | None => self.module.as_deref().and_then(|module| {
                let mut parts = module.rsplit('/');
                let last = parts.next()?;
                let is_version =
                    last.len() > 1 && last.starts_with('v') && last[1..].bytes().all(|b| b.is_ascii_digit());
                if is_version { parts.next() } else { Some(last) }
            }),
            Some(package) => package.rsplit('/').next(),
        };
        let clean: String = name
            .unwrap_or("app")
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c))
            .collect();
        if clean.trim_matches('.').is_empty() { "app".into() } else { clean }
    }

    /// The main file of what is built, in the app's folder.
    pub(super) fn package_file(&self, app: &View<'_>) -> Option<String> {
        let folder = self.package.as_deref()?.trim_start_matches("./");
        let folder = match folder.strip_prefix(&self.within) {
            Some(rest) if !self.within.is_empty() && !self.is_nested => rest.trim_start_matches('/'),
            _ => folder,
        };
        if folder == "main.go" {
            return Some(folder.into());
        }
        let file = join(folder, "main.go");
        app.has_file(&file).then_some(file)
    }
}

/// The folders that a `go.work` uses.
pub(super) fn uses(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut in_block = false;
    for line in text.lines().map(|line| line.split("//").next().unwrap_or_default().trim()) {
        let folder = match line {
            "use (" => {
                in_block = true;
                continue;
            }
            ")" => {
                in_block = false;
                continue;
            }
            line if in_block => line,
            line => match line.strip_prefix("use ") {
                Some(folder) => folder,
                None => continue,
            },
        };
        let folder = folder.trim().trim_matches('"').trim_start_matches("./").trim_end_matches('/');
        if !folder.contains("..") {
            found.push(if folder.is_empty() { ".".to_owned() } else { folder.to_owned() });
        }
    }
    found
}

/// A file in a folder, which may be the root.
pub(super) fn join(folder: &str, file: &str) -> String {
    if folder == "." || folder.is_empty() { file.to_owned() } else { format!("{folder}/{file}") }
}

/// The argument of a line such as `go 1.25` or `module example.com/a`.
pub(super) fn directive(text: &str, name: &str) -> Option<String> {
    text.lines().map(|line| line.split("//").next().unwrap_or_default().trim()).find_map(|line| {
        line.strip_prefix(name)?
            .strip_prefix([' ', '\t'])
            .map(|rest| rest.trim().trim_matches('"').to_owned())
    })
}

/// The folders that hold a program.
fn mains(view: &View<'_>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for path in view.sources(&["go"], 4).into_iter().filter(|path| !path.ends_with("_test.go")).take(400) {
        let folder = path.rsplit_once('/').map_or(".".to_owned(), |(folder, _)| format!("./{folder}"));
        let is_excluded = folder
            .split('/')
            .any(|part| matches!(part, "examples" | "example" | "internal" | "tools" | "scripts"));
        if is_excluded || found.contains(&folder) {
            continue;
        }
        let is_main = view.glance(path).is_some_and(|text| {
            let is_tool = text
                .lines()
                .take(5)
                .any(|line| line.starts_with("//go:build ignore") || line.starts_with("// +build ignore"));
            !is_tool && text.lines().any(|line| line.trim_end() == "package main")
        });
        if is_main {
            found.push(folder);
        }
    }
    found
}
