//! A small XML reader for build files: elements, attributes and texts as a flat list.
//!
//! It knows no document types and no entities but the five of XML, so nothing grows or is fetched, and it keeps its
//! elements in one list, so no nesting can exhaust the stack.

use crate::error::{Error, Result};
use crate::generator::view::View;

/// More elements than any build file has.
const ELEMENTS: usize = 50_000;

#[derive(Debug, Default)]
struct Element {
    name: String,
    /// The place after its last descendant.
    end: usize,
    text: String,
    attributes: Vec<(String, String)>,
}

/// A document. Elements are known by their place; the root is 0.
#[derive(Debug)]
pub(crate) struct Xml {
    elements: Vec<Element>,
}

impl Xml {
    /// Reads a document, or says in which line it is none.
    pub(crate) fn parse(text: &str) -> std::result::Result<Self, usize> {
        let mut elements: Vec<Element> = Vec::new();
        let mut open: Vec<usize> = Vec::new();
        let mut rest = text;
        let line = |rest: &str| 1 + text[..text.len() - rest.len()].bytes().filter(|b| *b == b'\n').count();
        while let Some(start) = rest.find('<') {
            if let Some(element) = open.last().and_then(|at| elements.get_mut(*at)) {
                element.text.push_str(&unescape(&rest[..start]));
            }
            rest = &rest[start..];
            let skipped = [("<!--", "-->"), ("<?", "?>")].iter().find(|(begin, _)| rest.starts_with(begin));
            if let Some((begin, end)) = skipped {
                let at = rest[begin.len()..].find(end).ok_or_else(|| line(rest))?;
                rest = &rest[begin.len() + at + end.len()..];
                continue;
            }
            if let Some(data) = rest.strip_prefix("<![CDATA[") {
                let end = data.find("]]>").ok_or_else(|| line(rest))?;
                if let Some(element) = open.last().and_then(|at| elements.get_mut(*at)) {
                    element.text.push_str(&data[..end]);
                }
                rest = &data[end + 3..];
                continue;
            }
            let end = tag_end(rest).ok_or_else(|| line(rest))?;
            let tag = &rest[1..end];
            if let Some(name) = tag.strip_prefix('/') {
                let end = elements.len();
                match open.pop().and_then(|at| elements.get_mut(at)) {
                    Some(element) if element.name == local(name.trim()) => element.end = end,
                    _ => return Err(line(rest)),
                }
            } else if !tag.starts_with('!') {
                if elements.len() >= ELEMENTS || (open.is_empty() && !elements.is_empty()) {
                    return Err(line(rest));
                }
                let body = tag.strip_suffix('/').unwrap_or(tag);
                let split = body.find(char::is_whitespace).unwrap_or(body.len());
                elements.push(Element {
                    name: local(&body[..split]).to_owned(),
                    end: elements.len() + 1,
                    text: String::new(),
                    attributes: attributes(&body[split..]),
                });
                if !tag.ends_with('/') {
                    open.push(elements.len() - 1);
                }
            }
            rest = &rest[end + 1..];
        }
        if elements.is_empty() || !open.is_empty() { Err(line(rest)) } else { Ok(Self { elements }) }
    }

    /// An XML file that decides, whose root is `root`.
    pub(crate) fn read(view: &View<'_>, path: &str, root: &str) -> Result<Option<Self>> {
        let Some(text) = view.read(path)? else { return Ok(None) };
        let broken = |line: usize, message: &str| {
            Error::invalid("source.detect", message.to_owned())
                .with_context("file", view.full(path))
                .with_context("line", line)
                .with_remedy("correct the file")
        };
        let xml = Self::parse(&text).map_err(|line| broken(line, "this file is not valid XML"))?;
        if xml.name(0) == root {
            Ok(Some(xml))
        } else {
            Err(broken(1, "this file has another root element than it should"))
        }
    }

    pub(crate) fn name(&self, element: usize) -> &str {
        self.elements.get(element).map_or("", |element| element.name.as_str())
    }

    /// The text of an element without the white space around it.
    pub(crate) fn text(&self, element: usize) -> &str {
        self.elements.get(element).map_or("", |element| element.text.trim())
    }

