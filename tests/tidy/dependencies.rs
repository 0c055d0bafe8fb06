//! Packages that must never come in, and how many there may be.

use crate::licences::packages;
use crate::tree::assert_tidy;

const NEVER: &[(&str, &str)] = &[
    ("aws-lc-sys", "a second C library for cryptography; some feature of a dependency brought it"),
    ("openssl-sys", "a second C library for cryptography; some feature of a dependency brought it"),
    ("native-tls", "the tree has one TLS: rustls on ring"),
    ("sqlx", "only one package of a program may link SQLite"),
    ("serde_yml", "it is unsound"),
];

/// For everything, with what only tests, examples and benches need.
const MOST: usize = 380;

fn unwanted(names: &[String]) -> Vec<String> {
    let mut complaints: Vec<String> = NEVER
        .iter()
        .filter(|(name, _)| names.iter().any(|known| known == name))
        .map(|(name, why)| format!("{name}: {why}"))
        .collect();
    if names.len() > MOST {
        complaints.push(format!("{} packages, at most {MOST}", names.len()));
    }
    complaints
}

#[test]
fn an_unwanted_package_is_noticed() {
    assert_eq!(unwanted(&["serde".into(), "aws-lc-sys".into()]).len(), 1);
    assert_eq!(unwanted(&vec!["a".into(); MOST + 1]).len(), 1);
}

#[test]
fn no_package_is_unwanted() {
    let names: Vec<String> = packages().into_iter().map(|(name, _)| name).collect();
    assert_tidy(&unwanted(&names));
}
