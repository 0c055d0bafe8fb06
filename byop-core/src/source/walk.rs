//! Lists a folder.

use std::os::fd::OwnedFd;

use rustix::fs::{AtFlags, Dir, FileType};
use rustix::io::Errno;

use super::ignored::{self, Sign};
use super::path;
use super::root::Root;
use super::tree::{EntryKind, SourceEntry};
use crate::error::{Error, ErrorKind, Result};
use crate::model::SourceLimits;

const OPERATION: &str = "source.open";

/// All entries below `root`, unsorted, within the limits.
pub(super) fn walk(root: &Root, limits: &SourceLimits) -> Result<Vec<SourceEntry>> {
    let mut listing = Listing { limits, entries: Vec::new(), bytes: 0 };
    // Folders are opened from the root again and not kept open, so that depth costs no handles.
    let mut waiting = vec![(String::new(), 0_usize)];
    while let Some((dir, depth)) = waiting.pop() {
        let handle = root.open_dir(&dir).map_err(|errno| unreadable(&dir, errno))?;
        let first = listing.entries.len();
        listing.read(&dir, depth, &handle)?;
        for entry in &listing.entries[first..] {
            if entry.kind == EntryKind::Directory {
                waiting.push((entry.path.clone(), depth + 1));
            }
        }
    }
    Ok(listing.entries)
}

struct Listing<'a> {
    limits: &'a SourceLimits,
    entries: Vec<SourceEntry>,
    bytes: u64,
}

impl Listing<'_> {
    fn read(&mut self, dir: &str, depth: usize, handle: &OwnedFd) -> Result<()> {
        let io = |errno| unreadable(dir, errno);
        for found in Dir::read_from(handle).map_err(io)? {
            let found = found.map_err(io)?;
            let name = found.file_name().to_bytes();
            if name == b"." || name == b".." {
                continue;
            }
            let Ok(text) = std::str::from_utf8(name) else {
                return Err(Error::invalid(OPERATION, "a file name is not valid UTF-8")
                    .with_context("folder", shown_dir(dir))
                    .with_context("name", path::shown(name))
                    .with_remedy("rename the file"));
            };
            if ignored::is_pruned(text) {
                continue;
            }
            self.add(dir, text, depth, handle, found.file_type())?;
        }
        Ok(())
    }

    fn add(&mut self, dir: &str, name: &str, depth: usize, handle: &OwnedFd, kind: FileType) -> Result<()> {
        let path = path::join(dir, name);
        if let Some(fault) = path::fault(name) {
            return Err(Error::invalid(OPERATION, fault)
                .with_context("path", path::shown(path.as_bytes()))
                .with_remedy("rename the file"));
        }
        let io = |errno| unreadable(&path, errno);
        let mut entry =
            SourceEntry { path: String::new(), kind: EntryKind::File, size: 0, executable: false };
        let stat = match kind {
            FileType::Directory | FileType::Symlink => None,
            _ => Some(rustix::fs::statat(handle, name, AtFlags::SYMLINK_NOFOLLOW).map_err(io)?),
        };
        match stat.map_or(kind, |stat| FileType::from_raw_mode(stat.st_mode)) {
            FileType::RegularFile => {
                if let Some(stat) = stat {
                    entry.size = u64::try_from(stat.st_size).unwrap_or_default();
                    entry.executable = stat.st_mode & 0o100 != 0;
                }
            }
            FileType::Directory => {
                if is_built(handle, name) {
                    return Ok(());
                }
                entry.kind = EntryKind::Directory;
                if depth >= self.limits.depth {
                    return Err(too_deep(OPERATION, self.limits).with_context("path", &path));
                }
            }
            FileType::Symlink => {
                let target = rustix::fs::readlinkat(handle, name, Vec::new()).map_err(io)?;
                let target = target.into_string().map_err(|target| {
                    Error::invalid(OPERATION, "the target of a link is not valid UTF-8")
                        .with_context("link", &path)
                        .with_context("target", path::shown(&target.into_cstring().into_bytes()))
                })?;
                entry.kind = EntryKind::Symlink(target);
            }
            FileType::Socket => {
                // A program that runs in the folder leaves them behind; they hold nothing.
                tracing::debug!(path, "a socket is left out of the source tree");
                return Ok(());
            }
            other => {
                return Err(Error::invalid(OPERATION, format!("a {} is in the way", kind_name(other)))
                    .with_context("path", &path)
                    .with_remedy("a source may hold files, folders and links only; remove it"));
            }
        }
        if self.entries.len() >= self.limits.entries {
            return Err(too_many(OPERATION, self.limits).with_context("path", &path));
        }
        self.bytes = self.bytes.saturating_add(entry.size);
        if self.bytes > self.limits.bytes {
            return Err(too_large(OPERATION, self.limits).with_context("path", &path));
        }
        entry.path = path;
        self.entries.push(entry);
        Ok(())
    }
}

/// Whether a folder holds what a tool makes again: known by a file inside or beside it.
fn is_built(parent: &OwnedFd, name: &str) -> bool {
    ignored::signs(name).iter().any(|sign| {
        let path = match sign {
            Sign::Inside(file) => format!("{name}/{file}"),
            Sign::Beside(file) => (*file).to_owned(),
        };
        rustix::fs::statat(parent, path, AtFlags::SYMLINK_NOFOLLOW)
            .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode).is_file())
    })
}

/// What a special file is called.
pub(super) fn kind_name(kind: FileType) -> &'static str {
    match kind {
        FileType::Fifo => "named pipe",
        FileType::Socket => "socket",
        FileType::CharacterDevice | FileType::BlockDevice => "device",
        _ => "file of an unknown kind",
    }
}

pub(super) fn too_many(operation: &'static str, limits: &SourceLimits) -> Error {
    Error::invalid(operation, format!("the source has more than {} entries", limits.entries))
        .with_context("limit", "entries")
        .with_remedy("remove what the app does not need, or raise `entries` of the source limits")
}

pub(super) fn too_large(operation: &'static str, limits: &SourceLimits) -> Error {
    Error::invalid(operation, format!("the source has more than {} bytes", limits.bytes))
        .with_context("limit", "bytes")
        .with_remedy("remove what the app does not need, or raise `bytes` of the source limits")
}

pub(super) fn too_deep(operation: &'static str, limits: &SourceLimits) -> Error {
    Error::invalid(operation, format!("folders are nested more than {} deep", limits.depth))
        .with_context("limit", "depth")
        .with_remedy("flatten the folders, or raise `depth` of the source limits")
}

fn shown_dir(dir: &str) -> &str {
    if dir.is_empty() { "." } else { dir }
}

fn unreadable(path: &str, errno: Errno) -> Error {
    let error = match errno {
        Errno::ACCESS | Errno::PERM => {
            Error::new(ErrorKind::PermissionDenied, OPERATION, "the source cannot be read")
                .with_remedy("make it readable for the user that runs byop")
        }
        Errno::MFILE | Errno::NFILE => {
            Error::new(ErrorKind::Unavailable, OPERATION, "too many files are open")
        }
        _ => Error::new(ErrorKind::Conflict, OPERATION, "the source changed while it was listed"),
    };
    error.with_context("path", shown_dir(path)).with_source(errno)
}