    pub(crate) fn attribute(&self, element: usize, name: &str) -> Option<&str> {
        let attributes = &self.elements.get(element)?.attributes;
        attributes.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The elements directly inside one.
    pub(crate) fn children(&self, element: usize) -> impl Iterator<Item = usize> + '_ {
        let end = |at: usize| self.elements.get(at).map_or(at, |element| element.end);
        let last = end(element);
        std::iter::successors(Some(element + 1), move |at| Some(end(*at))).take_while(move |at| *at < last)
    }

    /// The first element directly inside one with this name.
    pub(crate) fn child(&self, element: usize, name: &str) -> Option<usize> {
        self.children(element).find(|at| self.name(*at) == name)
    }

    /// The first element at the end of a path of names.
    pub(crate) fn find(&self, from: usize, path: &[&str]) -> Option<usize> {
        path.iter().try_fold(from, |at, name| self.child(at, name))
    }

    /// The text at the end of a path of names; none when it is empty.
    pub(crate) fn text_at(&self, from: usize, path: &[&str]) -> Option<&str> {
        self.find(from, path).map(|at| self.text(at)).filter(|text| !text.is_empty())
    }

    /// All elements with this name inside one, at any depth.
    pub(crate) fn inside<'x>(&'x self, element: usize, name: &'x str) -> impl Iterator<Item = usize> + 'x {
        let end = self.elements.get(element).map_or(0, |element| element.end);
        (element + 1..end).filter(move |at| self.name(*at) == name)
    }
}

/// Where the `>` of a tag is, outside of the quotes of its attributes.
fn tag_end(text: &str) -> Option<usize> {
    let (mut quote, mut depth) = (None, 0_usize);
    let is_declaration = text.starts_with("<!");
    for (at, c) in text.char_indices().skip(1) {
        match (quote, c) {
            (Some(open), _) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '[') if is_declaration => depth += 1,
            (None, ']') if is_declaration => depth = depth.saturating_sub(1),
            (None, '>') if depth == 0 => return Some(at),
            (None, _) => {}
        }
    }
    None
}

fn attributes(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('=') {
        let name = rest[..at].trim();
        let value = rest[at + 1..].trim_start();
        let Some(quote) = value.chars().next().filter(|c| matches!(c, '"' | '\'')) else { break };
        let Some(end) = value[1..].find(quote) else { break };
        found.push((local(name).to_owned(), unescape(&value[1..=end])));
        rest = &value[end + 2..];
    }
    found
}

/// A name without its namespace prefix.
fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

fn unescape(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    // The ampersand last, so that nothing is replaced twice.
    [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")]
        .iter()
        .fold(text.to_owned(), |text, (entity, c)| text.replace(entity, c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_attributes_and_texts_are_read() {
        let xml = Xml::parse(
            "<?xml version=\"1.0\"?>\n<!DOCTYPE a [<!ENTITY x \"y>\">]>\n<a xmlns:q='u'><!-- <b>no</b> --><b k=\"1 > 0\" l='&lt;'>t &amp;lt; <![CDATA[<c>]]></b><d/></a>\n",
        )
        .unwrap();
        assert_eq!(xml.text_at(0, &["b"]), Some("t &lt; <c>"));
        let b = xml.child(0, "b").unwrap();
        assert_eq!((xml.attribute(b, "K"), xml.attribute(b, "l")), (Some("1 > 0"), Some("<")));
        assert!(xml.child(0, "d").is_some() && xml.child(0, "c").is_none());
    }

    #[test]
    fn a_broken_document_is_known_by_its_line() {
        for (text, line) in
            [("<a>\n<b>\n</a>", 3), ("", 1), ("<a>\n<!-- ", 2), ("<a/>\n<b/>", 2), ("<a>\n", 1), ("x", 1)]
        {
            assert_eq!(Xml::parse(text).unwrap_err(), line, "{text}");
        }
    }

    #[test]
    fn deep_nesting_and_many_elements_end_soon() {
        let deep = "<a>".repeat(200_000);
        assert!(Xml::parse(&deep).is_err());
        let flat = format!("<a>{}</a>", "<b/>".repeat(60_000));
        assert!(Xml::parse(&flat).is_err());
    }
}
