//! One job in the hands of this process: its lease, its journal, its cancellation.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use serde_json::Value;
use tokio::sync::{Mutex, watch};

use super::Inner;
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
}

impl JobRun {
    /// Runs a stage, unless its answer is recorded.
    pub(super) async fn step<S: Stage>(&self, stage: &S, input: &S::Input) -> Result<S::Output> {
        let ended = self.stopped();
        self.run(stage, input, Some(ended)).await
    }

    /// Runs a stage that cleans up, which a cancelled job must do too.
    pub(super) async fn cleanup<S: Stage>(&self, stage: &S, input: &S::Input) -> Result<S::Output> {
        self.run(stage, input, None::<std::future::Pending<Error>>).await
    }

    async fn run<S: Stage>(
        &self,
        stage: &S,
        input: &S::Input,
        ended: Option<impl Future<Output = Error>>,
    ) -> Result<S::Output> {
        let key = format!("{}:{}", S::NAME, Digest::of_json(input).short());
        let earlier = self.recorded.get(&key);
        if let Some(StepRecord { state: StepState::Done, output: Some(output), .. }) = earlier
            && let Ok(output) = serde_json::from_value(output.clone())
        {
            self.emit_finished::<S>(0, true).await;
            return Ok(output);
        }
        let mut record = StepRecord::intent(self.cx.job.clone(), S::NAME, &key, self.inner.clock.now());
        record.attempt = earlier.map_or(1, |earlier| earlier.attempt + 1);
        self.inner.store.put_step(&self.lease, &record).await?;
        {
            let mut job = self.job.lock().await;
            job.step = Some(S::NAME.into());
            self.inner.store.update_job(&self.lease, &job).await?;
        }
        let message = stage.describe(input);
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
                record.output = Some(serde_json::to_value(output).unwrap_or(Value::Null));
            }
            Err(error) => {
                record.state = StepState::Failed;
                record.error = Some(error.report());
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
