//! Bodies.

use jsonschema::Validator;
use serde_json::{Map, Value};

use super::parameter::typed;
use super::path::pairs;
use super::schema::{compile, first_error, properties_of, resolve, types_of};
use crate::http::Request;

#[derive(Debug)]
pub(super) struct Body {
    required: bool,
    forms: Vec<Form>,
}

/// A body as one media type has it.
#[derive(Debug)]
struct Form {
    media_type: String,
    validator: Validator,
    /// The types of the fields, where a body is fields and not JSON.
    fields: Vec<(String, Vec<String>)>,
}

const FIELDS: &str = "application/x-www-form-urlencoded";

impl Body {
    pub(super) fn read(document: &Value, body: &Value, place: &str) -> Result<Self, String> {
        let body = resolve(document, body)?;
        let content =
            body["content"].as_object().ok_or_else(|| format!("{place}: the body has no content"))?;
        let mut forms = Vec::new();
        for (media_type, content) in content {
            let any = Value::Bool(true);
            let schema = content.get("schema").unwrap_or(&any);
            let wrong = |error| format!("{place}: body: {error}");
            let mut fields = Vec::new();
            if media_type == FIELDS {
                for (name, schema) in properties_of(document, schema).map_err(wrong)? {
                    fields.push((name, types_of(document, &schema).map_err(wrong)?));
                }
            }
            let validator = compile(document, schema).map_err(wrong)?;
            forms.push(Form { media_type: media_type.to_ascii_lowercase(), validator, fields });
        }
        Ok(Self { required: body["required"].as_bool().unwrap_or(false), forms })
    }

    pub(super) fn check(&self, request: &Request) -> Result<(), String> {
        if request.body.is_empty() {
            return if self.required { Err("the body is missing".into()) } else { Ok(()) };
        }
        let header = request.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        let sent = header.map(|(_, value)| value.expose()).ok_or("the body has no content type")?;
        let sent = sent.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let form = self
            .forms
            .iter()
            .find(|form| form.media_type == sent)
            .ok_or_else(|| format!("the body may not be {sent}"))?;
        let value = form.value(&request.body)?;
        first_error(&form.validator, &value).map_err(|error| format!("body: {error}"))
    }
}

impl Form {
    fn value(&self, body: &[u8]) -> Result<Value, String> {
        if self.media_type == FIELDS {
            let text = std::str::from_utf8(body).map_err(|_| "the body is not UTF-8")?;
            return self.object(pairs(text)?);
        }
        if self.media_type.ends_with("json") {
            return serde_json::from_slice(body).map_err(|_| "the body is not JSON".to_owned());
        }
        Ok(Value::String(String::from_utf8_lossy(body).into_owned()))
    }

    fn object(&self, pairs: Vec<(String, String)>) -> Result<Value, String> {
        let mut object = Map::new();
        for (name, text) in pairs {
            let kinds = self.fields.iter().find(|(field, _)| *field == name);
            let kinds = kinds.map(|(_, kinds)| kinds.as_slice()).unwrap_or_default();
            let is_list = kinds.iter().any(|kind| kind == "array");
            let value = typed(&text, kinds);
            match object.get_mut(&name) {
                None if is_list => {
                    object.insert(name, Value::Array(vec![value]));
                }
                None => {
                    object.insert(name, value);
                }
                Some(Value::Array(list)) => list.push(value),
                Some(_) => return Err(format!("the field `{name}` was sent more than once")),
            }
        }
        Ok(Value::Object(object))
    }
}
