//! Recurring jobs: what, when, and what became of the last ones.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::name::{AppName, ClientId};
use crate::clock::Timestamp;
use crate::error::{Error, ErrorReport, Result};
use crate::id::JobId;

/// The most runs that are remembered.
const MOST_RUNS: usize = 50;
/// The most runs that are made up for at once.
const MOST_MISSED: u32 = 100;
/// The most bytes of what a custom action is given.
const MOST_INPUT: usize = 16 << 10;

/// A recurring job as its owner wants it.
///
/// ```
/// use byop_core::model::{AppName, ScheduleSpec, ScheduledAction};
///
/// let app = AppName::new("shop")?;
/// let spec = ScheduleSpec::new("nightly", "30 2 * * *", ScheduledAction::Restart { app })?
///     .with_time_zone("Europe/Paris");
/// # Ok::<(), byop_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ScheduleSpec {
    /// Unique among the schedules of its owner.
    pub name: AppName,
    /// When, as a cron expression of five fields, or `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`.
    pub expression: String,
    /// The time zone of the expression, such as `Europe/Paris`; `UTC` unless set.
    #[serde(default = "utc")]
    pub time_zone: String,
    /// What to do.
    pub action: ScheduledAction,
    /// What happens to times at which no engine ran; one run makes up for them unless set.
    #[serde(default)]
    pub missed: MissedRuns,
    /// Whether it is paused.
    #[serde(default)]
    pub paused: bool,
}

fn utc() -> String {
    "UTC".into()
}

impl ScheduleSpec {
    /// A recurring job by the clock of UTC.
    ///
    /// # Errors
    /// `InvalidInput` for a bad name. The expression is read when the schedule is put.
    pub fn new(
        name: impl Into<String>,
        expression: impl Into<String>,
        action: ScheduledAction,
    ) -> Result<Self> {
        Ok(Self {
            name: AppName::new(name)?,
            expression: expression.into(),
            time_zone: utc(),
            action,
            missed: MissedRuns::default(),
            paused: false,
        })
    }

    /// Sets the place whose clock counts.
    #[must_use]
    pub fn with_time_zone(mut self, time_zone: impl Into<String>) -> Self {
        self.time_zone = time_zone.into();
        self
    }

    /// Sets what happens to times at which no engine ran.
    #[must_use]
    pub fn with_missed(mut self, missed: MissedRuns) -> Self {
        self.missed = missed;
        self
    }

    /// Lets it stand still until it is resumed.
    #[must_use]
    pub fn with_paused(mut self) -> Self {
        self.paused = true;
        self
    }

    /// Checks what the types alone cannot, the expression and the time zone apart.
    ///
    /// # Errors
    /// `InvalidInput`, naming the key.
    pub fn validate(&self) -> Result<()> {
        let invalid = |key: &str, expected: &str| {
            Error::invalid("schedule.validate", format!("`{key}` must be {expected}"))
                .with_context("schedule", &self.name)
                .with_context("key", key)
        };
        if let MissedRuns::RunAll { most } = self.missed
            && !(1..=MOST_MISSED).contains(&most)
        {
            return Err(invalid("missed.most", "between 1 and 100").with_context("value", most));
        }
        if let ScheduledAction::Custom { input, .. } = &self.action
            && input.to_string().len() > MOST_INPUT
        {
            return Err(invalid("action.input", "at most 16 KiB of JSON"));
        }
        Ok(())
    }
}

/// What a schedule does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum ScheduledAction {
    /// Deploys the app again with its current spec: of a branch, its latest commit.
    Deploy {
        /// The app.
        app: AppName,
    },
    /// Starts the app.
    Start {
        /// The app.
        app: AppName,
    },
    /// Stops the app.
    Stop {
        /// The app.
        app: AppName,
    },
    /// Stops the app and starts it again.
    Restart {
        /// The app.
        app: AppName,
    },
    /// Something that your program does: it follows the audit records of the action `schedule.due`.
    Custom {
        /// Its name, which your program chooses.
        name: AppName,
        /// Its input, as JSON. Never a secret.
        #[serde(default)]
        input: Value,
    },
}

impl ScheduledAction {
    /// The app that it works on, if it does.
    #[must_use]
    pub fn app(&self) -> Option<&AppName> {
        match self {
            Self::Deploy { app } | Self::Start { app } | Self::Stop { app } | Self::Restart { app } => {
                Some(app)
            }
            Self::Custom { .. } => None,
        }
    }
}

/// What happens to due times that were missed by more than a minute because no engine ran.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum MissedRuns {
    /// They are skipped.
    Skip,
    /// One run makes up for all of them.
    #[default]
    RunOnce,
    /// There is a run for each of them, the latest ones if there are more.
    RunAll {
        /// At most this many; 1 to 100.
        most: u32,
    },
}

