//! What the manifests of a Python project say.

use std::collections::BTreeSet;

use crate::error::Result;
use crate::generator::pins::{self, Pin};
use crate::generator::view::View;
use crate::model::{Diagnostic, Severity};
use crate::source::SourceTree;

/// Scripts that a project may begin with.
pub(super) const SCRIPTS: [&str; 11] = [
    "main.py",
    "app.py",
    "server.py",
    "run.py",
    "start.py",
    "bot.py",
    "hello.py",
    "wsgi.py",
    "asgi.py",
    "src/main.py",
    "src/app.py",
];

/// Frameworks by the package that brings them, the most particular first.
const FRAMEWORKS: [(&str, &str); 22] = [
    ("django", "django"),
    ("fastapi", "fastapi"),
    ("python-fasthtml", "fasthtml"),
    ("flask", "flask"),
    ("litestar", "litestar"),
    ("quart", "quart"),
    ("sanic", "sanic"),
    ("starlette", "starlette"),
    ("falcon", "falcon"),
    ("bottle", "bottle"),
    ("pyramid", "pyramid"),
    ("tornado", "tornado"),
    ("aiohttp", "aiohttp"),
    ("streamlit", "streamlit"),
    ("gradio", "gradio"),
    ("chainlit", "chainlit"),
    ("dash", "dash"),
    ("robyn", "robyn"),
    ("nicegui", "nicegui"),
    ("shiny", "shiny"),
    ("panel", "panel"),
    ("marimo", "marimo"),
];

/// Packages that are clients as well as servers, with what only a server writes.
const BOTH: [(&str, &str); 5] = [
    ("aiohttp", "web.Application("),
    ("tornado", "tornado.web"),
    ("panel", "panel"),
    ("marimo", "marimo.App("),
    ("shiny", "shiny"),
];

/// Packages of programs that call out and are not called.
const BOTS: [&str; 12] = [
    "discord-py",
    "discord",
    "py-cord",
    "disnake",
    "nextcord",
    "python-telegram-bot",
    "pytelegrambotapi",
    "aiogram",
    "telethon",
    "pyrogram",
    "slack-bolt",
    "irc",
];

/// Lists of packages for production, where there is no `requirements.txt`.
const LISTS: [&str; 5] = [
    "requirements/production.txt",
    "requirements/prod.txt",
    "requirements/base.txt",
    "requirements-prod.txt",
    "requirements/requirements.txt",
];

#[derive(Debug)]
pub(super) struct Project {
    /// The folder of the workspace around the app, whose lock file counts.
    pub(super) workspace: Option<String>,
    framework: Option<&'static str>,
    /// The file that names the dependencies.
    pub(super) manifest: Option<&'static str>,
    /// `pip`, `uv`, `poetry`, `pdm`, `pipenv` or `conda`.
    pub(super) manager: Option<&'static str>,
    /// The manager's own version, where the project says.
    pub(super) manager_version: Option<String>,
    pub(super) lock: Option<&'static str>,
    /// Normalised names of dependencies, some with an extra.
    pub(super) dependencies: BTreeSet<String>,
    pub(super) pyproject: Option<toml::Table>,
    pub(super) pins: Vec<Pin>,
    /// A script with a usual name.
    pub(super) script: Option<String>,
    /// The console scripts of a `setup.py` or `setup.cfg`.
    scripts: Vec<String>,
}

