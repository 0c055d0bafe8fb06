//! The entries of a tar archive. The extensions for long names are read here and not by the crate, which would hold
//! one of any size in memory.

use std::io::Read;

use tar::{Archive, Entry, EntryType, Header};

use super::{Bounded, OPERATION, damaged, entry_name, refused};
use crate::error::{Error, Result};
use crate::source::unpack::Unpack;

/// A name or link of any real system fits many times.
const EXTENSION_LIMIT: u64 = 64 << 10;

/// Whether a file begins like a tar archive: by its checksum, which the oldest form has too.
pub(super) fn is_header(start: &[u8]) -> bool {
    let Ok(block) = <&[u8; 512]>::try_from(start) else { return false };
    let mut header = Header::new_old();
    header.as_mut_bytes().copy_from_slice(block);
    let claimed = header.cksum().unwrap_or_default();
    header.set_cksum();
    claimed != 0 && header.cksum().is_ok_and(|sum| sum == claimed)
}

/// What the entries before a member say of it.
#[derive(Default)]
struct Extensions {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
}

pub(super) fn read(input: Bounded<impl Read>, target: &mut Unpack<'_>) -> Result<()> {
    let mut archive = Archive::new(input);
    let mut extensions = Extensions::default();
    let mut members = 0_usize;
    for entry in archive.entries().map_err(damaged)?.raw(true) {
        let mut entry = entry.map_err(damaged)?;
        if !extensions.take(&mut entry)? {
            member(&mut entry, std::mem::take(&mut extensions), target)?;
            members += 1;
        }
    }
    if members == 0 {
        return Err(Error::invalid(OPERATION, "the archive has no entries"));
    }
    if archive.into_inner().zeros < 512 {
        return Err(damaged(std::io::ErrorKind::UnexpectedEof.into()));
    }
    Ok(())
}

impl Extensions {
    /// Takes what an entry says of the next member; `false` when it is a member itself.
    fn take(&mut self, entry: &mut Entry<'_, impl Read>) -> Result<bool> {
        let kind = entry.header().entry_type();
        if kind.is_gnu_longname() {
            let name = contents(entry)?;
            self.path = Some(until_nul(name));
        } else if kind.is_gnu_longlink() {
            let link = contents(entry)?;
            self.link = Some(until_nul(link));
        } else if kind.is_pax_local_extensions() || kind.is_pax_global_extensions() {
            let name = entry.header().path_bytes().into_owned();
            self.take_records(&name, &contents(entry)?, kind.is_pax_global_extensions())?;
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// Records are `<length> <key>=<value>\n`, and a value may hold a newline: only the length tells where it ends.
    fn take_records(&mut self, name: &[u8], mut rest: &[u8], is_global: bool) -> Result<()> {
        let bad = || refused(name, "an extended header cannot be read");
        while !rest.is_empty() {
            let space = rest.iter().position(|byte| *byte == b' ').ok_or_else(bad)?;
            let digits = std::str::from_utf8(&rest[..space]).map_err(|_| bad())?;
            let length: usize = digits.parse().map_err(|_| bad())?;
            let record = rest.get(space + 1..length).ok_or_else(bad)?;
            let record = record.strip_suffix(b"\n").ok_or_else(bad)?;
            let equals = record.iter().position(|byte| *byte == b'=').ok_or_else(bad)?;
            let (key, value) = (&record[..equals], &record[equals + 1..]);
            rest = &rest[length..];
            match key {
                b"path" | b"linkpath" | b"size" if is_global => {
                    return Err(refused(name, "a global extended header names or measures every entry"));
                }
                b"path" => self.path = Some(value.to_vec()),
                b"linkpath" => self.link = Some(value.to_vec()),
                b"size" => {
                    let digits = std::str::from_utf8(value).map_err(|_| bad())?;
                    self.size = Some(digits.parse().map_err(|_| bad())?);
                }
                key if key.starts_with(b"GNU.sparse.") => return Err(sparse(name)),
                _ => {}
            }
        }
        Ok(())
    }
}

fn member(entry: &mut Entry<'_, impl Read>, extensions: Extensions, target: &mut Unpack<'_>) -> Result<()> {
    let header = entry.header().clone();
    let raw = extensions.path.unwrap_or_else(|| header.path_bytes().into_owned());
    let name = entry_name(&raw)?;
    let size = header.entry_size().map_err(damaged)?;
    if extensions.size.is_some_and(|other| other != size) {
        target.expect(name, extensions.size.unwrap_or(size))?;
        return Err(refused(&raw, "an entry has two sizes"));
    }
    let link = || {
        let link = extensions.link.clone().or_else(|| header.link_name_bytes().map(|link| link.into_owned()));
        let link = link.unwrap_or_default();
        String::from_utf8(link)
            .map_err(|error| refused(&raw, "the target of a link is not valid UTF-8").with_source(error))
    };
    match header.entry_type() {
        EntryType::Directory => target.dir(name),
        // The oldest form has no kind for folders.
        EntryType::Regular if raw.ends_with(b"/") && size == 0 => target.dir(name),
        EntryType::Regular | EntryType::Continuous => {
            let executable = header.mode().map_err(damaged)? & 0o100 != 0;
            target.file(name, executable, size, entry)
        }
        EntryType::Symlink => target.symlink(name, &link()?),
        EntryType::Link => target.hard_link(name, entry_name(link()?.as_bytes())?),
        EntryType::GNUSparse => {
            let real = header.as_gnu().and_then(|gnu| gnu.real_size().ok());
            target.expect(name, real.unwrap_or(size))?;
            Err(sparse(&raw))
        }
        other => Err(refused(&raw, format!("the archive has a {}", kind_name(other)))
            .with_remedy("a source may hold files, folders and links only; leave it out")),
    }
}

fn kind_name(kind: EntryType) -> String {
    match kind {
        EntryType::Fifo => "named pipe".to_owned(),
        EntryType::Char | EntryType::Block => "device".to_owned(),
        other => format!("member of the kind {:?}", char::from(other.as_byte())),
    }
}

fn sparse(name: &[u8]) -> Error {
    refused(name, "the archive has a sparse file").with_remedy("pack it again without `--sparse`")
}

fn contents(entry: &mut Entry<'_, impl Read>) -> Result<Vec<u8>> {
    let size = entry.header().entry_size().map_err(damaged)?;
    if size > EXTENSION_LIMIT {
        let name = entry.header().path_bytes().into_owned();
        return Err(refused(&name, format!("an extended header is larger than {EXTENSION_LIMIT} bytes")));
    }
    let mut bytes = Vec::new();
    entry.read_to_end(&mut bytes).map_err(damaged)?;
    if bytes.len() as u64 == size {
        Ok(bytes)
    } else {
        Err(damaged(std::io::ErrorKind::UnexpectedEof.into()))
    }
}

/// Names of this form end with a NUL; one in the middle stays, and is refused with the name.
fn until_nul(mut name: Vec<u8>) -> Vec<u8> {
    if name.last() == Some(&0) {
        name.pop();
    }
    name
}
