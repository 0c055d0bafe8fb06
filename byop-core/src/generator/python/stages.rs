//! The stages of a Python image.

use std::collections::BTreeMap;

use super::project::Project;
use crate::generator::command::quote;
use crate::generator::finish::{cache, copy, copy_from, copy_source, run};
use crate::generator::images::BaseImages;
use crate::generator::packages;
use crate::generator::version::Version;
use crate::generator::view::View;
use crate::model::{AppSpec, BuildStep, CacheMount, Diagnostic, Plan, RunSpec, Severity, Stage};

const PIP: &str = "/app/.venv/bin/pip";

/// Adds the stages of a project to its plan.
pub(super) fn add(
    plan: &mut Plan,
    view: &View<'_>,
    project: &Project,
    images: &BaseImages,
    server: Option<&'static str>,
    spec: &AppSpec,
) {
    let version = plan.version.clone().unwrap_or_default();
    let image = images.image("python", &version);
    let parsed = Version::parse(&version);
    let is_python2 = parsed.is_some_and(|version| version.major() < 3);
    let native = packages::python(project.dependencies.iter().map(String::as_str));
    let mut build = Stage {
        name: "build".into(),
        image: image.clone(),
        reason: "Installs the dependencies into a virtual environment, which alone is carried over.".into(),
        steps: Vec::new(),
    };
    if !native.build.is_empty() {
        build.steps.push(BuildStep::Packages {
            names: native.build,
            reason: "A dependency is compiled while it is installed.".into(),
        });
    }
    build.steps.push(BuildStep::Workdir("/app".into()));
    let virtualenv = !is_python2;
    let extra = server.filter(|_| virtualenv).map(|name| format!("{name}=={}", server_version(name, parsed)));
    if let Some(package) = &extra {
        plan.diagnostics.push(Diagnostic::new(
            "server-added",
            Severity::Info,
            format!("no server is among the dependencies, so {package} is installed as well"),
        ));
    }
    let installer = Installer { view, project, extra, version: parsed };
    plan.install = spec.build.install.clone().or_else(|| installer.shown());
    if virtualenv {
        installer.steps(&mut build, spec.build.install.as_deref());
    } else {
        build.steps.push(run(
            "mkdir -p /app/.venv/bin",
            Vec::new(),
            "Python 2 has no virtual environments of its own.",
        ));
    }
    // As a part of a workspace it has been installed with it.
    let is_package =
        project.is_package() && project.manager.is_some() && virtualenv && project.workspace.is_none();
    if is_package || plan.build.is_some() {
        build.steps.push(copy_source(view, ""));
    }
    let mut lines = Vec::new();
    if is_package {
        lines.extend(installer.own_package());
    }
    if let Some(line) = &plan.build {
        let needs_key = line.contains("collectstatic");
        // A key for this command alone: it stays in no layer and signs nothing.
        let key = if needs_key {
            "SECRET_KEY=build-only DJANGO_SECRET_KEY=build-only PATH=\"/app/.venv/bin:$PATH\" "
        } else {
            "PATH=\"/app/.venv/bin:$PATH\" "
        };
        // What the command made is carried over without the environment, which has a layer of its own.
        let out = "mkdir /out && find . -mindepth 1 -maxdepth 1 -not -name .venv -exec cp -a -t /out {} +";
        lines.push(format!("{key}{line} && {out}"));
    }
    if !lines.is_empty() {
        let (caches, classic) = installer.caches();
        let command = lines.join(" && ");
        let classic = classic.then(|| command.replace("pip install ", "pip install --no-cache-dir "));
        build.steps.push(BuildStep::Run(RunSpec { command, classic, caches, ..RunSpec::default() }));
    }
    let mut last = Stage {
        name: "run".into(),
        image,
        reason: format!("What runs: Python {version}, the virtual environment and the source."),
        steps: Vec::new(),
    };
    if !native.run.is_empty() {
        last.steps.push(BuildStep::Packages {
            names: native.run,
            reason: "Libraries that a dependency loads while it runs.".into(),
        });
    }
    last.steps.push(BuildStep::Workdir("/app".into()));
    let needs_environment = virtualenv && (project.manager.is_some() || installer.extra.is_some());
    if needs_environment {
        last.steps.push(copy_from(
            "build",
            "/app/.venv",
            "./.venv",
            "Dependencies before source: they change less often.",
        ));
        plan.stages.push(build);
        if plan.build.is_some() {
            last.steps.push(copy_from("build", "/out", "./", ""));
        } else {
            last.steps.push(copy_source(view, ""));
        }
    } else {
        last.steps.push(copy_source(view, "The app has no dependencies: its source is all there is."));
    }
    plan.stages.push(last);
    plan.env.extend(
        [("PYTHONUNBUFFERED", "1"), ("PYTHONDONTWRITEBYTECODE", "1"), ("HOME", "/tmp")]
            .map(|(name, value)| (name.to_owned(), value.to_owned())),
    );
    if needs_environment {
        let path = "/app/.venv/bin:/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin";
        plan.env.insert("PATH".into(), path.into());
        plan.env.insert("VIRTUAL_ENV".into(), "/app/.venv".into());
    }
    if plan.framework.as_deref() == Some("flask")
        && plan.start.as_deref().is_some_and(|line| line.starts_with("flask "))
    {
        plan.env.insert("FLASK_RUN_HOST".into(), "0.0.0.0".into());
        plan.env.insert("FLASK_RUN_PORT".into(), plan.port.to_string());
    }
    plan.health.command = Some(vec!["python".into(), "-c".into(), health(plan)]);
    plan.ignore = [
        "__pycache__",
        "**/__pycache__",
        "**/*.pyc",
        ".venv",
        "venv",
        "env",
        ".tox",
        ".nox",
        ".pytest_cache",
        ".mypy_cache",
        ".ruff_cache",
        ".coverage",
        "htmlcov",
        "*.egg-info",
        "**/*.egg-info",
        "dist",
        "build",
    ]
    .map(String::from)
    .to_vec();
}

