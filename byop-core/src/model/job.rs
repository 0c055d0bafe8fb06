//! Work that was asked for, and how far it is.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::name::AppName;
use crate::clock::Timestamp;
use crate::error::ErrorReport;
use crate::id::JobId;

/// A piece of work that outlives the call that asked for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// The app it works on.
    pub app: AppName,
    /// What it does.
    pub kind: JobKind,
    /// What it was asked to do with, as JSON.
    pub input: Value,
    /// How far it is.
    pub state: JobState,
    /// The step that it is in, or was last in.
    pub step: Option<String>,
    /// What came out, as JSON, when it succeeded.
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
    pub fn new(id: JobId, app: AppName, kind: JobKind, input: Value, created_at: Timestamp) -> Self {
        Self {
            id,
            app,
            kind,
            input,
            state: JobState::Queued,
            step: None,
            output: None,
            error: None,
            created_at,
            finished_at: None,
        }
    }
}

/// What a job does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum JobKind {
    /// Makes a release and lets it serve.
    Deploy,
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
}

/// How far a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
#[non_exhaustive]
pub struct JobFilter {
    /// Only those of this app.
    pub app: Option<AppName>,
    /// Only those that have not ended.
    pub unfinished: bool,
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
    pub fn with_app(mut self, app: AppName) -> Self {
        self.app = Some(app);
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
            output: None,
            error: None,
            started_at,
            finished_at: None,
        }
    }
}

/// How far a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
