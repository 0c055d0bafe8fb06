//! The one place that writes what an archive says: beneath a handle of the new folder, never through a link, never over
//! anything, and within the limits.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;

use super::archive::{OPERATION, damaged, refused};
use super::root::Root;
use super::{ignored, path, walk};
use crate::error::{Error, ErrorKind, Result};
use crate::model::SourceLimits;

/// Asks blocking work to end, from outside.
#[derive(Debug, Clone, Default)]
pub(super) struct Stop(Arc<AtomicBool>);

impl Stop {
    pub(super) fn ask(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether to go on.
    pub(super) fn check(&self) -> Result<()> {
        if self.0.load(Ordering::Relaxed) {
            return Err(Error::new(ErrorKind::Cancelled, OPERATION, "the work was given up"));
        }
        Ok(())
    }
}

/// A folder that is being filled.
#[derive(Debug)]
pub(super) struct Unpack<'a> {
    root: Root,
    limits: &'a SourceLimits,
    stop: &'a Stop,
    bytes: u64,
    /// By name.
    members: HashMap<String, Member>,
    /// Names in lower case, with what they were: on other systems two of them are one file.
    lower: HashMap<String, String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Member {
    File,
    Folder,
    Link,
}

impl<'a> Unpack<'a> {
    /// Makes the folder, which must not be there yet.
    pub(super) fn create(into: &Path, limits: &'a SourceLimits, stop: &'a Stop) -> Result<Self> {
        let fault = |error: io::Error| local(&error).with_context("folder", into.display());
        std::fs::create_dir(into).map_err(fault)?;
        let root = Root::open(into).map_err(|errno| fault(errno.into()))?;
        Ok(Self { root, limits, stop, bytes: 0, members: HashMap::new(), lower: HashMap::new() })
    }

    /// The one folder that all members are in, if there is one.
    pub(super) fn top(&self) -> Result<Option<String>> {
        let mut tops = self.members.iter().filter(|(name, _)| !name.contains('/'));
        match (tops.next(), tops.next()) {
            (Some((name, Member::Folder)), None) => Ok(Some(name.clone())),
            (None, _) => {
                Err(Error::invalid(OPERATION, "the archive has nothing that an app could be made of"))
            }
            _ => Ok(None),
        }
    }

    /// Refuses a file early that says itself that it is too large.
    pub(super) fn expect(&self, name: &str, size: u64) -> Result<()> {
        if size > self.limits.bytes.saturating_sub(self.bytes) {
            return Err(walk::too_large(OPERATION, self.limits).with_context("entry", name));
        }
        Ok(())
    }

    /// A folder; one that is there already is no error.
    pub(super) fn dir(&mut self, name: &str) -> Result<()> {
        if name.is_empty() || self.is_left_out(name)? {
            return Ok(());
        }
        self.make_dir(name)
    }

    /// A file with the contents of `input`, which says that it has `size` bytes.
    pub(super) fn file(
        &mut self,
        name: &str,
        executable: bool,
        size: u64,
        input: &mut impl Read,
    ) -> Result<()> {
        if self.is_left_out(name)? {
            return self.copy(name, input, &mut io::sink(), None);
        }
        self.expect(name, size)?;
        let dir = self.parent(name)?;
        self.claim(name, Member::File)?;
        let mode = Mode::from_raw_mode(if executable { 0o755 } else { 0o644 });
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file =
            rustix::fs::openat(&dir, path::name(name), flags, mode).map_err(|errno| placed(name, errno))?;
        self.copy(name, input, &mut File::from(file), Some(size))
    }

    /// A link whose target is inside.
    pub(super) fn symlink(&mut self, name: &str, link: &str) -> Result<()> {
        if self.is_left_out(name)? {
            return Ok(());
        }
        let fault = if link.is_empty() {
            Some("a link has no target")
        } else if link.contains(['\\', '\0']) {
            Some("the target of a link has a backslash or NUL")
        } else if leaves(path::parent(name), link) {
            Some("a link leads out of the source")
        } else {
            None
        };
        if let Some(fault) = fault {
            return Err(refused(name.as_bytes(), fault)
                .with_context("target", path::shown(link.as_bytes()))
                .with_remedy("make the link relative and keep its target inside the source"));
        }
        let dir = self.parent(name)?;
        self.claim(name, Member::Link)?;
        rustix::fs::symlinkat(link, &dir, path::name(name)).map_err(|errno| placed(name, errno))
    }

    /// Another name of a file that the archive had before.
    pub(super) fn hard_link(&mut self, name: &str, of: &str) -> Result<()> {
        if self.is_left_out(name)? {
            return Ok(());
        }
        if self.members.get(of) != Some(&Member::File) {
            return Err(refused(name.as_bytes(), "a hard link is not to an earlier file of the archive")
                .with_context("target", path::shown(of.as_bytes())));
        }
        let from = self.parent(of)?;
        let dir = self.parent(name)?;
        self.claim(name, Member::File)?;
        rustix::fs::linkat(&from, path::name(of), &dir, path::name(name), AtFlags::empty())
            .map_err(|errno| placed(name, errno))
    }

