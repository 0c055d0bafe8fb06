//! What is sent to the engine for a build.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, BufWriter, Write};

use tar::{Builder, EntryType, Header};

use super::ignored::ALWAYS_IGNORED;
use super::path;
use super::pattern::{Direct, Patterns, Verdict};
use super::tree::{EntryKind, SourceTree};
use crate::digest::{Digest, Hasher};
use crate::error::{Error, ErrorKind, Result};
use crate::model::FileSet;

const OPERATION: &str = "context.write";
const IGNORE_FILE: &str = ".dockerignore";
/// Docker sends these even when a pattern leaves them out.
const ALWAYS_SENT: [&str; 2] = ["Dockerfile", IGNORE_FILE];
/// Generated, but for the host and not for the build: a change here must not build the image again.
const NOT_SENT: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"];

/// The build context of an image: the tree without what `.dockerignore` leaves out, and generated files on top.
///
/// Secrets and installed packages stay out even when no `.dockerignore` says so: see [`ALWAYS_IGNORED`].
///
/// ```
/// use byop_core::model::FileSet;
/// use byop_core::source::{BuildContext, SourceTree};
///
/// let tree = SourceTree::from_files([("app.js", "1"), (".env", "KEY=1")])?;
/// let mut files = FileSet::new();
/// files.insert("Dockerfile", "FROM scratch\nCOPY . /\n");
/// let context = BuildContext::new(&tree, &files)?;
/// assert_eq!(context.paths().collect::<Vec<_>>(), ["Dockerfile", "app.js"]);
/// assert_eq!(context.withheld(), [".env"]);
/// # Ok::<(), byop_core::Error>(())
/// ```
#[derive(Debug)]
pub struct BuildContext {
    tree: SourceTree,
    parts: BTreeMap<String, Part>,
    withheld: Vec<String>,
}

#[derive(Debug)]
enum Part {
    /// The entry of the tree with this index.
    Entry(usize),
    Folder,
    Generated(String),
}

impl BuildContext {
    /// The context of `tree` with `files` on top. A file of `files` takes the place of the tree's, unless it is
    /// `kept`; generated compose files are for the host and are not sent.
    ///
    /// # Errors
    /// `InvalidInput` when `.dockerignore` has a bad pattern or cannot be read, or when a generated file has the
    /// place of a folder, or lies below a file or link; `PermissionDenied` and `Conflict` as
    /// [`SourceTree::read_text`].
    pub fn new(tree: &SourceTree, files: &FileSet) -> Result<Self> {
        let generated: BTreeMap<&str, &str> =
            files.generated().filter(|(path, _)| !NOT_SENT.contains(path)).collect();
        let ignore = match generated.get(IGNORE_FILE) {
            Some(text) => Some((*text).to_owned()),
            None => tree.read_text(IGNORE_FILE)?,
        };
        let sent = |path: &str| ALWAYS_SENT.contains(&path) || files.0.contains_key(path);
        let (included, withheld) = select(tree, ignore.as_deref().unwrap_or_default(), sent)?;
        let mut parts = BTreeMap::new();
        for (index, entry) in tree.entries().iter().enumerate() {
            if included[index] {
                parts.insert(entry.path.clone(), Part::Entry(index));
            }
        }
        for (path, text) in generated {
            check_place(tree, path)?;
            let mut dir = path::parent(path);
            while !dir.is_empty() {
                parts.entry(dir.to_owned()).or_insert(Part::Folder);
                dir = path::parent(dir);
            }
            parts.insert(path.to_owned(), Part::Generated(text.to_owned()));
        }
        Ok(Self { tree: tree.clone(), parts, withheld })
    }

