//! Hostile and ordinary archives, made byte by byte: the crates' writers refuse most of these.

use std::fs;
use std::io::Write;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder};
use tempfile::TempDir;

use super::super::SourceTree;
use super::*;

mod hostile;

/// A block of a tar header.
fn header(name: &[u8], kind: u8, size: u64, link: &[u8]) -> [u8; 512] {
    let mut block = [0_u8; 512];
    block[..name.len()].copy_from_slice(name);
    block[100..108].copy_from_slice(b"0000644\0");
    block[108..116].copy_from_slice(b"0000000\0");
    block[116..124].copy_from_slice(b"0000000\0");
    if size < 1 << 33 {
        block[124..136].copy_from_slice(format!("{size:011o}\0").as_bytes());
    } else {
        block[124] = 0x80;
        block[128..136].copy_from_slice(&size.to_be_bytes());
    }
    block[136..148].copy_from_slice(b"00000000000\0");
    block[156] = kind;
    block[157..157 + link.len()].copy_from_slice(link);
    block[257..263].copy_from_slice(b"ustar ");
    block[263..265].copy_from_slice(b" \0");
    sum(&mut block);
    block
}

fn sum(block: &mut [u8; 512]) {
    block[148..156].fill(b' ');
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

#[derive(Default)]
struct Tar(Vec<u8>);

impl Tar {
    fn entry(mut self, name: impl AsRef<[u8]>, kind: u8, contents: &[u8], link: &str) -> Self {
        self.0.extend(header(name.as_ref(), kind, contents.len() as u64, link.as_bytes()));
        self.0.extend(contents);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }
    fn file(self, name: impl AsRef<[u8]>, contents: &str) -> Self {
        self.entry(name, b'0', contents.as_bytes(), "")
    }
    fn dir(self, name: &str) -> Self {
        self.entry(name, b'5', b"", "")
    }
    fn symlink(self, name: &str, link: &str) -> Self {
        self.entry(name, b'2', b"", link)
    }
    fn end(mut self) -> Vec<u8> {
        self.0.extend([0; 1024]);
        self.0
    }
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

struct ZipEntry {
    name: Vec<u8>,
    local: Vec<u8>,
    mode: u32,
    flags: u16,
    method: u16,
    size: u32,
    crc: u32,
    data: Vec<u8>,
}

#[derive(Default)]
struct Zip(Vec<ZipEntry>);

impl Zip {
    fn entry(mut self, name: impl AsRef<[u8]>, mode: u32, contents: &[u8]) -> Self {
        let mut crc = flate2::Crc::new();
        crc.update(contents);
        // An encoder for each of thousands of empty files would take seconds.
        let mut data = Vec::new();
        if !contents.is_empty() {
            DeflateEncoder::new(&mut data, Compression::best()).write_all(contents).unwrap();
        }
        let name = name.as_ref().to_vec();
        self.0.push(ZipEntry {
            local: name.clone(),
            name,
            mode,
            flags: 0x800,
            method: if contents.is_empty() { 0 } else { 8 },
            size: contents.len() as u32,
            crc: crc.sum(),
            data,
        });
        self
    }
    fn file(self, name: impl AsRef<[u8]>, contents: &str) -> Self {
        self.entry(name, 0o100_644, contents.as_bytes())
    }
    fn change(mut self, change: impl FnOnce(&mut ZipEntry)) -> Self {
        change(self.0.last_mut().unwrap());
        self
    }
    fn end(self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut directory = Vec::new();
        for entry in &self.0 {
            let offset = out.len() as u32;
            let mut shared = Vec::new();
            for field in [20, entry.flags, entry.method, 0, 0x21] {
                shared.extend(field.to_le_bytes());
            }
            shared.extend(entry.crc.to_le_bytes());
            shared.extend((entry.data.len() as u32).to_le_bytes());
            shared.extend(entry.size.to_le_bytes());
            out.extend(b"PK\x03\x04");
            out.extend(&shared);
            out.extend((entry.local.len() as u16).to_le_bytes());
            out.extend(0_u16.to_le_bytes());
            out.extend(&entry.local);
            out.extend(&entry.data);
            directory.extend(b"PK\x01\x02");
            directory.extend([20, 3]);
            directory.extend(&shared);
            directory.extend((entry.name.len() as u16).to_le_bytes());
            directory.extend([0; 8]);
            directory.extend((entry.mode << 16).to_le_bytes());
            directory.extend(offset.to_le_bytes());
            directory.extend(&entry.name);
        }
        let start = out.len() as u32;
        let count = (self.0.len() as u16).to_le_bytes();
        out.extend(&directory);
        out.extend(b"PK\x05\x06\0\0\0\0");
        out.extend(count);
        out.extend(count);
        out.extend((directory.len() as u32).to_le_bytes());
        out.extend(start.to_le_bytes());
        out.extend([0, 0]);
        out
    }
}

fn limits() -> SourceLimits {
    SourceLimits { entries: 1_000, bytes: 1 << 20, depth: 20, ..SourceLimits::default() }
}

/// A place of its own, with a file that nobody may change.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        let dir = TempDir::new().unwrap();
        fs::write(dir.path().join("victim"), "untouched").unwrap();
        Self(dir)
    }

    fn unpack(&self, bytes: &[u8], limits: &SourceLimits) -> Result<SourceTree> {
        let (archive, into) = (self.0.path().join("archive"), self.0.path().join("into"));
        fs::write(&archive, bytes).unwrap();
        let top = unpack(&archive, &into, limits, &Stop::default())?;
        super::super::checked(&top, &into, limits)
    }

    /// Nothing but what was there before.
    fn check_clean(&self) {
        let mut names: Vec<_> =
            fs::read_dir(self.0.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["archive", "victim"]);
        assert_eq!(fs::read_to_string(self.0.path().join("victim")).unwrap(), "untouched");
    }
}

