//! Schemas: from the dialect of OpenAPI 3.0 to JSON Schema.

use std::collections::{BTreeMap, BTreeSet};

use jsonschema::Validator;
use serde_json::{Map, Value, json};

/// What a reference leads to, through as many as there are; anything else itself.
pub(super) fn resolve<'a>(document: &'a Value, value: &'a Value) -> Result<&'a Value, String> {
    let mut value = value;
    for _ in 0..64 {
        let Some(reference) = value.get("$ref").and_then(Value::as_str) else { return Ok(value) };
        value = look_up(document, reference)?;
    }
    Err("references lead in a circle".into())
}

fn look_up<'a>(document: &'a Value, reference: &str) -> Result<&'a Value, String> {
    let found = reference.strip_prefix('#').and_then(|pointer| document.pointer(pointer));
    found.ok_or_else(|| format!("nothing is at {reference}"))
}

/// A schema of the document, ready to check values of requests.
pub(super) fn compile(document: &Value, schema: &Value) -> Result<Validator, String> {
    let mut translation = Translation { document, names: BTreeMap::new(), definitions: Map::new() };
    let schema = translation.whole(schema)?;
    let root = json!({ "$defs": translation.definitions, "allOf": [schema] });
    let options = jsonschema::draft202012::options().should_validate_formats(true);
    options.build(&root).map_err(|error| error.masked().to_string())
}

/// Checks a value; what is wrong is told by its place, never by what stands there.
pub(super) fn first_error(validator: &Validator, value: &Value) -> Result<(), String> {
    validator
        .validate(value)
        .map_err(|error| format!("{} {}", error.instance_path(), error.masked()).trim().to_owned())
}

/// The types that a value may have.
pub(super) fn types_of(document: &Value, schema: &Value) -> Result<Vec<String>, String> {
    let mut types = BTreeSet::new();
    walk(document, schema, &mut BTreeSet::new(), &mut |schema| {
        types.extend(schema["type"].as_str().map(str::to_owned));
    })?;
    Ok(types.into_iter().collect())
}

/// The properties that are named anywhere in a schema.
pub(super) fn properties_of(document: &Value, schema: &Value) -> Result<BTreeMap<String, Value>, String> {
    let mut properties = BTreeMap::new();
    walk(document, schema, &mut BTreeSet::new(), &mut |schema| {
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            properties.insert(name.clone(), property.clone());
        }
    })?;
    Ok(properties)
}

/// Visits a schema and all that it is put together from.
fn walk(
    document: &Value,
    schema: &Value,
    seen: &mut BTreeSet<String>,
    visit: &mut dyn FnMut(&Value),
) -> Result<(), String> {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        if seen.insert(reference.to_owned()) {
            walk(document, look_up(document, reference)?, seen, visit)?;
        }
        return Ok(());
    }
    visit(schema);
    for word in ["allOf", "anyOf", "oneOf"] {
        for part in schema[word].as_array().into_iter().flatten() {
            walk(document, part, seen, visit)?;
        }
    }
    Ok(())
}

/// How a schema is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Usage {
    /// For a value: nothing may stand there that is not named.
    Whole,
    /// As a part of another one, which may name more.
    Part,
}

struct Translation<'a> {
    document: &'a Value,
    /// What has been translated, by where it stands and how it is used.
    names: BTreeMap<(String, Usage), String>,
    definitions: Map<String, Value>,
}

/// What means the same in both dialects.
const SAME: &[&str] = &[
    "type",
    "format",
    "enum",
    "pattern",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "multipleOf",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
];