impl Project {
    pub(super) fn read(source: &SourceTree, view: &View<'_>) -> Result<Option<Self>> {
        let workspace = workspace(source, view);
        let script = SCRIPTS.iter().find(|path| view.has_file(path)).map(|path| (*path).to_owned());
        let pyproject = view.toml("pyproject.toml")?;
        let has_poetry = pyproject
            .as_ref()
            .is_some_and(|table| table.get("tool").and_then(|tool| tool.get("poetry")).is_some());
        let (manager, manifest, lock) = [
            ("uv", "pyproject.toml", "uv.lock"),
            ("poetry", "pyproject.toml", "poetry.lock"),
            ("pdm", "pyproject.toml", "pdm.lock"),
            ("pipenv", "Pipfile", "Pipfile.lock"),
        ]
        .into_iter()
        .find(|(_, manifest, lock)| view.has_file(manifest) && view.has_file(lock))
        .map(|(manager, manifest, lock)| (Some(manager), Some(manifest), Some(lock)))
        .unwrap_or_else(|| {
            if workspace.is_some() {
                (Some("uv"), Some("pyproject.toml"), Some("uv.lock"))
            } else if view.has_file("requirements.txt") {
                (Some("pip"), Some("requirements.txt"), None)
            } else if has_poetry {
                (Some("poetry"), Some("pyproject.toml"), None)
            } else if pyproject.is_some() {
                (Some("pip"), Some("pyproject.toml"), None)
            } else if view.has_file("Pipfile") {
                (Some("pipenv"), Some("Pipfile"), None)
            } else if let Some(file) = view.first_file(&["setup.py", "setup.cfg"]) {
                (Some("pip"), Some(if file == "setup.py" { "setup.py" } else { "setup.cfg" }), None)
            } else if let Some(file) = view.first_file(&LISTS) {
                (Some("pip"), LISTS.into_iter().find(|list| *list == file), None)
            } else if let Some(file) = view.first_file(&["environment.yml", "environment.yaml"]) {
                (
                    Some("conda"),
                    Some(if file == "environment.yml" { "environment.yml" } else { "environment.yaml" }),
                    None,
                )
            } else {
                (None, None, None)
            }
        });
        // A pyproject.toml that only holds the settings of tools makes no project.
        let says_nothing = manifest == Some("pyproject.toml")
            && lock.is_none()
            && pyproject.as_ref().is_some_and(|table| {
                !table.contains_key("project") && !has_poetry && !table.contains_key("build-system")
            });
        let manifest = manifest.filter(|_| !says_nothing);
        if manifest.is_none() && script.is_none() && !view.has_file("manage.py") {
            return Ok(None);
        }
        let mut project = Self {
            framework: None,
            workspace,
            manager: manager.filter(|_| manifest.is_some()),
            manifest,
            manager_version: None,
            lock,
            dependencies: BTreeSet::new(),
            pyproject,
            pins: Vec::new(),
            script,
            scripts: Vec::new(),
        };
        project.read_dependencies(view)?;
        project.read_pins(view)?;
        if let Some(folder) = project.workspace.clone() {
            project.read_pins(&View::at(source, &folder))?;
        }
        project.framework = FRAMEWORKS
            .iter()
            .find(|(package, _)| project.has(package) && serves(view, package))
            .map(|(_, name)| *name);
        if let Some(manager) = project.manager.filter(|manager| *manager != "pip") {
            project.manager_version = pins::from_tools(view, &[manager])?.map(|pin| pin.request);
        }
        Ok(Some(project))
    }

    fn read_dependencies(&mut self, view: &View<'_>) -> Result<()> {
        let mut files = vec!["requirements.txt".to_owned()];
        files.extend(self.manifest.filter(|file| file.ends_with(".txt")).map(str::to_owned));
        let mut seen = BTreeSet::new();
        while let Some(file) = files.pop() {
            if !seen.insert(file.clone()) || seen.len() > 16 {
                continue;
            }
            let Some(text) = view.glance(&file) else { continue };
            for line in text.lines().map(str::trim) {
                if let Some(other) = line.strip_prefix("-r ").or_else(|| line.strip_prefix("--requirement "))
                {
                    let folder =
                        file.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
                    files.push(format!("{folder}{}", other.trim().trim_start_matches("./")));
                } else {
                    self.add(line);
                }
            }
        }
        let listed: Vec<String> = self.pyproject.iter().flat_map(listed_in).collect();
        for text in listed {
            self.add(&text);
        }
        if let Some(table) = view.toml("Pipfile")? {
            for name in table
                .get("packages")
                .and_then(toml::Value::as_table)
                .into_iter()
                .flatten()
                .map(|(name, _)| name)
            {
                self.add(name);
            }
        }
        if self.manifest.is_some_and(|file| file.starts_with("setup.")) {
            let text =
                ["setup.py", "setup.cfg"].iter().filter_map(|file| view.glance(file)).collect::<String>();
            for (package, _) in FRAMEWORKS {
                let lower = text.to_ascii_lowercase();
                let is_listed = lower.match_indices(package).any(|(at, _)| {
                    let is_end =
                        |c: Option<char>| !c.is_some_and(|c| c.is_alphanumeric() || c == '-' || c == '_');
                    is_end(lower[..at].chars().next_back())
                        && is_end(lower[at + package.len()..].chars().next())
                });
                if is_listed {
                    self.add(package);
                }
            }
            self.scripts = console_scripts(&text);
            let range = text.split("python_requires").nth(1).and_then(|rest| {
                let line = rest.lines().next()?.trim_start_matches([' ', '=']).trim();
                Some(match line.chars().next()? {
                    quote @ ('"' | '\'') => line[1..].split(quote).next()?.to_owned(),
                    _ => line.to_owned(),
                })
            });
            let file = self.manifest.unwrap_or_default();
            self.pins.extend(
                range.filter(|range| !range.is_empty()).map(|range| Pin::new(range, file, "python_requires")),
            );
        }
        Ok(())
    }

