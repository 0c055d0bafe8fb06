//! Takes the values of secrets out of text, in the notations in which programs repeat them.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde_json::Value;

use super::{REDACTED, Secret};
use crate::error::ErrorReport;

mod automaton;
mod forms;
mod lines;
mod stream;
mod view;

use automaton::{Automaton, ROOT};
pub use lines::LineRedactor;
pub use stream::RedactedStream;
use view::{Context, Notation, View, is_wrapped};

/// Longer texts are looked at piece by piece.
const PIECE: usize = 64 << 10;

/// Takes the values of secrets out of text, as [`Secret`] shows itself. It knows them plain, in base64 (wherever in the
/// encoded text they stand, also over several lines), in hexadecimal, percent-encoded, escaped as in JSON, YAML, HTML
/// and programming languages, and quoted as in shells. Lines of a value with several are known one by one, and the
/// first half of a value is known as well.
///
/// Values of less than four bytes are left: there is no text without them.
///
/// ```
/// use byop_core::secret::{Redactor, Secret};
///
/// let redactor = Redactor::new(&[Secret::new("p@ss \"word\"")]);
/// assert_eq!(redactor.text("login p@ss \"word\" failed"), "login [redacted] failed");
/// assert_eq!(redactor.text("?key=p%40ss%20%22word%22&x=1"), "?key=[redacted]&x=1");
/// assert_eq!(redactor.text(r#"{"key":"p@ss \"word\""}"#), r#"{"key":"[redacted]"}"#);
/// ```
#[derive(Clone)]
pub struct Redactor {
    strings: Arc<Automaton>,
    /// Whether a value has a space, which forms write as `+`.
    has_space: bool,
}

impl Redactor {
    /// A redactor of these secrets.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a Secret>) -> Self {
        let mut strings = BTreeSet::new();
        let mut has_space = false;
        for secret in secrets {
            has_space |= secret.expose().trim().contains(' ');
            forms::of_value(secret.expose(), &mut strings);
        }
        Self { strings: Arc::new(Automaton::new(strings.iter().map(Vec::as_slice))), has_space }
    }

    /// A whole text without the values.
    #[must_use]
    pub fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.strings.is_empty() || text.is_empty() {
            return Cow::Borrowed(text);
        }
        if text.len() <= PIECE {
            let ranges = self.find(text.as_bytes(), Context { is_last: true, ..Context::default() }).ranges;
            if ranges.is_empty() {
                return Cow::Borrowed(text);
            }
            let mut out = String::with_capacity(text.len());
            write(&mut out, text, &ranges, 0);
            return Cow::Owned(out);
        }
        let mut stream = self.stream();
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(floor(rest, PIECE));
            out.push_str(&stream.push(piece));
            rest = after;
        }
        out.push_str(&stream.finish());
        Cow::Owned(out)
    }

    /// For text that comes in chunks.
    #[must_use]
    pub fn stream(&self) -> RedactedStream {
        RedactedStream::new(self.clone())
    }

    /// For text that comes in lines.
    #[must_use]
    pub fn lines<T>(&self) -> LineRedactor<T> {
        LineRedactor::new(self.clone())
    }

    /// Every text in a JSON value, names of fields too. Says whether there was something to take out.
    pub fn json(&self, value: &mut Value) -> bool {
        match value {
            Value::String(text) => match self.text(text) {
                Cow::Owned(clean) if clean != *text => {
                    *text = clean;
                    true
                }
                _ => false,
            },
            Value::Array(values) => self.all_json(values),
            Value::Object(fields) => {
                let mut found = self.all_json(fields.values_mut());
                let named: Vec<String> =
                    fields.keys().filter(|name| self.text(name) != name.as_str()).cloned().collect();
                for name in named {
                    found = true;
                    if let Some(value) = fields.remove(&name) {
                        fields.insert(self.text(&name).into_owned(), value);
                    }
                }
                found
            }
            _ => false,
        }
    }

    fn all_json<'v>(&self, values: impl IntoIterator<Item = &'v mut Value>) -> bool {
        let mut found = false;
        for value in values {
            found |= self.json(value);
        }
        found
    }

    /// An error as it may be shown.
    #[must_use]
    pub fn report(&self, mut report: ErrorReport) -> ErrorReport {
        let clean = |text: &mut String| *text = self.text(text).into_owned();
        clean(&mut report.message);
        report.remedy.iter_mut().for_each(clean);
        report.causes.iter_mut().for_each(clean);
        report.context.iter_mut().for_each(|(_, value)| clean(value));
        report
    }

    fn find(&self, text: &[u8], context: Context) -> Found {
        let mut found = Found { ranges: Vec::new(), hold: text.len() };
        self.scan(text, |index| (index, index + 1), text.len(), &mut found);
        let read = |notations: &[Notation]| {
            notations.iter().fold(View::plain(text), |view, notation| view.decode(*notation, context))
        };
        let views: Vec<View> = notations(text, self.has_space, context).map(read).collect();
        for view in &views {
            self.scan(&view.bytes, |index| view.origins[index], view.undecided, &mut found);
        }
        // What is held back is read again from its start: that must not lie inside of an escape.
        while let Some(earlier) =
            views.iter().map(|view| view.boundary(found.hold)).find(|at| *at < found.hold)
        {
            found.hold = earlier;
        }
        found.ranges.sort_unstable_by_key(|range| range.start);
        found.ranges = found.ranges.into_iter().fold(Vec::new(), |mut merged: Vec<Range<usize>>, range| {
            match merged.last_mut() {
                Some(last) if range.start < last.end => last.end = last.end.max(range.end),
                _ => merged.push(range),
            }
            merged
        });
        found
    }

    fn scan(
        &self,
        bytes: &[u8],
        origin: impl Fn(usize) -> (usize, usize),
        undecided: usize,
        found: &mut Found,
    ) {
        let mut state = ROOT;
        for (index, byte) in bytes.iter().enumerate() {
            state = self.strings.next(state, *byte);
            let longest = self.strings.longest(state);
            if longest > 0 {
                let range = origin(index + 1 - longest).0..origin(index).1;
                match found.ranges.last_mut() {
                    Some(last) if last.start <= range.start && range.start < last.end => {
                        last.end = last.end.max(range.end);
                    }
                    _ => found.ranges.push(range),
                }
            }
        }
        let depth = self.strings.depth(state);
        let open = if depth > 0 { origin(bytes.len() - depth).0 } else { undecided };
        found.hold = found.hold.min(open).min(undecided);
    }
}

