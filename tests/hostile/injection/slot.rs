//! Texts with places for values: `⟦J:tame⟧`.
//!
//! The letter says how a value is written there: `J` inside a JSON text, `T` inside a TOML text, `Y` inside a YAML text in
//! double quotes, `X` inside XML, `L` as it is but on one line. `!` after it: the value is a command line, which is
//! meant for a shell.

const OPEN: char = '⟦';
const CLOSE: char = '⟧';

/// A place in one of the texts of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) number: usize,
    pub(super) is_command: bool,
}

/// All places of a tree, by paths and texts.
pub(super) fn slots(files: &[(&str, &str)]) -> Vec<Slot> {
    let texts = files.iter().flat_map(|(path, text)| [*path, *text]);
    let marks = texts.flat_map(|text| text.split(OPEN).skip(1));
    let kinds = marks.map(|mark| mark.split(':').next().unwrap().ends_with('!'));
    kinds.enumerate().map(|(number, is_command)| Slot { number, is_command }).collect()
}

/// The tree with `value` in one place and tame values in all others.
pub(super) fn fill(files: &[(&str, &str)], chosen: Option<(usize, &str)>) -> Vec<(String, String)> {
    let mut number = 0;
    let mut one = |text: &str| {
        let mut parts = text.split(OPEN);
        let mut out = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (mark, rest) = part.split_once(CLOSE).expect("a place that is not closed");
            let (kind, tame) = mark.split_once(':').expect("a place without a kind");
            let value = chosen.filter(|(at, _)| *at == number).map_or(tame, |(_, value)| value);
            out.push_str(&written(kind.trim_end_matches('!'), value));
            out.push_str(rest);
            number += 1;
        }
        out
    };
    files.iter().map(|(path, text)| (one(path), one(text))).collect()
}

fn written(kind: &str, value: &str) -> String {
    match kind {
        // What JSON escapes is read in the same way in a YAML text in double quotes and in TOML.
        "J" | "Y" | "T" => {
            let text = serde_json::to_string(value).unwrap();
            text[1..text.len() - 1].replace('\u{85}', "\\u0085")
        }
        "X" => value.replace('\0', "").replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;"),
        "L" => value.replace(['\n', '\r', '\0'], " "),
        other => panic!("no such kind of place: {other}"),
    }
}

#[test]
fn one_place_is_filled_at_a_time() {
    let files = [("a.⟦L:js⟧", "{\"a\": \"⟦J:b⟧\", \"c\": \"⟦J!:d⟧\"}")];
    let places: Vec<bool> = slots(&files).iter().map(|slot| slot.is_command).collect();
    assert_eq!(places, [false, false, true]);
    assert_eq!(fill(&files, Some((1, "x\"\n")))[0].1, r#"{"a": "x\"\n", "c": "d"}"#);
    assert_eq!(fill(&files, None)[0].0, "a.js");
}
