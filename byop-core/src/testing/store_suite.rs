//! The behaviours that every [`Store`] must have, one function each.
//!
//! An implementation runs them with [`store_suite!`](crate::store_suite), which makes one named test of each.

// Test code that is public so that others can run it on their own stores.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc)]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;

use crate::clock::{Clock, ManualClock, Timestamp};
use crate::error::{Error, ErrorKind};
use crate::id::{JobId, SystemEntropy};
use crate::model::{AppName, Event, EventBody, Job, JobFilter, JobKind, JobState, StepRecord, StepState};
use crate::store::{Expected, Lease, Store};

/// Makes a module with one `#[tokio::test]` per behaviour of [`store_suite`](crate::testing::store_suite).
///
/// `$make` is a path to an async function from an `Arc<ManualClock>`, by which the store must judge leases, to a
/// [`Subject`](crate::testing::store_suite::Subject) with an empty store. The calling crate needs tokio with
/// `macros` and `rt`.
///
/// ```
/// use std::sync::Arc;
/// use byop_core::clock::ManualClock;
/// use byop_core::store::MemoryStore;
/// use byop_core::testing::store_suite::Subject;
///
/// async fn memory_store(clock: Arc<ManualClock>) -> Subject {
///     Subject::new(MemoryStore::new(clock.clone()), clock)
/// }
/// byop_core::store_suite!(memory, super::memory_store);
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! store_suite {
    ($module:ident, $make:path) => {
        mod $module {
            $crate::store_suite!(@each $make,
                a_new_record_has_version_one
                a_missing_record_is_none
                a_record_expected_absent_is_not_replaced
                a_write_raises_the_version
                a_write_on_an_old_version_is_refused
                a_version_of_a_missing_record_is_a_conflict
                a_record_with_any_version_is_written
                records_are_listed_in_order_of_key
                an_unknown_collection_is_empty
                a_deleted_record_is_gone
                deleting_a_missing_record_is_ok
                one_of_many_writers_on_a_version_wins
                a_job_is_read_back_as_written
                getting_a_missing_job_is_not_found
                a_job_id_is_taken_once
                a_second_unfinished_job_of_an_app_is_refused
                jobs_of_different_apps_coexist
                a_finished_job_makes_room_for_the_next
                one_of_many_new_jobs_of_an_app_wins
                jobs_are_listed_newest_first
                jobs_are_filtered
                claiming_a_missing_job_is_not_found
                a_held_job_cannot_be_claimed_by_another
                claiming_again_gives_a_new_token
                an_expired_lease_can_be_taken
                a_renewed_lease_lives_on
                an_expired_lease_that_nobody_took_still_counts
                a_lost_lease_writes_nothing
                a_lease_counts_for_its_owner_only
                one_of_many_claims_wins
                the_holder_updates_its_job
                a_finished_job_gives_up_its_lease
                a_finished_job_cannot_be_claimed
                a_lease_is_good_for_its_own_job_only
                a_job_cannot_move_to_another_app
                steps_keep_their_order_when_replaced
                steps_belong_to_their_job
                an_unknown_job_has_no_steps_and_events
                events_are_numbered_from_one_in_each_job
                events_are_appended_together_in_order
                an_event_needs_its_job
                events_of_many_writers_have_no_gaps
                events_are_read_on_from_a_cursor
                events_are_read_back_as_written
                a_finished_job_takes_events
            );
        }
    };
    (@each $make:path, $($behaviour:ident)*) => {$(
        #[tokio::test]
        async fn $behaviour() {
            let subject = $make(::std::sync::Arc::default()).await;
            $crate::testing::store_suite::$behaviour(subject).await;
        }
    )*};
}

/// A store under test, with the clock by which it judges leases.
#[derive(Debug)]
pub struct Subject {
    /// The store, empty.
    pub store: Arc<dyn Store>,
    /// Its clock.
    pub clock: Arc<ManualClock>,
    /// Kept until the test ends.
    _guard: Option<tempfile::TempDir>,
}

impl Subject {
    /// A store that leaves nothing behind.
    pub fn new(store: impl Store + 'static, clock: Arc<ManualClock>) -> Self {
        Self { store: Arc::new(store), clock, _guard: None }
    }

