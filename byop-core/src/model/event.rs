//! What a user sees of a job while it runs.

use serde::{Deserialize, Serialize};

use super::detection::Detection;
use super::job::JobState;
use super::plan::Plan;
use super::release::Deployment;
use crate::clock::Timestamp;
use crate::error::ErrorReport;
use crate::id::JobId;

/// Something that happened in a job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Event {
    /// The job.
    pub job: JobId,
    /// Counted from 1 within the job, without gaps: the cursor (`after`) for `events`.
    pub sequence: u64,
    /// Counted from 1 over all jobs of the app or server: the cursor (`after`) for `subject_events`.
    pub position: u64,
    /// When.
    pub time: Timestamp,
    /// What.
    pub body: EventBody,
}

/// What happened; `type` says which of these it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum EventBody {
    /// The job changed state.
    Job {
        /// The new state.
        state: JobState,
        /// Why it failed.
        error: Option<ErrorReport>,
    },
    /// A step begins.
    StepStarted {
        /// The stage.
        stage: String,
        /// What it will do, for people.
        message: String,
    },
    /// A step ended.
    StepFinished {
        /// The stage.
        stage: String,
        /// Milliseconds that it took; 0 when a recorded result was used.
        millis: u64,
        /// Whether an earlier run had recorded the result.
        replayed: bool,
    },
    /// The source was understood.
    Detected {
        /// What it was found to be.
        detection: Box<Detection>,
        /// How it will be built.
        plan: Box<Plan>,
    },
    /// A line of output, of a build or of the application.
    Log {
        /// The stage.
        stage: String,
        /// The line.
        line: String,
    },
    /// A step moved on.
    Progress(Progress),
    /// A warning for people.
    Warning {
        /// One sentence.
        message: String,
    },
    /// A release serves.
    Deployed(Deployment),
}

/// How far a step is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Progress {
    /// The stage.
    pub stage: String,
    /// Done so far.
    pub current: u64,
    /// In all; 0 when unknown.
    pub total: u64,
    /// What is being done, for people.
    pub message: String,
}
