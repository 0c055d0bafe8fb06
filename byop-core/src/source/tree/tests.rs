use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::*;

fn folder(files: &[(&str, &str)]) -> TempDir {
    let dir = TempDir::new().unwrap();
    for (path, text) in files {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

fn open(dir: &TempDir) -> Result<SourceTree> {
    SourceTree::open(dir.path(), &SourceLimits::default())
}

fn paths(tree: &SourceTree) -> Vec<&str> {
    tree.entries().iter().map(|entry| entry.path.as_str()).collect()
}

fn refused(dir: &TempDir, limits: &SourceLimits) -> Error {
    let error = SourceTree::open(dir.path(), limits).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error:?}");
    assert!(error.remedy().is_some(), "{error:?}");
    error
}

fn limits() -> SourceLimits {
    SourceLimits::default()
}

#[test]
fn a_folder_is_listed_in_order_of_path() {
    let dir = folder(&[("b/z.txt", ""), ("b.txt", ""), ("a.txt", "hello"), ("b/a/c", "")]);
    let tree = open(&dir).unwrap();
    assert_eq!(paths(&tree), ["a.txt", "b", "b.txt", "b/a", "b/a/c", "b/z.txt"]);
    assert_eq!(tree.entries()[0].size, 5);
}

#[test]
fn files_below_a_folder_do_not_include_its_neighbours() {
    let tree =
        SourceTree::from_files([("src.rs", ""), ("src/a", ""), ("src/b/c", ""), ("src0/d", "")]).unwrap();
    assert_eq!(tree.files_below("src").collect::<Vec<_>>(), ["src/a", "src/b/c"]);
    assert_eq!(tree.files_below("./src/").collect::<Vec<_>>(), ["src/a", "src/b/c"]);
    assert_eq!(tree.files_below("").count(), 4);
    assert_eq!(tree.files_below(".").count(), 4);
    assert_eq!(tree.files_below("none").count(), 0);
}

#[test]
fn executable_files_are_known() {
    let dir = folder(&[("run", ""), ("text", "")]);
    fs::set_permissions(dir.path().join("run"), fs::Permissions::from_mode(0o755)).unwrap();
    let tree = open(&dir).unwrap();
    assert_eq!(tree.entries().iter().map(|entry| entry.executable).collect::<Vec<_>>(), [true, false]);
}

#[test]
fn folders_that_never_enter_an_image_are_not_listed() {
    let dir = folder(&[
        (".git/config", ""),
        ("web/node_modules/x/index.js", ""),
        ("py/__pycache__/x.pyc", ""),
        ("venv/pyvenv.cfg", ""),
        ("target/CACHEDIR.TAG", ""),
        ("crates/Cargo.toml", ""),
        ("crates/target/debug/x", ""),
    ]);
    assert_eq!(paths(&open(&dir).unwrap()), ["crates", "crates/Cargo.toml", "py", "web"]);
}

#[test]
fn a_package_called_target_or_venv_is_listed() {
    let dir = folder(&[("target/index.js", ""), ("venv/models.py", "")]);
    let tree = open(&dir).unwrap();
    assert!(tree.has_file("target/index.js") && tree.has_file("venv/models.py"));
}

#[test]
fn a_link_that_leaves_the_root_inside_an_excluded_folder_is_no_error() {
    let dir = folder(&[("node_modules/x", ""), (".venv/x", "")]);
    symlink("/etc/passwd", dir.path().join("node_modules/out")).unwrap();
    symlink("/usr/bin/python3", dir.path().join(".venv/python")).unwrap();
    assert!(open(&dir).unwrap().entries().is_empty());
}

#[test]
fn text_is_read_through_a_link_inside_the_root() {
    let dir = folder(&[("real/app.json", "{}")]);
    symlink("real", dir.path().join("alias")).unwrap();
    symlink("alias/app.json", dir.path().join("app.json")).unwrap();
    let tree = open(&dir).unwrap();
    assert!(tree.has_file("app.json") && tree.has_dir("alias"));
    assert_eq!(tree.read_text("app.json").unwrap().as_deref(), Some("{}"));
    assert_eq!(tree.read_text("./alias/../real/app.json").unwrap().as_deref(), Some("{}"));
    assert!(!paths(&tree).contains(&"alias/app.json"));
}

#[test]
fn links_out_of_the_root_are_refused_by_name_and_target() {
    for target in ["/etc/passwd", "../outside", "sub/../../outside", "sub/up/../../x"] {
        let dir = folder(&[("sub/file", "")]);
        symlink("..", dir.path().join("sub/up")).unwrap();
        symlink(target, dir.path().join("link")).unwrap();
        let error = refused(&dir, &limits());
        assert_eq!(error.context("link"), Some("link"));
        assert_eq!(error.context("target"), Some(target));
    }
}

#[test]
fn a_dangling_link_inside_the_root_is_listed_and_is_no_file() {
    let dir = folder(&[]);
    symlink("missing/file", dir.path().join("link")).unwrap();
    let tree = open(&dir).unwrap();
    assert_eq!(paths(&tree), ["link"]);
    assert!(!tree.has_file("link"));
}

#[test]
fn links_in_a_circle_are_refused() {
    let dir = folder(&[]);
    symlink("b", dir.path().join("a")).unwrap();
    symlink("a", dir.path().join("b")).unwrap();
    assert_eq!(refused(&dir, &limits()).context("link"), Some("a"));
}

#[test]
fn a_link_to_its_own_folder_is_listed_and_not_walked() {
    let dir = folder(&[("d/file", "")]);
    symlink(".", dir.path().join("d/self")).unwrap();
    let tree = open(&dir).unwrap();
    assert_eq!(paths(&tree), ["d", "d/file", "d/self"]);
    assert!(tree.has_file("d/self/self/self/file"));
}

#[test]
fn a_named_pipe_is_refused_without_waiting_for_it() {
    let dir = folder(&[]);
    rustix::fs::mknodat(
        rustix::fs::CWD,
        dir.path().join("pipe"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RWXU,
        0,
    )
    .unwrap();
    let error = refused(&dir, &limits());
    assert_eq!(error.context("path"), Some("pipe"));
    assert!(error.message().contains("named pipe"));
}

#[test]
fn a_socket_is_left_out() {
    let dir = folder(&[("a", "")]);
    let _socket = UnixListener::bind(dir.path().join("s.sock")).unwrap();
    assert_eq!(paths(&open(&dir).unwrap()), ["a"]);
}

#[test]
fn a_name_that_is_not_utf8_is_refused() {
    use std::os::unix::ffi::OsStrExt;
    let dir = folder(&[]);
    fs::write(dir.path().join(std::ffi::OsStr::from_bytes(b"caf\xe9")), "").unwrap();
    assert!(refused(&dir, &limits()).context("name").unwrap().starts_with("caf"));
}

#[test]
fn too_many_entries_are_refused_with_the_limit() {
    let dir = folder(&[("a", ""), ("b", ""), ("c", "")]);
    let error = refused(&dir, &SourceLimits { entries: 2, ..limits() });
    assert_eq!(error.context("limit"), Some("entries"));
    assert!(error.message().contains("more than 2"));
}

#[test]
fn too_many_bytes_are_refused_with_the_limit_even_in_a_sparse_file() {
    let dir = folder(&[]);
    fs::File::create(dir.path().join("disk.img")).unwrap().set_len(10 << 30).unwrap();
    let error = refused(&dir, &limits());
    assert_eq!(error.context("limit"), Some("bytes"));
    assert_eq!(error.context("path"), Some("disk.img"));
}

#[test]
fn too_deep_folders_are_refused_with_the_limit() {
    let dir = folder(&[("1/2/3/4/file", "")]);
    assert!(SourceTree::open(dir.path(), &SourceLimits { depth: 4, ..limits() }).is_ok());
    let error = refused(&dir, &SourceLimits { depth: 3, ..limits() });
    assert_eq!(error.context("path"), Some("1/2/3/4"));
}

#[test]
fn a_file_that_became_a_link_after_the_listing_is_not_followed() {
    let dir = folder(&[("secret", "no"), ("in/app", "yes")]);
    let tree = SourceTree::open(&dir.path().join("in"), &limits()).unwrap();
    fs::remove_file(dir.path().join("in/app")).unwrap();
    symlink("../secret", dir.path().join("in/app")).unwrap();
    assert_eq!(tree.read_text("app").unwrap_err().kind(), ErrorKind::Conflict);
}

#[test]
fn a_folder_that_became_a_link_after_the_listing_is_not_followed() {
    let dir = folder(&[("out/app", "no"), ("in/sub/app", "yes")]);
    let tree = SourceTree::open(&dir.path().join("in"), &limits()).unwrap();
    fs::rename(dir.path().join("in/sub"), dir.path().join("in/old")).unwrap();
    symlink("../out", dir.path().join("in/sub")).unwrap();
    assert_eq!(tree.read_text("sub/app").unwrap_err().kind(), ErrorKind::Conflict);
}

#[test]
fn text_beyond_one_mebibyte_is_refused_and_a_missing_file_is_none() {
    let tree =
        SourceTree::from_files([("big", vec![b'a'; (1 << 20) + 1]), ("fits", vec![b'a'; 1 << 20])]).unwrap();
    assert_eq!(tree.read_text("big").unwrap_err().context("file"), Some("big"));
    assert_eq!(tree.read_text("fits").unwrap().unwrap().len(), 1 << 20);
    assert_eq!(tree.read_text("missing").unwrap(), None);
}

#[test]
fn text_that_is_not_utf8_is_refused_with_its_place_and_a_byte_order_mark_is_dropped() {
    let tree = SourceTree::from_files([("utf16", &b"ab\xff\xfe"[..]), ("bom", b"\xef\xbb\xbf{}")]).unwrap();
    assert_eq!(tree.read_text("utf16").unwrap_err().context("byte"), Some("2"));
    assert_eq!(tree.read_text("bom").unwrap().as_deref(), Some("{}"));
}

#[test]
fn a_tree_in_memory_refuses_paths_that_cannot_be() {
    for bad in [&["/a"][..], &["../a"], &["a", "a"], &["a", "a/b"], &["a/b", "a"], &[""]] {
        let error = SourceTree::from_files(bad.iter().map(|path| (*path, ""))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{bad:?}");
    }
}

#[test]
fn a_missing_folder_is_not_found_and_a_file_is_no_folder() {
    let dir = folder(&[("file", "")]);
    let kind = |name: &str| SourceTree::open(&dir.path().join(name), &limits()).unwrap_err().kind();
    assert_eq!(kind("missing"), ErrorKind::NotFound);
    assert_eq!(kind("file"), ErrorKind::InvalidInput);
}

#[test]
fn ten_thousand_files_are_listed_quickly() {
    let dir = folder(&[]);
    for sub in 0..100 {
        let sub = dir.path().join(format!("dir{sub}"));
        fs::create_dir(&sub).unwrap();
        for file in 0..100 {
            fs::write(sub.join(format!("file{file}")), "x").unwrap();
        }
    }
    let start = Instant::now();
    let tree = open(&dir).unwrap();
    let took = start.elapsed();
    assert_eq!(tree.entries().len(), 10_100);
    // The goal is 50 ms in a release build on an idle machine; this bound only catches another order of growth.
    assert!(took < Duration::from_secs(2), "{took:?}");
    println!("listed in {took:?}");
}
