//! The sentence of the pipeline: which stages make up each kind of job. The only place that names several.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::job_run::JobRun;
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::host;
use crate::ingress::Prepared;
use crate::model::{
    App, AppSpec, AppState, Backend, ContainerState, Deployment, DeploymentState, EventBody, ImageInfo,
    ImageRef, JobKind, Preview, PublishedPort, Release, Route, Source,
};
use crate::runtime::ContainerRuntimeExt;
use crate::stage::{
    Build, BuildInput, Data, Fetch, FetchInput, Gate, GateInput, Prepare, PrepareInput, Remove, RemoveInput,
    Retire, RetireInput, Start, StartInput, Stop, StopInput, Switch, Undo, UndoInput, container_name,
    network_name,
};

/// Images of earlier releases that stay, for going back.
const KEEP_IMAGES: usize = 2;

/// Runs the workflow of the job's kind.
pub(super) async fn run(run: &JobRun) -> Result<Value> {
    let (kind, input) = {
        let job = run.job.lock().await;
        (job.kind, job.input.clone())
    };
    match kind {
        JobKind::Deploy => {
            let deployment = deploy(run, &parse::<AppSpec>(input)?).await?;
            Ok(json!(deployment))
        }
        JobKind::Stop => stop(run).await,
        JobKind::Start => start(run).await,
        JobKind::Restart => {
            stop(run).await?;
            start(run).await
        }
        JobKind::Remove => remove(run, parse::<RemoveOptions>(input)?.data).await,
    }
}

#[derive(Deserialize)]
struct RemoveOptions {
    data: Data,
}

fn parse<T: for<'de> Deserialize<'de>>(input: Value) -> Result<T> {
    serde_json::from_value(input).map_err(|error| {
        Error::new(ErrorKind::Corrupt, "job.input", "the job's input cannot be read").with_source(error)
    })
}

/// The image of a release and what is known of its making.
struct Made {
    name: String,
    info: ImageInfo,
    preview: Option<Preview>,
    source_digest: Option<Digest>,
}

async fn deploy(run: &JobRun, spec: &AppSpec) -> Result<Deployment> {
    let inner = &run.inner;
    let result = async {
        inner.claim_domains(&spec.name, &spec.domains).await?;
        let ports = inner.reserve_ports(spec).await?;
        deploy_claimed(run, spec, ports).await
    };
    let result = result.await;
    if result.as_ref().is_err_and(|error| error.kind() == ErrorKind::LeaseLost) {
        // Whoever has the job now needs them.
        return result;
    }
    // What the app answers at is what serves, not what was tried.
    let app = inner.find_app(&spec.name).await?.map(|(app, _)| app);
    let (domains, ports) =
        app.and_then(|app| Some((app.spec.domains, app.current?.ports))).unwrap_or_default();
    inner.release_domains(&spec.name, &domains).await?;
    inner.release_ports(&spec.name, &ports).await?;
    result
}

