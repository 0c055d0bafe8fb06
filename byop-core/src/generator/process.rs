//! A tree that has nothing but a `Procfile` to say how it runs.

use super::finish::{end, no_start};
use super::images::BaseImages;
use super::native::{self, Hints};
use super::view::View;
use super::{Generator, command, procfile, script, shell};
use crate::error::{Error, Result};
use crate::model::{AppSpec, Detection, Plan};
use crate::source::SourceTree;

/// Recognises a `Procfile` whose `web` process is a file of the tree, or a command of a small system.
#[derive(Debug, Clone, Default)]
pub struct ProcfileGenerator {
    images: BaseImages,
}

impl ProcfileGenerator {
    /// The generator on a table of base images.
    #[must_use]
    pub fn new(images: BaseImages) -> Self {
        Self { images }
    }
}

/// The script that a command line runs: itself, or what a shell is given.
fn file_of(view: &View<'_>, line: &str) -> Option<String> {
    let words = command::plain_words(&command::with_port(line, 8080))?;
    let is_shell = |word: &str| matches!(word, "sh" | "bash" | "dash" | "zsh" | "exec");
    let word = words.iter().find(|word| !is_shell(word) && !word.starts_with('-'))?;
    let path = word.trim_start_matches("./").trim_start_matches("/app/");
    view.has_file(path).then(|| path.to_owned())
}

impl Generator for ProcfileGenerator {
    fn name(&self) -> &str {
        "procfile"
    }

    fn looks_for(&self) -> Vec<String> {
        vec!["Procfile".into()]
    }

    fn detect(&self, source: &SourceTree) -> Result<Option<Detection>> {
        let view = View::of(source);
        let Some(web) = procfile::read(&view)?.web else { return Ok(None) };
        if native::rival(&view, &[]).is_some() {
            return Ok(None);
        }
        let file = file_of(&view, &web);
        let confidence = if file.is_some() { 0.6 } else { 0.3 };
        let mut detection = Detection::new("procfile", confidence);
        view.base().clone_into(&mut detection.root);
        detection.note("stack = procfile", view.full("Procfile"), "nothing else says how the tree runs");
        match &file {
            Some(file) => {
                detection.note(format!("entry = {file}"), view.full(file), "the web process runs it")
            }
            None => detection.diagnostics.push(no_start(format!(
                "the Procfile starts `{web}`, but no stack was recognised that would bring this program"
            ))),
        }
        Ok(Some(detection))
    }

    fn plan(&self, source: &SourceTree, detection: &Detection, spec: &AppSpec) -> Result<Plan> {
        let view = View::at(source, &detection.root);
        let Some(web) = procfile::read(&view)?.web else {
            return Err(Error::invalid("app.plan", "the Procfile is gone").with_remedy("detect again"));
        };
        let file = file_of(&view, &web);
        let hints = Hints {
            file: file.as_deref(),
            extensions: &["sh"],
            entry: file.clone(),
            port: 8080,
            ..Hints::default()
        };
        let mut plan = native::plan(&self.images, &view, detection, spec, hints)?;
        let Some(file) = file else {
            // Nobody knows what the command needs, so there is nothing to build.
            plan.start.clone_from(&spec.build.start);
            return end(plan, &view, spec);
        };
        let text = view.glance(&file).unwrap_or_default();
        let is_script = text.starts_with("#!") || file.ends_with(".sh");
        let interpreter = if is_script { shell::interpreter(&text) } else { String::new() };
        let packages = script::packages(&interpreter, &[text]);
        script::stage(&mut plan, &view, &self.images, packages, Vec::new());
        end(plan, &view, spec)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_nothing_brings_is_refused() {
        let generator = ProcfileGenerator::default();
        let tree = SourceTree::from_files([("Procfile", "web: gunicorn app\n")]).unwrap();
        let found = generator.detect(&tree).unwrap().unwrap();
        assert!(found.confidence < 0.5);
        let spec = AppSpec::new("x", crate::model::Source::Directory(".".into())).unwrap();
        let plan = generator.plan(&tree, &found, &spec).unwrap();
        assert!(plan.stages.is_empty() && plan.command.is_none());
        assert!(plan.diagnostics.iter().any(|said| said.code == "no-start-command"));
    }

    #[test]
    fn a_manifest_says_more_than_a_procfile() {
        let tree = SourceTree::from_files([("Procfile", "web: ./run.sh\n"), ("run.sh", ""), ("Gemfile", "")]);
        assert!(ProcfileGenerator::default().detect(&tree.unwrap()).unwrap().is_none());
    }
}
