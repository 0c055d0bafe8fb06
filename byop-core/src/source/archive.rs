//! Unpacks archives that others made. The formats' readers only say what the next entry is; what may be written, and
//! where, is decided in [`unpack`](super::unpack) alone.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use super::path;
use super::unpack::{Stop, Unpack};
use crate::error::{Error, ErrorKind, Result};
use crate::model::SourceLimits;

mod tar;
mod zip;

pub(super) const OPERATION: &str = "archive.unpack";

/// Unpacks `archive` into the new folder `into`, and returns the folder that holds the app: `into`, or the one folder
/// that everything in the archive is in. After an error `into` is gone.
pub(super) fn unpack(archive: &Path, into: &Path, limits: &SourceLimits, stop: &Stop) -> Result<PathBuf> {
    let file = open(archive);
    let top = file.and_then(|file| fill(into, limits, stop, |target| read(file, limits, target)));
    match top {
        Ok(Some(top)) => Ok(into.join(top)),
        Ok(None) => Ok(into.to_owned()),
        Err(error) => Err(error.with_context("archive", archive.display())),
    }
}

/// Unpacks a tar archive that is being written by a program.
#[cfg(feature = "git")]
pub(super) fn unpack_stream(input: impl Read, into: &Path, limits: &SourceLimits, stop: &Stop) -> Result<()> {
    fill(into, limits, stop, |target| tar::read(Bounded::new(input, limits), target)).map(|_| ())
}

/// Makes the folder, and removes it when it cannot be filled; returns the one folder that everything is in.
fn fill(
    into: &Path,
    limits: &SourceLimits,
    stop: &Stop,
    read: impl FnOnce(&mut Unpack<'_>) -> Result<()>,
) -> Result<Option<String>> {
    let mut target = Unpack::create(into, limits, stop)?;
    let done = read(&mut target).and_then(|()| target.top());
    if done.is_err() {
        // What was refused must not be found by a later look; the error that counts is the first.
        let _ = std::fs::remove_dir_all(into);
    }
    done
}

fn open(archive: &Path) -> Result<File> {
    let fault = |error: io::Error| {
        let fault = match error.kind() {
            io::ErrorKind::NotFound => Error::not_found(OPERATION, "there is no such file"),
            io::ErrorKind::PermissionDenied => {
                Error::new(ErrorKind::PermissionDenied, OPERATION, "the archive cannot be read")
            }
            _ => Error::new(ErrorKind::Unavailable, OPERATION, "the archive cannot be opened"),
        };
        fault.with_source(error)
    };
    // Looked at first: opening a pipe would wait for its other end.
    if !std::fs::metadata(archive).map_err(fault)?.is_file() {
        return Err(Error::invalid(OPERATION, "the archive is not a regular file"));
    }
    File::open(archive).map_err(fault)
}

/// The format is known by what the file begins with: uploads often have no name that tells.
fn read(mut file: File, limits: &SourceLimits, target: &mut Unpack<'_>) -> Result<()> {
    let mut start = Vec::new();
    (&mut file).take(512).read_to_end(&mut start).map_err(damaged)?;
    file.seek(SeekFrom::Start(0)).map_err(damaged)?;
    match &start[..] {
        [] => Err(Error::invalid(OPERATION, "the archive is an empty file")),
        [0x1f, 0x8b, ..] => {
            let plain = MultiGzDecoder::new(BufReader::with_capacity(1 << 16, file));
            tar::read(Bounded::new(plain, limits), target)
        }
        [b'P', b'K', 3 | 5, 4 | 6, ..] => zip::read(file, limits, target),
        _ if tar::is_header(&start) => {
            tar::read(Bounded::new(BufReader::with_capacity(1 << 16, file), limits), target)
        }
        other => Err(Error::invalid(OPERATION, format!("{} cannot be unpacked", format_name(other)))
            .with_remedy("pack the source as .tar, .tar.gz or .zip")),
    }
}

fn format_name(start: &[u8]) -> &'static str {
    match start {
        [0xfd, b'7', b'z', b'X', b'Z', ..] => "an xz archive",
        [0x28, 0xb5, 0x2f, 0xfd, ..] => "a zstd archive",
        [b'B', b'Z', b'h', ..] => "a bzip2 archive",
        [b'7', b'z', 0xbc, 0xaf, ..] => "a 7z archive",
        [b'R', b'a', b'r', b'!', ..] => "a rar archive",
        _ => "a file that is no known archive",
    }
}

/// A stream with an end: more than all allowed files and their headers is never read, whatever is in it.
struct Bounded<R> {
    input: R,
    left: u64,
    /// How many of the last bytes were zero: a tar archive ends with such blocks.
    zeros: u64,
}

impl<R> Bounded<R> {
    fn new(input: R, limits: &SourceLimits) -> Self {
        let headers = (limits.entries as u64).saturating_mul(4 << 10).saturating_add(1 << 20);
        Self { input, left: limits.bytes.saturating_add(headers), zeros: 0 }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let read = self.input.read(&mut buffer[..most])?;
        self.left -= read as u64;
        match buffer[..read].iter().rposition(|byte| *byte != 0) {
            Some(last) => self.zeros = (read - last - 1) as u64,
            None => self.zeros += read as u64,
        }
        Ok(read)
    }
}

/// An archive that cannot be read further.
pub(super) fn damaged(error: io::Error) -> Error {
    if error.kind() == io::ErrorKind::FileTooLarge {
        return Error::invalid(OPERATION, "the archive unpacks to more than the source limits allow")
            .with_context("limit", "bytes")
            .with_remedy("remove what the app does not need, or raise `bytes` of the source limits");
    }
    Error::invalid(OPERATION, "the archive is damaged or cut short")
        .with_remedy("pack or upload it again")
        .with_source(error)
}

/// An entry that is refused.
pub(super) fn refused(name: &[u8], fault: impl Into<String>) -> Error {
    Error::invalid(OPERATION, fault).with_context("entry", path::shown(name))
}

/// The name of an entry as text, without what means nothing: a leading `./` and a trailing `/`.
pub(super) fn entry_name(raw: &[u8]) -> Result<&str> {
    let mut name = std::str::from_utf8(raw).map_err(|error| {
        refused(raw, "the name of an entry is not valid UTF-8")
            .with_remedy("pack the source with a tool that writes UTF-8 names")
            .with_source(error)
    })?;
    while let Some(rest) = name.strip_prefix("./") {
        // What follows must not become absolute by this.
        if rest.starts_with('/') {
            break;
        }
        name = rest;
    }
    let name = name.strip_suffix('/').unwrap_or(name);
    Ok(if name == "." { "" } else { name })
}

#[cfg(test)]
mod tests;
