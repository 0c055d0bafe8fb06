//! One job in the hands of this process: its lease, its journal, its cancellation.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use serde_json::Value;
use tokio::sync::{Mutex, watch};

use super::Inner;
use super::redaction::Redaction;
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{EventBody, Job, StepRecord, StepState};
use crate::stage::{Stage, StageContext};
use crate::store::Lease;

/// Runs the steps of one job: a recorded answer is used, else the step is done and recorded.
#[derive(Debug)]
pub(super) struct JobRun {
    pub(super) inner: Arc<Inner>,
    pub(super) cx: StageContext,
    pub(super) lease: Lease,
    pub(super) job: Mutex<Job>,
    pub(super) recorded: BTreeMap<String, StepRecord>,
    /// Why the work has to end before it is done: the owner's wish or a lost lease.
    pub(super) stop: watch::Receiver<Option<ErrorKind>>,
    pub(super) redaction: Arc<Redaction>,
}

impl JobRun {
    /// Runs a stage, unless its answer is recorded.
    pub(super) async fn step<S: Stage>(&self, stage: &S, input: &S::Input) -> Result<S::Output> {
        let ended = self.stopped();
        self.run(stage, input, Some(ended)).await
    }

    /// Runs a stage that must not be left half done: one that cleans up, or one after which there is no way back.
    pub(super) async fn uninterrupted<S: Stage>(&self, stage: &S, input: &S::Input) -> Result<S::Output> {
        self.run(stage, input, None::<std::future::Pending<Error>>).await
    }

    /// Runs a stage to its end, whatever is recorded: the world may have been set back since, as by a proxy that was
    /// started anew.
    pub(super) async fn always<S: Stage>(&self, stage: &S, input: &S::Input) -> Result<S::Output> {
        self.perform(stage, input, &key::<S>(input), None::<std::future::Pending<Error>>).await
    }

    /// Runs a stage whose recorded answer is no longer good.
    pub(super) async fn again<S: Stage>(&self, stage: &S, input: &S::Input) -> Result<S::Output> {
        let key = key::<S>(input);
        self.perform(stage, input, &key, Some(self.stopped())).await
    }

    /// Does something that is no step, unless the work has to end first.
    pub(super) async fn unless_stopped<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::select! {
            result = work => result,
            error = self.stopped() => Err(error),
        }
    }

    /// Whether an answer of this stage is recorded.
    pub(super) fn is_done<S: Stage>(&self, _: &S, input: &S::Input) -> bool {
        self.recorded.get(&key::<S>(input)).is_some_and(|step| step.state == StepState::Done)
    }

    /// Why an earlier process began to take its work back with this stage, if it did.
    pub(super) fn reason_for<S: Stage>(&self, _: &S, input: &S::Input) -> Option<Error> {
        self.recorded.get(&key::<S>(input))?;
        let failed = self.recorded.values().filter(|step| step.stage != S::NAME);
        let failed = failed.filter(|step| step.state == StepState::Failed);
        failed.max_by_key(|step| step.finished_at)?.error.clone().map(Error::from)
    }

    async fn run<S: Stage>(
        &self,
        stage: &S,
        input: &S::Input,
        ended: Option<impl Future<Output = Error>>,
    ) -> Result<S::Output> {
        let key = key::<S>(input);
        let earlier = self.recorded.get(&key);
        if let Some(StepRecord { state: StepState::Done, output: Some(output), .. }) = earlier
            && let Ok(output) = serde_json::from_value(output.clone())
        {
            self.emit_finished::<S>(0, true).await;
            return Ok(output);
        }
        self.perform(stage, input, &key, ended).await
    }

    async fn perform<S: Stage>(
        &self,
        stage: &S,
        input: &S::Input,
        key: &str,
        ended: Option<impl Future<Output = Error>>,
    ) -> Result<S::Output> {
        let earlier = self.recorded.get(key);
        let mut record = StepRecord::intent(self.cx.job.clone(), S::NAME, key, self.inner.clock.now());
        record.attempt = earlier.map_or(1, |earlier| earlier.attempt + 1);
        self.inner.store.put_step(&self.lease, &record).await?;
        {
            let mut job = self.job.lock().await;
            job.step = Some(S::NAME.into());
            self.inner.store.update_job(&self.lease, &job).await?;
        }
        let message = self.redaction.text(&stage.describe(input));
        tracing::info!(job = %self.cx.job, app = %self.cx.app, stage = S::NAME, attempt = record.attempt, "{message}");
        self.cx.events.emit(EventBody::StepStarted { stage: S::NAME.into(), message }).await;
        let started = Instant::now();
        let result = match ended {
            Some(ended) => tokio::select! {
                result = stage.run(&self.cx, input) => result,
                error = ended => Err(error),
            },
            None => stage.run(&self.cx, input).await,
        };
        record.finished_at = Some(self.inner.clock.now());
        match &result {
            Ok(output) => {
                record.state = StepState::Done;
                record.output = self.redaction.answer(serde_json::to_value(output).unwrap_or(Value::Null));
            }
            Err(error) => {
                record.state = StepState::Failed;
                record.error = Some(self.redaction.report(error.report()));
            }
        }
        self.inner.store.put_step(&self.lease, &record).await?;
        if result.is_ok() {
            let millis = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
            self.emit_finished::<S>(millis, false).await;
        }
        result
    }

    async fn emit_finished<S: Stage>(&self, millis: u64, replayed: bool) {
        let body = EventBody::StepFinished { stage: S::NAME.into(), millis, replayed };
        self.cx.events.emit(body).await;
    }

    /// Resolves when the work has to end early.
    fn stopped(&self) -> impl Future<Output = Error> + use<> {
        let mut stop = self.stop.clone();
        async move {
            match stop.wait_for(Option::is_some).await.map(|kind| *kind) {
                Ok(Some(ErrorKind::LeaseLost)) => {
                    Error::new(ErrorKind::LeaseLost, "job.run", "another process has taken over the job")
                }
                Ok(_) => Error::new(ErrorKind::Cancelled, "job.run", "the job was cancelled"),
                // The sender lives as long as the job; without it there is nothing to wait for.
                Err(_) => std::future::pending().await,
            }
        }
    }
}

fn key<S: Stage>(input: &S::Input) -> String {
    format!("{}:{}", S::NAME, Digest::of_json(input).short())
}
