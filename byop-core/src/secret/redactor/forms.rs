//! The forms in which a value may come along that no decoding of the text brings back.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// Shorter values would turn ordinary text into noise without hiding anything.
const SHORTEST: usize = 4;
/// Lines of a value with several are looked for one by one from this length on: logs are read line by line.
const SHORTEST_LINE: usize = 8;

/// All strings to look for, for one value.
pub(super) fn of_value(value: &str, forms: &mut BTreeSet<Vec<u8>>) {
    let value = value.trim();
    if value.len() < SHORTEST {
        return;
    }
    plain(value, forms);
    encoded(value.as_bytes(), forms);
    for escaped in json_forms(value) {
        encoded(escaped.as_bytes(), forms);
    }
    if let Some(password) = password(value).filter(|password| password.len() >= SHORTEST) {
        plain(password, forms);
        encoded(password.as_bytes(), forms);
        let decoded = super::view::percent_decoded(password);
        plain(&decoded, forms);
    }
    if value.contains('\n') {
        let lines = value.lines().map(str::trim);
        // The first and last lines of a key are no secret, and say what stood there.
        for line in lines.filter(|line| line.len() >= SHORTEST_LINE && !line.starts_with("-----")) {
            plain(line, forms);
        }
    }
}

/// A value as it stands inside of a JSON text: encoders leave what is not ASCII, or escape it.
fn json_forms(value: &str) -> [String; 2] {
    let text = serde_json::Value::from(value).to_string();
    let inner = text.get(1..text.len() - 1).unwrap_or_default().to_owned();
    let units = |c: char| c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect();
    let ascii = inner.chars().map(|c| if c.is_ascii() { c.to_string() } else { units(c) }).collect();
    [inner, ascii]
}

/// The password in an address such as `postgres://user:password@host/`, as it stands there.
fn password(value: &str) -> Option<&str> {
    let (_, rest) = value.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    Some(authority.rsplit_once('@')?.0.split_once(':')?.1)
}

fn plain(value: &str, forms: &mut BTreeSet<Vec<u8>>) {
    forms.insert(value.into());
    // Quotes inside quotes: of shells, of YAML and SQL, of tables.
    for (quote, quoted) in [("'", r"'\''"), ("'", r#"'"'"'"#), ("'", "''"), ("\"", "\"\"")] {
        if value.contains(quote) {
            forms.insert(value.replace(quote, quoted).into());
        }
    }
}

fn encoded(value: &[u8], forms: &mut BTreeSet<Vec<u8>>) {
    let hex: String = value.iter().map(|byte| format!("{byte:02x}")).collect();
    forms.insert(hex.to_uppercase().into());
    forms.insert(hex.into());
    for offset in 0..3 {
        let mut bytes = vec![0; offset];
        bytes.extend_from_slice(value);
        // Characters at both ends that depend on neighbouring bytes are left out.
        let start = (offset * 8).div_ceil(6);
        let end = bytes.len() * 8 / 6;
        for engine in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
            let text = engine.encode(&bytes);
            forms.extend(text.get(start..end).map(|form| form.as_bytes().to_vec()));
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    #[test]
    fn each_place_in_base64_has_its_form() {
        let mut forms = BTreeSet::new();
        of_value("hunter2!", &mut forms);
        for before in ["", "u", "us", "use", "user"] {
            let text = STANDARD.encode(format!("{before}hunter2!after"));
            let found = forms.iter().any(|form| text.contains(std::str::from_utf8(form).unwrap()));
            assert!(found, "{text}");
        }
    }

    #[test]
    fn values_too_short_to_hide_have_none() {
        let mut forms = BTreeSet::new();
        of_value("abc", &mut forms);
        of_value(" abc\n", &mut forms);
        assert!(forms.is_empty());
    }
}