async fn deploy_claimed(run: &JobRun, spec: &AppSpec, ports: Vec<PublishedPort>) -> Result<Deployment> {
    let made = make_image(run, spec).await?;
    let port = port(spec, &made)?;
    let plan = made.preview.as_ref().map(|preview| &preview.plan);
    let health_path = spec
        .health
        .path
        .clone()
        .or_else(|| plan.map(|p| p.health.path.clone()))
        .unwrap_or_else(|| "/".into());
    let env = plan.map(|plan| plan.env.clone()).unwrap_or_default();
    let writable = plan.map(|plan| plan.writable.clone()).unwrap_or_default();
    let config_digest = config_digest(spec, &made.info, port, &ports, &env, &writable);

    prepare_host(run).await?;
    let (app, version) = run.inner.find_or_create_app(spec).await?;
    if let Some(deployment) = unchanged(run, &app, version, spec, &config_digest).await? {
        return Ok(deployment);
    }
    let release = Release {
        number: reserve_number(run, app.clone(), version).await?,
        image_id: made.info.id.clone(),
        image: made.name.clone(),
        source_digest: made.source_digest.clone(),
        config_digest,
        port,
        ports: ports.clone(),
        health_path,
        detection: made.preview.as_ref().map(|preview| preview.detection.clone()),
        plan: made.preview.as_ref().map(|preview| preview.plan.clone()),
        created_at: run.inner.clock.now(),
    };
    let backend = backend(&app.name, &release);
    let serving = app.current.as_ref().map(|current| self::backend(&app.name, current));
    let start = StartInput {
        spec: spec.clone(),
        // The old route stays as it was until the new release is healthy.
        route: route(&app.spec, serving, Some(backend.clone())),
        backend: backend.clone(),
        image: made.info,
        env,
        writable,
        ports,
    };
    let displaced = displaced(run, &app, &release).await?;
    bring_up(run, &start, &release, displaced).await?;
    let route = route(spec, Some(backend.clone()), None);
    run.step(&Switch, &route).await?;
    let deployment = record(run, spec, release.clone(), &backend).await?;
    run.cx.events.emit(EventBody::Deployed(deployment.clone())).await;
    let retire = RetireInput {
        keep: backend.container,
        drain_seconds: spec.routing.drain_seconds,
        keep_images: KEEP_IMAGES,
        image_id: release.image_id,
    };
    run.step(&Retire, &retire).await?;
    Ok(deployment)
}

/// The container of the serving release, if the new one cannot start beside it because both have a port of the host.
async fn displaced(run: &JobRun, app: &App, new: &Release) -> Result<Option<String>> {
    // A job that is resumed late finds its own release serving.
    let old = app.current.as_ref().filter(|old| old.number != new.number && app.wanted == AppState::Running);
    let Some(old) = old else { return Ok(None) };
    let shares =
        |p: &PublishedPort| new.ports.iter().any(|q| (q.protocol, q.host_port) == (p.protocol, p.host_port));
    if !old.ports.iter().any(shares) {
        return Ok(None);
    }
    let container = run.cx.runtime.find_container(&container_name(&app.name, old.number)).await?;
    Ok(container.map(|container| container.name))
}

/// Starts the new release, beside the old one or in place of a displaced one, and waits for its health; takes it
/// back when that fails.
async fn bring_up(
    run: &JobRun,
    start: &StartInput,
    release: &Release,
    displaced: Option<String>,
) -> Result<()> {
    let gate = GateInput {
        route: start.route.clone(),
        backend: start.backend.clone(),
        health: start.spec.health.clone(),
        host: probe_host(&start.spec),
        path: release.health_path.clone(),
    };
    let result = async {
        if let Some(container) = displaced.clone() {
            // Not to be cancelled half-way: the host would go on stopping what has just been started again.
            run.cleanup(&Stop, &StopInput { container, grace_seconds: 10 }).await?;
        }
        run.step(&Start, start).await?;
        run.step(&Gate, &gate).await
    };
    match result.await {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::LeaseLost => Err(error),
        Err(error) => {
            let undo = UndoInput {
                container: start.backend.container.clone(),
                route: Route { candidate: None, ..start.route.clone() },
                restart: displaced,
            };
            if let Err(second) = run.cleanup(&Undo, &undo).await {
                run.cx.warn(format!("the failed release could not be removed: {second}")).await;
            }
            Err(error)
        }
    }
}

/// Makes sure that the proxy runs. One that was started now is told of every app that serves on its host.
async fn prepare_host(run: &JobRun) -> Result<()> {
    let runtime = run.cx.runtime.as_ref();
    host::check_port(runtime, run.cx.ingress.http_port(), &run.cx.ingress.container()).await?;
    if run.cx.ingress.prepare(runtime).await? == Prepared::Running {
        return Ok(());
    }
    let host = run.inner.host_of(&run.cx.app).await?;
    for app in run.inner.all_apps().await?.iter().filter(|app| app.host == host) {
        let Some(release) = &app.current else { continue };
        run.cx.ingress.join_network(runtime, &network_name(&app.name)).await?;
        let serves = (app.wanted == AppState::Running).then(|| backend(&app.name, release));
        run.cx.ingress.apply_route(runtime, &route(&app.spec, serves, None)).await?;
    }
    Ok(())
}

