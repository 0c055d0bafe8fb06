//! Recurring jobs, by a clock that the tests move.

use std::time::Duration;

use byop_core::ErrorKind;
use byop_core::clock::Timestamp;
use byop_core::engine::Engine;
use byop_core::model::{
    AppName, AuditFilter, Job, JobFilter, JobKind, JobState, MissedRuns, RunOutcome, Schedule, ScheduleSpec,
    ScheduledAction,
};
use byop_core::store::Page;
use serde_json::json;

use crate::clients::client;
use crate::support::{LEASE, World, app, deploy, image, remove};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

fn name(text: &str) -> AppName {
    AppName::new(text).unwrap()
}

fn restart() -> ScheduledAction {
    ScheduledAction::Restart { app: app("shop") }
}

fn custom() -> ScheduledAction {
    ScheduledAction::Custom { name: name("invoice"), input: json!({ "for": "anna" }) }
}

/// On the hour, by the clock of the world: which is at the hour when a test begins.
fn hourly(action: ScheduledAction) -> ScheduleSpec {
    ScheduleSpec::new("nightly", "@hourly", action).unwrap()
}

/// Lets time pass, in small parts: what is due is carried out meanwhile.
async fn pass(world: &World, time: Duration) {
    let step = Duration::from_secs(5);
    for _ in 0..time.as_millis() / step.as_millis() {
        world.clock.0.advance(step);
        tokio::time::sleep(step).await;
    }
}

/// The clock stands shortly before the hour.
fn shortly_before() -> World {
    let world = World::new();
    nobody_runs(&world, HOUR - Duration::from_secs(10));
    world
}

/// Time in which no engine runs.
fn nobody_runs(world: &World, time: Duration) {
    world.clock.0.advance(time);
}

fn engine(world: &World) -> Engine {
    world.builder().with_clock(world.clock.clone()).build().unwrap()
}

async fn restarts(engine: &Engine) -> Vec<Job> {
    let jobs = engine.list_jobs(&JobFilter::all()).await.unwrap();
    jobs.into_iter().filter(|job| job.kind == JobKind::Restart).collect()
}

/// When the program was told, counted in `unit`.
async fn told(engine: &Engine, unit: Duration) -> Vec<i64> {
    let records = engine.list_audit(&AuditFilter::all().with_action("schedule.due")).await.unwrap();
    records
        .iter()
        .map(|record| record.entry.details["due_at"].as_i64().unwrap() / unit.as_millis() as i64)
        .collect()
}

/// The times that were dealt with, counted in `unit`.
fn times(schedule: &Schedule, unit: Duration) -> Vec<i64> {
    schedule.runs.iter().map(|run| run.due_at.0 / unit.as_millis() as i64).collect()
}

#[tokio::test(start_paused = true)]
async fn an_app_is_restarted_when_it_is_due() {
    let world = shortly_before();
    let engine = engine(&world);
    deploy(&engine, &image("shop", "shop:1")).await.unwrap();
    let put = engine.put_schedule(hourly(restart())).await.unwrap();
    let due = put.next_run_at.unwrap();
    pass(&world, MINUTE).await;
    let jobs = restarts(&engine).await;
    assert_eq!(jobs.len(), 1);
    assert_eq!(jobs[0].state, JobState::Succeeded);
    assert_eq!(jobs[0].actor.as_ref().unwrap().who, "schedule/-/nightly");
    let schedule = engine.get_schedule(&name("nightly")).await.unwrap();
    assert_eq!(schedule.runs.len(), 1);
    assert_eq!(schedule.runs[0].due_at, due);
    assert_eq!(schedule.runs[0].outcome, RunOutcome::Job { job: jobs[0].id.clone() });
    assert_eq!(schedule.next_run_at, Some(due.plus(HOUR)));
    let late = schedule.runs[0].time.0 - due.0;
    assert!((0..6_000).contains(&late), "{late} ms late");
}

