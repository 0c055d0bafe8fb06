//! Which records to list, and how much of the past to keep.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A part of a collection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Page {
    /// Only keys that begin with this.
    pub prefix: String,
    /// Only keys that come after this one, which is the last of the page before.
    pub after: Option<String>,
    /// At most so many.
    pub limit: Option<u32>,
}

impl Page {
    /// The whole collection.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// Only keys that begin with `prefix`.
    #[must_use]
    pub fn with_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Only keys that come after `after`.
    #[must_use]
    pub fn with_after(mut self, after: impl Into<String>) -> Self {
        self.after = Some(after.into());
        self
    }

    /// At most `limit` records.
    #[must_use]
    pub fn with_limit(mut self, limit: u32) -> Self {
        self.limit = Some(limit);
        self
    }
}

/// How much of the past stays. What a limit does not name is kept for ever.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Retention {
    /// Ended jobs of each subject that stay, the newest first. At least the last one always stays.
    pub jobs_per_subject: Option<u32>,
    /// How long an ended job stays, counted from its end.
    pub job_age: Option<Duration>,
    /// Events of each subject that stay: the oldest ended jobs go, whole, until no more are left.
    pub events_per_subject: Option<u64>,
}

impl Retention {
    /// Everything stays.
    #[must_use]
    pub fn forever() -> Self {
        Self { jobs_per_subject: None, job_age: None, events_per_subject: None }
    }

    /// Keeps so many ended jobs of each subject.
    #[must_use]
    pub fn with_jobs_per_subject(mut self, jobs: u32) -> Self {
        self.jobs_per_subject = Some(jobs);
        self
    }

    /// Keeps ended jobs for so long.
    #[must_use]
    pub fn with_job_age(mut self, age: Duration) -> Self {
        self.job_age = Some(age);
        self
    }

    /// Keeps so many events of each subject.
    #[must_use]
    pub fn with_events_per_subject(mut self, events: u64) -> Self {
        self.events_per_subject = Some(events);
        self
    }
}

impl Default for Retention {
    /// 100 ended jobs and 100,000 events of each subject.
    fn default() -> Self {
        Self::forever().with_jobs_per_subject(100).with_events_per_subject(100_000)
    }
}

/// What was removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pruned {
    /// Jobs.
    pub jobs: u64,
    /// Their events.
    pub events: u64,
}
