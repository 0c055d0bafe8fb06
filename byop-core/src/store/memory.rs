//! A store in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;
use tokio::sync::watch;

use super::{
    Expected, Lease, Page, Pruned, Record, Retention, Scope, Store, WhenBusy, audit_of_job, refusal,
};
use crate::clock::{Clock, SystemClock, Timestamp};
use crate::error::Result;
use crate::id::JobId;
use crate::model::{
    AuditEntry, AuditFilter, AuditRecord, Event, EventBody, Job, JobFilter, JobState, StepRecord, Subject,
};

/// A store that lives as long as the process, for tests and for programs that keep nothing.
///
/// ```
/// use byop_core::store::{Expected, MemoryStore, Scope, Store};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let store = MemoryStore::default();
/// store.put_record(&Scope::Platform, "notes", "a", &"hello".into(), Expected::Absent).await?;
/// assert!(store.find_record(&Scope::Platform, "notes", "a").await?.is_some());
/// # Ok::<(), byop_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug)]
pub struct MemoryStore {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    /// How many changes of jobs and events there were.
    changes: watch::Sender<u64>,
}

impl MemoryStore {
    /// An empty store that judges leases by `clock`.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, state: Mutex::default(), changes: watch::Sender::new(1) }
    }

    // Every change below is made after all checks have passed, so a panic elsewhere leaves nothing half done.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }
}

impl Default for MemoryStore {
    /// An empty store on the system's clock.
    fn default() -> Self {
        Self::new(Arc::new(SystemClock))
    }
}

#[derive(Debug, Default)]
struct State {
    records: BTreeMap<String, BTreeMap<String, Record>>,
    /// The version that was given last, of whatever record.
    version: u64,
    /// In order of creation.
    jobs: Vec<JobEntry>,
    /// The last position of an event, by subject.
    positions: BTreeMap<Subject, u64>,
    audit: Vec<AuditRecord>,
}

#[derive(Debug)]
struct JobEntry {
    job: Job,
    token: u64,
    holder: Option<Holder>,
    steps: Vec<StepRecord>,
    events: Vec<Event>,
}

#[derive(Debug)]
struct Holder {
    owner: String,
    until: Timestamp,
    ttl: Duration,
}

impl Holder {
    /// A lease that ends later than it can was written before the clock was set back: nobody knows its end.
    fn is_alive(&self, now: Timestamp) -> bool {
        self.until > now && self.until <= now.plus(self.ttl * 2)
    }
}

impl State {
    fn entry(&self, id: &JobId) -> Option<&JobEntry> {
        self.jobs.iter().find(|entry| entry.job.id == *id)
    }

    fn entry_mut(&mut self, id: &JobId) -> Option<&mut JobEntry> {
        self.jobs.iter_mut().find(|entry| entry.job.id == *id)
    }

    fn seen(&self, scope: &Scope, id: &JobId) -> Option<&JobEntry> {
        self.entry(id).filter(|entry| scope.covers(entry.job.client.as_ref()))
    }

    fn leased(&mut self, operation: &'static str, lease: &Lease) -> Result<&mut JobEntry> {
        self.entry_mut(&lease.job)
            .filter(|entry| entry.token == lease.token)
            .filter(|entry| entry.holder.as_ref().is_some_and(|holder| holder.owner == lease.owner))
            .ok_or_else(|| refusal::lease_lost(operation, lease))
    }

    /// The oldest job of a subject that has not ended.
    fn first_unfinished(&self, subject: &Subject) -> Option<&JobEntry> {
        self.jobs.iter().find(|entry| entry.job.subject == *subject && !entry.job.state.is_finished())
    }

    fn take(&mut self, id: &JobId, owner: &str, now: Timestamp, ttl: Duration) -> Option<Lease> {
        let entry = self.entry_mut(id)?;
        entry.token += 1;
        entry.holder = Some(Holder { owner: owner.to_owned(), until: now.plus(ttl), ttl });
        Some(Lease { job: id.clone(), owner: owner.to_owned(), token: entry.token })
    }

    fn append(&mut self, id: &JobId, bodies: Vec<EventBody>, time: Timestamp) -> Vec<Event> {
        let Some(entry) = self.jobs.iter_mut().find(|entry| entry.job.id == *id) else { return Vec::new() };
        let last = self.positions.entry(entry.job.subject.clone()).or_default();
        let first = entry.events.len();
        for body in bodies {
            *last += 1;
            let sequence = entry.events.len() as u64 + 1;
            entry.events.push(Event { job: id.clone(), sequence, position: *last, time, body });
        }
        entry.events[first..].to_vec()
    }

