//! Disks that are full, and files that must not be written.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use byop_core::ErrorKind;
use byop_core::store::{Expected, Page, SqliteStore, Store};
use byop_core::testing::require;
use serde_json::json;
use tempfile::TempDir;

use super::child::{Said, block_on, command, file_of_child, say};
use super::{closed, new_file};
use crate::support::PLATFORM;

/// A file system in memory, of 1 MiB. Only root can make one.
struct Small(TempDir);

impl Small {
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = run("mount", &["-t", "tmpfs", "-o", "size=1m", "byop-test"], folder.path());
        require("mount", mounted).map(|()| Self(folder))
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("byop.db")
    }

    fn remount(&self, how: &str) {
        run("mount", &["-o", &format!("remount,{how}")], self.0.path()).unwrap();
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = run("umount", &["--lazy"], self.0.path());
    }
}

fn run(program: &str, arguments: &[&str], last: &Path) -> io::Result<()> {
    let output = Command::new(program).args(arguments).arg(last).output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()))
}

/// Writes until it fails; gives the number of good writes, and the error.
async fn fill_up(store: &SqliteStore) -> (usize, byop_core::Error) {
    for number in 0.. {
        let value = json!("x".repeat(3000));
        let put = store.put_record(&PLATFORM, "c", &format!("{number:06}"), &value, Expected::Absent).await;
        if let Err(error) = put {
            return (number, error);
        }
    }
    unreachable!()
}

async fn count(store: &SqliteStore) -> usize {
    store.list_records(&PLATFORM, "c", &Page::all()).await.unwrap().len()
}

#[tokio::test]
async fn a_full_disk_is_said_and_nothing_is_lost() {
    let Some(disk) = Small::mount() else { return };
    let ballast = disk.0.path().join("ballast");
    fs::write(&ballast, vec![0; 500 << 10]).unwrap();
    let store = SqliteStore::open(disk.path()).await.unwrap();
    let (written, error) = fill_up(&store).await;
    assert!(written > 10, "{written}");
    assert_eq!((error.kind(), error.message()), (ErrorKind::Unavailable, "the disk is full"), "{error:?}");
    assert!(error.remedy().is_some());
    assert_eq!(count(&store).await, written, "what was refused is not there, the rest is");
    fs::remove_file(ballast).unwrap();
    let value = json!("again");
    store.put_record(&PLATFORM, "c", "later", &value, Expected::Absent).await.unwrap();
    closed(store).await;
    let store = SqliteStore::open(disk.path()).await.unwrap();
    store.check().await.unwrap();
    assert_eq!(count(&store).await, written + 1);
}

#[tokio::test]
async fn a_store_on_a_full_disk_can_still_be_read() {
    let Some(disk) = Small::mount() else { return };
    let store = SqliteStore::open(disk.path()).await.unwrap();
    let (written, _) = fill_up(&store).await;
    drop(store);
    let ballast = fs::write(disk.0.path().join("ballast"), vec![0; 1 << 20]);
    assert!(ballast.is_err(), "the disk is not full");
    match SqliteStore::open(disk.path()).await {
        Ok(store) => assert_eq!(count(&store).await, written),
        Err(error) => assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}"),
    }
}

#[tokio::test]
async fn a_new_store_on_a_full_disk_is_unavailable() {
    let Some(disk) = Small::mount() else { return };
    let _ = fs::write(disk.0.path().join("ballast"), vec![0; 2 << 20]);
    let error = SqliteStore::open(disk.path()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
}

/// A limit of the process instead of the disk; the file may not grow beyond 256 KiB.
#[test]
fn a_limit_on_the_size_of_files_is_an_error_and_no_crash() {
    if let Some(path) = file_of_child() {
        let store = block_on(SqliteStore::open(path)).unwrap();
        let (written, error) = block_on(fill_up(&store));
        say(format!("{written} {}", error.kind()));
        assert_eq!(block_on(count(&store)), written);
        say("counted");
        return;
    }
    let (_folder, path) = new_file();
    let test = "sqlite::space::a_limit_on_the_size_of_files_is_an_error_and_no_crash";
    let limited = ["sh", "-c", "trap '' XFSZ; ulimit -f 512; exec \"$0\" \"$@\""];
    let mut child = command(test, &path, &limited).spawn().unwrap();
    let said: Vec<_> = Said::of(&mut child).collect();
    assert!(child.wait().unwrap().success(), "{said:?}");
    let written: usize = said[0].strip_suffix(" unavailable").unwrap().parse().unwrap();
    assert_eq!(said[1], "counted");
    let store = block_on(SqliteStore::open(&path)).unwrap();
    block_on(store.check()).unwrap();
    assert_eq!(block_on(count(&store)), written);
}

#[tokio::test]
async fn a_disk_that_became_read_only_refuses_writes() {
    let Some(disk) = Small::mount() else { return };
    let store = SqliteStore::open(disk.path()).await.unwrap();
    store.put_record(&PLATFORM, "c", "a", &json!(1), Expected::Absent).await.unwrap();
    closed(store).await;
    disk.remount("ro");
    let error = SqliteStore::open(disk.path()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error:?}");
    assert!(error.context("file").is_some() && error.remedy().is_some());
    disk.remount("rw");
    assert_eq!(count(&SqliteStore::open(disk.path()).await.unwrap()).await, 1);
}

/// Run as root, modes forbid nothing: then these two look at another user's eyes, `nobody`.
fn refused_to_others(test: &str, forbid: impl FnOnce(&Path)) {
    if let Some(path) = file_of_child() {
        let error = block_on(SqliteStore::open(path)).unwrap_err();
        say(error.kind());
        return;
    }
    let (folder, path) = new_file();
    drop(block_on(SqliteStore::open(&path)).unwrap());
    forbid(folder.path());
    let mut child = command(test, &path, &[]);
    let is_root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
    if is_root {
        for file in [folder.path(), path.as_path()] {
            std::os::unix::fs::chown(file, Some(65534), Some(65534)).unwrap();
        }
        std::os::unix::process::CommandExt::uid(&mut child, 65534);
    }
    let Some(mut child) = require("nobody", child.current_dir("/").spawn()) else { return };
    assert_eq!(Said::of(&mut child).collect::<Vec<_>>(), ["permission_denied"]);
    child.wait().unwrap();
    set_mode(folder.path(), 0o700);
}

fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_file_that_is_read_only_is_refused() {
    let forbid = |folder: &Path| set_mode(&folder.join("byop.db"), 0o400);
    refused_to_others("sqlite::space::a_file_that_is_read_only_is_refused", forbid);
}

/// The log cannot be made beside the database.
#[test]
fn a_folder_that_is_read_only_is_refused() {
    let forbid = |folder: &Path| set_mode(folder, 0o500);
    refused_to_others("sqlite::space::a_folder_that_is_read_only_is_refused", forbid);
}