    /// Removes a folder when the test ends.
    #[must_use]
    pub fn with_folder(mut self, folder: tempfile::TempDir) -> Self {
        self._guard = Some(folder);
        self
    }

    async fn job(&self, app: &str) -> Job {
        let job = new_job(app, self.clock.now());
        self.store.create_job(&job).await.unwrap();
        job
    }

    async fn append(&self, job: &Job, body: EventBody) -> Event {
        self.store.append_events(&job.id, vec![body]).await.unwrap().remove(0)
    }

    async fn claimed(&self, app: &str) -> (Job, Lease) {
        let job = self.job(app).await;
        let lease = self.store.claim_job(&job.id, "one", TTL).await.unwrap();
        (job, lease)
    }

    async fn finish(&self, job: &Job, lease: &Lease) {
        self.store.update_job(lease, &in_state(job, JobState::Succeeded)).await.unwrap();
    }
}

const TTL: Duration = Duration::from_secs(30);

fn new_job(app: &str, created_at: Timestamp) -> Job {
    let app = AppName::new(app).unwrap();
    Job::new(JobId::random(&SystemEntropy), app, JobKind::Deploy, json!({"x": 1}), created_at)
}

fn in_state(job: &Job, state: JobState) -> Job {
    let mut job = job.clone();
    job.state = state;
    job
}

fn step(job: &Job, key: &str) -> StepRecord {
    StepRecord::intent(job.id.clone(), "build", key, Timestamp(5))
}

fn log(line: impl Into<String>) -> EventBody {
    EventBody::Log { stage: "build".into(), line: line.into() }
}

fn kind<T: std::fmt::Debug>(result: Result<T, Error>) -> ErrorKind {
    result.unwrap_err().kind()
}

/// What was put is found, with version 1.
pub async fn a_new_record_has_version_one(subject: Subject) {
    let value = json!({"text": "ä\u{0}\n", "list": [1, 2.5, null, true], "large": u64::MAX});
    assert_eq!(subject.store.put_record("c", "k", &value, Expected::Absent).await.unwrap(), 1);
    let record = subject.store.find_record("c", "k").await.unwrap().unwrap();
    assert_eq!((record.key.as_str(), record.version, record.value), ("k", 1, value));
}

/// `None`, not an error.
pub async fn a_missing_record_is_none(subject: Subject) {
    assert_eq!(subject.store.find_record("c", "k").await.unwrap(), None);
}

/// `AlreadyExists`, and the first value stays.
pub async fn a_record_expected_absent_is_not_replaced(subject: Subject) {
    subject.store.put_record("c", "k", &json!(1), Expected::Absent).await.unwrap();
    let second = subject.store.put_record("c", "k", &json!(2), Expected::Absent).await;
    assert_eq!(kind(second), ErrorKind::AlreadyExists);
    assert_eq!(subject.store.find_record("c", "k").await.unwrap().unwrap().value, json!(1));
}

/// Each write raises the version by one.
pub async fn a_write_raises_the_version(subject: Subject) {
    subject.store.put_record("c", "k", &json!(1), Expected::Absent).await.unwrap();
    assert_eq!(subject.store.put_record("c", "k", &json!(2), Expected::Version(1)).await.unwrap(), 2);
    assert_eq!(subject.store.put_record("c", "k", &json!(3), Expected::Any).await.unwrap(), 3);
}

/// `Conflict`, and the newer value stays.
pub async fn a_write_on_an_old_version_is_refused(subject: Subject) {
    subject.store.put_record("c", "k", &json!(1), Expected::Absent).await.unwrap();
    subject.store.put_record("c", "k", &json!(2), Expected::Version(1)).await.unwrap();
    let late = subject.store.put_record("c", "k", &json!(3), Expected::Version(1)).await;
    assert_eq!(kind(late), ErrorKind::Conflict);
    assert_eq!(subject.store.find_record("c", "k").await.unwrap().unwrap().value, json!(2));
}

/// `Conflict`: a version that is expected must be there.
pub async fn a_version_of_a_missing_record_is_a_conflict(subject: Subject) {
    let put = subject.store.put_record("c", "k", &json!(1), Expected::Version(1)).await;
    assert_eq!(kind(put), ErrorKind::Conflict);
}

