//! Where the keys of a block-style text stand: for messages, not for meaning.

/// One key or list item of the text.
#[derive(Debug)]
struct Entry {
    parent: Option<usize>,
    segment: String,
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
    /// The place of the value at `path`, or of the nearest thing around it that the outline knows. List items are
    /// named by their number, counted from 0.
    pub(crate) fn place(&self, path: &[String]) -> Place {
        let mut at = None;
        for segment in path {
            match self.entries.iter().position(|entry| entry.parent == at && entry.segment == *segment) {
                Some(found) => at = Some(found),
                None => break,
            }
        }
        at.map_or(Place { line: 1, column: 1 }, |index| self.entries[index].place)
    }

    pub(super) fn key(&mut self, text: &str, place: Place) {
        let plain = text.trim();
        // A double-quoted key is read as JSON: nearly all of the escapes are the same.
        let bare = serde_json::from_str::<String>(plain).unwrap_or_else(|_| {
            let quoted =
                ['"', '\''].iter().find_map(|quote| plain.strip_prefix(*quote)?.strip_suffix(*quote));
            quoted.unwrap_or(plain).to_owned()
        });
        self.close(place.column, false);
        self.push(bare, place, false);
    }

    pub(super) fn item(&mut self, place: Place) {
        self.close(place.column, true);
        let number = match self.open.last_mut() {
            Some(parent) => {
                parent.items += 1;
                parent.items - 1
            }
            // A list at the root.
            None => self.entries.iter().filter(|entry| entry.parent.is_none()).count(),
        };
        self.push(number.to_string(), place, true);
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

    fn push(&mut self, segment: String, place: Place, is_item: bool) {
        let parent = self.open.last().map(|open| open.entry);
        self.open.push(Open { entry: self.entries.len(), column: place.column, is_item, items: 0 });
        self.entries.push(Entry { parent, segment, place });
    }
}
