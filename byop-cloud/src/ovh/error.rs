//! What the refusals of the API mean.

use std::time::Duration;

use byop_core::clock::Clock;
use byop_core::cloud::no_capacity;
use byop_core::{Error, ErrorKind, Result, Retry};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::http::{Request, Response, check_status};

/// The forms that errors have, older and newer: any part may be missing.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Said {
    class: Option<String>,
    error_code: Option<String>,
    message: Option<String>,
    details: Option<serde_json::Map<String, serde_json::Value>>,
}

impl Said {
    fn read(response: &Response) -> Option<Self> {
        serde_json::from_slice(&response.body).ok()
    }

    fn code(&self) -> &str {
        self.error_code.as_deref().or(self.class.as_deref()).unwrap_or_default()
    }

    fn says(&self, words: &[&str]) -> bool {
        let message = self.message.as_deref().unwrap_or_default().to_ascii_lowercase();
        words.iter().any(|word| message.contains(word))
    }
}

/// Whether a request was refused because the clocks differ.
pub(super) fn is_out_of_time(response: &Response) -> bool {
    let Some(said) = Some(response).filter(|r| (400..=403).contains(&r.status)).and_then(Said::read) else {
        return false;
    };
    said.code() == "QUERY_TIME_OUT" || said.says(&["out of time"])
}

/// Whether a request was refused because its token has ended.
pub(super) fn is_stale_token(response: &Response) -> bool {
    match response.status {
        401 => true,
        403 => Said::read(response).is_some_and(|said| {
            matches!(said.code(), "INVALID_CREDENTIAL" | "NOT_CREDENTIAL") || said.says(&["invalid token"])
        }),
        _ => false,
    }
}

/// The common table of errors, and what this vendor's codes and texts say beyond it.
pub(super) fn check(request: &Request, response: &Response, clock: &dyn Clock) -> Result<()> {
    let Err(error) = check_status(request, response, clock) else { return check_body(request, response) };
    let Some(said) = Said::read(response) else {
        if (400..500).contains(&response.status) && response.status != 429 && !response.body.is_empty() {
            // A proxy says so, not the API: it tells nothing about what was asked for.
            let error = of_kind(error, ErrorKind::Unavailable, "the answer does not come from the API");
            return Err(
                error.with_remedy("look at what stands between this machine and the API, then try again")
            );
        }
        let remedy = remedy(error.kind());
        return Err(error.with_remedy(remedy));
    };
    match judge(response.status, error.kind(), &said) {
        Meaning::NoCapacity => {
            let message = error.message().to_owned();
            let facts = error.report().context;
            let none = facts
                .into_iter()
                .fold(no_capacity(request.operation), |none, (key, value)| none.with_context(key, value));
            Err(none.with_context("said", message))
        }
        Meaning::Kind(kind, remedy) => {
            let message = error.message().to_owned();
            let error = if kind == error.kind() { error } else { of_kind(error, kind, &message) };
            let missing = said.details.unwrap_or_default();
            let missing: Vec<_> = missing.values().filter_map(|value| value.as_str()).collect();
            let shown: String = missing.join(", ").chars().filter(|c| !c.is_control()).take(300).collect();
            let error = if shown.is_empty() { error } else { error.with_context("details", shown) };
            Err(error.with_remedy(remedy))
        }
    }
}

/// A success that cannot be read is none: a proxy's page, or a text that breaks off.
fn check_body(request: &Request, response: &Response) -> Result<()> {
    if response.body.is_empty() || serde_json::from_slice::<IgnoredAny>(&response.body).is_ok() {
        return Ok(());
    }
    Err(request
        .error(ErrorKind::Unavailable, "the answer is not the JSON that was expected")
        .with_context("status", response.status)
        .with_remedy(remedy(ErrorKind::Unavailable)))
}

