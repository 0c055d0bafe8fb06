//! Whether npm's lock file still fits the manifest: `npm ci` refuses one that does not.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::manifest::Manifest;
use crate::generator::version::{Version, satisfies};

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct RootEntry {
    dependencies: BTreeMap<String, String>,
    dev_dependencies: BTreeMap<String, String>,
    #[serde(flatten)]
    _rest: BTreeMap<String, IgnoredAny>,
}

#[derive(Deserialize)]
struct Entry {
    version: Option<String>,
}

/// The object that follows `key` in a JSON text. Lock files are large, so only what is needed is parsed.
fn object_after<'t, T: Deserialize<'t>>(text: &'t str, key: &str) -> Option<T> {
    let at = text.find(key)? + key.len();
    let rest = text[at..].trim_start().strip_prefix(':')?;
    serde_json::Deserializer::from_str(rest).into_iter::<T>().next()?.ok()
}

/// The first dependency of the manifest that the lock file does not answer for.
pub(super) fn missing(manifest: &Manifest, lock: &str) -> Option<String> {
    let packages = &lock[lock.find("\"packages\"")?..];
    let root: RootEntry = object_after(packages, "\"\"")?;
    for (name, wanted) in manifest.dependencies().chain(manifest.dev_dependencies()) {
        let locked = root.dependencies.get(name).or_else(|| root.dev_dependencies.get(name));
        if locked.is_some_and(|locked| locked == wanted) {
            continue;
        }
        let entry: Option<Entry> = object_after(packages, &format!("\"node_modules/{name}\""));
        let Some(entry) = entry else { return Some(name.to_owned()) };
        let version = entry.version.as_deref().and_then(Version::parse);
        let is_range = wanted.starts_with(|c: char| c.is_ascii_digit() || "<>=~^v".contains(c));
        if is_range && version.is_some_and(|version| !satisfies(wanted, &version)) {
            return Some(name.to_owned());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generator::view::View;
    use crate::source::SourceTree;

    fn missing_in(manifest: &str, lock: &str) -> Option<String> {
        let tree = SourceTree::from_files([("package.json", manifest)]).unwrap();
        missing(&Manifest::read(&View::at(&tree, "")).unwrap().unwrap(), lock)
    }

    #[test]
    fn a_lock_that_does_not_fit_is_noticed() {
        let lock = r#"{"lockfileVersion":3,"packages":{"":{"name":"x","dependencies":{"a":"^1.0.0"}},
            "node_modules/a":{"version":"1.2.3"}}}"#;
        assert_eq!(missing_in(r#"{"dependencies":{"a":"^1.0.0"}}"#, lock), None);
        assert_eq!(missing_in(r#"{"dependencies":{"a":"^1.1.0"}}"#, lock), None);
        assert_eq!(missing_in(r#"{"dependencies":{"a":"^2.0.0"}}"#, lock).as_deref(), Some("a"));
        assert_eq!(missing_in(r#"{"dependencies":{"b":"1"}}"#, lock).as_deref(), Some("b"));
        assert_eq!(missing_in(r#"{"dependencies":{"b":"1"}}"#, "not json"), None);
    }
}
