//! Calls that go wrong on purpose.

use crate::error::{Error, ErrorKind};

/// When a call goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Moment {
    /// Before it has any effect.
    Before,
    /// After its effect: the caller cannot know.
    After,
    /// It never returns, and has no effect.
    Never,
    /// It never returns, but has its effect: what a caller that dies meanwhile leaves behind.
    Lost,
}

/// One call that goes wrong.
#[derive(Debug)]
pub struct Fault {
    pub(in crate::testing) operation: String,
    pub(in crate::testing) subject: Option<String>,
    /// How many more matching calls go well first.
    pub(in crate::testing) skip: usize,
    pub(in crate::testing) moment: Moment,
    pub(in crate::testing) error: Option<Error>,
}

impl Fault {
    /// The next call of `operation` (such as `container.create`, or `*` for any) goes wrong; the error is `Unavailable` unless
    /// another is given.
    #[must_use]
    pub fn new(operation: impl Into<String>, moment: Moment) -> Self {
        Self { operation: operation.into(), subject: None, skip: 0, moment, error: None }
    }

    /// Only calls about this name or id count.
    #[must_use]
    pub fn with_subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// The `nth` matching call from now on, counted from 1.
    #[must_use]
    pub fn with_nth(mut self, nth: usize) -> Self {
        self.skip = nth.saturating_sub(1);
        self
    }

    /// The error to give.
    #[must_use]
    pub fn with_error(mut self, error: Error) -> Self {
        self.error = Some(error);
        self
    }
}

pub(in crate::testing) fn ordinary(operation: &'static str) -> Error {
    Error::new(ErrorKind::Unavailable, operation, "the test wants this call to fail")
}

/// Takes the fault that is meant for this call, if one is.
pub(in crate::testing) fn due(faults: &mut Vec<Fault>, operation: &str, subject: &str) -> Option<Fault> {
    let mut due = None;
    for (index, fault) in faults.iter_mut().enumerate() {
        if (fault.operation != operation && fault.operation != "*")
            || fault.subject.as_deref().is_some_and(|wanted| wanted != subject)
        {
            continue;
        }
        if fault.skip > 0 {
            fault.skip -= 1;
        } else if due.is_none() {
            due = Some(index);
        }
    }
    due.map(|index| faults.remove(index))
}
