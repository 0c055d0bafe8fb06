//! A text as a reader of one notation understands it, with the way back to the text itself.
//!
//! Encoders differ in which characters they escape. Undoing what is escaped finds a value whatever they chose.

/// A notation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Notation {
    /// `%2F`, of URLs.
    Percent,
    /// `%2F` and `+` for a space, of forms.
    Form,
    /// `\n`, `\"`, `\u00e9`, `\x41`, `\101`: of JSON, YAML, shells and programming languages.
    Backslash,
    /// `&quot;` and `&#34;`.
    Html,
    /// Base64 and hexadecimal digits on several lines of one length.
    Wrapped,
}

/// A text that was decoded.
#[derive(Debug, Default)]
pub(super) struct View {
    pub(super) bytes: Vec<u8>,
    /// For each byte, in order, where what it was made from starts and ends in the text.
    pub(super) origins: Vec<(usize, usize)>,
    /// From here on the text ends inside of something that could become an escape.
    pub(super) undecided: usize,
}

/// What lies around a piece of text.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Context {
    /// So many digits of an encoding stand right before it.
    pub(super) digits_before: usize,
    /// No more text follows.
    pub(super) is_last: bool,
}

/// Fewer digits before the end of a line are a word, not a line of an encoding.
const WRAPPED_FROM: usize = 32;
/// No escape is longer.
const LONGEST: usize = 12;

/// A part of a URL without its escapes.
pub(super) fn percent_decoded(text: &str) -> String {
    let view =
        View::plain(text.as_bytes()).decode(Notation::Percent, Context { digits_before: 0, is_last: true });
    String::from_utf8_lossy(&view.bytes).into_owned()
}

enum Step {
    /// So many bytes of the text stand for these.
    Taken(usize, Piece),
    /// The text ends too early to tell.
    Undecided,
}

/// What an escape stands for: up to four bytes.
#[derive(Default)]
struct Piece {
    bytes: [u8; 4],
    length: usize,
}

impl View {
    /// The text itself.
    pub(super) fn plain(text: &[u8]) -> Self {
        let origins = (0..text.len()).map(|index| (index, index + 1)).collect();
        Self { bytes: text.to_vec(), origins, undecided: text.len() }
    }

    /// Decodes once more.
    pub(super) fn decode(&self, notation: Notation, context: Context) -> Self {
        let mut view = Self { undecided: self.undecided, ..Self::default() };
        let text = &self.bytes;
        let mut at = 0;
        while at < text.len() {
            let step = match notation {
                Notation::Percent => percent(text, at),
                Notation::Form if text[at] == b'+' => Step::Taken(1, Piece::byte(b' ')),
                Notation::Form => percent(text, at),
                Notation::Backslash => backslash(text, at),
                Notation::Html => html(text, at),
                Notation::Wrapped => wrapped(text, at, context.digits_before),
            };
            let (taken, piece) = match step {
                Step::Taken(taken, piece) => (taken, piece),
                Step::Undecided if context.is_last => (1, Piece::byte(text[at])),
                Step::Undecided => {
                    view.undecided = view.undecided.min(self.origins[at].0);
                    break;
                }
            };
            let origin = (self.origins[at].0, self.origins[at + taken - 1].1);
            for byte in &piece.bytes[..piece.length] {
                view.bytes.push(*byte);
                view.origins.push(origin);
            }
            at += taken;
        }
        view
    }

    /// The start of the escape that this place of the text lies in, or the place itself.
    pub(super) fn boundary(&self, at: usize) -> usize {
        let next = self.origins.partition_point(|origin| origin.1 <= at);
        self.origins.get(next).map_or(at, |origin| origin.0.min(at))
    }
}

impl Piece {
    fn byte(byte: u8) -> Self {
        Self { bytes: [byte, 0, 0, 0], length: 1 }
    }

    fn code_point(number: u32) -> Option<Self> {
        let mut piece = Self::default();
        piece.length = char::from_u32(number)?.encode_utf8(&mut piece.bytes).len();
        Some(piece)
    }
}

fn literal(text: &[u8], at: usize) -> Step {
    Step::Taken(1, Piece::byte(text[at]))
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    let digits = std::str::from_utf8(digits).ok().filter(|text| !text.starts_with('+'))?;
    u32::from_str_radix(digits, radix).ok()
}

