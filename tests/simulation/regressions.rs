//! Bugs that the simulation found, each as the shortest course of events that showed it.

use std::time::Duration;

use byop_core::ErrorKind;
use byop_core::engine::Engine;
use byop_core::id::JobId;
use byop_core::model::{AppName, AppSpec, ImageRef, JobState, Source};
use byop_core::store::{Expected, Scope, WhenBusy};
use byop_core::testing::simulation::{CallFault, Process};

use crate::world::{LEASE, World};

/// A world without weather, judged as any other in the end.
fn play(course: impl AsyncFnOnce(&World)) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let world = World::new(0);
        world.simulation.keep_lines();
        course(&world).await;
        world.wait_for_the_jobs().await;
        let violations = world.check().await;
        assert!(violations.is_empty(), "{violations:#?}\n{}", world.simulation.lines().join("\n"));
    });
}

fn app() -> AppName {
    AppName::new("a").unwrap()
}

fn spec(image: &str) -> AppSpec {
    let source = Source::Image(ImageRef::new(image).unwrap());
    let mut spec = AppSpec::new("a", source).unwrap().with_port(8080).with_domain("a.example.com").unwrap();
    spec.health.deadline_seconds = 8;
    spec.routing.drain_seconds = 0;
    spec
}

async fn deployed(engine: &Engine, image: &str) {
    let job = engine.deploy(spec(image)).await.unwrap();
    engine.wait(&job).await.unwrap();
}

