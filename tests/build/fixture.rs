//! The applications, and what is known of them besides their files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// An application in a folder.
#[derive(Debug, Clone)]
pub(crate) struct Fixture {
    pub(crate) name: String,
    pub(crate) folder: PathBuf,
    /// The Dockerfile that an expert would write.
    pub(crate) by_hand: Option<String>,
    /// `root`: the app's folder inside its folder.
    pub(crate) root: Option<String>,
    /// `stack`: what it must be recognised as.
    pub(crate) stack: Option<String>,
    /// `path`: what is asked for; the plan's health path when absent.
    pub(crate) path: Option<String>,
    /// `expect`: what the answer must contain.
    pub(crate) expect: Option<String>,
    /// `env`: variables of the container.
    pub(crate) env: BTreeMap<String, String>,
    /// `touch`: the source file that is changed before the second build; the plan's entry when absent.
    pub(crate) touch: Option<String>,
    /// `cached`: parts of instructions that the second build must take from the cache; the plan's install command when
    /// absent.
    pub(crate) cached: Option<Vec<String>>,
    /// `classic`: whether the classic builder is tried too.
    pub(crate) is_classic: bool,
    /// `full`: whether only a run of all apps has it, as another one shows the same.
    is_full: bool,
}

/// Whether a person asked for some apps only.
pub(crate) fn is_chosen() -> bool {
    is_set("BYOP_APPS")
}

/// Whether nothing is to come from a cache, so that the first build and the second can be compared.
pub(crate) fn is_cold() -> bool {
    is_set("BYOP_COLD")
}

/// Whether a variable of the environment is set to something.
pub(crate) fn is_set(name: &str) -> bool {
    std::env::var(name).is_ok_and(|value| !value.is_empty())
}

/// The apps that this run is about, in order of name.
pub(crate) fn fixtures() -> Vec<Fixture> {
    let own = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/apps");
    let examples = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples/apps");
    let mut found: Vec<Fixture> = folders(&own).map(|(name, folder)| read(&own, name, folder)).collect();
    found.extend(folders(&examples).map(|(name, folder)| read(&own, format!("example-{name}"), folder)));
    if is_chosen() {
        let names = std::env::var("BYOP_APPS").unwrap();
        found.retain(|fixture| names.split(',').any(|name| name.trim() == fixture.name));
        assert!(!found.is_empty(), "no app is called any of BYOP_APPS={names}");
    } else if !is_set("BYOP_ALL_APPS") && !is_cold() {
        found.retain(|fixture| !fixture.is_full);
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

fn folders(parent: &Path) -> impl Iterator<Item = (String, PathBuf)> + use<> {
    let entries = std::fs::read_dir(parent).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.is_dir()).map(|path| {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        (name, path)
    })
}

fn read(beside: &Path, name: String, folder: PathBuf) -> Fixture {
    let text = std::fs::read_to_string(beside.join(format!("{name}.json"))).unwrap_or_else(|_| "{}".into());
    let facts: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}.json: {error}"));
    const KNOWN: [&str; 9] = ["root", "stack", "path", "expect", "env", "touch", "cached", "classic", "full"];
    for key in facts.as_object().unwrap().keys() {
        assert!(KNOWN.contains(&key.as_str()), "{name}.json: `{key}` is none of {KNOWN:?}");
    }
    let text_of = |key: &str| {
        facts.get(key).map(|value| value.as_str().unwrap_or_else(|| panic!("{name}.json: {key}")).to_owned())
    };
    let env = facts.get("env").and_then(Value::as_object).into_iter().flatten();
    let cached = facts
        .get("cached")
        .map(|list| list.as_array().unwrap().iter().map(|part| part.as_str().unwrap().to_owned()).collect());
    Fixture {
        by_hand: std::fs::read_to_string(beside.join(format!("{name}.Dockerfile"))).ok(),
        root: text_of("root"),
        stack: text_of("stack"),
        path: text_of("path"),
        expect: text_of("expect"),
        touch: text_of("touch"),
        env: env.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect(),
        cached,
        is_classic: facts["classic"] == true,
        is_full: facts["full"] == true,
        name,
        folder,
    }
}

/// A copy that may be changed, without what tools leave behind.
pub(crate) fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type()?;
        if kind.is_symlink() {
            std::os::unix::fs::symlink(std::fs::read_link(&path)?, target)?;
        } else if !kind.is_dir() {
            std::fs::copy(&path, target)?;
        } else if !["node_modules", "target", "__pycache__"].contains(&&*entry.file_name().to_string_lossy())
        {
            copy(&path, &target)?;
        }
    }
    Ok(())
}