async fn make_image(run: &JobRun, spec: &AppSpec) -> Result<Made> {
    if let Source::Image(name) = &spec.source {
        let info = run.cx.runtime.ensure_image(name).await?;
        return Ok(Made { name: name.to_string(), info, preview: None, source_digest: None });
    }
    let builder = run.cx.runtime.info().await?.builder;
    let source = run.step(&Fetch, &FetchInput { source: spec.source.clone() }).await?;
    let prepare = PrepareInput { source: source.clone(), spec: spec.clone(), builder };
    let preview = run.step(&Prepare, &prepare).await?;
    let build = BuildInput {
        root: source.root,
        source_digest: source.digest.clone(),
        revision: source.revision,
        files: preview.files.clone(),
        dockerfile: preview.plan.dockerfile.clone().unwrap_or_else(|| "Dockerfile".into()),
        builder,
        options: spec.build.clone(),
    };
    let built = run.step(&Build, &build).await?;
    Ok(Made {
        name: ImageRef::to_string(&built.name),
        info: built.info,
        preview: Some(preview),
        source_digest: Some(source.digest),
    })
}

/// The port that the app listens on: what its owner says, else what was planned, else what the image declares.
fn port(spec: &AppSpec, made: &Made) -> Result<u16> {
    let planned = made.preview.as_ref().map(|preview| preview.plan.port);
    let declared = made.info.exposed_ports.first().copied();
    spec.port.or(planned).or(declared).ok_or_else(|| {
        Error::invalid("app.port", "the port that the app listens on is not known")
            .with_context("app", &spec.name)
            .with_context("image", &made.name)
            .with_remedy("set `port` in the app's spec, or EXPOSE in its Dockerfile")
    })
}

/// The digest of all that a container is made from, whatever its release number and its host names.
fn config_digest(
    spec: &AppSpec,
    image: &ImageInfo,
    port: u16,
    ports: &[PublishedPort],
    env: &BTreeMap<String, String>,
    writable: &[String],
) -> Digest {
    Digest::of_json(&json!({
        "image": image.id,
        "port": port,
        "ports": ports,
        "planned_env": env,
        "writable": writable,
        "env": spec.env,
        "secrets": spec.secrets,
        "health": spec.health,
        "resources": spec.resources,
        "volumes": spec.volumes,
        "user": spec.user,
    }))
}

/// When the same release serves already, only the route is brought up to date.
async fn unchanged(
    run: &JobRun,
    app: &App,
    version: u64,
    spec: &AppSpec,
    config: &Digest,
) -> Result<Option<Deployment>> {
    let Some(current) = app.current.as_ref().filter(|release| release.config_digest == *config) else {
        return Ok(None);
    };
    let backend = backend(&app.name, current);
    let container = run.cx.runtime.find_container(&backend.container).await?;
    let runs = container.is_some_and(|c| {
        c.state == ContainerState::Running && c.healthy != Some(false) && c.image_id == current.image_id
    });
    if !runs {
        return Ok(None);
    }
    run.step(&Switch, &route(spec, Some(backend.clone()), None)).await?;
    let mut app = app.clone();
    app.spec = spec.clone();
    app.wanted = AppState::Running;
    run.inner.save_app(&mut app, version).await?;
    let deployment = deployment(run, &app, current.number, &backend, DeploymentState::Unchanged);
    run.cx.events.emit(EventBody::Deployed(deployment.clone())).await;
    Ok(Some(deployment))
}

/// Takes the next release number. Taken by this job before: the same one again.
async fn reserve_number(run: &JobRun, mut app: App, version: u64) -> Result<u64> {
    const STEP: &str = "reserve";
    if let Some(number) = run.recorded.get(STEP).and_then(|step| step.output.as_ref()?.as_u64()) {
        return Ok(number);
    }
    let number = app.next_release;
    app.next_release += 1;
    run.inner.save_app(&mut app, version).await?;
    let now = run.inner.clock.now();
    let mut record = crate::model::StepRecord::intent(run.cx.job.clone(), STEP, STEP, now);
    record.state = crate::model::StepState::Done;
    record.output = Some(json!(number));
    record.finished_at = Some(now);
    run.inner.store.put_step(&run.lease, &record).await?;
    Ok(number)
}

