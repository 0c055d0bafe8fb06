//! How a Deno app is started: its task, else its entry.

use super::SOURCES;
use super::config::Config;
use crate::generator::command;
use crate::generator::view::View;

/// Files that an app may start with.
const MAIN: [&str; 20] = [
    "main.ts",
    "server.ts",
    "app.ts",
    "index.ts",
    "mod.ts",
    "main.tsx",
    "main.js",
    "server.js",
    "app.js",
    "index.js",
    "main.mjs",
    "index.mjs",
    "src/main.ts",
    "src/server.ts",
    "src/app.ts",
    "src/index.ts",
    "src/main.tsx",
    "src/main.js",
    "src/server.js",
    "src/index.js",
];

#[derive(Debug, Default)]
pub(super) struct Launch {
    /// The start command line.
    pub(super) line: Option<String>,
    /// The source file that it begins with.
    pub(super) entry: Option<String>,
    /// The text of the task behind it.
    pub(super) task: Option<String>,
    /// The deciding file.
    pub(super) file: String,
    pub(super) reason: String,
    pub(super) is_fresh: bool,
    /// The command of a start task that was passed over.
    pub(super) left_out: Option<String>,
}

impl Launch {
    pub(super) fn read(view: &View<'_>, config: &Config) -> Self {
        let is_fresh = config.imports("$fresh")
            || config.imports("@fresh/core")
            || view.first_file(&["fresh.config.ts", "fresh.gen.ts"]).is_some();
        let mut start = Self { is_fresh, ..Self::default() };
        let file = config.file.clone().unwrap_or_default();
        if let Some(name) = ["start", "serve", "preview"].into_iter().find(|name| config.task(name).is_some())
        {
            let text = config.task(name).unwrap_or_default();
            let entry = entry_of(view, text);
            // The development entry of Fresh watches the tree and writes into it.
            let is_development = text.contains("--watch") || text.contains("dev.ts");
            if is_fresh && is_development && view.has_file("main.ts") {
                start.left_out = Some(text.to_owned());
                start.run("main.ts", view, config);
                return start;
            }
            start.line = Some(format!("deno task {name}"));
            start.entry = entry;
            start.task = Some(text.to_owned());
            start.file = file;
            start.reason = format!("the task {name}");
            return start;
        }
        for member in &config.members {
            let Ok(inner) = Config::read(&View::at_below(view, member)) else { continue };
            if let Some(text) = inner.task("start") {
                start.line = Some(format!("deno task --cwd {} start", command::quote(member)));
                start.entry =
                    entry_of(&View::at_below(view, member), text).map(|path| format!("{member}/{path}"));
                start.task = Some(text.to_owned());
                start.file = format!("{member}/deno.json");
                start.reason = "the only member with a start task".into();
                // Two of them are a question, not an answer.
                if config.members.iter().filter(|other| *other != member).any(|other| {
                    Config::read(&View::at_below(view, other))
                        .is_ok_and(|inner| inner.task("start").is_some())
                }) {
                    return Self { is_fresh, ..Self::default() };
                }
                return start;
            }
        }
        let exported = config.exports().map(|path| path.trim_start_matches("./").to_owned());
        let found =
            view.first_file(&MAIN).map(str::to_owned).or_else(|| exported.filter(|path| view.has_file(path)));
        if let Some(entry) = found.or_else(|| only_source(view)) {
            start.run(&entry, view, config);
        }
        start
    }

    /// Runs a file by itself, with the permissions that it or the configuration asks for.
    fn run(&mut self, entry: &str, view: &View<'_>, config: &Config) {
        let text = view.glance(entry).unwrap_or_default();
        let asked = asked_permissions(&text);
        let is_server =
            text.contains("export default") && text.contains("fetch(") && !text.contains("Deno.serve(");
        let (verb, reason) = if is_server {
            ("serve", "it exports a fetch handler")
        } else {
            ("run", "the main file by its name")
        };
        let permissions = match asked {
            Some(flags) => flags,
            None if config.has_permissions() => "-P".into(),
            None => "-A".into(),
        };
        self.line = Some(format!("deno {verb} {permissions} {}", command::quote(entry)));
        self.entry = Some(entry.to_owned());
        self.file = entry.to_owned();
        self.reason = reason.into();
    }
}

/// The flags of a first line such as `#!/usr/bin/env -S deno run --allow-net`.
fn asked_permissions(text: &str) -> Option<String> {
    let line = text.lines().next()?.strip_prefix("#!")?;
    let (_, rest) = line.split_once("deno run ")?;
    let flags: Vec<&str> = rest
        .split_whitespace()
        .filter(|word| {
            (word.starts_with("--allow-") || matches!(*word, "-A" | "-N" | "-R" | "-W" | "-E" | "-P"))
                && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_=.,:/".contains(&b))
        })
        .collect();
    (!flags.is_empty()).then(|| flags.join(" "))
}

