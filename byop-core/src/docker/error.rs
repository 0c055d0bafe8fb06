//! From what an engine says to an [`Error`] that says what to do. The only place that reads its messages.

use std::error::Error as StdError;
use std::io;

use bollard::errors::Error as Failure;

use crate::error::{Error, ErrorKind, Result};

/// An error of the client library.
pub(super) fn engine(operation: &'static str, failure: Failure) -> Error {
    match failure {
        Failure::DockerResponseServerError { status_code, message } => {
            refused(operation, status_code, &message)
        }
        Failure::DockerStreamError { error } => said(operation, &error),
        Failure::RequestTimeoutError => {
            Error::new(ErrorKind::Timeout, operation, "the engine did not answer in time")
        }
        Failure::JsonDataError { .. }
        | Failure::JsonSerdeError { .. }
        | Failure::StrParseError { .. }
        | Failure::APIVersionParseError {} => {
            internal(operation, "the engine's answer cannot be understood", failure)
        }
        other => unreachable(operation, other),
    }
}

/// Something that cannot happen unless byop or the engine is defective.
pub(super) fn internal(
    operation: &'static str,
    message: &'static str,
    source: impl Into<Box<dyn StdError + Send + Sync>>,
) -> Error {
    Error::new(ErrorKind::Internal, operation, message).with_source(source)
}