fn percent(text: &[u8], at: usize) -> Step {
    if text[at] != b'%' {
        return literal(text, at);
    }
    let digits = &text[at + 1..text.len().min(at + 3)];
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return literal(text, at);
    }
    match number(digits, 16).and_then(|number| u8::try_from(number).ok()) {
        Some(byte) if digits.len() == 2 => Step::Taken(3, Piece::byte(byte)),
        _ => Step::Undecided,
    }
}

fn backslash(text: &[u8], at: usize) -> Step {
    if text[at] != b'\\' {
        return literal(text, at);
    }
    let Some(kind) = text.get(at + 1) else { return Step::Undecided };
    let byte = match kind {
        b'n' => b'\n',
        b't' => b'\t',
        b'r' => b'\r',
        b'b' => 8,
        b'f' => 12,
        b'v' => 11,
        b'a' => 7,
        b'e' | b'E' => 27,
        b'x' => return digits(text, at, 2, 1..=2, 16),
        b'U' => return digits(text, at, 2, 8..=8, 16),
        b'u' if text.get(at + 2) == Some(&b'{') => return braces(text, at),
        b'u' => return utf16(text, at),
        b'0'..=b'7' => return digits(text, at, 1, 1..=3, 8),
        b'\n' => return Step::Taken(2, Piece::default()),
        other => *other,
    };
    Step::Taken(2, Piece::byte(byte))
}

/// A number of digits after `skip` characters. A single byte where the notation is one of bytes.
fn digits(text: &[u8], at: usize, skip: usize, count: std::ops::RangeInclusive<usize>, radix: u32) -> Step {
    let rest = &text[at + skip..];
    let room = &rest[..rest.len().min(*count.end())];
    let length = room.iter().take_while(|byte| char::from(**byte).is_digit(radix)).count();
    if length == rest.len() && length < *count.end() {
        return Step::Undecided;
    }
    let number = number(&room[..length], radix).filter(|_| count.contains(&length));
    let piece = match number {
        Some(number) if *count.end() <= 3 => u8::try_from(number).ok().map(Piece::byte),
        Some(number) => Piece::code_point(number),
        None => None,
    };
    piece.map_or_else(|| literal(text, at), |piece| Step::Taken(skip + length, piece))
}

fn braces(text: &[u8], at: usize) -> Step {
    let rest = &text[at + 3..text.len().min(at + LONGEST)];
    match rest.iter().position(|byte| *byte == b'}') {
        Some(end) => number(&rest[..end], 16)
            .and_then(Piece::code_point)
            .map_or_else(|| literal(text, at), |piece| Step::Taken(end + 4, piece)),
        None if at + LONGEST > text.len() => Step::Undecided,
        None => literal(text, at),
    }
}

fn utf16(text: &[u8], at: usize) -> Step {
    let unit = |at: usize| text.get(at + 2..at + 6).and_then(|digits| number(digits, 16));
    let Some(first) = unit(at) else {
        let is_cut = text[at + 2..].iter().all(u8::is_ascii_hexdigit) && text.len() < at + 6;
        return if is_cut { Step::Undecided } else { literal(text, at) };
    };
    if !(0xd800..0xdc00).contains(&first) {
        return Piece::code_point(first).map_or_else(|| literal(text, at), |piece| Step::Taken(6, piece));
    }
    match unit(at + 6) {
        None if text.len() < at + 12 => Step::Undecided,
        Some(second) if (0xdc00..0xe000).contains(&second) => {
            Piece::code_point(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00))
                .map_or_else(|| literal(text, at), |piece| Step::Taken(12, piece))
        }
        _ => literal(text, at),
    }
}