enum Meaning {
    Kind(ErrorKind, &'static str),
    NoCapacity,
}

fn judge(status: u16, kind: ErrorKind, said: &Said) -> Meaning {
    let code = said.code();
    let is = |part: &str| code.contains(part);
    if !(400..500).contains(&status) || status == 429 {
        return Meaning::Kind(kind, remedy(kind));
    }
    if is("INVALID_SIGNATURE") || said.says(&["invalid signature"]) {
        return Meaning::Kind(
            ErrorKind::Unauthenticated,
            "check OVH_APPLICATION_SECRET and OVH_CONSUMER_KEY, and that they belong to this endpoint",
        );
    }
    if is("QUERY_TIME_OUT") || said.says(&["out of time"]) {
        return Meaning::Kind(
            ErrorKind::Unauthenticated,
            "the request was on its way for too long, or the clock of this machine jumps: look at both",
        );
    }
    if is("INVALID_KEY") || is("INVALID_CREDENTIAL") || is("NOT_CREDENTIAL") || is("MISSING_CREDENTIAL") {
        return Meaning::Kind(ErrorKind::Unauthenticated, remedy(ErrorKind::Unauthenticated));
    }
    if is("NOT_GRANTED_CALL") || is("NotGranted") {
        return Meaning::Kind(ErrorKind::PermissionDenied, remedy(ErrorKind::PermissionDenied));
    }
    if status != 404 && (is("Quota") || said.says(&["quota"])) {
        return Meaning::Kind(ErrorKind::QuotaExceeded, remedy(ErrorKind::QuotaExceeded));
    }
    if is("RegionInMaintenance")
        || (matches!(status, 400 | 409)
            && said.says(&["stock", "not available", "no valid host", "not enough host", "capacity"]))
    {
        return Meaning::NoCapacity;
    }
    if is("ChecksumMismatch") {
        return Meaning::Kind(
            ErrorKind::Conflict,
            "somebody changed it meanwhile: read it again, then decide",
        );
    }
    if status == 460 {
        return Meaning::Kind(ErrorKind::InvalidInput, "the service has expired: renew it, then try again");
    }
    Meaning::Kind(kind, remedy(kind))
}

/// What a reader can do about a kind of error.
fn remedy(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Unauthenticated => {
            "check the credentials: they are wrong, have expired, were not validated yet, or belong to another endpoint"
        }
        ErrorKind::PermissionDenied => {
            "give the consumer key a rule for this path, or the service account the right in its policies"
        }
        ErrorKind::NotFound => {
            "look whether it was removed, and whether it belongs to this project and region"
        }
        ErrorKind::Conflict => {
            "wait until the present action is done, look at what is there now, then decide"
        }
        ErrorKind::QuotaExceeded => {
            "delete what is not needed, choose another region, or ask OVHcloud to raise the quota"
        }
        ErrorKind::RateLimited => "come back later, with fewer requests at the same time",
        ErrorKind::InvalidInput => "change what the message names",
        ErrorKind::Unsupported => "look whether OVH_ENDPOINT leads to OVHcloud's API",
        _ => "try again later; OVHcloud's status page tells of disturbances",
    }
}

/// The same facts under another kind.
fn of_kind(error: Error, kind: ErrorKind, message: &str) -> Error {
    let fresh = Error::new(kind, error.operation().to_owned(), message);
    let facts = error.report().context;
    facts.into_iter().fold(fresh, |fresh, (key, value)| fresh.with_context(key, value))
}

/// Whether the provider's code for an error holds this word.
pub(super) fn has_code(error: &Error, word: &str) -> bool {
    error.context("code").is_some_and(|code| code.contains(word))
}

/// Says that a thing is at something else now, and when to come back.
pub(super) fn busy(error: Error) -> Error {
    error.with_retry(Retry::After(Duration::from_secs(2)))
}

/// The refusal to change what is somebody else's.
pub(super) fn foreign(operation: &'static str, id: &str) -> Error {
    Error::new(ErrorKind::PermissionDenied, operation, "this was not made by byop")
        .with_context("id", id)
        .with_remedy("change it where it was made")
}

/// The refusal of something that is not there.
pub(super) fn missing(operation: &'static str, what: &'static str, id: &str) -> Error {
    Error::not_found(operation, format!("there is no {what} of this name here"))
        .with_context(what, id.escape_default())
        .with_remedy(remedy(ErrorKind::NotFound))
}
