//! The behaviours that every [`Store`] must have, one function each.
//!
//! An implementation runs them with [`store_suite!`](crate::store_suite), which makes one named test of each.

// Test code that is public so that others can run it on their own stores.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc)]

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use crate::clock::{Clock, ManualClock, Timestamp};
use crate::error::{Error, ErrorKind};
use crate::id::{JobId, SystemEntropy};
use crate::model::{AppName, ClientId, Event, EventBody, Job, JobKind, JobState, StepRecord};
use crate::store::{Expected, Lease, Scope, Store, WhenBusy};

mod events;
mod jobs;
mod leases;
mod past;
mod records;

pub use events::*;
pub use jobs::*;
pub use leases::*;
pub use past::*;
pub use records::*;

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

#[cfg(test)]
mod tests {
    #[test]
    fn the_macro_lists_every_behaviour() {
        let text = include_str!("store_suite.rs");
        let parts = [
            include_str!("store_suite/records.rs"),
            include_str!("store_suite/jobs.rs"),
            include_str!("store_suite/leases.rs"),
            include_str!("store_suite/events.rs"),
            include_str!("store_suite/past.rs"),
        ];
        let defined: Vec<_> = parts
            .iter()
            .flat_map(|part| part.lines())
            .filter_map(|line| line.strip_prefix("pub async fn "))
            .map(|line| line.split('(').next().unwrap())
            .collect();
        let list = text.split("@each $make,\n").nth(1).unwrap().split(");").next().unwrap();
        assert_eq!(list.split_whitespace().collect::<Vec<_>>(), defined);
    }
}
