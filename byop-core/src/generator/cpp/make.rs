//! `Makefile`: the program that the first target makes.

use std::collections::BTreeMap;

use super::project::{Binary, Found};
use crate::generator::view::View;

/// Variables that name the program by convention.
const NAMES: [&str; 12] = [
    "TARGET",
    "BIN",
    "BINARY",
    "PROG",
    "PROGRAM",
    "EXEC",
    "EXECUTABLE",
    "EXE",
    "APP",
    "OUT",
    "OUTPUT",
    "NAME",
];

/// Libraries by the flag that links them.
const FLAGS: [(&str, &str); 9] = [
    ("-lssl", "openssl"),
    ("-lcurl", "libcurl"),
    ("-lz", "zlib"),
    ("-lsqlite3", "sqlite3"),
    ("-lpq", "libpq"),
    ("-levent", "libevent"),
    ("-lmicrohttpd", "libmicrohttpd"),
    ("-luv", "libuv"),
    ("-lhiredis", "hiredis"),
];

pub(super) fn read(view: &View<'_>, file: &str, text: &str) -> Found {
    let text = text.replace("\\\n", " ");
    let variables = variables(&text);
    let mut found = Found { fetches: text.contains("git clone"), ..Found::default() };
    let words: Vec<&str> = text.split_whitespace().collect();
    for (flag, library) in FLAGS {
        if words.contains(&flag) {
            found.libraries.push((library.to_owned(), file.to_owned()));
        }
    }
    let named = NAMES
        .iter()
        .find_map(|name| variables.get(*name))
        .map(|value| expand(value, &variables))
        .or_else(|| default_target(&text, &variables))
        .or_else(|| written(&text, &variables));
    if let Some(path) = named.filter(|path| is_program(view, path)) {
        let built = path.trim_start_matches("./").to_owned();
        let name = built.rsplit('/').next().unwrap_or(&built).to_owned();
        found.candidates.push(Binary { name, file: file.to_owned(), built });
    }
    found
}

/// Whether a target can be a program that is made here.
fn is_program(view: &View<'_>, path: &str) -> bool {
    let is_plain =
        !path.is_empty() && path.bytes().all(|b| b.is_ascii_alphanumeric() || b"._/-+".contains(&b));
    let has_other_end = [".o", ".a", ".so", ".c", ".cpp", ".h", ".dll"].iter().any(|end| path.ends_with(end));
    is_plain
        && !path.starts_with('/')
        && !path.contains("..")
        && !has_other_end
        && !view.has_dir(path)
        && !view.has_file(path)
}

fn variables(text: &str) -> BTreeMap<&str, &str> {
    let mut found = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('\t')) {
        let line = line.split('#').next().unwrap_or_default();
        if let Some((name, value)) = line.split_once('=') {
            let name = name.trim_end_matches([':', '?', '+']).trim();
            if !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
                found.entry(name).or_insert(value.trim());
            }
        }
    }
    found
}

/// A value with the variables in it replaced, a bounded number of times.
fn expand(text: &str, variables: &BTreeMap<&str, &str>) -> String {
    let mut text = text.to_owned();
    for _ in 0..8 {
        let Some((start, close)) =
            text.find("$(").map(|at| (at, ')')).or_else(|| text.find("${").map(|at| (at, '}')))
        else {
            break;
        };
        let Some(length) = text[start..].find(close) else { break };
        let value = variables.get(&text[start + 2..start + length]).copied().unwrap_or_default();
        if text.len() + value.len() > 1_000 {
            break;
        }
        text = format!("{}{value}{}", &text[..start], &text[start + length + 1..]);
    }
    text.trim().to_owned()
}

/// The first target, or what `all` consists of.
fn default_target(text: &str, variables: &BTreeMap<&str, &str>) -> Option<String> {
    for line in text.lines() {
        if line.starts_with(['\t', ' ', '#', '.', '-']) || line.contains('=') {
            continue;
        }
        let Some((targets, needs)) = line.split_once(':') else { continue };
        let target = expand(targets.split_whitespace().next()?, variables);
        let needs = expand(needs, variables);
        let found = match target.as_str() {
            "all" | "build" | "default" => needs.split_whitespace().next().map(str::to_owned),
            "help" | "run" | "test" | "clean" | "install" => None,
            _ => Some(target),
        };
        // A target called `build` says nothing about a file.
        return found.filter(|name| !matches!(name.as_str(), "build" | "clean" | "help" | "test"));
    }
    None
}

/// What a recipe writes with `-o`.
fn written(text: &str, variables: &BTreeMap<&str, &str>) -> Option<String> {
    text.lines().filter(|line| line.starts_with('\t') && !line.contains(" -c ")).find_map(|line| {
        let mut words = line.split_whitespace();
        words.find(|word| *word == "-o")?;
        words.next().map(|word| expand(word, variables)).filter(|word| !word.contains('$'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceTree;

    fn program(text: &str) -> Option<String> {
        let tree = SourceTree::from_files([("main.c", ""), ("src/a.c", "")]).unwrap();
        read(&View::at(&tree, ""), "Makefile", text).candidates.pop().map(|one| one.built)
    }

    #[test]
    fn the_program_is_named_by_variable_target_or_recipe() {
        for (text, name) in [
            ("TARGET = server\nall: $(TARGET)\n", Some("server")),
            ("DIR := bin\nBIN := $(DIR)/shop\nall: $(BIN)\n", Some("bin/shop")),
            (".PHONY: all\nall: web docs\nweb: main.o\n\tcc -o web main.o\n", Some("web")),
            ("server: main.c\n\tcc -o $@ $<\n", Some("server")),
            ("build:\n\t$(CC) -O2 main.c -o shop\n", Some("shop")),
            ("all: src\n", None),
            ("help:\n\techo hi\n", None),
            ("A = $(A)$(A)\nBIN = $(A)\n", None),
            ("lib.a: main.o\n", None),
        ] {
            assert_eq!(program(text).as_deref(), name, "{text}");
        }
    }
}
