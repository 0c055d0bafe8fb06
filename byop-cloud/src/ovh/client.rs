//! Calls: paths, lists, answers without a result.

use byop_core::cloud::is_no_capacity;
use byop_core::{Error, ErrorKind, Result, Retry};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::http::{Client, Method, Repeat, Request, Response, collect_pages};

/// What stands for itself in a URL.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
/// How many things of the second version's lists are asked for at once.
const PAGE: &str = "100";

/// The API of one account. Paths that begin with `/v2` are of its second version.
#[derive(Debug)]
pub(super) struct Api {
    client: Client,
    root: String,
    v2: String,
}

impl Api {
    pub(super) fn new(client: Client, root: String, v2: String) -> Self {
        Self { client, root, v2 }
    }

    fn request(&self, operation: &'static str, method: Method, path: &str) -> Request {
        let url = match path.strip_prefix("/v2") {
            Some(rest) => format!("{}{rest}", self.v2),
            None => format!("{}{path}", self.root),
        };
        Request::new(operation, method, url).with_header("accept", "application/json".to_owned())
    }

    /// One thing.
    pub(super) async fn get<T: DeserializeOwned>(&self, operation: &'static str, path: &str) -> Result<T> {
        let request = self.request(operation, Method::Get, path);
        self.client.send(&request).await?.json(&request)
    }

    /// One thing, if it is there.
    pub(super) async fn find<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        path: &str,
    ) -> Result<Option<T>> {
        match self.get(operation, path).await {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            other => other.map(Some),
        }
    }

    /// A list of the first version, which comes whole. None at all may be `null`.
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        path: &str,
    ) -> Result<Vec<T>> {
        Ok(self.get::<Option<Vec<T>>>(operation, path).await?.unwrap_or_default())
    }

    /// A list of the second version, from every page.
    pub(super) async fn pages<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        path: &str,
    ) -> Result<Vec<T>> {
        let fetch = async |cursor: Option<String>| {
            let mut request =
                self.request(operation, Method::Get, path).with_header("x-pagination-size", PAGE.to_owned());
            if let Some(cursor) = cursor {
                request = request.with_header("x-pagination-cursor", cursor);
            }
            let response = self.client.send(&request).await?;
            let items: Option<Vec<T>> = response.json(&request)?;
            let next = response.header("x-pagination-cursor-next").filter(|next| !next.is_empty());
            Ok((items.unwrap_or_default(), next.map(|next| Some(next.to_owned()))))
        };
        collect_pages(operation, None, fetch).await
    }

    /// Sends something and reads what comes back.
    pub(super) async fn send<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        method: Method,
        path: &str,
        body: &impl Serialize,
        repeat: Repeat,
    ) -> Result<T> {
        let request = self.request(operation, method, path).with_json(body)?.with_repeat(repeat);
        let response = self.outcome(&request).await?;
        response.json(&request)
    }

    /// Sends something that is answered with nothing: `null`, or not even that.
    pub(super) async fn put(&self, operation: &'static str, path: &str, body: &impl Serialize) -> Result<()> {
        self.client.send(&self.request(operation, Method::Put, path).with_json(body)?).await.map(drop)
    }

    /// Does something that takes no body, and reads what comes back, if anything does.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        path: &str,
    ) -> Result<Option<T>> {
        let request = self.request(operation, Method::Post, path);
        let response = self.outcome(&request).await?;
        if response.body.is_empty() { Ok(None) } else { response.json(&request) }
    }

    /// Does something that is answered with nothing.
    pub(super) async fn act(
        &self,
        operation: &'static str,
        path: &str,
        body: Option<&serde_json::Value>,
        repeat: Repeat,
    ) -> Result<()> {
        let mut request = self.request(operation, Method::Post, path).with_repeat(repeat);
        if let Some(body) = body {
            request = request.with_json(body)?;
        }
        self.outcome(&request).await.map(drop)
    }

    /// Removes something. Already gone: `Ok`.
    pub(super) async fn delete(&self, operation: &'static str, path: &str) -> Result<()> {
        match self.client.send(&self.request(operation, Method::Delete, path)).await {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) if super::error::has_code(&error, "ResourceAlreadyBeingDeleted") => Ok(()),
            other => other.map(drop),
        }
    }

    /// When nobody knows whether something was done, the error says `Retry::Now`: whoever asks again looks first.
    async fn outcome(&self, request: &Request) -> Result<Response> {
        self.client.send(request).await.map_err(|error| {
            if is_unknown(&error) && error.retry() == Retry::Never {
                error.with_retry(Retry::Now)
            } else {
                error
            }
        })
    }
}

/// Whether what failed so may have been done all the same.
pub(super) fn is_unknown(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout) && !is_no_capacity(error)
}

/// One part of a path, or the value of a parameter.
pub(super) fn encode(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_change_a_path_is_encoded() {
        assert_eq!(encode("../a b:c/*"), "..%2Fa%20b%3Ac%2F%2A");
    }
}
