//! The outline of a YAML file: its keys and plain values by their indentation. Manifests of packages need no more, and
//! a text that is no YAML harms nobody: there are no anchors to follow and nothing nests beyond its lines.

/// The most lines that are looked at.
const LINES: usize = 4_000;

/// Keys, each as the path of names that leads to it, and what stands behind the colon.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Outline(Vec<(Vec<String>, String)>);

impl Outline {
    pub(crate) fn parse(text: &str) -> Self {
        let mut found: Vec<(Vec<String>, String)> = Vec::new();
        let mut open: Vec<(usize, String)> = Vec::new();
        for line in text.lines().take(LINES) {
            let bare = without_comment(line);
            let body = bare.trim_start();
            let indent = bare.len() - body.len();
            if body.is_empty() || body.starts_with("---") {
                continue;
            }
            if let Some(item) = body.strip_prefix("- ") {
                // An item may stand as far left as the key that it belongs to.
                while open.last().is_some_and(|(at, _)| *at > indent) {
                    open.pop();
                }
                let mut path: Vec<String> = open.iter().map(|(_, key)| key.clone()).collect();
                path.push("-".into());
                found.push((path, unquoted(item).to_owned()));
                continue;
            }
            while open.last().is_some_and(|(at, _)| *at >= indent) {
                open.pop();
            }
            let Some((key, value)) = body.split_once(':') else { continue };
            if !(value.is_empty() || value.starts_with([' ', '\t'])) {
                continue;
            }
            open.push((indent, unquoted(key).to_owned()));
            found.push((open.iter().map(|(_, key)| key.clone()).collect(), unquoted(value).to_owned()));
        }
        Self(found)
    }

    /// The value of the key at a path; an empty one counts as none.
    pub(crate) fn text(&self, path: &[&str]) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, value)| key.as_slice() == path && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// Whether there is a key at a path.
    pub(crate) fn has(&self, path: &[&str]) -> bool {
        self.0.iter().any(|(key, _)| key.as_slice() == path)
    }

    /// The names of the keys directly below a path, in order.
    pub(crate) fn below(&self, path: &[&str]) -> Vec<&str> {
        self.0
            .iter()
            .filter(|(key, _)| key.len() == path.len() + 1 && key[..path.len()] == *path)
            .filter_map(|(key, _)| key.last().map(String::as_str))
            .filter(|key| *key != "-")
            .collect()
    }

    /// The items of the list below a path.
    pub(crate) fn items(&self, path: &[&str]) -> Vec<&str> {
        self.0
            .iter()
            .filter(|(key, _)| {
                key.last().is_some_and(|last| last == "-")
                    && key.len() == path.len() + 1
                    && key[..path.len()] == *path
            })
            .map(|(_, value)| value.as_str())
            .collect()
    }
}

fn without_comment(line: &str) -> &str {
    let is_start = |at: usize| at == 0 || line[..at].ends_with([' ', '\t']);
    let end = line.match_indices('#').map(|(at, _)| at).find(|at| is_start(*at)).unwrap_or(line.len());
    line[..end].trim_end()
}

fn unquoted(text: &str) -> &str {
    let text = text.trim();
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            return inner;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_by_their_indentation() {
        let text = "name: shop # the name\nenvironment:\n  sdk: '>=3.0.0 <4.0.0'\n\ndependencies:\n  shelf: ^1.4.0\n  flutter:\n    sdk: flutter\nextra-deps:\n- a-1.0\n- b-2.0\nother:\n  - c\n";
        let outline = Outline::parse(text);
        assert_eq!(outline.text(&["name"]), Some("shop"));
        assert_eq!(outline.text(&["environment", "sdk"]), Some(">=3.0.0 <4.0.0"));
        assert_eq!(outline.text(&["dependencies", "flutter", "sdk"]), Some("flutter"));
        assert_eq!(outline.below(&["dependencies"]), ["shelf", "flutter"]);
        assert_eq!(outline.items(&["extra-deps"]), ["a-1.0", "b-2.0"]);
        assert_eq!(outline.items(&["other"]), ["c"]);
        assert!(outline.has(&["environment"]) && outline.text(&["environment"]).is_none());
    }

    #[test]
    fn any_text_has_an_outline() {
        for text in
            ["", ":", "::\n - : -\n", "\t\t- ", "a: &x [*x, *x]\nb: *x", "'", "\"a\": \"", "- - - -", "é: ü"]
        {
            Outline::parse(text);
        }
    }
}
