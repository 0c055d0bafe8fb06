//! Recurring jobs: put, looked at, and carried out when they are due.
//!
//! An engine *claims* due times by writing them into the schedule at the version that it has read: of several engines
//! over one store one succeeds. What it then makes has an id that follows from the schedule and the time, so that an
//! engine that takes over from a dead one makes nothing twice.

use std::sync::{Arc, Weak};
use std::time::Duration;

use serde_json::{Value, json};

use super::records::Entity;
use super::{Engine, Inner};
use crate::clock::Timestamp;
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::id::JobId;
use crate::model::{
    Actor, AppName, AuditEntry, AuditFilter, ClaimedRuns, ClientId, JobKind, RunOutcome, Schedule,
    ScheduleSpec, ScheduledAction, ScheduledRun,
};
use crate::schedule::Cron;
use crate::store::{Expected, Page, Scope, WhenBusy};

/// How long a schedule that another process has put waits to be seen.
const LOOK: Duration = Duration::from_secs(10);
const PAGE: u32 = 200;
const DUE: &str = "schedule.due";

impl Entity for Schedule {
    const COLLECTION: &'static str = "schedules";
    const NOUN: &'static str = "schedule";

    fn owner(&self) -> Option<&ClientId> {
        self.client.as_ref()
    }
}

/// Each owner has names of its own; no client is called `-`.
fn key(client: Option<&ClientId>, name: &AppName) -> String {
    format!("{}/{name}", client.map_or("-", ClientId::as_str))
}

impl Engine {
    /// Writes a schedule of this handle's owner, or writes it anew; what it did so far is kept.
    ///
    /// # Errors
    /// `InvalidInput`, naming the field of a bad expression; `PermissionDenied` for a client that is suspended.
    pub async fn put_schedule(&self, spec: ScheduleSpec) -> Result<Schedule> {
        spec.validate()?;
        let cron = Cron::new(&spec.expression, &spec.time_zone)
            .map_err(|error| error.with_context("schedule", &spec.name))?;
        self.check_may(JobKind::Start, None).await?;
        let key = key(self.scope.client(), &spec.name);
        let now = self.inner.clock.now();
        let next = if spec.paused { None } else { cron.next_after(now) };
        let details = json!({ "expression": spec.expression, "action": spec.action });
        let mut schedule = Schedule::new(spec, self.scope.client().cloned(), now);
        schedule.next_run_at = next;
        if self.find::<Schedule>(&key).await?.is_none() {
            match self.insert(&key, &schedule, details.clone()).await {
                // Somebody else has put it meanwhile.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                other => {
                    self.inner.look_at_schedules();
                    return other.map(|()| schedule);
                }
            }
        }
        let changed = self.change(&key, "update", details, |found: &mut Schedule| {
            found.spec = schedule.spec.clone();
            (found.next_run_at, found.updated_at) = (next, now);
            Ok(())
        });
        let changed = changed.await;
        self.inner.look_at_schedules();
        changed
    }

    /// A schedule of this handle's owner.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn get_schedule(&self, name: &AppName) -> Result<Schedule> {
        Ok(self.load(&key(self.scope.client(), name)).await?.0)
    }

    /// Schedules; for the platform also those of its clients.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn list_schedules(&self, page: &Page) -> Result<Vec<Schedule>> {
        self.list(page).await
    }

    /// Deletes a schedule of this handle's owner. Gone already: success. Jobs that it has made go on.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn delete_schedule(&self, name: &AppName) -> Result<()> {
        self.discard::<Schedule>(&key(self.scope.client(), name)).await
    }

    /// Lets a schedule stand still. Times that pass meanwhile are not missed times.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn pause_schedule(&self, name: &AppName) -> Result<Schedule> {
        let now = self.inner.clock.now();
        self.change(&key(self.scope.client(), name), "pause", Value::Null, |schedule: &mut Schedule| {
            schedule.spec.paused = true;
            (schedule.next_run_at, schedule.updated_at) = (None, now);
            Ok(())
        })
        .await
    }

    /// Lets a schedule go on, from its next time after now.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn resume_schedule(&self, name: &AppName) -> Result<Schedule> {
        let now = self.inner.clock.now();
        let key = key(self.scope.client(), name);
        let schedule = self
            .change(&key, "resume", Value::Null, |schedule: &mut Schedule| {
                let cron = Cron::new(&schedule.spec.expression, &schedule.spec.time_zone)?;
                schedule.spec.paused = false;
                (schedule.next_run_at, schedule.updated_at) = (cron.next_after(now), now);
                Ok(())
            })
            .await?;
        self.inner.look_at_schedules();
        Ok(schedule)
    }

    /// Does at once what a schedule does, besides its times; also while it stands still.
    ///
    /// # Errors
    /// `NotFound`; those of the store. What went wrong with the work itself is in the run.
    pub async fn run_schedule(&self, name: &AppName) -> Result<ScheduledRun> {
        let key = key(self.scope.client(), name);
        let (schedule, _) = self.load::<Schedule>(&key).await?;
        let now = self.inner.clock.now();
        let outcome = self.inner.carry_out(&schedule, &key, now, self.actor.clone()).await?;
        let run = ScheduledRun::new(now, now, outcome);
        self.change(&key, "run", Value::Null, |schedule: &mut Schedule| {
            schedule.record(run.clone());
            Ok(())
        })
        .await?;
        Ok(run)
    }
}

