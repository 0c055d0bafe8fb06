//! PHP: Composer projects (Laravel, Symfony, Slim, ...), WordPress and plain pages, served by Apache.
//!
//! Apache with PHP inside it is the one official server that fits every PHP version, reads the `.htaccess` files that
//! plain apps and frameworks bring, and is a single process to start and to stop. FPM would need a second server beside
//! it, FrankenPHP begins with PHP 8.2, and PHP's own server is not meant for production.

mod extensions;
mod project;
mod stages;

use project::Project;

use super::finish::{begin, end, no_start};
use super::images::BaseImages;
use super::procfile::{self, Procfile};
use super::scan::Sources;
use super::view::View;
use super::{Generator, command, node, pins, scan};
use crate::error::{Error, Result};
use crate::model::{AppSpec, Detection, Diagnostic, EnvNeed, Plan, Severity};
use crate::source::SourceTree;

/// What runs: one process in the foreground, with byop's configuration alone.
const SERVER: &str = "apache2 -D FOREGROUND -f /etc/apache2/byop.conf";
/// Scripts of a `package.json` that build the assets, the usual one first.
const ASSET_SCRIPTS: [&str; 3] = ["build", "prod", "production"];
/// By framework: the folders that it writes to, and those that it expects to find in them, as these are empty when a
/// container begins.
const WRITTEN: [(&str, &[&str], &str); 7] = [
    (
        "laravel",
        &["storage", "bootstrap/cache"],
        "storage/app/public storage/framework/cache/data storage/framework/sessions storage/framework/views storage/logs bootstrap/cache",
    ),
    ("lumen", &["storage"], "storage/app storage/framework/cache/data storage/framework/views storage/logs"),
    ("symfony", &["var"], ""),
    ("cakephp", &["tmp", "logs"], "tmp/cache/models tmp/cache/persistent tmp/cache/views tmp/sessions logs"),
    (
        "codeigniter",
        &["writable"],
        "writable/cache writable/debugbar writable/logs writable/session writable/uploads",
    ),
    ("yii", &["runtime", "web/assets"], ""),
    ("drupal", &["web/sites/default/files"], ""),
];

/// The command that makes the folders that a framework expects.
fn skeleton(framework: Option<&str>) -> Option<String> {
    let (_, _, folders) = WRITTEN.iter().find(|(name, ..)| Some(*name) == framework)?;
    (!folders.is_empty()).then(|| format!("mkdir -p {folders}"))
}

/// Recognises `composer.json` and `index.php`.
#[derive(Debug, Clone, Default)]
pub struct PhpGenerator {
    images: BaseImages,
}

impl PhpGenerator {
    /// The generator on a table of base images.
    #[must_use]
    pub fn new(images: BaseImages) -> Self {
        Self { images }
    }

    fn project(&self, view: &View<'_>) -> Result<Option<Project>> {
        let mut project = Project::read(view)?;
        if let Some(project) = &mut project {
            project.narrow(&self.images);
        }
        Ok(project)
    }
}

impl Generator for PhpGenerator {
    fn name(&self) -> &str {
        "php"
    }

    fn looks_for(&self) -> Vec<String> {
        ["composer.json", "index.php", "public/index.php"].map(String::from).to_vec()
    }