    fn add(&mut self, text: &str) {
        let text =
            text.split(['#', ';', ' ', '<', '>', '=', '~', '!', '@', '(']).next().unwrap_or_default().trim();
        let (name, extras) = text.split_once('[').unwrap_or((text, ""));
        if name.is_empty() || name.starts_with('-') || name.contains(['/', ':']) {
            return;
        }
        let name: String = name.to_ascii_lowercase().replace(['_', '.'], "-");
        for extra in extras.trim_end_matches(']').split(',').map(str::trim).filter(|extra| !extra.is_empty())
        {
            self.dependencies.insert(format!("{name}[{}]", extra.to_ascii_lowercase()));
        }
        self.dependencies.insert(name);
    }

    fn read_pins(&mut self, view: &View<'_>) -> Result<()> {
        if self.manager == Some("conda") {
            let file = self.manifest.unwrap_or_default();
            let said = view.glance(file).and_then(|text| {
                let line = text.lines().find_map(|line| line.trim().strip_prefix("- python"))?.to_owned();
                Some(line.trim_start_matches('=').trim().to_owned()).filter(|version| !version.is_empty())
            });
            self.pins.extend(said.map(|version| Pin::new(version, file, "python among the packages")));
        }
        self.pins.extend(pins::from_file(view, ".python-version")?);
        self.pins.extend(pins::from_tools(view, &["python"])?);
        self.pins
            .extend(pins::from_file(view, "runtime.txt")?.filter(|pin| pin.request.starts_with("python")));
        if let Some(table) = view.toml("Pipfile")? {
            let requires = table.get("requires");
            let version = ["python_full_version", "python_version"]
                .iter()
                .find_map(|key| requires?.get(*key)?.as_str());
            self.pins.extend(version.map(|version| Pin::new(version, "Pipfile", "requires")));
        }
        if let Some(table) = &self.pyproject {
            let project = table
                .get("project")
                .and_then(|project| project.get("requires-python"))
                .and_then(toml::Value::as_str);
            self.pins.extend(project.map(|range| Pin::new(range, "pyproject.toml", "requires-python")));
            let poetry = table
                .get("tool")
                .and_then(|t| t.get("poetry"))
                .and_then(|t| t.get("dependencies"))
                .and_then(|t| t.get("python"));
            self.pins.extend(
                poetry
                    .and_then(toml::Value::as_str)
                    .map(|range| Pin::new(range, "pyproject.toml", "tool.poetry.dependencies.python")),
            );
        }
        Ok(())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.dependencies.contains(name)
    }

