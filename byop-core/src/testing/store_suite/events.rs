//! Steps and events.

use super::{PLATFORM, Subject, TTL, in_state, kind, log, step};
use crate::clock::Clock;
use crate::error::{Error, ErrorKind};
use crate::id::{JobId, SystemEntropy};
use crate::model::{EventBody, JobState, StepState};
use futures_util::future::join_all;
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;

/// Steps come in the order of their first entries; a second entry replaces the first in its place.
pub async fn steps_keep_their_order_when_replaced(subject: Subject) {
    let (job, lease) = subject.claimed("shop").await;
    for key in ["fetch:1", "build:1"] {
        subject.store.put_steps(&lease, &[step(&job, key)]).await.unwrap();
    }
    let mut done = step(&job, "fetch:1");
    done.state = StepState::Done;
    done.output = Some(json!({"digest": "d"}));
    subject.store.put_steps(&lease, std::slice::from_ref(&done)).await.unwrap();
    assert_eq!(subject.store.list_steps(&PLATFORM, &job.id).await.unwrap(), [done, step(&job, "build:1")]);
}

/// The same key in two jobs is two steps.
pub async fn steps_belong_to_their_job(subject: Subject) {
    let (job, lease) = subject.claimed("shop").await;
    let (other, _) = subject.claimed("blog").await;
    subject.store.put_steps(&lease, &[step(&job, "build:1")]).await.unwrap();
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
