//! A folder that is held open, and files reached from its handle: one part of the path at a time, never through a
//! link. A folder that is swapped for a link between two looks gives an error, not a way out.

use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use rustix::io::{Errno, Result};

use super::path;

/// The handle of a folder.
#[derive(Debug)]
pub(super) struct Root(OwnedFd);

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

impl Root {
    /// Opens a folder; here, and only here, a link is followed.
    pub(super) fn open(path: &Path) -> Result<Self> {
        rustix::fs::open(path, FOLDER, Mode::empty()).map(Self)
    }

    /// The handle of a folder inside; `""` is this one.
    pub(super) fn open_dir(&self, path: &str) -> Result<OwnedFd> {
        let mut at = rustix::fs::openat(&self.0, ".", FOLDER, Mode::empty())?;
        for part in path.split('/').filter(|part| !part.is_empty()) {
            at = rustix::fs::openat(&at, part, FOLDER | OFlags::NOFOLLOW, Mode::empty())?;
        }
        Ok(at)
    }

    /// A regular file inside, for reading.
    pub(super) fn open_file(&self, path: &str) -> Result<File> {
        // A pipe that took the file's place would block without NONBLOCK; files do not care.
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let file = if let Some((dir, name)) = path.rsplit_once('/') {
            rustix::fs::openat(self.open_dir(dir)?, name, flags, Mode::empty())?
        } else {
            rustix::fs::openat(&self.0, path::name(path), flags, Mode::empty())?
        };
        let kind = rustix::fs::FileType::from_raw_mode(rustix::fs::fstat(&file)?.st_mode);
        if kind.is_file() { Ok(File::from(file)) } else { Err(Errno::LOOP) }
    }
}

impl AsFd for Root {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.0.as_fd()
    }
}
