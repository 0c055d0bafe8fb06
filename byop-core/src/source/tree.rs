//! The tree: a sorted listing, and a way to the contents.

use std::collections::{BTreeMap, VecDeque};
use std::io::{Cursor, Read};
use std::path::Path;
use std::sync::Arc;

use rustix::io::Errno;

use super::reader::{Input, Reader};
use super::root::Root;
use super::{path, walk};
use crate::digest::{Digest, Hasher};
use crate::error::{Error, ErrorKind, Result};
use crate::model::SourceLimits;

/// More than any file that is read for detection needs, and little enough to hold in memory.
const TEXT_LIMIT: u64 = 1 << 20;
/// The same as Linux follows.
const LINK_HOPS: usize = 40;

/// The files of an application: listed once in order of path, read on demand, never outside the root.
///
/// Cloning is cheap. Version control, installed packages and caches are not listed.
///
/// ```
/// use byop_core::source::SourceTree;
///
/// let tree = SourceTree::from_files([("package.json", "{}"), ("src/index.js", "")])?;
/// assert!(tree.has_file("package.json") && tree.has_dir("src"));
/// assert_eq!(tree.files_below("src").collect::<Vec<_>>(), ["src/index.js"]);
/// assert_eq!(tree.read_text("package.json")?.as_deref(), Some("{}"));
/// # Ok::<(), byop_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct SourceTree {
    entries: Arc<[SourceEntry]>,
    contents: Contents,
    root: Option<Arc<Path>>,
    focus: Option<Arc<str>>,
}

#[derive(Clone)]
enum Contents {
    Folder(Arc<Root>),
    Memory(Arc<BTreeMap<String, Arc<[u8]>>>),
}

impl std::fmt::Debug for Contents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Folder(_) => "Folder",
            Self::Memory(_) => "Memory",
        })
    }
}

/// A file, folder or link of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SourceEntry {
    /// Relative to the root, with `/` between its parts.
    pub path: String,
    /// What it is.
    pub kind: EntryKind,
    /// The size of a file in bytes.
    pub size: u64,
    /// Whether a file may be run.
    pub executable: bool,
}

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A folder.
    Directory,
    /// A symbolic link to this target, which is inside the root.
    Symlink(String),
}

impl SourceTree {
    /// Lists a folder.
    ///
    /// # Errors
    /// `NotFound` when there is no such folder; `PermissionDenied`; `Conflict` when it changes while it is listed;
    /// `InvalidInput` for a tree beyond the limits, a link that leaves the root, a name that is not UTF-8, or
    /// a device or pipe.
    pub fn open(root: &Path, limits: &SourceLimits) -> Result<Self> {
        let handle = Root::open(root).map_err(|errno| no_root(root, errno))?;
        let mut entries = walk::walk(&handle, limits)?;
        entries.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        check_links(&entries)?;
        Ok(Self {
            entries: entries.into(),
            contents: Contents::Folder(Arc::new(handle)),
            root: Some(root.into()),
            focus: None,
        })
    }

    /// A tree in memory, for tests and embedding programs.
    ///
    /// # Errors
    /// `InvalidInput` for a path that is absolute, has `..`, is given twice, or is a file and a folder.
    pub fn from_files<P: Into<String>, C: Into<Vec<u8>>>(
        files: impl IntoIterator<Item = (P, C)>,
    ) -> Result<Self> {
        const OPERATION: &str = "source.from_files";
        let mut contents = BTreeMap::new();
        let mut entries = BTreeMap::new();
        for (path, bytes) in files {
            let (path, bytes): (String, Vec<u8>) = (path.into(), bytes.into());
            let shown = path::shown(path.as_bytes());
            if let Some(fault) = path::fault(&path) {
                return Err(Error::invalid(OPERATION, fault).with_context("path", shown));
            }
            let size = bytes.len() as u64;
            let file = SourceEntry { path: path.clone(), kind: EntryKind::File, size, executable: false };
            let twice = entries.insert(path.clone(), file).is_some();
            let mut dir = path::parent(&path);
            let mut below_a_file = false;
            while !dir.is_empty() {
                let folder = SourceEntry {
                    path: dir.to_owned(),
                    kind: EntryKind::Directory,
                    size: 0,
                    executable: false,
                };
                let entry = entries.entry(dir.to_owned()).or_insert(folder);
                below_a_file |= entry.kind != EntryKind::Directory;
                dir = path::parent(dir);
            }
            if twice || below_a_file {
                return Err(Error::invalid(OPERATION, "two files cannot have the same place")
                    .with_context("path", shown));
            }
            contents.insert(path, bytes.into());
        }
        let entries = entries.into_values().collect();
        Ok(Self { entries, contents: Contents::Memory(Arc::new(contents)), root: None, focus: None })
    }

    /// The folder that it was listed from; none for a tree in memory.
    #[must_use]
    pub fn root(&self) -> Option<&Path> {
        self.root.as_deref()
    }

