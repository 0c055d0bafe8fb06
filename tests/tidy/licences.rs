//! The licences of everything that is linked, against the list in `.deny.toml`.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use crate::tree::{assert_tidy, root};

/// The texts in the list `allow` of the section `[licenses]`.
fn allowed(deny: &str) -> BTreeSet<String> {
    let section = deny.split("[licenses]").nth(1).unwrap_or_default();
    let list = section.split("allow = [").nth(1).and_then(|rest| rest.split(']').next()).unwrap_or_default();
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Whether an SPDX expression can be met: one side of `OR`, both of `AND`; `AND` binds closer.
fn is_met(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let expression = expression.trim().replace('/', " OR ");
    if let Some((inside, after)) = leading_group(&expression) {
        return match after.trim() {
            "" => is_met(inside, allowed),
            after if after.starts_with("AND ") => is_met(inside, allowed) && is_met(&after[4..], allowed),
            after => is_met(inside, allowed) || is_met(after.trim_start_matches("OR "), allowed),
        };
    }
    if let Some((left, right)) = expression.split_once(" OR ") {
        return is_met(left, allowed) || is_met(right, allowed);
    }
    if let Some((left, right)) = expression.split_once(" AND ") {
        return is_met(left, allowed) && is_met(right, allowed);
    }
    allowed.contains(expression.trim())
}

fn leading_group(expression: &str) -> Option<(&str, &str)> {
    expression.strip_prefix('(')?.split_once(')')
}

fn unmet(packages: &[(String, String)], allowed: &BTreeSet<String>) -> Vec<String> {
    packages
        .iter()
        .filter(|(_, licence)| !is_met(licence, allowed))
        .map(|(name, licence)| format!("{name}: `{licence}` is not covered by .deny.toml"))
        .collect()
}

fn list() -> BTreeSet<String> {
    allowed(&std::fs::read_to_string(root().join(".deny.toml")).unwrap())
}

/// Name and licence of every package that this machine's build links.
pub(crate) fn packages() -> Vec<(String, String)> {
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform", &target])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let used: BTreeSet<&str> = metadata["resolve"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|node| node["id"].as_str())
        .collect();
    let all = metadata["packages"].as_array().unwrap().iter();
    all.filter(|package| used.contains(package["id"].as_str().unwrap()))
        .map(|package| {
            let licence = package["license"].as_str().unwrap_or("none");
            (package["name"].as_str().unwrap().to_owned(), licence.to_owned())
        })
        .collect()
}

#[test]
fn a_licence_that_is_not_listed_is_noticed() {
    let allowed = allowed("[licenses]\nallow = [\n  \"MIT\", # why\n  \"Zlib\",\n]\n");
    for (licence, met) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("GPL-3.0 OR MIT", true),
        ("GPL-3.0 AND MIT", false),
        ("MIT/Apache-2.0", true),
        ("(MIT OR GPL-3.0) AND Zlib", true),
        ("(MIT OR Zlib) AND GPL-3.0", false),
        ("none", false),
    ] {
        assert_eq!(unmet(&[("a".into(), licence.into())], &allowed).is_empty(), met, "{licence}");
    }
}

#[test]
fn the_list_asks_nothing_of_those_who_embed_byop() {
    let list = list();
    assert!(list.contains("MIT") && list.contains("Apache-2.0"), "{list:?}");
    assert!(!list.iter().any(|name| name.contains("GPL") || name.starts_with("SSPL")), "{list:?}");
}

#[test]
fn every_package_has_a_licence_of_the_list() {
    let packages = packages();
    assert!(packages.len() > 50, "{packages:?}");
    assert_tidy(&unmet(&packages, &list()));
}
