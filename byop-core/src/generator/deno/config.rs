//! `deno.json` and `deno.jsonc`: tasks, imports and members.

use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::generator::view::View;

#[derive(Debug, Default)]
pub(super) struct Config {
    /// The file, when there is one.
    pub(super) file: Option<String>,
    value: Map<String, Value>,
    import_map: Map<String, Value>,
    /// Whether it lists imports.
    pub(super) has_imports: bool,
    /// Folders of a workspace.
    pub(super) members: Vec<String>,
}

impl Config {
    pub(super) fn read(view: &View<'_>) -> Result<Self> {
        let Some(file) = view.first_file(&["deno.json", "deno.jsonc"]) else { return Ok(Self::default()) };
        let value = parse(view, file)?;
        let mut config = Self { file: Some(file.to_owned()), value, ..Self::default() };
        if let Some(path) = config.value.get("importMap").and_then(Value::as_str) {
            let path = path.trim_start_matches("./");
            if !path.contains("..") && view.has_file(path) {
                config.import_map = parse(view, path)?;
            }
        }
        config.has_imports = [&config.value, &config.import_map].iter().any(|map| {
            map.get("imports").and_then(Value::as_object).is_some_and(|imports| !imports.is_empty())
        });
        let workspace = config.value.get("workspace");
        let members =
            workspace.and_then(|value| value.get("members").or(Some(value))).and_then(Value::as_array);
        config.members = members
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(|path| path.trim_start_matches("./").trim_end_matches('/').to_owned())
            .filter(|path| !path.is_empty() && !path.contains("..") && view.has_dir(path))
            .take(50)
            .collect();
        Ok(config)
    }

    pub(super) fn is_workspace(&self) -> bool {
        !self.members.is_empty()
    }

    pub(super) fn has_tasks(&self) -> bool {
        self.value.get("tasks").and_then(Value::as_object).is_some_and(|tasks| !tasks.is_empty())
    }

    /// The command line of a task; empty for one that only names others.
    pub(super) fn task(&self, name: &str) -> Option<&str> {
        match self.value.get("tasks")?.get(name)? {
            Value::String(line) => Some(line),
            other => Some(other.get("command").and_then(Value::as_str).unwrap_or_default()),
        }
    }

    /// Whether an import of this name, or from a package of this name, is listed.
    pub(super) fn imports(&self, name: &str) -> bool {
        [&self.value, &self.import_map]
            .iter()
            .filter_map(|map| map.get("imports").and_then(Value::as_object))
            .flatten()
            .any(|(key, value)| {
                let package =
                    value.as_str().and_then(|value| value.split_once(':')).map_or("", |(_, rest)| rest);
                key.trim_end_matches('/') == name
                    || package.trim_start_matches('/') == name
                    || package.strip_prefix(name).is_some_and(|rest| {
                        rest.starts_with('@') || (name.contains('/') && rest.starts_with('/'))
                    })
            })
    }

    /// Whether it names sets of permissions.
    pub(super) fn has_permissions(&self) -> bool {
        self.value.get("permissions").and_then(|value| value.get("default")).is_some()
    }

    /// What the package exports: the entry of a server that is started by `deno serve`.
    pub(super) fn exports(&self) -> Option<&str> {
        self.value.get("exports").and_then(Value::as_str)
    }
}

fn parse(view: &View<'_>, file: &str) -> Result<Map<String, Value>> {
    let text = view.read(file)?.unwrap_or_default();
    let value: Value = serde_json::from_str(&plain(&text)).map_err(|error| {
        Error::invalid("source.detect", "this file is not valid JSON")
            .with_context("file", view.full(file))
            .with_context("line", error.line())
            .with_context("column", error.column())
            .with_remedy("correct the file")
            .with_source(error)
    })?;
    Ok(if let Value::Object(map) = value { map } else { Map::new() })
}

/// JSON without the comments and last commas that Deno allows; lines and columns stay what they are.
fn plain(text: &str) -> String {
    let mut out: Vec<u8> = text.as_bytes().to_vec();
    let (mut at, mut comma) = (0, None);
    while at < out.len() {
        match out[at] {
            b'"' => {
                comma = None;
                at += 1;
                while at < out.len() && out[at] != b'"' {
                    at += if out[at] == b'\\' { 2 } else { 1 };
                }
            }
            b'/' if out.get(at + 1) == Some(&b'/') => {
                while at < out.len() && out[at] != b'\n' {
                    out[at] = b' ';
                    at += 1;
                }
                continue;
            }
            b'/' if out.get(at + 1) == Some(&b'*') => {
                let end = out[at + 2..]
                    .windows(2)
                    .position(|pair| pair == b"*/")
                    .map_or(out.len(), |end| at + end + 4);
                for byte in &mut out[at..end] {
                    if *byte != b'\n' {
                        *byte = b' ';
                    }
                }
                at = end;
                continue;
            }
            b',' => comma = Some(at),
            b'}' | b']' => {
                if let Some(last) = comma.take() {
                    out[last] = b' ';
                }
            }
            byte if !byte.is_ascii_whitespace() => comma = None,
            _ => {}
        }
        at += 1;
    }
    String::from_utf8(out).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceTree;

    #[test]
    fn comments_and_last_commas_are_allowed() {
        let text = "{ // a\n /* \"b\": 1, é */ \"c\": \"// no, \\\" ,}\", \"d\": [1, 2, ], }";
        let value: Value = serde_json::from_str(&plain(text)).unwrap();
        assert_eq!(value, serde_json::json!({"c": "// no, \" ,}", "d": [1, 2]}));
        for text in ["/*", "\"", "\"\\", "//", "{,}", "/", "[,"] {
            plain(text);
        }
    }

    #[test]
    fn tasks_imports_and_members_are_read() {
        let text = r#"{"tasks":{"start":"deno run a.ts","all":{"command":"x","dependencies":["start"]}},"imports":{"$fresh/":"https://deno.land/x/fresh@1.7.3/","h":"jsr:@hono/hono@4","o":"npm:oak@1"},"workspace":["./api","../no"]}"#;
        let tree = SourceTree::from_files([("deno.json", text), ("api/deno.json", "{}")]).unwrap();
        let config = Config::read(&View::at(&tree, "")).unwrap();
        assert_eq!(
            (config.task("start"), config.task("all"), config.task("x")),
            (Some("deno run a.ts"), Some("x"), None)
        );
        assert!(config.imports("$fresh") && config.imports("@hono/hono") && config.imports("oak"));
        assert!(!config.imports("@hono"));
        assert_eq!(config.members, ["api"]);
    }
}