fn html(text: &[u8], at: usize) -> Step {
    if text[at] != b'&' {
        return literal(text, at);
    }
    let rest = &text[at + 1..text.len().min(at + LONGEST)];
    let Some(end) = rest.iter().position(|byte| *byte == b';') else {
        let is_name = rest.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'#');
        return if is_name && at + LONGEST > text.len() { Step::Undecided } else { literal(text, at) };
    };
    let piece = match &rest[..end] {
        b"amp" => Some(Piece::byte(b'&')),
        b"lt" => Some(Piece::byte(b'<')),
        b"gt" => Some(Piece::byte(b'>')),
        b"quot" => Some(Piece::byte(b'"')),
        b"apos" => Some(Piece::byte(b'\'')),
        [b'#', b'x' | b'X', digits @ ..] => number(digits, 16).and_then(Piece::code_point),
        [b'#', digits @ ..] => number(digits, 10).and_then(Piece::code_point),
        _ => None,
    };
    piece.map_or_else(|| literal(text, at), |piece| Step::Taken(end + 2, piece))
}

/// How many digits of an encoding a text ends with, as far as it matters.
pub(super) fn digits_at_end(text: &[u8], before: usize) -> usize {
    let is_digit = |byte: &&u8| byte.is_ascii_alphanumeric() || b"+/-_=".contains(byte);
    let count = text.iter().rev().take(WRAPPED_FROM).take_while(is_digit).count();
    if count == text.len() { (count + before).min(WRAPPED_FROM) } else { count }
}

/// Whether a line ends as one of several lines of an encoding.
pub(super) fn is_wrapped(text: &[u8], before: usize) -> bool {
    let mut ends = text.iter().enumerate().filter(|(_, byte)| b"\r\n".contains(byte));
    ends.any(|(at, _)| digits_at_end(&text[..at], before) >= WRAPPED_FROM)
}

fn wrapped(text: &[u8], at: usize, before: usize) -> Step {
    if text[at] != b'\n' && text[at] != b'\r' {
        return literal(text, at);
    }
    if digits_at_end(&text[..at], before) < WRAPPED_FROM {
        return literal(text, at);
    }
    let space = text[at..].iter().take_while(|byte| b"\r\n \t".contains(byte)).count();
    Step::Taken(space, Piece::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAST: Context = Context { digits_before: 0, is_last: true };

    fn decoded(notation: Notation, text: &str) -> String {
        String::from_utf8_lossy(&View::plain(text.as_bytes()).decode(notation, LAST).bytes).into_owned()
    }

    #[test]
    fn escapes_are_undone_and_the_rest_is_left() {
        for (notation, text, wanted) in [
            (Notation::Percent, "%41%2f%2F% %4 %zz+100%", "A//% %4 %zz+100%"),
            (Notation::Form, "a+b%2Bc", "a b+c"),
            (
                Notation::Backslash,
                r#"\"\\\n\u00e9\ud83d\ude00\x41\101\u{e9}\U0001f600\q\'"#,
                "\"\\\né😀AAé😀q'",
            ),
            (Notation::Backslash, r"\u00zz \xzz \u{} \ud83d \", r"u00zz xzz u{} ud83d \"),
            (Notation::Html, "&quot;&#39;&#x27;&amp;lt; &nope; a & b &#xzz;", "\"''&lt; &nope; a & b &#xzz;"),
        ] {
            let found = decoded(notation, text);
            // What is no escape may lose its backslash or keep it.
            assert_eq!(found.replace(r"\u", "u").replace(r"\x", "x"), wanted, "{notation:?} {text}");
        }
    }

    #[test]
    fn only_full_lines_of_an_encoding_are_joined() {
        let line = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZn";
        assert_eq!(
            decoded(Notation::Wrapped, &format!("{line}\r\n  {line}\nend\nof")),
            format!("{line}{line}end\nof")
        );
    }

    #[test]
    fn every_cut_of_an_escape_is_undecided() {
        for (notation, escape) in [
            (Notation::Percent, "%41"),
            (Notation::Backslash, r"\u00e9"),
            (Notation::Backslash, r"\ud83d\ude00"),
            (Notation::Backslash, r"\U0001f600"),
            (Notation::Backslash, r"\u{1f600}"),
            (Notation::Html, "&quot;"),
        ] {
            for cut in 1..escape.len() {
                let view = View::plain(format!("ab{}", &escape[..cut]).as_bytes())
                    .decode(notation, Context::default());
                assert_eq!((view.undecided, view.bytes.as_slice()), (2, &b"ab"[..]), "{} of {escape}", cut);
            }
        }
    }
}
