//! The audit, and what is let go of.

use super::{PLATFORM, Subject, TTL, client, in_state, job_of, kind, log, new_job, scope, step};
use crate::clock::{Clock, Timestamp};
use crate::error::ErrorKind;
use crate::model::{Actor, AuditEntry, AuditFilter, Job, JobFilter, JobState};
use crate::store::{Pruned, Retention, WhenBusy};
use futures_util::future::{join, join_all};
use serde_json::json;
use std::time::Duration;

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
        subject.store.put_steps(&lease, &[step(&job, "build:1")]).await.unwrap();
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