#[tokio::test(start_paused = true)]
async fn several_engines_run_each_due_time_exactly_once() {
    let world = World::new();
    let engines = [engine(&world), engine(&world), engine(&world)];
    deploy(&engines[0], &image("shop", "shop:1")).await.unwrap();
    let minutely = |action| ScheduleSpec::new("nightly", "* * * * *", action).unwrap();
    engines[0].put_schedule(minutely(restart())).await.unwrap();
    engines[0].for_client(client("acme")).put_schedule(minutely(custom())).await.unwrap();
    for engine in &engines {
        engine.resume().await.unwrap();
    }
    pass(&world, 10 * MINUTE + MINUTE / 2).await;
    let all: Vec<i64> = (1..=10).collect();
    assert_eq!(restarts(&engines[1]).await.len(), 10);
    assert_eq!(told(&engines[1], MINUTE).await, all);
    let schedule = engines[2].get_schedule(&name("nightly")).await.unwrap();
    assert_eq!(times(&schedule, MINUTE), all);
}

/// The first engine dies at each of its writes from the due time on, one after the other.
#[tokio::test(start_paused = true)]
async fn an_engine_that_dies_at_a_due_time_is_taken_over_and_nothing_is_done_twice() {
    for (action, writes) in [(restart(), 12), (custom(), 6)] {
        for (nth, written) in (1..=writes).flat_map(|nth| [(nth, false), (nth, true)]) {
            let world = shortly_before();
            let store = world.store.mortal();
            let first =
                world.builder().with_clock(world.clock.clone()).with_store(store.clone()).build().unwrap();
            deploy(&first, &image("shop", "shop:1")).await.unwrap();
            first.put_schedule(hourly(action.clone())).await.unwrap();
            pass(&world, Duration::from_secs(5)).await;
            store.hang_at(nth, written);
            pass(&world, MINUTE).await;
            assert!(store.hangs(), "{action:?} {nth}");
            let second = engine(&world);
            second.resume().await.unwrap();
            pass(&world, 2 * LEASE + MINUTE).await;
            let done = restarts(&second).await.len() + told(&second, HOUR).await.len();
            assert_eq!(done, 1, "{action:?} {nth} {written}");
            let schedule = second.get_schedule(&name("nightly")).await.unwrap();
            assert_eq!(
                (times(&schedule, HOUR), schedule.claimed),
                (vec![1], None),
                "{action:?} {nth} {written}"
            );
            let states: Vec<_> = restarts(&second).await.into_iter().map(|job| job.state).collect();
            assert!(states.iter().all(|state| *state == JobState::Succeeded), "{states:?} {nth} {written}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn times_at_which_no_engine_ran_are_treated_as_the_schedule_says() {
    for (missed, runs) in [
        (MissedRuns::Skip, vec![]),
        (MissedRuns::RunOnce, vec![5]),
        (MissedRuns::RunAll { most: 3 }, vec![3, 4, 5]),
        (MissedRuns::RunAll { most: 100 }, vec![1, 2, 3, 4, 5]),
    ] {
        let world = World::new();
        let first = engine(&world);
        first.put_schedule(hourly(custom()).with_missed(missed)).await.unwrap();
        drop(first);
        nobody_runs(&world, 5 * HOUR + HOUR / 2);
        let second = engine(&world);
        second.resume().await.unwrap();
        pass(&world, MINUTE).await;
        assert_eq!(told(&second, HOUR).await, runs, "{missed:?}");
        let schedule = second.get_schedule(&name("nightly")).await.unwrap();
        let skipped = schedule.runs.iter().filter(|run| run.outcome == RunOutcome::Skipped).count();
        let leaves_out = matches!(missed, MissedRuns::Skip | MissedRuns::RunAll { most: 3 });
        assert_eq!(skipped, usize::from(leaves_out), "{missed:?}");
        assert_eq!(schedule.next_run_at, Some(Timestamp(6 * 3_600_000)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_paused_schedule_stands_still_and_misses_nothing() {
    let world = World::new();
    let engine = engine(&world);
    engine.put_schedule(hourly(custom())).await.unwrap();
    assert_eq!(engine.pause_schedule(&name("nightly")).await.unwrap().next_run_at, None);
    nobody_runs(&world, 3 * HOUR - 2 * MINUTE);
    pass(&world, MINUTE).await;
    let resumed = engine.resume_schedule(&name("nightly")).await.unwrap();
    assert_eq!(resumed.next_run_at, Some(Timestamp(3 * 3_600_000)));
    pass(&world, 2 * MINUTE).await;
    assert_eq!(told(&engine, HOUR).await, [3]);
}

#[tokio::test(start_paused = true)]
async fn a_schedule_can_be_run_at_once_and_keeps_its_times() {
    let world = World::new();
    let engine = engine(&world);
    deploy(&engine, &image("shop", "shop:1")).await.unwrap();
    let put = engine.put_schedule(hourly(restart()).with_paused()).await.unwrap();
    let run = engine.run_schedule(&name("nightly")).await.unwrap();
    let RunOutcome::Job { job } = &run.outcome else { panic!("{run:?}") };
    assert_eq!(engine.wait(job).await.unwrap().kind, JobKind::Restart);
    let schedule = engine.get_schedule(&name("nightly")).await.unwrap();
    assert_eq!((schedule.next_run_at, schedule.runs), (put.next_run_at, vec![run]));
}

#[tokio::test(start_paused = true)]
async fn a_schedule_waits_for_the_job_before_it() {
    let world = World::new();
    let engine = engine(&world);
    deploy(&engine, &image("shop", "shop:1")).await.unwrap();
    engine.put_schedule(hourly(restart()).with_paused()).await.unwrap();
    let first = engine.run_schedule(&name("nightly")).await.unwrap();
    world.clock.0.advance(Duration::from_millis(1));
    let second = engine.run_schedule(&name("nightly")).await.unwrap();
    for run in [first, second] {
        let RunOutcome::Job { job } = run.outcome else { panic!("{run:?}") };
        assert_eq!(engine.wait(&job).await.unwrap().state, JobState::Succeeded);
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_cannot_be_says_why_and_the_next_time_comes() {
    let world = shortly_before();
    let engine = engine(&world);
    deploy(&engine, &image("shop", "shop:1")).await.unwrap();
    engine.put_schedule(hourly(restart())).await.unwrap();
    remove(&engine, &app("shop")).await;
    pass(&world, MINUTE).await;
    let schedule = engine.get_schedule(&name("nightly")).await.unwrap();
    let RunOutcome::Failed { error } = &schedule.runs[0].outcome else { panic!("{:?}", schedule.runs) };
    assert_eq!(error.kind, ErrorKind::NotFound);
    assert_eq!(schedule.next_run_at, Some(Timestamp(2 * 3_600_000)));
}

#[tokio::test]
async fn the_names_of_schedules_are_their_owners() {
    let world = World::new();
    let engine = engine(&world);
    let (acme, beta) = (engine.for_client(client("acme")), engine.for_client(client("beta")));
    for owner in [&engine, &acme, &beta] {
        owner.put_schedule(hourly(custom())).await.unwrap();
    }
    acme.delete_schedule(&name("nightly")).await.unwrap();
    acme.delete_schedule(&name("nightly")).await.unwrap();
    assert_eq!(acme.get_schedule(&name("nightly")).await.unwrap_err().kind(), ErrorKind::NotFound);
    let owners: Vec<_> =
        engine.list_schedules(&Page::all()).await.unwrap().into_iter().map(|found| found.client).collect();
    assert_eq!(owners, [None, Some(client("beta"))]);
}

#[tokio::test]
async fn putting_a_schedule_anew_keeps_its_past() {
    let world = World::new();
    let engine = engine(&world);
    engine.put_schedule(hourly(custom())).await.unwrap();
    engine.run_schedule(&name("nightly")).await.unwrap();
    let mut daily = hourly(custom());
    daily.expression = "@daily".into();
    let put = engine.put_schedule(daily).await.unwrap();
    assert_eq!((put.runs.len(), put.next_run_at), (1, Some(Timestamp(24 * 3_600_000))));
    let mut bad = hourly(custom());
    bad.expression = "0 25 * * *".into();
    let error = engine.put_schedule(bad).await.unwrap_err();
    assert_eq!((error.kind(), error.context("field")), (ErrorKind::InvalidInput, Some("hour")));
    assert_eq!(engine.get_schedule(&name("nightly")).await.unwrap(), put);
}
