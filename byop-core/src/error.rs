//! The one error type of byop: what went wrong, where, whether to try again, and what to do.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Shorthand for results of byop.
pub type Result<T, E = Error> = std::result::Result<T, E>;

type Source = Box<dyn StdError + Send + Sync + 'static>;

/// The kind of an error: what the caller can do about it.
///
/// Choose by reaction, not by cause: two failures that a caller handles alike share a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorKind {
    /// The request itself is wrong; change it.
    InvalidInput,
    /// The named thing does not exist.
    NotFound,
    /// The named thing exists already and differs from what was asked for.
    AlreadyExists,
    /// Someone else changed or holds the thing; look again, then decide.
    Conflict,
    /// Credentials are missing or were refused.
    Unauthenticated,
    /// Credentials are good but do not allow this.
    PermissionDenied,
    /// A limit of the account or host is reached.
    QuotaExceeded,
    /// Too many requests; [`Error::retry`] says when to come back.
    RateLimited,
    /// The other side cannot be reached or is out of order.
    Unavailable,
    /// The answer did not come in time; the outcome may be unknown.
    Timeout,
    /// This implementation or version cannot do it.
    Unsupported,
    /// It runs but does not pass its health check.
    Unhealthy,
    /// The work was cancelled.
    Cancelled,
    /// Another worker owns the job now.
    LeaseLost,
    /// Stored data cannot be read.
    Corrupt,
    /// A defect in byop or in an implementation of one of its ports.
    Internal,
}

impl ErrorKind {
    /// Every kind, in the order of their declaration.
    pub const ALL: [Self; 16] = [
        Self::InvalidInput,
        Self::NotFound,
        Self::AlreadyExists,
        Self::Conflict,
        Self::Unauthenticated,
        Self::PermissionDenied,
        Self::QuotaExceeded,
        Self::RateLimited,
        Self::Unavailable,
        Self::Timeout,
        Self::Unsupported,
        Self::Unhealthy,
        Self::Cancelled,
        Self::LeaseLost,
        Self::Corrupt,
        Self::Internal,
    ];

    /// The wire name, such as `invalid_input`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidInput => "invalid_input",
            Self::NotFound => "not_found",
            Self::AlreadyExists => "already_exists",
            Self::Conflict => "conflict",
            Self::Unauthenticated => "unauthenticated",
            Self::PermissionDenied => "permission_denied",
            Self::QuotaExceeded => "quota_exceeded",
            Self::RateLimited => "rate_limited",
            Self::Unavailable => "unavailable",
            Self::Timeout => "timeout",
            Self::Unsupported => "unsupported",
            Self::Unhealthy => "unhealthy",
            Self::Cancelled => "cancelled",
            Self::LeaseLost => "lease_lost",
            Self::Corrupt => "corrupt",
            Self::Internal => "internal",
        }
    }

    const fn default_retry(self) -> Retry {
        match self {
            Self::RateLimited | Self::Unavailable | Self::Timeout => Retry::Now,
            _ => Retry::Never,
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether and when it helps to try the same again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Retry {
    /// The same request gives the same error.
    Never,
    /// Try again, with the usual back-off.
    Now,
    /// Try again, but not before this much time has passed.
    After(Duration),
    /// It was worth trying again, and the retries did not help; an outer layer must not repeat them.
    Exhausted,
}

/// The error of every fallible call in byop.
///
/// ```
/// use byop_core::{Error, ErrorKind};
///
/// let error = Error::new(ErrorKind::InvalidInput, "app.validate", "the port must be between 1 and 65535")
///     .with_context("port", "0")
///     .with_remedy("set `port` to the port that the application listens on");
/// assert_eq!(error.kind(), ErrorKind::InvalidInput);
/// assert_eq!(error.to_string(), "app.validate: the port must be between 1 and 65535 (port: 0)");
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    operation: Cow<'static, str>,
    message: String,
    context: Vec<(Cow<'static, str>, String)>,
    retry: Retry,
    remedy: Option<String>,
    source: Option<Source>,
}

impl Error {
    /// An error of `kind` that happened in `operation` (`noun.verb`).
    pub fn new(kind: ErrorKind, operation: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            operation: operation.into(),
            message: message.into(),
            context: Vec::new(),
            retry: kind.default_retry(),
            remedy: None,
            source: None,
        }))
    }

    /// Shorthand for [`ErrorKind::InvalidInput`].
    pub fn invalid(operation: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidInput, operation, message)
    }

    /// Shorthand for [`ErrorKind::NotFound`].
    pub fn not_found(operation: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::NotFound, operation, message)
    }

    /// Adds a fact, such as an id or a file name. Never a secret.
    #[must_use]
    pub fn with_context(mut self, key: impl Into<Cow<'static, str>>, value: impl fmt::Display) -> Self {
        self.0.context.push((key.into(), value.to_string()));
        self
    }

    /// Says what the user can do.
    #[must_use]
    pub fn with_remedy(mut self, remedy: impl Into<String>) -> Self {
        self.0.remedy = Some(remedy.into());
        self
    }

    /// Overrides the advice that follows from the kind.
    #[must_use]
    pub fn with_retry(mut self, retry: Retry) -> Self {
        self.0.retry = retry;
        self
    }

    /// Keeps the underlying error.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Source>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The same error, seen as part of another operation.
    #[must_use]
    pub fn with_operation(mut self, operation: impl Into<Cow<'static, str>>) -> Self {
        self.0.operation = operation.into();
        self
    }

    /// What the caller can do about it.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// `noun.verb`; the same text as the tracing span and the event.
    #[must_use]
    pub fn operation(&self) -> &str {
        &self.0.operation
    }

    /// One sentence without the context.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The value of a context key.
    #[must_use]
    pub fn context(&self, key: &str) -> Option<&str> {
        self.0.context.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
    }

    /// Whether it helps to try the same again.
    #[must_use]
    pub fn retry(&self) -> Retry {
        self.0.retry
    }

    /// What the user can do, where byop knows it.
    #[must_use]
    pub fn remedy(&self) -> Option<&str> {
        self.0.remedy.as_deref()
    }

    /// The error as plain data, for databases, panels and other languages.
    #[must_use]
    pub fn report(&self) -> ErrorReport {
        let mut causes = Vec::new();
        let mut next = self.source();
        while let Some(cause) = next {
            causes.push(cause.to_string());
            next = cause.source();
        }
        ErrorReport {
            kind: self.0.kind,
            operation: self.0.operation.to_string(),
            message: self.0.message.clone(),
            context: self.0.context.iter().map(|(k, v)| (k.to_string(), v.clone())).collect(),
            retry: self.0.retry,
            remedy: self.0.remedy.clone(),
            causes,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.0.operation)?;
        write_shown(f, &self.0.message)?;
        for (index, (key, value)) in self.0.context.iter().enumerate() {
            let start = if index == 0 { " (" } else { ", " };
            write!(f, "{start}{key}: ")?;
            write_shown(f, value)?;
        }
        if !self.0.context.is_empty() {
            f.write_str(")")?;
        }
        Ok(())
    }
}

