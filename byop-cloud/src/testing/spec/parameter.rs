//! Parameters of paths, queries and headers.

use std::sync::Arc;

use jsonschema::Validator;
use serde_json::{Value, json};

use super::schema::{compile, first_error, resolve, types_of};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Path,
    Query,
    Header,
}

#[derive(Debug, Clone)]
pub(super) struct Parameter {
    pub(super) place: Place,
    pub(super) name: String,
    required: bool,
    /// Whether several values stand in one text with commas between them.
    has_commas: bool,
    kinds: Vec<String>,
    item_kinds: Vec<String>,
    validator: Arc<Validator>,
}

/// Reads a list of parameters.
pub(super) fn read_all(document: &Value, list: &Value, place: &str) -> Result<Vec<Parameter>, String> {
    let Some(list) = list.as_array() else { return Ok(Vec::new()) };
    let mut parameters = Vec::new();
    for parameter in list {
        let parameter = resolve(document, parameter)?;
        parameters.extend(
            Parameter::read(document, parameter).map_err(|error| format!("{place}: parameter: {error}"))?,
        );
    }
    Ok(parameters)
}

impl Parameter {
    /// Nothing for a cookie: no vendor has one.
    fn read(document: &Value, parameter: &Value) -> Result<Option<Self>, String> {
        let name = parameter["name"].as_str().ok_or("it has no name")?;
        let (place, style) = match parameter["in"].as_str() {
            Some("path") => (Place::Path, "simple"),
            Some("query") => (Place::Query, "form"),
            Some("header") => (Place::Header, "simple"),
            Some("cookie") => return Ok(None),
            _ => return Err(format!("{name}: it is nowhere")),
        };
        if parameter["style"].as_str().is_some_and(|wanted| wanted != style) {
            return Err(format!("{name}: only the style `{style}` can be checked"));
        }
        let schema = parameter.get("schema").ok_or_else(|| format!("{name}: it has no schema"))?;
        let kinds = types_of(document, schema)?;
        let item_kinds = match resolve(document, schema)?.get("items") {
            Some(items) => types_of(document, items)?,
            None => Vec::new(),
        };
        Ok(Some(Self {
            place,
            name: name.to_owned(),
            required: parameter["required"].as_bool().unwrap_or(place == Place::Path),
            has_commas: place != Place::Query || parameter["explode"].as_bool() == Some(false),
            kinds,
            item_kinds,
            validator: Arc::new(compile(document, schema).map_err(|error| format!("{name}: {error}"))?),
        }))
    }

    /// What tells it from others.
    pub(super) fn id(&self) -> (Place, String) {
        (self.place, self.name.clone())
    }

    /// Checks what was sent for it.
    pub(super) fn check(&self, values: &[String]) -> Result<(), String> {
        let name = &self.name;
        if values.is_empty() {
            return if self.required { Err(format!("the parameter `{name}` is missing")) } else { Ok(()) };
        }
        let is_list = self.kinds.iter().any(|kind| kind == "array");
        if !is_list && values.len() > 1 {
            return Err(format!("the parameter `{name}` was sent {} times", values.len()));
        }
        let value = if is_list {
            let split = |text: &String| -> Vec<String> {
                if self.has_commas {
                    text.split(',').map(str::to_owned).collect()
                } else {
                    vec![text.clone()]
                }
            };
            let items = values.iter().flat_map(split).map(|text| typed(&text, &self.item_kinds));
            Value::Array(items.collect())
        } else {
            typed(&values[0], &self.kinds)
        };
        first_error(&self.validator, &value).map_err(|error| format!("the parameter `{name}`: {error}"))
    }
}

/// A text as the first of these types that it can be.
pub(super) fn typed(text: &str, kinds: &[String]) -> Value {
    let is = |wanted: &str| kinds.iter().any(|kind| kind == wanted);
    if is("boolean") && matches!(text, "true" | "false") {
        return json!(text == "true");
    }
    if (is("integer") || is("number"))
        && let Ok(number) = text.parse::<i64>()
    {
        return json!(number);
    }
    if is("number")
        && let Ok(number) = text.parse::<f64>()
    {
        return json!(number);
    }
    if is("object")
        && let Ok(object @ Value::Object(_)) = serde_json::from_str(text)
    {
        return object;
    }
    json!(text)
}
