//! From YAML to plain data: counted, without repeated keys.

use std::cell::{Cell, RefCell};
use std::fmt;

use serde::de::{
    self, DeserializeOwned, DeserializeSeed, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor,
};
use serde_json::{Map, Value};

use super::guard;
use super::outline::{Outline, Place};
use crate::error::Error;

/// What comes out of a text with aliases may be larger than the text.
const MAX_NODES: usize = 50_000;
const MAX_TEXT: usize = 2 << 20;
const MAX_DEPTH: usize = 64;

/// How much of YAML is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// byop's own files: no anchors, aliases or tags.
    Own,
    /// Compose files: anchors and aliases, as people share blocks by them, but no tags, as they change what is meant.
    Compose,
    /// Files of other tools, read for a few facts: tags are passed over.
    Foreign,
}

/// What a text says.
#[derive(Debug)]
pub(crate) struct Document {
    /// The values. Keys that are numbers or flags are texts; `<<` is done.
    pub(crate) value: Value,
    outline: Outline,
}

impl Document {
    /// Where the value at this path stands, or the nearest thing around it; list items by number from 0.
    pub(crate) fn place<T: AsRef<str>>(&self, path: &[T]) -> Place {
        let path: Vec<String> = path.iter().map(|part| part.as_ref().to_owned()).collect();
        self.outline.place(&path)
    }
}

/// Why a text cannot be read, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) line: usize,
    pub(crate) column: usize,
    /// The keys that lead there, such as `services.web`; empty when they are not known.
    pub(crate) key: String,
    pub(crate) message: String,
}

impl Fault {
    pub(super) fn at(line: usize, column: usize, message: String) -> Self {
        Self { line, column, key: String::new(), message }
    }

    pub(super) fn of(place: Place, message: String) -> Self {
        Self::at(place.line, place.column, message)
    }

    /// As an error about this file.
    pub(crate) fn into_error(self, operation: &'static str, file: &str) -> Error {
        let error = Error::invalid(operation, format!("this file cannot be read: {}", self.message))
            .with_context("file", file)
            .with_context("line", self.line)
            .with_context("column", self.column)
            .with_remedy("correct the file there");
        if self.key.is_empty() { error } else { error.with_context("key", self.key) }
    }
}

/// Reads a text.
pub(crate) fn read(text: &str, dialect: Dialect) -> Result<Document, Fault> {
    let outline = guard::check(text, dialect)?;
    let budget = Budget::new(dialect);
    match Node(&budget).deserialize(serde_yaml::Deserializer::from_str(text)) {
        Ok(mut value) => {
            merge(&mut value);
            Ok(Document { value, outline })
        }
        Err(error) => Err(budget.fault(&error, &outline)),
    }
}

/// Reads a text into a type of our own. Faults of the values have a place too.
pub(crate) fn read_as<T: DeserializeOwned>(text: &str, dialect: Dialect) -> Result<T, Fault> {
    let document = read(text, dialect)?;
    let refused = |message: String, place: Place| Fault::of(place, message);
    if dialect != Dialect::Own {
        let start = Place { line: 1, column: 1 };
        return serde_json::from_value(document.value).map_err(|error| refused(error.to_string(), start));
    }
    // Without aliases the parser knows where it is.
    serde_yaml::from_str(text).map_err(|error| {
        let place = error.location().map(|at| Place { line: at.line(), column: at.column() });
        let full = error.to_string();
        let (key, message) = split(&full);
        let place = place.unwrap_or_else(|| document.place(&key.split('.').collect::<Vec<_>>()));
        Fault { key: key.to_owned(), ..refused(message.to_owned(), place) }
    })
}

/// The parser writes `key.path: message at line 1 column 2`.
fn split(text: &str) -> (&str, &str) {
    let text = text.split(" at line ").next().unwrap_or(text);
    match text.split_once(": ") {
        Some((key, rest)) if !key.is_empty() && !key.contains(' ') => (key, rest),
        _ => ("", text),
    }
}

/// What may still be read, and where reading is.
struct Budget {
    dialect: Dialect,
    nodes: Cell<usize>,
    text: Cell<usize>,
    path: RefCell<Vec<String>>,
    refusal: RefCell<Option<String>>,
}

