//! Files that list the variables of an app: `.env.example` and its kin, and `app.json`.

use serde_json::Value;

use super::{is_name, is_secret, is_usual};
use crate::generator::view::View;

/// A variable that is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) file: String,
    /// Whether somebody has to give it a value: what is listed is none, or nobody's.
    pub(super) is_open: bool,
}

const FILES: [&str; 7] = [
    ".env.example",
    ".env.sample",
    ".env.template",
    ".env.dist",
    "env.example",
    "example.env",
    ".env.local.example",
];

/// The variables that a tree lists.
pub(super) fn read(view: &View<'_>) -> Vec<Entry> {
    let mut found: Vec<Entry> = Vec::new();
    if let Some(file) = view.first_file(&FILES)
        && let Some(text) = view.glance(file)
    {
        for (name, value) in text.lines().filter_map(assignment) {
            if found.len() < 200 && !found.iter().any(|known| known.name == name) {
                let is_open = !is_usual(name) && (is_placeholder(&value) || is_secret(name));
                found.push(Entry { name: name.to_owned(), value, file: view.full(file), is_open });
            }
        }
    }
    let app = view.glance("app.json").and_then(|text| serde_json::from_str::<Value>(&text).ok());
    for (name, about) in app.as_ref().and_then(|app| app.get("env")?.as_object()).into_iter().flatten() {
        if !is_name(name) || found.iter().any(|known| known.name == *name) {
            continue;
        }
        let value = about.as_str().or_else(|| about.get("value")?.as_str()).unwrap_or_default();
        let is_wanted = about.get("required").and_then(Value::as_bool).unwrap_or(true);
        let is_open = is_wanted && !is_usual(name) && (is_placeholder(value) || is_secret(name));
        found.push(Entry {
            name: name.clone(),
            value: value.to_owned(),
            file: view.full("app.json"),
            is_open,
        });
    }
    found
}

fn assignment(line: &str) -> Option<(&str, String)> {
    let line = line.trim().trim_start_matches("export ");
    if line.starts_with('#') {
        return None;
    }
    let (name, value) = line.split_once('=')?;
    let value = value.trim();
    let value = match value.chars().next() {
        Some(quote @ ('"' | '\'')) => value[1..].split(quote).next().unwrap_or_default(),
        _ => value.split(" #").next().unwrap_or_default().trim(),
    };
    is_name(name.trim()).then(|| (name.trim(), value.to_owned()))
}

/// Whether a value only shows where one belongs.
fn is_placeholder(value: &str) -> bool {
    const WORDS: [&str; 12] = [
        "change",
        "your",
        "xxx",
        "todo",
        "replace",
        "placeholder",
        "...",
        "<",
        "example.com",
        "insert",
        "fill",
        "enter",
    ];
    let lower = value.to_ascii_lowercase();
    lower.is_empty()
        || matches!(lower.as_str(), "null" | "none" | "secret" | "password")
        || WORDS.iter().any(|word| lower.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceTree;

    #[test]
    fn what_has_a_plain_default_is_not_asked_for() {
        let text = "# a comment\nAPI_KEY=\nexport MODE=fast\nNAME=\"your name\" # x\nJWT_SECRET=abc\nPORT=3000\nlower=1\nPAGE_SIZE=20\n";
        let app =
            r#"{"env":{"TOKEN":{"generator":"secret"},"OPTIONAL_THING":{"required":false},"COLOUR":"red"}}"#;
        let tree = SourceTree::from_files([(".env.example", text), ("app.json", app)]).unwrap();
        let found = read(&View::of(&tree));
        let open: Vec<&str> =
            found.iter().filter(|entry| entry.is_open).map(|entry| entry.name.as_str()).collect();
        assert_eq!(open, ["API_KEY", "NAME", "JWT_SECRET", "TOKEN"]);
    }
}
