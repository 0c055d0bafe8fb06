//! A small YAML writer: block style, every text in double quotes, so that no reader takes a text for something
//! else.

use serde_json::Value;

use super::super::template::is_hidden;

/// Where a key stands among those of the object at a path: lower ones first, and equal ones in the order of the
/// alphabet.
type Rank<'r> = &'r dyn Fn(&[&str], &str) -> usize;

/// Writes a value whose root is an object, its keys in the order of the alphabet.
pub(crate) fn write(value: &Value) -> String {
    write_ranked(value, &|_, _| 0)
}

/// Writes a value whose root is an object, its keys in an order of choice.
pub(crate) fn write_ranked(value: &Value, rank: Rank<'_>) -> String {
    let mut out = String::new();
    block(value, &mut Vec::new(), rank, 0, &mut out);
    out
}

fn block<'v>(value: &'v Value, path: &mut Vec<&'v str>, rank: Rank<'_>, indent: usize, out: &mut String) {
    match value {
        Value::Object(map) => {
            // Sorted here, because the map keeps the order of insertion when a host program asks for that.
            let mut pairs: Vec<_> = map.iter().collect();
            pairs.sort_by_key(|(key, _)| (rank(path, key), *key));
            for (key, value) in pairs {
                pad(indent, out);
                out.push_str(&key_text(key));
                out.push(':');
                path.push(key);
                after_key(value, path, rank, indent, out);
                path.pop();
            }
        }
        Value::Array(list) => {
            for value in list {
                pad(indent, out);
                out.push('-');
                path.push("-");
                after_key(value, path, rank, indent, out);
                path.pop();
            }
        }
        scalar => {
            pad(indent, out);
            out.push_str(&inline(scalar));
            out.push('\n');
        }
    }
}

fn after_key<'v>(value: &'v Value, path: &mut Vec<&'v str>, rank: Rank<'_>, indent: usize, out: &mut String) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            out.push('\n');
            block(value, path, rank, indent + 1, out);
        }
        Value::Array(list) if !list.is_empty() => {
            out.push('\n');
            block(value, path, rank, indent + 1, out);
        }
        other => {
            out.push(' ');
            out.push_str(&inline(other));
            out.push('\n');
        }
    }
}

fn pad(indent: usize, out: &mut String) {
    out.extend(std::iter::repeat_n("  ", indent));
}

/// Keys of the compose format itself are left bare; anything else is quoted like a value.
fn key_text(key: &str) -> String {
    let is_bare = key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') && key.len() > 3;
    if is_bare && !matches!(key, "true" | "false" | "null") { key.to_owned() } else { text(key) }
}

fn inline(value: &Value) -> String {
    match value {
        Value::String(value) => text(value),
        Value::Object(_) => "{}".into(),
        Value::Array(_) => "[]".into(),
        other => other.to_string(),
    }
}

/// A double-quoted scalar. JSON's escapes are YAML's; what JSON leaves bare and YAML does not print is added.
fn text(value: &str) -> String {
    let mut out = String::with_capacity(value.len() + 2);
    out.push('"');
    for c in value.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if (c as u32) < 0x100 && c.is_control() => out.push_str(&format!("\\x{:02x}", c as u32)),
            c if is_hidden(c) => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn awkward_texts_survive_a_yaml_reader() {
        let awkward = [
            "yes",
            "on",
            "NO",
            "22:22",
            "1_000",
            "2020-01-01",
            "<<",
            "=",
            "null",
            "~",
            "",
            " a ",
            "#x",
            "a: b",
            "- a",
            "{{ x }}",
            "'",
            "\"",
            "\\",
            "a\nb",
            "\t",
            "é€😀",
            "\u{7f}",
            "\u{85}",
            "\u{2028}",
            "`",
            "$x",
            "*a",
            "&a",
            "!t",
            "%x",
            "@",
            "0x1f",
            ".inf",
            "\u{1}",
        ];
        let value = serde_json::json!({
            "list": awkward.to_vec(),
            "map": awkward.iter().map(|text| ((*text).to_owned(), Value::from(*text))).collect::<serde_json::Map<_, _>>(),
            "none": [], "empty": {}, "number": 1.5, "flag": true,
            "nested": [{"name": "a", "list": ["b"]}],
        });
        let back: Value = serde_yaml::from_str(&write(&value)).unwrap();
        assert_eq!(back, value);
    }
}
