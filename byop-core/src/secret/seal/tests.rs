use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::id::SystemEntropy;

const LABEL: Label<'static> = Label { collection: "secrets", name: "vault/db", version: 3 };

fn key() -> Key {
    Key::generate(&SystemEntropy).unwrap()
}

fn sealed(ring: &Keyring, value: &str) -> Sealed {
    ring.seal(&LABEL, &Secret::new(value), &SystemEntropy).unwrap()
}

#[test]
fn what_is_sealed_opens_again_and_shows_nothing() {
    let ring = Keyring::new(key());
    for value in ["", "hunter2", "grüße\n🔑", &"long".repeat(10_000)] {
        let sealed = sealed(&ring, value);
        let text = serde_json::to_string(&sealed).unwrap();
        assert!(value.is_empty() || !text.contains(value));
        let back: Sealed = serde_json::from_str(&text).unwrap();
        assert_eq!(ring.open(&LABEL, &back).unwrap().expose(), value);
    }
}

#[test]
fn sealing_twice_gives_two_texts() {
    let ring = Keyring::new(key());
    let (one, two) = (sealed(&ring, "same"), sealed(&ring, "same"));
    assert!(one.salt != two.salt && one.ciphertext != two.ciphertext);
}

#[test]
fn every_flipped_bit_is_noticed() {
    let ring = Keyring::new(key());
    let sealed = sealed(&ring, "a value of some length, so that there is something to flip");
    let mut flips = 0;
    for is_salt in [true, false] {
        let text = if is_salt { &sealed.salt } else { &sealed.ciphertext };
        let bytes = key::from_base64(text).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut bytes = bytes.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let mut changed = sealed.clone();
            let field = if is_salt { &mut changed.salt } else { &mut changed.ciphertext };
            *field = key::to_base64(&bytes);
            assert_eq!(ring.open(&LABEL, &changed).unwrap_err().kind(), ErrorKind::Corrupt);
            flips += 1;
        }
    }
    assert!(flips > 800, "{flips}");
}

#[test]
fn a_sealed_value_fits_only_where_it_was_stored() {
    let ring = Keyring::new(key());
    let sealed = sealed(&ring, "value");
    for label in [
        Label { collection: "other", ..LABEL },
        Label { name: "vault/other", ..LABEL },
        Label { version: 2, ..LABEL },
        Label { collection: "secretsv", name: "ault/db", version: 3 },
    ] {
        assert_eq!(ring.open(&label, &sealed).unwrap_err().kind(), ErrorKind::Corrupt, "{label:?}");
    }
}

#[test]
fn another_key_is_told_by_name() {
    let (old, new) = (key(), key());
    let sealed = sealed(&Keyring::new(old.clone()), "value");
    let error = Keyring::new(new.clone()).open(&LABEL, &sealed).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert_eq!(error.context("needed"), Some(old.id().as_str()));
    assert_eq!(error.context("given"), Some(new.id().as_str()));
    let both = Keyring::new(new).with_previous(old);
    assert_eq!(both.open(&LABEL, &sealed).unwrap().expose(), "value");
}

#[test]
fn keys_are_read_in_base64_and_hexadecimal_and_never_shown() {
    let key = key();
    let text = key.to_text();
    let hex = key::to_hex(key.bytes());
    for form in
        [text.expose(), text.expose().trim_end_matches('='), &hex, &hex.to_uppercase(), &format!(" {hex}\n")]
    {
        assert_eq!(Key::parse(form).unwrap().id(), key.id());
    }
    for shown in [format!("{key:?}"), format!("{:?}", Keyring::new(key.clone()))] {
        assert!(!shown.contains(text.expose()) && !shown.contains(&hex) && shown.contains(key.id().as_str()));
    }
    for bad in ["", "hunter2", "AAAA", &"00".repeat(32), &"x".repeat(64), &format!("{hex}00")] {
        let error = Key::parse(bad).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{bad}");
        assert!(bad.is_empty() || !format!("{error:?}").contains(bad), "{error:?}");
    }
}

#[test]
fn a_key_file_is_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let (one, two) = (key(), key());
    fs::write(&path, format!("# since March\n{}\n\n{}\n", one.to_text().expose(), two.to_text().expose()))
        .unwrap();
    for (mode, is_fine) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false), (0o666, false)] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        match Keyring::from_file(&path) {
            Ok(ring) => assert!(is_fine && ring.ids().collect::<Vec<_>>() == [one.id(), two.id()]),
            Err(error) => {
                assert!(!is_fine && error.kind() == ErrorKind::PermissionDenied, "{error:?}");
                assert!(error.remedy().unwrap().contains("chmod 600"));
            }
        }
    }
    assert_eq!(Keyring::from_file(folder.path().join("none")).unwrap_err().kind(), ErrorKind::NotFound);
    let empty = folder.path().join("empty");
    fs::write(&empty, "# nothing\n").unwrap();
    fs::set_permissions(&empty, fs::Permissions::from_mode(0o600)).unwrap();
    let error = Keyring::from_file(&empty).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.context("file").unwrap().ends_with("empty"));
}

#[test]
fn without_randomness_nothing_is_sealed() {
    #[derive(Debug)]
    struct Dead;
    impl Entropy for Dead {
        fn fill(&self, _: &mut [u8]) {}
    }
    assert_eq!(Key::generate(&Dead).unwrap_err().kind(), ErrorKind::Unavailable);
    let refused = Keyring::new(key()).seal(&LABEL, &Secret::new("x"), &Dead);
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Unavailable);
}

#[test]
fn fingerprints_tell_values_names_and_keys_apart() {
    let print =
        |key: &str, name: &str, value: &str| fingerprint(&Secret::new(key), name, &Secret::new(value));
    assert_eq!(print("k", "a", "b"), print("k", "a", "b"));
    let prints = [print("k", "a", "b"), print("k", "a", "c"), print("k", "ab", ""), print("l", "a", "b")];
    assert_eq!(prints.iter().collect::<std::collections::BTreeSet<_>>().len(), 4);
}
