//! How a behaviour suite fails: with one sentence that says what the rule is, what was asked and what came.

#![allow(clippy::panic)]

use std::error::Error as _;
use std::fmt::{Debug, Display};

use serde::Serialize;
use serde_json::{Value, json};

use crate::error::{Error, ErrorKind, Result};

/// The answer to a call that must succeed.
#[track_caller]
pub(super) fn done<T>(call: impl Display, result: Result<T>) -> T {
    match result {
        Ok(answer) => answer,
        Err(error) => panic!("{call} must succeed; {}", failed(&error)),
    }
}

/// The error of a call that must be refused, with one of these kinds.
#[track_caller]
pub(super) fn refused<T: Serialize>(call: impl Display, kinds: &[ErrorKind], result: Result<T>) -> Error {
    let came = match result {
        Err(error) if kinds.contains(&error.kind()) => return error,
        Err(error) => failed(&error),
        Ok(answer) => gave(&answer),
    };
    let names: Vec<_> = kinds.iter().map(|kind| format!("{kind:?}")).collect();
    panic!("{call} must be refused with {}; {came}", names.join(" or "));
}

/// What a call must give, and not none.
#[track_caller]
pub(super) fn some<T>(rule: impl Display, answer: Option<T>) -> T {
    match answer {
        Some(answer) => answer,
        None => panic!("{rule}; it gave none"),
    }
}

/// What must be none.
#[track_caller]
pub(super) fn none<T: Serialize>(rule: impl Display, answer: Option<T>) {
    assert!(answer.is_none(), "{rule}; {}", gave(&answer));
}

/// Holds what came against what the rule wants.
#[track_caller]
pub(super) fn same<T: PartialEq + Debug>(rule: impl Display, came: T, wanted: T) {
    assert!(came == wanted, "{rule}: {}; it gave {}", shown(&wanted), shown(&came));
}

/// A value as Python knows it too: there is no `Some` there.
fn shown(value: &impl Debug) -> String {
    let text = format!("{value:?}");
    let inner = text.strip_prefix("Some(").and_then(|rest| rest.strip_suffix(')'));
    if text == "None" { "none".into() } else { inner.unwrap_or(&text).to_owned() }
}

/// An error in words. What caused it, such as a traceback, follows on lines of its own.
pub(super) fn failed(error: &Error) -> String {
    let mut text = format!("it failed with {:?}: {error}", error.kind());
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(&format!("\n  caused by: {cause}"));
        next = cause.source();
    }
    text
}

/// An answer in words: the id of what is too long to be shown.
fn gave<T: Serialize>(answer: &T) -> String {
    match json!(answer) {
        Value::Null => "it succeeded".into(),
        Value::Array(all) => format!("it gave a list of {}", all.len()),
        Value::Object(fields) => format!("it gave the id {}", fields.get("id").unwrap_or(&Value::Null)),
        other => format!("it gave {other}"),
    }
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::{done, refused, same};
    use crate::error::{Error, ErrorKind};
    use crate::model::{RegionId, Server, ServerId};

    /// What a helper that fails says.
    fn text(fails: fn()) -> String {
        *catch_unwind(fails).unwrap_err().downcast::<String>().unwrap()
    }

    #[test]
    fn an_error_is_told_with_what_caused_it() {
        let said = text(|| {
            let cause = std::io::Error::other("the line is dead");
            let error = Error::not_found("server.get", "there is none").with_source(cause);
            done::<()>("get_server", Err(error));
        });
        assert_eq!(
            said,
            "get_server must succeed; it failed with NotFound: server.get: there is none\n  caused by: the line is dead"
        );
    }

    #[test]
    fn a_success_that_should_be_an_error_is_told_with_its_id() {
        let said = text(|| {
            let server = Server::new(ServerId("102".into()), "web", RegionId("here".into()), "small");
            refused("create_server", &[ErrorKind::NotFound, ErrorKind::InvalidInput], Ok(server));
        });
        assert_eq!(
            said,
            "create_server must be refused with NotFound or InvalidInput; it gave the id \"102\""
        );
    }

    #[test]
    fn an_error_of_another_kind_is_told() {
        let said = text(|| {
            let error = Error::invalid("server.delete", "no");
            refused::<()>("delete_server", &[ErrorKind::Conflict], Err(error));
        });
        assert_eq!(
            said,
            "delete_server must be refused with Conflict; it failed with InvalidInput: server.delete: no"
        );
    }

    #[test]
    fn two_values_are_told_when_they_differ() {
        assert_eq!(
            text(|| same("the key must stay", None, Some("1"))),
            "the key must stay: \"1\"; it gave none"
        );
    }
}
