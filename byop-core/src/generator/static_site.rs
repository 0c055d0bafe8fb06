//! Static sites: files that a web server serves as they are, or as a generator such as Hugo makes them.
//!
//! A generated site is of this stack too, with the generator as its framework: what runs is the same.

mod rules;
mod server;
mod staticfile;
mod tool;

pub(super) use server::configure;
pub(super) use staticfile::settings;
use tool::Tool;

use super::finish::{begin, end, serve_static};
use super::images::BaseImages;
use super::view::View;
use super::{Generator, scan};
use crate::error::{Error, Result};
use crate::model::{AppSpec, Detection, Diagnostic, Plan, Severity};
use crate::source::SourceTree;

/// Recognises an `index.html` at the root or in `public`, a `Staticfile`, and the settings of site generators.
#[derive(Debug, Clone, Default)]
pub struct StaticGenerator {
    images: BaseImages,
}

impl StaticGenerator {
    /// The generator on a table of base images.
    #[must_use]
    pub fn new(images: BaseImages) -> Self {
        Self { images }
    }
}

/// The folder to serve, whether unknown paths get the index page, the deciding file, and how sure that is.
fn site(view: &View<'_>) -> Result<Option<(String, bool, &'static str, f64)>> {
    let first = ["public", "site", "dist", "build", "www", "docs", "html"];
    if let Some(text) = view.read("Staticfile")? {
        let settings = settings(&text);
        let found = || {
            first
                .into_iter()
                .find(|folder| view.has_file(&format!("{folder}/index.html")) && !view.has_file("index.html"))
        };
        let folder = settings.root.or_else(|| found().map(str::to_owned)).unwrap_or_else(|| ".".into());
        return Ok(Some((folder, settings.index_fallback.unwrap_or(false), "Staticfile", 0.95)));
    }
    for (folder, file, confidence) in [
        (".", "index.html", 0.85),
        ("public", "public/index.html", 0.8),
        ("dist", "dist/index.html", 0.6),
        ("site", "site/index.html", 0.55),
        ("docs", "docs/index.html", 0.4),
    ] {
        if view.has_file(file) {
            return Ok(Some((folder.to_owned(), false, file, confidence)));
        }
    }
    Ok(None)
}

/// A page that is there to be asked for, else the first one.
fn health_page(view: &View<'_>, folder: &str) -> String {
    let base = if folder == "." { String::new() } else { format!("{folder}/") };
    let found =
        ["healthz", "health", "up", "ping"].into_iter().find(|name| view.has_file(&format!("{base}{name}")));
    format!("/{}", found.unwrap_or_default())
}

impl Generator for StaticGenerator {
    fn name(&self) -> &str {
        "static"
    }

    fn looks_for(&self) -> Vec<String> {
        [
            "index.html",
            "public/index.html",
            "Staticfile",
            "hugo.toml",
            "_config.yml",
            "mkdocs.yml",
            "book.toml",
            "config.toml",
            "docs/conf.py",
            "pelicanconf.py",
        ]
        .map(String::from)
        .to_vec()
    }

    fn detect(&self, source: &SourceTree) -> Result<Option<Detection>> {
        let view = View::of(source);
        if let Some(tool) = tool::find(&view)? {
            return Ok(Some(self.describe(&view, &tool)));
        }
        let Some((folder, _, file, confidence)) = site(&view)? else { return Ok(None) };
        // Beside a manifest of Node.js the files are rather what a build begins with.
        let confidence = if view.has_file("package.json") { confidence.min(0.6) } else { confidence };
        let mut detection = Detection::new("static", confidence);
        view.base().clone_into(&mut detection.root);
        detection.note("stack = static", file, format!("the files below {folder} are served as they are"));
        if folder != "." && !view.has_dir(&folder) {
            detection.diagnostics.push(Diagnostic::new(
                "missing-folder",
                Severity::Error,
                format!("Staticfile names the folder {folder}, which is not there"),
            ));
        }
        Ok(Some(detection))
    }

    fn plan(&self, source: &SourceTree, detection: &Detection, spec: &AppSpec) -> Result<Plan> {
        let view = View::at(source, &detection.root);
        if detection.framework.is_some() {
            return self.generated(&view, detection, spec);
        }
        let Some((folder, fallback, ..)) = site(&view)? else {
            return Err(Error::invalid("app.plan", "the static site is gone").with_remedy("detect again"));
        };
        let mut plan = begin(detection, spec.port.unwrap_or(8080));
        plan.index_fallback = fallback;
        plan.health = scan::health(spec.health.path.as_deref(), Some(health_page(&view, &folder)));
        plan.ignore =
            ["Staticfile", "Staticfile.auth", "node_modules", "**/node_modules"].map(String::from).to_vec();
        let source_dir = match (folder.as_str(), view.base()) {
            (".", "") => ".".to_owned(),
            (".", base) => base.to_owned(),
            (folder, _) => view.full(folder),
        };
        serve_static(&mut plan, &self.images, None, &source_dir);
        plan.static_dir = Some(folder);
        end(plan, &view, spec)
    }
}

impl StaticGenerator {
    fn describe(&self, view: &View<'_>, tool: &Tool) -> Detection {
        let mut detection = Detection::new("static", tool.confidence);
        view.base().clone_into(&mut detection.root);
        detection.note("stack = static", &tool.file, "a generator makes files that are served as they are");
        detection.framework = Some(tool.name.to_owned());
        detection.note(format!("framework = {}", tool.name), &tool.file, "settings of this generator");
        detection.package_manager = tool.manager.map(str::to_owned);
        detection.version = tool.version(&self.images, &mut detection);
        detection.diagnostics.extend(tool.diagnostics.iter().cloned());
        detection
    }

    fn generated(&self, view: &View<'_>, detection: &Detection, spec: &AppSpec) -> Result<Plan> {
        let Some(tool) = tool::find(view)? else {
            return Err(Error::invalid("app.plan", "the static site is gone").with_remedy("detect again"));
        };
        let mut plan = begin(detection, spec.port.unwrap_or(8080));
        if let Some(version) = &spec.build.version {
            plan.version = Some(version.clone());
        }
        let version = plan.version.clone().unwrap_or_default();
        plan.install = spec.build.install.clone().or_else(|| tool.install(&version));
        plan.build = spec.build.build.clone().or_else(|| Some(tool.build.clone()));
        plan.health = scan::health(spec.health.path.as_deref(), Some("/".into()));
        plan.ignore =
            [tool.output.as_str(), "resources/_gen", ".jekyll-cache", "node_modules", "**/node_modules"]
                .map(String::from)
                .to_vec();
        tool.stages(&mut plan, view, &self.images);
        plan.static_dir = Some(tool.output.clone());
        end(plan, view, spec)
    }
}
