//! Names inside a tree: relative, with `/` between the parts, valid on every system.

/// Why `path` cannot be the name of an entry; `None` when it can.
pub(super) fn fault(path: &str) -> Option<&'static str> {
    if path.is_empty() {
        return Some("the name is empty");
    }
    if path.starts_with('/') {
        return Some("the name is absolute");
    }
    if path.chars().any(char::is_control) {
        return Some("the name has a control character");
    }
    if path.contains('\\') {
        return Some("the name has a backslash");
    }
    let bytes = path.as_bytes();
    if bytes.len() > 1 && bytes[1] == b':' && bytes[0].is_ascii_alphabetic() {
        return Some("the name starts with a drive letter");
    }
    for part in path.split('/') {
        match part {
            "" => return Some("the name has an empty part"),
            "." => return Some("the name has a part `.`"),
            ".." => return Some("the name has a part `..`"),
            _ if part.len() > 255 => return Some("a part of the name is longer than 255 bytes"),
            _ => {}
        }
    }
    None
}

/// The folder that `path` is in; `""` is the root.
pub(super) fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

/// The last part.
pub(super) fn name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// `name` in the folder `dir`.
pub(super) fn join(dir: &str, name: &str) -> String {
    if dir.is_empty() { name.to_owned() } else { format!("{dir}/{name}") }
}

/// How a name is shown in an error: one line, whatever is in it.
pub(super) fn shown(name: &[u8]) -> String {
    let text = String::from_utf8_lossy(name);
    let short: String = text.chars().take(200).collect();
    let mark = if short.len() < text.len() { "..." } else { "" };
    format!("{}{mark}", short.escape_debug())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_could_leave_the_root_or_differ_between_systems_are_refused() {
        for bad in ["", "/a", "..", "a/../b", "./a", "a//b", "a/", "a\\b", "C:x", "c:/x", "a\0b", "a\nb"] {
            assert!(fault(bad).is_some(), "{bad:?}");
        }
    }

    #[test]
    fn ordinary_and_odd_but_harmless_names_are_accepted() {
        for good in ["a", "a/b.txt", "...", "..a/b..", "a b", "ünïcode/文件", ".env", "@scope/x", "ab:c"]
        {
            assert!(fault(good).is_none(), "{good:?}");
        }
    }
}
