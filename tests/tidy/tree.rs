//! The files of the project.

use std::path::Path;
use std::process::Command;

use crate::code::{bare, without_tests};

/// A text file, by its path from the top of the project.
#[derive(Debug, Clone)]
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: String,
}

impl File {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self { path: path.into(), text: text.into() }
    }

    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Code of a library, as opposed to tests, examples and benches.
    pub(crate) fn is_library(&self) -> bool {
        self.is_rust()
            && self.path.contains("/src/")
            && !self.is_test()
            && !self.path.starts_with("examples/")
    }

    /// A file that holds nothing but tests, or what tests run.
    pub(crate) fn is_test(&self) -> bool {
        let parts: Vec<_> = self.path.split('/').collect();
        parts.iter().any(|part| matches!(*part, "tests" | "tests.rs" | "testing" | "testing.rs"))
    }

    /// The code without comments, texts and unit tests.
    pub(crate) fn code(&self) -> String {
        bare(without_tests(&self.text))
    }

    /// The code of the tests in the file, without comments and texts.
    pub(crate) fn test_code(&self) -> String {
        if self.is_test() {
            return bare(&self.text);
        }
        bare(&self.text[without_tests(&self.text).len()..])
    }
}

/// The paths of all files that are, or are about to be, under version control.
pub(crate) fn paths() -> Vec<String> {
    let output = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("git is needed to know which files belong to the project");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let listed = String::from_utf8(output.stdout).unwrap();
    let exists = |path: &&str| !path.is_empty() && root().join(path).symlink_metadata().is_ok();
    let mut paths: Vec<String> = listed.split('\0').filter(exists).map(str::to_owned).collect();
    paths.sort();
    paths.dedup();
    assert!(paths.len() > 50, "these cannot be all files: {paths:?}");
    paths
}

/// All text files but the lock file, which is generated.
pub(crate) fn files() -> Vec<File> {
    paths()
        .into_iter()
        .filter(|path| !path.ends_with("Cargo.lock"))
        .filter_map(|path| Some(File { text: std::fs::read_to_string(root().join(&path)).ok()?, path }))
        .collect()
}

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Fails with one complaint a line.
#[track_caller]
pub(crate) fn assert_tidy(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}
