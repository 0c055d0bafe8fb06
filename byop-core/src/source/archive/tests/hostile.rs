//! Entries that no source may have.

use super::*;

#[test]
fn names_with_two_dots_are_refused() {
    for name in ["../victim", "a/../../victim", "a/..", "..", "./../victim"] {
        let shown = name.strip_prefix("./").unwrap_or(name);
        for bytes in [Tar::default().file(name, "x").end(), Zip::default().file(name, "x").end()] {
            assert_eq!(refuse(&bytes).context("entry"), Some(shown));
        }
    }
}

#[test]
fn absolute_names_are_refused() {
    for name in ["/tmp/byop-absolute", "//x", ".//x"] {
        for bytes in [Tar::default().file(name, "x").end(), Zip::default().file(name, "x").end()] {
            assert_eq!(refuse(&bytes).context("entry"), Some(name));
        }
    }
}

#[test]
fn backslashes_and_drive_letters_are_refused() {
    for name in ["..\\victim", "a\\b", "C:\\x", "C:x"] {
        for bytes in [Tar::default().file(name, "x").end(), Zip::default().file(name, "x").end()] {
            assert_eq!(refuse(&bytes).kind(), ErrorKind::InvalidInput);
        }
    }
}

#[test]
fn control_characters_in_names_are_refused_and_shown_escaped() {
    let error = refuse(&Tar::default().file("a\nb", "x").end());
    assert_eq!(error.context("entry"), Some("a\\nb"));
}

#[test]
fn a_nul_in_a_long_name_is_refused() {
    let tar = Tar::default().entry("././@LongLink", b'L', b"good\0/../bad\0", "").file("x", "").end();
    refuse_entry(&tar, "good\\0/../bad");
    refuse(&Zip::default().file("a\0b", "").end());
}

#[test]
fn names_that_are_not_utf8_are_refused() {
    for bytes in [Tar::default().file(b"caf\xe9", "").end(), Zip::default().file(b"caf\xe9", "").end()] {
        assert!(refuse(&bytes).context("entry").unwrap().starts_with("caf"));
    }
}

#[test]
fn a_part_of_a_name_that_is_too_long_is_refused() {
    let name = "n".repeat(300);
    let tar = Tar::default().entry("././@LongLink", b'L', name.as_bytes(), "").file("x", "").end();
    assert!(refuse(&tar).message().contains("255"));
}

#[test]
fn a_long_name_beyond_all_reason_is_not_held_in_memory() {
    let mut bytes = header(b"././@LongLink", b'L', 8 << 30, b"").to_vec();
    bytes.extend([b'a'; 4096]);
    refuse_entry(&bytes, "././@LongLink");
}

#[test]
fn a_pax_name_with_a_newline_cannot_hide_another() {
    let record = b"27 path=ok\n19 path=../evil\n";
    assert_eq!(record.len(), 27);
    let tar = Tar::default().entry("x", b'x', record, "").file("y", "").end();
    refuse_entry(&tar, "ok\\n19 path=../evil");
}

#[test]
fn a_pax_name_that_leaves_the_root_is_refused() {
    refuse_entry(
        &Tar::default().entry("x", b'x', b"18 path=../victim\n", "").file("y", "").end(),
        "../victim",
    );
}

#[test]
fn pax_records_that_cannot_be_read_are_refused() {
    for record in [&b"999 path=a\n"[..], b"path=a\n", b"0 \n", b"5 a\n", b"7 path=\xff", b"2 "] {
        refuse_entry(&Tar::default().entry("x", b'x', record, "").file("y", "").end(), "x");
    }
}

#[test]
fn two_sizes_for_one_entry_are_refused() {
    refuse_entry(&Tar::default().entry("x", b'x', b"10 size=0\n", "").file("y", "data").end(), "y");
}

#[test]
fn a_global_name_is_refused() {
    refuse_entry(&Tar::default().entry("g", b'g', b"10 path=a\n", "").file("y", "").end(), "g");
}

#[test]
fn links_out_of_the_root_are_refused() {
    for link in ["/etc/passwd", "../victim", "a/../../victim", "../../../../etc"] {
        for bytes in [
            Tar::default().symlink("l", link).end(),
            Zip::default().entry("l", 0o120_777, link.as_bytes()).end(),
        ] {
            let error = refuse_entry(&bytes, "l");
            assert_eq!(error.context("target"), Some(link));
        }
    }
}

#[test]
fn links_that_leave_the_root_only_together_are_refused() {
    let tar = Tar::default()
        .dir("a/b/")
        .symlink("a/b/up", "../..")
        .symlink("x", "a/b/up/../victim")
        .file("y", "")
        .end();
    assert_eq!(refuse(&tar).context("link"), Some("x"));
}

#[test]
fn a_link_that_leaves_the_stripped_folder_is_refused() {
    let tar = Tar::default().dir("top/").symlink("top/l", "../other").end();
    assert_eq!(refuse(&tar).context("link"), Some("l"));
}

