//! Command lines: taken apart as a POSIX shell would, and turned into the argument lists of an image.

/// The words of a command line that needs no shell: no variables, operators, patterns or substitutions.
pub(crate) fn plain_words(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = line.trim().chars();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' => words.extend(word.take()),
            '\'' => {
                let text = word.get_or_insert_default();
                loop {
                    match chars.next()? {
                        '\'' => break,
                        other => text.push(other),
                    }
                }
            }
            '"' => {
                let text = word.get_or_insert_default();
                loop {
                    match chars.next()? {
                        '"' => break,
                        '$' | '`' => return None,
                        '\\' => match chars.next()? {
                            escaped @ ('"' | '\\' | '$' | '`') => text.push(escaped),
                            other => text.extend(['\\', other]),
                        },
                        other => text.push(other),
                    }
                }
            }
            '\\' => word.get_or_insert_default().push(chars.next()?),
            '$' | '`' | '|' | '&' | ';' | '<' | '>' | '(' | ')' | '*' | '?' | '[' | '{' | '~' | '!'
            | '\n' | '\r' => {
                return None;
            }
            '#' if word.is_none() => return None,
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    (!words.is_empty() && !is_assignment(&words[0])).then_some(words)
}

/// Whether a word sets a variable for the command after it.
pub(crate) fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty()
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            && !name.as_bytes()[0].is_ascii_digit()
    })
}

/// Whether a command line is one command, with variables perhaps but without operators.
fn is_single(line: &str) -> bool {
    let (mut quote, mut escaped) = (None, false);
    for c in line.chars() {
        match (quote, c) {
            _ if escaped => escaped = false,
            (None | Some('"'), '\\') => escaped = true,
            (Some(open), _) if open == c => quote = None,
            (Some('"'), '`') => return false,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '|' | '&' | ';' | '<' | '>' | '(' | ')' | '`' | '\n' | '\r' | '#' | '!') => return false,
            (None, _) => {}
        }
    }
    quote.is_none()
}

/// The argument list of a command line: without a shell where that is possible, else by `sh -c` with `exec`, so
/// that the app and not the shell gets the stop signal.
pub(crate) fn exec_form(line: &str) -> Vec<String> {
    if let Some(words) = plain_words(line) {
        return words;
    }
    let line = line.trim();
    let script = if let Some(single) = exec_single(line) {
        single
    } else if let Some((before, last)) = line.rsplit_once("&&") {
        match exec_single(last.trim()) {
            Some(single) if !before.contains(['|', ';', '\n', '(', '\'', '"', '`']) => {
                format!("{} && {single}", before.trim())
            }
            _ => line.to_owned(),
        }
    } else {
        line.to_owned()
    };
    vec!["sh".into(), "-c".into(), script]
}

fn exec_single(line: &str) -> Option<String> {
    const BUILTIN: [&str; 10] = ["cd", "export", "set", "if", "for", "while", "exec", "source", ".", "case"];
    if !is_single(line) {
        return None;
    }
    // `exec` comes after the variables that the line sets for its command.
    let mut rest = line.trim_start();
    while let Some((word, after)) = rest.split_once(' ') {
        if !is_assignment(word) || word.contains(['\'', '"']) {
            break;
        }
        rest = after.trim_start();
    }
    let first = rest.split_whitespace().next()?;
    if BUILTIN.contains(&first) || is_assignment(first) {
        return None;
    }
    Some(format!("{}exec {rest}", &line[..line.len() - rest.len()]))
}

/// Replaces `$PORT` in its usual spellings, for images that have no shell.
pub(crate) fn with_port(line: &str, port: u16) -> String {
    let mut line = line.to_owned();
    while let Some(start) = line.find("${PORT:-") {
        let Some(end) = line[start..].find('}') else { break };
        line.replace_range(start..=start + end, &port.to_string());
    }
    line.replace("${PORT}", &port.to_string()).replace("$PORT", &port.to_string())
}

/// The port that a command line names by a flag, an address or a variable.
pub(crate) fn port_of(line: &str) -> Option<u16> {
    let words: Vec<&str> = line.split_whitespace().map(|word| word.trim_matches(['"', '\''])).collect();
    for (index, word) in words.iter().enumerate() {
        let value = match *word {
            "-p" | "--port" | "-port" | "--listen" | "-b" | "--bind" | "-l" | "--server.port"
            | "--http-port" => words.get(index + 1).copied(),
            _ => ["--port=", "-port=", "PORT=", "--bind=", "--listen=", "--server.port=", "-p="]
                .iter()
                .find_map(|prefix| word.strip_prefix(prefix))
                .or_else(|| word.contains("0.0.0.0:").then_some(*word)),
        };
        let number = value.and_then(|value| {
            let text =
                value.rsplit(':').next().unwrap_or(value).trim_end_matches('}').trim_start_matches('-');
            text.parse::<u16>().ok()
        });
        if let Some(port) = number.filter(|port| *port > 0) {
            return Some(port);
        }
    }
    None
}

/// A path as an argument of a program, which must not take it for an option.
pub(crate) fn operand(path: &str) -> String {
    if path.starts_with('-') { quote(&format!("./{path}")) } else { quote(path) }
}

/// A word as a POSIX shell reads it back.
pub(crate) fn quote(word: &str) -> String {
    let is_plain = !word.is_empty()
        && word.bytes().all(|b| {
            b.is_ascii_alphanumeric()
                || matches!(b, b'.' | b'_' | b'/' | b'-' | b'@' | b'=' | b':' | b'+' | b',')
        });
    if is_plain { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_command_needs_no_shell() {
        assert_eq!(
            exec_form("node  server.js --name 'a b' \"c d\""),
            ["node", "server.js", "--name", "a b", "c d"]
        );
        assert_eq!(exec_form(r#"echo "a\"b""#), ["echo", "a\"b"]);
    }

    #[test]
    fn a_variable_needs_a_shell_that_hands_over() {
        assert_eq!(exec_form("app --port $PORT"), ["sh", "-c", "exec app --port $PORT"]);
        assert_eq!(exec_form("A=b node x"), ["sh", "-c", "A=b exec node x"]);
        assert_eq!(exec_form("a && b $C"), ["sh", "-c", "a && exec b $C"]);
        assert_eq!(exec_form("a | b"), ["sh", "-c", "a | b"]);
        assert_eq!(exec_form("cd x && $RUN"), ["sh", "-c", "cd x && exec $RUN"]);
    }

    #[test]
    fn an_open_quote_is_left_to_the_shell() {
        assert_eq!(exec_form("echo 'a"), ["sh", "-c", "echo 'a"]);
    }

    #[test]
    fn ports_are_read_from_flags_and_addresses() {
        for (line, port) in [
            ("next start -p 4000", Some(4000)),
            ("gunicorn -b 0.0.0.0:9000 a:b", Some(9000)),
            ("uvicorn a:b --port=7000", Some(7000)),
            ("uvicorn a:b --port ${PORT:-8001}", Some(8001)),
            ("PORT=3333 node x", Some(3333)),
            ("node x -p $PORT", None),
            ("node x", None),
        ] {
            assert_eq!(port_of(line), port, "{line}");
        }
    }

    #[test]
    fn a_quoted_word_survives_a_shell() {
        assert_eq!(quote("a/b.c"), "a/b.c");
        assert_eq!(quote("it's"), r"'it'\''s'");
        assert_eq!(quote(""), "''");
        assert_eq!((operand("a b").as_str(), operand("--x").as_str()), ("'a b'", "./--x"));
    }
}
