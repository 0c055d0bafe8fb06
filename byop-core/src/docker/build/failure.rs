//! Why a build failed, in words that name the command.

use super::OPERATION;
use super::progress::Progress;
use crate::docker::error;
use crate::error::{Error, ErrorKind};

/// The error for what the builder said at the end.
pub(super) fn explain(text: &str, progress: &Progress) -> Error {
    let error = match command(text) {
        Some((command, code)) => {
            let command = command.strip_prefix("/bin/sh -c ").unwrap_or(command);
            let shown: String =
                command.chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect();
            let error = Error::invalid(OPERATION, format!("`{}` ended with exit code {code}", shown.trim()))
                .with_context("exit_code", code);
            match code {
                137 => error.with_remedy(
                    "it was killed, most likely for lack of memory: raise the build's memory limit",
                ),
                127 => error.with_remedy(
                    "the image has no such program: install it first, or choose another base image",
                ),
                _ => error.with_remedy(
                    "read the last lines of the build's output and correct the command or the source",
                ),
            }
        }
        None => match error::known(OPERATION, text) {
            Some(error)
                if matches!(
                    error.kind(),
                    ErrorKind::QuotaExceeded
                        | ErrorKind::Unavailable
                        | ErrorKind::RateLimited
                        | ErrorKind::Unauthenticated
                ) =>
            {
                error
            }
            // The rest, such as a base image or a file that does not exist, is for the author to change.
            _ => Error::invalid(OPERATION, error::said(OPERATION, text).message())
                .with_remedy("correct the Dockerfile or the source"),
        },
    };
    let error = if progress.step().is_empty() { error } else { error.with_context("step", progress.step()) };
    let tail = progress.tail();
    if tail.is_empty() { error } else { error.with_context("log", tail) }
}

/// The command that failed and its exit code, in each builder's way to say it.
fn command(text: &str) -> Option<(&str, i64)> {
    for (start, end) in [
        ("The command '", "' returned a non-zero code: "),
        ("executor failed running [", "]: exit code: "),
        ("process \"", "\" did not complete successfully: exit code: "),
    ] {
        let Some((_, rest)) = text.split_once(start) else { continue };
        let Some((command, rest)) = rest.rsplit_once(end) else { continue };
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        if let Ok(code) = digits.parse() {
            return Some((command, code));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Builder;

    #[test]
    fn the_command_and_its_exit_code_are_named() {
        for text in [
            "The command '/bin/sh -c npm ci' returned a non-zero code: 7",
            "executor failed running [/bin/sh -c npm ci]: exit code: 7",
            "failed to solve: process \"/bin/sh -c npm ci\" did not complete successfully: exit code: 7",
        ] {
            let error = explain(text, &Progress::new(Builder::Classic));
            assert_eq!(error.message(), "`npm ci` ended with exit code 7", "{text}");
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
        }
    }

    #[test]
    fn a_registry_that_cannot_be_reached_is_worth_another_try() {
        let text = "Get \"https://registry-1/v2/\": dial tcp: lookup registry-1: no such host";
        assert_eq!(explain(text, &Progress::new(Builder::Classic)).kind(), ErrorKind::Unavailable);
        let text = "dockerfile parse error line 2: unknown instruction: RUNN";
        assert_eq!(explain(text, &Progress::new(Builder::Classic)).kind(), ErrorKind::InvalidInput);
    }
}
