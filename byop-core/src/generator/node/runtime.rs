//! Which program runs the app, Node.js or Bun, and the images of both.

use super::Project;
use super::manifest::Manifest;
use crate::generator::command::plain_words;
use crate::generator::packages;

/// What runs the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Runtime {
    Node,
    Bun,
}

impl Runtime {
    /// What the project's start asks for. Bun alone is enough when it is the package manager too, and no
    /// dependency is compiled or generated: the tools for that are made for Node.js.
    pub(super) fn of(project: &Project) -> Self {
        let line = project.procfile.web.as_deref().or(project.start.as_deref());
        let manifest = &project.manifest;
        let is_alone = project.manager.name == "bun"
            && project.served.static_dir.is_none()
            && packages::node(manifest.dependencies()).build.is_empty()
            && project.procfile.others.values().all(|line| runs_bun(manifest, line));
        if is_alone && line.is_some_and(|line| runs_bun(manifest, line)) { Self::Bun } else { Self::Node }
    }

    /// The name of the stack, of the row in the table of images, and of the program.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Bun => "bun",
        }
    }
}

/// Whether a command line is carried out by Bun, directly or through a script.
pub(super) fn runs_bun(manifest: &Manifest, line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    let script = match words.as_slice() {
        ["bun", "run", name] | ["bun", name] => manifest.script(name),
        _ => None,
    };
    // A script that runs itself is not followed further.
    let text = script.filter(|text| !text.contains(line)).unwrap_or(line);
    let words = plain_words(text).unwrap_or_else(|| text.split_whitespace().map(str::to_owned).collect());
    words.first().is_some_and(|word| word == "bun" || word == "bunx")
}

/// Whether a command line of a Procfile runs JavaScript: by name, so that the line of another stack is left to it.
pub(super) fn runs_javascript(line: &str) -> bool {
    const PROGRAMS: [&str; 14] = [
        "node", "npm", "npx", "yarn", "pnpm", "pnpx", "bun", "bunx", "tsx", "ts-node", "next", "nest", "pm2",
        "corepack",
    ];
    line.split(|c: char| c.is_whitespace() || matches!(c, ';' | '&' | '|' | '('))
        .any(|word| PROGRAMS.contains(&word.rsplit('/').next().unwrap_or(word)))
}