    /// The paths of all entries, in order.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.parts.keys().map(String::as_str)
    }

    /// What stays out only because of [`ALWAYS_IGNORED`]. Worth telling the user when a build misses a file.
    #[must_use]
    pub fn withheld(&self) -> &[String] {
        &self.withheld
    }

    /// Writes the context as a tar archive, without ever holding a file in memory. Returns the bytes written.
    /// Owners, times and modes are normalised, so that equal contexts are equal bytes.
    ///
    /// # Errors
    /// `Cancelled` when the writer is closed, `Unavailable` when it fails otherwise; `Conflict` when a file changes
    /// while it is read, `PermissionDenied`. After an error the archive is incomplete and must be thrown away.
    pub fn write_tar(&self, out: impl Write) -> Result<u64> {
        let mut builder = Builder::new(Counting { out: BufWriter::with_capacity(1 << 16, out), bytes: 0 });
        for (path, part) in &self.parts {
            match part {
                Part::Folder => append(&mut builder, path, EntryType::Directory, 0o755, 0, io::empty())?,
                Part::Generated(text) => {
                    let size = text.len() as u64;
                    append(&mut builder, path, EntryType::Regular, 0o644, size, text.as_bytes())?;
                }
                Part::Entry(index) => self.append_entry(&mut builder, *index)?,
            }
        }
        let mut counting = builder.into_inner().map_err(|error| closed(&error))?;
        counting.flush().map_err(|error| closed(&error))?;
        Ok(counting.bytes)
    }

    /// The digest of what [`BuildContext::write_tar`] would write: equal digests build the same image.
    ///
    /// # Errors
    /// As [`SourceTree::digest`].
    pub fn digest(&self) -> Result<Digest> {
        let mut hasher = Hasher::new();
        self.write_tar(&mut hasher)?;
        Ok(hasher.finish())
    }

    fn append_entry<W: Write>(&self, builder: &mut Builder<W>, index: usize) -> Result<()> {
        let entry = &self.tree.entries()[index];
        match &entry.kind {
            EntryKind::Directory => append(builder, &entry.path, EntryType::Directory, 0o755, 0, io::empty()),
            EntryKind::Symlink(target) => {
                let mut header = header(EntryType::Symlink, 0o777, 0);
                builder.append_link(&mut header, &entry.path, target).map_err(|error| closed(&error))
            }
            EntryKind::File => {
                let mode = if entry.executable { 0o755 } else { 0o644 };
                let mut reader = self.tree.reader(OPERATION, entry)?;
                let done = append(builder, &entry.path, EntryType::Regular, mode, entry.size, &mut reader);
                // The reader knows whether it was the cause; if not, the writer was.
                reader.finish()?;
                done
            }
        }
    }
}

/// By entry, whether it is sent; and what is left out by our list alone.
fn select(tree: &SourceTree, ignore: &str, sent: impl Fn(&str) -> bool) -> Result<(Vec<bool>, Vec<String>)> {
    struct Judged {
        always: Verdict,
        user: Verdict,
        taken_back: bool,
    }
    let always = Patterns::parse(&ALWAYS_IGNORED.join("\n"))?;
    let user = Patterns::parse(ignore)?;
    let entries = tree.entries();
    let mut folders: HashMap<&str, Judged> = HashMap::new();
    let mut included = vec![false; entries.len()];
    let mut withheld = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let around = folders.get(path::parent(&entry.path));
        let mut judged = Judged {
            always: always.judge(&entry.path, around.map(|around| &around.always)),
            user: user.judge(&entry.path, around.map(|around| &around.user)),
            taken_back: around.is_some_and(|around| around.taken_back),
        };
        let direct = judged.always.direct == Some(Direct::Excluded);
        if direct {
            // What holds for the folder does not reach a secret inside it.
            judged.taken_back = judged.user.direct == Some(Direct::IncludedByName);
        }
        let ours = judged.always.is_excluded && !judged.taken_back;
        included[index] = sent(&entry.path) || !(ours || judged.user.is_excluded);
        if ours && direct && !judged.user.is_excluded && !included[index] {
            withheld.push(entry.path.clone());
        }
        if entry.kind == EntryKind::Directory {
            folders.insert(&entry.path, judged);
        }
    }
    include_parents(tree, &mut included);
    Ok((included, withheld))
}

/// A file that is taken back brings the folders that it is in.
fn include_parents(tree: &SourceTree, included: &mut [bool]) {
    let entries = tree.entries();
    for index in (0..entries.len()).rev() {
        let dir = path::parent(&entries[index].path);
        if included[index]
            && !dir.is_empty()
            && let Ok(parent) = entries.binary_search_by(|entry| entry.path.as_str().cmp(dir))
        {
            included[parent] = true;
        }
    }
}

fn check_place(tree: &SourceTree, path: &str) -> Result<()> {
    let refuse = |fault: &str| Err(Error::invalid(OPERATION, fault).with_context("file", path));
    if let Some(fault) = path::fault(path) {
        return refuse(fault);
    }
    if tree.entry(path).is_some_and(|entry| entry.kind == EntryKind::Directory) {
        return refuse("a generated file would take the place of a folder");
    }
    let mut dir = path::parent(path);
    while !dir.is_empty() {
        if tree.entry(dir).is_some_and(|entry| entry.kind != EntryKind::Directory) {
            return refuse("a generated file would lie below a file or link");
        }
        dir = path::parent(dir);
    }
    Ok(())
}

fn header(kind: EntryType, mode: u32, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header
}

fn append<W: Write>(
    builder: &mut Builder<W>,
    path: &str,
    kind: EntryType,
    mode: u32,
    size: u64,
    contents: impl io::Read,
) -> Result<()> {
    let mut header = header(kind, mode, size);
    builder.append_data(&mut header, path, contents).map_err(|error| closed(&error))
}

fn closed(error: &io::Error) -> Error {
    let kind = match error.kind() {
        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => {
            ErrorKind::Cancelled
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ErrorKind::QuotaExceeded,
        _ => ErrorKind::Unavailable,
    };
    Error::new(kind, OPERATION, "the build context cannot be written").with_source(error.to_string())
}

struct Counting<W> {
    out: W,
    bytes: u64,
}

impl<W: Write> Write for Counting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests;
