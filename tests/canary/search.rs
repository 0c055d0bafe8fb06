//! Looks for values in bytes, in every form in which they could stand there. Written apart from the redactor.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::Read as _;

use flate2::read::{DeflateDecoder, ZlibDecoder};

/// The forms of one value: plain, base64, base64 of URLs, hexadecimal, percent-encoded, JSON, shell.
pub const FORMS: usize = 7;

/// What to look for: each text with the name of the value and of the form.
pub struct Needles {
    /// Which two bytes some needle begins with: most places need no closer look.
    starts: Vec<bool>,
    by_start: HashMap<[u8; 4], Vec<usize>>,
    all: Vec<(Vec<u8>, String)>,
}

/// A place that was searched.
#[derive(Default)]
pub struct Sinks {
    pub bytes: BTreeMap<String, usize>,
    pub hits: BTreeSet<String>,
}

impl Needles {
    pub fn new<'a>(values: impl IntoIterator<Item = (&'a String, &'a String)>) -> Self {
        let mut all = Vec::new();
        for (name, value) in values {
            for (form, text) in forms(value) {
                all.push((text, format!("{name} {form}")));
            }
        }
        let mut by_start: HashMap<[u8; 4], Vec<usize>> = HashMap::new();
        for (index, (text, _)) in all.iter().enumerate() {
            by_start.entry(text[..4].try_into().unwrap()).or_default().push(index);
        }
        let mut starts = vec![false; 1 << 16];
        for pair in all.iter().map(|(text, _)| [text[0], text[1]]).chain([[0x1f, 0x8b]]) {
            starts[usize::from(u16::from_le_bytes(pair))] = true;
        }
        for second in [1, 0x5e, 0x9c, 0xda] {
            starts[usize::from(u16::from_le_bytes([0x78, second]))] = true;
        }
        Self { starts, by_start, all }
    }

    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// What is found, also in what is compressed inside.
    pub fn find(&self, bytes: &[u8]) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        let mut parts = vec![bytes.to_vec()];
        let mut budget = 2_000;
        while let Some(part) = parts.pop() {
            for at in 0..part.len().saturating_sub(3) {
                if !self.starts[usize::from(part[at]) | usize::from(part[at + 1]) << 8] {
                    continue;
                }
                let start = &part[at..at + 4];
                let candidates = self.by_start.get(start).into_iter().flatten();
                for (text, what) in candidates.map(|index| &self.all[*index]) {
                    if part[at..].starts_with(text) {
                        found.insert(what.as_str());
                    }
                }
                let is_packed = start[..3] == [0x1f, 0x8b, 8]
                    || (start[0] == 0x78 && [1, 0x5e, 0x9c, 0xda].contains(&start[1]));
                if is_packed && budget > 0 {
                    budget -= 1;
                    parts.extend(unpacked(&part[at..]).filter(|inner| inner.len() > 4));
                }
            }
        }
        found
    }
}

/// The beginning of what is compressed here, if it is.
fn unpacked(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let limit = 8 << 20;
    // What is cut off gives what it has until there.
    let _ = if bytes[0] == 0x78 {
        ZlibDecoder::new(bytes).take(limit).read_to_end(&mut out)
    } else {
        // The plain header of gzip; names and comments in it are rare enough.
        DeflateDecoder::new(bytes.get(10..)?).take(limit).read_to_end(&mut out)
    };
    (!out.is_empty()).then_some(out)
}