impl Budget {
    fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            nodes: Cell::new(MAX_NODES),
            text: Cell::new(MAX_TEXT),
            path: RefCell::default(),
            refusal: RefCell::default(),
        }
    }

    fn refuse<E: de::Error>(&self, message: String) -> E {
        let error = E::custom(&message);
        *self.refusal.borrow_mut() = Some(message);
        error
    }

    fn spend<E: de::Error>(&self, text: usize) -> Result<(), E> {
        match (self.nodes.get().checked_sub(1), self.text.get().checked_sub(text)) {
            (Some(nodes), Some(text)) => {
                self.nodes.set(nodes);
                self.text.set(text);
                Ok(())
            }
            _ => Err(self.refuse("the file holds too many values, or its aliases repeat too much".into())),
        }
    }

    fn within<T, E: de::Error>(&self, segment: String, read: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        if self.path.borrow().len() >= MAX_DEPTH {
            return Err(self.refuse(format!("values inside values, more than {MAX_DEPTH} deep")));
        }
        self.path.borrow_mut().push(segment);
        let read = read()?;
        // Left as it is after a fault: it says where.
        self.path.borrow_mut().pop();
        Ok(read)
    }

    fn fault(&self, error: &serde_yaml::Error, outline: &Outline) -> Fault {
        let path = self.path.take();
        match (self.refusal.take(), error.location()) {
            (Some(message), _) => Fault { key: path.join("."), ..Fault::of(outline.place(&path), message) },
            (None, Some(at)) => Fault::at(at.line(), at.column(), split(&error.to_string()).1.to_owned()),
            (None, None) => Fault::of(outline.place(&path), split(&error.to_string()).1.to_owned()),
        }
    }
}

struct Node<'b>(&'b Budget);

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        self.0.spend(0)?;
        Ok(Value::Null)
    }

    fn visit_none<E: de::Error>(self) -> Result<Value, E> {
        self.visit_unit()
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        self.0.spend(0)?;
        Ok(value.into())
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        self.0.spend(0)?;
        Ok(value.into())
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        self.0.spend(0)?;
        Ok(value.into())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        self.0.spend(0)?;
        Ok(value.into())
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        self.0.spend(value.len())?;
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        self.0.spend(0)?;
        let mut values = Vec::new();
        loop {
            let next = self.0.within(values.len().to_string(), || list.next_element_seed(Node(self.0)))?;
            match next {
                Some(value) => values.push(value),
                None => return Ok(Value::Array(values)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        self.0.spend(0)?;
        let mut values = Map::new();
        while let Some(key) = map.next_key_seed(Node(self.0))? {
            let key = match key {
                Value::String(key) => key,
                Value::Bool(_) | Value::Number(_) => key.to_string(),
                Value::Null => "null".into(),
                _ => return Err(self.0.refuse("a key that is no plain text is not read".into())),
            };
            let value = self.0.within(key.clone(), || {
                if values.contains_key(&key) {
                    return Err(self
                        .0
                        .refuse(format!("the key `{}` stands there twice", key.escape_debug())));
                }
                map.next_value_seed(Node(self.0))
            })?;
            values.insert(key, value);
        }
        Ok(Value::Object(values))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<Value, A::Error> {
        let (tag, value) = data.variant::<String>()?;
        if self.0.dialect == Dialect::Foreign {
            return value.newtype_variant_seed(self);
        }
        Err(self.0.refuse(format!("the tag `!{}` is not read", tag.trim_start_matches('!').escape_debug())))
    }
}

/// Does what `<<` asks for: keys of the map itself win over those merged in, and the first of a list over the next.
fn merge(value: &mut Value) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(merge),
        Value::Object(map) => {
            map.values_mut().for_each(merge);
            let can_merge = |value: &Value| match value {
                Value::Array(list) => list.iter().all(Value::is_object),
                other => other.is_object(),
            };
            if !map.get("<<").is_some_and(can_merge) {
                return;
            }
            let parts = match map.remove("<<") {
                Some(Value::Array(list)) => list,
                Some(part) => vec![part],
                None => return,
            };
            for part in parts {
                let Value::Object(part) = part else { continue };
                for (key, value) in part {
                    map.entry(key).or_insert(value);
                }
            }
        }
        _ => {}
    }
}