/// The source file that a task runs.
fn entry_of(view: &View<'_>, line: &str) -> Option<String> {
    line.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ';' | '&'))
        .map(|word| word.trim_start_matches("./"))
        .find(|word| {
            word.rsplit_once('.').is_some_and(|(_, extension)| SOURCES.contains(&extension))
                && !word.starts_with('-')
                && view.has_file(word)
        })
        .map(str::to_owned)
}

/// The only source outside of folders, when there is one that is no test.
fn only_source(view: &View<'_>) -> Option<String> {
    let sources: Vec<&str> = view
        .sources(&SOURCES, 0)
        .into_iter()
        .filter(|path| !path.contains("test") && !path.contains(".config."))
        .collect();
    if let [only] = sources.as_slice() { Some((*only).to_owned()) } else { None }
}

/// A source that imports by URL, or from a registry that Node.js does not know.
pub(super) fn foreign_import(view: &View<'_>) -> Option<String> {
    // Browsers import by URL too, but only what is no TypeScript.
    let is_import = |line: &str, is_typed: bool| {
        let line = line.trim_start();
        let has = |from: &str| line.contains(&format!("\"{from}")) || line.contains(&format!("'{from}"));
        (line.starts_with("import") || line.starts_with("export") || line.starts_with("} from"))
            && (["https://deno.land/std", "jsr:", "npm:"].iter().any(|from| has(from))
                || (is_typed
                    && ["https://deno.land/", "https://jsr.io/", "https://esm.sh/"]
                        .iter()
                        .any(|from| has(from))))
    };
    let is_sign = |path: &&str| {
        let is_typed = path.contains(".ts") || path.ends_with(".mts");
        view.glance(path).is_some_and(|text| {
            text.lines().take(200).any(|line| is_import(line, is_typed))
                || text.contains("Deno.serve(")
                || text.contains("Deno.listen(")
        })
    };
    view.sources(&SOURCES, 3).into_iter().take(16).find(is_sign).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceTree;

    fn start(files: &[(&str, &str)]) -> Option<String> {
        let tree = SourceTree::from_files(files.iter().copied()).unwrap();
        let view = View::at(&tree, "");
        Launch::read(&view, &Config::read(&view).unwrap()).line
    }

    #[test]
    fn the_start_comes_from_the_task_or_the_main_file() {
        let task = r#"{"tasks":{"dev":"deno run --watch main.ts","start":"deno run -N main.ts"}}"#;
        assert_eq!(start(&[("deno.json", task), ("main.ts", "")]).as_deref(), Some("deno task start"));
        let fresh =
            r#"{"tasks":{"start":"deno run -A --watch=static/ dev.ts"},"imports":{"$fresh/":"https://x/"}}"#;
        assert_eq!(
            start(&[("deno.json", fresh), ("dev.ts", ""), ("main.ts", "")]).as_deref(),
            Some("deno run -A main.ts")
        );
        assert_eq!(
            start(&[("server.ts", "#!/usr/bin/env -S deno run --allow-net --allow-env=PORT\n")]).as_deref(),
            Some("deno run --allow-net --allow-env=PORT server.ts")
        );
        assert_eq!(
            start(&[("main.ts", "export default { fetch() {} } satisfies X; // fetch(")]).as_deref(),
            Some("deno serve -A main.ts")
        );
        assert_eq!(
            start(&[("hello.ts", ""), ("hello_test.ts", "")]).as_deref(),
            Some("deno run -A hello.ts")
        );
        assert_eq!(start(&[("a.ts", ""), ("b.ts", "")]), None);
    }

    #[test]
    fn imports_of_a_browser_are_not_those_of_deno() {
        let sign = |path: &str, text: &str| {
            let tree = SourceTree::from_files([(path, text)]).unwrap();
            foreign_import(&View::at(&tree, "")).is_some()
        };
        assert!(!sign("app.js", "import { h } from \"https://esm.sh/preact\";"));
        assert!(sign("app.ts", "import { h } from \"https://esm.sh/preact\";"));
        assert!(sign("app.js", "import { h } from 'npm:preact';"));
        assert!(sign("app.js", "Deno.serve(() => new Response());"));
        assert!(!sign("app.ts", "import express from 'express';"));
    }

    #[test]
    fn a_workspace_starts_its_only_member_with_a_start_task() {
        let root = ("deno.json", r#"{"workspace":["api","lib"]}"#);
        let api = ("api/deno.json", r#"{"tasks":{"start":"deno run -A main.ts"}}"#);
        assert_eq!(
            start(&[root, api, ("api/main.ts", ""), ("lib/deno.json", "{}")]).as_deref(),
            Some("deno task --cwd api start")
        );
        let lib = ("lib/deno.json", r#"{"tasks":{"start":"deno run -A x.ts"}}"#);
        assert_eq!(start(&[root, api, lib]), None);
    }
}
