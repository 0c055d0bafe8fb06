use std::fs;
use std::io::Read;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

use tempfile::TempDir;

use super::*;
use crate::model::SourceLimits;

fn tree(files: &[(&str, &str)]) -> SourceTree {
    SourceTree::from_files(files.iter().copied()).unwrap()
}

fn paths(context: &BuildContext) -> Vec<&str> {
    context.paths().collect()
}

fn context(files: &[(&str, &str)]) -> BuildContext {
    BuildContext::new(&tree(files), &FileSet::new()).unwrap()
}

fn bytes(context: &BuildContext) -> Vec<u8> {
    let mut out = Vec::new();
    assert_eq!(context.write_tar(&mut out).unwrap(), out.len() as u64);
    out
}

fn on_disk(files: &[(&str, &str)]) -> (TempDir, SourceTree) {
    let dir = TempDir::new().unwrap();
    for (path, text) in files {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let tree = SourceTree::open(dir.path(), &SourceLimits::default()).unwrap();
    (dir, tree)
}

#[test]
fn the_users_patterns_decide_and_a_file_taken_back_brings_its_folders() {
    let context = context(&[
        (".dockerignore", "docs\n!docs/api/keep\n"),
        ("docs/a", ""),
        ("docs/api/keep", ""),
        ("x", ""),
    ]);
    assert_eq!(paths(&context), [".dockerignore", "docs", "docs/api", "docs/api/keep", "x"]);
}

#[test]
fn dockerfile_and_ignore_file_are_sent_even_when_everything_is_left_out() {
    let context = context(&[(".dockerignore", "**"), ("Dockerfile", "FROM scratch"), ("a", "")]);
    assert_eq!(paths(&context), [".dockerignore", "Dockerfile"]);
}

#[test]
fn secrets_never_enter_without_an_ignore_file() {
    let context = context(&[
        (".env", ""),
        (".env.production", ""),
        (".env.example", ""),
        ("api/.env.local", ""),
        ("certs/server.key", ""),
        ("certs/ca.crt", ""),
        ("id_ed25519", ""),
        ("id_ed25519.pub", ""),
    ]);
    assert_eq!(paths(&context), [".env.example", "api", "certs", "certs/ca.crt", "id_ed25519.pub"]);
    assert_eq!(
        context.withheld(),
        [".env", ".env.production", "api/.env.local", "certs/server.key", "id_ed25519"]
    );
}

#[test]
fn a_general_exception_does_not_bring_secrets_back() {
    let context = context(&[
        (".dockerignore", "*\n!src\n!**\n!src/*"),
        ("src/.env", ""),
        ("src/a.pem", ""),
        ("src/b", ""),
    ]);
    assert_eq!(paths(&context), [".dockerignore", "src", "src/b"]);
}

#[test]
fn an_exception_by_name_brings_a_file_back() {
    let context =
        context(&[(".dockerignore", "!certs/rds.pem"), ("certs/rds.pem", ""), ("certs/own.pem", "")]);
    assert_eq!(paths(&context), [".dockerignore", "certs", "certs/rds.pem"]);
    assert_eq!(context.withheld(), ["certs/own.pem"]);
}

#[test]
fn an_exception_for_a_folder_does_not_bring_back_a_secret_in_it() {
    let context = context(&[
        (".dockerignore", "!node_modules"),
        ("node_modules/x/index.js", ""),
        ("node_modules/x/.env", ""),
    ]);
    assert_eq!(
        paths(&context),
        [".dockerignore", "node_modules", "node_modules/x", "node_modules/x/index.js"]
    );
}

#[test]
fn generated_files_lie_on_top_unless_they_are_kept() {
    let tree = tree(&[("Dockerfile", "users"), ("docker/nginx.conf", "users"), ("app", "")]);
    let mut files = FileSet::new();
    files.keep("Dockerfile", "users");
    files.insert("docker/nginx.conf", "ours");
    files.insert("new/dir/file", "ours");
    files.insert("compose.yaml", "for the host");
    files.insert(".dockerignore", "*\n");
    let context = BuildContext::new(&tree, &files).unwrap();
    assert_eq!(
        paths(&context),
        [".dockerignore", "Dockerfile", "docker", "docker/nginx.conf", "new", "new/dir", "new/dir/file"]
    );
    let mut archive = tar::Archive::new(io::Cursor::new(bytes(&context)));
    let mut texts = BTreeMap::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        texts.insert(entry.path().unwrap().to_str().unwrap().to_owned(), text);
    }
    assert_eq!(texts["Dockerfile"], "users");
    assert_eq!(texts["docker/nginx.conf"], "ours");
}

#[test]
fn a_generated_file_is_refused_below_a_link_or_in_the_place_of_a_folder() {
    let (dir, _) = on_disk(&[("conf/a", "")]);
    symlink("conf", dir.path().join("link")).unwrap();
    let tree = SourceTree::open(dir.path(), &SourceLimits::default()).unwrap();
    for path in ["link/x", "conf", "conf/a/x", "../x", "/x"] {
        let mut files = FileSet::new();
        files.insert(path, "");
        let error = BuildContext::new(&tree, &files).unwrap_err();
        assert_eq!((error.kind(), error.context("file")), (ErrorKind::InvalidInput, Some(path)));
    }
}

#[test]
fn a_bad_pattern_is_named() {
    let error = BuildContext::new(&tree(&[(".dockerignore", "a\n[b")]), &FileSet::new()).unwrap_err();
    assert_eq!(error.context("line"), Some("2"));
}