/// A health check in Python 2 and 3 alike, by the connection itself: no redirect is followed, no proxy is asked.
fn health(plan: &Plan) -> String {
    let limit = if plan.health.is_known { 400 } else { 500 };
    let path = serde_json::to_string(&plan.health.path).unwrap_or_else(|_| "\"/\"".into());
    let module = if plan.version.as_deref().is_some_and(|version| version.starts_with('2')) {
        "httplib"
    } else {
        "http.client"
    };
    format!(
        "import os, {module} as h; c = h.HTTPConnection(\"127.0.0.1\", int(os.environ.get(\"PORT\", \"{}\")), timeout=4); \
         c.request(\"GET\", {path}); raise SystemExit(c.getresponse().status >= {limit})",
        plan.port
    )
}

/// The version of a server to add, by the Python that it has to run on.
fn server_version(name: &str, python: Option<Version>) -> &'static str {
    let minor = python.and_then(|version| version.minor()).unwrap_or(u32::MAX);
    match (name, minor) {
        ("gunicorn", 10..) => "27.0.1",
        ("gunicorn", _) => "20.1.0",
        ("uvicorn", 10..) => "0.54.0",
        ("uvicorn", 8..) => "0.33.0",
        ("uvicorn", _) => "0.22.0",
        ("hypercorn", 8..) => "0.17.3",
        ("waitress", 9..) => "3.0.2",
        _ => "2.1.2",
    }
}

struct Installer<'a> {
    view: &'a View<'a>,
    project: &'a Project,
    /// A server that the project lacks.
    extra: Option<String>,
    version: Option<Version>,
}

