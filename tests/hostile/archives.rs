//! Archives that reach outside, burst, or are none.

use std::io::{Cursor, Write};

use byop_core::model::{Archive, Source, SourceLimits};
use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{EntryType, Header};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::support::World;

const DOCKERFILE: &[u8] = b"FROM scratch\nEXPOSE 80\n";

/// A tar archive that begins like a good one.
struct Tar(tar::Builder<Vec<u8>>);

impl Tar {
    fn new() -> Self {
        Self(tar::Builder::new(Vec::new())).entry("Dockerfile", EntryType::Regular, "", DOCKERFILE)
    }

    /// An entry whose name and target are written as they are: no library checks them.
    fn entry(mut self, name: &str, kind: EntryType, target: &str, bytes: &[u8]) -> Self {
        let header = header(name, kind, target, bytes.len() as u64);
        self.0.append(&header, bytes).unwrap();
        self
    }

    fn done(self) -> Vec<u8> {
        self.0.into_inner().unwrap()
    }
}

fn header(name: &str, kind: EntryType, target: &str, size: u64) -> Header {
    let mut header = Header::new_gnu();
    let raw = header.as_old_mut();
    raw.name[..name.len()].copy_from_slice(name.as_bytes());
    raw.linkname[..target.len()].copy_from_slice(target.as_bytes());
    header.set_entry_type(kind);
    header.set_mode(0o644);
    header.set_size(size);
    if matches!(kind, EntryType::Char | EntryType::Block) {
        header.set_device_major(1).unwrap();
        header.set_device_minor(3).unwrap();
    }
    header.set_cksum();
    header
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn zip_with_link(name: &str, target: &str) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.add_symlink(name, target, SimpleFileOptions::default()).unwrap();
    writer.finish().unwrap().into_inner()
}

async fn refuse(world: &World, cases: Vec<(&str, Vec<u8>, &str)>) {
    for (case, bytes, named) in cases {
        let path = world.path(&case.replace(' ', "-"));
        std::fs::write(&path, bytes).unwrap();
        let source = Source::Archive(Archive { path });
        if case == "100000 entries" {
            world.refuses_deployment(case, source, named).await;
        } else {
            world.refuses(case, source, named).await;
        }
    }
}

#[tokio::test]
async fn archives_that_reach_outside_are_refused() {
    use EntryType::{Block, Char, Directory, Fifo, GNUSparse, Link, Regular, Symlink};
    let world = World::new();
    let outside = world.outside().display().to_string();
    let absolute = world.outside().join("evil").display().to_string();
    let tar = |name: &str, kind, target: &str| Tar::new().entry(name, kind, target, b"").done();
    let file = |name: &str| tar(name, Regular, "");
    let through = |link: &str, target: &str| {
        let archive = Tar::new().entry(link, Symlink, target, b"");
        archive.entry(&format!("{link}/evil"), Regular, "", b"evil").done()
    };
    let cases = vec![
        ("parent", file("../evil"), "../evil"),
        ("parent in the middle", file("a/../../evil"), "a/../../evil"),
        ("parent folder", tar("../evil/", Directory, ""), "../evil"),
        ("absolute", file(&absolute), "evil"),
        ("absolute in tmp", file("/tmp/byop-hostile"), "byop-hostile"),
        ("no name", file(""), "name"),
        ("a control character", file("a\u{1b}[31m"), "a\\u{1b}"),
        ("a newline", file("a\nRUN evil"), "RUN evil"),
        ("a backslash", file("..\\evil"), "evil"),
        ("character device", tar("null", Char, ""), "null"),
        ("block device", tar("disk", Block, ""), "disk"),
        ("fifo", tar("pipe", Fifo, ""), "pipe"),
        ("sparse", tar("sparse", GNUSparse, ""), "sparse"),
        ("symbolic link up", tar("link", Symlink, "../../outside/passwd"), "link"),
        ("symbolic link absolute", tar("link", Symlink, "/etc/passwd"), "link"),
        ("symbolic link to itself and up", tar("a/link", Symlink, "../a/../../evil"), "link"),
        ("file through a link up", through("link", ".."), "link"),
        ("file through a link outside", through("link", &outside), "link"),
        ("file through a link inside", through("link", "."), "link"),
        ("hard link up", tar("hard", Link, "../outside/passwd"), "hard"),
        ("hard link absolute", tar("hard", Link, "/etc/passwd"), "hard"),
        ("hard link to nothing", tar("hard", Link, "nothing"), "hard"),
        ("zip parent", zip(&[("../evil", b"evil")]), "../evil"),
        ("zip absolute", zip(&[("/tmp/byop-hostile", b"evil")]), "byop-hostile"),
        ("zip backslash", zip(&[("..\\..\\evil", b"evil")]), "evil"),
        ("zip link up", zip_with_link("link", "../outside/passwd"), "link"),
        ("zip link absolute", zip_with_link("link", "/etc/passwd"), "link"),
        ("zip with a file for a folder", zip(&[("a", b"file"), ("a/b", b"file")]), "a"),
    ];
    refuse(&world, cases).await;
    world.end();
}