fn refuse_within(bytes: &[u8], limits: &SourceLimits) -> Error {
    let place = Place::new();
    let error = place.unpack(bytes, limits).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error:?}");
    place.check_clean();
    error
}

fn refuse(bytes: &[u8]) -> Error {
    refuse_within(bytes, &limits())
}

/// The name of the refused entry.
#[track_caller]
fn refuse_entry(bytes: &[u8], entry: &str) -> Error {
    let error = refuse(bytes);
    assert_eq!(error.context("entry"), Some(entry), "{error:?}");
    error
}

fn accept(bytes: &[u8]) -> Vec<String> {
    let place = Place::new();
    let tree = place.unpack(bytes, &limits()).unwrap();
    tree.entries().iter().map(|entry| entry.path.clone()).collect()
}

#[test]
fn ordinary_archives_of_each_kind_are_unpacked() {
    let tar = Tar::default().dir("src/").file("src/a.txt", "hello").symlink("b", "src/a.txt").end();
    let zip = Zip::default()
        .entry("src/", 0o040_755, b"")
        .file("src/a.txt", "hello")
        .entry("b", 0o120_777, b"src/a.txt")
        .end();
    for bytes in [gz(&tar), tar, zip] {
        let place = Place::new();
        let tree = place.unpack(&bytes, &limits()).unwrap();
        assert_eq!(tree.entries().len(), 3);
        assert_eq!(tree.read_text("b").unwrap().as_deref(), Some("hello"));
    }
}

#[test]
fn a_single_folder_around_everything_is_stripped() {
    let extra = b"20 comment=abcdefgh\n";
    let tar = Tar::default()
        .entry("pax_global_header", b'g', extra, "")
        .dir("app-1.0/")
        .file("app-1.0/package.json", "{}")
        .end();
    assert_eq!(accept(&tar), ["package.json"]);
    assert_eq!(accept(&Zip::default().file("app/a", "").file("__MACOSX/app/._a", "").end()), ["a"]);
    assert_eq!(accept(&Tar::default().file("./app/a", "").file("b", "").end()), ["app", "app/a", "b"]);
}

#[test]
fn executable_bits_survive_and_others_do_not() {
    use std::os::unix::fs::PermissionsExt;
    let mut tar = Tar::default().file("run", "").file("text", "").end();
    tar[100..108].copy_from_slice(b"0004777\0");
    let mut block: [u8; 512] = tar[..512].try_into().unwrap();
    sum(&mut block);
    tar[..512].copy_from_slice(&block);
    let place = Place::new();
    let tree = place.unpack(&tar, &limits()).unwrap();
    assert_eq!(tree.entries().iter().map(|entry| entry.executable).collect::<Vec<_>>(), [true, false]);
    let mode = fs::metadata(place.0.path().join("into/run")).unwrap().permissions().mode();
    assert_eq!(mode & 0o6000, 0);
}

#[test]
fn what_is_never_listed_is_not_unpacked_either() {
    let tar = Tar::default()
        .file("app", "")
        .file(".git/hooks/pre-commit", "x")
        .symlink("node_modules/.bin/x", "/usr/bin/env")
        .end();
    let place = Place::new();
    place.unpack(&tar, &limits()).unwrap();
    assert_eq!(fs::read_dir(place.0.path().join("into")).unwrap().count(), 1);
}

#[test]
fn a_hundred_thousand_entries_are_refused_at_the_limit() {
    let mut tar = Tar::default();
    for index in 0..100_000 {
        tar.0.extend(header(format!("f{index}").as_bytes(), b'0', 0, b""));
    }
    let error = refuse(&tar.end());
    assert_eq!((error.context("limit"), error.context("entry")), (Some("entries"), Some("f1000")));
}

