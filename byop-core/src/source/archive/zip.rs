//! The entries of a zip archive, in the order of its directory.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;

use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use super::{OPERATION, damaged, entry_name, refused};
use crate::error::{Error, Result};
use crate::model::SourceLimits;
use crate::source::unpack::Unpack;
use crate::source::{path, walk};

/// The longest target that Linux takes.
const LINK_LIMIT: u64 = 4 << 10;
// The kinds of a Unix mode.
const KIND: u32 = 0o170_000;
const FILE: u32 = 0o100_000;
const FOLDER: u32 = 0o040_000;
const LINK: u32 = 0o120_000;

pub(super) fn read(file: File, limits: &SourceLimits, target: &mut Unpack<'_>) -> Result<()> {
    // The directory is held in memory: one with far more entries than are allowed is not read to its end.
    let budget = (limits.entries as u64).saturating_mul(256).saturating_add(1 << 20);
    let left = &Cell::new(budget);
    let file = At { file, position: 0, budget: left };
    let mut archive = ZipArchive::new(BufReader::with_capacity(1 << 15, file)).map_err(|error| {
        if left.get() == 0 { walk::too_many(OPERATION, limits) } else { fault(None, error) }
    })?;
    if archive.is_empty() {
        return Err(Error::invalid(OPERATION, "the archive has no entries"));
    }
    if archive.has_duplicate_names() {
        return Err(Error::invalid(OPERATION, "the archive has an entry twice").with_remedy("pack it again"));
    }
    left.set(u64::MAX);
    // The directory and the headers beside the data can name different files: other tools would see another archive.
    archive.validate_header_consistency().map_err(|error| fault(None, error))?;
    for index in 0..archive.len() {
        member(&mut archive, index, target)?;
    }
    Ok(())
}

fn member(archive: &mut ZipArchive<impl Read + Seek>, index: usize, target: &mut Unpack<'_>) -> Result<()> {
    let entry = archive.by_index_data(index).map_err(|error| fault(None, error))?;
    let raw = entry.name_raw().to_vec();
    let name = entry_name(&raw)?;
    if entry.encrypted() {
        return Err(refused(&raw, "an entry is encrypted").with_remedy("pack the source without a password"));
    }
    if !matches!(entry.compression(), CompressionMethod::Stored | CompressionMethod::Deflated) {
        return Err(refused(&raw, "an entry is compressed in a way that cannot be read")
            .with_remedy("pack the source with the usual compression (deflate)"));
    }
    let mode = entry.unix_mode().unwrap_or_default();
    match mode & KIND {
        0 | FILE | FOLDER | LINK => {}
        _ => {
            return Err(refused(&raw, "the archive has a device, pipe or socket")
                .with_remedy("a source may hold files, folders and links only; leave it out"));
        }
    }
    if raw.ends_with(b"/") {
        return target.dir(name);
    }
    let size = entry.size();
    let mut contents = archive.by_index(index).map_err(|error| fault(Some(&raw), error))?;
    if mode & KIND != LINK {
        return target.file(name, mode & 0o100 != 0, size, &mut contents);
    }
    let mut link = Vec::new();
    contents
        .by_ref()
        .take(LINK_LIMIT + 1)
        .read_to_end(&mut link)
        .map_err(|error| damaged(error).with_context("entry", name))?;
    if link.len() as u64 > LINK_LIMIT {
        return Err(refused(&raw, "the target of a link is longer than 4096 bytes"));
    }
    let link = String::from_utf8(link)
        .map_err(|error| refused(&raw, "the target of a link is not valid UTF-8").with_source(error))?;
    target.symlink(name, &link)
}

fn fault(name: Option<&[u8]>, error: ZipError) -> Error {
    let fault = match error {
        ZipError::Io(error) => damaged(error),
        ZipError::UnsupportedArchive(_) => Error::invalid(OPERATION, "this form of zip cannot be read")
            .with_remedy("pack the source as one plain .zip or .tar.gz")
            .with_source(error),
        error => damaged(io::Error::other(error)),
    };
    match name {
        Some(name) => fault.with_context("entry", path::shown(name)),
        None => fault,
    }
}

/// A file of which only so much is read.
struct At<'a> {
    file: File,
    position: u64,
    budget: &'a Cell<u64>,
}

impl Read for At<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(buffer, self.position)?;
        self.position += read as u64;
        self.budget.set(self.budget.get().saturating_sub(read as u64));
        if self.budget.get() == 0 { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(read) }
    }
}

impl Seek for At<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::Current(delta) => self.position.checked_add_signed(delta),
            SeekFrom::End(delta) => self.file.metadata()?.len().checked_add_signed(delta),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}
