//! The templates and the escapes that they use: the only user of the template engine.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use minijinja::syntax::SyntaxConfig;
use minijinja::{
    Environment, Error as TemplateError, ErrorKind as TemplateErrorKind, UndefinedBehavior, Value,
};
use serde::Serialize;

use super::command::quote;
use crate::error::{Error, ErrorKind, Result};

// Parsed once: the templates are part of the program and never change.
static TEMPLATES: LazyLock<Result<Environment<'static>, String>> =
    LazyLock::new(|| environment().map_err(|error| format!("{error:#}")));

fn environment() -> Result<Environment<'static>, TemplateError> {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_syntax(
        SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build()?,
    );
    env.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    env.add_filter("comment", |text: String| comment(&text));
    env.add_filter("word", |text: String| word(&text));
    env.add_filter("words", |list: Vec<String>| {
        list.iter().map(|text| word(text)).collect::<Result<Vec<_>, _>>().map(|list| list.join(" "))
    });
    env.add_filter("path", |text: String| path(&text));
    env.add_filter("env", |values: Value| {
        let values =
            serde_json::to_value(&values).and_then(serde_json::from_value::<BTreeMap<String, String>>);
        env_pairs(&values.map_err(|_| refuse("a map", ""))?)
    });
    env.add_filter("command", |text: String| command(&text));
    env.add_filter("patterns", |list: Vec<String>| {
        list.into_iter().filter(|line| is_pattern(line)).collect::<Vec<_>>()
    });
    env.add_filter("json", |list: Vec<String>| json_list(&list));
    env.add_filter("copy", |sources: Vec<String>, target: String| copy(&sources, &target));
    env.add_template("Dockerfile", include_str!("templates/Dockerfile.j2"))?;
    env.add_template(".dockerignore", include_str!("templates/dockerignore.j2"))?;
    env.add_template("nginx.conf", include_str!("templates/nginx.conf.j2"))?;
    Ok(env)
}

/// Renders a template.
pub(crate) fn render<S: Serialize>(name: &'static str, context: S) -> Result<String> {
    let internal = |message: &str| Error::new(ErrorKind::Internal, "plan.render", message.to_owned());
    let env = TEMPLATES
        .as_ref()
        .map_err(|text| internal("a built-in template is broken").with_context("cause", text))?;
    let template = env.get_template(name).map_err(|e| internal("no such template").with_source(e))?;
    template.render(minijinja::value::Serde(context)).map_err(|error| {
        let is_refused = error.kind() == TemplateErrorKind::InvalidOperation;
        let kind = if is_refused { ErrorKind::InvalidInput } else { ErrorKind::Internal };
        let detail = error.detail().unwrap_or("it could not be rendered").to_owned();
        Error::new(kind, "plan.render", detail).with_context("file", name).with_source(error)
    })
}

fn refuse(what: &str, text: &str) -> TemplateError {
    let shown: String = text.chars().take(80).flat_map(char::escape_default).collect();
    TemplateError::new(
        TemplateErrorKind::InvalidOperation,
        format!("{what} cannot be written safely: {shown}"),
    )
}

