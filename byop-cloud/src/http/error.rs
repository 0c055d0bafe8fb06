//! The one table from HTTP status to error kind.

use std::time::Duration;

use byop_core::clock::{Clock, Timestamp};
use byop_core::{ErrorKind, Result, Retry};
use serde_json::Value;

use super::date::parse_http_date;
use super::transport::{Request, Response};

/// What a status means; `None` for success.
#[must_use]
pub fn kind_of_status(status: u16) -> Option<ErrorKind> {
    Some(match status {
        200..=299 => return None,
        401 => ErrorKind::Unauthenticated,
        402 => ErrorKind::QuotaExceeded,
        403 => ErrorKind::PermissionDenied,
        404 | 410 => ErrorKind::NotFound,
        408 | 504 => ErrorKind::Timeout,
        409 | 412 | 423 => ErrorKind::Conflict,
        429 => ErrorKind::RateLimited,
        501 | 505 => ErrorKind::Unsupported,
        500..=599 => ErrorKind::Unavailable,
        // The other 4xx say that the request is wrong. A redirect means that the configured address is: it is
        // never followed, since it could carry credentials to another host.
        300..=499 => ErrorKind::InvalidInput,
        _ => ErrorKind::Unavailable,
    })
}

/// Turns an answer that is not a success into an error: kind by status, provider's message and code, request id,
/// and the time to wait where the answer tells it. A page of a proxy is no success, whatever its status.
///
/// # Errors
/// Every kind that [`kind_of_status`] gives; `Unavailable` for a page.
pub fn check_status(request: &Request, response: &Response, clock: &dyn Clock) -> Result<()> {
    let Some(kind) = kind_of_status(response.status) else {
        if is_page(&response.body) {
            let error =
                request.error(ErrorKind::Unavailable, "a page came in place of the provider's answer");
            return Err(error
                .with_context("status", response.status)
                .with_remedy("find out which proxy answers between this machine and the provider"));
        }
        return Ok(());
    };
    let said = Said::from_body(&response.body);
    let message =
        said.message.unwrap_or_else(|| format!("the provider answered with status {}", response.status));
    let mut error = request.error(kind, message).with_context("status", response.status);
    if let Some(code) = said.code {
        error = error.with_context("code", code);
    }
    if let Some(id) = request_id(response).or(said.request_id) {
        error = error.with_context("request_id", id);
    }
    if let Some(after) = wait(kind, response, clock.now()) {
        error = error.with_retry(Retry::After(after));
    }
    Err(error)
}

/// Whether it is HTML: no provider speaks it, and an answer without a body, such as that to a deletion, must not be
/// taken for one. What the answer says of its type is no proof, since some call their XML so.
fn is_page(body: &[u8]) -> bool {
    let start = body.trim_ascii_start();
    let begins = |with: &[u8]| start.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with));
    begins(b"<!doctype html") || begins(b"<html")
}

/// What the usual JSON forms of an error say.
#[derive(Default)]
struct Said {
    message: Option<String>,
    code: Option<String>,
    request_id: Option<String>,
}

impl Said {
    fn from_body(body: &[u8]) -> Self {
        let Ok(Value::Object(body)) = serde_json::from_slice::<Value>(body) else { return Self::default() };
        let text = |key: &str| body.get(key).and_then(Value::as_str).map(shorten);
        Self {
            message: text("message").filter(|message| !message.is_empty()),
            code: text("errorCode").or_else(|| text("code")).or_else(|| text("id")).or_else(|| text("class")),
            request_id: text("request_id").or_else(|| text("queryId")),
        }
    }
}

fn shorten(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(300).collect()
}

fn request_id(response: &Response) -> Option<String> {
    ["x-request-id", "x-amzn-requestid", "x-amz-request-id", "x-ovh-queryid"]
        .into_iter()
        .find_map(|name| response.header(name))
        .map(shorten)
}

/// `Retry-After` counts for every error that may pass; the reset time of a rate limit only when the limit is it.
fn wait(kind: ErrorKind, response: &Response, now: Timestamp) -> Option<Duration> {
    if !matches!(kind, ErrorKind::RateLimited | ErrorKind::Unavailable | ErrorKind::Timeout) {
        return None;
    }
    let until = |time: Timestamp| Duration::from_millis(u64::try_from(time.0 - now.0).unwrap_or(0));
    if let Some(value) = response.header("retry-after").map(str::trim) {
        let seconds = value.parse().ok().map(Duration::from_secs);
        if let Some(wait) = seconds.or_else(|| parse_http_date(value).map(until)) {
            return Some(wait);
        }
    }
    if kind != ErrorKind::RateLimited {
        return None;
    }
    let reset: i64 = ["ratelimit-reset", "x-ratelimit-reset"]
        .into_iter()
        .find_map(|name| response.header(name))
        .and_then(|value| value.trim().parse().ok())?;
    // Some send a moment, some a number of seconds; no rate limit lasts until the 1970s were over.
    if reset > 1_000_000_000 {
        Some(until(Timestamp(reset.saturating_mul(1000))))
    } else {
        u64::try_from(reset).ok().map(Duration::from_secs)
    }
}

