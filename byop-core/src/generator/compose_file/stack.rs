//! A tree that says only by its compose file what it is.

use super::compose_file;
use crate::error::{Error, Result};
use crate::generator::finish::{COMPOSE_FILES, end};
use crate::generator::view::View;
use crate::generator::{Generator, command, dockerfile};
use crate::model::{
    AddonNeed, AppSpec, ComposeApp, ComposePolicy, ComposeService, Detection, Diagnostic, EnvNeed, Plan,
    Protocol, Severity,
};
use crate::source::SourceTree;

/// Files that speak for a stack of their own: the compose file beside them is then only a finding.
const OTHERS: [&str; 24] = [
    "Dockerfile",
    "Containerfile",
    "package.json",
    "deno.json",
    "deno.jsonc",
    "requirements.txt",
    "pyproject.toml",
    "Pipfile",
    "setup.py",
    "manage.py",
    "go.mod",
    "go.work",
    "Cargo.toml",
    "pom.xml",
    "build.gradle",
    "build.gradle.kts",
    "Gemfile",
    "composer.json",
    "index.php",
    "mix.exs",
    "pubspec.yaml",
    "Package.swift",
    "index.html",
    "Procfile",
];

/// Recognises a compose file at the root, where nothing else says what the tree is. Of its services the one that is
/// built from the tree and publishes a port is the app; databases beside it become add-ons.
#[derive(Debug, Clone, Default)]
pub struct ComposeGenerator {
    policy: ComposePolicy,
}

impl ComposeGenerator {
    /// The generator; what it does not take is a diagnostic.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Treats what it does not take otherwise.
    #[must_use]
    pub fn with_policy(mut self, policy: ComposePolicy) -> Self {
        self.policy = policy;
        self
    }
}

impl Generator for ComposeGenerator {
    fn name(&self) -> &str {
        "compose"
    }

    fn looks_for(&self) -> Vec<String> {
        COMPOSE_FILES[..1].iter().map(|name| (*name).to_owned()).collect()
    }

    fn detect(&self, source: &SourceTree) -> Result<Option<Detection>> {
        let view = View::at(source, source.focus());
        let Some(file) = view.first_file(&COMPOSE_FILES) else { return Ok(None) };
        // A file beside a stack is not even read: it can break nothing there.
        if view.first_file(&OTHERS).is_some() || view.entries_here().any(|(name, _)| name.ends_with("proj")) {
            let mut detection = Detection::new("compose", 0.2);
            detection.note(
                "stack = compose",
                view.full(file),
                "a compose file beside other files that speak for a stack",
            );
            return Ok(Some(detection));
        }
        let text = view.read(file)?.unwrap_or_default();
        let app = compose_file(&view.full(file), &text, &Default::default(), ComposePolicy::Warn)?;
        let main = main_service(&app);
        let is_certain = main.as_ref().is_ok_and(|(_, service)| {
            service
                .build
                .as_ref()
                .is_some_and(|build| view.has_file(&join(&build.context, &build.dockerfile)))
        });
        let mut detection = Detection::new("compose", if is_certain { 0.9 } else { 0.4 });
        detection.note(
            "stack = compose",
            view.full(file),
            "a compose file, and nothing else that speaks for a stack",
        );
        if let Ok((name, _)) = &main {
            detection.note(
                format!("service = {name}"),
                view.full(file),
                "it is built from the tree, and publishes a port if others are built too",
            );
        }
        Ok(Some(detection))
    }

