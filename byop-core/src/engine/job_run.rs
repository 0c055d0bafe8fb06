//! One job in the hands of this process: its lease, its journal, its cancellation.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::watch;
use tokio::time::Instant;

use super::Inner;
use super::events::JobEvents;
use super::journal::Journal;
use super::redaction::Redaction;
use super::secrets::JobSecrets;
use super::steady::is_short;
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result, Retry};
use crate::model::{EventBody, Job, StepPolicy, StepRecord, StepState};
use crate::stage::{EventSink as _, Stage, StageContext};
use crate::store::{Lease, Scope};

/// Why work has to end before it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// Its owner wishes it.
    Cancelled,
    /// Its time is over.
    Late,
}

/// Runs the steps of one job: a recorded answer is used, else the step is done and recorded.
#[derive(Debug)]
pub(super) struct JobRun<C = StageContext> {
    pub(super) inner: Arc<Inner>,
    /// What the stages of this kind of job work with.
    pub(super) cx: C,
    /// What the job's owner may see and touch.
    pub(super) scope: Scope,
    pub(super) lease: Lease,
    /// The job as it was when this process took it.
    pub(super) job: Job,
    pub(super) recorded: BTreeMap<String, StepRecord>,
    pub(super) journal: Arc<Journal>,
    pub(super) stop: watch::Receiver<Option<Stop>>,
    pub(super) secrets: Arc<JobSecrets>,
    pub(super) redaction: Arc<Redaction>,
    pub(super) events: Arc<JobEvents>,
}

impl<C> JobRun<C> {
    /// The same run with what its stages work with.
    pub(super) fn with_context<D>(self, cx: D) -> JobRun<D> {
        JobRun {
            inner: self.inner,
            cx,
            scope: self.scope,
            lease: self.lease,
            job: self.job,
            recorded: self.recorded,
            journal: self.journal,
            stop: self.stop,
            secrets: self.secrets,
            redaction: self.redaction,
            events: self.events,
        }
    }
}

impl<C: Sync> JobRun<C> {
    /// Runs a stage, unless its answer is recorded.
    pub(super) async fn step<S: Stage<Context = C>>(&self, stage: &S, input: &S::Input) -> Result<S::Output> {
        let ended = self.stopped();
        self.run(stage, input, ended).await
    }

    /// Runs a stage that must not be left half done: one that cleans up, or one after which there is no way back.
    pub(super) async fn uninterrupted<S: Stage<Context = C>>(
        &self,
        stage: &S,
        input: &S::Input,
    ) -> Result<S::Output> {
        self.run(stage, input, std::future::pending()).await
    }

    /// Runs a stage to its end, whatever is recorded: the world may have been set back since, as by a proxy that was
    /// started anew.
    pub(super) async fn always<S: Stage<Context = C>>(
        &self,
        stage: &S,
        input: &S::Input,
    ) -> Result<S::Output> {
        self.perform(stage, input, &key::<S>(input), std::future::pending()).await
    }

    /// Runs a stage whose recorded answer is no longer good.
    pub(super) async fn again<S: Stage<Context = C>>(
        &self,
        stage: &S,
        input: &S::Input,
    ) -> Result<S::Output> {
        let key = key::<S>(input);
        self.perform(stage, input, &key, self.stopped()).await
    }