/// Writes that the release serves.
async fn record(run: &JobRun, spec: &AppSpec, release: Release, backend: &Backend) -> Result<Deployment> {
    let (mut app, version) = run.inner.load_app(&spec.name).await?;
    app.spec = spec.clone();
    app.wanted = AppState::Running;
    let number = release.number;
    app.current = Some(release);
    run.inner.save_app(&mut app, version).await?;
    Ok(deployment(run, &app, number, backend, DeploymentState::Serving))
}

fn deployment(
    run: &JobRun,
    app: &App,
    release: u64,
    backend: &Backend,
    state: DeploymentState,
) -> Deployment {
    Deployment {
        app: app.name.clone(),
        host: app.host.clone(),
        release,
        container: backend.container.clone(),
        state,
        url: app.spec.domains.first().map(|domain| run.cx.ingress.url(domain)),
    }
}

fn backend(app: &crate::model::AppName, release: &Release) -> Backend {
    Backend { release: release.number, container: container_name(app, release.number), port: release.port }
}

fn route(spec: &AppSpec, serving: Option<Backend>, candidate: Option<Backend>) -> Route {
    Route {
        app: spec.name.clone(),
        domains: spec.domains.clone(),
        options: spec.routing.clone(),
        serving,
        candidate,
    }
}

/// The host name that probes carry: applications may refuse names that they do not know.
fn probe_host(spec: &AppSpec) -> String {
    spec.domains.first().map_or_else(|| "localhost".into(), ToString::to_string)
}

/// The serving release of an app that has one.
async fn serving(run: &JobRun) -> Result<(App, u64, Release)> {
    let (app, version) = run.inner.load_app(&run.cx.app).await?;
    let release = app.current.clone().ok_or_else(|| {
        Error::not_found("app.container", "no release of this app has come to serve yet")
            .with_context("app", &app.name)
            .with_remedy("deploy it first")
    })?;
    Ok((app, version, release))
}

async fn stop(run: &JobRun) -> Result<Value> {
    let (mut app, version, release) = serving(run).await?;
    app.wanted = AppState::Stopped;
    run.inner.save_app(&mut app, version).await?;
    run.step(&Switch, &route(&app.spec, None, None)).await?;
    let container = container_name(&app.name, release.number);
    run.step(&Stop, &StopInput { container, grace_seconds: 10 }).await?;
    Ok(json!({}))
}

async fn start(run: &JobRun) -> Result<Value> {
    let (mut app, version, release) = serving(run).await?;
    app.wanted = AppState::Running;
    run.inner.save_app(&mut app, version).await?;
    prepare_host(run).await?;
    let backend = backend(&app.name, &release);
    let candidate = route(&app.spec, None, Some(backend.clone()));
    run.cx.runtime.start_container(&backend.container).await?;
    run.step(&Switch, &candidate).await?;
    let gate = GateInput {
        route: candidate,
        backend: backend.clone(),
        health: app.spec.health.clone(),
        host: probe_host(&app.spec),
        path: release.health_path.clone(),
    };
    run.step(&Gate, &gate).await?;
    run.step(&Switch, &route(&app.spec, Some(backend), None)).await?;
    Ok(json!({}))
}

async fn remove(run: &JobRun, data: Data) -> Result<Value> {
    let (app, _) = run.inner.load_app(&run.cx.app).await?;
    run.step(&Remove, &RemoveInput { data }).await?;
    run.inner.delete_app(&app).await?;
    if run.inner.all_apps().await?.iter().all(|other| other.host != app.host) {
        run.cx.ingress.remove(run.cx.runtime.as_ref()).await?;
    }
    Ok(json!({}))
}