/// What is quoted may come from anywhere: it must not command the reader's terminal.
fn write_shown(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    for part in text.split_inclusive(|c: char| c.is_control()) {
        let Some(last) = part.chars().last().filter(|c| c.is_control() && !matches!(c, '\n' | '\t')) else {
            f.write_str(part)?;
            continue;
        };
        write!(f, "{}{}", &part[..part.len() - last.len_utf8()], last.escape_default())?;
    }
    Ok(())
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] {self}", self.0.kind)?;
        if let Some(remedy) = &self.0.remedy {
            write!(f, "\n  to do: {remedy}")?;
        }
        let mut next = self.source();
        while let Some(cause) = next {
            write!(f, "\n  caused by: {cause}")?;
            next = cause.source();
        }
        Ok(())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

/// An error as plain data. Context is a list of pairs, to keep its order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ErrorReport {
    /// What the caller can do about it.
    pub kind: ErrorKind,
    /// `noun.verb`.
    pub operation: String,
    /// One sentence.
    pub message: String,
    /// Facts, in the order in which they were added.
    pub context: Vec<(String, String)>,
    /// Whether it helps to try the same again.
    pub retry: Retry,
    /// What the user can do about it.
    pub remedy: Option<String>,
    /// The chain of underlying errors, outermost first.
    pub causes: Vec<String>,
}

impl From<ErrorReport> for Error {
    fn from(report: ErrorReport) -> Self {
        let source = report
            .causes
            .into_iter()
            .rev()
            .fold(None, |inner, text| Some(Box::new(Recorded { text, inner })));
        Self(Box::new(Inner {
            kind: report.kind,
            operation: report.operation.into(),
            message: report.message,
            context: report.context.into_iter().map(|(k, v)| (k.into(), v)).collect(),
            retry: report.retry,
            remedy: report.remedy,
            source: source.map(|cause| cause as Source),
        }))
    }
}

/// A cause that was read back from a report.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
struct Recorded {
    text: String,
    #[source]
    inner: Option<Box<Self>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_survives_the_way_there_and_back() {
        let error = Error::new(ErrorKind::Unavailable, "image.build", "the engine went away")
            .with_context("host", "local")
            .with_remedy("start the engine")
            .with_source(Error::new(ErrorKind::Internal, "a.b", "inner").with_source("innermost"));
        let report = error.report();
        assert_eq!(report.causes, ["a.b: inner", "innermost"]);
        let text = serde_json::to_string(&report).unwrap();
        let back: ErrorReport = serde_json::from_str(&text).unwrap();
        assert_eq!(Error::from(back).report(), report);
    }

    #[test]
    fn what_is_quoted_does_not_command_a_terminal() {
        let error = Error::invalid("a.b", "odd \u{1b}[31m").with_context("log", "one\ntwo\u{7}\u{9b}");
        assert_eq!(error.to_string(), "a.b: odd \\u{1b}[31m (log: one\ntwo\\u{7}\\u{9b})");
    }

    #[test]
    fn kinds_are_listed_once_and_named_as_on_the_wire() {
        for kind in ErrorKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        let unique: std::collections::HashSet<_> = ErrorKind::ALL.into_iter().collect();
        assert_eq!(unique.len(), ErrorKind::ALL.len());
    }
}