/// Looks for due schedules until the engine is dropped.
pub(super) fn run_in_background(inner: &Arc<Inner>) {
    let engine = Arc::downgrade(inner);
    tokio::spawn(async move {
        loop {
            let Some(inner) = Weak::upgrade(&engine) else { return };
            let pause = match inner.run_due().await {
                Ok(pause) => pause,
                Err(error) => {
                    tracing::warn!(%error, "due schedules could not be looked for");
                    LOOK
                }
            };
            let woken = Arc::clone(&inner.schedules);
            drop(inner);
            // Either is a reason to look; how long the pause was makes no difference.
            let _ = tokio::time::timeout(pause, woken.notified()).await;
        }
    });
}

impl Inner {
    /// Lets the loop look, and starts it with the first schedule of this process.
    fn look_at_schedules(self: &Arc<Self>) {
        super::worker::take_over_in_background(self);
        self.schedules.notify_one();
    }

    /// Carries out what is due, and says how long there is nothing more to do.
    async fn run_due(self: &Arc<Self>) -> Result<Duration> {
        let mut wake = self.clock.now().plus(LOOK);
        let mut page = Page::all().with_limit(PAGE);
        loop {
            let records = self.store.list_records(&Scope::Platform, Schedule::COLLECTION, &page).await?;
            for record in &records {
                let Ok(schedule) = serde_json::from_value::<Schedule>(record.value.clone()) else {
                    tracing::warn!(key = record.key, "the stored schedule cannot be read");
                    continue;
                };
                let next = match self.run_one(&record.key, record.version, schedule).await {
                    Ok(next) => next,
                    Err(error) => {
                        tracing::warn!(key = record.key, %error, "the schedule could not be carried out");
                        None
                    }
                };
                wake = next.map_or(wake, |next| next.min(wake));
            }
            if records.len() < PAGE as usize {
                break;
            }
            page.after = records.into_iter().last().map(|record| record.key);
        }
        let millis = wake.0.saturating_sub(self.clock.now().0);
        Ok(Duration::from_millis(u64::try_from(millis).unwrap_or(0)))
    }

    /// Claims what is due of one schedule and carries it out. Returns when to look again.
    async fn run_one(
        self: &Arc<Self>,
        key: &str,
        version: u64,
        mut schedule: Schedule,
    ) -> Result<Option<Timestamp>> {
        let now = self.clock.now();
        if let Some(claimed) = &schedule.claimed {
            if claimed.until > now && claimed.owner != self.owner {
                return Ok(Some(claimed.until));
            }
        } else {
            let Some(from) = schedule.next_run_at else { return Ok(None) };
            if from > now {
                return Ok(Some(from));
            }
            let cron = Cron::new(&schedule.spec.expression, &schedule.spec.time_zone)?;
            let (due, skipped) = cron.runs(schedule.spec.missed, from, now);
            if let Some(last) = skipped {
                schedule.record(ScheduledRun::new(last, now, RunOutcome::Skipped));
            }
            schedule.next_run_at = cron.next_after(now);
            schedule.claimed = Some(ClaimedRuns::new(due, "", now));
        }
        let Some(claimed) = &mut schedule.claimed else { return Ok(None) };
        claimed.owner.clone_from(&self.owner);
        claimed.until = now.plus(self.lease);
        let due = claimed.due.clone();
        if due.is_empty() {
            schedule.claimed = None;
        }
        let put = self.put_claim(key, version, &schedule).await;
        if put.as_ref().is_err_and(|error| error.kind() == ErrorKind::Conflict) {
            // Another engine has claimed it, or its owner has changed it: the next look finds out.
            return Ok(Some(now.plus(Duration::from_secs(1))));
        }
        put?;
        if due.is_empty() {
            return Ok(schedule.next_run_at);
        }
        let mut runs = Vec::new();
        for time in due {
            let outcome = self.carry_out(&schedule, key, time, None).await?;
            runs.push(ScheduledRun::new(time, now, outcome));
        }
        self.finish_claim(key, runs).await?;
        Ok(schedule.next_run_at)
    }