/// `Any` writes whether or not there is a record.
pub async fn a_record_with_any_version_is_written(subject: Subject) {
    assert_eq!(subject.store.put_record("c", "k", &json!(1), Expected::Any).await.unwrap(), 1);
}

/// In order of key, and only those of the collection.
pub async fn records_are_listed_in_order_of_key(subject: Subject) {
    for (collection, key) in [("c", "b"), ("c", "a"), ("d", "x"), ("c", "a/b"), ("c", "B")] {
        subject.store.put_record(collection, key, &json!(key), Expected::Absent).await.unwrap();
    }
    let records = subject.store.list_records("c").await.unwrap();
    let keys: Vec<_> = records.iter().map(|record| record.key.as_str()).collect();
    assert_eq!(keys, ["B", "a", "a/b", "b"]);
}

/// An empty list, not an error.
pub async fn an_unknown_collection_is_empty(subject: Subject) {
    assert!(subject.store.list_records("none").await.unwrap().is_empty());
}

/// A deleted record is gone, and its key is free.
pub async fn a_deleted_record_is_gone(subject: Subject) {
    subject.store.put_record("c", "k", &json!(1), Expected::Absent).await.unwrap();
    subject.store.delete_record("c", "k").await.unwrap();
    assert_eq!(subject.store.find_record("c", "k").await.unwrap(), None);
    subject.store.put_record("c", "k", &json!(2), Expected::Absent).await.unwrap();
}

/// Deleting what is not there is success.
pub async fn deleting_a_missing_record_is_ok(subject: Subject) {
    subject.store.delete_record("c", "k").await.unwrap();
}

/// Of many writers on one version, exactly one wins.
pub async fn one_of_many_writers_on_a_version_wins(subject: Subject) {
    subject.store.put_record("c", "k", &json!(0), Expected::Absent).await.unwrap();
    let values: Vec<_> = (0..16).map(|n| json!(n)).collect();
    let puts = values.iter().map(|value| subject.store.put_record("c", "k", value, Expected::Version(1)));
    let results = join_all(puts).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
}

/// What was created is read back whole.
pub async fn a_job_is_read_back_as_written(subject: Subject) {
    let mut job = new_job("shop", Timestamp(7));
    job.error = Some(Error::invalid("a.b", "why").with_context("key", "value").report());
    subject.store.create_job(&job).await.unwrap();
    assert_eq!(subject.store.get_job(&job.id).await.unwrap(), job);
}

/// `NotFound`.
pub async fn getting_a_missing_job_is_not_found(subject: Subject) {
    let id = JobId::random(&SystemEntropy);
    assert_eq!(kind(subject.store.get_job(&id).await), ErrorKind::NotFound);
}

/// `AlreadyExists`, even for an app that has no unfinished job.
pub async fn a_job_id_is_taken_once(subject: Subject) {
    let job = subject.job("shop").await;
    let mut second = new_job("other", Timestamp(0));
    second.id = job.id.clone();
    assert_eq!(kind(subject.store.create_job(&second).await), ErrorKind::AlreadyExists);
}

