//! One pass over a text before the parser sees it: what would make the parser slow is refused here.
//!
//! The scan knows as much of YAML as it needs to tell text from structure. Where it is deceived, the counts behind it
//! still hold: a second count of brackets that knows no quotes, and the reader's budget.

use super::outline::{Outline, Place};
use super::reader::{Dialect, Fault};

const MAX_BYTES: usize = 256 * 1024;
const MAX_LINES: usize = 10_000;
/// `[` and `{` inside one another.
const MAX_FLOW: usize = 32;
/// The same, wherever they stand: the parser's time grows with the square of it.
const MAX_BRACKETS: usize = 200;
/// So much of a value goes into the outline, as a line may have many keys.
const MAX_VALUE: usize = 200;

/// Checks a text and says where its keys are.
pub(super) fn check(text: &str, dialect: Dialect) -> Result<Outline, Fault> {
    let (outline, checked) = scan(text, dialect);
    checked.map(|()| outline)
}

/// The same, with the outline of what stands before a fault.
pub(super) fn scan(text: &str, dialect: Dialect) -> (Outline, Result<(), Fault>) {
    let mut scan =
        Scan { dialect, outline: Outline::default(), flow: 0, brackets: 0, quote: None, block: None };
    let checked = scan.text(text);
    (scan.outline, checked)
}

struct Scan {
    dialect: Dialect,
    outline: Outline,
    flow: usize,
    brackets: usize,
    quote: Option<char>,
    /// Inside a block of literal text: it ends with a line that is indented no further than this.
    block: Option<usize>,
}

impl Scan {
    fn text(&mut self, text: &str) -> Result<(), Fault> {
        if text.len() > MAX_BYTES {
            let what = format!("the file has {} bytes, at most {MAX_BYTES} are read", text.len());
            return Err(Fault::at(1, 1, what));
        }
        for (number, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            if number >= MAX_LINES {
                return Err(Fault::at(number + 1, 1, format!("the file has more than {MAX_LINES} lines")));
            }
            self.line(number + 1, line)?;
        }
        Ok(())
    }

    fn line(&mut self, number: usize, line: &str) -> Result<(), Fault> {
        self.characters(number, line)?;
        let indent = line.len() - line.trim_start_matches(' ').len();
        if let Some(parent) = self.block {
            if line.trim().is_empty() || indent >= parent {
                return Ok(());
            }
            self.block = None;
        }
        let chars: Vec<char> = line.chars().collect();
        let (mut at, mut at_start, mut token, mut parent) = (0, self.quote.is_none(), 0, 0);
        while let Some(c) = chars.get(at).copied() {
            let next = chars.get(at + 1).copied();
            let ends_word = next.is_none_or(char::is_whitespace);
            if let Some(quote) = self.quote {
                match c {
                    '\\' if quote == '"' => at += 1,
                    c if c == quote && quote == '\'' && next == Some('\'') => at += 1,
                    c if c == quote => (self.quote, at_start) = (None, false),
                    _ => {}
                }
                at += 1;
                continue;
            }
            let place = Place { line: number, column: at + 1 };
            match c {
                '#' if at == 0 || chars[at - 1].is_whitespace() => break,
                c if c.is_whitespace() => {}
                '[' | '{' if at_start || self.flow > 0 => {
                    self.flow += 1;
                    at_start = true;
                    if self.flow > MAX_FLOW {
                        return Err(Fault::of(
                            place,
                            format!("brackets inside brackets, more than {MAX_FLOW} deep"),
                        ));
                    }
                }
                ']' | '}' if self.flow > 0 => {
                    self.flow -= 1;
                    at_start = false;
                }
                ',' if self.flow > 0 => at_start = true,
                ':' if ends_word || (self.flow > 0 && !at_start) => {
                    if self.flow == 0 {
                        let key: String = chars[token..at].iter().collect();
                        let place = Place { line: number, column: token + 1 };
                        self.outline.key(&key, rest(&chars, at), place);
                        parent = token + 1;
                    }
                    at_start = true;
                }
                _ if !at_start => {}
                '"' | '\'' => {
                    self.quote = Some(c);
                    token = at;
                }
                '-' if self.flow == 0 && ends_word => {
                    self.outline.item(rest(&chars, at), place);
                    parent = at + 1;
                }
                '?' if self.flow == 0 && ends_word => {
                    return Err(Fault::of(place, "a key that is no plain text is not read".into()));
                }
                '|' | '>' if self.flow == 0 => {
                    self.block = Some(parent.max(1));
                    break;
                }
                '&' | '*' if !ends_word => {
                    if self.dialect == Dialect::Own {
                        let what = "anchors and aliases are not read: write the value again";
                        return Err(Fault::of(place, what.into()));
                    }
                    at = word_end(&chars, at);
                    at_start = c == '&';
                    token = at;
                    continue;
                }
                '!' => {
                    at = word_end(&chars, at);
                    continue;
                }
                _ => {
                    token = at;
                    at_start = false;
                }
            }
            at += 1;
        }
        Ok(())
    }

    /// Counts brackets, and refuses characters that show another text than is read.
    fn characters(&mut self, number: usize, line: &str) -> Result<(), Fault> {
        for (column, c) in line.chars().enumerate() {
            match c {
                '[' | '{' => self.brackets += 1,
                ']' | '}' => self.brackets = self.brackets.saturating_sub(1),
                '\t' => {}
                c if c.is_control() => {
                    return Err(Fault::at(
                        number,
                        column + 1,
                        format!("a control character, U+{:04X}", c as u32),
                    ));
                }
                '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' if self.dialect != Dialect::Foreign => {
                    let what = format!("a character that turns the direction of writing, U+{:04X}", c as u32);
                    return Err(Fault::at(number, column + 1, what));
                }
                _ => {}
            }
            if self.brackets > MAX_BRACKETS {
                let what = format!("more than {MAX_BRACKETS} brackets are open");
                return Err(Fault::at(number, column + 1, what));
            }
        }
        Ok(())
    }
}

/// What stands in the line behind a mark.
fn rest(chars: &[char], mark: usize) -> String {
    chars.iter().skip(mark + 1).take(MAX_VALUE).collect()
}

fn word_end(chars: &[char], from: usize) -> usize {
    let ends = |c: &char| c.is_whitespace() || matches!(c, ',' | '[' | ']' | '{' | '}');
    chars[from..].iter().position(ends).map_or(chars.len(), |length| from + length.max(1))
}