/// A connection that failed, before or during a request.
fn unreachable(operation: &'static str, failure: Failure) -> Error {
    // The client library's wrappers skip what they wrap in their `source`.
    let mut next: Option<&(dyn StdError + 'static)> = match &failure {
        Failure::IOError { err } => Some(err),
        Failure::HyperResponseError { err } => Some(err),
        other => Some(other),
    };
    let (mut kind, mut message, mut remedy) = (
        ErrorKind::Unavailable,
        "the engine cannot be reached",
        "check that the engine runs and that its address is right",
    );
    while let Some(error) = next {
        // An io::Error hides what it wraps from `source`.
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if error.is::<rustls::Error>() || inner.is_some_and(|inner| inner.is::<rustls::Error>()) {
            kind = ErrorKind::Unauthenticated;
            message = "the engine and byop do not trust each other's certificates";
            remedy =
                "check that the authority, the client certificate and the host name belong to this engine";
            break;
        }
        if let Some(error) = error.downcast_ref::<io::Error>() {
            match error.kind() {
                io::ErrorKind::PermissionDenied => {
                    kind = ErrorKind::PermissionDenied;
                    message = "this user may not use the engine's socket";
                    remedy = "run as a user in the socket's group (usually docker)";
                }
                io::ErrorKind::TimedOut => kind = ErrorKind::Timeout,
                _ => {}
            }
        }
        next = match inner {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    Error::new(kind, operation, message).with_remedy(remedy).with_source(failure)
}

/// A status code that is not success.
pub(super) fn refused(operation: &'static str, status: u16, message: &str) -> Error {
    if let Some(error) = known(operation, message) {
        return error;
    }
    let kind = match status {
        400 | 413 => ErrorKind::InvalidInput,
        401 => ErrorKind::Unauthenticated,
        403 => ErrorKind::PermissionDenied,
        404 => ErrorKind::NotFound,
        409 => ErrorKind::Conflict,
        429 => ErrorKind::RateLimited,
        405 | 406 | 501 => ErrorKind::Unsupported,
        408 | 504 => ErrorKind::Timeout,
        500.. => ErrorKind::Unavailable,
        _ => ErrorKind::Internal,
    };
    Error::new(kind, operation, tidy(message)).with_context("status", status)
}

/// An error inside a stream, which comes without a status code.
pub(super) fn said(operation: &'static str, message: &str) -> Error {
    known(operation, message).unwrap_or_else(|| Error::new(ErrorKind::Unavailable, operation, tidy(message)))
}

/// What messages mean that come with an unhelpful status, or with none.
pub(super) fn known(operation: &'static str, message: &str) -> Option<Error> {
    let lower = message.to_ascii_lowercase();
    let has = |patterns: &[&str]| patterns.iter().any(|pattern| lower.contains(pattern));
    let error = |kind, remedy: &str| Some(Error::new(kind, operation, tidy(message)).with_remedy(remedy));

    if has(&["port is already allocated", "address already in use", "ports are not available"]) {
        let taken = Error::new(ErrorKind::Conflict, operation, "a published port is already taken")
            .with_remedy("free the port, or publish another one");
        return Some(
            match port_in(message) {
                Some(port) => taken.with_context("port", port),
                None => taken,
            }
            .with_source(tidy(message)),
        );
    }
    if has(&[
        "non-overlapping ipv4 address pool",
        "address pools have been fully",
        "no available ipv4 addresses",
    ]) {
        return error(
            ErrorKind::QuotaExceeded,
            "remove networks that are not used any more, or widen default-address-pools of the engine",
        );
    }
    if has(&["no space left on device", "disk quota exceeded"]) {
        return error(ErrorKind::QuotaExceeded, "free disk space on the host");
    }
    if has(&["toomanyrequests", "rate limit"]) {
        return error(ErrorKind::RateLimited, "wait, or log in to the registry");
    }
    if has(&["executable file not found", "oci runtime", "exec format error"])
        && has(&[
            "no such file or directory",
            "executable file not found",
            "permission denied",
            "exec format error",
            "is a directory",
        ])
    {
        return error(ErrorKind::InvalidInput, "name a program that the image has and that may be executed");
    }
    if has(&[
        "unauthorized",
        "authentication required",
        "no basic auth credentials",
        "incorrect username or password",
    ]) {
        return error(ErrorKind::Unauthenticated, "give credentials for the registry");
    }
    if has(&[
        "no such image",
        "manifest unknown",
        "pull access denied",
        "repository does not exist",
        "does not exist or no pull access",
    ]) {
        return error(ErrorKind::NotFound, "check the image's name, and that it was built or can be pulled");
    }
    if has(&[
        "no such host",
        "connection refused",
        "i/o timeout",
        "tls handshake timeout",
        "network is unreachable",
        "server misbehaving",
        "client.timeout exceeded",
    ]) {
        return error(ErrorKind::Unavailable, "check that the host can reach the registry");
    }
    if has(&[
        "has active endpoints",
        "volume is in use",
        "is using its referenced image",
        "image is being used",
        "image is referenced in multiple",
    ]) {
        return Some(Error::new(ErrorKind::Conflict, operation, tidy(message)));
    }
    if has(&["rootfs is marked read-only", "mounted volume is marked read-only", "read-only file system"]) {
        return Some(Error::new(ErrorKind::PermissionDenied, operation, tidy(message)));
    }
    if has(&["client version"]) && has(&["too new", "too old"]) {
        return error(ErrorKind::Unsupported, "update the engine");
    }
    None
}

/// The port that a message about a taken port is about.
fn port_in(message: &str) -> Option<u16> {
    message
        .match_indices(':')
        .filter_map(|(at, _)| {
            let digits: String = message[at + 1..].chars().take_while(char::is_ascii_digit).collect();
            digits.parse().ok().filter(|port| *port > 0)
        })
        .next_back()
}

/// One line without control characters, at most 500 characters: messages quote what users typed.
fn tidy(message: &str) -> String {
    let line: String =
        message.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).take(500).collect();
    if line.is_empty() { "the engine gave no reason".into() } else { line }
}

/// Whether an error means that the thing is not there.
pub(super) fn is_missing(error: &Error) -> bool {
    error.kind() == ErrorKind::NotFound
}

/// Turns "it is not there" into success.
pub(super) fn missing_is_ok(result: Result<()>) -> Result<()> {
    match result {
        Err(error) if is_missing(&error) => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_follow_from_what_the_caller_can_do() {
        for (status, message, kind) in [
            (
                500,
                "driver failed programming external connectivity: Bind for 0.0.0.0:8080 failed: port is already allocated",
                ErrorKind::Conflict,
            ),
            (
                500,
                "could not find an available, non-overlapping IPv4 address pool among the defaults",
                ErrorKind::QuotaExceeded,
            ),
            (404, "No such image: nope:latest", ErrorKind::NotFound),
            (
                400,
                "OCI runtime create failed: exec: \"nope\": executable file not found in $PATH: unknown",
                ErrorKind::InvalidInput,
            ),
            (
                500,
                "Get https://registry-1/v2/: dial tcp: lookup registry-1: no such host",
                ErrorKind::Unavailable,
            ),
            (403, "error while removing network: network x has active endpoints", ErrorKind::Conflict),
            (403, "container rootfs is marked read-only", ErrorKind::PermissionDenied),
            (409, "Container abc is not running", ErrorKind::Conflict),
            (
                400,
                "client version 1.54 is too new. Maximum supported API version is 1.41",
                ErrorKind::Unsupported,
            ),
            (500, "something odd", ErrorKind::Unavailable),
        ] {
            assert_eq!(refused("container.test", status, message).kind(), kind, "{message}");
        }
    }

    #[test]
    fn a_taken_port_is_named() {
        let error = refused(
            "container.start",
            500,
            "driver failed: Error starting userland proxy: listen tcp4 127.0.0.1:18080: bind: address already in use",
        );
        assert_eq!(error.context("port"), Some("18080"));
    }

    #[test]
    fn messages_cannot_smuggle_lines() {
        assert_eq!(refused("a.b", 409, "x\ny\u{1b}").message(), "x y ");
    }
}