#[tokio::test]
async fn archives_that_burst_or_are_none_are_refused() {
    let limits = SourceLimits { bytes: 8 << 20, ..SourceLimits::default() };
    let world = World::with_limits(limits);
    let good = Tar::new().entry("data", EntryType::Regular, "", &[7; 50_000]).done();
    let zeros = vec![0; 12 << 20];
    let mut many = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for number in 0..100_000 {
        many.append(&header(&number.to_string(), EntryType::Regular, "", 0), std::io::empty()).unwrap();
    }
    let mut huge = header("huge", EntryType::Regular, "", 10 << 30).as_bytes().to_vec();
    huge.extend([0; 1_024]);
    let compressed = gzip(&good);
    let zipped = zip(&[("Dockerfile", DOCKERFILE), ("data", &[7; 50_000])]);
    let mut bad_sum = good.clone();
    bad_sum[700] ^= 0xff;
    bad_sum[148] ^= 0x01;
    let mut bad_data = zipped.clone();
    bad_data[60] ^= 0xff;
    let cases = vec![
        ("100000 entries", many.into_inner().unwrap().finish().unwrap(), "50000 entries"),
        ("10 GB announced", huge, "bytes"),
        ("a bomb of tar", gzip(&Tar::new().entry("zeros", EntryType::Regular, "", &zeros).done()), "bytes"),
        ("a bomb of zip", zip(&[("zeros", &zeros)]), "bytes"),
        ("a bomb that is no tar", gzip(&zeros), "archive"),
        ("cut tar", good[..20_000].to_vec(), "cut short"),
        ("cut in a header", good[..300].to_vec(), "archive"),
        ("cut gzip", compressed[..compressed.len() / 2].to_vec(), "cut short"),
        ("cut zip", zipped[..zipped.len() / 2].to_vec(), "archive"),
        ("a damaged header", bad_sum, "archive"),
        ("a damaged zip", bad_data, "archive"),
        ("an empty file", Vec::new(), "empty"),
        ("an empty tar", vec![0; 1_024], "archive"),
        ("an empty zip", zip(&[]), "entries"),
        ("text", b"this is no archive, whatever its name".to_vec(), "archive"),
        ("7z", b"7z\xbc\xaf\x27\x1c\x00\x04and more".to_vec(), "archive"),
        ("xz", b"\xfd7zXZ\x00and more".to_vec(), "xz"),
        ("a program", std::iter::repeat_n(b"\x7fELF", 400).flatten().copied().collect(), "archive"),
    ];
    refuse(&world, cases).await;
    let folder = world.path("folder.tar");
    std::fs::create_dir(&folder).unwrap();
    world.refuses("a folder", Source::Archive(Archive { path: folder }), "folder.tar").await;
    let path = world.path("nowhere.tar");
    world.refuses("a missing file", Source::Archive(Archive { path }), "nowhere.tar").await;
    let path = "/dev/zero".into();
    world.refuses("a device", Source::Archive(Archive { path }), "/dev/zero").await;
    world.end();
}
