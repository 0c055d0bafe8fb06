//! Takes jobs, keeps their leases alive, runs their workflows and writes how they ended.

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::{Arc, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use futures_util::FutureExt;
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::Instant;

use super::Inner;
use super::events::JobEvents;
use super::job_run::{JobRun, Stop};
use super::journal::Journal;
use super::redaction::Redaction;
use super::secrets::JobSecrets;
use super::{servers, workflow};
use crate::clock::Timestamp;
use crate::error::{Error, ErrorKind, Result};
use crate::id::JobId;
use crate::model::{Job, JobState, Subject};
use crate::stage::StageContext;
use crate::store::{Lease, Scope};

/// How often a job looks whether another process wants it to end, and a queued one whether its turn has come.
const LOOK: Duration = Duration::from_millis(250);

/// Carries out what must not stay half done when nobody waits for it any more, such as writing a job and beginning it.
pub(super) async fn whole<T: Send + 'static>(
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    tokio::spawn(work).await.unwrap_or_else(|error| match error.try_into_panic() {
        Ok(panic) => resume_unwind(panic),
        Err(error) => {
            Err(Error::new(ErrorKind::Cancelled, "job.create", "the runtime ends").with_source(error))
        }
    })
}

/// Claims the job and runs it in the background; one whose turn has not come waits there. `false` when another process
/// holds it, it has ended, or this one has it at work.
pub(super) async fn spawn(inner: Arc<Inner>, id: JobId) -> Result<bool> {
    take_over_in_background(&inner);
    let Some(at_work) = AtWork::begin(&inner, &id) else { return Ok(false) };
    let claimed = match inner.store.claim_job(&id, &inner.owner, inner.lease).await {
        Ok(lease) => Some(lease),
        // Its turn has not come: an older job of the subject has not ended.
        Err(error) if error.kind() == ErrorKind::Conflict && error.context("before").is_some() => None,
        Err(error) if error.kind() == ErrorKind::Conflict => return Ok(false),
        Err(error) => return Err(error),
    };
    tokio::spawn(async move {
        let lease = match claimed {
            Some(lease) => Ok(Some(lease)),
            None => wait_for_turn(&inner, &id).await,
        };
        let ended = match lease {
            Ok(Some(lease)) => run(inner, lease, at_work.cancelled()).await,
            Ok(None) => Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = ended {
            tracing::error!(job = %id, %error, "the job could not be carried through; it is taken over later");
        }
        drop(at_work);
    });
    Ok(true)
}

/// The lease of a queued job once its turn has come; none when it ended or went to another process before.
async fn wait_for_turn(inner: &Inner, id: &JobId) -> Result<Option<Lease>> {
    let mut seen = 0;
    loop {
        seen = inner.store.wait_for_change(seen, LOOK).await?;
        match inner.store.claim_job(id, &inner.owner, inner.lease).await {
            Ok(lease) => return Ok(Some(lease)),
            Err(error) if error.kind() == ErrorKind::Conflict && error.context("before").is_some() => {}
            Err(error) if matches!(error.kind(), ErrorKind::Conflict | ErrorKind::NotFound) => {
                return Ok(None);
            }
            Err(error) => return Err(error),
        }
    }
}

/// From the first job on, an engine looks for those that other processes left behind, until it is dropped.
pub(super) fn take_over_in_background(inner: &Arc<Inner>) {
    if inner.takes_over.set(()).is_err() {
        return;
    }
    #[cfg(feature = "schedules")]
    super::schedules::run_in_background(inner);
    let (engine, pause) = (Arc::downgrade(inner), inner.lease / 3);
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(pause).await;
            let Some(inner) = Weak::upgrade(&engine) else { return };
            if let Err(error) = take_over(&inner).await {
                tracing::warn!(%error, "jobs that were left behind could not be looked for");
            }
            if let Err(error) = super::preview_apps::expire(&inner).await {
                tracing::warn!(%error, "preview apps whose time is over could not be looked for");
            }
        }
    });
}