    fn detect(&self, source: &SourceTree) -> Result<Option<Detection>> {
        let view = View::of(source);
        let Some(project) = self.project(&view)? else { return Ok(None) };
        let procfile = procfile::read(&view)?;
        let is_served = project.document_root.is_some() || procfile.web.is_some();
        let confidence = match (project.framework, is_served, project.has_front_page) {
            (Some(_), true, _) => 0.97,
            (None, true, true) if project.has_composer() => 0.95,
            (None, true, true) => 0.92,
            (None, true, false) => 0.8,
            _ => 0.55,
        };
        let mut detection = Detection::new("php", confidence);
        view.base().clone_into(&mut detection.root);
        let file = view
            .first_file(&["composer.json", "index.php", "public/index.php", "web/index.php", "wp-login.php"])
            .unwrap_or("index.php");
        detection.note("stack = php", view.full(file), "a file of a PHP project");
        detection.version = Some(pins::decide(&self.images, "php", &project.pins, None, &mut detection));
        if project.has_composer() {
            detection.package_manager = Some("composer".into());
            if !project.has_lock && project.packages().next().is_some() {
                detection.diagnostics.push(Diagnostic::new(
                    "no-lock-file",
                    Severity::Warning,
                    "there is no composer.lock, so two builds of the same source may differ",
                ));
            }
        }
        if let Some(name) = project.framework {
            detection.framework = Some(name.into());
            detection.note(format!("framework = {name}"), view.full(file), "the project is set up for it");
        }
        match &project.document_root {
            Some(root) => detection.note(
                format!("document root = {root}"),
                view.full(&project::inside(root, "index.php")),
                "the folder that the web server serves",
            ),
            None if procfile.web.is_none() => detection.diagnostics.push(no_start(
                "no index.php was found, neither in the root nor in a public folder: how is the app started?",
            )),
            None => {}
        }
        Ok(Some(detection))
    }

    fn plan(&self, source: &SourceTree, detection: &Detection, spec: &AppSpec) -> Result<Plan> {
        let view = View::at(source, &detection.root);
        let Some(mut project) = self.project(&view)? else {
            return Err(Error::invalid("app.plan", "the PHP project is gone").with_remedy("detect again"));
        };
        let mut detection = detection.clone();
        if let Some(version) = &spec.build.version {
            detection.version = Some(self.images.resolve("php", version).version);
        }
        let procfile = procfile::read(&view)?;
        let own = spec.build.start.clone().or_else(|| own_start(&procfile, &mut project, &view));
        if own.is_some() {
            detection.diagnostics.retain(|d| d.code != "no-start-command");
        }
        let serves = own.is_none() && project.document_root.is_some();
        let port = spec.port.or_else(|| own.as_deref().and_then(command::port_of)).unwrap_or(8080);
        let mut plan = begin(&detection, port);
        plan.document_root.clone_from(&project.document_root);
        plan.processes = procfile.others;
        let sources = Sources::read(&view, None, &["php"]);
        let found = laravel_health(&view).or_else(|| sources.health().map(|(path, _)| path));
        plan.health = scan::health(spec.health.path.as_deref(), found);
        plan.env.insert("HOME".into(), "/tmp".into());
        plan.start = own.or_else(|| serves.then(|| SERVER.to_owned()));
        framework(&mut plan, &view, &project, serves);
        let assets = node::assets(&view, &self.images, &ASSET_SCRIPTS)?
            .filter(|assets| assets.build.is_some() || spec.build.build.is_some());
        plan.build =
            spec.build.build.clone().or_else(|| assets.as_ref().and_then(|assets| assets.build.clone()));
        plan.install = spec.build.install.clone().or_else(|| {
            project.has_composer().then(|| {
                "composer install --no-dev --no-scripts --optimize-autoloader --no-interaction".to_owned()
            })
        });
        plan.ignore = [
            "node_modules",
            "public/hot",
            "storage/logs/*",
            "storage/framework/views/*.php",
            "var/cache",
            "var/log",
        ]
        .map(String::from)
        .to_vec();
        if project.has_composer() {
            plan.ignore.push("vendor".into());
        }
        if plan.start.is_some() {
            stages::add(&mut plan, &view, &project, &self.images, assets, serves);
        }
        end(plan, &view, spec)
    }
}

/// What the Procfile starts. A script that stands for a web server elsewhere names the folder to serve instead.
fn own_start(procfile: &Procfile, project: &mut Project, view: &View<'_>) -> Option<String> {
    let line = procfile.web.as_deref()?;
    if !line.contains("heroku-php-") {
        return Some(line.to_owned());
    }
    let folder = line
        .split_whitespace()
        .skip_while(|word| !word.contains("heroku-php-"))
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .last()
        .map(|folder| folder.trim_matches(['/', '"', '\'']));
    if let Some(folder) = folder.filter(|folder| project::is_plain(folder) && view.has_dir(folder)) {
        project.has_front_page = view.has_file(&project::inside(folder, "index.php"));
        project.document_root = Some(folder.to_owned());
    }
    None
}

