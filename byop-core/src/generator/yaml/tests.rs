//! What the reader takes and what it refuses.

use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::json;

use super::{Dialect, Fault, read, read_as};

fn fault(text: &str, dialect: Dialect) -> Fault {
    read(text, dialect).unwrap_err()
}

#[test]
fn plain_files_are_read() {
    let text = "# c\na: 1\n'b c': [x, \"y: z\", {d: e}]\nf: |\n  it's [[[ text & more\n  !x\ng:\n- h: true\n  i: 'it''s'\n- >-\n  j\n  k\n4: ~\n";
    let read = read(text, Dialect::Own).unwrap();
    assert_eq!(
        read.value,
        json!({"a": 1, "b c": ["x", "y: z", {"d": "e"}], "f": "it's [[[ text & more\n!x\n",
               "g": [{"h": true, "i": "it's"}, "j k"], "4": null})
    );
}

#[test]
fn nothing_is_nothing() {
    for text in ["", "\n", "# only a comment\n", "---\n"] {
        assert_eq!(read(text, Dialect::Own).unwrap().value, json!(null), "{text:?}");
    }
}

#[test]
fn values_have_places() {
    let text = "name: x\nservices:\n  web:\n    ports:\n    - \"80\"\n    - target: 1\n      mode: host\n    build: {context: .}\n";
    let document = read(text, Dialect::Compose).unwrap();
    let place = |path: &[&str]| (document.place(path).line, document.place(path).column);
    assert_eq!(place(&["services", "web", "ports", "1", "mode"]), (7, 7));
    assert_eq!(place(&["services", "web", "ports", "0"]), (5, 5));
    assert_eq!(place(&["services", "web", "build", "context"]), (8, 5));
    assert_eq!(place(&["none"]), (1, 1));
}

#[test]
fn shared_blocks_are_merged_in_compose_files_only() {
    let text = "x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz:\n  <<: [*x, *y]\n  a: 0\n";
    let document = read(text, Dialect::Compose).unwrap();
    assert_eq!(document.value["z"], json!({"a": 0, "b": 1, "c": 2}));
    let fault = fault(text, Dialect::Own);
    assert_eq!((fault.line, fault.column), (1, 4));
    assert!(fault.message.contains("anchors"), "{fault:?}");
}

#[test]
fn a_repeated_key_is_refused_with_its_place() {
    let fault = fault("a:\n  b: 1\n  b: 2\n", Dialect::Own);
    assert!(fault.message.contains("`b` stands there twice"), "{fault:?}");
    assert_eq!((fault.line, fault.key.as_str()), (2, "a.b"));
}

#[test]
fn tags_change_what_is_meant_and_are_refused() {
    for text in ["a: !include x\n", "a: !reset null\n", "a: !x {b: c}\n"] {
        for dialect in [Dialect::Own, Dialect::Compose] {
            assert!(fault(text, dialect).message.contains("tag"), "{text}");
        }
        read(text, Dialect::Foreign).unwrap();
    }
    let known = read("a: !!python/name:x.y\nb: [!x c]\n", Dialect::Foreign).unwrap();
    assert_eq!(known.value["b"], json!(["c"]));
}

#[test]
fn bombs_are_refused_at_once() {
    let mut laughs = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
    for n in 1..12 {
        laughs += &format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 10].join(","));
    }
    let repeated = format!("a: &a {}\nb:\n{}", "x".repeat(20_000), "- *a\n".repeat(9_000));
    let bombs = [
        "[[a: ".repeat(30_000),
        "a: ".to_owned() + &"[".repeat(100_000),
        "{".repeat(90_000),
        // A quote that the scan takes for the begin of a text, and the parser does not.
        "a: b\n 'c ".to_owned() + &"[[a: ".repeat(30_000),
        "- ".repeat(60_000),
        "? ".repeat(60_000),
        "a:\n".repeat(20_000),
        "x".repeat(300 * 1024),
        (0..200).map(|n| format!("{}a:\n", " ".repeat(n))).collect(),
        laughs,
        repeated,
    ];
    for bomb in bombs {
        for dialect in [Dialect::Own, Dialect::Compose, Dialect::Foreign] {
            let started = Instant::now();
            let outcome = read(&bomb, dialect);
            let start: String = bomb.chars().take(40).collect();
            assert!(outcome.is_err(), "{start:?} {dialect:?}");
            // Generous, as the machine may be busy and this build is not optimised; without the guard it is minutes.
            assert!(started.elapsed() < Duration::from_secs(10), "{start:?} took {:?}", started.elapsed());
        }
    }
}

#[test]
fn characters_that_deceive_are_refused() {
    assert_eq!(fault("a: b\u{202e}c\n", Dialect::Own).line, 1);
    assert_eq!(fault("a: b\nc: \u{1b}\n", Dialect::Foreign).line, 2);
}

#[test]
fn a_second_document_is_refused() {
    assert!(read("a: 1\n---\nb: 2\n", Dialect::Own).is_err());
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Own {
    build: Build,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Build {
    version: String,
    port: Option<u16>,
}

#[test]
fn a_type_of_our_own_says_where_it_does_not_fit() {
    let read: Own = read_as("build:\n  version: 3.10\n", Dialect::Own).unwrap();
    assert_eq!(read.build.version, "3.10");
    let fault = read_as::<Own>("build:\n  version: x\n  port: many\n", Dialect::Own).unwrap_err();
    assert_eq!((fault.line, fault.column, fault.key.as_str()), (3, 9, "build.port"));
    let fault = read_as::<Own>("build:\n  version: x\n  prot: 1\n", Dialect::Own).unwrap_err();
    assert_eq!(fault.line, 3, "{fault:?}");
    assert!(fault.message.contains("unknown field `prot`"), "{fault:?}");
    let fault = read_as::<Own>("build:\n  port: 1\n", Dialect::Own).unwrap_err();
    assert!(fault.message.contains("missing field `version`"), "{fault:?}");
    let error = fault.into_error("manifest.read", "byop.yaml");
    assert_eq!(error.context("file"), Some("byop.yaml"));
}
