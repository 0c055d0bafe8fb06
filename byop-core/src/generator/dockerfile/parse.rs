//! Takes a Dockerfile apart, as far as the platform has to understand it.

/// One instruction with its arguments on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Instruction {
    /// Where it begins, counted from 1.
    pub(super) line: usize,
    /// In upper case.
    pub(super) name: String,
    /// Everything after the name; for ONBUILD that of the instruction inside.
    pub(super) text: String,
    /// The lines of its here-documents.
    pub(super) body: String,
    /// Whether it is for the images that are built upon this one.
    pub(super) is_later: bool,
}

/// The instructions of a Dockerfile: comments left out, continued lines joined, here-documents put aside.
pub(super) fn instructions(text: &str) -> Vec<Instruction> {
    let text = text.trim_start_matches('\u{feff}');
    let escape = escape_of(text);
    let mut found = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let mut joined = String::new();
        let mut next = Some(line);
        while let Some(line) = next {
            let trimmed = line.trim();
            // Comments and empty lines inside a continued instruction do not end it.
            if trimmed.starts_with('#') || (trimmed.is_empty() && !joined.is_empty()) {
                next = if joined.is_empty() { None } else { lines.next().map(|(_, line)| line) };
                continue;
            }
            // Two of them are one that is meant.
            match trimmed.strip_suffix(escape).filter(|start| !start.ends_with(escape)) {
                Some(start) => {
                    joined.push_str(start);
                    joined.push(' ');
                    next = lines.next().map(|(_, line)| line);
                }
                None => {
                    joined.push_str(trimmed);
                    next = None;
                }
            }
        }
        let Some((name, rest)) = word(&joined) else { continue };
        let (is_later, name, rest) = match (name.eq_ignore_ascii_case("ONBUILD"), word(rest)) {
            (true, Some((name, rest))) => (true, name, rest),
            _ => (false, name, rest),
        };
        let name = name.to_ascii_uppercase();
        let mut body = String::new();
        if matches!(name.as_str(), "RUN" | "COPY" | "ADD") {
            for (end, tabs) in heredocs(rest) {
                for (_, line) in lines.by_ref() {
                    if (if tabs { line.trim_start_matches('\t') } else { line }).trim_end_matches('\r') == end
                    {
                        break;
                    }
                    body.push_str(line);
                    body.push('\n');
                }
            }
        }
        found.push(Instruction { line: number + 1, name, text: rest.trim().to_owned(), body, is_later });
    }
    found
}

fn word(text: &str) -> Option<(&str, &str)> {
    text.trim().split_once(char::is_whitespace).map(|(name, rest)| (name, rest.trim_start()))
}

/// The escape character that a directive at the top may set. A comment that is no directive ends the directives.
fn escape_of(text: &str) -> char {
    for line in text.lines() {
        let Some(comment) = line.trim().strip_prefix('#') else { break };
        let Some((name, value)) = comment.split_once('=') else { break };
        let name = name.trim().to_ascii_lowercase();
        if !matches!(name.as_str(), "escape" | "syntax" | "check") {
            break;
        }
        if name == "escape" {
            return if value.trim() == "`" { '`' } else { '\\' };
        }
    }
    '\\'
}

/// The words that end the here-documents of an instruction, and whether tabs before them do not count.
fn heredocs(text: &str) -> Vec<(String, bool)> {
    let (mut found, mut quote) = (Vec::new(), None);
    for word in text.split_whitespace() {
        let was_quoted = quote.is_some();
        for c in word.chars() {
            match quote {
                Some(open) if open == c => quote = None,
                None if matches!(c, '"' | '\'') => quote = Some(c),
                _ => {}
            }
        }
        let Some(after) = word.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix("<<") else {
            continue;
        };
        let (after, tabs) = after.strip_prefix('-').map_or((after, false), |after| (after, true));
        let name = after.trim_matches(['"', '\'']);
        let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if is_name && !was_quoted {
            found.push((name.to_owned(), tabs));
        }
    }
    found
}

impl Instruction {
    /// The base of a FROM.
    pub(super) fn base(&self) -> Option<String> {
        self.text.split_whitespace().find(|word| !word.starts_with("--")).map(str::to_ascii_lowercase)
    }

    /// The name that a FROM gives its stage.
    pub(super) fn stage_name(&self) -> Option<String> {
        let mut words = self.text.split_whitespace();
        words.find(|word| word.eq_ignore_ascii_case("as"))?;
        words.next().map(str::to_ascii_lowercase)
    }