    fn plan(&self, source: &SourceTree, detection: &Detection, spec: &AppSpec) -> Result<Plan> {
        let view = View::at(source, source.focus());
        let gone = || Error::invalid("app.plan", "the compose file is not there").with_remedy("detect again");
        let file = view.first_file(&COMPOSE_FILES).ok_or_else(gone)?;
        let text = view.read(file)?.ok_or_else(gone)?;
        let known = spec.env.iter().map(|(name, value)| (name.to_string(), value.clone())).collect();
        let app = compose_file(&view.full(file), &text, &known, self.policy)?;
        let (name, service) = match main_service(&app) {
            Ok(found) => found,
            Err(diagnostic) => {
                let mut plan = crate::generator::finish::begin(detection, spec.port.unwrap_or(8080));
                plan.diagnostics.push(diagnostic);
                plan.diagnostics.extend(app.diagnostics);
                return end(plan, &view, spec);
            }
        };
        let build = service.build.clone().unwrap_or_default();
        let context = view.full(&build.context).trim_end_matches('/').to_owned();
        let inside = View::at(source, &context);
        let mut plan = dockerfile::read(&inside, &build.dockerfile, detection, spec)?;
        plan.context = context;
        if let Some(port) = service.ports.iter().find(|port| port.protocol == Protocol::Tcp)
            && spec.port.is_none()
        {
            plan.port = port.container_port;
            plan.diagnostics.retain(|one| !matches!(one.code.as_str(), "no-port" | "several-ports"));
        }
        start(&mut plan, service, spec);
        if let (Some(test), None, false) = (&service.health, &spec.health.path, plan.health.is_known)
            && let Some(path) = dockerfile::path_in(&test.join(" "))
        {
            plan.health.path = path;
            plan.health.is_known = true;
        }
        let kept: Vec<String> =
            service.volumes.iter().filter(|one| !one.is_folder).map(|one| one.path.clone()).collect();
        for volume in dockerfile::volumes(&kept)? {
            if !plan.volumes.iter().any(|known| known.path == volume.path) {
                plan.volumes.push(volume);
            }
        }
        neighbours(&mut plan, &app, name, file);
        environment(&mut plan, &app, service, file);
        plan.diagnostics.extend(app.diagnostics);
        let is_inside = !plan.context.is_empty();
        let mut plan = end(plan, &view, spec)?;
        if is_inside {
            // The builder reads the one of its own context.
            plan.kept.remove(".dockerignore");
        }
        Ok(plan)
    }
}

fn join(folder: &str, path: &str) -> String {
    if folder.is_empty() { path.to_owned() } else { format!("{folder}/{path}") }
}

/// The service that answers requests: the only one that is built, else the only one of those that publishes a port.
fn main_service(app: &ComposeApp) -> std::result::Result<(&str, &ComposeService), Diagnostic> {
    let built: Vec<(&str, &ComposeService)> = app
        .services
        .iter()
        .filter(|(_, service)| service.build.is_some())
        .map(|(name, service)| (name.as_str(), service))
        .collect();
    let open: Vec<_> = built.iter().copied().filter(|(_, service)| !service.ports.is_empty()).collect();
    let ask = |code: &str, message: String| {
        Err(Diagnostic::new(code, Severity::Error, message).with_setting("build.root"))
    };
    match (built.as_slice(), open.as_slice()) {
        ([one], _) | (_, [one]) => Ok(*one),
        ([], _) => ask(
            "no-service",
            "no service of the compose file is built from the tree: which folder holds the app?".into(),
        ),
        _ => {
            let names: Vec<_> = built.iter().map(|(name, _)| *name).collect();
            ask(
                "several-services",
                format!(
                    "several services are built from the tree ({}): which one is the app?",
                    names.join(", ")
                ),
            )
        }
    }
}

