//! Calls: paths, pages, envelopes.

use byop_core::{ErrorKind, Result, Retry};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::http::{Client, Method, Repeat, Request, Response, collect_pages};

/// What stands for itself in a URL.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
/// The most that one page holds.
const PER_PAGE: &str = "200";

/// The API at one address with one token.
#[derive(Debug)]
pub(super) struct Api {
    client: Client,
    base: String,
}

impl Api {
    pub(super) fn new(client: Client, base: String) -> Self {
        Self { client, base }
    }

    fn request(&self, operation: &'static str, method: Method, path: &str) -> Request {
        Request::new(operation, method, format!("{}/v2/{path}", self.base))
            .with_header("accept", "application/json".to_owned())
    }

    /// The thing under `key`.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        path: &str,
        key: &str,
    ) -> Result<T> {
        let request = self.request(operation, Method::Get, path);
        let response = self.client.send(&request).await?;
        take(&request, &response, key)
    }

    /// The thing under `key`, if it is there.
    pub(super) async fn find<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        path: &str,
        key: &str,
    ) -> Result<Option<T>> {
        match self.get(operation, path, key).await {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            other => other.map(Some),
        }
    }

    /// All things under `key`, from every page.
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        path: &str,
        query: &[(&str, &str)],
        key: &str,
    ) -> Result<Vec<T>> {
        collect_pages(operation, 1_u64, async |page| self.page(operation, path, query, key, page).await).await
    }

    /// One page, and the number of the next.
    pub(super) async fn page<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        path: &str,
        query: &[(&str, &str)],
        key: &str,
        page: u64,
    ) -> Result<(Vec<T>, Option<u64>)> {
        let number = page.to_string();
        let mut all = vec![("page", number.as_str()), ("per_page", PER_PAGE)];
        all.extend(query);
        let request = self.request(operation, Method::Get, &format!("{path}?{}", encode_query(&all)));
        let response = self.client.send(&request).await?;
        let body: Map<String, Value> = response.json(&request)?;
        // The link may lead anywhere; the token must not follow it. Only the number is taken.
        let next = body.get("links").and_then(|links| links.get("pages")?.get("next")?.as_str());
        let next = next.map(|link| page_in(link).ok_or_else(|| unreadable(&request, "links"))).transpose()?;
        Ok((take::<Option<Vec<T>>>(&request, &response, key)?.unwrap_or_default(), next))
    }

    /// Sends what makes or does something. When nobody knows whether it was done, the error says `Retry::Now`:
    /// whoever asks again looks first.
    pub(super) async fn post(
        &self,
        operation: &'static str,
        path: &str,
        body: &impl Serialize,
        repeat: Repeat,
    ) -> Result<(Request, Response)> {
        let request = self.request(operation, Method::Post, path).with_json(body)?.with_repeat(repeat);
        match self.client.send(&request).await {
            Ok(response) => Ok((request, response)),
            Err(error)
                if error.retry() == Retry::Never
                    && matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout)
                    && !byop_core::cloud::is_no_capacity(&error) =>
            {
                Err(error.with_retry(Retry::Now))
            }
            Err(error) => Err(error),
        }
    }

    /// Makes a thing, which is answered under `key`.
    pub(super) async fn create<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        path: &str,
        body: &impl Serialize,
        key: &str,
        repeat: Repeat,
    ) -> Result<T> {
        let (request, response) = self.post(operation, path, body, repeat).await?;
        take(&request, &response, key)
    }

    /// Replaces a thing.
    pub(super) async fn put(&self, operation: &'static str, path: &str, body: &impl Serialize) -> Result<()> {
        let request = self.request(operation, Method::Put, path).with_json(body)?;
        self.client.send(&request).await.map(drop)
    }

    /// Removes a thing. Already gone: `Ok`.
    pub(super) async fn delete(&self, operation: &'static str, path: &str) -> Result<()> {
        match self.client.send(&self.request(operation, Method::Delete, path)).await {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            other => other.map(drop),
        }
    }
}

/// One part of a path or of a query.
pub(super) fn encode(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

fn encode_query(query: &[(&str, &str)]) -> String {
    let parts: Vec<_> = query.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
    parts.join("&")
}

/// What stands under `key`. A body without it is not what was promised: to take that for nothing would lose things.
fn take<T: DeserializeOwned>(request: &Request, response: &Response, key: &str) -> Result<T> {
    let mut body: Map<String, Value> = response.json(request)?;
    let value = body.remove(key).ok_or_else(|| unreadable(request, key))?;
    serde_json::from_value(value).map_err(|error| unreadable(request, key).with_source(error))
}

fn unreadable(request: &Request, key: &str) -> byop_core::Error {
    request
        .error(ErrorKind::Unavailable, "the answer does not have the form that was expected")
        .with_context("key", key)
        .with_remedy("try again; if it stays so, byop does not know this version of the API yet")
}

fn page_in(link: &str) -> Option<u64> {
    let (_, query) = link.split_once('?')?;
    query.split('#').next()?.split('&').find_map(|part| part.strip_prefix("page=")?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_a_page_is_found_wherever_it_stands() {
        for (link, page) in [
            ("https://api.digitalocean.com/v2/droplets?page=2", Some(2)),
            ("https://elsewhere.example/?tag_name=a&per_page=20&page=13#x", Some(13)),
            ("https://api.digitalocean.com/v2/droplets?per_page=2", None),
            ("nonsense", None),
        ] {
            assert_eq!(page_in(link), page, "{link}");
        }
    }

    #[test]
    fn what_could_change_a_path_is_encoded() {
        assert_eq!(encode("../a b:c/*"), "..%2Fa%20b%3Ac%2F%2A");
    }
}
