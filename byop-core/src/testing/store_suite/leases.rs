//! Leases, turns and cancellation.

use super::{PLATFORM, Subject, TTL, client, in_state, job_of, kind, log, new_job, scope, step};
use crate::clock::{Clock, Timestamp};
use crate::error::ErrorKind;
use crate::id::{JobId, SystemEntropy};
use crate::model::{AppName, EventBody, Job, JobFilter, JobState};
use crate::store::WhenBusy;
use futures_util::future::join_all;
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;

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
    subject.store.put_steps(&lease, &[step(&job, "build:1")]).await.unwrap();
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
    assert_eq!(kind(subject.store.put_steps(&lost, &[step(&job, "build:1")]).await), ErrorKind::LeaseLost);
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
    assert_eq!(
        kind(subject.store.put_steps(&lease, &[step(&other, "build:1")]).await),
        ErrorKind::InvalidInput
    );
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
    subject.store.put_steps(&lease, &[step(&job, "build:1")]).await.unwrap();
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
    store.put_steps(&lease, &[step(&job, "build:1")]).await.unwrap();
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
