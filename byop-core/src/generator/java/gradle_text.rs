//! Gradle's build files as text: comments taken out, and the few facts that can be read without running them.

use std::collections::BTreeMap;

/// A build file without its comments; texts stay.
pub(super) fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut quote: Option<char> = None;
    while let Some(c) = rest.chars().next() {
        let mut length = c.len_utf8();
        match quote {
            Some(open) => {
                if c == '\\' {
                    length += rest[length..].chars().next().map_or(0, char::len_utf8);
                } else if c == open || c == '\n' {
                    quote = None;
                }
            }
            None if rest.starts_with("//") => {
                rest = &rest[rest.find('\n').unwrap_or(rest.len())..];
                continue;
            }
            None if rest.starts_with("/*") => {
                rest = rest[2..].find("*/").map_or("", |at| &rest[at + 4..]);
                out.push(' ');
                continue;
            }
            None if matches!(c, '"' | '\'') => quote = Some(c),
            None => {}
        }
        out.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    out
}

/// What follows a word, with white space, `=`, `(` and `.set(` passed over, for each place where the word stands alone.
fn after<'t>(text: &'t str, word: &'t str) -> impl Iterator<Item = &'t str> + 't {
    text.match_indices(word).filter_map(move |(at, _)| {
        let before = text[..at].chars().next_back();
        let rest = &text[at + word.len()..];
        let is_inside = |c: char| c.is_alphanumeric() || c == '_';
        if before.is_some_and(is_inside) || rest.starts_with(is_inside) {
            return None;
        }
        let rest = rest.trim_start_matches([' ', '\t']);
        let rest = rest.strip_prefix(".set").or_else(|| rest.strip_prefix(".convention")).unwrap_or(rest);
        Some(rest.trim_start_matches(|c: char| c.is_whitespace() || c == '=' || c == '('))
    })
}

/// The value that is given to a name: `name = 'value'`, `name 'value'`, `name.set("value")`, `name = value`.
pub(super) fn value<'t>(text: &'t str, name: &'t str) -> Option<&'t str> {
    after(text, name).find_map(|rest| {
        if let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) {
            return rest[1..].split(quote).next().filter(|value| !value.contains('\n'));
        }
        let end = rest
            .find(|c: char| c.is_whitespace() || matches!(c, ')' | ',' | ';' | '}'))
            .unwrap_or(rest.len());
        Some(&rest[..end]).filter(|value| !value.is_empty())
    })
}

/// The texts in quotes after each statement `word ...`, over all of its lines: the arguments of `include`.
pub(super) fn arguments(text: &str, word: &str) -> Vec<String> {
    let mut found = Vec::new();
    for mut rest in after(text, word) {
        while let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) {
            let Some(end) = rest[1..].find(quote) else { break };
            found.push(rest[1..=end].to_owned());
            rest = rest[end + 2..].trim_start_matches(|c: char| c.is_whitespace());
            match rest.strip_prefix(',') {
                Some(next) => rest = next.trim_start(),
                None => break,
            }
        }
    }
    found
}

/// The ids and coordinates of a version catalogue that a build file uses, for a search of its own text.
pub(super) fn from_catalogue(text: &str, catalogue: &toml::Table) -> String {
    let mut found = String::new();
    for (table, prefix, keys) in
        [("plugins", "libs.plugins.", ["id", "id"]), ("libraries", "libs.", ["module", "group"])]
    {
        let Some(entries) = catalogue.get(table).and_then(toml::Value::as_table) else { continue };
        for (name, entry) in entries {
            let accessor = format!("{prefix}{}", name.replace(['-', '_'], "."));
            let is_used = text.match_indices(&accessor).any(|(at, _)| {
                !text[at + accessor.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_')
            });
            if !is_used {
                continue;
            }
            let text = match entry {
                toml::Value::String(text) => Some(text.as_str()),
                entry => keys.iter().find_map(|key| entry.get(*key)?.as_str()),
            };
            found.extend([text.unwrap_or_default()]);
            found.extend(entry.get("name").and_then(toml::Value::as_str).map(|name| format!(":{name}")));
            found.push('\n');
        }
    }
    found
}

/// A language level: a number, or the name of one that is set elsewhere.
pub(super) fn level(value: &str, text: &str, known: &BTreeMap<String, String>) -> Option<u32> {
    if let Some(release) = crate::generator::jvm::release_in(value) {
        return Some(release);
    }
    let name = value
        .trim_start_matches("libs.versions.")
        .trim_start_matches("rootProject.")
        .trim_start_matches("project.")
        .trim_start_matches("ext.");
    let end =
        name.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.' | '-'))).unwrap_or(name.len());
    let name = name[..end].trim_end_matches(".get").trim_end_matches(".toInt");
    if name.is_empty() {
        return None;
    }
    let set = known.get(name).map(String::as_str).or_else(|| {
        after(text, name)
            .find(|rest| rest.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '"' | '\'')))
    })?;
    crate::generator::jvm::release_in(set.get(..set.len().min(24)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_go_and_texts_stay() {
        assert_eq!(
            without_comments("a // b\nurl = 'http://x' /* c\n d */ e\n\"/*\\\"\" f /*"),
            "a \nurl = 'http://x'   e\n\"/*\\\"\" f  "
        );
    }

    #[test]
    fn values_are_found_in_every_spelling() {
        for (text, wanted) in [
            ("mainClass = 'a.B'", Some("a.B")),
            ("mainClass.set(\"a.B\")", Some("a.B")),
            ("mainClass 'a.B'", Some("a.B")),
            ("mainClass = myMain", Some("myMain")),
            ("mainClassName = 'a.B'", None),
            ("x { mainClass=\"a.B\" }", Some("a.B")),
        ] {
            assert_eq!(value(text, "mainClass"), wanted, "{text}");
        }
        assert_eq!(
            value("sourceCompatibility = JavaVersion.VERSION_11\n", "sourceCompatibility"),
            Some("JavaVersion.VERSION_11")
        );
    }

    #[test]
    fn modules_are_read_in_both_dialects() {
        assert_eq!(
            arguments("include 'a', ':b:c'\ninclude(\":d\",\n  \"e\")\nincludeBuild('f')", "include"),
            ["a", ":b:c", ":d", "e"]
        );
    }

    #[test]
    fn a_level_may_be_named() {
        let known = BTreeMap::from([("javaVersion".to_owned(), "17".to_owned())]);
        assert_eq!(level("javaVersion.toInt()", "", &known), Some(17));
        assert_eq!(level("libs.versions.javaVersion.get", "", &known), Some(17));
        assert_eq!(level("jdk", "val jdk = 21\n", &known), Some(21));
        assert_eq!(level("JavaLanguageVersion.of(21", "", &known), Some(21));
    }
}
