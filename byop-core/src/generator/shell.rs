//! Shell scripts: a tree whose start script is all that says how it runs.

use super::finish::end;
use super::images::BaseImages;
use super::native::{self, Hints};
use super::view::View;
use super::{Generator, command, script};
use crate::error::{Error, Result};
use crate::model::{AppSpec, Detection, Diagnostic, Plan, Severity};
use crate::source::SourceTree;

/// Scripts that start an app, and how sure that is.
const SCRIPTS: [(&str, f64); 5] =
    [("start.sh", 0.75), ("run.sh", 0.6), ("main.sh", 0.55), ("server.sh", 0.55), ("entrypoint.sh", 0.5)];

/// Recognises `start.sh` and its like where nothing else says what the tree is.
#[derive(Debug, Clone, Default)]
pub struct ShellGenerator {
    images: BaseImages,
}

impl ShellGenerator {
    /// The generator on a table of base images.
    #[must_use]
    pub fn new(images: BaseImages) -> Self {
        Self { images }
    }
}

/// A script and the shell that reads it.
struct Script {
    file: &'static str,
    text: String,
    shell: String,
    confidence: f64,
}

impl Script {
    fn read(view: &View<'_>) -> Result<Option<Self>> {
        for (file, confidence) in SCRIPTS {
            if let Some(text) = view.read(file)? {
                let shell = interpreter(&text);
                return Ok(Some(Self { file, text, shell, confidence }));
            }
        }
        Ok(None)
    }
}

/// The program that a script's first line names, by its name alone; else the shell whose language it is.
pub(super) fn interpreter(text: &str) -> String {
    let first = text.lines().next().unwrap_or_default();
    let named = first.strip_prefix("#!").and_then(|line| {
        let mut words = line.split_whitespace();
        let name = words.next()?.rsplit('/').next()?;
        let name = if name == "env" { words.find(|word| !word.starts_with('-'))? } else { name };
        let is_name = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
        (is_name && !name.starts_with('-')).then(|| name.to_owned())
    });
    let is_bash = || text.contains("[[ ") || text.contains("<(") || text.contains("pipefail");
    named.unwrap_or_else(|| if is_bash() { "bash".into() } else { "sh".into() })
}

impl Generator for ShellGenerator {
    fn name(&self) -> &str {
        "shell"
    }

    fn looks_for(&self) -> Vec<String> {
        vec!["start.sh".into()]
    }

    fn detect(&self, source: &SourceTree) -> Result<Option<Detection>> {
        let view = View::of(source);
        let Some(found) = Script::read(&view)? else { return Ok(None) };
        let rival = native::rival(&view, &[]).or_else(|| view.first_file(&["index.html", "Makefile"]));
        let confidence = if rival.is_some() { 0.3 } else { found.confidence };
        let mut detection = Detection::new("shell", confidence);
        view.base().clone_into(&mut detection.root);
        detection.note("stack = shell", view.full(found.file), "a script that starts the app");
        if let Some(rival) = rival {
            detection.note("confidence is low", view.full(rival), "it belongs to another stack");
        }
        detection.note(
            format!("interpreter = {}", found.shell),
            view.full(found.file),
            if found.text.starts_with("#!") { "its first line names it" } else { "no first line names one" },
        );
        let shells = ["ash", "bash", "dash", "fish", "ksh", "perl", "python3", "sh", "zsh"];
        if !shells.contains(&found.shell.as_str()) {
            detection.diagnostics.push(
                Diagnostic::new(
                    "unknown-interpreter",
                    Severity::Warning,
                    format!("{} wants {}, and no package of it is known", found.file, found.shell),
                )
                .with_setting("build.start"),
            );
        }
        Ok(Some(detection))
    }

    fn plan(&self, source: &SourceTree, detection: &Detection, spec: &AppSpec) -> Result<Plan> {
        let view = View::at(source, &detection.root);
        let Some(found) = Script::read(&view)? else {
            return Err(Error::invalid("app.plan", "the start script is gone").with_remedy("detect again"));
        };
        let hints = Hints {
            file: Some(found.file),
            extensions: &["sh"],
            entry: Some(found.file.into()),
            start: Some(format!("{} {}", command::quote(&found.shell), found.file)),
            port: 8080,
            ..Hints::default()
        };
        let mut plan = native::plan(&self.images, &view, detection, spec, hints)?;
        let mut texts = vec![found.text];
        texts.extend(view.sources(&["sh"], 2).into_iter().take(10).filter_map(|path| view.glance(path)));
        let packages = script::packages(&found.shell, &texts);
        script::stage(&mut plan, &view, &self.images, packages, Vec::new());
        end(plan, &view, spec)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_names_the_interpreter() {
        for (text, name) in [
            ("#!/bin/bash\n", "bash"),
            ("#!/usr/bin/env zsh\n", "zsh"),
            ("#!/usr/bin/env -S bash -eu\n", "bash"),
            ("#! /bin/sh -e\n", "sh"),
            ("echo hi\n", "sh"),
            ("set -euo pipefail\n", "bash"),
            ("#!/bin/ev$il\n", "sh"),
            ("#!\n", "sh"),
        ] {
            assert_eq!(interpreter(text), name, "{text}");
        }
    }
}
