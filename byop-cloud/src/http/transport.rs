//! A request, its answer, and what carries them.

use std::fmt;

use async_trait::async_trait;
use byop_core::{Error, ErrorKind, Result, Secret};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Carries one request to the other side and brings the answer back. It does not retry.
#[async_trait]
pub trait Transport: fmt::Debug + Send + Sync {
    /// Sends a request once. An answer with any status is `Ok`.
    ///
    /// # Errors
    /// `InvalidInput` for a URL or header that cannot be sent; `Unavailable` when there is no connection or the
    /// answer breaks off; `Timeout`.
    async fn send(&self, request: &Request) -> Result<Response>;
}

/// The method of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Reads.
    Get,
    /// Reads the headers only.
    Head,
    /// Makes or does something.
    Post,
    /// Puts something in a place.
    Put,
    /// Changes a part.
    Patch,
    /// Removes.
    Delete,
}

impl Method {
    /// As on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// Whether a request may be sent again when its outcome is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Repeat {
    /// Twice is as good as once by the meaning of the method.
    Safe,
    /// It carries a key by which the other side knows the second for the first.
    Keyed,
    /// Twice may make two things.
    Never,
}

/// One request. Header values and the body are never shown, because they carry credentials.
#[derive(Clone)]
pub struct Request {
    /// `noun.verb`, for errors and spans.
    pub operation: &'static str,
    /// The method.
    pub method: Method,
    /// The whole URL.
    pub url: String,
    /// Headers, in order.
    pub headers: Vec<(String, Secret)>,
    /// The body.
    pub body: Vec<u8>,
    /// Whether it may be sent again.
    pub repeat: Repeat,
}

impl Request {
    /// A request without headers and body. `POST` and `PATCH` are not repeated unless one says that they may be.
    pub fn new(operation: &'static str, method: Method, url: impl Into<String>) -> Self {
        let repeat = match method {
            Method::Post | Method::Patch => Repeat::Never,
            _ => Repeat::Safe,
        };
        Self { operation, method, url: url.into(), headers: Vec::new(), body: Vec::new(), repeat }
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<Secret>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn with_body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.with_header("content-type", content_type.to_owned())
    }

    /// Sets the body to the JSON form of a value.
    ///
    /// # Errors
    /// `Internal` when the value has no JSON form.
    pub fn with_json(self, value: &impl Serialize) -> Result<Self> {
        let body = serde_json::to_vec(value).map_err(|error| {
            Error::new(ErrorKind::Internal, self.operation, "the request cannot be written as JSON")
                .with_source(error)
        })?;
        Ok(self.with_body("application/json", body))
    }

    /// Says whether it may be sent again.
    #[must_use]
    pub fn with_repeat(mut self, repeat: Repeat) -> Self {
        self.repeat = repeat;
        self
    }

    /// The URL without what may be secret in it: user, password, query, fragment.
    #[must_use]
    pub fn shown_url(&self) -> String {
        let plain = self.url.split(['?', '#']).next().unwrap_or_default();
        let Some((scheme, rest)) = plain.split_once("://") else { return plain.to_owned() };
        let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let host = host.rsplit('@').next().unwrap_or_default();
        format!("{scheme}://{host}{path}")
    }

    /// An error of this request, with method and URL.
    #[must_use]
    pub fn error(&self, kind: ErrorKind, message: impl Into<String>) -> Error {
        Error::new(kind, self.operation, message)
            .with_context("method", self.method.as_str())
            .with_context("url", self.shown_url())
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("operation", &self.operation)
            .field("method", &self.method)
            .field("url", &self.shown_url())
            .field("headers", &self.headers)
            .field("body_bytes", &self.body.len())
            .field("repeat", &self.repeat)
            .finish()
    }
}

/// The answer to a request.
#[derive(Clone)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// Headers with names in lower case, in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// An answer without headers and body.
    #[must_use]
    pub fn new(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    /// The first value of a header; `name` in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The body, read as JSON.
    ///
    /// # Errors
    /// `Unavailable` when it is not what was promised: a proxy's page, or a text that breaks off.
    pub fn json<T: DeserializeOwned>(&self, request: &Request) -> Result<T> {
        serde_json::from_slice(&self.body).map_err(|error| {
            request
                .error(ErrorKind::Unavailable, "the answer is not the JSON that was expected")
                .with_context("status", self.status)
                .with_source(error)
        })
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Bodies and headers can hold tokens and passwords of new servers.
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_secret_is_shown() {
        let request =
            Request::new("server.list", Method::Get, "https://me:canary1@api.example/v2?sig=canary2#canary3")
                .with_header("authorization", "Bearer canary4".to_owned())
                .with_body("text/plain", "canary5");
        let mut response = Response::new(200);
        response.body = b"canary6".to_vec();
        response.headers.push(("set-cookie".into(), "canary7".into()));
        let error = request.error(ErrorKind::Internal, "x");
        let shown = format!("{request:?} {response:?} {error:?}");
        assert!(!shown.contains("canary"), "{shown}");
        assert!(shown.contains("https://api.example/v2"), "{shown}");
    }

    #[test]
    fn a_url_without_a_path_is_shown() {
        assert_eq!(Request::new("a.b", Method::Get, "http://h:1").shown_url(), "http://h:1");
        assert_eq!(Request::new("a.b", Method::Get, "nonsense").shown_url(), "nonsense");
    }
}