/// `Conflict`, naming the other job.
pub async fn a_second_unfinished_job_of_an_app_is_refused(subject: Subject) {
    let first = subject.job("shop").await;
    let error = subject.store.create_job(&new_job("shop", Timestamp(0))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(error.context("job"), Some(first.id.as_str()));
}

/// Apps do not wait for each other.
pub async fn jobs_of_different_apps_coexist(subject: Subject) {
    subject.job("shop").await;
    subject.job("blog").await;
}

/// The next job may come when the last has ended.
pub async fn a_finished_job_makes_room_for_the_next(subject: Subject) {
    let (job, lease) = subject.claimed("shop").await;
    subject.finish(&job, &lease).await;
    subject.job("shop").await;
}

/// Of many jobs created at once for one app, exactly one is written.
pub async fn one_of_many_new_jobs_of_an_app_wins(subject: Subject) {
    let jobs: Vec<_> = (0..16).map(|_| new_job("shop", Timestamp(0))).collect();
    let results = join_all(jobs.iter().map(|job| subject.store.create_job(job))).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    assert_eq!(subject.store.list_jobs(&JobFilter::all()).await.unwrap().len(), 1);
}

/// Newest first; of the same moment, the one created last first.
pub async fn jobs_are_listed_newest_first(subject: Subject) {
    let mut made = Vec::new();
    for (app, time) in [("a", 10), ("b", 30), ("c", 20), ("d", 30)] {
        let job = new_job(app, Timestamp(time));
        subject.store.create_job(&job).await.unwrap();
        made.push(job.id);
    }
    let listed = subject.store.list_jobs(&JobFilter::all()).await.unwrap();
    let ids: Vec<_> = listed.iter().map(|job| &job.id).collect();
    assert_eq!(ids, [&made[3], &made[1], &made[2], &made[0]]);
}

/// By app, by whether they have ended, and at most so many.
pub async fn jobs_are_filtered(subject: Subject) {
    let (old, lease) = subject.claimed("shop").await;
    subject.finish(&old, &lease).await;
    subject.clock.advance(TTL);
    let new = subject.job("shop").await;
    subject.clock.advance(TTL);
    let other = subject.job("blog").await;
    let shop = JobFilter::all().with_app(new.app.clone());
    let mut newest = JobFilter::all();
    newest.limit = Some(1);
    for (filter, expected) in [
        (shop.clone(), vec![&new.id, &old.id]),
        (shop.with_unfinished(), vec![&new.id]),
        (JobFilter::all().with_unfinished(), vec![&other.id, &new.id]),
        (newest, vec![&other.id]),
    ] {
        let jobs = subject.store.list_jobs(&filter).await.unwrap();
        assert_eq!(jobs.iter().map(|job| &job.id).collect::<Vec<_>>(), expected, "{filter:?}");
    }
}

/// `NotFound`.
pub async fn claiming_a_missing_job_is_not_found(subject: Subject) {
    let claim = subject.store.claim_job(&JobId::random(&SystemEntropy), "one", TTL).await;
    assert_eq!(kind(claim), ErrorKind::NotFound);
}

/// `Conflict` while the first lease is alive.
pub async fn a_held_job_cannot_be_claimed_by_another(subject: Subject) {
    let (job, _) = subject.claimed("shop").await;
    subject.clock.advance(TTL - Duration::from_millis(1));
    assert_eq!(kind(subject.store.claim_job(&job.id, "two", TTL).await), ErrorKind::Conflict);
}

/// An owner that starts again gets its job back, with a new token, and its old one is void.
pub async fn claiming_again_gives_a_new_token(subject: Subject) {
    let (job, first) = subject.claimed("shop").await;
    let second = subject.store.claim_job(&job.id, "one", TTL).await.unwrap();
    assert!(second.token > first.token);
    assert_eq!(kind(subject.store.renew_lease(&first, TTL).await), ErrorKind::LeaseLost);
}

/// At the end of its time a lease can be taken by another owner, with a higher token.
pub async fn an_expired_lease_can_be_taken(subject: Subject) {
    let (job, first) = subject.claimed("shop").await;
    subject.clock.advance(TTL);
    let second = subject.store.claim_job(&job.id, "two", TTL).await.unwrap();
    assert!(second.token > first.token);
}

/// A renewed lease lives on from the renewal.
pub async fn a_renewed_lease_lives_on(subject: Subject) {
    let (job, lease) = subject.claimed("shop").await;
    subject.clock.advance(TTL / 2);
    subject.store.renew_lease(&lease, TTL).await.unwrap();
    subject.clock.advance(TTL - Duration::from_millis(1));
    assert_eq!(kind(subject.store.claim_job(&job.id, "two", TTL).await), ErrorKind::Conflict);
}

/// A lease that ran out, and that nobody took, still counts.
pub async fn an_expired_lease_that_nobody_took_still_counts(subject: Subject) {
    let (job, lease) = subject.claimed("shop").await;
    subject.clock.advance(TTL * 2);
    subject.store.put_step(&lease, &step(&job, "build:1")).await.unwrap();
    subject.store.renew_lease(&lease, TTL).await.unwrap();
    assert_eq!(kind(subject.store.claim_job(&job.id, "two", TTL).await), ErrorKind::Conflict);
}

/// `LeaseLost` for every write of an owner whose job was taken, and nothing is written.
pub async fn a_lost_lease_writes_nothing(subject: Subject) {
    let (job, lost) = subject.claimed("shop").await;
    subject.clock.advance(TTL);
    subject.store.claim_job(&job.id, "two", TTL).await.unwrap();
    let failed = in_state(&job, JobState::Failed);
    assert_eq!(kind(subject.store.update_job(&lost, &failed).await), ErrorKind::LeaseLost);
    assert_eq!(kind(subject.store.put_step(&lost, &step(&job, "build:1")).await), ErrorKind::LeaseLost);
    assert_eq!(kind(subject.store.renew_lease(&lost, TTL).await), ErrorKind::LeaseLost);
    assert_eq!(subject.store.get_job(&job.id).await.unwrap(), job);
    assert!(subject.store.list_steps(&job.id).await.unwrap().is_empty());
}

/// `LeaseLost`: the right token in the hands of another owner does not count.
pub async fn a_lease_counts_for_its_owner_only(subject: Subject) {
    let (_, mut lease) = subject.claimed("shop").await;
    lease.owner = "two".into();
    assert_eq!(kind(subject.store.renew_lease(&lease, TTL).await), ErrorKind::LeaseLost);
}

/// Of many workers, exactly one gets the job.
pub async fn one_of_many_claims_wins(subject: Subject) {
    let job = subject.job("shop").await;
    let owners: Vec<_> = (0..16).map(|n| format!("worker-{n}")).collect();
    let results = join_all(owners.iter().map(|owner| subject.store.claim_job(&job.id, owner, TTL))).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
}

/// What the holder writes is read back.
pub async fn the_holder_updates_its_job(subject: Subject) {
    let (job, lease) = subject.claimed("shop").await;
    let mut running = in_state(&job, JobState::Running);
    running.step = Some("build".into());
    subject.store.update_job(&lease, &running).await.unwrap();
    assert_eq!(subject.store.get_job(&job.id).await.unwrap(), running);
}

/// A job that has ended gives up its lease: later writes are `LeaseLost`.
pub async fn a_finished_job_gives_up_its_lease(subject: Subject) {
    let (job, lease) = subject.claimed("shop").await;
    subject.finish(&job, &lease).await;
    assert_eq!(kind(subject.store.update_job(&lease, &job).await), ErrorKind::LeaseLost);
    assert_eq!(kind(subject.store.renew_lease(&lease, TTL).await), ErrorKind::LeaseLost);
}

/// `Conflict`: there is nothing left to do.
pub async fn a_finished_job_cannot_be_claimed(subject: Subject) {
    let (job, lease) = subject.claimed("shop").await;
    subject.finish(&job, &lease).await;
    assert_eq!(kind(subject.store.claim_job(&job.id, "one", TTL).await), ErrorKind::Conflict);
}

/// `InvalidInput`: a lease opens one job only.
pub async fn a_lease_is_good_for_its_own_job_only(subject: Subject) {
    let (_, lease) = subject.claimed("shop").await;
    let other = subject.job("blog").await;
    assert_eq!(kind(subject.store.update_job(&lease, &other).await), ErrorKind::InvalidInput);
    assert_eq!(kind(subject.store.put_step(&lease, &step(&other, "build:1")).await), ErrorKind::InvalidInput);
}

/// `InvalidInput`: an update must not get around "one unfinished job per app".
pub async fn a_job_cannot_move_to_another_app(subject: Subject) {
    let (mut job, lease) = subject.claimed("shop").await;
    job.app = AppName::new("blog").unwrap();
    assert_eq!(kind(subject.store.update_job(&lease, &job).await), ErrorKind::InvalidInput);
}

/// Steps come in the order of their first entries; a second entry replaces the first in its place.
pub async fn steps_keep_their_order_when_replaced(subject: Subject) {
    let (job, lease) = subject.claimed("shop").await;
    for key in ["fetch:1", "build:1"] {
        subject.store.put_step(&lease, &step(&job, key)).await.unwrap();
    }
    let mut done = step(&job, "fetch:1");
    done.state = StepState::Done;
    done.output = Some(json!({"digest": "d"}));
    subject.store.put_step(&lease, &done).await.unwrap();
    assert_eq!(subject.store.list_steps(&job.id).await.unwrap(), [done, step(&job, "build:1")]);
}

/// The same key in two jobs is two steps.
pub async fn steps_belong_to_their_job(subject: Subject) {
    let (job, lease) = subject.claimed("shop").await;
    let (other, _) = subject.claimed("blog").await;
    subject.store.put_step(&lease, &step(&job, "build:1")).await.unwrap();
    assert!(subject.store.list_steps(&other.id).await.unwrap().is_empty());
}

/// An empty list for a job that is not there.
pub async fn an_unknown_job_has_no_steps_and_events(subject: Subject) {
    let id = JobId::random(&SystemEntropy);
    assert!(subject.store.list_steps(&id).await.unwrap().is_empty());
    assert!(subject.store.list_events(&id, 0, 10).await.unwrap().is_empty());
}

/// From 1 within each job, with the time of the store's clock.
pub async fn events_are_numbered_from_one_in_each_job(subject: Subject) {
    let (one, two) = (subject.job("shop").await, subject.job("blog").await);
    subject.clock.advance(Duration::from_millis(42));
    for job in [&one, &two] {
        let event = subject.append(job, log("a")).await;
        assert_eq!((event.sequence, event.time, event.body), (1, subject.clock.now(), log("a")));
    }
    assert_eq!(subject.append(&one, log("b")).await.sequence, 2);
}

/// All or none, in the order given.
pub async fn events_are_appended_together_in_order(subject: Subject) {
    let job = subject.job("shop").await;
    let bodies: Vec<_> = (1..=300).map(|n| log(n.to_string())).collect();
    let events = subject.store.append_events(&job.id, bodies.clone()).await.unwrap();
    assert_eq!(events.iter().map(|event| event.sequence).collect::<Vec<_>>(), (1..=300).collect::<Vec<_>>());
    assert_eq!(events.into_iter().map(|event| event.body).collect::<Vec<_>>(), bodies);
    assert!(subject.store.append_events(&job.id, Vec::new()).await.unwrap().is_empty());
}

/// `NotFound`.
pub async fn an_event_needs_its_job(subject: Subject) {
    let append = subject.store.append_events(&JobId::random(&SystemEntropy), vec![log("a")]).await;
    assert_eq!(kind(append), ErrorKind::NotFound);
}

/// No gap and no number twice, however many write.
pub async fn events_of_many_writers_have_no_gaps(subject: Subject) {
    let job = subject.job("shop").await;
    let appended = join_all((0..64).map(|n| subject.append(&job, log(n.to_string())))).await;
    let numbers: BTreeSet<_> = appended.into_iter().map(|event| event.sequence).collect();
    assert_eq!(numbers, (1..=64).collect());
}

/// Reading on from a cursor gives what follows, up to the limit, and in the end nothing.
pub async fn events_are_read_on_from_a_cursor(subject: Subject) {
    let job = subject.job("shop").await;
    for n in 1..=5 {
        subject.append(&job, log(n.to_string())).await;
    }
    for (after, limit, expected) in
        [(0, 2, vec![1, 2]), (2, 10, vec![3, 4, 5]), (5, 10, vec![]), (u64::MAX, 1, vec![])]
    {
        let events = subject.store.list_events(&job.id, after, limit).await.unwrap();
        assert_eq!(events.iter().map(|event| event.sequence).collect::<Vec<_>>(), expected);
    }
}

/// What was appended is read back whole.
pub async fn events_are_read_back_as_written(subject: Subject) {
    let job = subject.job("shop").await;
    let error = Some(Error::invalid("a.b", "why").report());
    let body = EventBody::Job { state: JobState::Failed, error };
    let event = subject.append(&job, body).await;
    assert_eq!(subject.store.list_events(&job.id, 0, 10).await.unwrap(), [event]);
}

/// A job that has ended still takes events: the last one says how it ended.
pub async fn a_finished_job_takes_events(subject: Subject) {
    let (job, lease) = subject.claimed("shop").await;
    subject.finish(&job, &lease).await;
    subject.append(&job, log("done")).await;
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_macro_lists_every_behaviour() {
        let text = include_str!("store_suite.rs");
        let defined: Vec<_> = text
            .lines()
            .filter_map(|line| line.strip_prefix("pub async fn "))
            .map(|line| line.split('(').next().unwrap())
            .collect();
        let list = text.split("@each $make,\n").nth(1).unwrap().split(");").next().unwrap();
        assert_eq!(list.split_whitespace().collect::<Vec<_>>(), defined);
    }
}
