//! Where the keys of a block-style text stand, and what stands behind them, as it is written there.
//!
//! Messages take the places from it. Manifests of packages are read by it alone: a version such as `1.10` is a number
//! to a parser, which makes `1.1` of it.

use super::guard;
use super::reader::Dialect;

/// One key or list item of the text.
#[derive(Debug)]
struct Entry {
    parent: Option<usize>,
    segment: String,
    /// The rest of its line.
    value: String,
    is_item: bool,
    place: Place,
}

/// A line and a column, both counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

/// The keys of a text, as far as they stand at the start of a line or after a dash. What is inside `{}` and `[]`
/// is found at the key that it belongs to.
#[derive(Debug, Default)]
pub(crate) struct Outline {
    entries: Vec<Entry>,
    /// The entries that the next one may belong to: index, column, whether it is a list item, and the number of list
    /// items below it.
    open: Vec<Open>,
}

#[derive(Debug)]
struct Open {
    entry: usize,
    column: usize,
    is_item: bool,
    items: usize,
}

impl Outline {
    /// Of a text that may be no YAML: as far as it can be followed.
    pub(crate) fn parse(text: &str) -> Self {
        guard::scan(text, Dialect::Foreign).0
    }

    /// The value of the key at a path; an empty one counts as none.
    pub(crate) fn text(&self, path: &[&str]) -> Option<&str> {
        Some(plain(&self.entries[self.find(path)?].value)).filter(|value| !value.is_empty())
    }

    /// Whether there is a key at a path.
    pub(crate) fn has(&self, path: &[&str]) -> bool {
        self.find(path).is_some()
    }

    /// The names of the keys directly below a path, in order.
    pub(crate) fn below(&self, path: &[&str]) -> Vec<&str> {
        let keys = self.children(path).filter(|entry| !entry.is_item);
        keys.map(|entry| entry.segment.as_str()).collect()
    }

    /// The items of the list below a path.
    pub(crate) fn items(&self, path: &[&str]) -> Vec<&str> {
        self.children(path).filter(|entry| entry.is_item).map(|entry| plain(&entry.value)).collect()
    }

    fn find(&self, path: &[&str]) -> Option<usize> {
        path.iter().try_fold(None, |at, segment| self.child(at, segment).map(Some)).flatten()
    }

    fn child(&self, parent: Option<usize>, segment: &str) -> Option<usize> {
        self.entries.iter().position(|entry| entry.parent == parent && entry.segment == segment)
    }

    fn children(&self, path: &[&str]) -> impl Iterator<Item = &Entry> {
        let parent = self.find(path);
        self.entries.iter().filter(move |entry| parent.is_some() && entry.parent == parent)
    }

    /// The place of the value at `path`, or of the nearest thing around it that the outline knows. List items are
    /// named by their number, counted from 0.
    pub(crate) fn place(&self, path: &[String]) -> Place {
        let mut at = None;
        for segment in path {
            match self.child(at, segment) {
                Some(found) => at = Some(found),
                None => break,
            }
        }
        at.map_or(Place { line: 1, column: 1 }, |index| self.entries[index].place)
    }

    pub(super) fn key(&mut self, text: &str, value: String, place: Place) {
        let plain = text.trim();
        // A double-quoted key is read as JSON: nearly all of the escapes are the same.
        let bare = serde_json::from_str::<String>(plain).unwrap_or_else(|_| {
            let quoted =
                ['"', '\''].iter().find_map(|quote| plain.strip_prefix(*quote)?.strip_suffix(*quote));
            quoted.unwrap_or(plain).to_owned()
        });
        self.close(place.column, false);
        self.push(Entry { parent: None, segment: bare, value, is_item: false, place });
    }

    pub(super) fn item(&mut self, value: String, place: Place) {
        self.close(place.column, true);
        let number = match self.open.last_mut() {
            Some(parent) => {
                parent.items += 1;
                parent.items - 1
            }
            // A list at the root.
            None => self.entries.iter().filter(|entry| entry.parent.is_none()).count(),
        };
        self.push(Entry { parent: None, segment: number.to_string(), value, is_item: true, place });
    }

    /// Leaves what ends before this column. A list may stand in the same column as its key.
    fn close(&mut self, column: usize, is_item: bool) {
        while let Some(top) = self.open.last() {
            let ends = top.column > column || (top.column == column && (!is_item || top.is_item));
            if !ends {
                break;
            }
            self.open.pop();
        }
    }

    fn push(&mut self, mut entry: Entry) {
        entry.parent = self.open.last().map(|open| open.entry);
        let (column, is_item) = (entry.place.column, entry.is_item);
        self.open.push(Open { entry: self.entries.len(), column, is_item, items: 0 });
        self.entries.push(entry);
    }
}

/// A value without quotes and without the comment behind it.
fn plain(text: &str) -> &str {
    let is_start = |at: usize| text[..at].ends_with([' ', '\t']);
    let end = text.match_indices('#').map(|(at, _)| at).find(|at| is_start(*at)).unwrap_or(text.len());
    let text = text[..end].trim();
    let quoted = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    quoted('"').or_else(|| quoted('\'')).unwrap_or(text)
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