/// A recurring job as stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Schedule {
    /// What its owner wants.
    pub spec: ScheduleSpec,
    /// The client that owns it; `None` when it is the platform's.
    pub client: Option<ClientId>,
    /// When it is due next; `None` while it is paused, or when its expression has no further time.
    pub next_run_at: Option<Timestamp>,
    /// The times that an engine has taken and not yet dealt with.
    #[serde(default)]
    pub claimed: Option<ClaimedRuns>,
    /// The last runs, the latest last.
    pub runs: Vec<ScheduledRun>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its owner last changed it.
    pub updated_at: Timestamp,
}

impl Schedule {
    /// A new schedule.
    #[must_use]
    pub fn new(spec: ScheduleSpec, client: Option<ClientId>, now: Timestamp) -> Self {
        Self {
            spec,
            client,
            next_run_at: None,
            claimed: None,
            runs: Vec::new(),
            created_at: now,
            updated_at: now,
        }
    }

    /// Remembers a run; the oldest is forgotten when there are many.
    pub fn record(&mut self, run: ScheduledRun) {
        self.runs.push(run);
        let surplus = self.runs.len().saturating_sub(MOST_RUNS);
        self.runs.drain(..surplus);
    }
}

/// Due times that an engine process has claimed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ClaimedRuns {
    /// The times.
    pub due: Vec<Timestamp>,
    /// The engine.
    pub owner: String,
    /// Until when the others wait for it.
    pub until: Timestamp,
}

impl ClaimedRuns {
    /// Times that `owner` takes until `until`.
    #[must_use]
    pub fn new(due: Vec<Timestamp>, owner: impl Into<String>, until: Timestamp) -> Self {
        Self { due, owner: owner.into(), until }
    }
}

/// The run of a schedule at one due time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ScheduledRun {
    /// When it was due; the moment of the call for a run by `run_schedule`.
    pub due_at: Timestamp,
    /// When an engine dealt with it.
    pub time: Timestamp,
    /// What it did.
    pub outcome: RunOutcome,
}

impl ScheduledRun {
    /// What became of `due_at`, at `time`.
    #[must_use]
    pub fn new(due_at: Timestamp, time: Timestamp, outcome: RunOutcome) -> Self {
        Self { due_at, time, outcome }
    }
}

/// What an engine did at a due time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum RunOutcome {
    /// It made a job; how that went is in the job.
    Job {
        /// The job.
        job: JobId,
    },
    /// It told the program that embeds byop, with an audit record.
    Told {
        /// The position of the record.
        position: u64,
    },
    /// Nothing: this and earlier times were missed, and the schedule skips missed times.
    Skipped,
    /// No job could be made.
    Failed {
        /// Why.
        error: ErrorReport,
    },
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn spec(action: ScheduledAction) -> ScheduleSpec {
        ScheduleSpec::new("nightly", "@daily", action).unwrap()
    }

    fn restart() -> ScheduledAction {
        ScheduledAction::Restart { app: AppName::new("shop").unwrap() }
    }

    #[test]
    fn a_schedule_is_written_as_people_would() {
        let text = json!({
            "name": "nightly",
            "expression": "30 2 * * *",
            "time_zone": "Europe/Paris",
            "action": { "type": "restart", "app": "shop" },
            "missed": { "type": "run_all", "most": 3 },
        });
        let spec: ScheduleSpec = serde_json::from_value(text.clone()).unwrap();
        assert_eq!((&spec.action, spec.missed), (&restart(), MissedRuns::RunAll { most: 3 }));
        let mut unknown = text;
        unknown["action"]["force"] = json!(true);
        assert!(serde_json::from_value::<ScheduleSpec>(unknown).is_err());
    }

    #[test]
    fn the_past_of_a_schedule_is_bounded() {
        let mut schedule = Schedule::new(spec(restart()), None, Timestamp(0));
        for time in 0..60 {
            schedule.record(ScheduledRun::new(Timestamp(time), Timestamp(time), RunOutcome::Skipped));
        }
        assert_eq!(schedule.runs.len(), MOST_RUNS);
        assert_eq!(schedule.runs[0].due_at, Timestamp(10));
    }

    #[test]
    fn bounds_are_kept() {
        for most in [0, 101] {
            let error = spec(restart()).with_missed(MissedRuns::RunAll { most }).validate().unwrap_err();
            assert_eq!(error.context("key"), Some("missed.most"));
        }
        let input = json!("a".repeat(MOST_INPUT));
        let custom = ScheduledAction::Custom { name: AppName::new("bill").unwrap(), input };
        assert_eq!(spec(custom).validate().unwrap_err().context("key"), Some("action.input"));
    }
}
