//! What a misspelt key was probably meant to be.

/// The word that `given` is most likely a misspelling of.
pub(crate) fn closest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // What nobody types by mistake is not worth comparing.
    let given: Vec<char> = (given.len() <= 64).then(|| normal(given))?;
    known
        .into_iter()
        .map(|word| (distance(&given, &normal(word)), word))
        .filter(|(distance, word)| *distance <= (word.len() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// The key that serde refused, and the keys that it knows there: from the text of its error.
pub(crate) fn unknown_field(message: &str) -> Option<(&str, Vec<&str>)> {
    let rest = &message[message.find("unknown field `")?..];
    let mut words = rest.split('`').skip(1).step_by(2);
    Some((words.next()?, words.collect()))
}

/// `buildRoot`, `build-root` and `build_root` are the same word to a person.
fn normal(word: &str) -> Vec<char> {
    let mut out = Vec::new();
    for c in word.chars() {
        match c {
            '-' | ' ' | '.' => out.push('_'),
            c if c.is_ascii_uppercase() && out.last().is_some_and(char::is_ascii_lowercase) => {
                out.extend(['_', c.to_ascii_lowercase()]);
            }
            c => out.extend(c.to_lowercase()),
        }
    }
    out
}

/// How many letters have to be added, left out, replaced or swapped with their neighbour.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    for (j, cell) in rows[0].iter_mut().enumerate() {
        *cell = j;
    }
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replaced.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_understood_and_another_word_is_not() {
        let known = ["port", "health", "env", "processes", "static_dir", "package_manager"];
        for (given, meant) in [
            ("prot", Some("port")),
            ("ports", Some("port")),
            ("proccesses", Some("processes")),
            ("staticDir", Some("static_dir")),
            ("package-manager", Some("package_manager")),
            ("Health", Some("health")),
            ("kubernetes", None),
            ("", None),
        ] {
            assert_eq!(closest(given, known), meant, "{given}");
        }
        assert_eq!(closest(&"a".repeat(100_000), known), None);
    }

    #[test]
    fn the_keys_are_read_from_the_message_of_serde() {
        let message = "build: unknown field `strat`, expected one of `root`, `start`";
        assert_eq!(unknown_field(message), Some(("strat", vec!["root", "start"])));
        assert_eq!(unknown_field("invalid type: integer"), None);
    }
}
