//! New jobs, and lists of them.

use super::{PLATFORM, Subject, TTL, kind, new_job};
use crate::clock::Timestamp;
use crate::error::{Error, ErrorKind};
use crate::id::{JobId, SystemEntropy};
use crate::model::JobFilter;
use crate::store::WhenBusy;
use futures_util::future::join_all;

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