#[test]
fn owners_times_and_modes_are_normalised_and_links_are_kept() {
    let (dir, _) = on_disk(&[("run.sh", "#!/bin/sh"), ("text", "x")]);
    fs::set_permissions(dir.path().join("run.sh"), fs::Permissions::from_mode(0o700)).unwrap();
    fs::set_permissions(dir.path().join("text"), fs::Permissions::from_mode(0o666)).unwrap();
    symlink("text", dir.path().join("link")).unwrap();
    let tree = SourceTree::open(dir.path(), &SourceLimits::default()).unwrap();
    let context = BuildContext::new(&tree, &FileSet::new()).unwrap();
    let mut archive = tar::Archive::new(io::Cursor::new(bytes(&context)));
    let mut seen = Vec::new();
    for entry in archive.entries().unwrap() {
        let entry = entry.unwrap();
        let header = entry.header();
        assert_eq!((header.uid().unwrap(), header.gid().unwrap(), header.mtime().unwrap()), (0, 0, 0));
        seen.push((
            entry.path().unwrap().into_owned(),
            header.mode().unwrap(),
            entry.link_name().unwrap().map(|l| l.into_owned()),
        ));
    }
    let name = PathBuf::from;
    assert_eq!(
        seen,
        [
            (name("link"), 0o777, Some(name("text"))),
            (name("run.sh"), 0o755, None),
            (name("text"), 0o644, None)
        ]
    );
}

#[test]
fn names_beyond_the_old_limit_of_tar_survive() {
    let long = format!("{}/{}", "d".repeat(200), "f".repeat(200));
    let context = context(&[(&long, "deep")]);
    let mut archive = tar::Archive::new(io::Cursor::new(bytes(&context)));
    let last = archive.entries().unwrap().last().unwrap().unwrap().path().unwrap().into_owned();
    assert_eq!(last, PathBuf::from(&long));
}

#[test]
fn the_digest_follows_content_path_mode_and_link_but_not_time() {
    let base = [("a", "1"), ("run", "x")];
    let digests = |change: &dyn Fn(&std::path::Path)| {
        let (dir, _) = on_disk(&base);
        symlink("a", dir.path().join("link")).unwrap();
        change(dir.path());
        let tree = SourceTree::open(dir.path(), &SourceLimits::default()).unwrap();
        (tree.digest().unwrap(), BuildContext::new(&tree, &FileSet::new()).unwrap().digest().unwrap())
    };
    let same = digests(&|_| {});
    let touched = digests(&|dir| {
        let file = fs::File::options().write(true).open(dir.join("a")).unwrap();
        file.set_modified(std::time::UNIX_EPOCH).unwrap();
    });
    assert_eq!(same, touched);
    let content = digests(&|dir| fs::write(dir.join("a"), "2").unwrap());
    let renamed = digests(&|dir| fs::rename(dir.join("run"), dir.join("ran")).unwrap());
    let mode =
        digests(&|dir| fs::set_permissions(dir.join("run"), fs::Permissions::from_mode(0o755)).unwrap());
    let link = digests(&|dir| {
        fs::remove_file(dir.join("link")).unwrap();
        symlink("run", dir.join("link")).unwrap();
    });
    for other in [content, renamed, mode, link] {
        assert_ne!(same.0, other.0);
        assert_ne!(same.1, other.1);
    }
}

#[test]
fn the_digest_does_not_depend_on_the_order_of_files() {
    let one = tree(&[("a", "1"), ("b", "2")]).digest().unwrap();
    assert_eq!(one, tree(&[("b", "2"), ("a", "1")]).digest().unwrap());
}

#[test]
fn a_file_that_shrinks_or_grows_is_a_conflict() {
    for text in ["", "longer than before"] {
        let (dir, tree) = on_disk(&[("a", "123"), ("b", "")]);
        let context = BuildContext::new(&tree, &FileSet::new()).unwrap();
        fs::write(dir.path().join("a"), text).unwrap();
        let error = context.write_tar(io::sink()).unwrap_err();
        assert_eq!((error.kind(), error.context("file")), (ErrorKind::Conflict, Some("a")), "{error:?}");
        assert_eq!(tree.digest().unwrap_err().kind(), ErrorKind::Conflict);
    }
}

#[test]
fn a_closed_writer_is_cancelled() {
    struct Closed;
    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let (dir, _) = on_disk(&[]);
    fs::File::create(dir.path().join("big")).unwrap().set_len(1 << 20).unwrap();
    let tree = SourceTree::open(dir.path(), &SourceLimits::default()).unwrap();
    let context = BuildContext::new(&tree, &FileSet::new()).unwrap();
    assert_eq!(context.write_tar(Closed).unwrap_err().kind(), ErrorKind::Cancelled);
}

#[test]
fn a_large_context_takes_little_memory() {
    fn peak() -> u64 {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("VmHWM: 0 kB");
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }
    let (dir, _) = on_disk(&[]);
    fs::File::create(dir.path().join("big")).unwrap().set_len(512 << 20).unwrap();
    let tree = SourceTree::open(dir.path(), &SourceLimits::default()).unwrap();
    let context = BuildContext::new(&tree, &FileSet::new()).unwrap();
    let before = peak();
    let written = context.write_tar(io::sink()).unwrap();
    assert!(written > 512 << 20);
    // Other tests run beside this one, so this bound only catches a file that is held in memory.
    assert!(peak() - before < 128 << 10, "{} KiB more", peak() - before);
}