    pub(super) fn framework(&self) -> Option<&'static str> {
        self.framework
    }

    /// Whether it is a program that nobody calls, such as a chat bot.
    pub(super) fn is_bot(&self) -> bool {
        self.framework.is_none() && BOTS.iter().any(|package| self.has(package))
    }

    /// Whether the project is a package that can be installed itself.
    pub(super) fn is_package(&self) -> bool {
        if self.manifest.is_some_and(|file| file.starts_with("setup.")) {
            return true;
        }
        let Some(table) = &self.pyproject else { return false };
        let tool = table.get("tool");
        let is_off = tool.and_then(|t| t.get("uv")).and_then(|t| t.get("package"))
            == Some(&toml::Value::Boolean(false))
            || tool.and_then(|t| t.get("poetry")).and_then(|t| t.get("package-mode"))
                == Some(&toml::Value::Boolean(false));
        table.contains_key("build-system") && !is_off
    }

    /// Whether all that the package needs is listed where it can be read without running anything.
    pub(super) fn lists_dependencies(&self) -> bool {
        let project = self.pyproject.as_ref().and_then(|table| table.get("project"));
        let dynamic = project.and_then(|project| project.get("dynamic")).and_then(toml::Value::as_array);
        let is_dynamic =
            dynamic.is_some_and(|list| list.iter().any(|name| name.as_str() == Some("dependencies")));
        project.is_some() && !is_dynamic
    }

    /// Its name as a package.
    pub(super) fn name(&self) -> Option<&str> {
        self.pyproject.as_ref()?.get("project")?.get("name")?.as_str()
    }

    /// Names of the console scripts.
    pub(super) fn console_scripts(&self) -> Vec<String> {
        if !self.scripts.is_empty() {
            return self.scripts.clone();
        }
        let Some(table) = &self.pyproject else { return Vec::new() };
        let project = table.get("project").and_then(|project| project.get("scripts"));
        let poetry = table.get("tool").and_then(|t| t.get("poetry")).and_then(|t| t.get("scripts"));
        project
            .or(poetry)
            .and_then(toml::Value::as_table)
            .map(|scripts| scripts.keys().cloned().collect())
            .unwrap_or_default()
    }

    pub(super) fn diagnostics(&self) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        if self.manager == Some("conda") {
            let file = self.manifest.unwrap_or_default();
            found.push(
                Diagnostic::new(
                    "conda-environment",
                    Severity::Error,
                    format!("{file} is for conda, which byop does not install: list the packages in requirements.txt, give an install command for pip, or add a Dockerfile"),
                )
                .with_setting("build.install"),
            );
        } else if self.manager.is_some_and(|manager| manager != "pip") && self.lock.is_none() {
            found.push(Diagnostic::new(
                "no-lock-file",
                Severity::Warning,
                "there is no lock file, so two builds of the same source may differ",
            ));
        }
        if self.has("playwright") {
            found.push(Diagnostic::new(
                "needs-browser",
                Severity::Warning,
                "Playwright needs browsers, which the image does not have: use an own Dockerfile",
            ));
        }
        found
    }
}

/// The dependencies that a pyproject.toml lists.
fn listed_in(table: &toml::Table) -> Vec<String> {
    let project =
        table.get("project").and_then(|project| project.get("dependencies")).and_then(toml::Value::as_array);
    let mut found: Vec<String> =
        project.into_iter().flatten().filter_map(toml::Value::as_str).map(str::to_owned).collect();
    let poetry = table
        .get("tool")
        .and_then(|t| t.get("poetry"))
        .and_then(|t| t.get("dependencies"))
        .and_then(toml::Value::as_table);
    for (name, value) in poetry.into_iter().flatten().filter(|(name, _)| *name != "python") {
        found.push(name.clone());
        let extras = value.get("extras").and_then(toml::Value::as_array).into_iter().flatten();
        found.extend(extras.filter_map(toml::Value::as_str).map(|extra| format!("{name}[{extra}]")));
    }
    found
}

/// The folder of the uv workspace that a folder below it is a member of.
fn workspace(source: &SourceTree, view: &View<'_>) -> Option<String> {
    if view.base().is_empty() || view.has_file("uv.lock") || !view.has_file("pyproject.toml") {
        return None;
    }
    let mut above = view.base();
    while !above.is_empty() {
        above = above.rsplit_once('/').map_or("", |(parent, _)| parent);
        let home = View::at(source, above);
        let has_members =
            home.glance("pyproject.toml").is_some_and(|text| text.contains("[tool.uv.workspace]"));
        if has_members && home.has_file("uv.lock") {
            return Some(above.to_owned());
        }
    }
    None
}

/// Whether a package is used as a server, for those that are clients as well.
fn serves(view: &View<'_>, package: &str) -> bool {
    let Some((_, words)) = BOTH.iter().find(|(name, _)| *name == package) else { return true };
    view.sources(&["py"], 3)
        .into_iter()
        .take(20)
        .any(|path| view.glance(path).is_some_and(|text| text.contains(words)))
}

/// `name = module:function` in a `setup.py` or `setup.cfg`.
fn console_scripts(text: &str) -> Vec<String> {
    let rest = text.split("console_scripts").nth(1).unwrap_or_default();
    let end = rest.find([']', '[']).filter(|end| *end > 8).unwrap_or(rest.len());
    let rest = rest.trim_start_matches(['"', '\'', ':', ' ', '=', '[', '\n']);
    rest[..end.min(rest.len())]
        .lines()
        .map(|line| line.trim().trim_matches([',', '"', '\'', ' ', ']', '}', ')']))
        .filter_map(|line| line.split_once('='))
        .filter(|(_, target)| target.contains(':'))
        .map(|(name, _)| name.trim().to_owned())
        .filter(|name| {
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        })
        .collect()
}