impl Installer<'_> {
    /// The install command line, as a person would type it.
    fn shown(&self) -> Option<String> {
        Some(match self.project.manager? {
            "uv" if self.project.workspace.is_some() => self.install_line("uv"),
            "uv" if self.project.lock.is_some() => "uv sync --frozen --no-dev".to_owned(),
            "uv" => "uv sync --no-dev".into(),
            "poetry" => "poetry install --only main --no-root --no-interaction".into(),
            "pdm" if self.project.lock.is_some() => "pdm sync --prod --no-self --no-editable".into(),
            "pipenv" if self.project.lock.is_some() => "pipenv install --deploy".into(),
            "pipenv" => "pipenv install".into(),
            "conda" => return None,
            _ if self.project.manifest.is_some_and(|file| file.ends_with(".txt")) => {
                format!("pip install -r {}", self.project.manifest.unwrap_or_default())
            }
            _ => "pip install .".into(),
        })
    }

    fn caches(&self) -> (Vec<CacheMount>, bool) {
        let pip = cache("pip", "/root/.cache/pip");
        match self.project.manager {
            Some("uv") => (vec![pip, cache("uv", "/root/.cache/uv")], true),
            Some("poetry") => (vec![pip, cache("poetry", "/root/.cache/pypoetry")], true),
            Some("pdm") => (vec![pip, cache("pdm", "/root/.cache/pdm")], true),
            Some("pipenv") => (vec![pip, cache("pipenv", "/root/.cache/pipenv")], true),
            _ => (vec![pip], true),
        }
    }

    /// A pinned version of the manager.
    fn manager_package(&self, manager: &str) -> String {
        let newest = match manager {
            "uv" => crate::generator::python::UV,
            "pdm" => "2.29.4",
            "pipenv" => "2026.10.3",
            _ => "2.5.1",
        };
        let minor = self.version.and_then(|version| version.minor()).unwrap_or(u32::MAX);
        let old = match manager {
            "poetry" if minor < 10 => Some("1.8.5"),
            "pdm" if minor < 10 => Some("2.22.4"),
            "pipenv" if minor < 10 => Some("2024.4.1"),
            _ => None,
        };
        let said = self
            .project
            .manager_version
            .as_deref()
            .filter(|text| Version::parse(text).is_some_and(|v| v.is_exact()));
        let locked = || {
            let text = self.view.glance("poetry.lock")?;
            let first = text.lines().next()?.split("Poetry ").nth(1)?.split_whitespace().next()?.to_owned();
            let version = Version::parse(&first).filter(Version::is_exact)?;
            // Older ones do not run on the Python of today.
            let floor = Version::parse("1.8.0")?;
            Some(if version.compare(&floor).is_lt() { "1.8.5".to_owned() } else { first })
        };
        let locked = if manager == "poetry" { locked() } else { None };
        let version = said
            .map(str::to_owned)
            .or(locked)
            .or(old.map(str::to_owned))
            .unwrap_or_else(|| newest.to_owned());
        format!("{manager}=={version}")
    }

    fn steps(&self, stage: &mut Stage, given: Option<&str>) {
        let manager = self.project.manager.unwrap_or("pip");
        let mut lines = Vec::new();
        match manager {
            "uv" => lines.push(self.pip_into("/opt/tool", &self.manager_package("uv"))),
            "poetry" | "pdm" | "pipenv" => {
                lines.push(self.pip_into("/opt/tool", &self.manager_package(manager)))
            }
            _ => {}
        }
        if !lines.is_empty() {
            let line = format!("python -m venv /opt/tool && {}", lines.join(" && "));
            stage.steps.push(self.pip_run(line, "The package manager, apart from what it installs."));
        }
        let mut values = BTreeMap::new();
        if manager != "pip" {
            values.insert(
                "PATH".to_owned(),
                "/app/.venv/bin:/opt/tool/bin:/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
                    .to_owned(),
            );
        }
        let pairs: &[(&str, &str)] = match manager {
            "uv" => &[
                ("UV_LINK_MODE", "copy"),
                ("UV_PYTHON_DOWNLOADS", "never"),
                ("UV_PROJECT_ENVIRONMENT", "/app/.venv"),
                ("UV_COMPILE_BYTECODE", "1"),
            ],
            "poetry" => &[("POETRY_VIRTUALENVS_IN_PROJECT", "true"), ("POETRY_NO_INTERACTION", "1")],
            "pdm" => &[("PDM_CHECK_UPDATE", "false")],
            "pipenv" => &[("PIPENV_VENV_IN_PROJECT", "1"), ("PIPENV_NOSPIN", "1")],
            _ => &[],
        };
        values.extend(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        if !values.is_empty() {
            stage.steps.push(BuildStep::Env {
                values,
                reason: "The environment is made inside the app's folder, from this image's Python.".into(),
            });
        }
        let files = self.manifests();
        if let Some(folder) = &self.project.workspace {
            let from = if folder.is_empty() { ".".to_owned() } else { format!("{folder}/") };
            stage.steps.push(BuildStep::Workdir("/src".into()));
            let reason = "The lock file is that of the workspace, and other parts of it may be needed.";
            stage.steps.push(copy(vec![from], "./", reason));
        } else if !files.is_empty() {
            if self.needs_source() {
                stage.steps.push(copy_source(
                    self.view,
                    "A dependency is part of the tree, so the installation needs the source.",
                ));
            } else {
                stage.steps.push(copy(
                    files,
                    "./",
                    "Manifests first: the next layer is only made again when they change.",
                ));
            }
        }
        if let Some((folder, _)) = self.project.manifest.and_then(|file| file.split_once('/')) {
            stage.steps.push(copy(
                vec![self.view.full(folder)],
                &format!("./{folder}"),
                "The lists of packages.",
            ));
        }
        let mut install = vec![match given {
            Some(line) => format!("python -m venv /app/.venv && PATH=\"/app/.venv/bin:$PATH\" {line}"),
            None => self.install_line(manager),
        }];
        if let Some(package) = &self.extra {
            install.push(match manager {
                "uv" => format!("uv pip install --python /app/.venv/bin/python {}", quote(package)),
                _ => format!("/app/.venv/bin/python -m pip install {}", quote(package)),
            });
        }
        stage.steps.push(self.pip_run(install.join(" && "), ""));
        if self.project.workspace.is_some() {
            stage.steps.push(BuildStep::Workdir("/app".into()));
        }
    }

    fn install_line(&self, manager: &str) -> String {
        let frozen = if self.project.lock.is_some() { "--frozen " } else { "" };
        match manager {
            "uv" if self.project.workspace.is_some() => {
                let name = self.project.name().map(|name| format!(" --package {}", quote(name))).unwrap_or_default();
                format!("uv sync --frozen --no-dev --no-editable{name}")
            }
            "uv" => format!("uv sync {frozen}--no-dev --no-install-project"),
            "poetry" => "python -m venv /app/.venv && poetry install --only main --no-root --no-interaction".into(),
            "pdm" if self.project.lock.is_some() => "python -m venv /app/.venv && pdm use -f /app/.venv && pdm sync --prod --no-self --no-editable".into(),
            "pdm" => "python -m venv /app/.venv && pdm use -f /app/.venv && pdm install --prod --no-self --no-editable".into(),
            "pipenv" => format!("python -m venv /app/.venv && {}", self.shown().unwrap_or_default()),
            _ => match self.project.manifest {
                Some(list) if list.ends_with(".txt") => format!("python -m venv /app/.venv && {PIP} install -r {list}"),
                Some("pyproject.toml") if self.has_listed_dependencies() => {
                    // Only the list: the project itself comes with its source, after this layer.
                    let read = "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['dependencies'], sep='\\n')";
                    let read = if self.version.and_then(|v| v.minor()).is_some_and(|minor| minor < 11) {
                        read.replace("import tomllib", "from pip._vendor import tomli as tomllib")
                    } else {
                        read.to_owned()
                    };
                    format!("python -m venv /app/.venv && python -c \"{read}\" > /tmp/requirements.txt && {PIP} install -r /tmp/requirements.txt")
                }
                _ => "python -m venv /app/.venv".into(),
            },
        }
    }

    fn has_listed_dependencies(&self) -> bool {
        self.project
            .pyproject
            .as_ref()
            .and_then(|table| table.get("project"))
            .and_then(|project| project.get("dependencies"))
            .and_then(toml::Value::as_array)
            .is_some_and(|list| !list.is_empty())
    }

    /// Installs the project itself, after its source is there.
    fn own_package(&self) -> Option<String> {
        let frozen = if self.project.lock.is_some() { "--frozen " } else { "" };
        Some(match self.project.manager? {
            "uv" => format!("uv sync {frozen}--no-dev --no-editable --inexact"),
            "poetry" => "poetry install --only main --no-interaction".into(),
            "pdm" => "pdm install --prod --no-lock --no-editable".into(),
            "pipenv" | "conda" => return None,
            _ if self.project.lists_dependencies() => format!("{PIP} install --no-deps ."),
            _ => format!("{PIP} install ."),
        })
    }

    fn manifests(&self) -> Vec<String> {
        let mut files: Vec<String> = [
            "requirements.txt",
            "pyproject.toml",
            "uv.lock",
            "poetry.lock",
            "pdm.lock",
            "Pipfile",
            "Pipfile.lock",
            "constraints.txt",
        ]
        .into_iter()
        .filter(|file| self.view.has_file(file))
        .map(|file| self.view.full(file))
        .collect();
        if self.project.manager.is_none() {
            files.clear();
        }
        files
    }

    /// Whether the installation needs more than the manifests: local packages, workspaces, further lists.
    fn needs_source(&self) -> bool {
        let requirements = self.view.glance("requirements.txt").unwrap_or_default();
        let is_local = requirements.lines().map(str::trim).any(|line| {
            ["-r ", "-c ", "-e ", "--requirement", "--editable", ".", "file:"]
                .iter()
                .any(|start| line.starts_with(start))
        });
        let tool = |path: &[&str]| {
            let mut at = self.project.pyproject.as_ref()?.get("tool")?;
            for key in path {
                at = at.get(*key)?;
            }
            Some(at)
        };
        let has_members = tool(&["uv", "workspace"]).is_some();
        let has_paths = [tool(&["uv", "sources"]), tool(&["poetry", "dependencies"])]
            .into_iter()
            .flatten()
            .filter_map(toml::Value::as_table)
            .any(|table| table.values().any(|source| source.get("path").is_some()));
        is_local || has_members || has_paths
    }

    fn pip_into(&self, environment: &str, package: &str) -> String {
        format!("{environment}/bin/pip install {package}")
    }

    fn pip_run(&self, command: String, reason: &str) -> BuildStep {
        let (caches, _) = self.caches();
        let classic = command.contains("pip install ").then(|| {
            command
                .replace("pip install ", "pip install --no-cache-dir ")
                .replace("uv pip install --no-cache-dir ", "uv pip install ")
        });
        BuildStep::Run(RunSpec { command, classic, caches, reason: reason.into(), ..RunSpec::default() })
    }
}
