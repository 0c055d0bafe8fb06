//! Migrations: numbered from 1 without gaps, and each of them applied.

use std::collections::BTreeMap;

use crate::tree::{File, assert_tidy, files};

fn gaps(files: &[File]) -> Vec<String> {
    let mut folders: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for file in files.iter().filter(|file| file.path.ends_with(".sql")) {
        match file.path.rsplit_once('/') {
            Some((folder, name)) if folder.ends_with("/migrations") => {
                folders.entry(folder).or_default().push(name)
            }
            _ => return vec![format!("{}: SQL lives in a folder `migrations`", file.path)],
        }
    }
    let mut complaints = Vec::new();
    for (folder, mut names) in folders {
        names.sort_unstable();
        for (index, name) in names.iter().enumerate() {
            if !name.starts_with(&format!("{:04}_", index + 1)) {
                complaints.push(format!("{folder}/{name}: number {:04} was to come", index + 1));
            }
            let applied = format!("include_str!(\"migrations/{name}\")");
            if !files.iter().any(|file| file.is_rust() && file.text.contains(&applied)) {
                complaints.push(format!("{folder}/{name}: nobody applies it"));
            }
        }
    }
    complaints
}

#[test]
fn a_gap_and_a_forgotten_migration_are_noticed() {
    let bad = [
        File::new("s/migrations/0001_init.sql", ""),
        File::new("s/migrations/0003_more.sql", ""),
        File::new("s/a.rs", "include_str!(\"migrations/0001_init.sql\")"),
    ];
    assert_eq!(gaps(&bad).len(), 2);
    assert_eq!(gaps(&[File::new("s/query.sql", "")]).len(), 1);
}

#[test]
fn migrations_are_numbered_without_gaps_and_applied() {
    let files = files();
    assert!(files.iter().any(|file| file.path.ends_with("/0001_init.sql")));
    assert_tidy(&gaps(&files));
}