#[test]
fn a_zip_with_sixty_thousand_entries_is_refused_at_the_limit() {
    let mut zip = Zip::default();
    for index in 0..60_000 {
        zip = zip.file(format!("f{index}"), "");
    }
    assert_eq!(refuse(&zip.end()).context("limit"), Some("entries"));
}

#[test]
fn deep_nesting_is_refused_at_the_limit() {
    let name = "d/".repeat(40) + "f";
    for bytes in [Tar::default().file(&name, "").end(), Zip::default().file(&name, "").end()] {
        assert_eq!(refuse(&bytes).context("limit"), Some("depth"));
    }
}

#[test]
fn a_large_file_is_refused_by_its_header_alone() {
    let error = refuse_entry(&header(b"big", b'0', 10 << 30, b""), "big");
    assert_eq!(error.context("limit"), Some("bytes"));
}

#[test]
fn a_sparse_file_of_ten_gigabytes_is_refused_at_once() {
    let mut block = header(b"sparse", b'S', 0, b"");
    block[483] = 0x80;
    block[487..495].copy_from_slice(&(10_u64 << 30).to_be_bytes());
    sum(&mut block);
    let start = Instant::now();
    assert_eq!(refuse_entry(&block, "sparse").context("limit"), Some("bytes"));
    assert!(start.elapsed() < Duration::from_secs(1));
}

#[test]
fn a_small_sparse_file_is_refused_with_what_to_do() {
    let small = refuse_entry(&Tar::default().entry("s", b'S', b"", "").end(), "s");
    assert!(small.remedy().unwrap().contains("--sparse"));
    refuse_entry(&Tar::default().entry("x", b'x', b"22 GNU.sparse.major=1\n", "").file("s", "").end(), "x");
}

#[test]
fn a_tar_bomb_stops_at_the_byte_limit() {
    let mut tar = Tar::default();
    for index in 0..20 {
        tar = tar.entry(format!("zeros{index}"), b'0', &vec![0; 100 << 10], "");
    }
    let bomb = gz(&tar.end());
    assert!(bomb.len() < 40 << 10);
    assert_eq!(refuse(&bomb).context("limit"), Some("bytes"));
}

#[test]
fn a_bomb_in_what_is_left_out_stops_at_the_byte_limit_too() {
    let mut tar = Tar::default().file("app", "");
    for index in 0..20 {
        tar = tar.entry(format!(".git/zeros{index}"), b'0', &vec![0; 100 << 10], "");
    }
    assert_eq!(refuse(&gz(&tar.end())).context("limit"), Some("bytes"));
}

#[test]
fn a_zip_bomb_stops_at_the_byte_limit() {
    let zip = Zip::default().entry("bomb", 0o100_644, &vec![0; 2 << 20]).end();
    assert_eq!(refuse_entry(&zip, "bomb").context("limit"), Some("bytes"));
}

#[test]
fn a_zip_bomb_that_lies_about_its_size_is_refused() {
    let zip =
        Zip::default().entry("bomb", 0o100_644, &vec![0; 2 << 20]).change(|entry| entry.size = 10).end();
    refuse_entry(&zip, "bomb");
}

#[test]
fn zip_entries_that_share_their_data_are_refused() {
    // Both entries of the directory point at the first one's data.
    let mut zip = Zip::default().file("a", "1234").file("b", "1234").end();
    let second = zip.windows(4).rposition(|four| four == b"PK\x01\x02").unwrap();
    zip[second + 42..second + 46].fill(0);
    refuse(&zip);
}

#[test]
fn a_zip_whose_two_names_differ_is_refused() {
    refuse(&Zip::default().file("good", "").change(|entry| entry.local = b"evil".to_vec()).end());
}

#[test]
fn an_encrypted_zip_is_refused_with_what_to_do() {
    let error = refuse_entry(&Zip::default().file("a", "x").change(|entry| entry.flags |= 1).end(), "a");
    assert!(error.remedy().unwrap().contains("password"));
}

#[test]
fn an_unknown_compression_is_refused_with_what_to_do() {
    let error = refuse_entry(&Zip::default().file("a", "x").change(|entry| entry.method = 14).end(), "a");
    assert!(error.remedy().unwrap().contains("deflate"));
}

#[test]
fn a_wrong_checksum_in_a_zip_is_refused() {
    refuse_entry(&Zip::default().file("a", "text").change(|entry| entry.crc ^= 1).end(), "a");
}

