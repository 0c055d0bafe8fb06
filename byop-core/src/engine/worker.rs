//! Takes a job, keeps its lease alive, runs its workflow and writes how it ended.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use tokio::sync::{Mutex, watch};

use super::Inner;
use super::events::JobEvents;
use super::job_run::JobRun;
use super::redaction::Redaction;
use super::workflow;
use crate::error::{Error, ErrorKind, Result};
use crate::id::JobId;
use crate::model::{EventBody, JobState};
use crate::stage::{EventSink as _, StageContext};
use crate::store::Lease;

/// Claims the job and runs it in the background. `false` when another process holds it, or this one has it at work.
pub(super) async fn spawn(inner: Arc<Inner>, id: JobId) -> Result<bool> {
    let (cancel, cancelled) = watch::channel(false);
    {
        // A claim of what one holds oneself succeeds: the work must not begin a second time beside the first.
        let mut cancels = inner.lock_cancels();
        if cancels.contains_key(&id) {
            return Ok(false);
        }
        cancels.insert(id.clone(), cancel);
    }
    let lease = match inner.store.claim_job(&id, &inner.owner, inner.lease).await {
        Ok(lease) => lease,
        Err(error) => {
            inner.lock_cancels().remove(&id);
            return if error.kind() == ErrorKind::Conflict { Ok(false) } else { Err(error) };
        }
    };
    tokio::spawn(async move {
        if let Err(error) = run(Arc::clone(&inner), lease, cancelled).await {
            tracing::error!(job = %id, %error, "the job's end could not be written");
        }
        inner.lock_cancels().remove(&id);
        inner.written.send_modify(|count| *count += 1);
    });
    Ok(true)
}

impl Inner {
    fn lock_cancels(
        &self,
    ) -> std::sync::MutexGuard<'_, std::collections::BTreeMap<JobId, watch::Sender<bool>>> {
        // The map is only ever inserted into and removed from: a panic cannot leave it half changed.
        self.cancels.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub(super) async fn cancel(&self, id: &JobId) -> Result<()> {
        if let Some(cancel) = self.lock_cancels().get(id) {
            cancel.send_replace(true);
            return Ok(());
        }
        let job = self.store.get_job(id).await?;
        if job.state.is_finished() {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Conflict, "job.cancel", "the job runs in another process")
            .with_context("job", id)
            .with_remedy("cancel it there, or resume it here once its lease has ended"))
    }
}

async fn run(inner: Arc<Inner>, lease: Lease, cancelled: watch::Receiver<bool>) -> Result<()> {
    let mut job = inner.store.get_job(&lease.job).await?;
    let redaction = Arc::new(Redaction::of_job(&inner, &job).await);
    let events = Arc::new(JobEvents::new(Arc::clone(&inner), job.id.clone(), Arc::clone(&redaction)));
    job.state = JobState::Running;
    inner.store.update_job(&lease, &job).await?;
    events.emit(EventBody::Job { state: JobState::Running, error: None }).await;

    let (stop, stopped) = watch::channel(None);
    let keeper = keep_alive(&inner, &lease, cancelled, &stop);
    let work = inner.work.join("jobs").join(job.id.as_str());
    let outcome = async {
        let recorded = inner.store.list_steps(&job.id).await?;
        let run = JobRun {
            inner: Arc::clone(&inner),
            cx: StageContext {
                job: job.id.clone(),
                app: job.app.clone(),
                runtime: inner.runtime(&inner.host_of(&job.app).await?)?,
                ingress: Arc::clone(&inner.ingress),
                generators: Arc::clone(&inner.generators),
                secrets: Arc::clone(&inner.secrets),
                clock: Arc::clone(&inner.clock),
                work: work.clone(),
                limits: inner.limits.clone(),
                events: Arc::clone(&events) as _,
            },
            lease: lease.clone(),
            job: Mutex::new(job.clone()),
            recorded: recorded.into_iter().map(|step| (step.key.clone(), step)).collect(),
            stop: stopped,
            redaction: Arc::clone(&redaction),
        };
        workflow::run(&run).await
    };
    // A generator or another port of the embedding program may panic; a job that nobody ends would never be over.
    let outcome = AssertUnwindSafe(outcome).catch_unwind();
    let outcome = tokio::select! {
        outcome = outcome => outcome.unwrap_or_else(|panic| Err(panicked(panic.as_ref()))),
        never = keeper => match never {},
    };

    let mut job = inner.store.get_job(&lease.job).await?;
    match outcome {
        Ok(output) => {
            job.state = JobState::Succeeded;
            job.output = Some(redaction.output(output));
        }
        Err(error) if error.kind() == ErrorKind::LeaseLost => {
            tracing::warn!(job = %job.id, "the lease was lost; whoever has it now goes on");
            return Ok(());
        }
        Err(error) => {
            let cancelled = error.kind() == ErrorKind::Cancelled;
            job.state = if cancelled { JobState::Cancelled } else { JobState::Failed };
            job.error = Some(redaction.report(error.report()));
        }
    }
    job.finished_at = Some(inner.clock.now());
    // The event comes first: a reader that sees the finished job has all of its events.
    events.emit(EventBody::Job { state: job.state, error: job.error.clone() }).await;
    events.flush().await;
    inner.store.update_job(&lease, &job).await?;
    let folder = work.clone();
    // Sources can be large; the answer is not waited for by anyone but this task.
    match tokio::task::spawn_blocking(move || std::fs::remove_dir_all(folder)).await {
        Ok(Err(error)) if error.kind() != std::io::ErrorKind::NotFound => {
            tracing::warn!(%error, folder = %work.display(), "the job's folder could not be removed");
        }
        _ => {}
    }
    Ok(())
}

/// Renews the lease, and tells the work to stop when it is lost or the owner wishes it. Never ends by itself.
async fn keep_alive(
    inner: &Inner,
    lease: &Lease,
    mut cancelled: watch::Receiver<bool>,
    stop: &watch::Sender<Option<ErrorKind>>,
) -> std::convert::Infallible {
    let mut ticks = tokio::time::interval(inner.lease / 3);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {
                let renewed = tokio::time::timeout(inner.lease / 3, inner.store.renew_lease(lease, inner.lease));
                match renewed.await {
                    Ok(Err(error)) if error.kind() == ErrorKind::LeaseLost => {
                        stop.send_replace(Some(ErrorKind::LeaseLost));
                    }
                    Ok(Err(error)) => tracing::warn!(job = %lease.job, %error, "the lease could not be renewed"),
                    Err(_) => tracing::warn!(job = %lease.job, "the lease could not be renewed in time"),
                    Ok(Ok(())) => {}
                }
            }
            Ok(()) = cancelled.changed() => {
                if *cancelled.borrow() && stop.borrow().is_none() {
                    stop.send_replace(Some(ErrorKind::Cancelled));
                }
            }
        }
    }
}

fn panicked(panic: &(dyn Any + Send)) -> Error {
    let text =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Error::new(ErrorKind::Internal, "job.run", "the work panicked")
        .with_context("panic", text.unwrap_or("without a text"))
        .with_remedy("this is a defect in byop or in an implementation of one of its ports; please report it")
}
