//! The behaviours that every [`Store`] must have, one function each.
//!
//! An implementation runs them with [`store_suite!`](crate::store_suite), which makes one named test of each.

// Test code that is public so that others can run it on their own stores.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc)]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{join, join_all};
use serde_json::json;

use crate::clock::{Clock, ManualClock, Timestamp};
use crate::error::{Error, ErrorKind};
use crate::id::{JobId, SystemEntropy};
use crate::model::{
    Actor, AppName, AuditEntry, AuditFilter, ClientId, Event, EventBody, Job, JobFilter, JobKind, JobState,
    StepRecord, StepState,
};
use crate::store::{Expected, Lease, Page, Pruned, Record, Retention, Scope, Store, WhenBusy};

/// Makes a module with one `#[tokio::test]` per behaviour of [`store_suite`](crate::testing::store_suite).
///
/// `$make` is a path to an async function from an `Arc<ManualClock>`, by which the store must judge leases, to a
/// [`Subject`](crate::testing::store_suite::Subject) with an empty store, or to an `Option` of one where what it stands
/// on may be missing. The calling crate needs tokio with `macros` and `rt`.
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
                a_new_record_is_found_as_it_was_put
                a_missing_record_is_none
                a_record_expected_absent_is_not_replaced
                a_write_raises_the_version
                a_deleted_record_does_not_come_back_with_an_old_version
                a_write_on_an_old_version_is_refused
                a_version_of_a_missing_record_is_a_conflict
                a_record_with_any_version_is_written
                records_are_listed_in_order_of_key
                an_unknown_collection_is_empty
                a_deleted_record_is_gone
                deleting_a_missing_record_is_ok
                deleting_an_old_version_is_refused
                records_are_listed_in_pages
                the_record_of_another_client_is_not_there
                a_record_keeps_its_owner
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
                a_job_cannot_move_to_another_subject_or_client
                a_step_is_the_step_of_its_job
                a_job_that_waits_comes_after_those_before_it
                a_job_that_was_left_behind_is_next
                a_job_that_waits_for_its_turn_is_not_next
                no_two_workers_get_the_same_next_job
                a_held_job_is_asked_to_end
                a_queued_job_is_cancelled_at_once
                cancelling_what_has_ended_changes_nothing
                the_job_of_another_client_is_not_there
                a_job_is_its_makers
                steps_keep_their_order_when_replaced
                steps_belong_to_their_job
                an_unknown_job_has_no_steps_and_events
                events_are_numbered_from_one_in_each_job
                events_are_appended_together_in_order
                an_event_needs_a_lease
                events_of_many_writers_have_no_gaps
                events_are_read_on_from_a_cursor
                positions_go_on_over_the_jobs_of_a_subject
                events_are_read_back_as_written
                a_change_of_state_is_an_event
                the_life_of_a_job_is_in_the_audit
                the_audit_is_a_chain
                the_audit_is_filtered
                old_jobs_go_as_the_retention_says
                the_last_job_of_a_subject_stays
                a_cursor_before_what_is_kept_is_told_so
                a_change_ends_the_wait
            );
        }
    };
    (@each $make:path, $($behaviour:ident)*) => {$(
        #[tokio::test]
        async fn $behaviour() {
            let made = $make(::std::sync::Arc::default()).await;
            let Some(subject) = ::std::option::Option::from(made) else { return };
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
        self.store.create_job(&PLATFORM, &job, WhenBusy::Refuse).await.unwrap();
        job
    }

    async fn append(&self, lease: &Lease, body: EventBody) -> Event {
        self.store.append_events(lease, vec![body]).await.unwrap().remove(0)
    }

    /// A job of a client.
    async fn job_of(&self, client: &str, app: &str) -> Job {
        let job = job_of(client, app);
        self.store.create_job(&scope(client), &job, WhenBusy::Refuse).await.unwrap();
        job
    }

    /// A record, and its version.
    async fn put(&self, key: &str, value: i32) -> u64 {
        self.store.put_record(&PLATFORM, "c", key, &json!(value), Expected::Any).await.unwrap()
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
const PLATFORM: Scope = Scope::Platform;

fn new_job(app: &str, created_at: Timestamp) -> Job {
    let app = AppName::new(app).unwrap();
    Job::new(JobId::random(&SystemEntropy), app, JobKind::Deploy, json!({"x": 1}), created_at)
}

fn client(name: &str) -> ClientId {
    ClientId::new(name).unwrap()
}

fn scope(name: &str) -> Scope {
    Scope::Client(client(name))
}

fn job_of(name: &str, app: &str) -> Job {
    let mut job = new_job(app, Timestamp(0));
    job.client = Some(client(name));
    job
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

/// What was put is found, with the version that was told.
pub async fn a_new_record_is_found_as_it_was_put(subject: Subject) {
    let value = json!({"text": "ä\u{0}\n", "list": [1, 2.5, null, true], "large": u64::MAX});
    let version = subject.store.put_record(&PLATFORM, "c", "k", &value, Expected::Absent).await.unwrap();
    let record = subject.store.find_record(&PLATFORM, "c", "k").await.unwrap().unwrap();
    assert_eq!(record, Record { key: "k".into(), owner: None, version, value });
}

/// `None`, not an error.
pub async fn a_missing_record_is_none(subject: Subject) {
    assert_eq!(subject.store.find_record(&PLATFORM, "c", "k").await.unwrap(), None);
}

/// `AlreadyExists`, and the first value stays.
pub async fn a_record_expected_absent_is_not_replaced(subject: Subject) {
    subject.store.put_record(&PLATFORM, "c", "k", &json!(1), Expected::Absent).await.unwrap();
    let second = subject.store.put_record(&PLATFORM, "c", "k", &json!(2), Expected::Absent).await;
    assert_eq!(kind(second), ErrorKind::AlreadyExists);
    assert_eq!(subject.store.find_record(&PLATFORM, "c", "k").await.unwrap().unwrap().value, json!(1));
}

/// Each write raises the version.
pub async fn a_write_raises_the_version(subject: Subject) {
    let first = subject.put("k", 1).await;
    let expected = Expected::Version(first);
    let second = subject.store.put_record(&PLATFORM, "c", "k", &json!(2), expected).await.unwrap();
    let third = subject.put("k", 3).await;
    assert!(first < second && second < third, "{first} {second} {third}");
}

/// A version is not given a second time, even when the record was deleted in between.
pub async fn a_deleted_record_does_not_come_back_with_an_old_version(subject: Subject) {
    let first = subject.put("k", 1).await;
    subject.store.delete_record(&PLATFORM, "c", "k", Expected::Any).await.unwrap();
    subject.put("k", 2).await;
    let late = subject.store.put_record(&PLATFORM, "c", "k", &json!(3), Expected::Version(first)).await;
    assert_eq!(kind(late), ErrorKind::Conflict);
}

/// `Conflict`, and the newer value stays.
pub async fn a_write_on_an_old_version_is_refused(subject: Subject) {
    let first = subject.put("k", 1).await;
    subject.put("k", 2).await;
    let late = subject.store.put_record(&PLATFORM, "c", "k", &json!(3), Expected::Version(first)).await;
    assert_eq!(kind(late), ErrorKind::Conflict);
    assert_eq!(subject.store.find_record(&PLATFORM, "c", "k").await.unwrap().unwrap().value, json!(2));
}

/// `Conflict`: a version that is expected must be there.
pub async fn a_version_of_a_missing_record_is_a_conflict(subject: Subject) {
    let put = subject.store.put_record(&PLATFORM, "c", "k", &json!(1), Expected::Version(1)).await;
    assert_eq!(kind(put), ErrorKind::Conflict);
}

/// `Any` writes whether or not there is a record.
pub async fn a_record_with_any_version_is_written(subject: Subject) {
    subject.store.put_record(&PLATFORM, "c", "k", &json!(1), Expected::Any).await.unwrap();
    subject.store.put_record(&PLATFORM, "c", "k", &json!(2), Expected::Any).await.unwrap();
    assert_eq!(subject.store.find_record(&PLATFORM, "c", "k").await.unwrap().unwrap().value, json!(2));
}

/// In order of key, and only those of the collection.
pub async fn records_are_listed_in_order_of_key(subject: Subject) {
    for (collection, key) in [("c", "b"), ("c", "a"), ("d", "x"), ("c", "a/b"), ("c", "B")] {
        subject.store.put_record(&PLATFORM, collection, key, &json!(key), Expected::Absent).await.unwrap();
    }
    let records = subject.store.list_records(&PLATFORM, "c", &Page::all()).await.unwrap();
    let keys: Vec<_> = records.iter().map(|record| record.key.as_str()).collect();
    assert_eq!(keys, ["B", "a", "a/b", "b"]);
}

/// An empty list, not an error.
pub async fn an_unknown_collection_is_empty(subject: Subject) {
    assert!(subject.store.list_records(&PLATFORM, "none", &Page::all()).await.unwrap().is_empty());
}

/// A deleted record is gone, and its key is free.
pub async fn a_deleted_record_is_gone(subject: Subject) {
    subject.store.put_record(&PLATFORM, "c", "k", &json!(1), Expected::Absent).await.unwrap();
    subject.store.delete_record(&PLATFORM, "c", "k", Expected::Any).await.unwrap();
    assert_eq!(subject.store.find_record(&PLATFORM, "c", "k").await.unwrap(), None);
    subject.store.put_record(&PLATFORM, "c", "k", &json!(2), Expected::Absent).await.unwrap();
}

/// Deleting what is not there is success.
pub async fn deleting_a_missing_record_is_ok(subject: Subject) {
    subject.store.delete_record(&PLATFORM, "c", "k", Expected::Any).await.unwrap();
}

/// A deletion that expects a version is refused when the record has changed, and the record stays.
pub async fn deleting_an_old_version_is_refused(subject: Subject) {
    let first = subject.put("k", 1).await;
    subject.put("k", 2).await;
    let expected = Expected::Version(first);
    let delete = subject.store.delete_record(&PLATFORM, "c", "k", expected).await;
    assert_eq!(kind(delete), ErrorKind::Conflict);
    assert!(subject.store.find_record(&PLATFORM, "c", "k").await.unwrap().is_some());
}

/// By the beginning of the key, after a key, and at most so many.
pub async fn records_are_listed_in_pages(subject: Subject) {
    for key in ["a/1", "a/2", "a/3", "a0", "b/1", "ab"] {
        subject.put(key, 0).await;
    }
    let of_a = Page::all().with_prefix("a/");
    for (page, expected) in [
        (of_a.clone(), vec!["a/1", "a/2", "a/3"]),
        (of_a.clone().with_limit(2), vec!["a/1", "a/2"]),
        (of_a.with_after("a/2").with_limit(2), vec!["a/3"]),
        (Page::all().with_after("a0"), vec!["ab", "b/1"]),
        (Page::all().with_prefix("c"), vec![]),
    ] {
        let records = subject.store.list_records(&PLATFORM, "c", &page).await.unwrap();
        assert_eq!(records.iter().map(|r| r.key.as_str()).collect::<Vec<_>>(), expected, "{page:?}");
    }
}

/// A client neither finds, lists, changes nor deletes the record of another, or of the platform.
pub async fn the_record_of_another_client_is_not_there(subject: Subject) {
    let store = &subject.store;
    store.put_record(&scope("ours"), "c", "k", &json!(1), Expected::Absent).await.unwrap();
    store.put_record(&PLATFORM, "c", "p", &json!(1), Expected::Absent).await.unwrap();
    let theirs = scope("theirs");
    for key in ["k", "p"] {
        let version = store.find_record(&PLATFORM, "c", key).await.unwrap().unwrap().version;
        assert_eq!(store.find_record(&theirs, "c", key).await.unwrap(), None);
        for (expected, refusal) in [
            (Expected::Absent, ErrorKind::AlreadyExists),
            (Expected::Any, ErrorKind::AlreadyExists),
            (Expected::Version(version), ErrorKind::Conflict),
        ] {
            assert_eq!(kind(store.put_record(&theirs, "c", key, &json!(2), expected).await), refusal);
        }
        let delete = store.delete_record(&theirs, "c", key, Expected::Version(version)).await;
        assert_eq!(kind(delete), ErrorKind::Conflict);
        store.delete_record(&theirs, "c", key, Expected::Any).await.unwrap();
        assert_eq!(store.find_record(&PLATFORM, "c", key).await.unwrap().unwrap().value, json!(1));
    }
    assert!(store.list_records(&theirs, "c", &Page::all()).await.unwrap().is_empty());
    assert_eq!(store.list_records(&scope("ours"), "c", &Page::all()).await.unwrap().len(), 1);
}

/// What the platform writes over stays its owner's.
pub async fn a_record_keeps_its_owner(subject: Subject) {
    subject.store.put_record(&scope("ours"), "c", "k", &json!(1), Expected::Absent).await.unwrap();
    subject.put("k", 2).await;
    let record = subject.store.find_record(&scope("ours"), "c", "k").await.unwrap().unwrap();
    assert_eq!((record.owner, record.value), (Some(client("ours")), json!(2)));
}

/// Of many writers on one version, exactly one wins.
pub async fn one_of_many_writers_on_a_version_wins(subject: Subject) {
    let expected = Expected::Version(subject.put("k", 0).await);
    let values: Vec<_> = (0..16).map(|n| json!(n)).collect();
    let puts = values.iter().map(|value| subject.store.put_record(&PLATFORM, "c", "k", value, expected));
    let results = join_all(puts).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
}

/// What was created is read back whole.
pub async fn a_job_is_read_back_as_written(subject: Subject) {
    let mut job = new_job("shop", Timestamp(7));
    job.error = Some(Error::invalid("a.b", "why").with_context("key", "value").report());
    subject.store.create_job(&PLATFORM, &job, WhenBusy::Refuse).await.unwrap();
    assert_eq!(subject.store.get_job(&PLATFORM, &job.id).await.unwrap(), job);
}

/// `NotFound`.
pub async fn getting_a_missing_job_is_not_found(subject: Subject) {
    let id = JobId::random(&SystemEntropy);
    assert_eq!(kind(subject.store.get_job(&PLATFORM, &id).await), ErrorKind::NotFound);
}

/// `AlreadyExists`, even for an app that has no unfinished job.
pub async fn a_job_id_is_taken_once(subject: Subject) {
    let job = subject.job("shop").await;
    let mut second = new_job("other", Timestamp(0));
    second.id = job.id.clone();
    assert_eq!(
        kind(subject.store.create_job(&PLATFORM, &second, WhenBusy::Refuse).await),
        ErrorKind::AlreadyExists
    );
}

/// `Conflict`, naming the other job.
pub async fn a_second_unfinished_job_of_an_app_is_refused(subject: Subject) {
    let first = subject.job("shop").await;
    let error = subject
        .store
        .create_job(&PLATFORM, &new_job("shop", Timestamp(0)), WhenBusy::Refuse)
        .await
        .unwrap_err();
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
    let results =
        join_all(jobs.iter().map(|job| subject.store.create_job(&PLATFORM, job, WhenBusy::Refuse))).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    assert_eq!(subject.store.list_jobs(&PLATFORM, &JobFilter::all()).await.unwrap().len(), 1);
}

/// The one created last first, whatever the clock said then.
pub async fn jobs_are_listed_newest_first(subject: Subject) {
    let mut made = Vec::new();
    for (app, time) in [("a", 10), ("b", 30), ("c", 20), ("d", 30)] {
        let job = new_job(app, Timestamp(time));
        subject.store.create_job(&PLATFORM, &job, WhenBusy::Refuse).await.unwrap();
        made.push(job.id);
    }
    let listed = subject.store.list_jobs(&PLATFORM, &JobFilter::all()).await.unwrap();
    let ids: Vec<_> = listed.iter().map(|job| &job.id).collect();
    assert_eq!(ids, [&made[3], &made[2], &made[1], &made[0]]);
    let page = JobFilter::all().with_page(Some(made[2].clone()), 1);
    let page = subject.store.list_jobs(&PLATFORM, &page).await.unwrap();
    assert_eq!(page.iter().map(|job| &job.id).collect::<Vec<_>>(), [&made[1]]);
}

/// By app, by whether they have ended, and at most so many.
pub async fn jobs_are_filtered(subject: Subject) {
    let (old, lease) = subject.claimed("shop").await;
    subject.finish(&old, &lease).await;
    subject.clock.advance(TTL);
    let new = subject.job("shop").await;
    subject.clock.advance(TTL);
    let other = subject.job("blog").await;
    let shop = JobFilter::all().with_subject(new.subject.clone());
    let mut newest = JobFilter::all();
    newest.limit = Some(1);
    for (filter, expected) in [
        (shop.clone(), vec![&new.id, &old.id]),
        (shop.with_unfinished(), vec![&new.id]),
        (JobFilter::all().with_unfinished(), vec![&other.id, &new.id]),
        (newest, vec![&other.id]),
    ] {
        let jobs = subject.store.list_jobs(&PLATFORM, &filter).await.unwrap();
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
    assert_eq!(subject.store.get_job(&PLATFORM, &job.id).await.unwrap(), job);
    assert!(subject.store.list_steps(&PLATFORM, &job.id).await.unwrap().is_empty());
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
    running.output = Some(json!({"a": 1}));
    subject.store.update_job(&lease, &running).await.unwrap();
    assert_eq!(subject.store.get_job(&PLATFORM, &job.id).await.unwrap(), running);
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

/// `InvalidInput`: an update must not get around "one at a time", nor give a job away.
pub async fn a_job_cannot_move_to_another_subject_or_client(subject: Subject) {
    let (job, lease) = subject.claimed("shop").await;
    let moved = Job { subject: AppName::new("blog").unwrap().into(), ..job.clone() };
    let given = Job { client: Some(client("ours")), ..job };
    for job in [moved, given] {
        assert_eq!(kind(subject.store.update_job(&lease, &job).await), ErrorKind::InvalidInput);
    }
}

/// The job says which stage it is in, and an update with an older idea of that does not change it.
pub async fn a_step_is_the_step_of_its_job(subject: Subject) {
    let (job, lease) = subject.claimed("shop").await;
    subject.store.put_step(&lease, &step(&job, "build:1")).await.unwrap();
    subject.store.update_job(&lease, &in_state(&job, JobState::Running)).await.unwrap();
    assert_eq!(subject.store.get_job(&PLATFORM, &job.id).await.unwrap().step.as_deref(), Some("build"));
}

/// A job that may wait is written behind the one that works, and its turn comes when that has ended.
pub async fn a_job_that_waits_comes_after_those_before_it(subject: Subject) {
    let (first, lease) = subject.claimed("shop").await;
    let mut waiting = Vec::new();
    for _ in 0..2 {
        let job = new_job("shop", subject.clock.now());
        subject.store.create_job(&PLATFORM, &job, WhenBusy::Wait).await.unwrap();
        waiting.push(job);
    }
    let early = subject.store.claim_job(&waiting[0].id, "two", TTL).await.unwrap_err();
    assert_eq!((early.kind(), early.context("before")), (ErrorKind::Conflict, Some(first.id.as_str())));
    subject.finish(&first, &lease).await;
    assert_eq!(kind(subject.store.claim_job(&waiting[1].id, "two", TTL).await), ErrorKind::Conflict);
    subject.store.claim_job(&waiting[0].id, "two", TTL).await.unwrap();
}

/// The oldest job whose lease ran out, or that nobody claimed in time; none when all are in hands.
pub async fn a_job_that_was_left_behind_is_next(subject: Subject) {
    let next = || subject.store.claim_next("two", TTL, TTL);
    let (held, lease) = subject.claimed("held").await;
    let fresh = subject.job("fresh").await;
    assert_eq!(next().await.unwrap(), None);
    subject.clock.advance(TTL);
    let first = next().await.unwrap().unwrap();
    assert_eq!((first.job.clone(), first.token), (held.id, lease.token + 1));
    assert_eq!(kind(subject.store.renew_lease(&lease, TTL).await), ErrorKind::LeaseLost);
    assert_eq!(next().await.unwrap().unwrap().job, fresh.id);
    assert_eq!(next().await.unwrap(), None);
}

/// A job behind another of its subject is not next, however long it was left alone.
pub async fn a_job_that_waits_for_its_turn_is_not_next(subject: Subject) {
    let (_, lease) = subject.claimed("shop").await;
    let job = new_job("shop", subject.clock.now());
    subject.store.create_job(&PLATFORM, &job, WhenBusy::Wait).await.unwrap();
    subject.clock.advance(TTL * 2);
    subject.store.renew_lease(&lease, TTL).await.unwrap();
    assert_eq!(subject.store.claim_next("two", TTL, TTL).await.unwrap(), None);
}

/// Of many workers that ask at once, each gets another job.
pub async fn no_two_workers_get_the_same_next_job(subject: Subject) {
    for n in 0..8 {
        subject.job(&format!("app-{n}")).await;
    }
    subject.clock.advance(TTL);
    let owners: Vec<_> = (0..16).map(|n| format!("worker-{n}")).collect();
    let claims = join_all(owners.iter().map(|owner| subject.store.claim_next(owner, TTL, TTL))).await;
    let leases: Vec<_> = claims.into_iter().filter_map(|claim| claim.unwrap()).collect();
    let jobs: BTreeSet<_> = leases.iter().map(|lease| lease.job.clone()).collect();
    assert_eq!((leases.len(), jobs.len()), (8, 8));
}

/// A job that somebody holds learns that it is to end, and an update does not forget that.
pub async fn a_held_job_is_asked_to_end(subject: Subject) {
    let (job, lease) = subject.claimed("shop").await;
    let asked = subject.store.request_cancel(&PLATFORM, &job.id).await.unwrap();
    assert_eq!((asked.cancel_requested, asked.state), (true, JobState::Queued));
    subject.store.update_job(&lease, &in_state(&job, JobState::Running)).await.unwrap();
    assert!(subject.store.get_job(&PLATFORM, &job.id).await.unwrap().cancel_requested);
}

/// A job that nobody ever held ends at once, with its event.
pub async fn a_queued_job_is_cancelled_at_once(subject: Subject) {
    let job = subject.job("shop").await;
    let ended = subject.store.request_cancel(&PLATFORM, &job.id).await.unwrap();
    assert_eq!((ended.state, ended.finished_at), (JobState::Cancelled, Some(subject.clock.now())));
    assert_eq!(kind(subject.store.claim_job(&job.id, "one", TTL).await), ErrorKind::Conflict);
    let events = subject.store.list_events(&PLATFORM, &job.id, 0, 9).await.unwrap();
    assert_eq!(events[0].body, EventBody::Job { state: JobState::Cancelled, error: None });
    subject.job("shop").await;
}

/// A job that has ended stays as it is; a missing one is `NotFound`.
pub async fn cancelling_what_has_ended_changes_nothing(subject: Subject) {
    let (job, lease) = subject.claimed("shop").await;
    subject.finish(&job, &lease).await;
    let ended = subject.store.get_job(&PLATFORM, &job.id).await.unwrap();
    assert_eq!(subject.store.request_cancel(&PLATFORM, &job.id).await.unwrap(), ended);
    let missing = subject.store.request_cancel(&PLATFORM, &JobId::random(&SystemEntropy)).await;
    assert_eq!(kind(missing), ErrorKind::NotFound);
}

/// A client neither reads, lists nor cancels the job of another, and learns nothing of it.
pub async fn the_job_of_another_client_is_not_there(subject: Subject) {
    let store = &subject.store;
    let job = subject.job_of("ours", "shop").await;
    let lease = store.claim_job(&job.id, "one", TTL).await.unwrap();
    store.put_step(&lease, &step(&job, "build:1")).await.unwrap();
    subject.append(&lease, log("a")).await;
    let theirs = scope("theirs");
    assert_eq!(kind(store.get_job(&theirs, &job.id).await), ErrorKind::NotFound);
    assert_eq!(kind(store.request_cancel(&theirs, &job.id).await), ErrorKind::NotFound);
    assert!(store.list_jobs(&theirs, &JobFilter::all()).await.unwrap().is_empty());
    assert!(store.list_steps(&theirs, &job.id).await.unwrap().is_empty());
    assert!(store.list_events(&theirs, &job.id, 0, 9).await.unwrap().is_empty());
    assert!(store.list_subject_events(&theirs, &job.subject, 0, 9).await.unwrap().is_empty());
    let busy = store.create_job(&theirs, &job_of("theirs", "shop"), WhenBusy::Refuse).await.unwrap_err();
    assert_eq!((busy.kind(), busy.context("job")), (ErrorKind::Conflict, None));
    assert!(!store.get_job(&PLATFORM, &job.id).await.unwrap().cancel_requested);
    let ours = scope("ours");
    assert_eq!(store.list_jobs(&ours, &JobFilter::all()).await.unwrap().len(), 1);
    assert_eq!(store.list_steps(&ours, &job.id).await.unwrap().len(), 1);
    assert_eq!(store.list_subject_events(&ours, &job.subject, 0, 9).await.unwrap().len(), 1);
}

/// `InvalidInput`: a client makes jobs of its own only.
pub async fn a_job_is_its_makers(subject: Subject) {
    for job in [job_of("ours", "shop"), new_job("shop", Timestamp(0))] {
        let made = subject.store.create_job(&scope("theirs"), &job, WhenBusy::Refuse).await;
        assert_eq!(kind(made), ErrorKind::InvalidInput);
    }
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
    assert_eq!(subject.store.list_steps(&PLATFORM, &job.id).await.unwrap(), [done, step(&job, "build:1")]);
}

/// The same key in two jobs is two steps.
pub async fn steps_belong_to_their_job(subject: Subject) {
    let (job, lease) = subject.claimed("shop").await;
    let (other, _) = subject.claimed("blog").await;
    subject.store.put_step(&lease, &step(&job, "build:1")).await.unwrap();
    assert!(subject.store.list_steps(&PLATFORM, &other.id).await.unwrap().is_empty());
}

/// An empty list for a job that is not there.
pub async fn an_unknown_job_has_no_steps_and_events(subject: Subject) {
    let id = JobId::random(&SystemEntropy);
    assert!(subject.store.list_steps(&PLATFORM, &id).await.unwrap().is_empty());
    assert!(subject.store.list_events(&PLATFORM, &id, 0, 10).await.unwrap().is_empty());
}

/// From 1 within each job, with the time of the store's clock.
pub async fn events_are_numbered_from_one_in_each_job(subject: Subject) {
    let ((_, one), (_, two)) = (subject.claimed("shop").await, subject.claimed("blog").await);
    subject.clock.advance(Duration::from_millis(42));
    for lease in [&one, &two] {
        let event = subject.append(lease, log("a")).await;
        assert_eq!((event.sequence, event.time, event.body), (1, subject.clock.now(), log("a")));
    }
    assert_eq!(subject.append(&one, log("b")).await.sequence, 2);
}

/// All or none, in the order given.
pub async fn events_are_appended_together_in_order(subject: Subject) {
    let (_, lease) = subject.claimed("shop").await;
    let bodies: Vec<_> = (1..=300).map(|n| log(n.to_string())).collect();
    let events = subject.store.append_events(&lease, bodies.clone()).await.unwrap();
    assert_eq!(events.iter().map(|event| event.sequence).collect::<Vec<_>>(), (1..=300).collect::<Vec<_>>());
    assert_eq!(events.into_iter().map(|event| event.body).collect::<Vec<_>>(), bodies);
    assert!(subject.store.append_events(&lease, Vec::new()).await.unwrap().is_empty());
}

/// `LeaseLost`: who does not hold a job does not speak for it.
pub async fn an_event_needs_a_lease(subject: Subject) {
    let (job, lost) = subject.claimed("shop").await;
    subject.clock.advance(TTL);
    let lease = subject.store.claim_job(&job.id, "two", TTL).await.unwrap();
    let append = subject.store.append_events(&lost, vec![log("a")]).await;
    assert_eq!(kind(append), ErrorKind::LeaseLost);
    subject.finish(&job, &lease).await;
    let append = subject.store.append_events(&lease, vec![log("a")]).await;
    assert_eq!(kind(append), ErrorKind::LeaseLost);
}

/// No gap and no number twice, however many write.
pub async fn events_of_many_writers_have_no_gaps(subject: Subject) {
    let (_, lease) = subject.claimed("shop").await;
    let appended = join_all((0..64).map(|n| subject.append(&lease, log(n.to_string())))).await;
    let numbers: BTreeSet<_> = appended.into_iter().map(|event| event.sequence).collect();
    assert_eq!(numbers, (1..=64).collect());
}

/// Reading on from a cursor gives what follows, up to the limit, and in the end nothing.
pub async fn events_are_read_on_from_a_cursor(subject: Subject) {
    let (job, lease) = subject.claimed("shop").await;
    for n in 1..=5 {
        subject.append(&lease, log(n.to_string())).await;
    }
    for (after, limit, expected) in
        [(0, 2, vec![1, 2]), (2, 10, vec![3, 4, 5]), (5, 10, vec![]), (u64::MAX, 1, vec![])]
    {
        let events = subject.store.list_events(&PLATFORM, &job.id, after, limit).await.unwrap();
        assert_eq!(events.iter().map(|event| event.sequence).collect::<Vec<_>>(), expected);
        let events = subject.store.list_subject_events(&PLATFORM, &job.subject, after, limit).await.unwrap();
        assert_eq!(events.iter().map(|event| event.position).collect::<Vec<_>>(), expected);
    }
}

/// The jobs of a subject share one count of positions, in the order in which their events were written.
pub async fn positions_go_on_over_the_jobs_of_a_subject(subject: Subject) {
    let (first, lease) = subject.claimed("shop").await;
    subject.append(&lease, log("a")).await;
    subject.finish(&first, &lease).await;
    let (second, lease) = subject.claimed("shop").await;
    subject.append(&lease, log("b")).await;
    let (_, other) = subject.claimed("blog").await;
    subject.append(&other, log("c")).await;
    let events = subject.store.list_subject_events(&PLATFORM, &first.subject, 0, 9).await.unwrap();
    let found: Vec<_> = events.into_iter().map(|event| (event.position, event.job, event.sequence)).collect();
    assert_eq!(found, [(1, first.id.clone(), 1), (2, first.id, 2), (3, second.id, 1)]);
}

/// What was appended is read back whole.
pub async fn events_are_read_back_as_written(subject: Subject) {
    let (job, lease) = subject.claimed("shop").await;
    let error = Some(Error::invalid("a.b", "why").report());
    let body = EventBody::Job { state: JobState::Failed, error };
    let event = subject.append(&lease, body).await;
    assert_eq!(subject.store.list_events(&PLATFORM, &job.id, 0, 10).await.unwrap(), [event]);
}

/// A change of a job's state is an event, once, written together with the change.
pub async fn a_change_of_state_is_an_event(subject: Subject) {
    let (job, lease) = subject.claimed("shop").await;
    for state in [JobState::Running, JobState::Running, JobState::Succeeded] {
        subject.store.update_job(&lease, &in_state(&job, state)).await.unwrap();
    }
    let events = subject.store.list_events(&PLATFORM, &job.id, 0, 9).await.unwrap();
    let states = [JobState::Running, JobState::Succeeded];
    let expected: Vec<_> = states.map(|state| EventBody::Job { state, error: None }).into();
    assert_eq!(events.into_iter().map(|event| event.body).collect::<Vec<_>>(), expected);
}

/// A job is in the audit when it was made and when it ended, with who asked for it.
pub async fn the_life_of_a_job_is_in_the_audit(subject: Subject) {
    let mut job = job_of("ours", "shop");
    job.actor = Some(Actor::new("ada").with_from("192.0.2.7"));
    subject.store.create_job(&scope("ours"), &job, WhenBusy::Refuse).await.unwrap();
    let lease = subject.store.claim_job(&job.id, "one", TTL).await.unwrap();
    subject.finish(&job, &lease).await;
    let records = subject.store.list_audit(&PLATFORM, &AuditFilter::all()).await.unwrap();
    let found: Vec<_> =
        records.iter().map(|r| (r.entry.action.as_str(), r.entry.result.as_deref())).collect();
    assert_eq!(found, [("job.create", None), ("job.end", Some("succeeded"))]);
    for record in records {
        assert_eq!((record.entry.subject.as_str(), record.entry.actor), ("app/shop", job.actor.clone()));
        assert_eq!((record.entry.client, &record.entry.details["job"]), (job.client.clone(), &json!(job.id)));
    }
}

/// Each record holds the hash of the one before, and none can be changed unseen.
pub async fn the_audit_is_a_chain(subject: Subject) {
    let append = |n: u32| subject.store.append_audit(&PLATFORM, AuditEntry::new("a.b", n.to_string()));
    join_all((0..16).map(append)).await.into_iter().for_each(|record| assert!(record.is_ok()));
    let records = subject.store.list_audit(&PLATFORM, &AuditFilter::all()).await.unwrap();
    let mut previous = None;
    for (record, position) in records.iter().zip(1..) {
        assert!(record.is_intact());
        assert_eq!((record.position, &record.previous), (position, &previous));
        previous = Some(record.hash.clone());
    }
    assert_eq!(records.len(), 16);
}

/// By action, subject, actor, time and page; and a client sees its own only.
pub async fn the_audit_is_filtered(subject: Subject) {
    let store = &subject.store;
    for (n, name) in ["ours", "theirs", "ours"].into_iter().enumerate() {
        let mut entry =
            AuditEntry::new(if n == 2 { "ticket.close" } else { "ticket.open" }, format!("ticket/{n}"));
        entry.client = Some(client(name));
        entry.actor = Some(Actor::new(format!("{name}-{n}")));
        store.append_audit(&scope(name), entry).await.unwrap();
        subject.clock.advance(TTL);
    }
    let start = Timestamp(0);
    for (filter, expected) in [
        (AuditFilter::all().with_action("ticket.open"), vec![1, 2]),
        (AuditFilter::all().with_subject("ticket/2"), vec![3]),
        (AuditFilter::all().with_who("theirs-1"), vec![2]),
        (AuditFilter::all().with_time(Some(start.plus(TTL)), None), vec![2, 3]),
        (AuditFilter::all().with_time(None, Some(start.plus(TTL))), vec![1]),
        (AuditFilter::all().with_page(1, 1), vec![2]),
    ] {
        let records = store.list_audit(&PLATFORM, &filter).await.unwrap();
        assert_eq!(records.iter().map(|r| r.position).collect::<Vec<_>>(), expected, "{filter:?}");
    }
    let ours = store.list_audit(&scope("ours"), &AuditFilter::all()).await.unwrap();
    assert_eq!(ours.iter().map(|r| r.position).collect::<Vec<_>>(), [1, 3]);
    let mut foreign = AuditEntry::new("a.b", "c");
    foreign.client = Some(client("ours"));
    assert_eq!(kind(store.append_audit(&scope("theirs"), foreign).await), ErrorKind::InvalidInput);
}

/// So many ended jobs of each subject stay, with their steps and events; those that have not ended always do.
pub async fn old_jobs_go_as_the_retention_says(subject: Subject) {
    for _ in 0..4 {
        let (job, lease) = subject.claimed("shop").await;
        subject.store.put_step(&lease, &step(&job, "build:1")).await.unwrap();
        subject.finish(&job, &lease).await;
    }
    let (open, _) = subject.claimed("shop").await;
    let (other, lease) = subject.claimed("blog").await;
    subject.finish(&other, &lease).await;
    let jobs = subject.store.list_jobs(&PLATFORM, &JobFilter::all()).await.unwrap();
    let strict = Retention::forever().with_jobs_per_subject(2);
    let pruned = subject.store.prune(Some(&other.subject), &strict).await.unwrap();
    assert_eq!(pruned, Pruned::default());
    let pruned = subject.store.prune(Some(&open.subject), &strict).await.unwrap();
    assert_eq!(pruned, Pruned { jobs: 2, events: 2 });
    let left = subject.store.list_jobs(&PLATFORM, &JobFilter::all()).await.unwrap();
    assert_eq!(left, jobs[..4]);
    assert!(left.iter().any(|job| job.id == open.id));
    assert!(subject.store.list_steps(&PLATFORM, &jobs[5].id).await.unwrap().is_empty());
    assert_eq!(subject.store.prune(None, &Retention::forever()).await.unwrap(), Pruned::default());
}

/// Old jobs go by age too, but the last one of a subject stays.
pub async fn the_last_job_of_a_subject_stays(subject: Subject) {
    for _ in 0..3 {
        let (job, lease) = subject.claimed("shop").await;
        let ended = Job { finished_at: Some(subject.clock.now()), ..in_state(&job, JobState::Succeeded) };
        subject.store.update_job(&lease, &ended).await.unwrap();
        subject.clock.advance(TTL);
    }
    let retention = Retention::forever().with_job_age(TTL * 2);
    assert_eq!(subject.store.prune(None, &retention).await.unwrap().jobs, 2);
    subject.clock.advance(TTL * 9);
    assert_eq!(subject.store.prune(None, &retention).await.unwrap().jobs, 0);
    let least = Retention::forever().with_jobs_per_subject(0).with_events_per_subject(0);
    assert_eq!(subject.store.prune(None, &least).await.unwrap().jobs, 0);
}

/// Events of a subject are bounded by letting its oldest jobs go; a cursor before what is left is told so.
pub async fn a_cursor_before_what_is_kept_is_told_so(subject: Subject) {
    let mut jobs = Vec::new();
    for _ in 0..3 {
        let (job, lease) = subject.claimed("shop").await;
        subject.append(&lease, log("a")).await;
        subject.finish(&job, &lease).await;
        jobs.push(job);
    }
    // Each job has two events; the newest two jobs fit.
    let pruned = subject.store.prune(None, &Retention::forever().with_events_per_subject(5)).await.unwrap();
    assert_eq!(pruned, Pruned { jobs: 1, events: 2 });
    let shop = &jobs[0].subject;
    let late = subject.store.list_subject_events(&PLATFORM, shop, 1, 9).await.unwrap_err();
    assert_eq!((late.kind(), late.context("oldest")), (ErrorKind::NotFound, Some("3")));
    let foreign = subject.store.list_subject_events(&scope("other"), shop, 1, 9).await.unwrap();
    assert_eq!(foreign, [], "a stranger is not told that there was anything");
    let left = subject.store.list_subject_events(&PLATFORM, shop, 2, 9).await.unwrap();
    assert_eq!(left.iter().map(|event| event.position).collect::<Vec<_>>(), [3, 4, 5, 6]);
    let (_, lease) = subject.claimed("shop").await;
    assert_eq!(subject.append(&lease, log("b")).await.position, 7);
}

/// Who waits learns of a new job, event or wish to end without waiting for the end of its patience.
pub async fn a_change_ends_the_wait(subject: Subject) {
    let store = &subject.store;
    let (job, lease) = subject.claimed("shop").await;
    let long = Duration::from_secs(600);
    let mut seen = store.wait_for_change(0, long).await.unwrap();
    for change in 0..3 {
        let act = async {
            match change {
                0 => store.append_events(&lease, vec![log("a")]).await.map(drop),
                1 => store.request_cancel(&PLATFORM, &job.id).await.map(drop),
                _ => store.create_job(&PLATFORM, &new_job("blog", Timestamp(0)), WhenBusy::Refuse).await,
            }
        };
        let (next, done) = join(store.wait_for_change(seen, long), act).await;
        done.unwrap();
        // A first look at what other processes did may end a wait early: another one follows.
        seen = next.unwrap();
    }
    let same = store.wait_for_change(u64::MAX, Duration::from_millis(1)).await.unwrap();
    assert!(same >= seen);
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
