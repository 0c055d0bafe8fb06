//! What the manifests of a Python project say.

use std::collections::BTreeSet;

use crate::error::Result;
use crate::generator::pins::{self, Pin};
use crate::generator::view::View;
use crate::model::{Diagnostic, Severity};

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
const FRAMEWORKS: [(&str, &str); 18] = [
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
];

#[derive(Debug)]
pub(super) struct Project {
    /// The file that names the dependencies.
    pub(super) manifest: Option<&'static str>,
    /// `pip`, `uv`, `poetry`, `pdm` or `pipenv`.
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
}

impl Project {
    pub(super) fn read(view: &View<'_>) -> Result<Option<Self>> {
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
            if view.has_file("requirements.txt") {
                (Some("pip"), Some("requirements.txt"), None)
            } else if has_poetry {
                (Some("poetry"), Some("pyproject.toml"), None)
            } else if pyproject.is_some() {
                (Some("pip"), Some("pyproject.toml"), None)
            } else if view.has_file("Pipfile") {
                (Some("pipenv"), Some("Pipfile"), None)
            } else if let Some(file) = view.first_file(&["setup.py", "setup.cfg"]) {
                (Some("pip"), Some(if file == "setup.py" { "setup.py" } else { "setup.cfg" }), None)
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
            manager: manager.filter(|_| manifest.is_some()),
            manifest,
            manager_version: None,
            lock,
            dependencies: BTreeSet::new(),
            pyproject,
            pins: Vec::new(),
            script,
        };
        project.read_dependencies(view)?;
        project.read_pins(view)?;
        if let Some(manager) = project.manager.filter(|manager| *manager != "pip") {
            project.manager_version = pins::from_tools(view, &[manager])?.map(|pin| pin.request);
        }
        Ok(Some(project))
    }

    fn read_dependencies(&mut self, view: &View<'_>) -> Result<()> {
        let mut files = vec!["requirements.txt".to_owned()];
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
                if text.to_ascii_lowercase().contains(package) {
                    self.add(package);
                }
            }
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
        FRAMEWORKS.iter().find(|(package, _)| self.has(package)).map(|(_, name)| *name)
    }

    /// Whether the project is a package that can be installed itself.
    pub(super) fn is_package(&self) -> bool {
        let Some(table) = &self.pyproject else { return false };
        let tool = table.get("tool");
        let is_off = tool.and_then(|t| t.get("uv")).and_then(|t| t.get("package"))
            == Some(&toml::Value::Boolean(false))
            || tool.and_then(|t| t.get("poetry")).and_then(|t| t.get("package-mode"))
                == Some(&toml::Value::Boolean(false));
        table.contains_key("build-system") && !is_off
    }

    /// Names of the console scripts.
    pub(super) fn console_scripts(&self) -> Vec<String> {
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
        if self.manager.is_some_and(|manager| manager != "pip") && self.lock.is_none() {
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
