//! How much of the past stays.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How much of an app's past stays, enforced after each deployment. The release that serves and the one before it stay
/// whatever this says, so that there is always a way back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct AppRetention {
    /// Releases on record.
    pub releases: usize,
    /// Images of earlier releases on the host, the newest first.
    pub images: usize,
    /// Bytes that those images may have together, as the engine counts them.
    pub image_bytes: Option<u64>,
    /// Ended jobs with their events.
    pub jobs: Retention,
}

impl AppRetention {
    /// Keeps so many releases on record.
    #[must_use]
    pub fn with_releases(mut self, releases: usize) -> Self {
        self.releases = releases;
        self
    }

    /// Keeps so many images of earlier releases.
    #[must_use]
    pub fn with_images(mut self, images: usize) -> Self {
        self.images = images;
        self
    }

    /// Keeps images of earlier releases of so many bytes together.
    #[must_use]
    pub fn with_image_bytes(mut self, bytes: u64) -> Self {
        self.image_bytes = Some(bytes);
        self
    }

    /// Keeps ended jobs as this says.
    #[must_use]
    pub fn with_jobs(mut self, jobs: Retention) -> Self {
        self.jobs = jobs;
        self
    }
}

impl Default for AppRetention {
    /// 50 releases, 2 earlier images of any size, and the default for jobs.
    fn default() -> Self {
        Self { releases: 50, images: 2, image_bytes: None, jobs: Retention::default() }
    }
}

/// How much of the past stays. What a limit does not name is kept for ever.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Pruned {
    /// Jobs.
    pub jobs: u64,
    /// Their events.
    pub events: u64,
}
