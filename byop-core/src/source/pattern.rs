//! The patterns of a `.dockerignore`, with Docker's meaning: anchored at the root, the last match wins, and a match
//! of a folder counts for all that is in it. (`.gitignore` means something else by the same characters.)

use super::path;
use crate::error::{Error, Result};

const OPERATION: &str = "context.read_ignore";
/// Enough for any real file, and few enough that a hostile one cannot make a build wait.
const MAX_PATTERNS: usize = 2_000;

/// The patterns of one file, in order.
#[derive(Debug, Default)]
pub(super) struct Patterns(Vec<Pattern>);

/// One line.
#[derive(Debug)]
struct Pattern {
    /// Whether it starts with `!`.
    negated: bool,
    /// Whether its last part has more than wildcards, so that it means certain files.
    naming: bool,
    /// What a match begins and ends with: most paths fail here.
    prefix: String,
    suffix: String,
    tokens: Vec<Token>,
}

#[derive(Debug, PartialEq, Eq)]
enum Token {
    /// Itself.
    Char(char),
    /// `?`: one character of a name.
    One,
    /// `*`: any part of a name.
    Many,
    /// The start of `**/`: either nothing, or on to `Folders`.
    MaybeFolders,
    /// Anything that ends in `/`.
    Folders,
    /// `**` at the end: anything.
    Rest,
    /// `[a-z]`, or `[^a-z]` when negated.
    Class { negated: bool, ranges: Vec<(char, char)> },
}

/// What the patterns say of one entry; the entries in a folder are judged from their folder's verdict.
#[derive(Debug, Clone, Default)]
pub(super) struct Verdict {
    /// By pattern: whether it matches the entry or a folder around it.
    matched: Vec<bool>,
    /// What the last of them says.
    pub(super) is_excluded: bool,
    /// What the last pattern that matches the entry itself says; `None` when none does.
    pub(super) direct: Option<Direct>,
}

/// What the last pattern that matches an entry itself says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direct {
    Excluded,
    /// Taken back by a pattern such as `!*`.
    Included,
    /// Taken back by a pattern that names it, such as `!*.pem`.
    IncludedByName,
}

impl Patterns {
    /// Reads the text of a `.dockerignore`.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let mut patterns = Vec::new();
        for (index, line) in text.strip_prefix('\u{feff}').unwrap_or(text).lines().enumerate() {
            if line.starts_with('#') {
                continue;
            }
            let at = |error: Error| {
                error
                    .with_context("file", ".dockerignore")
                    .with_context("line", index + 1)
                    .with_context("pattern", path::shown(line.as_bytes()))
            };
            if let Some(pattern) = Pattern::parse(line).map_err(at)? {
                patterns.push(pattern);
            }
            if patterns.len() > MAX_PATTERNS {
                let message = format!("there are more than {MAX_PATTERNS} patterns");
                return Err(at(Error::invalid(OPERATION, message)).with_remedy("use broader patterns"));
            }
        }
        Ok(Self(patterns))
    }

    /// Judges an entry whose folder has the verdict `parent`.
    pub(super) fn judge(&self, path: &str, parent: Option<&Verdict>) -> Verdict {
        let mut verdict = Verdict::default();
        verdict.matched.reserve(self.0.len());
        for (index, pattern) in self.0.iter().enumerate() {
            let direct = pattern.matches(path);
            if direct {
                verdict.direct = Some(match (pattern.negated, pattern.naming) {
                    (false, _) => Direct::Excluded,
                    (true, false) => Direct::Included,
                    (true, true) => Direct::IncludedByName,
                });
            }
            let matched =
                direct || parent.is_some_and(|parent| parent.matched.get(index).copied().unwrap_or(false));
            if matched {
                verdict.is_excluded = !pattern.negated;
            }
            verdict.matched.push(matched);
        }
        verdict
    }
}

