//! What the engine and the store offer, read from their sources.

use std::collections::BTreeSet;
use std::path::Path;

/// The names that follow `marker` at the start of a line in these sources.
fn names(marker: &str, sources: &[String]) -> BTreeSet<String> {
    let lines = sources.iter().flat_map(|text| text.lines());
    let found = lines.filter_map(|line| line.strip_prefix(marker));
    found.map(|rest| rest.split(['(', '<']).next().unwrap().to_owned()).collect()
}

fn source(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("byop-core/src").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The verbs of the engine.
pub fn verbs() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("byop-core/src/engine");
    let mut sources = vec![source("engine.rs")];
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let text = std::fs::read_to_string(path).unwrap();
                // Only what is the engine's own.
                let parts = text.split("\nimpl Engine {").skip(1);
                sources.extend(parts.map(|part| part.split("\n}").next().unwrap().to_owned()));
            }
        }
    }
    let mut verbs = names("    pub async fn ", &sources);
    verbs.extend(names("    pub fn ", &sources));
    verbs
}

/// The calls of the store.
pub fn calls() -> BTreeSet<String> {
    let text = source("store.rs");
    let port = text.split("pub trait Store").nth(1).unwrap().split("\n}").next().unwrap();
    names("    async fn ", &[port.to_owned()])
}