/// Waits until the planned fault has killed the process, and gives another one time to take over.
async fn killed(process: &Process) {
    while process.is_alive() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn state(world: &World, job: &JobId) -> JobState {
    world.wait_for_the_jobs().await;
    world.store.get_job(&Scope::Platform, job).await.unwrap().state
}

const LOST: CallFault = CallFault::After(ErrorKind::Timeout);

#[test]
fn a_deployment_succeeds_though_the_store_loses_its_answers() {
    for call in [
        "record.put apps/a",
        "record.put locks",
        "record.delete locks",
        "job.update",
        "step.put",
        "job.create",
    ] {
        for nth in 1..4 {
            play(async |world: &World| {
                let (_, engine) = world.engine();
                world.simulation.inject(call, nth, LOST);
                deployed(&engine, "shop:1").await;
            });
        }
    }
}

#[test]
fn events_are_written_once_though_answers_are_lost() {
    for nth in 1..6 {
        play(async |world: &World| {
            let (_, engine) = world.engine();
            world.simulation.inject("event.append", nth, LOST);
            deployed(&engine, "shop:1").await;
        });
    }
}

#[test]
fn a_release_that_serves_is_a_success_though_its_predecessor_cannot_be_removed_at_once() {
    play(async |world: &World| {
        let (_, engine) = world.engine();
        deployed(&engine, "shop:1").await;
        for nth in 1..5 {
            world.simulation.inject("container.remove", nth, CallFault::Before(ErrorKind::Unavailable));
        }
        deployed(&engine, "shop:2").await;
    });
}

#[test]
fn what_a_bad_release_left_is_removed_though_the_host_fails_for_a_while() {
    play(async |world: &World| {
        let (_, engine) = world.engine();
        deployed(&engine, "shop:1").await;
        for nth in 1..8 {
            world.simulation.inject("container.remove", nth, LOST);
        }
        let job = engine.deploy(spec("bad-port:1")).await.unwrap();
        engine.wait(&job).await.unwrap_err();
    });
}

#[test]
fn a_candidate_is_not_forgotten_when_the_proxy_is_told_of_all_apps_again() {
    play(async |world: &World| {
        let (first, engine) = world.engine();
        deployed(&engine, "shop:1").await;
        world.simulation.inject("ingress.probe", 2, CallFault::Death);
        let job = engine.deploy(spec("shop:2")).await.unwrap();
        killed(&first).await;
        // Some other process died while it told the proxy of all apps.
        let routed = serde_json::json!({ "routed": false });
        world.store.put_record(&Scope::Platform, "hosts", "local", &routed, Expected::Any).await.unwrap();
        let _second = world.engine();
        assert_eq!(state(world, &job).await, JobState::Succeeded);
    });
}

#[test]
fn a_deployment_that_is_cancelled_after_its_process_died_takes_back_what_was_started() {
    play(async |world: &World| {
        let (first, engine) = world.engine();
        deployed(&engine, "shop:1").await;
        world.simulation.inject("ingress.probe", 2, CallFault::Death);
        let job = engine.deploy(spec("slow:1")).await.unwrap();
        killed(&first).await;
        let (_, second) = world.engine();
        second.cancel(&job).await.unwrap();
        assert_eq!(state(world, &job).await, JobState::Cancelled);
    });
}

#[test]
fn a_start_that_is_cancelled_after_its_process_died_stops_what_was_started() {
    play(async |world: &World| {
        let (first, engine) = world.engine();
        deployed(&engine, "shop:1").await;
        let stopped = engine.stop(&app()).await.unwrap();
        engine.wait(&stopped).await.unwrap();
        world.simulation.inject("ingress.probe", 1, CallFault::Death);
        let job = engine.start(&app()).await.unwrap();
        killed(&first).await;
        let (_, second) = world.engine();
        second.cancel(&job).await.unwrap();
        assert_eq!(state(world, &job).await, JobState::Cancelled);
    });
}

#[test]
fn a_restart_that_fails_after_a_take_over_stops_the_container() {
    play(async |world: &World| {
        let (first, engine) = world.engine();
        deployed(&engine, "shop:1").await;
        world.simulation.inject("ingress.probe", 1, CallFault::Death);
        let job = engine.restart(&app()).await.unwrap();
        killed(&first).await;
        world.proxy.set_status("byop-a-r1", 500);
        let _second = world.engine();
        assert_eq!(state(world, &job).await, JobState::Failed);
    });
}

#[test]
fn a_clock_that_is_set_back_holds_no_job_of_a_dead_process() {
    play(async |world: &World| {
        let (first, engine) = world.engine();
        world.simulation.inject("container.create", 1, CallFault::Death);
        let job = engine.deploy(spec("shop:1")).await.unwrap();
        killed(&first).await;
        world.jump(-24 * 3_600_000);
        let _second = world.engine();
        assert_eq!(state(world, &job).await, JobState::Succeeded);
    });
}

#[test]
fn a_clock_that_is_set_back_holds_no_job_that_nobody_has_begun() {
    play(async |world: &World| {
        let (first, engine) = world.engine();
        world.simulation.inject("job.claim", 1, CallFault::Death);
        tokio::spawn(async move { engine.deploy(spec("shop:1")).await });
        killed(&first).await;
        world.jump(-24 * 3_600_000);
        let _second = world.engine();
        world.wait_for_the_jobs().await;
    });
}

#[test]
fn a_clock_that_is_set_back_holds_no_host() {
    play(async |world: &World| {
        let (first, engine) = world.engine();
        world.simulation.inject("ingress.prepare", 1, CallFault::Death);
        let job = engine.deploy(spec("shop:1")).await.unwrap();
        killed(&first).await;
        world.jump(-24 * 3_600_000);
        let _second = world.engine();
        assert_eq!(state(world, &job).await, JobState::Succeeded);
    });
}

#[test]
fn a_process_that_cannot_renew_its_lease_does_nothing_more_once_another_may_have_it() {
    play(async |world: &World| {
        let (_, engine) = world.engine();
        let mut spec = spec("slow:1");
        spec.health.deadline_seconds = 120;
        world.simulation.inject("step.put", 1, CallFault::Deafness(LEASE * 3));
        world.proxy.set_status("byop-a-r1", 500);
        engine.deploy(spec).await.unwrap();
        tokio::time::sleep(LEASE + Duration::from_secs(1)).await;
        let probes = || world.simulation.lines().iter().filter(|line| line.contains("ingress.probe")).count();
        let before = probes();
        tokio::time::sleep(Duration::from_secs(4)).await;
        assert_eq!(probes(), before, "{}", world.simulation.lines().join("\n"));
        world.proxy.set_status("byop-a-r1", 200);
    });
}

#[test]
fn a_queue_behind_a_dead_process_goes_on_in_another() {
    play(async |world: &World| {
        let (first, engine) = world.engine();
        deployed(&engine, "shop:1").await;
        let patient = engine.when_busy(WhenBusy::Wait);
        world.simulation.inject("container.create", 1, CallFault::LateDeath);
        patient.deploy(spec("shop:2")).await.unwrap();
        patient.stop(&app()).await.unwrap();
        let last = patient.start(&app()).await.unwrap();
        killed(&first).await;
        let _second = world.engine();
        assert_eq!(state(world, &last).await, JobState::Succeeded);
    });
}

#[test]
fn a_process_that_stood_still_takes_no_host_names_when_it_goes_on() {
    play(async |world: &World| {
        let (_, engine) = world.engine();
        // After the retirement, before the host names that nobody needs are given up.
        world.simulation.inject("step.put retire", 2, CallFault::Freeze(LEASE * 2));
        engine.deploy(spec("shop:1")).await.unwrap();
        let (_, second) = world.engine();
        tokio::time::sleep(LEASE * 2 - Duration::from_secs(1)).await;
        let update = spec("slow:1").with_domain("www.a.example.com").unwrap();
        let job = second.deploy(update).await.unwrap();
        assert_eq!(state(world, &job).await, JobState::Succeeded);
    });
}
