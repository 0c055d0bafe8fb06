//! A store in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;

use super::{Expected, Lease, Record, Store, refusal};
use crate::clock::{Clock, SystemClock, Timestamp};
use crate::error::Result;
use crate::id::JobId;
use crate::model::{Event, EventBody, Job, JobFilter, StepRecord};

/// A store that lives as long as the process, for tests and for programs that keep nothing.
///
/// ```
/// use byop_core::store::{Expected, MemoryStore, Store};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let store = MemoryStore::default();
/// let version = store.put_record("notes", "a", &"hello".into(), Expected::Absent).await?;
/// assert_eq!(version, 1);
/// # Ok::<(), byop_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug)]
pub struct MemoryStore {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

impl MemoryStore {
    /// An empty store that judges leases by `clock`.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, state: Mutex::default() }
    }

    // Every change below is made after all checks have passed, so a panic elsewhere leaves nothing half done.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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
    /// In order of creation.
    jobs: Vec<JobEntry>,
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
}

impl State {
    fn entry(&self, id: &JobId) -> Option<&JobEntry> {
        self.jobs.iter().find(|entry| entry.job.id == *id)
    }

    fn entry_mut(&mut self, id: &JobId) -> Option<&mut JobEntry> {
        self.jobs.iter_mut().find(|entry| entry.job.id == *id)
    }

    fn leased(&mut self, operation: &'static str, lease: &Lease) -> Result<&mut JobEntry> {
        self.entry_mut(&lease.job)
            .filter(|entry| entry.token == lease.token)
            .filter(|entry| entry.holder.as_ref().is_some_and(|holder| holder.owner == lease.owner))
            .ok_or_else(|| refusal::lease_lost(operation, lease))
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn put_record(
        &self,
        collection: &str,
        key: &str,
        value: &Value,
        expected: Expected,
    ) -> Result<u64> {
        let mut state = self.state();
        let records = state.records.entry(collection.to_owned()).or_default();
        let found = records.get(key).map(|record| record.version);
        match expected {
            Expected::Absent if found.is_some() => return Err(refusal::record_exists(collection, key)),
            Expected::Version(version) if found != Some(version) => {
                return Err(refusal::record_changed(collection, key, version, found));
            }
            _ => {}
        }
        let version = found.unwrap_or(0) + 1;
        records.insert(key.to_owned(), Record { key: key.to_owned(), version, value: value.clone() });
        Ok(version)
    }

    async fn find_record(&self, collection: &str, key: &str) -> Result<Option<Record>> {
        Ok(self.state().records.get(collection).and_then(|records| records.get(key)).cloned())
    }

    async fn list_records(&self, collection: &str) -> Result<Vec<Record>> {
        let state = self.state();
        Ok(state.records.get(collection).into_iter().flat_map(BTreeMap::values).cloned().collect())
    }

    async fn delete_record(&self, collection: &str, key: &str) -> Result<()> {
        if let Some(records) = self.state().records.get_mut(collection) {
            records.remove(key);
        }
        Ok(())
    }

    async fn create_job(&self, job: &Job) -> Result<()> {
        let mut state = self.state();
        if state.entry(&job.id).is_some() {
            return Err(refusal::job_exists(&job.id));
        }
        let busy = |entry: &&JobEntry| entry.job.app == job.app && !entry.job.state.is_finished();
        if !job.state.is_finished()
            && let Some(other) = state.jobs.iter().find(busy)
        {
            return Err(refusal::app_has_job(&job.app, other.job.id.as_str()));
        }
        state.jobs.push(JobEntry {
            job: job.clone(),
            token: 0,
            holder: None,
            steps: Vec::new(),
            events: Vec::new(),
        });
        Ok(())
    }

    async fn get_job(&self, id: &JobId) -> Result<Job> {
        let state = self.state();
        state.entry(id).map(|entry| entry.job.clone()).ok_or_else(|| refusal::no_job("job.get", id))
    }

    async fn list_jobs(&self, filter: &JobFilter) -> Result<Vec<Job>> {
        let state = self.state();
        let mut jobs: Vec<&Job> = state
            .jobs
            .iter()
            .rev()
            .map(|entry| &entry.job)
            .filter(|job| filter.app.as_ref().is_none_or(|app| *app == job.app))
            .filter(|job| !(filter.unfinished && job.state.is_finished()))
            .collect();
        // A stable sort: among jobs of the same millisecond the one made last stays first.
        jobs.sort_by_key(|job| std::cmp::Reverse(job.created_at));
        let limit = filter.limit.map_or(usize::MAX, |limit| limit as usize);
        Ok(jobs.into_iter().take(limit).cloned().collect())
    }

    async fn claim_job(&self, id: &JobId, owner: &str, ttl: Duration) -> Result<Lease> {
        let now = self.clock.now();
        let mut state = self.state();
        let entry = state.entry_mut(id).ok_or_else(|| refusal::no_job("job.claim", id))?;
        if entry.job.state.is_finished() {
            return Err(refusal::job_ended(id));
        }
        if let Some(holder) = &entry.holder
            && holder.owner != owner
            && holder.until > now
        {
            return Err(refusal::lease_held(id, &holder.owner));
        }
        entry.token += 1;
        entry.holder = Some(Holder { owner: owner.to_owned(), until: now.plus(ttl) });
        Ok(Lease { job: id.clone(), owner: owner.to_owned(), token: entry.token })
    }

    async fn renew_lease(&self, lease: &Lease, ttl: Duration) -> Result<()> {
        let until = self.clock.now().plus(ttl);
        let mut state = self.state();
        let entry = state.leased("lease.renew", lease)?;
        entry.holder = Some(Holder { owner: lease.owner.clone(), until });
        Ok(())
    }

    async fn update_job(&self, lease: &Lease, job: &Job) -> Result<()> {
        refusal::check_job_of_lease(lease, job)?;
        let mut state = self.state();
        let entry = state.leased("job.update", lease)?;
        refusal::check_same_app(entry.job.app.as_str(), job)?;
        entry.job = job.clone();
        if job.state.is_finished() {
            entry.holder = None;
        }
        Ok(())
    }

    async fn put_step(&self, lease: &Lease, step: &StepRecord) -> Result<()> {
        refusal::check_step_of_lease(lease, step)?;
        let mut state = self.state();
        let steps = &mut state.leased("step.put", lease)?.steps;
        match steps.iter_mut().find(|known| known.key == step.key) {
            Some(known) => *known = step.clone(),
            None => steps.push(step.clone()),
        }
        Ok(())
    }

    async fn list_steps(&self, job: &JobId) -> Result<Vec<StepRecord>> {
        Ok(self.state().entry(job).map(|entry| entry.steps.clone()).unwrap_or_default())
    }

    async fn append_events(&self, job: &JobId, bodies: Vec<EventBody>) -> Result<Vec<Event>> {
        let time = self.clock.now();
        let mut state = self.state();
        let entry = state.entry_mut(job).ok_or_else(|| refusal::no_job("event.append", job))?;
        let first = entry.events.len();
        for (sequence, body) in (first as u64 + 1..).zip(bodies) {
            entry.events.push(Event { job: job.clone(), sequence, time, body });
        }
        Ok(entry.events[first..].to_vec())
    }

    async fn list_events(&self, job: &JobId, after: u64, limit: u32) -> Result<Vec<Event>> {
        let state = self.state();
        let Some(entry) = state.entry(job) else { return Ok(Vec::new()) };
        let skip = usize::try_from(after).unwrap_or(usize::MAX);
        Ok(entry.events.iter().skip(skip).take(limit as usize).cloned().collect())
    }
}
