//! Where files are, and how long they may be.

use std::collections::BTreeSet;

use crate::tree::{File, assert_tidy, files, paths};

const TOP: &[&str] = &[
    "Cargo.toml",
    "Cargo.lock",
    "byop-core",
    "byop-cloud",
    "byop-py",
    "examples",
    "benches",
    "tests",
    "README.md",
    "LICENSE",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    ".ci",
    ".cargo",
    ".gitignore",
    ".rustfmt.toml",
    ".clippy.toml",
    ".deny.toml",
    ".typos.toml",
];

const MOST_LINES: usize = 500;

/// Longer than allowed, each with the reason why it stays so.
const LONG: &[(&str, &str)] =
    &[("byop-py/python/byop/types.py", "made from the Rust types by a script, and read by editors")];

fn strangers(paths: &[String]) -> Vec<String> {
    let tops: BTreeSet<_> = paths.iter().filter_map(|path| path.split('/').next()).collect();
    tops.into_iter()
        .filter(|top| !TOP.contains(top))
        .map(|top| format!("{top}: the top level has no such entry (see the list in tests/tidy/layout.rs)"))
        .collect()
}

fn mod_files(paths: &[String]) -> Vec<String> {
    paths
        .iter()
        .filter(|path| path.ends_with("/mod.rs"))
        .map(|path| format!("{path}: put this into a file beside the folder, named as the folder"))
        .collect()
}

fn long_files(files: &[File]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| file.is_rust() || file.path.ends_with(".py")) {
        let lines = lines_of_code(&file.text);
        let allowed = LONG.iter().any(|(path, _)| *path == file.path);
        if lines > MOST_LINES && !allowed {
            complaints.push(format!("{}: {lines} lines of code, at most {MOST_LINES}; divide it", file.path));
        }
        if lines <= MOST_LINES && allowed {
            complaints.push(format!("{}: short enough again; take it off the list", file.path));
        }
    }
    complaints
}

fn lines_of_code(text: &str) -> usize {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("//") && !line.starts_with('#'))
        .count()
}

#[test]
fn a_stranger_at_the_top_is_noticed() {
    assert_eq!(strangers(&["Makefile".into(), "tests/a.rs".into(), "docs/b.md".into()]).len(), 2);
}

#[test]
fn a_mod_file_is_noticed() {
    assert_eq!(mod_files(&["a/mod.rs".into(), "a/modern.rs".into()]).len(), 1);
}

#[test]
fn a_long_file_is_noticed() {
    let long = "let a = 1;\n".repeat(MOST_LINES + 1);
    let commented = "// words\n\n".repeat(MOST_LINES);
    assert_eq!(long_files(&[File::new("a.rs", &long), File::new("b.rs", &commented)]).len(), 1);
}

#[test]
fn the_top_level_has_what_it_should_and_nothing_else() {
    assert_tidy(&strangers(&paths()));
}

#[test]
fn modules_are_flat() {
    assert_tidy(&mod_files(&paths()));
}

#[test]
fn no_file_is_too_long() {
    assert_tidy(&long_files(&files()));
}
