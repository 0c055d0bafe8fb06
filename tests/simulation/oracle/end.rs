//! What must hold once every job has ended.

use std::collections::BTreeMap;
use std::sync::Arc;

use byop_core::model::{
    App, AppState, AuditFilter, ContainerFilter, ContainerState, EventBody, Job, JobFilter, JobKind, JobState,
};
use byop_core::runtime::ContainerRuntime;
use byop_core::stage::{container_name, network_name};
use byop_core::store::{Page, Scope};
use byop_core::testing::simulation::CANARY;

use super::{Oracle, is_defect};
use crate::operations::BAD;
use crate::world::World;

const PROXY: &str = "byop-fake-proxy";

pub async fn check(oracle: &Arc<Oracle>, world: &World) {
    let mut jobs = world.store.list_jobs(&Scope::Platform, &JobFilter::all()).await.unwrap();
    jobs.reverse();
    // I4: whoever was told of a job finds it.
    let created: Vec<_> = oracle.state().jobs.keys().cloned().collect();
    for id in world.acknowledged().into_iter().chain(created) {
        if !jobs.iter().any(|job| job.id == id) {
            oracle.violation(format!("an acknowledged job is gone: {id}"));
        }
    }
    for job in &jobs {
        check_job(oracle, world, job);
        check_events(oracle, world, job).await;
    }
    if jobs.iter().all(|job| job.state.is_finished()) {
        check_apps(oracle, world, &jobs).await;
    }
    check_audit(oracle, world, &jobs).await;
    check_secrets(oracle, world, &jobs).await;
}

fn check_job(oracle: &Oracle, world: &World, job: &Job) {
    let shown = format!("{} {:?}", job.subject, job.kind);
    let known = oracle.state().jobs.get(&job.id).and_then(|known| known.ended);
    if known.is_some_and(|known| known != job.state) {
        oracle.violation(format!("a job is in two states: {shown} was {known:?} and is {:?}", job.state));
    }
    if let Some(error) = &job.error
        && is_defect(error.kind)
    {
        oracle.violation(format!("a job failed by a defect: {shown}: {:?} {}", error.kind, error.message));
    }
    if job.kind != JobKind::Deploy {
        return;
    }
    let image = job.input["source"]["image"].as_str().unwrap_or_default();
    let is_bad = BAD.contains(&image);
    if is_bad && job.state == JobState::Succeeded {
        oracle.violation(format!("a bad release came to serve: {shown} of {image}"));
    }
    if !is_bad && job.state == JobState::Failed && world.only_deaths() {
        oracle.violation(format!("a good deployment failed for no reason: {shown}: {:?}", job.error));
    }
}

async fn check_events(oracle: &Oracle, world: &World, job: &Job) {
    let events = world.store.list_events(&Scope::Platform, &job.id, 0, 100_000).await.unwrap();
    let shown = format!("{} {:?} {}", job.subject, job.kind, job.id);
    if !events.iter().zip(1..).all(|(event, number)| event.sequence == number) {
        oracle.violation(format!("events have gaps: {shown}"));
    }
    let is_state = |body: &EventBody| matches!(body, EventBody::Job { .. });
    let told: Vec<_> = {
        let state = oracle.state();
        let known = state.jobs.get(&job.id).map(|known| known.events.clone()).unwrap_or_default();
        known.into_iter().filter(|body| !is_state(body)).collect()
    };
    let found: Vec<_> =
        events.iter().map(|event| event.body.clone()).filter(|body| !is_state(body)).collect();
    if told != found {
        let (told, found) = (told.len(), found.len());
        oracle.violation(format!("events are not those that were written: {shown}: {found} of {told}"));
    }
    let ends: Vec<_> = events
        .iter()
        .filter_map(|event| match &event.body {
            EventBody::Job { state, .. } if state.is_finished() => Some((event.sequence, *state)),
            _ => None,
        })
        .collect();
    if job.state.is_finished() && ends.as_slice() != [(events.len() as u64, job.state)] {
        let count = events.len();
        oracle.violation(format!(
            "the last event is not the one end: {shown}: {ends:?} of {count} for {:?}",
            job.state
        ));
    }
}