impl Default for Redactor {
    fn default() -> Self {
        Self::new([])
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redactor")
    }
}

/// Where values stand in a text.
struct Found {
    /// In order, apart from one another.
    ranges: Vec<Range<usize>>,
    /// From here on more text could make it a value.
    hold: usize,
}

/// The ways to read a text beside the plain one, as far as it has something to undo.
fn notations(text: &[u8], has_space: bool, context: Context) -> impl Iterator<Item = &'static [Notation]> {
    use Notation::{Backslash, Form, Html, Percent, Wrapped};
    let has = |byte: u8| text.contains(&byte);
    let has_two = |pair: &[u8; 2]| text.windows(2).any(|window| window == pair);
    let (percent, backslash, html) = (has(b'%'), has(b'\\'), has(b'&'));
    [
        (percent, &[Percent][..]),
        (percent && has_two(b"%2"), &[Percent, Percent][..]),
        (has_space && has(b'+'), &[Form][..]),
        (backslash, &[Backslash][..]),
        (backslash && has_two(b"\\\\"), &[Backslash, Backslash][..]),
        (backslash && percent, &[Backslash, Percent][..]),
        (html, &[Html][..]),
        (html && backslash, &[Html, Backslash][..]),
        (is_wrapped(text, context.digits_before), &[Wrapped][..]),
        (backslash && has_two(b"\\n"), &[Backslash, Wrapped][..]),
    ]
    .into_iter()
    .filter_map(|(is_used, notations)| is_used.then_some(notations))
}

/// Writes a text without the ranges. Lines stay lines. What lies before `covered` has been shown as taken out.
fn write(out: &mut String, text: &str, ranges: &[Range<usize>], covered: usize) {
    let mut at = 0;
    for range in std::iter::once(&(0..covered)).chain(ranges) {
        let (start, end) = (floor(text, range.start).max(at), ceil(text, range.end).max(at));
        out.push_str(&text[at..start]);
        for (index, part) in text[start..end].split_inclusive('\n').enumerate() {
            let is_shown = index == 0 && range.start < covered;
            if !is_shown && !part.trim_end_matches(['\r', '\n']).is_empty() {
                out.push_str(REDACTED);
            }
            if part.ends_with('\n') {
                out.push('\n');
            }
        }
        at = end;
    }
    out.push_str(&text[at..]);
}

fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

fn ceil(text: &str, at: usize) -> usize {
    (at..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len())
}

#[cfg(test)]
mod tests;