async fn take_over(inner: &Arc<Inner>) -> Result<()> {
    while let Some(lease) = inner.store.claim_next(&inner.owner, inner.lease, inner.lease).await? {
        let Some(at_work) = AtWork::begin(inner, &lease.job) else {
            // This process has it at work, too slowly for its lease. The new token is nobody's: it runs out.
            return Ok(());
        };
        tracing::info!(job = %lease.job, "taken over");
        let inner = Arc::clone(inner);
        tokio::spawn(async move {
            let id = lease.job.clone();
            if let Err(error) = run(inner, lease, at_work.cancelled()).await {
                tracing::error!(job = %id, %error, "the job could not be carried through; it is taken over later");
            }
            drop(at_work);
        });
    }
    Ok(())
}

impl Inner {
    fn lock_cancels(&self) -> MutexGuard<'_, BTreeMap<JobId, watch::Sender<bool>>> {
        // The map is only ever inserted into and removed from: a panic cannot leave it half changed.
        self.cancels.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether this engine has the host or the cloud of a job.
    pub(super) async fn can_do(&self, job: &Job) -> Result<bool> {
        match &job.subject {
            Subject::App(name) => {
                let app = self.find_app(&Scope::Platform, name).await?;
                Ok(app.map_or(!self.hosts.is_empty(), |(app, _)| self.hosts.contains_key(&app.host)))
            }
            Subject::Server(name) => self.has_cloud_of(&Scope::of(job.client.as_ref()), name).await,
        }
    }

    pub(super) async fn cancel(&self, scope: &Scope, id: &JobId) -> Result<()> {
        self.store.request_cancel(scope, id).await?;
        if let Some(cancel) = self.lock_cancels().get(id) {
            cancel.send_replace(true);
        }
        Ok(())
    }
}

/// That this process works on a job, for as long as this lives.
struct AtWork {
    inner: Arc<Inner>,
    id: JobId,
    cancelled: watch::Receiver<bool>,
}

impl AtWork {
    /// None when this process works on it already. A claim of what one holds oneself succeeds: the work must not begin
    /// a second time beside the first.
    fn begin(inner: &Arc<Inner>, id: &JobId) -> Option<Self> {
        let mut cancels = inner.lock_cancels();
        if cancels.contains_key(id) {
            return None;
        }
        let (cancel, cancelled) = watch::channel(false);
        cancels.insert(id.clone(), cancel);
        Some(Self { inner: Arc::clone(inner), id: id.clone(), cancelled })
    }

    fn cancelled(&self) -> watch::Receiver<bool> {
        self.cancelled.clone()
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        self.inner.lock_cancels().remove(&self.id);
    }
}

