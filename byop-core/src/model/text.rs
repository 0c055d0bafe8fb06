//! Bounds on what people write: names, subjects, letters.

use crate::error::{Error, Result};

/// Checks a text of one line, such as a name.
pub(crate) fn check_line(operation: &'static str, key: &'static str, text: &str, most: usize) -> Result<()> {
    let is_bad = |c: char| c.is_control() || turns_text(c);
    if !text.trim().is_empty() && text.chars().count() <= most && !text.contains(is_bad) {
        return Ok(());
    }
    Err(refused(operation, key, text).with_remedy(format!(
        "give one line of 1 to {most} characters, without control characters and marks that turn the direction of text"
    )))
}

/// Checks a text of several lines, such as a letter. Its line ends are `\n`: see [`lines`].
pub(crate) fn check_text(operation: &'static str, key: &'static str, text: &str, most: usize) -> Result<()> {
    let is_bad = |c: char| (c.is_control() && !matches!(c, '\n' | '\t')) || turns_text(c);
    if !text.trim().is_empty() && text.len() <= most && !text.contains(is_bad) {
        return Ok(());
    }
    Err(refused(operation, key, text).with_remedy(format!(
        "give a text of 1 to {most} bytes, without control characters other than line ends and tabs, and without \
         marks that turn the direction of text"
    )))
}

/// A text with the line ends of a browser's form or of a mail turned into `\n`.
pub(crate) fn lines(text: &str) -> String {
    text.replace("\r\n", "\n")
}

/// Marks that let a reader see the letters in another order than a program.
fn turns_text(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn refused(operation: &'static str, key: &'static str, text: &str) -> Error {
    let found = match text {
        text if text.trim().is_empty() => "is empty",
        text if text.contains(|c: char| c.is_control() || turns_text(c)) => {
            "holds a character that does not show, or is too long"
        }
        _ => "is too long",
    };
    Error::invalid(operation, format!("`{key}` {found}"))
        .with_context("key", key)
        .with_context("length", text.len())
        .with_context("value", text.chars().take(40).flat_map(char::escape_default).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_line_that_shows() {
        for good in ["a", "Müller & Söhne", "株式会社", "O'Neil \"x\" <y>", &"é".repeat(10)] {
            assert!(check_line("a.b", "name", good, 20).is_ok(), "{good}");
        }
        for bad in ["", "  ", "a\nb", "a\0", "\u{1b}[31m", "abc\u{202e}cba", "\u{7f}", &"é".repeat(21)] {
            let error = check_line("a.b", "name", bad, 20).unwrap_err();
            assert_eq!(error.context("key"), Some("name"), "{error}");
            assert!(!error.to_string().contains(|c: char| c.is_control() || turns_text(c)), "{error}");
        }
    }

    #[test]
    fn a_text_may_have_lines_and_tabs() {
        assert!(check_text("a.b", "body", "one\n\ttwo\n", 20).is_ok());
        assert!(check_text("a.b", "body", &lines("one\r\ntwo"), 20).is_ok());
        for bad in ["", "\n\t ", "a\rb", "a\0b", "\u{2066}a", &"a".repeat(21)] {
            assert!(check_text("a.b", "body", bad, 20).is_err(), "{bad:?}");
        }
    }
}
