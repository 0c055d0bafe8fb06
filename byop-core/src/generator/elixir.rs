//! Elixir: Phoenix and other Mix projects, built to a release that brings its own Erlang.

mod project;
mod stages;

use project::Project;

use super::finish::{begin, end, no_start};
use super::images::BaseImages;
use super::scan::Sources;
use super::version::Version;
use super::view::View;
use super::{Generator, command, pins, procfile, scan};
use crate::error::{Error, Result};
use crate::model::{AppSpec, Detection, Diagnostic, EnvNeed, Plan, Severity};
use crate::source::SourceTree;

/// By minor version of Elixir 1: the oldest, the usual and the newest Erlang that official images pair it with.
const ERLANG: [(u32, u32, u32, u32); 10] = [
    (10, 22, 22, 22),
    (11, 23, 23, 23),
    (12, 24, 24, 24),
    (13, 24, 24, 25),
    (14, 24, 26, 26),
    (15, 24, 26, 26),
    (16, 24, 26, 26),
    (17, 25, 27, 27),
    (18, 25, 27, 27),
    (19, 26, 28, 28),
];

/// Recognises `mix.exs`.
#[derive(Debug, Clone, Default)]
pub struct ElixirGenerator {
    images: BaseImages,
}

impl ElixirGenerator {
    /// The generator on a table of base images.
    #[must_use]
    pub fn new(images: BaseImages) -> Self {
        Self { images }
    }
}

impl Generator for ElixirGenerator {
    fn name(&self) -> &str {
        "elixir"
    }

    fn looks_for(&self) -> Vec<String> {
        vec!["mix.exs".into()]
    }

    fn detect(&self, source: &SourceTree) -> Result<Option<Detection>> {
        let view = View::of(source);
        let Some(project) = Project::read(&view)? else { return Ok(None) };
        let release = project.release();
        let mut detection = Detection::new("elixir", if release.is_some() { 0.97 } else { 0.7 });
        view.base().clone_into(&mut detection.root);
        detection.note("stack = elixir", view.full("mix.exs"), "the manifest of a Mix project");
        let version = pins::decide(&self.images, "elixir", &project.pins, None, &mut detection);
        let (_, refused) = erlang(&project, &version);
        if let Some((wanted, file)) = refused {
            detection.diagnostics.push(
                Diagnostic::new(
                    "contradicting-versions",
                    Severity::Warning,
                    format!(
                        "{file} asks for Erlang {wanted}, which there is no image of with Elixir {version}"
                    ),
                )
                .with_setting("build.version"),
            );
        }
        detection.version = Some(version);
        detection.package_manager = Some("mix".into());
        if let Some(name) = project.framework() {
            detection.framework = Some(name.into());
            detection.note(format!("framework = {name}"), view.full("mix.exs"), "it is a dependency");
        }
        match &release {
            Some((name, folder)) => {
                let file = if folder.is_empty() { "mix.exs".to_owned() } else { format!("{folder}/mix.exs") };
                detection.note(format!("release = {name}"), view.full(&file), "`releases`, else `app`");
                if project.root.releases.len() > 1 {
                    detection.diagnostics.push(
                        Diagnostic::new(
                            "several-binaries",
                            Severity::Info,
                            format!(
                                "the release {name} is built; there is also {}",
                                project.root.releases[1..].join(", ")
                            ),
                        )
                        .with_setting("build.build"),
                    );
                }
            }
            None => {
                let names: Vec<&str> = project.apps.iter().map(|(folder, _)| folder.as_str()).collect();
                detection.diagnostics.push(no_start(format!(
                    "mix.exs names no release: which app is to run? {}",
                    names.join(", ")
                )));
            }
        }
        Ok(Some(detection))
    }

    fn plan(&self, source: &SourceTree, detection: &Detection, spec: &AppSpec) -> Result<Plan> {
        let view = View::at(source, &detection.root);
        let Some(project) = Project::read(&view)? else {
            return Err(Error::invalid("app.plan", "mix.exs is gone").with_remedy("detect again"));
        };
        let mut detection = detection.clone();
        if let Some(version) = &spec.build.version {
            let version = version.split("-otp-").next().unwrap_or(version);
            detection.version = Some(self.images.resolve("elixir", version).version);
        }
        let procfile = procfile::read(&view)?;
        let release = project.release();
        let own = release.as_ref().map(|(name, _)| format!("bin/{name} start"));
        // The image has the release and no Mix, so a line for Mix stands for the release.
        let given = procfile.web.as_deref().filter(|line| !runs_mix(line));
        let start = spec.build.start.clone().or_else(|| given.map(str::to_owned)).or(own);
        let sources = Sources::read(&view, None, &["ex"]);
        let framework = project.framework();
        let port = spec
            .port
            .or_else(|| start.as_deref().and_then(command::port_of))
            .or_else(|| {
                (framework != Some("phoenix")).then(|| sources.port().map(|(port, _)| port)).flatten()
            })
            .unwrap_or(4000);
        let mut plan = begin(&detection, port);
        plan.entry = release.as_ref().map(|(name, _)| name.clone());
        plan.processes = procfile.others;
        plan.processes.retain(|_, line| !runs_mix(line));
        plan.health = scan::health(spec.health.path.as_deref(), health(&sources));
        plan.install =
            spec.build.install.clone().or_else(|| project.is_fetched.then(|| install(&project, &plan)));
        for (name, value) in [
            ("HOME", "/tmp"),
            ("LANG", "C.UTF-8"),
            // The release writes its settings there when it starts.
            ("RELEASE_TMP", "/tmp"),
            // No other node is to be reached, so nothing listens for one.
            ("RELEASE_DISTRIBUTION", "none"),
        ] {
            plan.env.insert(name.into(), value.into());
        }
        if framework == Some("phoenix") {
            plan.env.insert("PHX_SERVER".into(), "true".into());
        }
        needs(&mut plan, &view);
        if let Some((name, _)) = &release {
            migrations(&mut plan, &view, &project, name);
        }
        plan.start = start;
        plan.ignore = [
            "_build",
            "**/_build",
            "deps",
            "cover",
            "doc",
            "erl_crash.dump",
            "**/node_modules",
            "priv/static/assets",
        ]
        .map(String::from)
        .to_vec();
        match release {
            Some((name, folder)) if plan.start.is_some() => {
                let place = stages::Place { view: &view, source, images: &self.images };
                let (otp, _) = erlang(&project, plan.version.as_deref().unwrap_or_default());
                stages::add(&mut plan, &place, &project, &name, &folder, otp, spec)?;
            }
            _ => plan.build.clone_from(&spec.build.build),
        }
        end(plan, &view, spec)
    }
}