/// Whether a character makes a text look like another one: it has no shape, or it turns the order around.
pub(super) fn is_hidden(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// A line of an ignore file that only leaves something out. One with a meaning of its own, or one that would be read
/// otherwise than it looks, is not needed.
fn is_pattern(line: &str) -> bool {
    !line.trim().is_empty()
        && !line.trim_start().starts_with(['!', '#'])
        && !line.chars().any(|c| c.is_control() || is_hidden(c))
}

/// One line, so that no text can end a comment and begin an instruction.
fn comment(text: &str) -> String {
    text.split(|c: char| c.is_control() || c.is_whitespace() || is_hidden(c))
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// A name, image or path that stands bare in an instruction.
fn word(text: &str) -> Result<String, TemplateError> {
    let is_plain = !text.is_empty()
        && !text.starts_with('-')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._/:@+-".contains(&b));
    if is_plain { Ok(text.to_owned()) } else { Err(refuse("a name", text)) }
}

/// What cannot stand in a line as it is.
fn has_line_break(text: &str) -> bool {
    text.chars().any(|c| c.is_control() || is_hidden(c))
}

/// A path where the builder replaces variables but knows no quotes.
fn path(text: &str) -> Result<String, TemplateError> {
    if text.is_empty() || has_line_break(text) || text.contains(['\\', '"', '\'']) {
        return Err(refuse("a path", text));
    }
    Ok(text.replace('$', "\\$"))
}

/// `KEY="value"` pairs of ENV and LABEL.
fn env_pairs(values: &BTreeMap<String, String>) -> Result<String, TemplateError> {
    let mut pairs = Vec::new();
    for (name, value) in values {
        let is_name =
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
        if !is_name || has_line_break(value) {
            return Err(refuse("a variable", name));
        }
        let mut text = String::new();
        for c in value.chars() {
            if matches!(c, '"' | '\\' | '$') {
                text.push('\\');
            }
            text.push(c);
        }
        pairs.push(format!("{name}=\"{text}\""));
    }
    Ok(pairs.join(" \\\n    "))
}

/// A command line of RUN. What could end the instruction or change its meaning goes in as a list.
fn command(text: &str) -> Result<String, TemplateError> {
    let text = text.trim();
    if text.is_empty() || text.contains('\0') {
        return Err(refuse("a command", text));
    }
    let is_tame = !has_line_break(text)
        && !text.ends_with('\\')
        && !text.contains("<<")
        && !text.starts_with(['[', '-', '#']);
    if !is_tame {
        return json_list(&["/bin/sh".into(), "-c".into(), text.to_owned()]);
    }
    // A backslash changes what a quote means.
    if text.contains('\\') {
        return Ok(text.to_owned());
    }
    Ok(one_step_a_line(text))
}

/// Breaks a command line before each `&&` that is not inside quotes.
fn one_step_a_line(text: &str) -> String {
    let (mut out, mut quote) = (String::with_capacity(text.len()), None);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), _) if open == c => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, ' ') if text[at..].starts_with(" && ") => out.push_str(" \\\n"),
            _ => {}
        }
        out.push(c);
    }
    out
}

fn json_list(list: &[String]) -> Result<String, TemplateError> {
    let parts: Result<Vec<String>, _> = list.iter().map(serde_json::to_string).collect();
    let text = parts
        .map(|parts| format!("[{}]", parts.join(", ")))
        .map_err(|_| refuse("a list", &list.join(" ")))?;
    // JSON leaves them bare; a person who reads the file should see them.
    Ok(text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        if is_hidden(c) || (c.is_control() && c as u32 > 0x1f) {
            out.push_str(&format!("\\u{:04x}", c as u32));
        } else {
            out.push(c);
        }
        out
    }))
}

/// Sources and target of COPY: bare where that is safe, else as a list with patterns made literal.
fn copy(sources: &[String], target: &str) -> Result<String, TemplateError> {
    let parts: Vec<&str> = sources.iter().map(String::as_str).chain([target]).collect();
    if let Some(bad) =
        parts.iter().find(|text| text.is_empty() || text.chars().any(char::is_control) || text.contains('\\'))
    {
        return Err(refuse("a path", bad));
    }
    if parts.iter().all(|text| quote(text) == *text && !text.contains('=')) {
        return Ok(parts.join(" "));
    }
    let literal: Vec<String> = parts
        .iter()
        .map(|text| {
            text.chars().fold(String::new(), |mut out, c| {
                match c {
                    '*' | '?' | '[' => out.extend(['[', c, ']']),
                    '$' => out.push_str("\\$"),
                    c => out.push(c),
                }
                out
            })
        })
        .collect();
    json_list(&literal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_leaves_its_place() {
        assert_eq!(comment("a\nRUN evil\r\n b"), "a RUN evil b");
        assert!(word("a b").is_err() && word("a\nb").is_err() && word("$x").is_err() && word("").is_err());
        assert_eq!(path("/a$b").unwrap(), "/a\\$b");
        assert!(path("/a\nb").is_err());
        let pairs = BTreeMap::from([("A".to_owned(), "x\"$y\\`{{#é".to_owned())]);
        assert_eq!(env_pairs(&pairs).unwrap(), r#"A="x\"\$y\\`{{#é""#);
        assert!(env_pairs(&BTreeMap::from([("A".to_owned(), "a\nb".to_owned())])).is_err());
        assert_eq!(command("a\nUSER root").unwrap(), r#"["/bin/sh", "-c", "a\nUSER root"]"#);
        assert_eq!(command("a \\").unwrap(), r#"["/bin/sh", "-c", "a \\"]"#);
        assert_eq!(command("a && b").unwrap(), "a \\\n && b");
        assert_eq!(command("a ' && ' && \"'\" && b").unwrap(), "a ' && ' \\\n && \"'\" \\\n && b");
        assert_eq!(copy(&["a [b] $c".into()], "./").unwrap(), r#"["a [[]b] \\$c", "./"]"#);
    }
}
