//! Work that was asked for, and how far it is.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::audit::Actor;
use super::name::{AppName, ClientId};
use super::subject::Subject;
use crate::clock::Timestamp;
use crate::digest::Digest;
use crate::error::ErrorReport;
use crate::id::JobId;

/// A piece of work that outlives the call that started it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// What it works on.
    pub subject: Subject,
    /// The client that owns it; `None` when it is the platform's.
    #[serde(default)]
    pub client: Option<ClientId>,
    /// Who asked for it, if the program said so with `acting_as`.
    #[serde(default)]
    pub actor: Option<Actor>,
    /// The digest of the plan that it carries out, when it was asked for with one.
    #[serde(default)]
    pub plan: Option<Digest>,
    /// What it does.
    pub kind: JobKind,
    /// Its input, such as the spec of the app.
    pub input: Value,
    /// How far it is.
    pub state: JobState,
    /// Whether `cancel` was called for it.
    #[serde(default)]
    pub cancel_requested: bool,
    /// When it fails because it took too long.
    #[serde(default)]
    pub deadline: Option<Timestamp>,
    /// The stage of the step that was started last.
    pub step: Option<String>,
    /// Its result, when it succeeded.
    pub output: Option<Value>,
    /// Why it failed.
    pub error: Option<ErrorReport>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

impl Job {
    /// A job that waits to be run.
    #[must_use]
    pub fn new(
        id: JobId,
        subject: impl Into<Subject>,
        kind: JobKind,
        input: Value,
        created_at: Timestamp,
    ) -> Self {
        Self {
            id,
            subject: subject.into(),
            client: None,
            actor: None,
            plan: None,
            kind,
            input,
            state: JobState::Queued,
            cancel_requested: false,
            deadline: None,
            step: None,
            output: None,
            error: None,
            created_at,
            finished_at: None,
        }
    }

    /// The app that it works on, if it is one.
    #[must_use]
    pub fn app(&self) -> Option<&AppName> {
        self.subject.app()
    }
}

/// What a job does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum JobKind {
    /// Makes a release and lets it serve.
    Deploy,
    /// Lets an earlier release serve again.
    Rollback,
    /// Stops the container.
    Stop,
    /// Starts the container again.
    Start,
    /// Stops and starts the container.
    Restart,
    /// Removes everything of the app.
    Remove,
    /// Makes the app again what the store says it is.
    Repair,
    /// Rents a server.
    CreateServer,
    /// Gives a server back.
    DestroyServer,
}

/// How far a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum JobState {
    /// Not begun.
    Queued,
    /// Some worker holds its lease.
    Running,
    /// Done.
    Succeeded,
    /// Ended without success; see its error.
    Failed,
    /// Ended because it was asked to.
    Cancelled,
}

impl JobState {
    /// Whether nothing more will happen.
    #[must_use]
    pub fn is_finished(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled)
    }
}

/// Which jobs to list, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct JobFilter {
    /// Only those that work on this.
    pub subject: Option<Subject>,
    /// Only those that have not ended.
    pub unfinished: bool,
    /// Only those that were made before this one: the cursor for the next page.
    pub before: Option<JobId>,
    /// At most so many.
    pub limit: Option<u32>,
}

impl JobFilter {
    /// Every job.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// Only the jobs of one app.
    #[must_use]
    pub fn with_app(self, app: AppName) -> Self {
        self.with_subject(app)
    }

    /// Only the jobs that work on this.
    #[must_use]
    pub fn with_subject(mut self, subject: impl Into<Subject>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// At most `limit` jobs, and only those made before `before`.
    #[must_use]
    pub fn with_page(mut self, before: Option<JobId>, limit: u32) -> Self {
        (self.before, self.limit) = (before, Some(limit));
        self
    }

    /// Only jobs that have not ended.
    #[must_use]
    pub fn with_unfinished(mut self) -> Self {
        self.unfinished = true;
        self
    }
}

/// The journal entry of one step of a job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct StepRecord {
    /// The job.
    pub job: JobId,
    /// `stage:digest of its input`; the same input is the same step.
    pub key: String,
    /// The stage, such as `build`.
    pub stage: String,
    /// How far it is.
    pub state: StepState,
    /// Counted from 1.
    pub attempt: u32,
    /// How long it may take, and how often it is tried.
    #[serde(default)]
    pub policy: StepPolicy,
    /// What came out, as JSON, when it is done.
    pub output: Option<Value>,
    /// Why the last attempt failed.
    pub error: Option<ErrorReport>,
    /// When the intent was written.
    pub started_at: Timestamp,
    /// When the outcome was written.
    pub finished_at: Option<Timestamp>,
}

impl StepRecord {
    /// The intent to run a step.
    #[must_use]
    pub fn intent(
        job: JobId,
        stage: impl Into<String>,
        key: impl Into<String>,
        started_at: Timestamp,
    ) -> Self {
        Self {
            job,
            key: key.into(),
            stage: stage.into(),
            state: StepState::Intent,
            attempt: 1,
            policy: StepPolicy::default(),
            output: None,
            error: None,
            started_at,
            finished_at: None,
        }
    }
}

/// How long a step may take, and how often it is tried when trying again can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct StepPolicy {
    /// Tries in one run of the job, the first included.
    pub attempts: u32,
    /// Milliseconds before the second try; doubled before each further one, up to 15 seconds. A wait that the other
    /// side asked for counts instead.
    pub delay_millis: u64,
    /// Seconds after which a try fails with `Timeout`.
    pub deadline_seconds: u64,
}

impl StepPolicy {
    /// So many tries, the first included.
    #[must_use]
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// How long each try may take.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline_seconds = deadline.as_secs();
        self
    }

    /// How long to wait before the second try.
    #[must_use]
    pub fn with_delay(mut self, delay: Duration) -> Self {
        self.delay_millis = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        self
    }

    /// The wait after a number of failed tries.
    #[must_use]
    pub fn delay_after(&self, tries: u32) -> Duration {
        let factor = 1_u64 << tries.saturating_sub(1).min(10);
        Duration::from_millis(self.delay_millis.saturating_mul(factor)).min(Duration::from_secs(15))
    }
}

impl Default for StepPolicy {
    /// Three tries, half a second before the second, an hour for each.
    fn default() -> Self {
        Self { attempts: 3, delay_millis: 500, deadline_seconds: 3600 }
    }
}

/// How far a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StepState {
    /// It was about to run; whether it had an effect is unknown.
    Intent,
    /// It ran, and its output is recorded.
    Done,
    /// It failed, and its error is recorded.
    Failed,
}
