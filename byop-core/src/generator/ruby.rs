//! Ruby: Rails, Sinatra and other Rack apps, and scripts, with Bundler.

mod gems;
mod native;
mod project;
mod stages;

use project::Project;

use super::finish::{begin, end, no_start, start_of};
use super::images::BaseImages;
use super::scan::Sources;
use super::view::View;
use super::{Generator, command, node, pins, procfile, scan};
use crate::error::{Error, Result};
use crate::model::{AppSpec, Detection, Diagnostic, EnvNeed, Plan, Severity};
use crate::source::SourceTree;

/// Gems that build their assets with Node.js.
const NODE_GEMS: [&str; 7] = [
    "jsbundling-rails",
    "cssbundling-rails",
    "webpacker",
    "shakapacker",
    "vite_rails",
    "vite_ruby",
    "react_on_rails",
];

/// Recognises `Gemfile`, `config.ru` and scripts with a usual name.
#[derive(Debug, Clone, Default)]
pub struct RubyGenerator {
    images: BaseImages,
}

impl RubyGenerator {
    /// The generator on a table of base images.
    #[must_use]
    pub fn new(images: BaseImages) -> Self {
        Self { images }
    }
}

impl Generator for RubyGenerator {
    fn name(&self) -> &str {
        "ruby"
    }

    fn looks_for(&self) -> Vec<String> {
        ["Gemfile", "config.ru", "app.rb", "main.rb"].map(String::from).to_vec()
    }

    fn detect(&self, source: &SourceTree) -> Result<Option<Detection>> {
        let view = View::of(source);
        let Some(project) = Project::read(&view)? else { return Ok(None) };
        let procfile = procfile::read(&view)?;
        let is_named = procfile.web.is_some() && project.has_gemfile;
        let confidence = match (&project.start, project.has_gemfile) {
            _ if is_named => 0.97,
            (Some(_), true) if project.entry.as_deref() == Some("Rakefile") => 0.6,
            (Some(_), true) => 0.96,
            (Some(_), false) => 0.85,
            // A Gemfile alone often holds tools of another stack.
            (None, _) => 0.45,
        };
        let mut detection = Detection::new("ruby", confidence);
        view.base().clone_into(&mut detection.root);
        let file =
            if project.has_gemfile { "Gemfile" } else { project.entry.as_deref().unwrap_or("config.ru") };
        detection.note("stack = ruby", view.full(file), "a file of a Ruby project");
        detection.version = Some(pins::decide(&self.images, "ruby", &project.pins, None, &mut detection));
        if project.has_gemfile {
            detection.package_manager = Some("bundler".into());
            if let Some(version) = &project.gems.bundler {
                detection.package_manager_version = Some(version.clone());
                detection.note(
                    format!("package manager = bundler {version}"),
                    view.full("Gemfile.lock"),
                    "BUNDLED WITH",
                );
            }
        }
        if let Some(name) = project.framework {
            detection.framework = Some(name.into());
            detection.note(format!("framework = {name}"), view.full("Gemfile"), "it is among the gems");
        }
        if let Some(start) = project.start.as_ref().filter(|_| procfile.web.is_none()) {
            detection.note(
                format!("start = {start}"),
                view.full(project.entry.as_deref().unwrap_or_default()),
                "the file that an app of this kind begins with",
            );
        }
        if project.start.is_none() && procfile.web.is_none() {
            detection.diagnostics.push(no_start(
                "there is no Rails application, no config.ru and no script with a usual name: how is the app started?",
            ));
        }
        if project.has_gemfile && !project.has_lock && !project.gems.is_empty() {
            detection.diagnostics.push(Diagnostic::new(
                "no-lock-file",
                Severity::Warning,
                "there is no Gemfile.lock, so two builds of the same source may differ",
            ));
        }
        let platforms = &project.gems.platforms;
        let fits = platforms.iter().any(|name| name == "ruby" || name.contains("linux"));
        if !platforms.is_empty() && !fits {
            detection.diagnostics.push(Diagnostic::new(
                "lock-without-linux",
                Severity::Warning,
                format!(
                    "Gemfile.lock knows {} only: run `bundle lock --add-platform x86_64-linux`",
                    platforms.join(", ")
                ),
            ));
        }
        Ok(Some(detection))
    }

    fn plan(&self, source: &SourceTree, detection: &Detection, spec: &AppSpec) -> Result<Plan> {
        let view = View::at(source, &detection.root);
        let Some(project) = Project::read(&view)? else {
            return Err(Error::invalid("app.plan", "the Ruby project is gone").with_remedy("detect again"));
        };
        let mut detection = detection.clone();
        if let Some(version) = &spec.build.version {
            detection.version = Some(self.images.resolve("ruby", version).version);
        }
        let procfile = procfile::read(&view)?;
        let start = start_of(spec, &procfile, project.start.clone());
        if start.is_some() {
            detection.diagnostics.retain(|d| d.code != "no-start-command");
        }
        let sources = if project.is_rails() {
            Sources::default()
        } else {
            Sources::read(&view, project.entry.as_deref(), &["rb", "ru"])
        };
        let port = spec
            .port
            .or_else(|| start.as_deref().and_then(command::port_of))
            .or_else(|| sources.port().map(|(port, _)| port))
            .unwrap_or(match (project.framework, project.entry.as_deref()) {
                (Some("sinatra"), Some(entry)) if entry != "config.ru" => 4567,
                _ => 3000,
            });
        let mut plan = begin(&detection, port);
        plan.entry.clone_from(&project.entry);
        plan.processes = procfile.others;
        let found =
            if project.is_rails() { rails_health(&view) } else { sources.health().map(|(path, _)| path) };
        plan.health = scan::health(spec.health.path.as_deref(), found);
        plan.diagnostics.extend(sources.loopback());
        plan.install =
            spec.build.install.clone().or_else(|| project.has_gemfile.then(|| install(&project, &view)));
        let needs_node = NODE_GEMS.iter().any(|gem| project.gems.has(gem));
        let assets = node::assets(&view, &self.images, &["build"])?
            .filter(|assets| if project.is_rails() { needs_node } else { assets.build.is_some() });
        plan.build = spec.build.build.clone().or_else(|| {
            if project.is_rails() { rails_build(&project) } else { assets.as_ref()?.build.clone() }
        });
        plan.ignore =
            ["log/*", "tmp/*", ".bundle", "vendor/bundle", "node_modules", "coverage", "public/assets"]
                .map(String::from)
                .to_vec();
        plan.env.insert("HOME".into(), "/tmp".into());
        if project.is_rails() {
            rails(&mut plan, &view, &project, start.as_deref());
        } else {
            for name in ["APP_ENV", "RACK_ENV"] {
                plan.env.insert(name.into(), "production".into());
            }
        }
        plan.start = start;
        if plan.start.is_some() {
            stages::add(&mut plan, &view, &project, &self.images, assets);
        }
        end(plan, &view, spec)
    }
}

