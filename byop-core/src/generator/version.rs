//! Versions and the constraints on them, as the ecosystems of Node.js, Python, Go and Rust write them.

use std::cmp::Ordering;

/// A version of up to three numbers; a missing one is not said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Version {
    parts: [Option<u32>; 3],
}

impl Version {
    /// Reads `22`, `v22.12.0`, `go1.25`, `python-3.12.3`; `x` and `*` are parts that are not said.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = ["python-", "node-", "go", "v", "="]
            .iter()
            .fold(text, |text, prefix| text.strip_prefix(prefix).unwrap_or(text));
        let mut parts = [None; 3];
        for (index, part) in text.split(['-', '+', ' ']).next()?.split('.').take(3).enumerate() {
            match part {
                "x" | "X" | "*" if index > 0 => break,
                _ => parts[index] = Some(part.parse().ok()?),
            }
        }
        parts[0].map(|_| Self { parts })
    }

    pub(crate) fn major(&self) -> u32 {
        self.parts[0].unwrap_or(0)
    }

    pub(crate) fn minor(&self) -> Option<u32> {
        self.parts[1]
    }

    /// Whether all three numbers are said.
    pub(crate) fn is_exact(&self) -> bool {
        self.parts[2].is_some()
    }

    fn filled(&self) -> [u32; 3] {
        self.parts.map(|part| part.unwrap_or(0))
    }

    /// Whether `other` starts with the numbers that are said here.
    fn covers(&self, other: &Self) -> bool {
        self.parts
            .iter()
            .zip(other.parts)
            .all(|(mine, theirs)| mine.is_none() || theirs.is_none() || *mine == theirs)
    }

    /// In the order of their numbers.
    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        self.filled().cmp(&other.filled())
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text: Vec<String> = self.parts.iter().map_while(|part| part.map(|n| n.to_string())).collect();
        f.write_str(&text.join("."))
    }
}

/// Whether `version` (a release line such as `22.23`) can satisfy `constraint`: npm ranges and Python specifiers.
pub(crate) fn satisfies(constraint: &str, version: &Version) -> bool {
    constraint.split("||").any(|alternative| {
        let alternative = alternative.replace(',', " ");
        if let Some((low, high)) = alternative.split_once(" - ") {
            return bound(">=", low, version) && bound("<=", high, version);
        }
        let mut words = Vec::new();
        let mut operator = String::new();
        for word in alternative.split_whitespace() {
            if word.bytes().all(|b| b"<>=!~^".contains(&b)) {
                operator.push_str(word);
            } else {
                words.push(format!("{operator}{word}"));
                operator.clear();
            }
        }
        words.iter().all(|word| {
            let split = word.find(|c: char| !"<>=!~^".contains(c)).unwrap_or(word.len());
            bound(&word[..split], &word[split..], version)
        })
    })
}

fn bound(operator: &str, text: &str, version: &Version) -> bool {
    if matches!(text.trim(), "*" | "x" | "") {
        return true;
    }
    let Some(limit) = Version::parse(text) else { return false };
    // The table knows release lines: `22.23` stands for all of its patches, so a bound inside it can be met.
    let patchless = |v: &Version| Version { parts: [v.parts[0], v.parts[1], None] };
    let (line, edge) = (patchless(version), patchless(&limit));
    let exact = version.is_exact();
    let order = if exact { version.compare(&limit) } else { line.compare(&edge) };
    match operator {
        ">=" => order != Ordering::Less,
        ">" => {
            if limit.minor().is_none() {
                version.major() > limit.major()
            } else {
                order == Ordering::Greater
            }
        }
        "<" => {
            order == Ordering::Less
                || (order == Ordering::Equal && !exact && limit.parts[2].is_some_and(|p| p > 0))
        }
        "<=" => order != Ordering::Greater || limit.covers(version),
        "^" => {
            order != Ordering::Less
                && version.major() == limit.major()
                && (limit.major() > 0 || limit.minor().is_none() || version.minor() == limit.minor())
        }
        "~" => limit.covers(&patchless(version)) || (limit.parts[2].is_some() && line == edge),
        // Python's compatible release, and the pessimistic operator of Ruby and Elixir.
        "~=" | "~>" => {
            order != Ordering::Less
                && version.major() == limit.major()
                && (limit.parts[2].is_none() || version.minor() == limit.minor())
        }
        "!=" => !limit.covers(version),
        _ => limit.covers(version),
    }
}

/// Whether a text names one version (or release line) rather than a range.
pub(crate) fn is_plain(text: &str) -> bool {
    !text.trim().is_empty()
        && !text.contains(['<', '>', '^', '~', '|', '*', ',', '!'])
        && !text.contains(".x")
        && Version::parse(text).is_some()
        && !text.trim().contains(' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints_of_npm_and_python_are_understood() {
        let fits = |constraint: &str, version: &str| satisfies(constraint, &Version::parse(version).unwrap());
        for (constraint, yes, no) in [
            (">=18", "24.21", "16.20"),
            ("22.x", "22.23", "24.21"),
            ("^26.0.0", "26.10", "24.21"),
            ("~3.11", "3.11", "3.12"),
            ("^3.10", "3.13", "3.9"),
            (">=3.9,<3.12", "3.11", "3.12"),
            (">=3.9, <3.12", "3.11", "3.12"),
            ("18 || 20", "20.20", "22.23"),
            ("16 - 20", "18.20", "22.23"),
            (">= 20.0.0 < 23", "22.23", "24.21"),
            ("*", "1.0", "0"),
            ("~=3.11", "3.12", "3.10"),
            ("~> 1.13", "1.18", "1.12"),
            ("~> 3.2.1", "3.2", "3.3"),
            ("==3.11.*", "3.11", "3.12"),
            (">18", "20.20", "18.20"),
            ("!=3.12", "3.11", "3.12"),
            ("<=20", "20.20", "22.23"),
        ] {
            assert!(fits(constraint, yes), "{constraint} {yes}");
            if no != "0" {
                assert!(!fits(constraint, no), "{constraint} {no}");
            }
        }
    }

    #[test]
    fn prefixes_and_wildcards_are_read() {
        assert_eq!(Version::parse("v22.12.0").unwrap().to_string(), "22.12.0");
        assert_eq!(Version::parse("python-3.12.3").unwrap().to_string(), "3.12.3");
        assert_eq!(Version::parse("22.x").unwrap().to_string(), "22");
        assert!(Version::parse("lts/iron").is_none());
        assert!(is_plain("22") && !is_plain(">=22") && !is_plain("22.x") && !is_plain(""));
    }
}
