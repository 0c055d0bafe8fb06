//! What a vendor's published description allows.

use std::collections::BTreeMap;

use byop_core::{Error, ErrorKind};
use serde_json::Value;

use crate::http::Request;

mod body;
mod parameter;
mod path;
mod schema;
#[cfg(test)]
mod tests;

use body::Body;
use parameter::{Parameter, Place};
use path::Template;

/// An OpenAPI 3.0 document, by which requests are checked: path, method, parameters and body.
///
/// It is stricter than the documents themselves: an object may have only the properties that its schema names
/// somewhere, unless the schema opens it, and no property that is for answers only.
///
/// Reading a document takes a while, so a simulator keeps it for all its lives, such as in a `LazyLock`.
///
/// ```
/// use byop_cloud::http::{Method, Request};
/// use byop_cloud::testing::spec::Spec;
///
/// let spec = Spec::parse(r#"{"openapi": "3.0.0", "paths": {"/v2/servers": {"get": {
///     "parameters": [{"name": "page", "in": "query", "schema": {"type": "integer"}}]
/// }}}}"#)?;
/// let get = |url: &str| Request::new("server.list", Method::Get, url);
/// assert!(spec.check(&get("https://api.example/v2/servers?page=2"), "").is_ok());
/// assert!(spec.check(&get("https://api.example/v2/servers?page=two"), "").is_err());
/// # Ok::<(), byop_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Spec {
    paths: Vec<(Template, BTreeMap<String, Operation>)>,
}

#[derive(Debug)]
struct Operation {
    parameters: Vec<Parameter>,
    body: Option<Body>,
}

const METHODS: &[&str] = &["get", "head", "post", "put", "patch", "delete"];

impl Spec {
    /// Reads a document.
    ///
    /// # Errors
    /// `InvalidInput` for what is no OpenAPI document, and for what cannot be checked by it, with its place.
    pub fn parse(json: &str) -> byop_core::Result<Self> {
        let broken = |what: String| {
            Error::new(ErrorKind::InvalidInput, "spec.parse", "the description cannot be used")
                .with_context("reason", what)
                .with_remedy("give a document of OpenAPI 3.0 as JSON, with all that it refers to in itself")
        };
        let document: Value =
            serde_json::from_str(json).map_err(|error| broken("it is no JSON".into()).with_source(error))?;
        Self::read(&document).map_err(broken)
    }

    fn read(document: &Value) -> Result<Self, String> {
        if !document["openapi"].as_str().is_some_and(|version| version.starts_with("3.0")) {
            return Err("`openapi` is not 3.0".into());
        }
        let items = document["paths"].as_object().ok_or("it has no `paths`")?;
        let mut paths = Vec::new();
        for (path, item) in items {
            let common = parameter::read_all(document, &item["parameters"], path)?;
            let mut operations = BTreeMap::new();
            for method in METHODS {
                let Some(operation) = item.get(method) else { continue };
                let place = format!("{method} {path}");
                let mut parameters = parameter::read_all(document, &operation["parameters"], &place)?;
                let own: Vec<_> = parameters.iter().map(Parameter::id).collect();
                parameters.extend(common.iter().filter(|other| !own.contains(&other.id())).cloned());
                let body = match operation.get("requestBody") {
                    Some(body) => Some(Body::read(document, body, &place)?),
                    None => None,
                };
                operations.insert(method.to_uppercase(), Operation { parameters, body });
            }
            paths.push((Template::new(path)?, operations));
        }
        // What is named wins over what is filled in.
        paths.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(Self { paths })
    }

    /// Checks a request: `base_path` is what stands in its URL before the paths of the document, such as `/1.0`.
    ///
    /// # Errors
    /// What the document does not allow about it, without the values that were sent.
    pub fn check(&self, request: &Request, base_path: &str) -> Result<(), String> {
        let method = request.method.as_str();
        let (path, query) = path::split(&request.url);
        let complain = |what: String| format!("{method} {path}: {what}");
        let inner = path
            .strip_prefix(base_path)
            .ok_or_else(|| complain(format!("the path does not begin with {base_path}")))?;
        let mut found = self
            .paths
            .iter()
            .filter_map(|(template, operations)| template.fill(inner).map(|values| (values, operations)));
        let (values, operations) = found.next().ok_or_else(|| complain("there is no such path".into()))?;
        let operation =
            operations.get(method).ok_or_else(|| complain("the path does not have this method".into()))?;
        operation.check(request, &values, query).map_err(complain)
    }
}

impl Operation {
    fn check(&self, request: &Request, values: &[(String, String)], query: &str) -> Result<(), String> {
        let all = |place| self.parameters.iter().filter(move |parameter| parameter.place == place);
        for (name, value) in values {
            // A document may leave a parameter of a path undescribed.
            if let Some(parameter) = all(Place::Path).find(|parameter| parameter.name == *name) {
                parameter.check(std::slice::from_ref(value))?;
            }
        }
        let sent = path::pairs(query)?;
        for (name, _) in &sent {
            if !all(Place::Query).any(|parameter| parameter.name == *name) {
                return Err(format!("there is no parameter `{name}`"));
            }
        }
        for parameter in all(Place::Query) {
            let values = sent.iter().filter(|(name, _)| *name == parameter.name);
            parameter.check(&values.map(|(_, value)| value.clone()).collect::<Vec<_>>())?;
        }
        for parameter in all(Place::Header) {
            let values =
                request.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(&parameter.name));
            parameter.check(&values.map(|(_, value)| value.expose().to_owned()).collect::<Vec<_>>())?;
        }
        match &self.body {
            Some(body) => body.check(request),
            None if request.body.is_empty() => Ok(()),
            None => Err("it takes no body".into()),
        }
    }
}
