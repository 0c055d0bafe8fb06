//! The configuration of the web server, read back.

/// A directive with its arguments, and how deep it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Directive {
    pub(super) depth: usize,
    pub(super) words: Vec<String>,
}

/// All directives in order.
pub(super) fn directives(text: &str) -> Result<Vec<Directive>, String> {
    let (mut found, mut words, mut depth) = (Vec::new(), Vec::new(), 0_usize);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '#' => for _ in chars.by_ref().take_while(|c| *c != '\n') {},
            c if c.is_whitespace() => {}
            ';' | '{' => {
                if words.is_empty() {
                    return Err(format!("`{c}` without a directive, after {:?}", found.last()));
                }
                found.push(Directive { depth, words: std::mem::take(&mut words) });
                depth += usize::from(c == '{');
            }
            '}' => {
                if !words.is_empty() {
                    return Err(format!("{words:?} does not end"));
                }
                depth = depth.checked_sub(1).ok_or("one `}` too many")?;
            }
            '"' | '\'' => words.push(quoted(&mut chars, c)?),
            c => {
                let mut word = c.to_string();
                // `${` belongs to a variable.
                while let Some(next) = chars.peek().copied() {
                    let is_end = next.is_whitespace() || next == ';' || (next == '{' && !word.ends_with('$'));
                    if is_end {
                        break;
                    }
                    word.extend(chars.next());
                }
                words.push(word);
            }
        }
    }
    if depth > 0 || !words.is_empty() {
        return Err(format!("it ends at depth {depth} with {words:?}"));
    }
    Ok(found)
}

fn quoted(chars: &mut impl Iterator<Item = char>, quote: char) -> Result<String, String> {
    let mut word = String::new();
    while let Some(c) = chars.next() {
        match c {
            '\\' => word.extend(['\\'].into_iter().chain(chars.next())),
            c if c == quote => return Ok(word),
            c => word.push(c),
        }
    }
    Err(format!("a text that does not end: {word}"))
}

#[test]
fn blocks_and_quotes_are_read() {
    let read = directives("a b; # c\nd \"e; f\" { g ~ \"^/(?<x>.{2})$\"; h ${x}y; }\n").unwrap();
    let words: Vec<String> = read.iter().map(|d| format!("{} {}", d.depth, d.words.join(" "))).collect();
    assert_eq!(words, ["0 a b", "0 d e; f", "1 g ~ ^/(?<x>.{2})$", "1 h ${x}y"]);
    assert!(directives("a }").is_err() && directives("a {").is_err() && directives("a \"b;").is_err());
}