#[test]
fn writing_through_a_link_is_refused() {
    let tar = Tar::default().dir("d/").symlink("l", "d").file("l/victim", "x").end();
    let error = refuse_entry(&tar, "l/victim");
    assert_eq!(error.context("other"), Some("l"));
    let zip = Zip::default().entry("l", 0o120_777, b"d").file("l/victim", "x").end();
    refuse_entry(&zip, "l/victim");
}

#[test]
fn a_file_in_the_place_of_a_link_is_refused() {
    refuse_entry(&Tar::default().file("a", "1").symlink("l", "a").file("l", "x").end(), "l");
}

#[test]
fn a_folder_in_the_place_of_a_link_is_refused() {
    refuse_entry(&Tar::default().dir("a/").symlink("l", "a").dir("l/").end(), "l");
}

#[test]
fn a_link_in_the_place_of_a_folder_is_refused() {
    refuse_entry(&Tar::default().dir("d/").symlink("d", ".").end(), "d");
}

#[test]
fn a_file_below_a_file_is_refused() {
    refuse_entry(&Tar::default().file("a", "").file("a/b", "").end(), "a/b");
    refuse_entry(&Zip::default().file("a", "").file("a/b", "").end(), "a/b");
}

#[test]
fn a_name_that_is_there_twice_is_refused() {
    refuse_entry(&Tar::default().file("a", "1").file("a", "2").end(), "a");
    assert!(refuse(&Zip::default().file("a", "1").file("a", "2").end()).message().contains("twice"));
}

#[test]
fn a_folder_that_is_there_twice_is_fine() {
    assert_eq!(
        accept(&Tar::default().dir("d/").file("d/a", "").dir("d/").file("b", "").end()),
        ["b", "d", "d/a"]
    );
}

#[test]
fn a_link_that_differs_only_by_case_is_refused() {
    refuse_entry(&Tar::default().symlink("Dir", "other").dir("dir/").end(), "dir");
    refuse_entry(&Tar::default().file("readme", "").symlink("README", "x").end(), "README");
    assert_eq!(accept(&Tar::default().file("readme", "").file("README", "").end()), ["README", "readme"]);
}

#[test]
fn an_empty_link_and_one_with_a_backslash_are_refused() {
    refuse_entry(&Tar::default().symlink("l", "").end(), "l");
    refuse_entry(&Tar::default().symlink("l", "..\\x").end(), "l");
}

#[test]
fn a_hard_link_to_an_earlier_file_is_unpacked() {
    let place = Place::new();
    let tar = Tar::default().file("a", "text").entry("b", b'1', b"", "./a").end();
    let tree = place.unpack(&tar, &limits()).unwrap();
    assert_eq!(tree.read_text("b").unwrap().as_deref(), Some("text"));
}

#[test]
fn hard_links_to_anything_else_are_refused() {
    for link in ["../victim", "/etc/passwd", "later", "l", "d"] {
        let tar =
            Tar::default().dir("d/").symlink("l", "d").entry("h", b'1', b"", link).file("later", "").end();
        assert_eq!(refuse_entry(&tar, "h").context("target"), Some(link));
    }
}

#[test]
fn devices_and_pipes_are_refused() {
    for kind in *b"346" {
        refuse_entry(&Tar::default().entry("special", kind, b"", "").end(), "special");
    }
    for mode in [0o010_644, 0o020_644, 0o060_644, 0o140_644] {
        refuse_entry(&Zip::default().entry("special", mode, b"").end(), "special");
    }
}

#[test]
fn unknown_kinds_are_refused() {
    for kind in *b"VMDA" {
        refuse_entry(&Tar::default().entry("odd", kind, b"", "").end(), "odd");
    }
}

/// Not random: the same bytes are damaged in each run.
#[test]
fn damaged_archives_never_write_outside_and_never_panic() {
    let tar = Tar::default()
        .entry("././@LongLink", b'L', b"long/name\0", "")
        .file("x", "one")
        .entry("x", b'x', b"12 path=a/b\n", "")
        .file("y", "two")
        .dir("d/")
        .symlink("d/l", "../a/b")
        .entry("h", b'1', b"", "a/b")
        .end();
    let zip =
        Zip::default().file("a/b", "text").entry("l", 0o120_777, b"a/b").entry("d/", 0o040_755, b"").end();
    let mut state = 1_u64;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    let mut refused = 0;
    for whole in [&tar, &zip, &gz(&tar)] {
        for _ in 0..400 {
            let mut bytes = whole.clone();
            for _ in 0..=next(3) {
                let at = next(bytes.len());
                bytes[at] = [0, b'/', b'.', b'7', 0xff, bytes[at] ^ 1][next(6)];
            }
            let header = next(8) * 512;
            if whole == &tar && bytes.len() >= header + 512 {
                // With a right checksum again, so that the damage is looked at.
                let mut block: [u8; 512] = bytes[header..header + 512].try_into().unwrap();
                sum(&mut block);
                bytes[header..header + 512].copy_from_slice(&block);
            }
            let place = Place::new();
            match place.unpack(&bytes, &limits()) {
                Ok(_) => fs::remove_dir_all(place.0.path().join("into")).unwrap(),
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error:?}");
                    refused += 1;
                }
            }
            place.check_clean();
        }
    }
    assert!(refused > 100, "only {refused} were refused");
}
