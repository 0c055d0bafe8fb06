//! What has to be true whenever no job of an app is under way.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bollard::query_parameters::{
    DownloadFromContainerOptionsBuilder, ListContainersOptionsBuilder, ListImagesOptionsBuilder,
    ListNetworksOptionsBuilder, ListVolumesOptionsBuilder,
};
use byop_core::model::{App, AppState, EventBody, Job, JobFilter, JobState, StepState};
use byop_core::stage::{container_name, network_name, volume_name};
use byop_core::store::{Page, Scope, SqliteStore, Store};
use futures_util::TryStreamExt;
use serde_json::Value;

use crate::child::{IMAGES, RELEASES};
use crate::lane::Lane;
use crate::load::ask;
use crate::world::{World, host};

const SCOPE: &Scope = &Scope::Platform;

pub type Outcome = Result<(), String>;

/// Everything; `job` is the one that ended last.
pub async fn all(lane: &Lane, job: &Job) -> Outcome {
    journal(&lane.world.store, job).await?;
    records(lane).await?;
    objects(lane).await?;
    route(lane).await?;
    if lane.runs { answers(lane).await } else { Ok(()) }
}

pub fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: T, wanted: T) -> Outcome {
    if found == wanted { Ok(()) } else { Err(format!("{what}: found {found:?}, wanted {wanted:?}")) }
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// Each effect is recorded once, and nothing waits.
pub async fn journal(store: &SqliteStore, job: &Job) -> Outcome {
    let unfinished = JobFilter::all().with_subject(job.subject.clone()).with_unfinished();
    same("jobs under way", store.list_jobs(SCOPE, &unfinished).await.map_err(text)?.len(), 0)?;
    let steps = store.list_steps(SCOPE, &job.id).await.map_err(text)?;
    if job.state == JobState::Succeeded {
        let open: Vec<_> = steps.iter().filter(|step| step.state != StepState::Done).collect();
        same("steps that are not done", format!("{open:?}"), "[]".into())?;
    }
    let mut keys: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for step in &steps {
        keys.entry(&step.stage).or_default().insert(&step.key);
    }
    for (stage, keys) in keys {
        if keys.len() > if stage == "switch" { 3 } else { 1 } {
            return Err(format!("{stage} was done with different inputs: {keys:?}"));
        }
    }
    let events = store.list_events(SCOPE, &job.id, 0, 100_000).await.map_err(text)?;
    let numbers: Vec<u64> = events.iter().map(|event| event.sequence).collect();
    same("numbers of events", numbers, (1..=events.len() as u64).collect())?;
    match events.last().map(|event| &event.body) {
        Some(EventBody::Job { state, .. }) if *state == job.state => Ok(()),
        last => Err(format!("the last event is {last:?}")),
    }
}

/// The store has what was asked for.
async fn records(lane: &Lane) -> Outcome {
    let store = &lane.world.store;
    let record = store.find_record(SCOPE, "apps", lane.app.as_str()).await.map_err(text)?;
    same("the app's record", record.is_some(), lane.exists)?;
    let domain = store.find_record(SCOPE, "domains", &host(&lane.app)).await.map_err(text)?;
    same("the host name's record", domain.is_some(), lane.exists)?;
    let page = Page::all().with_prefix(format!("{}/", lane.app));
    let releases = store.list_records(SCOPE, "releases", &page).await.map_err(text)?.len();
    let Some(record) = record else { return same("releases on record", releases, 0) };
    if !(1..=RELEASES).contains(&releases) {
        return Err(format!("{releases} releases on record"));
    }
    let app: App = serde_json::from_value(record.value).map_err(text)?;
    same("the release", app.current.map(|release| release.number), Some(lane.release))?;
    same("the next release", app.next_release, lane.next_release)?;
    let wanted = if lane.runs { AppState::Running } else { AppState::Stopped };
    same("the wanted state", app.wanted, wanted)?;
    same("the spec", app.spec, lane.spec.clone())
}

/// The host has what the store says and nothing else.
async fn objects(lane: &Lane) -> Outcome {
    let api = &lane.world.api;
    let filters = HashMap::from([("label".to_owned(), vec![format!("byop.app={}", lane.app)])]);
    let options = ListContainersOptionsBuilder::default().all(true).filters(&filters).build();
    let containers = api.list_containers(Some(options)).await.map_err(text)?;
    let found: Vec<String> = containers
        .iter()
        .map(|c| format!("{} {:?}", c.names.clone().unwrap_or_default().join(","), c.state))
        .map(|text| text.to_lowercase())
        .collect();
    let state = if lane.runs { "running" } else { "exited" };
    let wanted = format!("/{} some({state})", container_name(&lane.app, lane.release));
    same("containers", found, if lane.exists { vec![wanted] } else { Vec::new() })?;

    let options = ListNetworksOptionsBuilder::default().filters(&filters).build();
    let networks = api.list_networks(Some(options)).await.map_err(text)?;
    let found: Vec<_> = networks.into_iter().filter_map(|network| network.name).collect();
    same("networks", found, if lane.exists { vec![network_name(&lane.app)] } else { Vec::new() })?;

    let options = ListVolumesOptionsBuilder::default().filters(&filters).build();
    let volumes = api.list_volumes(Some(options)).await.map_err(text)?.volumes.unwrap_or_default();
    let found: Vec<_> = volumes.into_iter().map(|volume| volume.name).collect();
    let wanted = lane.spec.volumes.iter().map(|volume| volume_name(&lane.app, &volume.name));
    same("volumes", found, if lane.exists { wanted.collect() } else { Vec::new() })?;

    let options = ListImagesOptionsBuilder::default().filters(&filters).build();
    let images = api.list_images(Some(options)).await.map_err(text)?.len();
    // The serving one, the newest earlier ones, and the one to go back to, which need not be among them.
    if if lane.exists { (1..=2 + IMAGES).contains(&images) } else { images == 0 } {
        Ok(())
    } else {
        Err(format!("{images} images of the app"))
    }
}

/// The proxy sends requests to the release that serves, and nowhere else.
async fn route(lane: &Lane) -> Outcome {
    let file = route_file(&lane.world, lane).await?;
    if !lane.runs {
        return same("the route's file", file, None);
    }
    let Some(file) = file else { return Err("the app has no route".into()) };
    let routers: Vec<&String> =
        file["http"]["routers"].as_object().into_iter().flat_map(|r| r.keys()).collect();
    same("routers", format!("{routers:?}"), format!("[\"app-{}\"]", lane.app))?;
    let services: Vec<&Value> =
        file["http"]["services"].as_object().into_iter().flat_map(|s| s.values()).collect();
    let urls: Vec<&Value> = services.iter().map(|s| &s["loadBalancer"]["servers"][0]["url"]).collect();
    let wanted = format!("http://{}:8080", container_name(&lane.app, lane.release));
    same("services", format!("{urls:?}"), format!("{:?}", [Value::String(wanted)]))
}

/// The app's file in the folder that the proxy watches.
async fn route_file(world: &World, lane: &Lane) -> Result<Option<Value>, String> {
    let proxy = format!("{}-traefik", world.place.prefix);
    let path = format!("/etc/traefik/dynamic/app-{}.yml", lane.app);
    let options = DownloadFromContainerOptionsBuilder::default().path(&path).build();
    let packed = world.api.download_from_container(&proxy, Some(options));
    match packed
        .try_fold(Vec::new(), |mut all, part| async move {
            all.extend_from_slice(&part);
            Ok(all)
        })
        .await
    {
        Err(bollard::errors::Error::DockerResponseServerError { status_code: 404, .. }) => Ok(None),
        Err(error) => Err(text(error)),
        Ok(packed) => {
            let mut archive = tar::Archive::new(packed.as_slice());
            let entry = archive.entries().map_err(text)?.next().ok_or("an empty archive")?.map_err(text)?;
            Ok(Some(serde_json::from_reader(entry).map_err(text)?))
        }
    }
}

/// What answers is what was last asked for.
async fn answers(lane: &Lane) -> Outcome {
    let version = lane.spec.env.values().next().cloned().unwrap_or_default();
    let wanted = (200, format!("{} {version}", lane.text));
    let found = ask(lane.world.place.port, &host(&lane.app), "/version").await?;
    same("the answer", found, wanted)
}
