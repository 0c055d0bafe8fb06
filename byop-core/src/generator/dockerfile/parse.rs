//! Takes a Dockerfile apart, as far as the platform has to understand it.

/// One instruction with its arguments on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Instruction {
    /// In upper case.
    pub(super) name: String,
    /// Everything after the name.
    pub(super) text: String,
}

/// The instructions of a Dockerfile: comments left out, continued lines joined, here-documents passed over.
pub(super) fn instructions(text: &str) -> Vec<Instruction> {
    let escape = escape_of(text);
    let mut found = Vec::new();
    let mut lines = text.trim_start_matches('\u{feff}').lines();
    while let Some(line) = lines.next() {
        let mut joined = String::new();
        let mut next = Some(line);
        while let Some(line) = next {
            let trimmed = line.trim();
            // Comments and empty lines inside a continued instruction do not end it.
            if trimmed.starts_with('#') || (trimmed.is_empty() && !joined.is_empty()) {
                next = if joined.is_empty() { None } else { lines.next() };
                continue;
            }
            match trimmed.strip_suffix(escape) {
                Some(start) => {
                    joined.push_str(start);
                    joined.push(' ');
                    next = lines.next();
                }
                None => {
                    joined.push_str(trimmed);
                    next = None;
                }
            }
        }
        let Some((name, rest)) = joined.trim().split_once(char::is_whitespace) else { continue };
        let name = name.to_ascii_uppercase();
        if matches!(name.as_str(), "RUN" | "COPY" | "ADD")
            && let Some(end) = heredoc(rest)
        {
            for line in lines.by_ref() {
                if line.trim() == end {
                    break;
                }
            }
        }
        found.push(Instruction { name, text: rest.trim().to_owned() });
    }
    found
}

/// The escape character that a directive at the top may set.
fn escape_of(text: &str) -> char {
    let directive = text
        .lines()
        .take_while(|line| line.trim_start().starts_with('#'))
        .map(|line| line.trim_start_matches(['#', ' ']).to_ascii_lowercase().replace(' ', ""))
        .find(|line| line.starts_with("escape="));
    if directive.as_deref() == Some("escape=`") { '`' } else { '\\' }
}

fn heredoc(text: &str) -> Option<String> {
    let after = text.split("<<").nth(1)?.trim_start_matches('-');
    let word = after.split_whitespace().next()?.trim_matches(['"', '\'']);
    let is_name = !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    is_name.then(|| word.to_owned())
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

    /// Records the variables that an ARG or ENV sets.
    pub(super) fn define(&self, variables: &mut Vec<(String, String)>) {
        let text = self.expanded(variables);
        if self.name == "ENV" && !text.split_whitespace().next().is_some_and(|word| word.contains('=')) {
            if let Some((name, value)) = text.split_once(char::is_whitespace) {
                variables.push((name.to_owned(), value.trim().to_owned()));
            }
            return;
        }
        for word in text.split_whitespace() {
            if let Some((name, value)) = word.split_once('=') {
                variables.push((name.to_owned(), value.trim_matches(['"', '\'']).to_owned()));
            }
        }
    }

    /// The arguments with variables replaced; an unknown one by its default or nothing.
    pub(super) fn expanded(&self, variables: &[(String, String)]) -> String {
        let value_of = |name: &str| {
            variables.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.clone())
        };
        let mut out = String::new();
        let mut rest = self.text.as_str();
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_continuations_and_here_documents_are_understood() {
        let list = instructions(
            "# escape=`\nFROM a as X\nRUN b `\n# c\n\n  d\nRUN <<EOF\nEXPOSE 1\nEOF\nexpose 2\n",
        );
        let names: Vec<_> = list.iter().map(|i| (i.name.as_str(), i.text.as_str())).collect();
        assert_eq!(names, [("FROM", "a as X"), ("RUN", "b  d"), ("RUN", "<<EOF"), ("EXPOSE", "2")]);
        assert_eq!(list[0].stage_name().as_deref(), Some("x"));
    }
}