    /// The same tree, whose application is in `folder`: one of several in a repository. Paths stay relative to the
    /// root, as what the folder needs (a lock file, a shared package) may be above it.
    ///
    /// # Errors
    /// `NotFound` when there is no such folder.
    pub fn focused(&self, folder: &str) -> Result<Self> {
        let path = resolve(&self.entries, "", folder).ok().filter(|_| self.has_dir(folder));
        let Some(path) = path else {
            return Err(Error::new(ErrorKind::NotFound, "source.focus", "the tree has no such folder")
                .with_context("folder", path::shown(folder.as_bytes()))
                .with_remedy("give the folder of the application, relative to the root of the tree"));
        };
        Ok(Self { focus: (!path.is_empty()).then(|| path.as_str().into()), ..self.clone() })
    }

    /// The folder of the application, as [`Self::focused`] set it; empty for the root, or for one to be found.
    #[must_use]
    pub fn focus(&self) -> &str {
        self.focus.as_deref().unwrap_or_default()
    }

    /// All entries, in order of path.
    #[must_use]
    pub fn entries(&self) -> &[SourceEntry] {
        &self.entries
    }

    /// Whether there is a regular file (or a link to one inside the root) at `path`.
    #[must_use]
    pub fn has_file(&self, path: &str) -> bool {
        self.find_file(path).is_some()
    }

    /// Whether there is a folder (or a link to one inside the root) at `path`; `""` and `.` are the root.
    #[must_use]
    pub fn has_dir(&self, path: &str) -> bool {
        match resolve(&self.entries, "", path) {
            Ok(path) if path.is_empty() => true,
            Ok(path) => find(&self.entries, &path).is_some_and(|entry| entry.kind == EntryKind::Directory),
            Err(_) => false,
        }
    }

    /// The paths of regular files below `dir` (`""` is the root), in order.
    pub fn files_below<'a>(&'a self, dir: &'a str) -> impl Iterator<Item = &'a str> {
        let dir = dir.strip_prefix("./").unwrap_or(dir).trim_end_matches('/');
        let dir = if dir == "." { "" } else { dir };
        let below = move |path: &str| {
            dir.is_empty() || path.strip_prefix(dir).is_some_and(|rest| rest.starts_with('/'))
        };
        let start = self.entries.partition_point(|entry| {
            !dir.is_empty() && entry.path.as_bytes() < [dir.as_bytes(), b"/"].concat().as_slice()
        });
        self.entries[start..]
            .iter()
            .take_while(move |entry| below(&entry.path))
            .filter(|entry| entry.kind == EntryKind::File)
            .map(|entry| entry.path.as_str())
    }

    /// The text of a file of at most 1 MiB, without a byte order mark; `None` when there is none.
    ///
    /// # Errors
    /// `InvalidInput` when it is larger or not UTF-8, with the file; `PermissionDenied`; `Conflict` when it is no
    /// longer what it was when the tree was listed.
    pub fn read_text(&self, path: &str) -> Result<Option<String>> {
        const OPERATION: &str = "source.read";
        let Some(entry) = self.find_file(path) else { return Ok(None) };
        if entry.size > TEXT_LIMIT {
            return Err(Error::invalid(
                OPERATION,
                "the file is larger than 1 MiB and cannot be read as text",
            )
            .with_context("file", &entry.path));
        }
        let mut bytes = Vec::new();
        let mut reader = self.reader(OPERATION, entry)?;
        // The reader keeps its own, better error.
        let _ = reader.read_to_end(&mut bytes);
        reader.finish()?;
        if let Some(rest) = bytes.strip_prefix(b"\xef\xbb\xbf") {
            bytes = rest.to_vec();
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            let byte = error.utf8_error().valid_up_to();
            let line = 1 + error.as_bytes()[..byte].iter().filter(|b| **b == b'\n').count();
            Error::invalid(OPERATION, "the file is not valid UTF-8")
                .with_context("file", &entry.path)
                .with_context("line", line)
                .with_context("byte", byte)
                .with_remedy("save the file as UTF-8")
        })?;
        Ok(Some(text))
    }

    /// The digest of all paths, kinds, modes and contents; independent of file order and time stamps.
    ///
    /// # Errors
    /// `PermissionDenied`, and `Conflict` when the tree changes while it is read.
    pub fn digest(&self) -> Result<Digest> {
        let mut hasher = Hasher::new();
        for entry in self.entries.iter() {
            hasher.field(entry.path.as_bytes());
            match &entry.kind {
                EntryKind::File => {
                    hasher.update(if entry.executable { b"x" } else { b"f" });
                    hasher.update(&entry.size.to_le_bytes());
                    let mut reader = self.reader("source.digest", entry)?;
                    // The hasher takes everything; what can fail is the reader, which keeps its own error.
                    let _ = std::io::copy(&mut reader, &mut hasher);
                    reader.finish()?;
                }
                EntryKind::Directory => hasher.update(b"d"),
                EntryKind::Symlink(target) => {
                    hasher.update(b"l");
                    hasher.field(target.as_bytes());
                }
            }
        }
        Ok(hasher.finish())
    }

    /// The file at `path`, through links.
    fn find_file(&self, path: &str) -> Option<&SourceEntry> {
        let path = resolve(&self.entries, "", path).ok()?;
        find(&self.entries, &path).filter(|entry| entry.kind == EntryKind::File)
    }

    /// The entry at exactly this path.
    pub(super) fn entry(&self, path: &str) -> Option<&SourceEntry> {
        find(&self.entries, path)
    }

    /// The contents of a file.
    pub(super) fn reader<'a>(&self, operation: &'static str, entry: &'a SourceEntry) -> Result<Reader<'a>> {
        let input = match &self.contents {
            Contents::Folder(root) => root
                .open_file(&entry.path)
                .and_then(|file| {
                    Input::from_file(file).map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))
                })
                .map_err(|errno| unreadable(operation, entry, errno))?,
            Contents::Memory(files) => {
                Input::Memory(Cursor::new(files.get(&entry.path).cloned().unwrap_or_default()))
            }
        };
        Ok(Reader::new(operation, entry, input))
    }
}

