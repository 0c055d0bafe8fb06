//! A repository to serve, and a fetch of it.

use std::path::{Path, PathBuf};
use std::process::Command;

use byop_core::Result;
use byop_core::model::{GitSource, Source, SourceLimits};
use byop_core::secret::MemorySecrets;
use byop_core::source::Fetched;
use byop_core::testing::require;
use tempfile::TempDir;

/// A bare repository in a folder that a server can serve: three commits on `main`, the branch `feature/x` and the tag `v1`.
pub struct Repository {
    pub dir: TempDir,
    pub first: String,
    pub last: String,
}

impl Repository {
    /// `None` without the parts of git that serve repositories.
    pub fn new() -> Option<Self> {
        require("git", backend())?;
        let dir = TempDir::new().unwrap();
        let work = dir.path().join("work");
        std::fs::create_dir(&work).unwrap();
        git(&work, &["init", "--quiet", "--initial-branch=main", "."]);
        let first = commit(&work, "1");
        git(&work, &["tag", "v1"]);
        commit(&work, "2");
        git(&work, &["branch", "feature/x"]);
        let last = commit(&work, "3");
        for name in ["public.git", "private.git"] {
            git(dir.path(), &["clone", "--quiet", "--bare", "work", name]);
        }
        Some(Self { dir, first, last })
    }

    pub fn work(&self) -> PathBuf {
        self.dir.path().join("fetch")
    }

    /// Fetches into a fresh folder; git's own folder is gone afterwards.
    pub async fn fetch(&self, source: GitSource, secrets: &MemorySecrets) -> Result<Fetched> {
        let limits = SourceLimits { allow_private_hosts: true, ..SourceLimits::default() };
        let fetched = byop_core::source::fetch(&Source::Git(source), self.work(), &limits, secrets).await;
        assert!(!self.work().join("git").exists());
        fetched
    }
}

/// What the fetched file tells.
pub fn app(fetched: &Fetched) -> String {
    fetched.tree.read_text("app.js").unwrap().unwrap()
}

fn backend() -> std::io::Result<PathBuf> {
    let output = Command::new("git").arg("--exec-path").output()?;
    let path = Path::new(String::from_utf8_lossy(&output.stdout).trim()).join("git-http-backend");
    path.metadata().map(|_| path)
}

fn commit(work: &Path, app: &str) -> String {
    std::fs::write(work.join("app.js"), app).unwrap();
    git(work, &["add", "--all"]);
    git(work, &["commit", "--quiet", "--message=x"]);
    git(work, &["rev-parse", "HEAD"])
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgSign=false"])
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