    /// The value of a flag such as `--from`.
    pub(super) fn flag(&self, name: &str) -> Option<&str> {
        let flags = self.text.split_whitespace().take_while(|word| word.starts_with("--"));
        flags
            .filter_map(|word| word[2..].split_once('='))
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value)
    }

    /// The arguments after the flags: those of the exec form, or words.
    pub(super) fn arguments(&self) -> Vec<String> {
        let text = self.after_flags();
        serde_json::from_str(text).unwrap_or_else(|_| {
            text.split_whitespace().map(|word| word.trim_matches(['"', '\'']).to_owned()).collect()
        })
    }

    /// What follows the flags.
    pub(super) fn after_flags(&self) -> &str {
        let mut text = self.text.as_str();
        while text.starts_with("--") {
            text = text.split_once(char::is_whitespace).map_or("", |(_, rest)| rest.trim_start());
        }
        text
    }

    /// The names and values that an ARG or ENV sets, as they are written.
    pub(super) fn pairs(&self) -> Vec<(String, String)> {
        pairs(&self.name, &self.text)
    }

    /// Records the variables that an ARG or ENV sets.
    pub(super) fn define(&self, variables: &mut Vec<(String, String)>) {
        let text = self.expanded(variables);
        variables.extend(pairs(&self.name, &text));
    }

    /// The arguments with variables replaced; an unknown one by its default or nothing.
    pub(super) fn expanded(&self, variables: &[(String, String)]) -> String {
        expand(&self.text, variables)
    }
}

fn pairs(name: &str, text: &str) -> Vec<(String, String)> {
    let bare = |value: &str| value.trim().trim_matches(['"', '\'']).to_owned();
    if name == "ENV" && !text.split_whitespace().next().is_some_and(|word| word.contains('=')) {
        return text
            .split_once(char::is_whitespace)
            .map(|(key, value)| (key.to_owned(), bare(value)))
            .into_iter()
            .collect();
    }
    let words = text.split_whitespace();
    words.filter_map(|word| word.split_once('=')).map(|(key, value)| (key.to_owned(), bare(value))).collect()
}

fn expand(text: &str, variables: &[(String, String)]) -> String {
    let value_of =
        |name: &str| variables.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(body) = rest.strip_prefix('{') {
            let Some(end) = body.find('}') else { break };
            let (name, default) = body[..end].split_once(":-").unwrap_or((&body[..end], ""));
            out.push_str(&value_of(name).unwrap_or_else(|| default.to_owned()));
            rest = &body[end + 1..];
        } else {
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
            out.push_str(&value_of(&rest[..end]).unwrap_or_default());
            rest = &rest[end..];
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_continuations_and_here_documents_are_understood() {
        let list = instructions(
            "# escape=`\nFROM a as X\nRUN b `\n# c\n\n  d\nRUN <<EOF\nEXPOSE 1\nEOF\nexpose 2\n",
        );
        let names: Vec<_> = list.iter().map(|i| (i.line, i.name.as_str(), i.text.as_str())).collect();
        assert_eq!(
            names,
            [(2, "FROM", "a as X"), (3, "RUN", "b  d"), (7, "RUN", "<<EOF"), (10, "EXPOSE", "2")]
        );
        assert_eq!(list[0].stage_name().as_deref(), Some("x"));
        assert_eq!(list[2].body, "EXPOSE 1\n");
    }

    #[test]
    fn several_here_documents_follow_one_another() {
        let list =
            instructions("RUN cat <<-\"A\" 3<<B\n\ta\n\tA\nb\n A\nB\nCMD x\nRUN echo '<<C' <<<D\nCMD y\n");
        let names: Vec<_> = list.iter().map(|i| i.name.as_str()).collect();
        assert_eq!(names, ["RUN", "CMD", "RUN", "CMD"]);
        assert_eq!(list[0].body, "\ta\nb\n A\n");
    }

    #[test]
    fn directives_stand_before_all_else() {
        assert_eq!(escape_of("# syntax=x\n# ESCAPE = `\n"), '`');
        assert_eq!(escape_of("# a comment\n# escape=`\n"), '\\');
        assert_eq!(escape_of("\n# escape=`\n"), '\\');
    }

    #[test]
    fn what_is_for_later_images_is_known_as_that() {
        let list = instructions("ONBUILD COPY --from=a --chown=1:1 x y \\\\\nCMD z\n");
        assert!(list[0].is_later && list[0].name == "COPY");
        assert_eq!(list[0].flag("from"), Some("a"));
        assert_eq!(list[1].name, "CMD", "two escapes do not continue a line");
    }
}