/// The store, the host and the proxy say the same.
async fn check_apps(oracle: &Oracle, world: &World, jobs: &[Job]) {
    let records = world.store.list_records(&Scope::Platform, "apps", &Page::all()).await.unwrap();
    let apps: Vec<App> =
        records.iter().map(|record| serde_json::from_value(record.value.clone()).unwrap()).collect();
    let mut containers: BTreeMap<String, ContainerState> = BTreeMap::new();
    let mut networks = Vec::new();
    for app in &apps {
        networks.push(network_name(&app.name));
        let last = jobs.iter().rposition(|job| {
            job.app() == Some(&app.name) && job.kind == JobKind::Deploy && job.state == JobState::Succeeded
        });
        let number = last.and_then(|last| jobs[last].output.as_ref()?["release"].as_u64());
        let current = app.current.as_ref().map(|release| release.number);
        let removed =
            jobs.iter().rposition(|job| job.app() == Some(&app.name) && job.kind == JobKind::Remove);
        if removed.is_none_or(|removed| last.is_some_and(|last| last > removed)) && current != number {
            oracle.violation(format!(
                "the release that serves is not the last good one: {}: {current:?}, not {number:?}",
                app.name
            ));
        }
        let route = world.proxy.route(&app.name);
        let serving =
            route.as_ref().and_then(|route| route.serving.as_ref()).map(|backend| backend.container.clone());
        if route.is_some_and(|route| route.candidate.is_some()) {
            oracle.violation(format!("a candidate is left on the proxy: {}", app.name));
        }
        let runs = app.wanted == AppState::Running;
        let wanted = current.filter(|_| runs).map(|number| container_name(&app.name, number));
        if serving != wanted {
            oracle.violation(format!(
                "the proxy sends requests elsewhere: {}: {serving:?}, not {wanted:?}",
                app.name
            ));
        }
        if let Some(number) = current {
            let state = if runs { ContainerState::Running } else { ContainerState::Exited };
            containers.insert(container_name(&app.name, number), state);
            let (status, _) = world.proxy.request(&format!("{}.example.com", app.name));
            if runs && status != 200 {
                oracle.violation(format!(
                    "a serving app does not answer in the end: {} gave {status}",
                    app.name
                ));
            }
        }
    }
    let mut found = world.host.census();
    if apps.iter().any(|app| app.current.is_some()) {
        containers.insert(PROXY.into(), ContainerState::Running);
    }
    if !apps.is_empty() {
        networks.push(PROXY.into());
        // A first deployment can fail before it comes to the proxy, or after.
        if apps.iter().all(|app| app.current.is_none()) {
            found.remove(PROXY);
        }
    }
    if found != containers {
        oracle.violation(format!("the host has other containers: {found:?}, not {containers:?}"));
    }
    let all = ContainerFilter::all();
    for network in world.host.list_networks(&all).await.unwrap() {
        if !networks.contains(&network.name) {
            oracle.violation(format!("a network is left: {}", network.name));
        }
    }
    for container in world.host.list_containers(&all).await.unwrap() {
        let mine = ["byop.app", "byop.role"].iter().any(|label| container.labels.contains_key(*label));
        if !mine {
            oracle.violation(format!("a container has no label: {}", container.name));
        }
    }
    check_claims(oracle, world, &apps).await;
}

/// Host names and ports belong to those that serve with them.
async fn check_claims(oracle: &Oracle, world: &World, apps: &[App]) {
    let served = apps.iter().filter(|app| app.current.is_some());
    let mut wanted: Vec<_> = served.flat_map(|app| &app.spec.domains).map(ToString::to_string).collect();
    wanted.sort();
    let found = world.store.list_records(&Scope::Platform, "domains", &Page::all()).await.unwrap();
    let found: Vec<_> = found.into_iter().map(|record| record.key).collect();
    if found != wanted {
        oracle.violation(format!("other host names are taken: {found:?}, not {wanted:?}"));
    }
    let releases = apps.iter().filter_map(|app| app.current.as_ref());
    let wanted = releases.map(|release| release.ports.len()).sum::<usize>();
    let found = world.store.list_records(&Scope::Platform, "ports", &Page::all()).await.unwrap().len();
    if found != wanted {
        oracle.violation(format!("other ports are taken: {found}, not {wanted}"));
    }
}

/// I9: one record for each job's begin and end, in an unbroken chain.
async fn check_audit(oracle: &Oracle, world: &World, jobs: &[Job]) {
    let records = world.store.list_audit(&Scope::Platform, &AuditFilter::all()).await.unwrap();
    let mut previous = None;
    for (record, position) in records.iter().zip(1..) {
        if record.position != position || record.previous != previous || !record.is_intact() {
            oracle.violation(format!("the chain of the audit is broken: at {position}"));
        }
        previous = Some(record.hash.clone());
    }
    let count = |action: &str| records.iter().filter(|record| record.entry.action == action).count();
    let ended = jobs.iter().filter(|job| job.state.is_finished()).count();
    if (count("job.create"), count("job.end")) != (jobs.len(), ended) {
        let (created, ends) = (count("job.create"), count("job.end"));
        let jobs = jobs.len();
        oracle.violation(format!("the audit misses something: {created} and {ends} of {jobs} and {ended}"));
    }
}

/// I6: the canary is in no sink.
async fn check_secrets(oracle: &Oracle, world: &World, jobs: &[Job]) {
    let mut sinks: Vec<(&str, String)> = vec![("trace", world.simulation.lines().join("\n"))];
    for job in jobs {
        sinks.push(("job", serde_json::to_string(job).unwrap()));
        let steps = world.store.list_steps(&Scope::Platform, &job.id).await.unwrap();
        sinks.push(("steps", serde_json::to_string(&steps).unwrap()));
        let events = world.store.list_events(&Scope::Platform, &job.id, 0, 100_000).await.unwrap();
        sinks.push(("events", serde_json::to_string(&events).unwrap()));
    }
    for collection in ["apps", "domains", "ports", "hosts"] {
        for record in world.store.list_records(&Scope::Platform, collection, &Page::all()).await.unwrap() {
            sinks.push(("record", record.value.to_string()));
        }
    }
    for container in world.host.list_containers(&ContainerFilter::all()).await.unwrap() {
        sinks.push(("labels", format!("{:?}", container.labels)));
    }
    for (sink, text) in sinks {
        if text.contains(CANARY) {
            oracle.violation(format!("a secret is in plain text: {sink}"));
        }
    }
}