    fn audit(&mut self, entry: AuditEntry, time: Timestamp) -> AuditRecord {
        let previous = self.audit.last().map(|record| record.hash.clone());
        let record = AuditRecord::new(self.audit.len() as u64 + 1, time, entry, previous);
        self.audit.push(record.clone());
        record
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn put_record(
        &self,
        scope: &Scope,
        collection: &str,
        key: &str,
        value: &Value,
        expected: Expected,
    ) -> Result<u64> {
        let mut state = self.state();
        let found = state.records.get(collection).and_then(|records| records.get(key));
        let is_foreign = found.is_some_and(|record| !scope.covers(record.owner.as_ref()));
        let version = found.filter(|_| !is_foreign).map(|record| record.version);
        match expected {
            Expected::Absent if found.is_some() => return Err(refusal::record_exists(collection, key)),
            Expected::Any if is_foreign => return Err(refusal::record_exists(collection, key)),
            Expected::Version(wanted) if version != Some(wanted) => {
                return Err(refusal::record_changed("record.put", collection, key, wanted, version));
            }
            _ => {}
        }
        let owner = found.map_or_else(|| scope.client().cloned(), |record| record.owner.clone());
        state.version += 1;
        let version = state.version;
        let record = Record { key: key.to_owned(), owner, version, value: value.clone() };
        state.records.entry(collection.to_owned()).or_default().insert(key.to_owned(), record);
        Ok(version)
    }

    async fn find_record(&self, scope: &Scope, collection: &str, key: &str) -> Result<Option<Record>> {
        let state = self.state();
        let found = state.records.get(collection).and_then(|records| records.get(key));
        Ok(found.filter(|record| scope.covers(record.owner.as_ref())).cloned())
    }

    async fn list_records(&self, scope: &Scope, collection: &str, page: &Page) -> Result<Vec<Record>> {
        let state = self.state();
        let Some(records) = state.records.get(collection) else { return Ok(Vec::new()) };
        let records = records
            .range(page.prefix.clone()..)
            .take_while(|(key, _)| key.starts_with(&page.prefix))
            .filter(|(key, _)| page.after.as_ref().is_none_or(|after| *key > after))
            .map(|(_, record)| record)
            .filter(|record| scope.covers(record.owner.as_ref()));
        Ok(records.take(page.limit.map_or(usize::MAX, |limit| limit as usize)).cloned().collect())
    }

    async fn delete_record(
        &self,
        scope: &Scope,
        collection: &str,
        key: &str,
        expected: Expected,
    ) -> Result<()> {
        let mut state = self.state();
        let found = state.records.get(collection).and_then(|records| records.get(key));
        let version = found.filter(|record| scope.covers(record.owner.as_ref())).map(|record| record.version);
        match expected {
            Expected::Absent => return Err(refusal::nothing_to_delete()),
            Expected::Version(wanted) if version != Some(wanted) => {
                return Err(refusal::record_changed("record.delete", collection, key, wanted, version));
            }
            _ => {}
        }
        if version.is_some()
            && let Some(records) = state.records.get_mut(collection)
        {
            records.remove(key);
        }
        Ok(())
    }

    async fn create_job(&self, scope: &Scope, job: &Job, busy: WhenBusy) -> Result<()> {
        refusal::check_owner("job.create", scope, job.client.as_ref())?;
        let time = self.clock.now();
        let mut state = self.state();
        if state.entry(&job.id).is_some() {
            return Err(refusal::job_exists(&job.id));
        }
        if busy == WhenBusy::Refuse
            && !job.state.is_finished()
            && let Some(other) = state.first_unfinished(&job.subject)
        {
            let id = Some(other.job.id.as_str()).filter(|_| scope.covers(other.job.client.as_ref()));
            return Err(refusal::subject_is_busy(&job.subject, id));
        }
        state.audit(audit_of_job("job.create", job), time);
        state.jobs.push(JobEntry {
            job: job.clone(),
            token: 0,
            holder: None,
            steps: Vec::new(),
            events: Vec::new(),
        });
        drop(state);
        self.changed();
        Ok(())
    }

    async fn get_job(&self, scope: &Scope, id: &JobId) -> Result<Job> {
        let state = self.state();
        let found = state.seen(scope, id).map(|entry| entry.job.clone());
        found.ok_or_else(|| refusal::no_job("job.get", id))
    }

    async fn list_jobs(&self, scope: &Scope, filter: &JobFilter) -> Result<Vec<Job>> {
        let state = self.state();
        let end = match &filter.before {
            Some(before) => state.jobs.iter().position(|entry| entry.job.id == *before).unwrap_or(0),
            None => state.jobs.len(),
        };
        let jobs = state.jobs[..end]
            .iter()
            .rev()
            .map(|entry| &entry.job)
            .filter(|job| scope.covers(job.client.as_ref()))
            .filter(|job| filter.subject.as_ref().is_none_or(|subject| *subject == job.subject))
            .filter(|job| !(filter.unfinished && job.state.is_finished()));
        Ok(jobs.take(filter.limit.map_or(usize::MAX, |limit| limit as usize)).cloned().collect())
    }

    async fn request_cancel(&self, scope: &Scope, id: &JobId) -> Result<Job> {
        let time = self.clock.now();
        let mut state = self.state();
        if state.seen(scope, id).is_none() {
            return Err(refusal::no_job("job.cancel", id));
        }
        let Some(entry) = state.entry_mut(id) else { return Err(refusal::no_job("job.cancel", id)) };
        if entry.job.state.is_finished() {
            return Ok(entry.job.clone());
        }
        entry.job.cancel_requested = true;
        let was_held = entry.token > 0;
        if !was_held {
            entry.job.state = JobState::Cancelled;
            entry.job.finished_at = Some(time);
        }
        let job = entry.job.clone();
        if !was_held {
            state.append(id, vec![EventBody::Job { state: JobState::Cancelled, error: None }], time);
            state.audit(audit_of_job("job.end", &job), time);
        }
        drop(state);
        self.changed();
        Ok(job)
    }

    async fn claim_job(&self, id: &JobId, owner: &str, ttl: Duration) -> Result<Lease> {
        let now = self.clock.now();
        let mut state = self.state();
        let entry = state.entry(id).ok_or_else(|| refusal::no_job("job.claim", id))?;
        if entry.job.state.is_finished() {
            return Err(refusal::job_ended(id));
        }
        if let Some(holder) = &entry.holder
            && holder.owner != owner
            && holder.is_alive(now)
        {
            return Err(refusal::lease_held(id, &holder.owner));
        }
        if let Some(first) = state.first_unfinished(&entry.job.subject)
            && first.job.id != *id
        {
            return Err(refusal::not_its_turn(id, first.job.id.as_str()));
        }
        state.take(id, owner, now, ttl).ok_or_else(|| refusal::no_job("job.claim", id))
    }

    async fn claim_next(&self, owner: &str, ttl: Duration, idle: Duration) -> Result<Option<Lease>> {
        let now = self.clock.now();
        let mut state = self.state();
        let is_left_alone = |entry: &&JobEntry| match &entry.holder {
            Some(holder) => !holder.is_alive(now),
            // One from the future was made before the clock was set back.
            None => entry.job.created_at.plus(idle) <= now || entry.job.created_at > now,
        };
        let is_first = |entry: &&JobEntry| {
            state.first_unfinished(&entry.job.subject).is_some_and(|first| first.job.id == entry.job.id)
        };
        let next = state.jobs.iter().filter(is_left_alone).find(is_first).map(|entry| entry.job.id.clone());
        Ok(next.and_then(|id| state.take(&id, owner, now, ttl)))
    }

    async fn renew_lease(&self, lease: &Lease, ttl: Duration) -> Result<()> {
        let until = self.clock.now().plus(ttl);
        let mut state = self.state();
        let entry = state.leased("lease.renew", lease)?;
        entry.holder = Some(Holder { owner: lease.owner.clone(), until, ttl });
        Ok(())
    }

    async fn update_job(&self, lease: &Lease, job: &Job) -> Result<()> {
        refusal::check_job_of_lease(lease, job)?;
        let time = self.clock.now();
        let mut state = self.state();
        let entry = state.leased("job.update", lease)?;
        refusal::check_same_subject(&entry.job, job)?;
        let has_moved = entry.job.state != job.state;
        let (step, cancel_requested) = (entry.job.step.take(), entry.job.cancel_requested);
        entry.job = Job { step, cancel_requested, ..job.clone() };
        if job.state.is_finished() {
            entry.holder = None;
        }
        if has_moved {
            let body = EventBody::Job { state: job.state, error: job.error.clone() };
            state.append(&job.id, vec![body], time);
        }
        if job.state.is_finished() {
            state.audit(audit_of_job("job.end", job), time);
        }
        drop(state);
        self.changed();
        Ok(())
    }

    async fn put_steps(&self, lease: &Lease, steps: &[StepRecord]) -> Result<()> {
        refusal::check_steps_of_lease(lease, steps)?;
        let mut state = self.state();
        let entry = state.leased("step.put", lease)?;
        for step in steps {
            entry.job.step = Some(step.stage.clone());
            match entry.steps.iter_mut().find(|known| known.key == step.key) {
                Some(known) => *known = step.clone(),
                None => entry.steps.push(step.clone()),
            }
        }
        Ok(())
    }

    async fn list_steps(&self, scope: &Scope, job: &JobId) -> Result<Vec<StepRecord>> {
        Ok(self.state().seen(scope, job).map(|entry| entry.steps.clone()).unwrap_or_default())
    }

    async fn append_events(&self, lease: &Lease, bodies: Vec<EventBody>) -> Result<Vec<Event>> {
        let time = self.clock.now();
        let mut state = self.state();
        state.leased("event.append", lease)?;
        let events = state.append(&lease.job, bodies, time);
        drop(state);
        self.changed();
        Ok(events)
    }

    async fn list_events(&self, scope: &Scope, job: &JobId, after: u64, limit: u32) -> Result<Vec<Event>> {
        let state = self.state();
        let Some(entry) = state.seen(scope, job) else { return Ok(Vec::new()) };
        let skip = usize::try_from(after).unwrap_or(usize::MAX);
        Ok(entry.events.iter().skip(skip).take(limit as usize).cloned().collect())
    }

    async fn list_subject_events(
        &self,
        scope: &Scope,
        subject: &Subject,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Event>> {
        let state = self.state();
        let of_subject = state.jobs.iter().filter(|entry| entry.job.subject == *subject);
        let mut events: Vec<_> =
            of_subject.flat_map(|entry| entry.events.iter().map(move |event| (entry, event))).collect();
        events.sort_by_key(|(_, event)| event.position);
        let last = state.positions.get(subject).copied().unwrap_or(0);
        let oldest = events.first().map_or(last + 1, |(_, event)| event.position);
        // Of a subject that is not one's own one hears nothing, not even that something was removed.
        let is_seen = scope.client().is_none()
            || state
                .jobs
                .iter()
                .any(|entry| entry.job.subject == *subject && scope.covers(entry.job.client.as_ref()));
        if after < oldest - 1 && is_seen {
            return Err(refusal::events_pruned(subject, after, oldest));
        }
        let events = events
            .into_iter()
            .filter(|(entry, event)| event.position > after && scope.covers(entry.job.client.as_ref()));
        Ok(events.take(limit as usize).map(|(_, event)| event.clone()).collect())
    }

    async fn append_audit(&self, scope: &Scope, entry: AuditEntry) -> Result<AuditRecord> {
        refusal::check_owner("audit.append", scope, entry.client.as_ref())?;
        Ok(self.state().audit(entry, self.clock.now()))
    }

    async fn list_audit(&self, scope: &Scope, filter: &AuditFilter) -> Result<Vec<AuditRecord>> {
        let state = self.state();
        let skip = usize::try_from(filter.after).unwrap_or(usize::MAX);
        let records = state
            .audit
            .iter()
            .skip(skip)
            .filter(|record| scope.covers(record.entry.client.as_ref()) && filter.matches(record));
        Ok(records.take(filter.limit.map_or(usize::MAX, |limit| limit as usize)).cloned().collect())
    }

    async fn prune(&self, subject: Option<&Subject>, retention: &Retention) -> Result<Pruned> {
        let now = self.clock.now();
        let mut state = self.state();
        let mut newer: BTreeMap<Subject, (u32, u64)> = BTreeMap::new();
        let mut pruned = Pruned::default();
        let mut staying = Vec::new();
        // From the newest to the oldest: each is judged by itself and the newer ones of its subject.
        for entry in state.jobs.drain(..).rev() {
            if subject.is_some_and(|subject| *subject != entry.job.subject) {
                staying.push(entry);
                continue;
            }
            let is_finished = entry.job.state.is_finished();
            let (ended, events) = newer.entry(entry.job.subject.clone()).or_default();
            *ended += u32::from(is_finished);
            *events += entry.events.len() as u64;
            let is_old = retention
                .job_age
                .zip(entry.job.finished_at)
                .is_some_and(|(age, finished)| finished.plus(age) <= now);
            let is_over = retention.jobs_per_subject.is_some_and(|most| *ended > most)
                || retention.events_per_subject.is_some_and(|most| *events > most);
            if is_finished && *ended > 1 && (is_old || is_over) {
                pruned.jobs += 1;
                pruned.events += entry.events.len() as u64;
            } else {
                staying.push(entry);
            }
        }
        staying.reverse();
        state.jobs = staying;
        Ok(pruned)
    }

    async fn wait_for_change(&self, seen: u64, patience: Duration) -> Result<u64> {
        let mut changes = self.changes.subscribe();
        let _ = tokio::time::timeout(patience, changes.wait_for(|count| *count > seen)).await;
        Ok(*self.changes.borrow())
    }
}