fn runs_mix(line: &str) -> bool {
    line.split_whitespace().any(|word| matches!(word, "mix" | "iex" | "elixir"))
}

/// The Erlang that is built and run with, and a pin that no image fits.
fn erlang<'a>(project: &'a Project, version: &str) -> (u32, Option<(u32, &'a str)>) {
    let version = Version::parse(version);
    let minor = version.and_then(|version| version.minor()).unwrap_or(18);
    let (_, oldest, mut usual, newest) = ERLANG
        .into_iter()
        .find(|(known, ..)| *known == minor)
        .unwrap_or(if minor > 19 { (minor, 26, 28, 29) } else { (minor, 22, 22, 22) });
    let is_early = version
        .zip(Version::parse("1.14.5"))
        .is_some_and(|(v, limit)| v.is_exact() && v.compare(&limit).is_lt());
    if minor == 14 && is_early {
        usual = 25;
    }
    match &project.erlang {
        Some((wanted, _)) if (oldest..=newest).contains(wanted) => (*wanted, None),
        Some((wanted, file)) => (usual, Some((*wanted, file))),
        None => (usual, None),
    }
}

/// Downloads the packages, refusing a lock file that does not fit where Mix can.
fn install(project: &Project, plan: &Plan) -> String {
    let checks = Version::parse("1.15")
        .zip(plan.version.as_deref().and_then(Version::parse))
        .is_some_and(|(since, version)| version.compare(&since).is_ge());
    let locked = if project.has_lock && checks { " --check-locked" } else { "" };
    format!("mix deps.get --only prod{locked}")
}

/// The variables that the settings read at start and that nothing has a value for.
fn needs(plan: &mut Plan, view: &View<'_>) {
    let file = "config/runtime.exs";
    let Some(text) = view.glance(file) else { return };
    for (name, is_secret) in [("SECRET_KEY_BASE", true), ("DATABASE_URL", true), ("PHX_HOST", false)] {
        if text.contains(&format!("\"{name}\"")) {
            plan.required_env.push(EnvNeed { name: name.into(), file: view.full(file), is_secret });
        }
    }
}

/// Database changes belong before a release, never into its start.
fn migrations(plan: &mut Plan, view: &View<'_>, project: &Project, name: &str) {
    if plan.processes.contains_key("release") || !project.has("ecto_sql") {
        return;
    }
    let module = view
        .sources(&["ex"], 4)
        .into_iter()
        .filter(|path| path.ends_with("/release.ex"))
        .find_map(|path| view.glance(path))
        .filter(|text| text.contains("def migrate"))
        .and_then(|text| {
            let rest = text.split_once("defmodule ")?.1;
            let module: String =
                rest.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_')).collect();
            (!module.is_empty()).then_some(module)
        });
    if let Some(module) = module {
        let line = format!("bin/{name} eval {module}.migrate");
        plan.diagnostics.push(Diagnostic::new(
            "release-command",
            Severity::Info,
            format!(
                "the database is changed by `{line}`, run once before a release; nothing migrates at start"
            ),
        ));
        plan.processes.insert("release".into(), line);
    } else {
        plan.diagnostics.push(Diagnostic::new(
            "no-release-command",
            Severity::Info,
            "the app has a database and no module to migrate it from a release: `mix phx.gen.release` makes one",
        ));
    }
}

/// The health path among the routes: only those at the top or in a scope without a path of its own.
fn health(sources: &Sources) -> Option<String> {
    const PATHS: [&str; 9] =
        ["/healthz", "/health", "/readyz", "/livez", "/up", "/ping", "/_health", "/healthcheck", "/status"];
    let mut best: Option<usize> = None;
    for (_, text) in sources.iter() {
        let mut is_top = true;
        for line in text.lines().map(str::trim) {
            if let Some(rest) = line.strip_prefix("scope ") {
                is_top = rest.starts_with("\"/\"");
            }
            let path = line.strip_prefix("get \"").and_then(|rest| rest.split('"').next());
            let rank = path.filter(|_| is_top).and_then(|path| PATHS.iter().position(|known| *known == path));
            best = match (best, rank) {
                (Some(old), Some(new)) => Some(old.min(new)),
                (old, new) => old.or(new),
            };
        }
    }
    best.map(|rank| PATHS[rank].to_owned())
}
