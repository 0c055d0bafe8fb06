//! The contents of one file, and whether they are what the listing promised.

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;

use super::tree::SourceEntry;
use crate::error::{Error, ErrorKind, Result};

/// Gives exactly as many bytes as were listed, or fails. Call [`Reader::finish`] at the end.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    operation: &'static str,
    entry: &'a SourceEntry,
    input: Input,
    left: u64,
    fault: Option<Error>,
}

#[derive(Debug)]
pub(super) enum Input {
    /// With its time of change when it was opened.
    File(File, (i64, i64)),
    Memory(Cursor<Arc<[u8]>>),
}

impl Input {
    pub(super) fn from_file(file: File) -> io::Result<Self> {
        let changed = changed(&file)?;
        Ok(Self::File(file, changed))
    }
}

impl<'a> Reader<'a> {
    pub(super) fn new(operation: &'static str, entry: &'a SourceEntry, input: Input) -> Self {
        Self { operation, entry, input, left: entry.size, fault: None }
    }

    /// Whether all was read and nothing changed meanwhile.
    pub(super) fn finish(mut self) -> Result<()> {
        if let Some(fault) = self.fault.take() {
            return Err(fault);
        }
        if self.left > 0 {
            // The writer gave up; it has its own error.
            return Ok(());
        }
        let same = match &mut self.input {
            Input::Memory(_) => true,
            Input::File(file, before) => {
                let mut one = [0];
                matches!(file.read(&mut one), Ok(0)) && changed(file).is_ok_and(|now| now == *before)
            }
        };
        if same { Ok(()) } else { Err(self.moved()) }
    }

    fn moved(&self) -> Error {
        Error::new(ErrorKind::Conflict, self.operation, "the file changed while it was read")
            .with_context("file", &self.entry.path)
            .with_remedy("stop what writes into the source, then try again")
    }
}

impl Read for Reader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        if most == 0 {
            return Ok(0);
        }
        let read = match &mut self.input {
            Input::File(file, _) => file.read(&mut buffer[..most]),
            Input::Memory(bytes) => bytes.read(&mut buffer[..most]),
        };
        match read {
            Ok(0) => {
                self.fault = Some(self.moved());
                Err(io::ErrorKind::UnexpectedEof.into())
            }
            Ok(read) => {
                self.left -= read as u64;
                Ok(read)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                let kind = error.kind();
                let fault =
                    Error::new(ErrorKind::Unavailable, self.operation, "the file cannot be read further")
                        .with_context("file", &self.entry.path);
                self.fault = Some(fault.with_source(error));
                Err(kind.into())
            }
        }
    }
}

fn changed(file: &File) -> io::Result<(i64, i64)> {
    let metadata = file.metadata()?;
    Ok((metadata.mtime(), metadata.mtime_nsec()))
}