/// What the frameworks need while they run.
fn framework(plan: &mut Plan, view: &View<'_>, project: &Project, serves: bool) {
    let set = |plan: &mut Plan, name: &str, value: &str| {
        plan.env.insert(name.into(), value.into());
    };
    let need = |plan: &mut Plan, name: &str, file: &str, is_secret: bool| {
        plan.required_env.push(EnvNeed { name: name.into(), file: view.full(file), is_secret });
    };
    let written = WRITTEN.iter().find(|(name, ..)| Some(*name) == project.framework);
    plan.writable
        .extend(written.iter().flat_map(|(_, folders, _)| *folders).map(|path| format!("/app/{path}")));
    let uploads = match (project.framework, project.document_root.as_deref()) {
        (Some("laravel"), _) => Some("/app/storage/app"),
        (Some("drupal"), _) => Some("/app/web/sites/default/files"),
        (Some("codeigniter"), _) => Some("/app/writable/uploads"),
        (Some("wordpress"), Some(".")) => Some("/app/wp-content/uploads"),
        (Some("wordpress"), _) => Some("/app/web/app/uploads"),
        _ => None,
    };
    if let Some(folder) = uploads {
        if project.framework == Some("wordpress") {
            plan.writable.push(folder.into());
        }
        plan.diagnostics.push(Diagnostic::new(
            "files-do-not-last",
            Severity::Info,
            format!("uploads are gone with the release: give the app a volume at {folder}"),
        ));
    }
    let mut before = Vec::from_iter(skeleton(project.framework));
    match project.framework {
        Some("laravel") => {
            set(plan, "APP_ENV", "production");
            set(plan, "APP_DEBUG", "false");
            set(plan, "LOG_CHANNEL", "stderr");
            need(plan, "APP_KEY", "config/app.php", true);
            if view.has_dir("database/migrations") {
                release(plan, "php artisan migrate --force");
            }
            if serves {
                // Only now is the environment known that the settings come from.
                before.push("php artisan config:cache".into());
            }
        }
        Some("symfony") => {
            set(plan, "APP_ENV", "prod");
            set(plan, "APP_DEBUG", "0");
            need(plan, "APP_SECRET", "config/packages/framework.yaml", true);
            if project.requires("doctrine/doctrine-migrations-bundle") {
                release(
                    plan,
                    "php bin/console doctrine:migrations:migrate --no-interaction --allow-no-migration",
                );
            }
            if serves && view.has_file("bin/console") {
                before.push("php bin/console cache:warmup --no-debug".into());
            }
        }
        _ => {}
    }
    if let Some(folders) = skeleton(project.framework) {
        for line in plan.processes.values_mut() {
            *line = format!("{folders} && {line}");
        }
    }
    if !before.is_empty() {
        plan.start = plan.start.take().map(|line| format!("{} && {line}", before.join(" && ")));
    }
}

/// Database changes belong before a release, never into its start.
fn release(plan: &mut Plan, line: &str) {
    if plan.processes.contains_key("release") {
        return;
    }
    plan.processes.insert("release".into(), line.into());
    plan.diagnostics.push(Diagnostic::new(
        "release-command",
        Severity::Info,
        format!("the database is changed by `{line}`, run once before a release; nothing migrates at start"),
    ));
}

/// The health path that Laravel's own bootstrap file names.
fn laravel_health(view: &View<'_>) -> Option<String> {
    let text = view.glance("bootstrap/app.php")?;
    let rest = text.split_once("health:")?.1.trim_start();
    let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let path = rest[1..].split(quote).next()?;
    (path.starts_with('/') && path.len() < 100 && project::is_plain(&path[1..])).then(|| path.to_owned())
}
