//! Text that comes in chunks: a value may begin in one and end in another.

use std::fmt;

use super::view::{Context, digits_at_end};
use super::{Redactor, floor, write};

/// Held back at most; what is longer and could still become a value is taken out.
const MOST_HELD: usize = 256 << 10;

/// Text in chunks without the values. It holds back what could be the beginning of a value, and nothing else.
///
/// ```
/// use byop_core::secret::{Redactor, Secret};
///
/// let mut stream = Redactor::new(&[Secret::new("hunter2")]).stream();
/// assert_eq!(stream.push("password hun"), "password ");
/// assert_eq!(stream.push("ter2, hu"), "[redacted], ");
/// assert_eq!(stream.finish(), "hu");
/// ```
pub struct RedactedStream {
    redactor: Redactor,
    held: String,
    /// So much of what is held belongs to a value that was shown as taken out.
    covered: usize,
    digits_before: usize,
}

impl fmt::Debug for RedactedStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RedactedStream")
    }
}

impl RedactedStream {
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.held.len()
    }

    pub(super) fn new(redactor: Redactor) -> Self {
        Self { redactor, held: String::new(), covered: 0, digits_before: 0 }
    }

    /// Adds a chunk, and gives the text that is certain.
    pub fn push(&mut self, chunk: &str) -> String {
        self.held.push_str(chunk);
        if self.redactor.strings.is_empty() {
            return std::mem::take(&mut self.held);
        }
        let mut found = self.redactor.find(self.held.as_bytes(), self.context(false));
        let mut hold = floor(&self.held, found.hold);
        if self.held.len() - hold > MOST_HELD {
            found.ranges.push(hold..self.held.len());
            hold = self.held.len();
        }
        self.release(&found.ranges, hold)
    }

    /// The rest, when no more chunks come.
    pub fn finish(&mut self) -> String {
        let found = self.redactor.find(self.held.as_bytes(), self.context(true));
        self.release(&found.ranges, self.held.len())
    }

    fn context(&self, is_last: bool) -> Context {
        Context { digits_before: self.digits_before, is_last }
    }

    /// Gives what stands before `hold`.
    fn release(&mut self, ranges: &[std::ops::Range<usize>], hold: usize) -> String {
        let mut covered = self.covered;
        let mut cut = Vec::new();
        for range in ranges.iter().filter(|range| range.start < hold) {
            covered = covered.max(range.end);
            cut.push(range.start..range.end.min(hold));
        }
        let mut out = String::new();
        write(&mut out, &self.held[..hold], &cut, self.covered.min(hold));
        self.digits_before = digits_at_end(&self.held.as_bytes()[..hold], self.digits_before);
        self.held.drain(..hold);
        self.covered = covered.saturating_sub(hold);
        out
    }
}