impl Pattern {
    fn parse(line: &str) -> Result<Option<Self>> {
        let line = line.trim();
        let (negated, text) = match line.strip_prefix('!') {
            Some(rest) => (true, rest.trim()),
            None => (false, line),
        };
        if negated && text.is_empty() {
            return Err(Error::invalid(OPERATION, "an exception needs a pattern after `!`"));
        }
        let text = clean(text);
        if text.is_empty() {
            return Ok(None);
        }
        let tokens = tokens(&text)?;
        let literal = |token: &Token| match token {
            Token::Char(c) => Some(*c),
            _ => None,
        };
        let prefix = tokens.iter().map_while(literal).collect();
        let mut suffix: Vec<char> = tokens.iter().rev().map_while(literal).collect();
        suffix.reverse();
        let naming = path::name(&text).contains(|c| !matches!(c, '*' | '?'));
        Ok(Some(Self { negated, naming, prefix, suffix: suffix.into_iter().collect(), tokens }))
    }

    /// Runs all ways of matching side by side, so that no pattern can take more than its length for each character.
    fn matches(&self, path: &str) -> bool {
        if !path.starts_with(&self.prefix) || !path.ends_with(&self.suffix) {
            return false;
        }
        let end = self.tokens.len();
        let mut now = vec![false; end + 1];
        let mut next = vec![false; end + 1];
        now[0] = true;
        self.skip_optional(&mut now);
        for c in path.chars() {
            next.fill(false);
            for (at, token) in self.tokens.iter().enumerate() {
                if !now[at] {
                    continue;
                }
                match token {
                    Token::Char(own) => next[at + 1] |= *own == c,
                    Token::One => next[at + 1] |= c != '/',
                    Token::Many => next[at] |= c != '/',
                    Token::MaybeFolders => {}
                    Token::Folders => {
                        next[at] = true;
                        next[at + 1] |= c == '/';
                    }
                    Token::Rest => next[at] = true,
                    Token::Class { negated, ranges } => {
                        let inside = ranges.iter().any(|(low, high)| (*low..=*high).contains(&c));
                        next[at + 1] |= inside != *negated;
                    }
                }
            }
            self.skip_optional(&mut next);
            std::mem::swap(&mut now, &mut next);
            if !now.contains(&true) {
                return false;
            }
        }
        now[end]
    }

    /// Adds the places that are reached without a character.
    fn skip_optional(&self, places: &mut [bool]) {
        for (at, token) in self.tokens.iter().enumerate() {
            if places[at] {
                match token {
                    Token::Many | Token::Rest => places[at + 1] = true,
                    Token::MaybeFolders => {
                        places[at + 1] = true;
                        places[at + 2] = true;
                    }
                    _ => {}
                }
            }
        }
    }
}

/// Without a leading or trailing slash, and without parts that mean nothing; `.` becomes nothing at all.
fn clean(text: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in text.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if text.starts_with('/') => {}
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

fn tokens(text: &str) -> Result<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '*' if chars.next_if_eq(&'*').is_some() => {
                let _ = chars.next_if_eq(&'/');
                if chars.peek().is_none() {
                    tokens.push(Token::Rest);
                } else {
                    tokens.extend([Token::MaybeFolders, Token::Folders]);
                }
            }
            '*' => tokens.push(Token::Many),
            '?' => tokens.push(Token::One),
            '\\' => match chars.next() {
                Some(c) => tokens.push(Token::Char(c)),
                None => return Err(Error::invalid(OPERATION, "a pattern cannot end with a backslash")),
            },
            '[' => tokens.push(class(&mut chars)?),
            c => tokens.push(Token::Char(c)),
        }
    }
    Ok(tokens)
}

/// The rest of a class after its `[`.
fn class(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<Token> {
    let open =
        || Error::invalid(OPERATION, "a `[` has no `]`").with_remedy("write `\\[` for the character itself");
    let one = |chars: &mut std::iter::Peekable<std::str::Chars<'_>>| match chars.next() {
        Some('\\') => chars.next().ok_or_else(open),
        Some(c) => Ok(c),
        None => Err(open()),
    };
    let negated = chars.next_if_eq(&'^').is_some();
    let mut ranges = Vec::new();
    while chars.next_if_eq(&']').is_none() {
        let low = one(chars)?;
        let high = if chars.next_if_eq(&'-').is_some() { one(chars)? } else { low };
        if low > high {
            return Err(Error::invalid(OPERATION, format!("the range {low}-{high} runs backwards")));
        }
        ranges.push((low, high));
    }
    if ranges.is_empty() {
        return Err(Error::invalid(OPERATION, "a class `[]` is empty"));
    }
    Ok(Token::Class { negated, ranges })
}

#[cfg(test)]
mod tests;