/// Installs the gems, as the lock file has them. Not in the mode for deployments: that puts gems where a program that
/// is started without Bundler does not find them.
fn install(project: &Project, view: &View<'_>) -> String {
    let frozen = if project.has_lock { "BUNDLE_FROZEN=1 " } else { "" };
    let local = if view.has_dir("vendor/cache") { " --local" } else { "" };
    format!("{frozen}BUNDLE_WITHOUT=development:test bundle install{local}")
}

/// What is made of a Rails app before it runs. The key is for this one command: nothing is encrypted with it.
fn rails_build(project: &Project) -> Option<String> {
    let mut lines = Vec::new();
    if project.gems.has("bootsnap") {
        lines.push("bundle exec bootsnap precompile --gemfile app/ lib/".to_owned());
    }
    let pipelines = ["sprockets-rails", "sprockets", "propshaft", "webpacker", "shakapacker", "vite_rails"];
    if pipelines.iter().any(|gem| project.gems.has(gem)) && !project.is_api {
        let key = if project.is_rails_since("7.1") || !project.has_lock {
            "SECRET_KEY_BASE_DUMMY=1"
        } else {
            "SECRET_KEY_BASE=unused"
        };
        lines.push(format!("{key} bundle exec rake assets:precompile"));
    }
    (!lines.is_empty()).then(|| lines.join(" && "))
}

/// What Rails needs while it runs.
fn rails(plan: &mut Plan, view: &View<'_>, project: &Project, start: Option<&str>) {
    for (name, value) in [
        ("RAILS_ENV", "production"),
        ("RAILS_LOG_TO_STDOUT", "1"),
        ("RAILS_SERVE_STATIC_FILES", "1"),
        // The folder that it goes to by default is empty when a container begins.
        ("PIDFILE", "/tmp/server.pid"),
    ] {
        plan.env.insert(name.into(), value.into());
    }
    if project.gems.has("bootsnap") {
        plan.env.insert("BOOTSNAP_CACHE_DIR".into(), "/app/.bootsnap".into());
        plan.env.insert("BOOTSNAP_READONLY".into(), "1".into());
    }
    plan.writable.extend(["/app/tmp", "/app/log"].map(String::from));
    if view.has_file("config/storage.yml") {
        plan.writable.push("/app/storage".into());
        plan.diagnostics.push(Diagnostic::new(
            "files-do-not-last",
            Severity::Info,
            "what the app writes to storage is gone with the release: give it a volume at /app/storage for uploads and SQLite",
        ));
    }
    let (name, file) = if view.has_file("config/credentials.yml.enc") {
        ("RAILS_MASTER_KEY", "config/credentials.yml.enc")
    } else {
        ("SECRET_KEY_BASE", "config/application.rb")
    };
    plan.required_env.push(EnvNeed { name: name.into(), file: view.full(file), is_secret: true });
    if start.is_some_and(|line| line.contains("db:migrate") || line.contains("db:prepare")) {
        plan.diagnostics.push(
            Diagnostic::new(
                "migrates-at-start",
                Severity::Warning,
                "the start command changes the database: with several containers, or a release that fails, that is too late; a `release` process runs once before",
            )
            .with_setting("build.start"),
        );
    } else if view.has_dir("db/migrate") && !plan.processes.contains_key("release") {
        let line = "bundle exec rake db:migrate";
        plan.processes.insert("release".into(), line.into());
        plan.diagnostics.push(Diagnostic::new(
            "release-command",
            Severity::Info,
            format!(
                "the database is changed by `{line}`, run once before a release; nothing migrates at start"
            ),
        ));
    }
}

/// The health path among the routes: only those at the top, as a namespace changes the path.
fn rails_health(view: &View<'_>) -> Option<String> {
    let text = view.glance("config/routes.rb")?;
    text.lines().find_map(|line| {
        let rest = line.strip_prefix("  get ").filter(|_| !line.starts_with("   "))?;
        let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let path = rest[1..].split(quote).next()?.trim_matches('/');
        let is_health = line.contains("rails/health#show")
            || ["up", "health", "healthz", "ping", "status", "health_check", "healthcheck"].contains(&path);
        let is_plain =
            path.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'_' | b'-' | b'.'));
        (is_health && is_plain && !path.is_empty()).then(|| format!("/{path}"))
    })
}