impl Sinks {
    pub fn search(&mut self, needles: &Needles, sink: &str, bytes: &[u8]) {
        *self.bytes.entry(sink.to_owned()).or_default() += bytes.len();
        for what in needles.find(bytes) {
            self.hits.insert(format!("{sink}: {what}"));
        }
    }
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn base64(value: &[u8], offset: usize) -> Vec<u8> {
    // Only characters that no neighbour has a part in.
    let bit = |at: usize| value.get(at / 8).map_or(0, |byte| (byte >> (7 - at % 8)) & 1);
    let first = (6 - (offset * 8) % 6) % 6;
    let count = (value.len() * 8 - first) / 6;
    (0..count)
        .map(|index| BASE64[(0..6).fold(0, |n, i| n << 1 | usize::from(bit(first + index * 6 + i)))])
        .collect()
}

fn forms(value: &str) -> Vec<(&'static str, Vec<u8>)> {
    let value = value.trim_end();
    let bytes = value.as_bytes();
    let percent = |keep: &[u8], upper: bool| {
        let one = |byte: &u8| match byte {
            b if b.is_ascii_alphanumeric() || keep.contains(b) => vec![*b],
            b if upper => format!("%{b:02X}").into_bytes(),
            b => format!("%{b:02x}").into_bytes(),
        };
        bytes.iter().flat_map(one).collect::<Vec<u8>>()
    };
    let mut forms = vec![
        ("plain", bytes.to_vec()),
        ("hex", bytes.iter().flat_map(|b| format!("{b:02x}").into_bytes()).collect()),
        ("hex", bytes.iter().flat_map(|b| format!("{b:02X}").into_bytes()).collect()),
        ("url", percent(b"-_.~", true)),
        ("url", percent(b"-_.~/", true)),
        ("url", percent(b"-_.~", false)),
        ("url", percent(b"-_.!~*'()", true)),
        ("shell", value.replace('\'', r"'\''").into_bytes()),
        ("shell", value.replace('\'', r#"'"'"'"#).into_bytes()),
        (
            "shell",
            value
                .replace('\\', "\\\\")
                .replace('"', "\\\"")
                .replace('$', "\\$")
                .replace('`', "\\`")
                .into_bytes(),
        ),
    ];
    let json = serde_json::to_string(value).unwrap();
    forms.push(("json", json.as_bytes()[1..json.len() - 1].to_vec()));
    let twice = serde_json::to_string(&json).unwrap();
    forms.push(("json", twice.as_bytes()[3..twice.len() - 3].to_vec()));
    let ascii: String = json[1..json.len() - 1]
        .chars()
        .flat_map(|c| {
            if c.is_ascii() {
                vec![c.to_string()]
            } else {
                c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect()
            }
        })
        .collect();
    forms.push(("json", ascii.into_bytes()));
    for offset in 0..3 {
        let text = base64(bytes, offset);
        let url = text
            .iter()
            .map(|b| match b {
                b'+' => b'-',
                b'/' => b'_',
                other => *other,
            })
            .collect();
        forms.extend([("base64", text), ("base64url", url)]);
    }
    // A log has one line at a time.
    if value.contains('\n') {
        let lines = value.lines().filter(|line| line.len() > 12 && !line.starts_with("-----"));
        forms.extend(lines.map(|line| ("plain", line.as_bytes().to_vec())));
    }
    forms.sort();
    forms.dedup_by(|one, two| one.1 == two.1);
    forms
}

#[test]
fn a_canary_would_be_found_in_every_form() {
    use std::io::Write as _;
    let values = crate::values::canaries();
    let needles = Needles::new(&values);
    let kinds: BTreeSet<&str> =
        values.values().flat_map(|value| forms(value)).map(|(form, _)| form).collect();
    assert_eq!(kinds.len(), FORMS);
    for (name, value) in &values {
        for (form, text) in forms(value) {
            let mut sink = b"before ".to_vec();
            sink.extend(&text);
            sink.extend(b" after");
            let what = format!("{name} ");
            assert!(needles.find(&sink).iter().any(|found| found.starts_with(&what)), "{name} {form}");
            let mut gzip = flate2::write::GzEncoder::new(b"head".to_vec(), flate2::Compression::default());
            gzip.write_all(&sink).unwrap();
            assert!(
                needles.find(&gzip.finish().unwrap()).iter().any(|found| found.starts_with(&what)),
                "{name} in gzip"
            );
        }
    }
    let zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    assert!(needles.find(&zlib.finish().unwrap()).is_empty());
    assert!(needles.find(b"an ordinary text of an ordinary log, with nothing in it").is_empty());
}
