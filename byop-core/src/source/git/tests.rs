//! Against real repositories in temporary folders; nothing leaves this machine.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use tempfile::TempDir;

use super::*;
use crate::secret::{MemorySecrets, SecretRef};

struct Repository {
    dir: TempDir,
}

impl Repository {
    fn new() -> Self {
        let this = Self { dir: TempDir::new().unwrap() };
        fs::create_dir(this.path()).unwrap();
        this.git(&["init", "--quiet", "--initial-branch=main", "."]);
        this
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("repository")
    }

    fn work(&self) -> PathBuf {
        self.dir.path().join("work")
    }

    fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .args([
                "-c",
                "user.name=Test",
                "-c",
                "user.email=test@example.com",
                "-c",
                "protocol.file.allow=always",
            ])
            .args(["-c", "commit.gpgSign=false", "-c", "tag.gpgSign=false"])
            .args(arguments)
            .current_dir(self.path())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .output()
            .expect("these tests need the git program");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn write(&self, path: &str, text: &str) -> &Self {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    fn commit(&self) -> String {
        self.git(&["add", "--all", "--force"]);
        self.git(&["commit", "--quiet", "--message=x"]);
        self.git(&["rev-parse", "HEAD"])
    }

    async fn fetch_within(&self, reference: Option<&str>, limits: &SourceLimits) -> Result<Fetched> {
        let source = GitSource {
            reference: reference.map(str::to_owned),
            ..GitSource::new(self.path().to_str().unwrap())
        };
        let fetched = super::fetch(&source, self.work(), limits, &MemorySecrets::new()).await;
        assert!(!self.work().join("git").exists());
        if fetched.is_err() {
            assert!(!self.work().join("source").exists());
        }
        fetched
    }

    async fn fetch(&self, reference: Option<&str>) -> Result<Fetched> {
        self.fetch_within(reference, &SourceLimits::default()).await
    }
}

fn paths(fetched: &Fetched) -> Vec<&str> {
    fetched.tree.entries().iter().map(|entry| entry.path.as_str()).collect()
}

#[tokio::test]
async fn the_default_branch_is_fetched_without_its_history() {
    let repository = Repository::new();
    repository.write("old", "").commit();
    fs::remove_file(repository.path().join("old")).unwrap();
    let commit = repository.write("src/app.js", "1").commit();
    let fetched = repository.fetch(None).await.unwrap();
    assert_eq!(paths(&fetched), ["src", "src/app.js"]);
    assert_eq!(fetched.revision, Some(commit));
    assert!(!repository.work().join("source/.git").exists());
}

#[tokio::test]
async fn a_branch_a_tag_and_a_commit_are_fetched_by_name() {
    let repository = Repository::new();
    let first = repository.write("a", "1").commit();
    repository.git(&["tag", "light"]);
    repository.git(&["tag", "--annotate", "--message=x", "heavy"]);
    repository.git(&["checkout", "--quiet", "-b", "feature/x"]);
    let second = repository.write("b", "2").commit();
    repository.git(&["checkout", "--quiet", "main"]);
    for (reference, commit) in [
        ("main", &first),
        ("light", &first),
        ("heavy", &first),
        ("refs/tags/heavy", &first),
        ("feature/x", &second),
        (second.as_str(), &second),
        (first.as_str(), &first),
    ] {
        let fetched = repository.fetch(Some(reference)).await.unwrap();
        assert_eq!(fetched.revision.as_ref(), Some(commit), "{reference}");
        assert_eq!(fetched.tree.has_file("b"), *commit == second, "{reference}");
    }
}

#[tokio::test]
async fn a_bare_repository_is_fetched() {
    let repository = Repository::new();
    repository.write("a", "1").commit();
    let bare = repository.dir.path().join("bare.git");
    repository.git(&["clone", "--quiet", "--bare", ".", bare.to_str().unwrap()]);
    let source = GitSource::new(bare.to_str().unwrap());
    let limits = SourceLimits::default();
    let fetched = super::fetch(&source, repository.work(), &limits, &MemorySecrets::new()).await.unwrap();
    assert_eq!(paths(&fetched), ["a"]);
}

#[tokio::test]
async fn a_branch_counts_before_a_tag_of_the_same_name() {
    let repository = Repository::new();
    repository.write("a", "").commit();
    repository.git(&["tag", "same"]);
    repository.git(&["checkout", "--quiet", "-b", "same"]);
    let newer = repository.write("b", "").commit();
    assert_eq!(repository.fetch(Some("same")).await.unwrap().revision, Some(newer));
}

#[tokio::test]
async fn a_missing_reference_or_commit_is_not_found() {
    let repository = Repository::new();
    repository.write("a", "").commit();
    for reference in ["nope", "refs/heads/nope", "1234567", &"0123456789".repeat(4)] {
        let error = repository.fetch(Some(reference)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
        assert_eq!(error.context("reference"), Some(reference));
    }
}

#[tokio::test]
async fn a_missing_or_empty_repository_is_not_found() {
    let repository = Repository::new();
    assert_eq!(repository.fetch(None).await.unwrap_err().kind(), ErrorKind::NotFound);
    fs::remove_dir_all(repository.path()).unwrap();
    let error = repository.fetch(None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
    assert!(error.context("repository").is_some());
}

#[tokio::test]
async fn nothing_of_the_repository_runs() {
    let repository = Repository::new();
    let mark = repository.dir.path().join("it-ran");
    let command = format!("touch {}", mark.display());
    for hook in
        ["post-checkout", "reference-transaction", "post-index-change", "pre-auto-gc", "fsmonitor-watchman"]
    {
        for folder in [".git/hooks", ".githooks"] {
            repository.write(&format!("{folder}/{hook}"), &format!("#!/bin/sh\n{command}\n"));
            let path = repository.path().join(folder).join(hook);
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        }
    }
    repository.write(".gitattributes", "* filter=evil diff=evil merge=evil\n").write("a", "text").commit();
    fs::remove_file(&mark).ok();
    for (key, value) in [
        ("filter.evil.smudge", command.as_str()),
        ("core.fsmonitor", &command),
        ("uploadpack.packObjectsHook", &command),
        ("tar.tar.command", &command),
    ] {
        repository.git(&["config", key, value]);
    }
    let fetched = repository.fetch(None).await.unwrap();
    assert_eq!(fetched.tree.read_text("a").unwrap().as_deref(), Some("text"));
    assert!(!mark.exists());
}

#[tokio::test]
async fn attributes_neither_leave_files_out_nor_change_them() {
    let repository = Repository::new();
    repository.write("keep", "$Format:%H$ $Id$\n").write("tests/a", "a\n").write("crlf.bat", "a\n");
    repository
        .write(".gitattributes", "tests export-ignore\nkeep export-subst ident\n*.bat text eol=crlf\n")
        .commit();
    let fetched = repository.fetch(None).await.unwrap();
    assert_eq!(fetched.tree.read_text("keep").unwrap().as_deref(), Some("$Format:%H$ $Id$\n"));
    assert_eq!(fetched.tree.read_text("crlf.bat").unwrap().as_deref(), Some("a\n"));
    assert!(fetched.tree.has_file("tests/a"));
}

#[tokio::test]
async fn submodules_are_not_fetched() {
    let other = Repository::new();
    other.write("inside", "").commit();
    let repository = Repository::new();
    repository.write("a", "").commit();
    repository.git(&["submodule", "--quiet", "add", other.path().to_str().unwrap(), "sub"]);
    repository.commit();
    let fetched = repository.fetch(None).await.unwrap();
    assert_eq!(paths(&fetched), [".gitmodules", "a", "sub"]);
}

#[tokio::test]
async fn links_inside_are_kept_and_links_that_leave_the_root_are_refused() {
    let repository = Repository::new();
    repository.write("real/a", "text");
    symlink("real/a", repository.path().join("link")).unwrap();
    repository.commit();
    let fetched = repository.fetch(None).await.unwrap();
    assert_eq!(fetched.tree.read_text("link").unwrap().as_deref(), Some("text"));
    symlink("../../../etc/passwd", repository.path().join("real/out")).unwrap();
    repository.commit();
    let error = repository.fetch(None).await.unwrap_err();
    assert_eq!((error.kind(), error.context("entry")), (ErrorKind::InvalidInput, Some("real/out")));
}

#[tokio::test]
async fn executable_files_long_names_and_odd_names_survive() {
    let repository = Repository::new();
    let long = format!("{}/{}", "d".repeat(150), "f".repeat(150));
    repository.write("run", "").write(&long, "").write("ünï code/-x", "");
    fs::set_permissions(repository.path().join("run"), fs::Permissions::from_mode(0o755)).unwrap();
    repository.commit();
    let fetched = repository.fetch(None).await.unwrap();
    assert!(fetched.tree.has_file(&long) && fetched.tree.has_file("ünï code/-x"));
    assert!(fetched.tree.entries().iter().any(|entry| entry.path == "run" && entry.executable));
}

#[tokio::test]
async fn a_tree_that_unfolds_without_end_stops_at_the_limit() {
    let repository = Repository::new();
    // Each level holds ten times the level below: ten thousand million files in a few objects.
    repository.write("f", "x").commit();
    let mut object = format!("100644 blob {}", repository.git(&["hash-object", "-w", "f"]));
    for _ in 0..10 {
        let lines: String = (0..10).map(|index| format!("{object}\tn{index}\n")).collect();
        repository.write("../tree", &lines);
        let output = Command::new("git")
            .arg("mktree")
            .current_dir(repository.path())
            .stdin(fs::File::open(repository.dir.path().join("tree")).unwrap())
            .output()
            .unwrap();
        object = format!("040000 tree {}", String::from_utf8(output.stdout).unwrap().trim());
    }
    let tree = object.rsplit(' ').next().unwrap().to_owned();
    let commit = repository.git(&["commit-tree", "-m", "x", &tree]);
    repository.git(&["update-ref", "refs/heads/bomb", &commit]);
    let error = repository.fetch(Some("bomb")).await.unwrap_err();
    assert_eq!((error.kind(), error.context("limit")), (ErrorKind::InvalidInput, Some("entries")));
}

#[tokio::test]
async fn a_file_larger_than_the_limit_is_refused() {
    let repository = Repository::new();
    repository.write("zeros", &"\0".repeat(200_000)).commit();
    let limits = SourceLimits { bytes: 100_000, ..SourceLimits::default() };
    let error = repository.fetch_within(None, &limits).await.unwrap_err();
    assert_eq!((error.context("limit"), error.context("entry")), (Some("bytes"), Some("zeros")));
}

#[tokio::test]
async fn fetching_again_replaces_what_was_there() {
    let repository = Repository::new();
    repository.write("old", "").commit();
    repository.fetch(None).await.unwrap();
    repository.git(&["rm", "--quiet", "old"]);
    repository.write("new", "").commit();
    assert_eq!(paths(&repository.fetch(None).await.unwrap()), ["new"]);
}

#[tokio::test]
async fn a_bad_reference_or_credential_is_refused_before_git_runs() {
    let repository = Repository::new();
    let error = repository.fetch(Some("--upload-pack=touch x")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    let source = GitSource {
        credential: Some(SecretRef("token".to_owned())),
        ..GitSource::new(repository.path().to_str().unwrap())
    };
    let limits = SourceLimits::default();
    let error = super::fetch(&source, repository.work(), &limits, &MemorySecrets::new()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(!repository.work().exists());
}

#[tokio::test]
async fn a_host_that_refuses_connections_is_unavailable() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let dir = TempDir::new().unwrap();
    let limits = SourceLimits { allow_private_hosts: true, ..SourceLimits::default() };
    for url in [format!("https://127.0.0.1:{port}/a"), format!("ssh://git@127.0.0.1:{port}/a")] {
        let source = GitSource::new(url);
        let error =
            super::fetch(&source, dir.path().join("work"), &limits, &MemorySecrets::new()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
    }
}
