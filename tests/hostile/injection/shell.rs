//! Which programs a shell would run, read from a script.

/// The first words of all commands, those in substitutions too.
pub(super) fn commands(script: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut chars = script.chars().peekable();
    scan(&mut chars, None, &mut found);
    found
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

const KEYWORDS: [&str; 14] =
    ["if", "then", "else", "elif", "fi", "while", "until", "do", "done", "!", "exec", "{", "}", "time"];

fn scan(chars: &mut Chars<'_>, end: Option<char>, found: &mut Vec<String>) {
    let (mut word, mut has_command) = (String::new(), false);
    let finish = |word: &mut String, has_command: &mut bool, found: &mut Vec<String>| {
        let text = std::mem::take(word);
        let is_assignment = text.split_once('=').is_some_and(|(name, _)| {
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        });
        if !text.is_empty() && !*has_command && !is_assignment && !KEYWORDS.contains(&text.as_str()) {
            found.push(text);
            *has_command = true;
        }
    };
    while let Some(c) = chars.next() {
        match c {
            c if Some(c) == end => break,
            '\\' => word.extend(chars.next().filter(|next| *next != '\n')),
            '\'' => word.extend(chars.by_ref().take_while(|c| *c != '\'')),
            '"' => quoted(chars, &mut word, found),
            '`' => scan(chars, Some('`'), found),
            '$' if chars.peek() == Some(&'(') => {
                chars.next();
                scan(chars, Some(')'), found);
            }
            '$' if chars.peek() == Some(&'{') => {
                chars.next();
                parameter(chars, found);
            }
            '#' if word.is_empty() => {
                for _ in chars.by_ref().take_while(|c| *c != '\n') {}
                has_command = false;
            }
            ' ' | '\t' => finish(&mut word, &mut has_command, found),
            ';' | '|' | '&' | '\n' | '(' | ')' => {
                finish(&mut word, &mut has_command, found);
                has_command = false;
            }
            other => word.push(other),
        }
    }
    finish(&mut word, &mut has_command, found);
}

fn quoted(chars: &mut Chars<'_>, word: &mut String, found: &mut Vec<String>) {
    while let Some(c) = chars.next() {
        match c {
            '"' => return,
            '\\' => word.extend(chars.next()),
            '`' => scan(chars, Some('`'), found),
            '$' if chars.peek() == Some(&'(') => {
                chars.next();
                scan(chars, Some(')'), found);
            }
            '$' if chars.peek() == Some(&'{') => {
                chars.next();
                parameter(chars, found);
            }
            other => word.push(other),
        }
    }
}

/// What stands in `${...}`: a default may hold a substitution.
fn parameter(chars: &mut Chars<'_>, found: &mut Vec<String>) {
    while let Some(c) = chars.next() {
        match c {
            '}' => return,
            '`' => scan(chars, Some('`'), found),
            '$' if chars.peek() == Some(&'(') => {
                chars.next();
                scan(chars, Some(')'), found);
            }
            _ => {}
        }
    }
}

#[test]
fn every_command_is_seen_and_no_text() {
    for (script, wanted) in [
        ("a b && c | d; A=b e 'f; g' \"h; i\"", vec!["a", "c", "d", "e"]),
        ("a $(b `c`) \"$(d)\" '$(e)' \\$(f)", vec!["c", "b", "d", "a", "f"]),
        ("if a; then exec b; fi # c\nd", vec!["a", "b", "d"]),
        ("a ${X:-$(b)} ${Y}", vec!["b", "a"]),
        ("a 'it'\\''s; b'", vec!["a"]),
    ] {
        let mut found = commands(script);
        let mut wanted: Vec<String> = wanted.into_iter().map(String::from).collect();
        found.sort();
        wanted.sort();
        assert_eq!(found, wanted, "{script}");
    }
}