/// The program and arguments that the file gives in place of the image's.
fn start(plan: &mut Plan, service: &ComposeService, spec: &AppSpec) {
    if spec.build.start.is_some() {
        return;
    }
    let words: Option<Vec<String>> = match (&service.entrypoint, &service.command) {
        (Some(program), arguments) => {
            Some(program.iter().chain(arguments.iter().flatten()).cloned().collect())
        }
        (None, Some(arguments)) => Some(arguments.clone()),
        (None, None) => None,
    };
    if let Some(words) = words.filter(|words| !words.is_empty()) {
        plan.start = Some(words.iter().map(|word| command::quote(word)).collect::<Vec<_>>().join(" "));
        plan.command = Some(words);
    }
    let has_own = plan.kept.values().any(|text| {
        text.lines().any(|line| line.trim_start().to_ascii_uppercase().starts_with("ENTRYPOINT"))
    });
    if service.entrypoint.is_some() && has_own {
        let message =
            "the Dockerfile has an ENTRYPOINT, and it stays in front of what the compose file names";
        plan.diagnostics.push(
            Diagnostic::new("compose-entrypoint", Severity::Warning, message).with_setting("build.start"),
        );
    }
}

/// The other services: databases are add-ons, the same image with another command is a process.
fn neighbours(plan: &mut Plan, app: &ComposeApp, main: &str, file: &str) {
    let build = app.services.get(main).and_then(|service| service.build.as_ref());
    for (name, service) in app.services.iter().filter(|(name, _)| *name != main) {
        let is_same = service.build.is_some() && service.build.as_ref() == build;
        match (&service.command, &service.image) {
            (Some(words), _) if is_same => {
                let line = words.iter().map(|word| command::quote(word)).collect::<Vec<_>>().join(" ");
                plan.processes.insert(name.clone(), line);
            }
            (_, Some(image)) if service.build.is_none() => {
                let last = image.rsplit('/').next().unwrap_or(image);
                let base = last.split([':', '@']).next().unwrap_or(last);
                let kind = match base {
                    "postgres" | "postgis" | "pgvector" | "timescaledb" => "postgresql",
                    "mongo" => "mongodb",
                    "valkey" => "redis",
                    other => other,
                };
                let env = app.services.get(main).and_then(|service| address_of(service, name));
                plan.addons.push(AddonNeed {
                    kind: kind.to_owned(),
                    file: file.to_owned(),
                    reason: format!("the service {name} with the image {image}"),
                    env,
                });
            }
            _ => plan.diagnostics.push(Diagnostic::new(
                "compose-other-service",
                Severity::Warning,
                format!("the service {name} is an app of its own: deploy it as one"),
            )),
        }
    }
}

/// The variable in which the app is told where another service is.
fn address_of(service: &ComposeService, other: &str) -> Option<String> {
    let leads_there = |value: &String| {
        value == other
            || value.starts_with(&format!("{other}:"))
            || [format!("@{other}"), format!("//{other}")].iter().any(|start| {
                value
                    .split_once(start)
                    .is_some_and(|(_, rest)| rest.is_empty() || rest.starts_with([':', '/']))
            })
    };
    service
        .env
        .iter()
        .find(|(_, value)| value.as_ref().is_some_and(leads_there))
        .map(|(name, _)| name.clone())
}

/// Variables with a value are the app's; those without have to be given. Addresses of databases change with them.
fn environment(plan: &mut Plan, app: &ComposeApp, service: &ComposeService, file: &str) {
    let need = |name: &String| {
        let upper = name.to_ascii_uppercase();
        let is_secret = ["PASSWORD", "SECRET", "TOKEN", "KEY"].iter().any(|part| upper.contains(part));
        EnvNeed { name: name.clone(), file: file.to_owned(), is_secret }
    };
    for (name, value) in &service.env {
        if plan.addons.iter().any(|addon| addon.env.as_ref() == Some(name)) || name == "PORT" {
            continue;
        }
        match value {
            Some(value) if !value.is_empty() => drop(plan.env.insert(name.clone(), value.clone())),
            _ => plan.required_env.push(need(name)),
        }
    }
    for name in &app.missing {
        if !service.env.contains_key(name) {
            plan.diagnostics.push(
                Diagnostic::new(
                    "compose-variable",
                    Severity::Warning,
                    format!("{file} asks for the variable {name}, which has no value: its place is empty"),
                )
                .with_setting("env"),
            );
        }
    }
}
