//! Variables in the values of a compose file.

use std::collections::BTreeMap;

use serde_json::Value;

/// Defaults inside defaults.
const MAX_DEPTH: usize = 8;
/// A value that repeats a long variable.
const MAX_TEXT: usize = 64 * 1024;

type Fault = (Vec<String>, String);

/// Replaces the variables in every text. Those without value and default become nothing, and are `missing`.
pub(super) fn all(
    value: &mut Value,
    variables: &BTreeMap<String, String>,
    missing: &mut Vec<String>,
    path: &mut Vec<String>,
) -> Result<(), Fault> {
    match value {
        Value::String(text) => {
            *text = one(text, variables, missing, 0).map_err(|message| (path.clone(), message))?;
        }
        Value::Array(list) => {
            for (number, value) in list.iter_mut().enumerate() {
                path.push(number.to_string());
                all(value, variables, missing, path)?;
                path.pop();
            }
        }
        Value::Object(map) => {
            for (key, value) in map {
                path.push(key.clone());
                all(value, variables, missing, path)?;
                path.pop();
            }
        }
        _ => {}
    }
    Ok(())
}

fn one(
    text: &str,
    variables: &BTreeMap<String, String>,
    missing: &mut Vec<String>,
    depth: usize,
) -> Result<String, String> {
    if depth > MAX_DEPTH {
        return Err(format!("defaults inside defaults, more than {MAX_DEPTH} deep"));
    }
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            out.push('$');
            rest = after;
        } else if let Some(body) = rest.strip_prefix('{') {
            let end = closing(body).ok_or("a variable is not closed: write `$$` for a dollar")?;
            out.push_str(&braced(&body[..end], variables, missing, depth)?);
            rest = &body[end + 1..];
        } else {
            let length = name_length(rest);
            if length == 0 {
                return Err("a dollar that begins no variable: write `$$`".into());
            }
            out.push_str(&value_of(&rest[..length], variables, missing));
            rest = &rest[length..];
        }
        if out.len() > MAX_TEXT {
            return Err(format!("the value is longer than {MAX_TEXT} bytes"));
        }
    }
    out.push_str(rest);
    Ok(out)
}

/// Where the brace closes that is open already.
fn closing(body: &str) -> Option<usize> {
    let mut depth = 0;
    for (at, c) in body.char_indices() {
        match c {
            '{' if body[..at].ends_with('$') => depth += 1,
            '}' if depth == 0 => return Some(at),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

fn name_length(text: &str) -> usize {
    let fits = |(at, c): (usize, char)| c.is_ascii_alphabetic() || c == '_' || (at > 0 && c.is_ascii_digit());
    text.char_indices().take_while(|pair| fits(*pair)).count()
}

fn value_of(name: &str, variables: &BTreeMap<String, String>, missing: &mut Vec<String>) -> String {
    variables.get(name).cloned().unwrap_or_else(|| {
        missing.push(name.to_owned());
        String::new()
    })
}

fn braced(
    body: &str,
    variables: &BTreeMap<String, String>,
    missing: &mut Vec<String>,
    depth: usize,
) -> Result<String, String> {
    let length = name_length(body);
    let (name, rest) = body.split_at(length);
    if name.is_empty() {
        return Err("a variable without a name: write `$$` for a dollar".into());
    }
    let known = variables.get(name);
    // With a colon an empty value counts as none.
    let (filled, operator) = match rest.strip_prefix(':') {
        Some(operator) => (known.filter(|value| !value.is_empty()), operator),
        None => (known, rest),
    };
    let word = operator.get(1..).unwrap_or_default();
    match operator.chars().next() {
        None if rest.is_empty() => Ok(value_of(name, variables, missing)),
        Some('-') => {
            filled.map_or_else(|| one(word, variables, missing, depth + 1), |value| Ok(value.clone()))
        }
        Some('?') => Ok(filled.cloned().unwrap_or_else(|| value_of(name, &BTreeMap::new(), missing))),
        Some('+') => filled.map_or(Ok(String::new()), |_| one(word, variables, missing, depth + 1)),
        _ => Err("this form of a variable is not known to compose".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(String, Vec<String>), String> {
        let variables = BTreeMap::from([("A".to_owned(), "x".to_owned()), ("E".to_owned(), String::new())]);
        let mut missing = Vec::new();
        one(text, &variables, &mut missing, 0).map(|text| (text, missing))
    }

    #[test]
    fn variables_are_replaced_as_compose_does() {
        for (text, wanted) in [
            ("$A-${A}", "x-x"),
            ("$$A ${A}$$", "$A x$"),
            ("${E-d}|${E:-d}|${N-d}|${N:-d}", "|d|d|d"),
            ("${N:-${M:-${A}}}", "x"),
            ("${A:+y}${E:+y}${E+y}", "yy"),
            ("${N:-http://h:1/{id}}", "http://h:1/{id}"),
            ("a${A:?must}", "ax"),
        ] {
            // A brace that is no variable's closes the first that is open.
            let wanted = if text.contains("{id}") { "http://h:1/{id}" } else { wanted };
            assert_eq!(read(text).unwrap().0, wanted, "{text}");
        }
        assert_eq!(read("$N ${M:?x} ${E:?x}").unwrap().1, ["N", "M", "E"]);
    }

    #[test]
    fn what_compose_refuses_is_refused() {
        for text in ["$", "${", "${A", "$1", "${}", "${A!}", "${A:}"] {
            assert!(read(text).is_err(), "{text}");
        }
        let deep = format!("{}{}", "${N:-".repeat(20), "}".repeat(20));
        assert!(read(&deep).is_err());
    }
}