/// Why a path leads nowhere.
#[derive(Debug, PartialEq, Eq)]
enum Stray {
    Outside,
    Loop,
}

fn find<'a>(entries: &'a [SourceEntry], path: &str) -> Option<&'a SourceEntry> {
    entries.binary_search_by(|entry| entry.path.as_str().cmp(path)).ok().map(|index| &entries[index])
}

/// Follows `target` from the folder `from`, through the links of the listing; the file system is not asked.
fn resolve(entries: &[SourceEntry], from: &str, target: &str) -> Result<String, Stray> {
    if target.starts_with('/') {
        return Err(Stray::Outside);
    }
    let mut at = from.to_owned();
    let mut rest: VecDeque<&str> = target.split('/').collect();
    let mut hops = 0;
    while let Some(part) = rest.pop_front() {
        match part {
            "" | "." => {}
            ".." if at.is_empty() => return Err(Stray::Outside),
            ".." => at = path::parent(&at).to_owned(),
            name => {
                let next = path::join(&at, name);
                match find(entries, &next).map(|entry| &entry.kind) {
                    Some(EntryKind::Symlink(target)) => {
                        hops += 1;
                        if hops > LINK_HOPS {
                            return Err(Stray::Loop);
                        }
                        if target.starts_with('/') {
                            return Err(Stray::Outside);
                        }
                        for part in target.split('/').rev() {
                            rest.push_front(part);
                        }
                    }
                    _ => at = next,
                }
            }
        }
    }
    Ok(at)
}

fn check_links(entries: &[SourceEntry]) -> Result<()> {
    for entry in entries {
        let EntryKind::Symlink(target) = &entry.kind else { continue };
        let fault = match resolve(entries, path::parent(&entry.path), target) {
            Ok(_) => continue,
            Err(Stray::Outside) => "a link leads out of the source",
            Err(Stray::Loop) => "a link leads back to itself",
        };
        return Err(Error::invalid("source.open", fault)
            .with_context("link", &entry.path)
            .with_context("target", path::shown(target.as_bytes()))
            .with_remedy("make the link relative and keep its target inside the source, or remove it"));
    }
    Ok(())
}

fn no_root(root: &Path, errno: Errno) -> Error {
    let error = match errno {
        Errno::NOENT => Error::not_found("source.open", "there is no such folder"),
        Errno::NOTDIR => Error::invalid("source.open", "the source is not a folder"),
        Errno::INVAL | Errno::NAMETOOLONG | Errno::LOOP => {
            Error::invalid("source.open", "this cannot be the path of a folder")
        }
        Errno::ACCESS | Errno::PERM => {
            Error::new(ErrorKind::PermissionDenied, "source.open", "the folder cannot be read")
        }
        _ => Error::new(ErrorKind::Unavailable, "source.open", "the folder cannot be opened"),
    };
    error.with_context("folder", root.display()).with_source(errno)
}

fn unreadable(operation: &'static str, entry: &SourceEntry, errno: Errno) -> Error {
    let error = match errno {
        Errno::ACCESS | Errno::PERM => {
            Error::new(ErrorKind::PermissionDenied, operation, "the file cannot be read")
                .with_remedy("make it readable for the user that runs byop")
        }
        Errno::MFILE | Errno::NFILE | Errno::IO => {
            Error::new(ErrorKind::Unavailable, operation, "the file cannot be opened")
        }
        _ => Error::new(ErrorKind::Conflict, operation, "the file changed since the source was listed"),
    };
    error.with_context("file", &entry.path).with_source(errno)
}

#[cfg(test)]
mod tests;