impl Translation<'_> {
    fn translate(&mut self, schema: &Value, usage: Usage) -> Result<Value, String> {
        match usage {
            Usage::Whole => self.whole(schema),
            Usage::Part => self.part(schema),
        }
    }

    fn reference(&mut self, reference: &str, usage: Usage) -> Result<Value, String> {
        let id = (reference.to_owned(), usage);
        let name = match self.names.get(&id) {
            Some(name) => name.clone(),
            None => {
                let name = format!("d{}", self.names.len());
                self.names.insert(id, name.clone());
                let schema = look_up(self.document, reference)?.clone();
                let schema = self.translate(&schema, usage)?;
                self.definitions.insert(name.clone(), schema);
                name
            }
        };
        Ok(json!({ "$ref": format!("#/$defs/{name}") }))
    }

    /// A schema that refuses what it does not name.
    fn whole(&mut self, schema: &Value) -> Result<Value, String> {
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            return self.reference(reference, Usage::Whole);
        }
        if let Some(cases) = self.cases(schema)? {
            return Ok(cases);
        }
        let part = self.part(schema)?;
        let (mut names, mut is_open) = (Map::new(), false);
        walk(self.document, schema, &mut BTreeSet::new(), &mut |schema| {
            is_open |=
                schema["additionalProperties"] == json!(true) || schema["additionalProperties"].is_object();
            let properties = schema["properties"].as_object().into_iter().flatten();
            names.extend(properties.map(|(name, _)| (name.clone(), json!(true))));
        })?;
        if names.is_empty() || is_open {
            return Ok(part);
        }
        Ok(json!({ "allOf": [part], "properties": names, "additionalProperties": false }))
    }

    /// A schema that says by the value of one property which of several it is. Only that one counts: the others may
    /// take what it does not.
    fn cases(&mut self, schema: &Value) -> Result<Option<Value>, String> {
        let discriminator = &schema["discriminator"];
        let (Some(property), Some(mapping)) =
            (discriminator["propertyName"].as_str(), discriminator["mapping"].as_object())
        else {
            return Ok(None);
        };
        let word = if schema.get("oneOf").is_some() { "oneOf" } else { "anyOf" };
        let branches = schema[word].as_array().cloned().unwrap_or_default();
        let mut common = schema.clone();
        if let Some(common) = common.as_object_mut() {
            common.remove(word);
            common.remove("discriminator");
        }
        let values: Vec<_> = mapping.keys().collect();
        let one_of_them = json!({ "required": [property], "properties": { property: { "enum": values } } });
        let mut all = vec![one_of_them];
        for (value, target) in mapping {
            // Documents that were put together from several files name the files.
            let target = target.as_str().and_then(|target| target.rsplit('/').next()).unwrap_or_default();
            let Some(branch) = branches.iter().find(|branch| is_named(branch, target)) else {
                return Ok(None);
            };
            let then = self.whole(&json!({ "allOf": [common, branch] }))?;
            all.push(json!({ "if": { "properties": { property: { "const": value } } }, "then": then }));
        }
        Ok(Some(json!({ "allOf": all })))
    }

    /// A schema that others may add to.
    fn part(&mut self, schema: &Value) -> Result<Value, String> {
        let Some(words) = schema.as_object() else {
            return if schema.is_boolean() {
                Ok(schema.clone())
            } else {
                Err("a schema is an object".into())
            };
        };
        if let Some(reference) = words.get("$ref").and_then(Value::as_str) {
            return self.reference(reference, Usage::Part);
        }
        let mut out = Map::new();
        for (word, value) in words {
            match word.as_str() {
                word if SAME.contains(&word) => {
                    out.insert(word.to_owned(), value.clone());
                }
                "properties" => {
                    let mut properties = Map::new();
                    for (name, property) in value.as_object().into_iter().flatten() {
                        let schema =
                            if self.is_for_answers(property)? { json!(false) } else { self.whole(property)? };
                        properties.insert(name.clone(), schema);
                    }
                    out.insert("properties".into(), Value::Object(properties));
                }
                "items" | "additionalProperties" => {
                    out.insert(word.clone(), self.whole(value)?);
                }
                "allOf" | "anyOf" | "oneOf" => {
                    let parts = value.as_array().ok_or_else(|| format!("`{word}` is no list"))?;
                    let parts: Result<Vec<_>, _> = parts.iter().map(|part| self.part(part)).collect();
                    out.insert(word.clone(), Value::Array(parts?));
                }
                "not" => {
                    out.insert("not".into(), self.part(value)?);
                }
                "required" => {
                    out.insert("required".into(), json!(self.required(schema, value)?));
                }
                _ => {}
            }
        }
        for (word, bound) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
            if words.get(word) == Some(&json!(true)) {
                let limit = out.remove(bound);
                out.extend(limit.map(|value| (word.to_owned(), value)));
            }
        }
        Ok(if words.get("nullable") == Some(&json!(true)) { or_null(out) } else { Value::Object(out) })
    }

    /// What a request must have: not what only answers have.
    fn required(&self, schema: &Value, names: &Value) -> Result<Vec<String>, String> {
        let mut required = Vec::new();
        for name in names.as_array().into_iter().flatten().filter_map(Value::as_str) {
            let property = schema["properties"].get(name);
            if !property.map_or(Ok(false), |property| self.is_for_answers(property))? {
                required.push(name.to_owned());
            }
        }
        Ok(required)
    }

    fn is_for_answers(&self, property: &Value) -> Result<bool, String> {
        Ok(resolve(self.document, property)?["readOnly"] == json!(true))
    }
}

fn is_named(branch: &Value, target: &str) -> bool {
    let name = branch["$ref"].as_str().and_then(|reference| reference.rsplit('/').next());
    name.is_some_and(|name| name == target || name.ends_with(&format!(".{target}")))
}

fn or_null(mut schema: Map<String, Value>) -> Value {
    if schema
        .keys()
        .all(|word| matches!(word.as_str(), "type" | "format" | "properties" | "items" | "required"))
        && let Some(kind) = schema.get("type").cloned()
    {
        schema.insert("type".into(), json!([kind, "null"]));
        return Value::Object(schema);
    }
    json!({ "anyOf": [{ "type": "null" }, schema] })
}