    async fn put_claim(&self, key: &str, version: u64, schedule: &Schedule) -> Result<u64> {
        let expected = Expected::Version(version);
        let value = json!(schedule);
        self.store.put_record(&Scope::Platform, Schedule::COLLECTION, key, &value, expected).await
    }

    /// Writes what became of the claimed times, whatever its owner has changed meanwhile.
    async fn finish_claim(&self, key: &str, runs: Vec<ScheduledRun>) -> Result<()> {
        loop {
            let found = self.store.find_record(&Scope::Platform, Schedule::COLLECTION, key).await?;
            // Deleted meanwhile: nobody asks any more.
            let Some(record) = found else { return Ok(()) };
            let Ok(mut schedule) = serde_json::from_value::<Schedule>(record.value) else { return Ok(()) };
            if schedule.claimed.as_ref().is_none_or(|claimed| claimed.owner != self.owner) {
                // Taken over by another engine, which has made the same.
                return Ok(());
            }
            schedule.claimed = None;
            for run in &runs {
                schedule.record(run.clone());
            }
            match self.put_claim(key, record.version, &schedule).await {
                Err(error) if error.kind() == ErrorKind::Conflict => {}
                other => return other.map(|_| ()),
            }
        }
    }

    /// Does what is to be done at one time. Doing it twice is harmless.
    async fn carry_out(
        self: &Arc<Self>,
        schedule: &Schedule,
        key: &str,
        due: Timestamp,
        actor: Option<Actor>,
    ) -> Result<RunOutcome> {
        let engine = Engine {
            inner: Arc::clone(self),
            scope: Scope::of(schedule.client.as_ref()),
            actor: actor.or_else(|| Some(Actor::new(format!("schedule/{key}")))),
            busy: WhenBusy::Wait,
        };
        let done = match &schedule.spec.action {
            ScheduledAction::Custom { name, input } => engine.tell(schedule, key, name, input, due).await,
            action => engine.make_job(schedule, key, action, due).await,
        };
        match done {
            // Whether it happened is not known: it is done again.
            Err(error) if matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout) => Err(error),
            Err(error) => Ok(RunOutcome::Failed { error: error.report() }),
            Ok(outcome) => Ok(outcome),
        }
    }
}

impl Engine {
    async fn make_job(
        &self,
        schedule: &Schedule,
        key: &str,
        action: &ScheduledAction,
        due: Timestamp,
    ) -> Result<RunOutcome> {
        let (kind, app) = match action {
            ScheduledAction::Deploy { app } => (JobKind::Deploy, app),
            ScheduledAction::Start { app } => (JobKind::Start, app),
            ScheduledAction::Stop { app } => (JobKind::Stop, app),
            ScheduledAction::Restart { app } => (JobKind::Restart, app),
            ScheduledAction::Custom { name, .. } => {
                return Err(Error::new(ErrorKind::Internal, DUE, "this is no job").with_context("name", name));
            }
        };
        // The schedule's start is part of it: one of the same name that is put later is another.
        let digest = Digest::of_json(&(key, schedule.created_at, due));
        let hex = digest.as_str().trim_start_matches("sha256:");
        let id = JobId::from(format!("job_{}", &hex[..20]));
        let found = self.inner.store.get_job(&self.scope, &id).await;
        if found.as_ref().is_err_and(|error| error.kind() == ErrorKind::NotFound) {
            let (app, _) = self.inner.load_app(&self.scope, app).await?;
            let input = if kind == JobKind::Deploy { json!(app.spec) } else { json!({}) };
            match self.submit_as(id.clone(), app.name, kind, input).await {
                // By the engine from which this one has taken over.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                other => drop(other?),
            }
        } else {
            found?;
        }
        Ok(RunOutcome::Job { job: id })
    }

    /// Tells the embedding program, unless it was told before.
    async fn tell(
        &self,
        schedule: &Schedule,
        key: &str,
        name: &AppName,
        input: &Value,
        due: Timestamp,
    ) -> Result<RunOutcome> {
        let subject = format!("schedule/{key}");
        let since = schedule.claimed.as_ref().map(|_| due);
        let told = AuditFilter::all().with_action(DUE).with_subject(subject.as_str()).with_time(since, None);
        let told =
            if since.is_some() { self.inner.store.list_audit(&self.scope, &told).await? } else { vec![] };
        if let Some(record) = told.iter().find(|record| record.entry.details["due_at"] == json!(due)) {
            return Ok(RunOutcome::Told { position: record.position });
        }
        let mut entry = AuditEntry::new(DUE, subject);
        entry.client.clone_from(&schedule.client);
        entry.details = json!({ "name": name, "input": input, "due_at": due });
        Ok(RunOutcome::Told { position: self.note(entry).await?.position })
    }
}
