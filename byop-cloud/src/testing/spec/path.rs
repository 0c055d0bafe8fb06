//! Paths and what stands in them.

use std::cmp::Ordering;

use percent_encoding::percent_decode_str;

/// A path in which some parts are filled in: `/v2/droplets/{droplet_id}`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Template(Vec<Segment>);

#[derive(Debug, PartialEq, Eq)]
enum Segment {
    Named(String),
    Filled(String),
}

impl Template {
    pub(super) fn new(path: &str) -> Result<Self, String> {
        let plain = path.strip_prefix('/').ok_or_else(|| format!("{path}: a path begins with `/`"))?;
        let segment = |text: &str| match text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
            Some(name) => Ok(Segment::Filled(name.to_owned())),
            None if text.contains(['{', '}']) => {
                Err(format!("{path}: a parameter must be a whole part of the path"))
            }
            None => Ok(Segment::Named(text.to_owned())),
        };
        Ok(Self(plain.split('/').map(segment).collect::<Result<_, _>>()?))
    }

    /// What fills it, by name, when this path fits.
    pub(super) fn fill(&self, path: &str) -> Option<Vec<(String, String)>> {
        let parts: Vec<_> = path.strip_prefix('/')?.split('/').collect();
        if parts.len() != self.0.len() {
            return None;
        }
        let mut values = Vec::new();
        for (segment, part) in self.0.iter().zip(parts) {
            let part = decode(part).ok()?;
            match segment {
                Segment::Named(name) if *name == part => {}
                Segment::Filled(name) if !part.is_empty() => values.push((name.clone(), part)),
                _ => return None,
            }
        }
        Some(values)
    }
}

impl Ord for Template {
    /// In every part, what is named comes before what is filled in.
    fn cmp(&self, other: &Self) -> Ordering {
        let key = |template: &Self| {
            let parts = template.0.iter().map(|segment| match segment {
                Segment::Named(name) => (false, name.clone()),
                Segment::Filled(name) => (true, name.clone()),
            });
            parts.collect::<Vec<_>>()
        };
        key(self).cmp(&key(other))
    }
}

impl PartialOrd for Template {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The path and the query of a URL, as they were sent.
pub(super) fn split(url: &str) -> (&str, &str) {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.split('#').next().unwrap_or_default();
    let (before, query) = rest.split_once('?').unwrap_or((rest, ""));
    (before.find('/').map_or("/", |at| &before[at..]), query)
}

/// The pairs of a query or of a form.
pub(super) fn pairs(text: &str) -> Result<Vec<(String, String)>, String> {
    let parts = text.split('&').filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            Ok((decode(&name.replace('+', " "))?, decode(&value.replace('+', " "))?))
        })
        .collect()
}

fn decode(text: &str) -> Result<String, String> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(std::borrow::Cow::into_owned).map_err(|_| "it is not UTF-8".to_owned())
}