    /// Does something that is no step, unless the work has to end first.
    pub(super) async fn unless_stopped<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        self.journal.settle().await?;
        tokio::select! {
            biased;
            error = self.stopped() => Err(error),
            result = work => result,
        }
    }

    /// Whether an answer of this stage is recorded.
    pub(super) fn is_done<S: Stage>(&self, _: &S, input: &S::Input) -> bool {
        self.recorded.get(&key::<S>(input)).is_some_and(|step| step.state == StepState::Done)
    }

    /// How often earlier processes tried this stage; 0 when none began it.
    pub(super) fn attempts<S: Stage>(&self, _: &S, input: &S::Input) -> u32 {
        self.recorded.get(&key::<S>(input)).map_or(0, |step| step.attempt)
    }

    /// Why an earlier process began to take its work back with this stage, if it did.
    pub(super) fn reason_for<S: Stage>(&self, _: &S, input: &S::Input) -> Option<Error> {
        self.recorded.get(&key::<S>(input))?;
        let failed = self.recorded.values().filter(|step| step.stage != S::NAME);
        let failed = failed.filter(|step| step.state == StepState::Failed);
        failed.max_by_key(|step| step.finished_at)?.error.clone().map(Error::from)
    }

    async fn run<S: Stage<Context = C>>(
        &self,
        stage: &S,
        input: &S::Input,
        ended: impl Future<Output = Error>,
    ) -> Result<S::Output> {
        let key = key::<S>(input);
        let earlier = self.recorded.get(&key);
        if let Some(StepRecord { state: StepState::Done, output: Some(output), .. }) = earlier
            && let Ok(output) = serde_json::from_value(output.clone())
        {
            self.events.emit(finished::<S>(0, true)).await;
            return Ok(output);
        }
        self.perform(stage, input, &key, ended).await
    }

    async fn perform<S: Stage<Context = C>>(
        &self,
        stage: &S,
        input: &S::Input,
        key: &str,
        ended: impl Future<Output = Error>,
    ) -> Result<S::Output> {
        let earlier = self.recorded.get(key);
        let policy = self.inner.policies.get(S::NAME).copied().unwrap_or_else(|| stage.policy());
        let mut record = StepRecord::intent(self.job.id.clone(), S::NAME, key, self.inner.clock.now());
        record.attempt = earlier.map_or(1, |earlier| earlier.attempt + 1);
        record.policy = policy;
        self.journal.write(&record).await?;
        let message = self.redaction.text(&stage.describe(input));
        tracing::info!(job = %self.job.id, subject = %self.job.subject, stage = S::NAME, attempt = record.attempt, "{message}");
        self.events.emit(EventBody::StepStarted { stage: S::NAME.into(), message }).await;
        let started = Instant::now();
        let tries = self.tries(stage, input, &mut record, policy);
        let result = tokio::select! {
            biased;
            error = ended => Err(error),
            result = tries => result,
        };
        // Whoever has the job now writes what becomes of the step.
        if result.as_ref().is_err_and(|error| error.kind() == ErrorKind::LeaseLost) {
            return result;
        }
        record.finished_at = Some(self.inner.clock.now());
        match &result {
            Ok(output) => {
                record.state = StepState::Done;
                record.output = self.redaction.answer(serde_json::to_value(output).unwrap_or(Value::Null));
                let millis = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
                self.journal.note(record, finished::<S>(millis, false));
            }
            Err(error) => {
                record.state = StepState::Failed;
                record.error = Some(self.redaction.report(error.report()));
                self.journal.write(&record).await?;
            }
        }
        result
    }

    /// Tries as often as the policy allows, while trying again can help.
    async fn tries<S: Stage<Context = C>>(
        &self,
        stage: &S,
        input: &S::Input,
        record: &mut StepRecord,
        policy: StepPolicy,
    ) -> Result<S::Output> {
        let deadline = Duration::from_secs(policy.deadline_seconds);
        let mut tries = 1;
        loop {
            let result = match tokio::time::timeout(deadline, stage.run(&self.cx, input)).await {
                Ok(result) => result,
                Err(_) => Err(too_slow::<S>(policy)),
            };
            let Err(error) = result else { return result };
            let wait = match error.retry() {
                Retry::Now => policy.delay_after(tries),
                Retry::After(wait) => wait.max(policy.delay_after(tries)),
                Retry::Never | Retry::Exhausted => return Err(error),
            };
            if tries >= policy.attempts {
                return Err(error);
            }
            tries += 1;
            tracing::warn!(job = %self.job.id, stage = S::NAME, error = self.redaction.text(&error.to_string()), ?wait, "tried again");
            let message = self.redaction.text(&format!("{}: {error}; it is tried again", S::NAME));
            self.events.emit(EventBody::Warning { message }).await;
            tokio::time::sleep(wait).await;
            record.attempt += 1;
            self.journal.write(record).await?;
        }
    }

    /// Does something that is no step, and that is the same when it is done twice, as often as it helps.
    pub(super) async fn patiently<T, F>(&self, mut work: impl FnMut() -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        self.journal.settle().await?;
        let policy = StepPolicy::default();
        let mut tries = 1;
        loop {
            match work().await {
                Err(error) if tries < policy.attempts && is_short(&error) => {
                    tracing::warn!(job = %self.job.id, %error, "tried again");
                    tokio::time::sleep(policy.delay_after(tries)).await;
                    tries += 1;
                }
                other => return other,
            }
        }
    }

    /// Resolves when the work has to end early.
    fn stopped(&self) -> impl Future<Output = Error> + use<C> {
        let mut stop = self.stop.clone();
        async move {
            match stop.wait_for(Option::is_some).await.map(|reason| *reason) {
                Ok(Some(Stop::Late)) => {
                    Error::new(ErrorKind::Timeout, "job.run", "the job was not done by its deadline")
                        .with_retry(Retry::Never)
                }
                Ok(_) => Error::new(ErrorKind::Cancelled, "job.run", "the job was cancelled"),
                // The sender lives as long as the job; without it there is nothing to wait for.
                Err(_) => std::future::pending().await,
            }
        }
    }
}

fn finished<S: Stage>(millis: u64, replayed: bool) -> EventBody {
    EventBody::StepFinished { stage: S::NAME.into(), millis, replayed }
}

fn too_slow<S: Stage>(policy: StepPolicy) -> Error {
    Error::new(ErrorKind::Timeout, "step.run", "the step was not done by its deadline")
        .with_context("stage", S::NAME)
        .with_context("seconds", policy.deadline_seconds)
        .with_remedy("look at the log for what it waits for, or give the stage more time")
}

fn key<S: Stage>(input: &S::Input) -> String {
    format!("{}:{}", S::NAME, Digest::of_json(input).short())
}