#[test]
fn archives_that_were_cut_short_are_refused() {
    let tar = Tar::default().file("a", &"text ".repeat(2000)).file("b", "").end();
    let zip = Zip::default().file("a", "text").end();
    let packed = gz(&tar);
    for bytes in [
        &tar[..512],
        &tar[..1024],
        &tar[..5000],
        &tar[..tar.len() - 1024],
        &packed[..packed.len() / 2],
        &zip[..zip.len() - 5],
        &zip[..20],
    ] {
        refuse(bytes);
    }
}

#[test]
fn a_header_with_a_wrong_checksum_is_refused() {
    let mut tar = Tar::default().file("a", "").file("b", "").end();
    tar[512] = b'z';
    refuse(&tar);
}

#[test]
fn files_that_are_no_archive_are_refused_with_what_to_do() {
    let cases: [(&[u8], &str); 6] = [
        (b"", "empty file"),
        (b"#!/bin/sh\necho", "no known archive"),
        (&[b'x'; 2000], "no known archive"),
        (b"\xfd7zXZ\0rest", "xz"),
        (b"\x28\xb5\x2f\xfdrest", "zstd"),
        (b"Rar!\x1a\x07", "rar"),
    ];
    for (bytes, part) in cases {
        assert!(refuse(bytes).message().contains(part), "{part}");
    }
}

#[test]
fn empty_archives_are_refused() {
    for bytes in [gz(&Tar::default().end()), Zip::default().end(), gz(b""), Tar::default().dir("./").end()] {
        refuse(&bytes);
    }
    refuse(&[0; 1024]);
}

#[test]
fn a_compressed_file_that_is_no_tar_is_refused() {
    refuse(&gz(&b"just some text".repeat(100)));
}

#[test]
fn a_missing_archive_is_not_found_and_a_folder_or_pipe_is_refused() {
    let place = Place::new();
    let run = |name: &str| {
        let path = place.0.path();
        unpack(&path.join(name), &path.join("into"), &limits(), &Stop::default()).unwrap_err().kind()
    };
    assert_eq!(run("missing"), ErrorKind::NotFound);
    assert_eq!(run("."), ErrorKind::InvalidInput);
    let pipe = place.0.path().join("pipe");
    let mode = rustix::fs::Mode::RWXU;
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    assert_eq!(run("pipe"), ErrorKind::InvalidInput);
}

#[test]
fn work_that_is_given_up_leaves_nothing() {
    let place = Place::new();
    let archive = place.0.path().join("archive");
    fs::write(&archive, Tar::default().file("a", "").end()).unwrap();
    let stop = Stop::default();
    stop.ask();
    let error = unpack(&archive, &place.0.path().join("into"), &limits(), &stop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    place.check_clean();
}

#[tokio::test]
async fn fetching_an_archive_twice_replaces_the_first_try() {
    let place = Place::new();
    let archive = place.0.path().join("archive");
    fs::write(&archive, Tar::default().file("a", "").file("b", "").end()).unwrap();
    let source = crate::model::Source::Archive(crate::model::Archive { path: archive });
    let secrets = crate::secret::MemorySecrets::new();
    let work = place.0.path().join("work");
    for _ in 0..2 {
        let fetched = super::super::fetch(&source, work.clone(), &limits(), &secrets).await.unwrap();
        assert!(fetched.tree.has_file("a") && fetched.revision.is_none());
    }
}

/// What the usual programs write is read, whatever their taste in headers.
#[test]
fn archives_of_the_tar_crate_and_the_zip_crate_are_unpacked() {
    let mut tar = ::tar::Builder::new(Vec::new());
    let long = format!("{}/{}", "d".repeat(150), "f".repeat(150));
    let mut block = ::tar::Header::new_gnu();
    block.set_size(2);
    block.set_mode(0o644);
    tar.append_data(&mut block, &long, &b"hi"[..]).unwrap();
    tar.append_pax_extensions([("path", "named/by/pax".as_bytes())]).unwrap();
    let mut block = ::tar::Header::new_ustar();
    block.set_size(2);
    block.set_mode(0o644);
    tar.append_data(&mut block, "short", &b"hi"[..]).unwrap();
    let paths = accept(&tar.into_inner().unwrap());
    assert!(paths.contains(&long) && paths.contains(&"named/by/pax".to_owned()), "{paths:?}");

    let mut zip = ::zip::ZipWriter::new(io::Cursor::new(Vec::new()));
    let options = ::zip::write::SimpleFileOptions::default();
    zip.add_directory("d/", options).unwrap();
    zip.start_file("d/f", options).unwrap();
    zip.write_all(b"hi").unwrap();
    zip.start_file("g", options).unwrap();
    assert_eq!(accept(&zip.finish().unwrap().into_inner()), ["d", "d/f", "g"]);
}
