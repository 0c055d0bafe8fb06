//! Flutter for the web: built to files, served with the index page as the answer to unknown paths.

use super::finish::{begin, cache, copy_source, end, manifests, run, serve_static};
use super::images::BaseImages;
use super::pins::{self, Pin};
use super::view::View;
use super::yaml::Outline;
use super::{Generator, native, scan};
use crate::error::{Error, Result};
use crate::model::{AppSpec, BuildStep, Detection, Diagnostic, Plan, Severity, Stage, Variant};
use crate::source::SourceTree;

/// Recognises a `pubspec.yaml` that depends on Flutter.
#[derive(Debug, Clone, Default)]
pub struct FlutterGenerator {
    images: BaseImages,
}

impl FlutterGenerator {
    /// The generator on a table of base images.
    #[must_use]
    pub fn new(images: BaseImages) -> Self {
        Self { images }
    }
}

/// Whether a package is built with Flutter and not with Dart alone.
pub(super) fn is_flutter(outline: &Outline) -> bool {
    outline.text(&["dependencies", "flutter", "sdk"]) == Some("flutter")
        || outline.has(&["environment", "flutter"])
}

fn read(view: &View<'_>) -> Result<Option<Outline>> {
    let text = view.read("pubspec.yaml")?;
    Ok(text.map(|text| Outline::parse(&text)).filter(is_flutter))
}

/// The pins in the order in which they count.
fn pins_of(view: &View<'_>, outline: &Outline) -> Result<Vec<Pin>> {
    let mut found = Vec::new();
    for (file, key) in [(".fvmrc", "flutter"), (".fvm/fvm_config.json", "flutterSdkVersion")] {
        let Some(value) = view.json(file)? else { continue };
        if let Some(version) = value.get(key).and_then(serde_json::Value::as_str) {
            found.push(Pin::new(version, file, key));
        }
    }
    found.extend(pins::from_tools(view, &["flutter"])?);
    if let Some(request) = outline.text(&["environment", "flutter"]) {
        found.push(Pin::new(request, "pubspec.yaml", "environment.flutter"));
    }
    Ok(found)
}

impl Generator for FlutterGenerator {
    fn name(&self) -> &str {
        "flutter"
    }

    fn looks_for(&self) -> Vec<String> {
        vec!["pubspec.yaml".into()]
    }

    fn detect(&self, source: &SourceTree) -> Result<Option<Detection>> {
        let view = View::of(source);
        let Some(outline) = read(&view)? else { return Ok(None) };
        let has_web = view.has_file("web/index.html");
        let has_main = view.has_file("lib/main.dart");
        let confidence = match (has_main, has_web) {
            (true, true) => 0.96,
            (true, false) => 0.7,
            (false, _) => 0.4,
        };
        let mut detection = Detection::new("flutter", confidence);
        view.base().clone_into(&mut detection.root);
        detection.note("stack = flutter", view.full("pubspec.yaml"), "it depends on Flutter");
        let pins = native::whole(&self.images, "flutter", &pins_of(&view, &outline)?);
        detection.version = Some(pins::decide(&self.images, "flutter", &pins, None, &mut detection));
        detection.package_manager = Some("pub".into());
        detection.framework = Some("flutter".into());
        detection.variant = Some(Variant::Spa);
        if !has_main {
            detection.diagnostics.push(Diagnostic::new(
                "no-main-file",
                Severity::Error,
                "there is no lib/main.dart: this is a package, not an app",
            ));
        } else if !has_web {
            detection.diagnostics.push(Diagnostic::new(
                "no-web-folder",
                Severity::Warning,
                "there is no web folder, so the app may not be meant for browsers; one is made for the build",
            ));
        }
        Ok(Some(detection))
    }

    fn plan(&self, source: &SourceTree, detection: &Detection, spec: &AppSpec) -> Result<Plan> {
        let view = View::at(source, &detection.root);
        if read(&view)?.is_none() {
            return Err(Error::invalid("app.plan", "pubspec.yaml is gone").with_remedy("detect again"));
        }
        let mut detection = detection.clone();
        if let Some(version) = &spec.build.version {
            detection.version = Some(native::whole_version(&self.images, "flutter", version));
        }
        let mut plan = begin(&detection, spec.port.unwrap_or(8080));
        plan.health = scan::health(spec.health.path.as_deref(), Some("/".into()));
        let frozen = if view.has_file("pubspec.lock") { " --enforce-lockfile" } else { "" };
        plan.install = Some(spec.build.install.clone().unwrap_or_else(|| format!("flutter pub get{frozen}")));
        let create = if view.has_dir("web") { "" } else { "flutter create --platforms web . && " };
        plan.build =
            Some(spec.build.build.clone().unwrap_or_else(|| format!("{create}flutter build web --release")));
        plan.ignore = [".dart_tool", "build", "test", "android", "ios", "linux", "macos", "windows"]
            .map(String::from)
            .to_vec();
        if !view.has_file("lib/main.dart") {
            return end(plan, &view, spec);
        }
        let caches = vec![cache("pub", "/root/.pub-cache")];
        plan.stages.push(Stage {
            name: "build".into(),
            image: self.images.image("flutter", plan.version.as_deref().unwrap_or_default()),
            reason: "Builds the site; Flutter stays in this stage.".into(),
            steps: vec![
                BuildStep::Workdir("/src".into()),
                manifests(&view, &["pubspec.yaml", "pubspec.lock"], "packages"),
                run(plan.install.clone().unwrap_or_default(), caches.clone(), ""),
                copy_source(&view, ""),
                run(plan.build.clone().unwrap_or_default(), caches, ""),
            ],
        });
        plan.index_fallback = true;
        plan.static_dir = Some("build/web".into());
        serve_static(&mut plan, &self.images, Some("build"), "/src/build/web");
        end(plan, &view, spec)
    }
}