    /// Whether a member is one that no listing shows; its name is checked first, like any.
    fn is_left_out(&self, name: &str) -> Result<bool> {
        self.stop.check()?;
        if let Some(fault) = path::fault(name).filter(|_| !name.ends_with("Icon\r")) {
            return Err(refused(name.as_bytes(), fault));
        }
        // Resource forks, beside the files in archives made on macOS.
        Ok(name.split('/').any(|part| ignored::is_pruned(part) || part == "__MACOSX"))
    }

    /// Notes a new member, which must not be there yet.
    fn claim(&mut self, name: &str, member: Member) -> Result<()> {
        if let Some(earlier) = self.members.get(name) {
            let fault = if *earlier == member {
                "the archive has an entry twice"
            } else {
                "an entry would take the place of one of another kind"
            };
            return Err(refused(name.as_bytes(), fault));
        }
        let lower = name.to_lowercase();
        if let Some(other) = self.lower.get(&lower)
            && (member == Member::Link || self.members.get(other) == Some(&Member::Link))
        {
            return Err(refused(name.as_bytes(), "a link differs from another entry only by case")
                .with_context("other", other));
        }
        if name.matches('/').count() > self.limits.depth {
            return Err(
                walk::too_deep(OPERATION, self.limits).with_context("entry", path::shown(name.as_bytes()))
            );
        }
        if self.members.len() >= self.limits.entries {
            return Err(
                walk::too_many(OPERATION, self.limits).with_context("entry", path::shown(name.as_bytes()))
            );
        }
        self.members.insert(name.to_owned(), member);
        self.lower.insert(lower, name.to_owned());
        Ok(())
    }

    fn make_dir(&mut self, name: &str) -> Result<()> {
        if self.members.get(name) == Some(&Member::Folder) {
            return Ok(());
        }
        let dir = self.parent(name)?;
        self.claim(name, Member::Folder)?;
        rustix::fs::mkdirat(&dir, path::name(name), Mode::from_raw_mode(0o755))
            .map_err(|errno| placed(name, errno))
    }

    /// The handle of the folder that `name` is in, made if it is not there.
    fn parent(&mut self, name: &str) -> Result<OwnedFd> {
        for (end, _) in name.match_indices('/') {
            match self.members.get(&name[..end]) {
                Some(Member::Folder) => {}
                None => self.make_dir(&name[..end])?,
                Some(_) => {
                    return Err(refused(name.as_bytes(), "an entry lies below a link or file")
                        .with_context("other", path::shown(&name.as_bytes()[..end])));
                }
            }
        }
        self.root.open_dir(path::parent(name)).map_err(|errno| placed(name, errno))
    }

    /// Copies until the end of `input`, whatever size it promised.
    fn copy(
        &mut self,
        name: &str,
        input: &mut impl Read,
        output: &mut impl Write,
        size: Option<u64>,
    ) -> Result<()> {
        let mut buffer = vec![0; 1 << 16];
        let mut copied = 0;
        loop {
            let read = match input.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    return Err(damaged(error).with_context("entry", path::shown(name.as_bytes())));
                }
            };
            self.stop.check()?;
            copied += read as u64;
            self.expect(name, read as u64)?;
            self.bytes += read as u64;
            output.write_all(&buffer[..read]).map_err(|error| local(&error).with_context("entry", name))?;
        }
        match size {
            Some(size) if size != copied => Err(damaged(io::ErrorKind::UnexpectedEof.into())
                .with_context("entry", path::shown(name.as_bytes()))),
            _ => Ok(()),
        }
    }
}

/// Whether a link's text alone leads outside. What other links make of it is checked when the tree is listed.
fn leaves(from: &str, link: &str) -> bool {
    let mut depth = if from.is_empty() { 0 } else { from.split('/').count() };
    for part in link.split('/') {
        match part {
            "" | "." => {}
            ".." if depth == 0 => return true,
            ".." => depth -= 1,
            _ => depth += 1,
        }
    }
    link.starts_with('/')
}

/// An entry that cannot have its place.
fn placed(name: &str, errno: Errno) -> Error {
    match errno {
        Errno::EXIST | Errno::LOOP | Errno::NOTDIR | Errno::NAMETOOLONG | Errno::ISDIR => {
            refused(name.as_bytes(), "an entry cannot be written in its place").with_source(errno)
        }
        errno => local(&errno.into()).with_context("entry", name),
    }
}

/// This machine cannot take it.
fn local(error: &io::Error) -> Error {
    let (kind, message) = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            (ErrorKind::QuotaExceeded, "there is no space left for the unpacked source")
        }
        io::ErrorKind::PermissionDenied => {
            (ErrorKind::PermissionDenied, "the working folder cannot be written")
        }
        io::ErrorKind::AlreadyExists => (ErrorKind::Conflict, "the working folder is in use"),
        _ => (ErrorKind::Unavailable, "the working folder cannot be written"),
    };
    Error::new(kind, OPERATION, message).with_source(error.to_string())
}
