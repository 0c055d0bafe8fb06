//! Names and values as the name servers write them.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr};

use byop_core::model::{DnsName, DnsRecord, DnsRecordKind, DomainName};
use byop_core::{Error, Result};

use super::super::wire::RecordSet;

/// The most bytes of one string of a text record.
const STRING: usize = 255;

/// As byop writes names: without the dot at the end, and with `*` for `\052`.
pub(super) fn plain_name(name: &str) -> String {
    unescape(name.strip_suffix('.').unwrap_or(name)).to_lowercase()
}

pub(super) fn wire_name(name: &DnsName) -> String {
    format!("{name}.")
}

/// Resolves `\052` (octal) and `\"`.
fn unescape(text: &str) -> String {
    let (bytes, mut plain, mut at) = (text.as_bytes(), Vec::with_capacity(text.len()), 0);
    while at < bytes.len() {
        if bytes[at] != b'\\' {
            plain.push(bytes[at]);
            at += 1;
            continue;
        }
        let digits = bytes.get(at + 1..at + 4).and_then(|digits| std::str::from_utf8(digits).ok());
        if let Some(byte) = digits.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            plain.push(byte);
            at += 4;
        } else {
            plain.extend(bytes.get(at + 1));
            at += 2;
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}

/// The values of a set as byop shows them.
pub(super) fn shown(kind: &DnsRecordKind, set: &RecordSet) -> Vec<String> {
    if let Some(alias) = &set.alias {
        // It follows another thing; what that has is nobody's to say here.
        return vec![plain_name(alias)];
    }
    let value = |value: &String| match kind {
        DnsRecordKind::Cname => plain_name(value),
        DnsRecordKind::Txt => plain_text(value),
        _ => value.clone(),
    };
    set.values.iter().map(value).collect()
}

/// The strings of a text record, joined: `"a" "b"` is `ab`.
fn plain_text(value: &str) -> String {
    let (mut plain, mut escaped, mut inside) = (String::new(), false, false);
    for c in value.chars() {
        match c {
            '"' if !escaped => inside = !inside,
            c if inside => plain.push(c),
            c if c.is_whitespace() => {}
            c => plain.push(c),
        }
        escaped = c == '\\' && !escaped;
    }
    unescape(&plain)
}

/// The values as the name servers take them.
pub(super) fn wire_values(record: &DnsRecord) -> Vec<String> {
    let value = |value: &String| match record.kind {
        DnsRecordKind::Txt => quoted(value),
        _ => value.clone(),
    };
    record.values.iter().map(value).collect()
}

fn quoted(text: &str) -> String {
    let strings: Vec<_> = text
        .as_bytes()
        .chunks(STRING)
        .map(|chunk| {
            let mut string = String::from("\"");
            for byte in chunk {
                match byte {
                    b'"' | b'\\' => {
                        string.push('\\');
                        string.push(char::from(*byte));
                    }
                    b' '..=b'~' => string.push(char::from(*byte)),
                    // Writing to a text does not fail.
                    other => drop(write!(string, "\\{other:03o}")),
                }
            }
            string + "\""
        })
        .collect();
    if strings.is_empty() { "\"\"".to_owned() } else { strings.join(" ") }
}

/// What the name servers would refuse, or take and never answer with.
pub(super) fn check(operation: &'static str, zone: &DomainName, record: &DnsRecord) -> Result<()> {
    let refused = |message: &'static str, remedy: &'static str| {
        Error::invalid(operation, message)
            .with_context("zone", zone)
            .with_context("name", &record.name)
            .with_context("kind", &record.kind)
            .with_remedy(remedy)
    };
    if !record.name.is_in(zone) {
        return Err(refused("the record is outside of the zone", "choose the zone that the name ends with"));
    }
    if record.values.is_empty() {
        return Err(refused("the record has no values", "give a value, or delete the record"));
    }
    let fits = |value: &String| match record.kind {
        DnsRecordKind::A => value.parse::<Ipv4Addr>().is_ok(),
        DnsRecordKind::Aaaa => value.parse::<Ipv6Addr>().is_ok(),
        DnsRecordKind::Cname => record.values.len() == 1 && DnsName::new(value).is_ok(),
        DnsRecordKind::Txt => value.len() <= 4000,
        _ => false,
    };
    match record.values.iter().find(|value| !fits(value)) {
        None => Ok(()),
        Some(_) if matches!(record.kind, DnsRecordKind::Other(_)) => {
            Err(refused("byop does not write records of this kind", "write A, AAAA, CNAME and TXT records"))
        }
        Some(value) => Err(refused(
            "a value does not fit the kind of the record",
            "give addresses for A and AAAA, one name for CNAME, texts of at most 4000 bytes for TXT",
        )
        .with_context("value", value.chars().take(80).collect::<String>().escape_default())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_byop_writes_them() {
        for (wire, plain) in
            [("\\052.example.com.", "*.example.com"), ("www.example.com.", "www.example.com")]
        {
            assert_eq!(plain_name(wire), plain);
        }
    }

    #[test]
    fn texts_survive_the_way_there_and_back() {
        let long = "k=".to_owned() + &"ab".repeat(190);
        for text in
            ["v=spf1 -all", "a \"quoted\" word; and a \\", "", "ünïcode", "two  spaces", long.as_str()]
        {
            assert_eq!(plain_text(&quoted(text)), text);
        }
        assert_eq!(quoted(&long).matches("\" \"").count(), 1);
    }
}
