use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

use super::*;

const VALUES: &[&str] = &[
    "hunter2",
    "p@ss \"w'rd\" $HOME `id` \\n %41 &amp;+/=",
    "postgres://shop:s3cr3t%2F@db.internal:5432/shop?sslmode=require",
    "grüße-aus-köln-🔑",
    "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\nAQEFAASCBKcwggSjAgEAAoIB\n-----END KEY-----\n",
];

fn redactor() -> Redactor {
    let secrets: Vec<Secret> = VALUES.iter().map(|value| Secret::new(*value)).collect();
    Redactor::new(&secrets)
}

fn percent(value: &str, is_kept: impl Fn(u8) -> bool) -> String {
    let encode = |byte: u8| if is_kept(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    value.bytes().map(encode).collect()
}

/// A value as programs repeat it.
fn written(value: &str) -> Vec<String> {
    let json = serde_json::to_string(value).unwrap();
    let ascii: String = json
        .chars()
        .flat_map(|c| {
            if c.is_ascii() {
                vec![c.to_string()]
            } else {
                c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect()
            }
        })
        .collect();
    let hex: String = value.bytes().map(|byte| format!("{byte:02x}")).collect();
    let html = value.replace('&', "&amp;").replace('"', "&quot;").replace('\'', "&#39;");
    let mut texts = vec![
        value.to_owned(),
        json.clone(),
        ascii,
        serde_json::to_string(&json).unwrap(),
        format!("{value:?}"),
        hex.to_uppercase(),
        hex,
        html,
        percent(value, |byte| byte.is_ascii_alphanumeric()),
        percent(value, |byte| byte.is_ascii_alphanumeric() || b"-_.~/:?@".contains(&byte)),
        percent(&percent(value, |byte| byte.is_ascii_alphanumeric()), |byte| byte.is_ascii_alphanumeric()),
        percent(value, |byte| byte.is_ascii_alphanumeric() || byte == b' ').replace(' ', "+"),
        format!("'{}'", value.replace('\'', r"'\''")),
        format!("'{}'", value.replace('\'', r#"'"'"'"#)),
        format!("'{}'", value.replace('\'', "''")),
        format!("\"{}\"", value.replace('"', "\"\"")),
        format!("$'{}'", value.replace('\\', "\\\\").replace('\'', "\\'").replace('\n', "\\n")),
        value.bytes().map(|b| format!("\\{b:03o}")).collect(),
    ];
    for before in ["", "a", "ab"] {
        for engine in [STANDARD, URL_SAFE] {
            texts.push(engine.encode(format!("{before}{value}")));
            texts.push(engine.encode(format!("{before}{value} and more")));
        }
        let long =
            STANDARD.encode(format!("a line that is in front of it, and goes on{before}{value} and more"));
        let lines = long.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap());
        texts.push(lines.collect::<Vec<_>>().join("\n"));
    }
    texts
}

/// Fails when anything of a value can still be read: any 8 bytes of it, or of its encodings.
fn assert_clean(clean: &str, text: &str) {
    let wanted = text.split('\n').count();
    assert_eq!(clean.split('\n').count(), wanted, "lines stay lines: {text}\n{clean}");
    let rest = clean.replace(REDACTED, "");
    assert!(rest.len() <= text.len().saturating_sub(5), "{text}\n{clean}");
    for value in VALUES {
        for form in [value.trim().to_owned(), STANDARD.encode(value), URL_SAFE.encode(value)] {
            for window in form.as_bytes().windows(10) {
                let Ok(part) = std::str::from_utf8(window) else { continue };
                let is_marker = part.starts_with("-----") || part.ends_with("-----") || part.contains(" KEY");
                assert!(is_marker || !rest.contains(part), "{part:?} of {form} is left in {clean}");
            }
        }
    }
}

#[test]
fn no_notation_gets_a_value_through() {
    let redactor = redactor();
    for value in VALUES {
        for text in written(value) {
            let text = format!("before {text} after");
            let clean = redactor.text(&text);
            assert_clean(&clean, &text);
            assert!(clean.starts_with("before ") && clean.ends_with(" after"), "{clean}");
        }
    }
}

#[test]
fn no_cut_into_chunks_gets_a_value_through() {
    let redactor = redactor();
    for value in VALUES {
        for text in written(value) {
            let text = format!("before {text} after");
            let whole = redactor.text(&text);
            for size in [1, 2, 3, 7, 16] {
                let mut stream = redactor.stream();
                let chars: Vec<char> = text.chars().collect();
                let mut clean = String::new();
                for chunk in chars.chunks(size) {
                    clean += &stream.push(&chunk.iter().collect::<String>());
                }
                clean += &stream.finish();
                assert_eq!(clean, whole, "{text} in chunks of {size}");
            }
        }
    }
}

#[test]
fn lines_come_out_as_they_went_in() {
    let redactor = redactor();
    let key = VALUES[4];
    let encoded = STANDARD.encode(format!("some words in front of the key: {key}"));
    let mut lines = vec!["starting".to_owned()];
    lines.extend(encoded.as_bytes().chunks(76).map(|line| String::from_utf8(line.to_vec()).unwrap()));
    lines.extend(key.lines().map(str::to_owned));
    lines.push("ready".into());
    let mut redacted = redactor.lines();
    let mut out = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        out.extend(redacted.push(line, number));
    }
    out.extend(redacted.finish());
    assert_eq!(
        out.iter().map(|(_, number)| *number).collect::<Vec<_>>(),
        (0..lines.len()).collect::<Vec<_>>()
    );
    assert_eq!((out[0].0.as_str(), out[lines.len() - 1].0.as_str()), ("starting", "ready"));
    assert_clean(
        &out.iter().map(|(line, _)| line.as_str()).collect::<Vec<_>>().join("\n"),
        &lines.join("\n"),
    );
}

#[test]
fn an_ordinary_line_is_not_held_back() {
    let mut lines = redactor().lines();
    for line in ["> next build", "hun", "----", "copied 12 files to /srv/app", "p@ss"] {
        assert_eq!(lines.push(line, ()), [(line.to_owned(), ())]);
    }
}

#[test]
fn ordinary_text_stays_as_it_is() {
    let text = "GET /shop?q=a+b%20c&amp;x=\"1\" \\n 200 in 12 ms\n\tat run (C:\\apps\\shop.js:12:3)\n";
    assert!(matches!(redactor().text(text), Cow::Borrowed(same) if same == text));
    assert_eq!(Redactor::default().text("anything"), "anything");
}

#[test]
fn values_with_repetitions_are_taken_out_in_bounded_memory() {
    let redactor = Redactor::new(&[Secret::new("aaaa")]);
    let mut stream = redactor.stream();
    let mut out = String::new();
    for _ in 0..100 {
        out += &stream.push(&"a".repeat(10_000));
        assert!(stream.held() < 10, "{}", stream.held());
    }
    out += &stream.push("b");
    assert_eq!(out + &stream.finish(), "[redacted]b");
    assert!(redactor.text(&"a".repeat(1_000_000)).len() < 20);
}

#[test]
fn a_value_that_was_cut_is_known_by_its_half() {
    assert_eq!(
        redactor().text("`login postgres://shop:s3cr3t%2F@db.internal` ended"),
        "`login [redacted]` ended"
    );
}

#[test]
fn the_password_inside_an_address_is_known_by_itself() {
    let redactor = redactor();
    assert_eq!(
        redactor.text("password s3cr3t/ and s3cr3t%2F refused"),
        "password [redacted] and [redacted] refused"
    );
    assert_eq!(redactor.text("host db.internal:5432 for shop"), "host db.internal:5432 for shop");
}

#[test]
fn json_and_reports_are_cleaned_everywhere() {
    let redactor = redactor();
    let mut value = serde_json::json!({ "hunter2": ["x", { "y": "is hunter2" }], "n": 1 });
    assert!(redactor.json(&mut value));
    assert_eq!(value, serde_json::json!({ "[redacted]": ["x", { "y": "is [redacted]" }], "n": 1 }));
    assert!(!redactor.json(&mut value));
    let error = crate::Error::invalid("a.b", "bad hunter2")
        .with_context("log", "hunter2")
        .with_remedy("not hunter2")
        .with_source("no hunter2");
    let report = redactor.report(error.report());
    assert!(!format!("{report:?}").contains("hunter2"));
    assert_eq!(report.context, [("log".to_owned(), REDACTED.to_owned())]);
}

#[test]
fn nothing_shows_what_is_looked_for() {
    let redactor = redactor();
    let mut stream = redactor.stream();
    stream.push("hunte");
    for shown in [format!("{redactor:?}"), format!("{stream:?}")] {
        assert!(!shown.contains("hunte"), "{shown}");
    }
}