#[cfg(test)]
mod tests {
    use byop_core::Error;
    use byop_core::clock::ManualClock;

    use super::*;
    use crate::http::Method;

    /// 2026-11-21 00:00:00 UTC.
    const NOW: u64 = 1_795_219_200;

    fn error_of(status: u16, headers: &[(&str, &str)], body: &str) -> Error {
        let clock = ManualClock::default();
        clock.advance(Duration::from_secs(NOW));
        let request =
            Request::new("server.create", Method::Post, "https://api.example/v2/droplets?token=canary");
        let mut response = Response::new(status);
        response.headers = headers.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
        response.body = body.into();
        check_status(&request, &response, &clock).unwrap_err()
    }

    #[test]
    fn every_status_has_a_kind() {
        for (status, kind) in [
            (301, ErrorKind::InvalidInput),
            (400, ErrorKind::InvalidInput),
            (401, ErrorKind::Unauthenticated),
            (402, ErrorKind::QuotaExceeded),
            (403, ErrorKind::PermissionDenied),
            (404, ErrorKind::NotFound),
            (408, ErrorKind::Timeout),
            (409, ErrorKind::Conflict),
            (410, ErrorKind::NotFound),
            (412, ErrorKind::Conflict),
            (422, ErrorKind::InvalidInput),
            (429, ErrorKind::RateLimited),
            (500, ErrorKind::Unavailable),
            (501, ErrorKind::Unsupported),
            (502, ErrorKind::Unavailable),
            (503, ErrorKind::Unavailable),
            (504, ErrorKind::Timeout),
            (999, ErrorKind::Unavailable),
        ] {
            assert_eq!(error_of(status, &[], "").kind(), kind, "{status}");
        }
        assert_eq!(kind_of_status(204), None);
    }

    #[test]
    fn message_code_and_request_id_are_kept_and_the_query_is_not() {
        let body =
            r#"{"id": "unprocessable_entity", "message": "size is\nnot available", "request_id": "r-1"}"#;
        let error = error_of(422, &[], body);
        assert_eq!(error.message(), "size isnot available");
        assert_eq!(error.context("code"), Some("unprocessable_entity"));
        assert_eq!(error.context("request_id"), Some("r-1"));
        assert_eq!(error.context("url"), Some("https://api.example/v2/droplets"));
        assert!(!format!("{error:?}").contains("canary"));
    }

    #[test]
    fn the_id_in_a_header_wins_over_that_in_the_body() {
        let error = error_of(500, &[("x-request-id", "h-1")], r#"{"request_id": "b-1"}"#);
        assert_eq!(error.context("request_id"), Some("h-1"));
    }

    #[test]
    fn a_page_of_a_proxy_is_not_quoted() {
        let error = error_of(502, &[], "<html>bad gateway</html>");
        assert_eq!(error.message(), "the provider answered with status 502");
    }

    #[test]
    fn a_page_of_a_proxy_is_no_success() {
        for page in ["\n<!DOCTYPE html><html>", "<HTML lang=en>"] {
            let error = error_of(200, &[], page);
            assert_eq!((error.kind(), error.retry()), (ErrorKind::Unavailable, Retry::Now));
        }
        let clock = ManualClock::default();
        let request = Request::new("zone.list", Method::Get, "https://api.example/");
        for answer in ["", "{}", "<?xml version=\"1.0\"?><a/>", "<DescribeRegionsResponse/>"] {
            let mut response = Response::new(200);
            response.body = answer.into();
            check_status(&request, &response, &clock).unwrap();
        }
    }

    #[test]
    fn the_time_to_wait_is_read_from_every_form() {
        let after = |seconds| Retry::After(Duration::from_secs(seconds));
        for (status, headers, retry) in [
            (429, vec![("retry-after", "7")], after(7)),
            (503, vec![("retry-after", "Sat, 21 Nov 2026 00:00:30 GMT")], after(30)),
            (503, vec![("retry-after", "Fri, 20 Nov 2026 00:00:00 GMT")], after(0)),
            (429, vec![("ratelimit-reset", "1795219260")], after(60)),
            (429, vec![("x-ratelimit-reset", "12")], after(12)),
            (429, vec![("ratelimit-reset", "1795219260"), ("retry-after", "3")], after(3)),
            (429, vec![("retry-after", "soon")], Retry::Now),
            (503, vec![("ratelimit-reset", "1795219260")], Retry::Now),
            (400, vec![("retry-after", "7")], Retry::Never),
        ] {
            assert_eq!(error_of(status, &headers, "").retry(), retry, "{status} {headers:?}");
        }
    }
}
