//! What a server runs at its first start, in the form that the vendor takes.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use byop_core::{Error, ErrorKind, Result, Secret};
use flate2::Compression;
use flate2::write::GzEncoder;

/// The most bytes that the vendor takes.
const LIMIT: usize = 16 * 1024;
/// The most that byop takes: what is larger than the limit is packed, and the usual text becomes a third.
pub(super) const MOST: usize = 48 * 1024;

const PART: &str = "byop-part-5f0c2e7d91";
const CREATE: &str = "server.create";

/// The user data in base 64, packed if it has to be. The vendor takes one SSH key; others come with the data.
pub(super) fn encode(data: Option<&Secret>, other_keys: &[String]) -> Result<Option<Secret>> {
    let joined;
    let text = match (data.map(Secret::expose).filter(|text| !text.is_empty()), other_keys) {
        (None, []) => return Ok(None),
        (Some(text), []) => text,
        (text, keys) => {
            joined = join(text, keys)?;
            joined.expose()
        }
    };
    if text.len() <= LIMIT {
        return Ok(Some(Secret::new(STANDARD.encode(text))));
    }
    let packed = pack(text.as_bytes()).map_err(|error| {
        Error::new(ErrorKind::Internal, CREATE, "the user data cannot be packed").with_source(error)
    })?;
    if packed.len() > LIMIT || text.len() > MOST {
        return Err(Error::invalid(CREATE, "the user data is larger than the provider takes, even packed")
            .with_context("bytes", text.len())
            .with_context("packed", packed.len())
            .with_context("limit", LIMIT)
            .with_remedy("let it fetch what it needs at the first start"));
    }
    Ok(Some(Secret::new(STANDARD.encode(packed))))
}

/// The same for the same data: there is no time in it.
fn pack(data: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(data)?;
    encoder.finish()
}

/// Several parts, as cloud-init reads them: the data as it is, then keys that are added to those of the data.
fn join(data: Option<&str>, keys: &[String]) -> Result<Secret> {
    let mut text = format!("Content-Type: multipart/mixed; boundary=\"{PART}\"\nMIME-Version: 1.0\n\n");
    if let Some(data) = data {
        let kind = kind(data).filter(|_| !data.contains(PART)).ok_or_else(|| {
            Error::invalid(
                CREATE,
                "AWS takes one SSH key, and others cannot be added to user data of this kind",
            )
            .with_remedy("begin the user data with #cloud-config or #!, or put the keys into it")
        })?;
        text.push_str(&format!("--{PART}\nContent-Type: {kind}\n\n{data}\n"));
    }
    text.push_str(&format!("--{PART}\nContent-Type: text/cloud-config\n"));
    text.push_str("Merge-Type: list(append)+dict(no_replace,recurse_list)+str()\n\n");
    text.push_str("#cloud-config\nssh_authorized_keys:\n");
    for key in keys {
        text.push_str(&format!("  - {}\n", serde_json::Value::from(key.trim())));
    }
    text.push_str(&format!("--{PART}--\n"));
    Ok(Secret::new(text))
}

fn kind(data: &str) -> Option<&'static str> {
    [
        ("#cloud-config", "text/cloud-config"),
        ("#!", "text/x-shellscript"),
        ("#include", "text/x-include-url"),
        ("#cloud-boothook", "text/cloud-boothook"),
        ("## template: jinja", "text/jinja2"),
    ]
    .into_iter()
    .find_map(|(start, kind)| data.starts_with(start).then_some(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(data: &str, keys: &[&str]) -> Vec<u8> {
        let keys: Vec<_> = keys.iter().map(|key| (*key).to_owned()).collect();
        let encoded = encode(Some(&Secret::new(data)), &keys).unwrap().unwrap();
        STANDARD.decode(encoded.expose()).unwrap()
    }

    #[test]
    fn what_fits_is_sent_as_it_is() {
        assert_eq!(decoded("#!/bin/sh\ntrue\n", &[]), b"#!/bin/sh\ntrue\n");
        assert_eq!(encode(None, &[]).unwrap(), None);
        assert_eq!(encode(Some(&Secret::new("")), &[]).unwrap(), None);
    }

    #[test]
    fn what_does_not_fit_is_packed_and_always_alike() {
        let data = format!("#cloud-config\n{}", "# a line of no interest\n".repeat(1000));
        let packed = decoded(&data, &[]);
        assert!(packed.len() < LIMIT && packed.starts_with(&[0x1F, 0x8B]), "{}", packed.len());
        assert_eq!(packed, decoded(&data, &[]));
    }

    #[test]
    fn further_keys_come_with_the_data() {
        let text = String::from_utf8(decoded("#!/bin/sh\ntrue\n", &["ssh-ed25519 AAAA me", "ssh-rsa BBBB"]))
            .unwrap();
        for part in
            ["text/x-shellscript\n\n#!/bin/sh\ntrue\n", "  - \"ssh-ed25519 AAAA me\"\n  - \"ssh-rsa BBBB\"\n"]
        {
            assert!(text.contains(part), "{text}");
        }
    }

    #[test]
    fn further_keys_do_not_go_with_data_of_an_unknown_kind() {
        let error = encode(Some(&Secret::new("canary")), &["ssh-rsa BBBB".to_owned()]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(!format!("{error:?}").contains("canary"));
    }
}
