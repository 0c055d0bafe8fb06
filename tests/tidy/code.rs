//! Rust code without what is not code.

/// Everything before the unit tests, which stand at the bottom of a file.
pub(crate) fn without_tests(text: &str) -> &str {
    let start = text.match_indices("#[cfg(test)]\nmod tests {").map(|(at, _)| at).next();
    &text[..start.unwrap_or(text.len())]
}

/// The code with the contents of comments, texts and characters taken out; lines stay lines.
pub(crate) fn bare(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let skip = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |at| at + 2)
        } else if let Some(length) = raw_text(rest, &out) {
            length
        } else if c == '"' {
            quoted(rest)
        } else if c == '\'' {
            character(rest)
        } else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
            continue;
        };
        out.extend(rest[..skip].chars().filter(|c| *c == '\n'));
        if !rest.starts_with('/') {
            out.push_str("\"\"");
        }
        rest = &rest[skip..];
    }
    out
}

/// The length of `r"..."` or `r#"..."#` when that is what stands here.
fn raw_text(rest: &str, before: &str) -> Option<usize> {
    let after_word = before.ends_with(|c: char| (c.is_alphanumeric() && c != 'b') || c == '_');
    let hashes = rest.strip_prefix('r').filter(|_| !after_word)?.bytes().take_while(|b| *b == b'#').count();
    let body = rest[1 + hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let length = body.find(&end).map_or(body.len(), |at| at + end.len());
    Some(1 + hashes + 1 + length)
}

fn quoted(rest: &str) -> usize {
    let mut is_escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// The length of a character; of a lifetime only its tick.
fn character(rest: &str) -> usize {
    let mut inside = rest.char_indices().skip(1);
    match (inside.next(), inside.next()) {
        (Some((_, '\\')), Some((at, c))) => {
            let after = at + c.len_utf8();
            rest[after..].find('\'').map_or(1, |end| after + end + 1)
        }
        (Some(_), Some((at, '\''))) => at + 1,
        _ => 1,
    }
}

/// The words of `code`, in order.
pub(crate) fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty())
}

/// What follows `root::` in paths, once for each: of `a::b::c` and `a::{b::c, d}`, for `a`, it is `b`, and `b` and `d`.
pub(crate) fn children<'a>(code: &'a str, root: &str) -> Vec<&'a str> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices(&format!("{root}::")) {
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let after = &code[at + root.len() + 2..];
        match after.strip_prefix('{') {
            Some(group) => found.extend(heads(group)),
            None => found.extend(words(after).next()),
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// The first word of each part of a group, up to the brace that closes it.
fn heads(group: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            '}' => {
                parts.push(&group[start..at]);
                break;
            }
            ',' if depth == 0 => {
                parts.push(&group[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.into_iter().filter_map(|part| words(part).next()).collect()
}

#[test]
fn comments_texts_and_characters_are_taken_out() {
    let text = "a // b\nc /* d\ne */ f \"g \\\" h\" i r#\"j \" k\"# l 'm' '\\'' n<'o> b\"p\" '\"' q";
    let code = bare(text);
    let found: Vec<_> = words(&code).collect();
    assert_eq!(found, ["a", "c", "f", "i", "l", "n", "o", "b", "q"]);
    assert_eq!(code.lines().count(), text.lines().count());
}

#[test]
fn unit_tests_are_cut_off() {
    assert_eq!(without_tests("a\n#[cfg(test)]\nmod tests {\n}\n"), "a\n");
    assert_eq!(without_tests("#[cfg(test)]\nuse a;\nb"), "#[cfg(test)]\nuse a;\nb");
}

#[test]
fn children_are_found_in_paths_and_groups() {
    let code = "use crate::a::b; use crate::{c::{d, e}, f}; crate::g::h(); other_crate::x";
    assert_eq!(children(code, "crate"), ["a", "c", "f", "g"]);
}
