//! What DigitalOcean's refusals mean.

use byop_core::clock::Clock;
use byop_core::cloud::no_capacity;
use byop_core::{Error, ErrorKind, Result};
use serde::de::IgnoredAny;

use crate::http::{Request, Response, check_status};

/// The common table of errors, and what only the text of a refusal tells.
pub(super) fn check(request: &Request, response: &Response, clock: &dyn Clock) -> Result<()> {
    let outcome = check_status(request, response, clock);
    let is_about_the_request = (200..500).contains(&response.status) && response.status != 429;
    if is_about_the_request && !response.body.is_empty() && !is_json(&response.body) {
        // A proxy says so, or the text breaks off: it tells nothing about what was asked for.
        return Err(request
            .error(ErrorKind::Unavailable, "the answer does not come from the API")
            .with_context("status", response.status)
            .with_remedy("look at what stands between this machine and the API, then try again"));
    }
    let Err(error) = outcome else { return Ok(()) };
    let (kind, remedy) = judge(response.status, error.kind(), error.message());
    if kind == Meaning::NoCapacity {
        return Err(with_facts(no_capacity(request.operation), &error).with_context("said", error.message()));
    }
    let Meaning::Kind(kind) = kind else { return Err(error) };
    if kind == error.kind() {
        return Err(error.with_remedy(remedy));
    }
    Err(with_facts(request.error(kind, error.message()), &error).with_remedy(remedy))
}

#[derive(Debug, PartialEq, Eq)]
enum Meaning {
    Kind(ErrorKind),
    NoCapacity,
}

/// What a refusal means, and what its reader can do.
fn judge(status: u16, kind: ErrorKind, message: &str) -> (Meaning, &'static str) {
    let said = message.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| said.contains(word));
    let kind = match status {
        // Asked first: "the droplet already has a pending event" is no matter of limits.
        400 | 409 | 422 if says(&["pending event", "is locked", "being processed"]) => {
            return (
                Meaning::Kind(ErrorKind::Conflict),
                "wait until the present action is done, then try again",
            );
        }
        403 | 422 if says(&["limit"]) => ErrorKind::QuotaExceeded,
        422 if says(&["not available", "sold out"]) => return (Meaning::NoCapacity, ""),
        422 if says(&["already in use", "already exists", "already has", "already assigned"]) => {
            ErrorKind::Conflict
        }
        _ => kind,
    };
    let remedy = match kind {
        ErrorKind::Unauthenticated => {
            "set DIGITALOCEAN_TOKEN to a token that is valid: this one is wrong, has expired or was revoked"
        }
        ErrorKind::PermissionDenied => "give the token the scope that this request needs",
        ErrorKind::NotFound => {
            "look whether it was removed, and whether the token belongs to the account that has it"
        }
        ErrorKind::Conflict => "look at what is there now, then decide",
        ErrorKind::QuotaExceeded => "delete what is not needed, or ask DigitalOcean to raise the limit",
        ErrorKind::RateLimited => {
            "come back later; whatever uses this account's tokens shares 250 requests a minute and 5000 an hour"
        }
        ErrorKind::InvalidInput => "change what the message names",
        ErrorKind::Unsupported => "look whether DIGITALOCEAN_API_URL leads to DigitalOcean's API",
        _ => "try again later; DigitalOcean's status page tells of disturbances",
    };
    (Meaning::Kind(kind), remedy)
}

fn is_json(body: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(body).is_ok()
}

fn with_facts(mut error: Error, of: &Error) -> Error {
    for key in ["status", "code", "request_id"] {
        if let Some(value) = of.context(key) {
            error = error.with_context(key, value);
        }
    }
    error
}
