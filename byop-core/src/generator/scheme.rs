//! Scheme: sites of Haunt, which are recognised and cannot be built without help.

use super::finish::{begin, end};
use super::view::View;
use super::{Generator, scan};
use crate::error::Result;
use crate::model::{AppSpec, Detection, Diagnostic, Plan, Severity};
use crate::source::SourceTree;

/// Recognises a site of Haunt (`haunt.scm`). No official image and no distribution that byop builds on has Haunt, so
/// what comes of it is a question and no Dockerfile.
#[derive(Debug, Clone, Default)]
pub struct SchemeGenerator {}

impl SchemeGenerator {
    /// The generator; it has no settings.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Generator for SchemeGenerator {
    fn name(&self) -> &str {
        "scheme"
    }

    fn looks_for(&self) -> Vec<String> {
        vec!["haunt.scm".into()]
    }

    fn detect(&self, source: &SourceTree) -> Result<Option<Detection>> {
        let view = View::of(source);
        let Some(file) = view.first_file(&["haunt.scm"]) else { return Ok(None) };
        let mut detection = Detection::new("scheme", 0.9);
        view.base().clone_into(&mut detection.root);
        detection.note("stack = scheme", file, "the settings of a site of Haunt");
        detection.framework = Some("haunt".into());
        detection.diagnostics.push(
            Diagnostic::new(
                "no-image",
                Severity::Error,
                "no official image and no Debian package has Haunt: add a Dockerfile that brings it, or the built site",
            )
            .with_setting("build.stack"),
        );
        Ok(Some(detection))
    }

    fn plan(&self, source: &SourceTree, detection: &Detection, spec: &AppSpec) -> Result<Plan> {
        let view = View::at(source, &detection.root);
        let mut plan = begin(detection, spec.port.unwrap_or(8080));
        plan.health = scan::health(spec.health.path.as_deref(), None);
        end(plan, &view, spec)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Source;

    #[test]
    fn a_site_of_haunt_is_a_question_and_no_dockerfile() {
        let tree = SourceTree::from_files([("haunt.scm", "(site)"), ("posts/a.md", "a")]).unwrap();
        let generator = SchemeGenerator::new();
        let detection = generator.detect(&tree).unwrap().unwrap();
        let spec = AppSpec::new("a", Source::Directory(".".into())).unwrap();
        let plan = generator.plan(&tree, &detection, &spec).unwrap();
        assert!(plan.stages.is_empty());
        assert!(plan.diagnostics.iter().any(|d| d.code == "no-image" && d.severity == Severity::Error));
    }
}