async fn run(inner: Arc<Inner>, lease: Lease, cancelled: watch::Receiver<bool>) -> Result<()> {
    let mut job = inner.store.get_job(&Scope::Platform, &lease.job).await?;
    let redaction = Arc::new(Redaction::of_job(&inner, &job).await);
    let events = Arc::new(JobEvents::new(Arc::clone(&inner), lease.clone(), Arc::clone(&redaction)));
    job.state = JobState::Running;
    inner.store.update_job(&lease, &job).await?;

    let journal = Arc::new(Journal::new(Arc::clone(&inner), lease.clone(), Arc::clone(&events)));
    let stop_now = job.cancel_requested.then_some(Stop::Cancelled);
    let (stop, stopped) = watch::channel(stop_now);
    let keeper = keep_alive(&inner, &lease, job.deadline, cancelled, &stop);
    let work = inner.work.join("jobs").join(job.id.as_str());
    let outcome = async {
        let recorded = inner.store.list_steps(&Scope::Platform, &job.id).await?;
        let run = JobRun {
            scope: Scope::of(job.client.as_ref()),
            inner: Arc::clone(&inner),
            lease: lease.clone(),
            job: job.clone(),
            journal: Arc::clone(&journal),
            recorded: recorded.into_iter().map(|step| (step.key.clone(), step)).collect(),
            stop: stopped,
            secrets: Arc::new(JobSecrets::new(
                inner.secrets_of(&Scope::of(job.client.as_ref())),
                Arc::clone(&redaction),
            )),
            redaction: Arc::clone(&redaction),
            events: Arc::clone(&events),
            cx: (),
        };
        carry_out(run, &work).await
    };
    // A generator or another port of the embedding program may panic; a job that nobody ends would never be over.
    let outcome = AssertUnwindSafe(outcome).catch_unwind();
    let outcome = tokio::select! {
        biased;
        // Whatever it is doing, also between two steps: the job is another process's.
        lost = keeper => Err(lost),
        outcome = outcome => outcome.unwrap_or_else(|panic| Err(panicked(panic.as_ref()))),
    };

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
    journal.settle().await?;
    // All that was said comes before the end: a reader that sees the finished job has all of its events.
    events.flush().await;
    inner.store.update_job(&lease, &job).await?;
    // Most jobs have none.
    if !work.exists() {
        return Ok(());
    }
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

/// Gives the workflow what it works with.
async fn carry_out(run: JobRun<()>, work: &std::path::Path) -> Result<Value> {
    let inner = Arc::clone(&run.inner);
    match &run.job.subject {
        Subject::App(app) => {
            let cx = StageContext {
                job: run.job.id.clone(),
                app: app.clone(),
                runtime: inner.runtime(&inner.host_of(app).await?)?,
                ingress: Arc::clone(&inner.ingress),
                generators: Arc::clone(&inner.generators),
                secrets: Arc::clone(&run.secrets) as _,
                clock: Arc::clone(&inner.clock),
                work: work.to_owned(),
                limits: inner.limits.clone(),
                events: Arc::clone(&run.events) as _,
            };
            workflow::run(&run.with_context(cx)).await
        }
        Subject::Server(name) => {
            let name = name.clone();
            servers::run(run, &name).await
        }
    }
}

/// Renews the lease, and tells the work to stop when the time is over or the owner wishes it. Ends when the lease is
/// lost, or may be.
async fn keep_alive(
    inner: &Inner,
    lease: &Lease,
    deadline: Option<Timestamp>,
    mut cancelled: watch::Receiver<bool>,
    stop: &watch::Sender<Option<Stop>>,
) -> Error {
    let mut ticks = tokio::time::interval(inner.lease / 3);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut looks = tokio::time::interval(LOOK);
    looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    // The first reason counts.
    let end = |reason| {
        stop.send_if_modified(|stop| stop.is_none() && stop.replace(reason).is_none());
    };
    let lost = || Error::new(ErrorKind::LeaseLost, "job.run", "another process may have taken over the job");
    let mut held_until = Instant::now() + inner.lease;
    loop {
        tokio::select! {
            biased;
            // Another process may have taken the job by now, and this one cannot hear of it.
            () = tokio::time::sleep_until(held_until) => return lost(),
            _ = ticks.tick() => {
                let asked = Instant::now();
                let patience = (asked + inner.lease / 3).min(held_until);
                match tokio::time::timeout_at(patience, inner.store.renew_lease(lease, inner.lease)).await {
                    Ok(Err(error)) if error.kind() == ErrorKind::LeaseLost => return error,
                    Ok(Err(error)) => tracing::warn!(job = %lease.job, %error, "the lease could not be renewed"),
                    Err(_) => tracing::warn!(job = %lease.job, "the lease could not be renewed in time"),
                    Ok(Ok(())) => held_until = asked + inner.lease,
                }
            }
            _ = looks.tick() => {
                if deadline.is_some_and(|deadline| inner.clock.now() >= deadline) {
                    end(Stop::Late);
                }
                let job = tokio::time::timeout(LOOK, inner.store.get_job(&Scope::Platform, &lease.job)).await;
                if job.is_ok_and(|job| job.is_ok_and(|job| job.cancel_requested)) {
                    end(Stop::Cancelled);
                }
            }
            Ok(()) = cancelled.changed() => {
                if *cancelled.borrow() {
                    end(Stop::Cancelled);
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
