//! Lines of a log: a value may go over several of them.

use std::collections::VecDeque;
use std::fmt;

use super::{RedactedStream, Redactor};

/// Lines without the values, each with what belongs to it, such as its time. A line is held back while the next one
/// could make it a part of a value.
pub struct LineRedactor<T> {
    stream: RedactedStream,
    ready: String,
    waiting: VecDeque<T>,
}

impl<T> fmt::Debug for LineRedactor<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LineRedactor")
    }
}

impl<T> LineRedactor<T> {
    pub(super) fn new(redactor: Redactor) -> Self {
        Self { stream: redactor.stream(), ready: String::new(), waiting: VecDeque::new() }
    }

    /// Adds a line, and gives those that are certain.
    pub fn push(&mut self, line: &str, with: T) -> Vec<(String, T)> {
        // A line end inside would make two of it.
        let mut line = line.replace('\n', " ");
        line.push('\n');
        self.waiting.push_back(with);
        self.ready += &self.stream.push(&line);
        self.take()
    }

    /// Whether lines are held back.
    #[must_use]
    pub fn is_holding(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Those that were held back, when no more come for now.
    pub fn finish(&mut self) -> Vec<(String, T)> {
        self.ready += &self.stream.finish();
        self.take()
    }

    fn take(&mut self) -> Vec<(String, T)> {
        let mut lines = Vec::new();
        while let Some(end) = self.ready.find('\n')
            && let Some(with) = self.waiting.pop_front()
        {
            lines.push((self.ready[..end].to_owned(), with));
            self.ready.drain(..=end);
        }
        lines
    }
}
