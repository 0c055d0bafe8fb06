//! The sentence of the pipeline: which stages make up each kind of job. The only place that names several.

use serde::Deserialize;
use serde_json::{Value, json};

use super::job_run::JobRun;
use super::proxy::{check_proxy_port, prepare_host};
use super::repair;
use super::route::{backend, gate_health, probe_host, route, serving_backend};
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{
    App, AppSpec, AppState, ContainerInfo, ContainerState, Deployment, DeploymentState, EventBody, ImageInfo,
    ImageRef, JobKind, Preview, PublishedPort, Release, ReleaseConfig, Route, Source, StepRecord, StepState,
};
use crate::runtime::ContainerRuntimeExt;
use crate::stage::{
    Build, BuildInput, Data, Fetch, FetchInput, Gate, GateInput, Prepare, PrepareInput, Remove, RemoveInput,
    Retire, RetireInput, Start, StartInput, Stop, StopInput, Switch, Undo, UndoInput, container_name,
    environment, write_record,
};
use crate::store::Scope;

/// Images of earlier releases that stay, for going back.
const KEEP_IMAGES: usize = 2;

/// Runs the workflow of the job's kind.
pub(super) async fn run(run: &JobRun) -> Result<Value> {
    let input = run.job.input.clone();
    match run.job.kind {
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
        JobKind::Repair => repair::run(run).await,
        JobKind::CreateServer | JobKind::DestroyServer => Err(super::servers::mismatch(&run.job)),
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
        inner.claim_domains(&run.scope, &spec.name, &spec.domains).await?;
        let ports = run.patiently(|| inner.reserve_ports(&run.scope, spec)).await?;
        deploy_claimed(run, spec, ports).await
    };
    let result = result.await;
    if result.as_ref().is_err_and(|error| error.kind() == ErrorKind::LeaseLost) {
        // Whoever has the job now holds them.
        return result;
    }
    // What the app answers at is what serves, not what was tried.
    let app = inner.find_app(&run.scope, &spec.name).await?.map(|(app, _)| app);
    let (domains, ports) =
        app.and_then(|app| Some((app.spec.domains, app.current?.ports))).unwrap_or_default();
    inner.release_domains(&run.scope, &spec.name, &domains).await?;
    inner.release_ports(&run.scope, &spec.name, &ports).await?;
    result
}

async fn deploy_claimed(run: &JobRun, spec: &AppSpec, ports: Vec<PublishedPort>) -> Result<Deployment> {
    let (app, version) = run.inner.find_or_create_app(&run.scope, spec).await?;
    if let Some(current) = app.current.as_ref().filter(|current| reserved_number(run) == Some(current.number))
    {
        // An earlier process let this release serve; what may be left is the old one.
        let deployment = deployment(run, &app, current, DeploymentState::Serving);
        return finish(run, spec, current, deployment).await;
    }
    // Found out before a build that may take minutes.
    run.unless_stopped(run.patiently(|| check_proxy_port(run))).await?;
    let made = make_image(run, spec).await?;
    // What the app says itself counts for this release; what is stored of the app stays its owner's.
    let wanted =
        made.preview.as_ref().and_then(|preview| preview.spec.clone()).unwrap_or_else(|| spec.clone());
    let port = port(&wanted, &made)?;
    let plan = made.preview.as_ref().map(|preview| &preview.plan);
    let health_path = wanted
        .health
        .path
        .clone()
        .or_else(|| plan.map(|p| p.health.path.clone()))
        .unwrap_or_else(|| "/".into());
    let env = plan.map(|plan| plan.env.clone()).unwrap_or_default();
    let writable = plan.map(|plan| plan.writable.clone()).unwrap_or_default();
    let volumes = plan.map_or_else(|| wanted.volumes.clone(), |plan| plan.all_volumes(&wanted.volumes));
    // A generated Dockerfile has the command already; an own one keeps its text.
    let command = plan.filter(|plan| plan.dockerfile.is_some()).and_then(|plan| plan.command.clone());
    // Found out before the release is, whose start would fail.
    let secrets = run.unless_stopped(run.secrets.fingerprints(wanted.secrets.values())).await?;
    // All that a container is made from, whatever its number and its host names.
    let config_digest = Digest::of_json(&json!({
        "image": made.info.id,
        "command": command,
        "port": port,
        "ports": ports,
        "planned_env": env,
        "volumes": volumes,
        "writable": writable,
        "env": wanted.env,
        "secrets": wanted.secrets,
        "values": secrets,
        "health": wanted.health,
        "resources": wanted.resources,
        "user": wanted.user,
    }));

    let config = ReleaseConfig {
        env: environment(&env, &wanted.env, port, &ports),
        secrets: wanted.secrets.clone(),
        command,
        volumes,
        writable,
        resources: wanted.resources.clone(),
        user: wanted.user,
    };

    run.unless_stopped(prepare_host(run)).await?;
    if let Some(deployment) = unchanged(run, &app, version, spec, &config_digest).await? {
        return Ok(deployment);
    }
    let release = Release {
        number: reserve_number(run, app.clone(), version).await?,
        image_id: made.info.id.clone(),
        image: made.name.clone(),
        source_digest: made.source_digest.clone(),
        config_digest,
        secrets,
        port,
        ports: ports.clone(),
        health_path,
        health: Some(wanted.health.clone()),
        detection: made.preview.as_ref().map(|preview| preview.detection.clone()),
        plan: made.preview.as_ref().map(|preview| preview.plan.clone()),
        config: Some(config.clone()),
        job: Some(run.cx.job.clone()),
        created_at: run.inner.clock.now(),
    };
    release_beside(run, app, spec, &wanted, made.info, config, release).await
}

/// Lets a new release serve in place of the one that does, if there is one.
async fn release_beside(
    run: &JobRun,
    app: App,
    spec: &AppSpec,
    wanted: &AppSpec,
    image: ImageInfo,
    config: ReleaseConfig,
    release: Release,
) -> Result<Deployment> {
    let backend = backend(&app.name, &release);
    let start = StartInput {
        app: app.name.clone(),
        // The old route stays as it was until the new release is healthy.
        route: route(&app.spec, serving_backend(&app), Some(backend.clone())),
        backend,
        image,
        config,
        ports: release.ports.clone(),
        record: write_record(&app.host, run.inner.owner_of(&app.name).await?.as_ref(), spec, &release),
    };
    let keep = app.current.as_ref().map(|current| container_name(&app.name, current.number));
    let displaced = displaced(run, &app, &release).await?;
    bring_up(run, wanted, &start, &release, keep, displaced).await?;
    let app = record(run, spec, release.clone()).await?;
    let deployment = deployment(run, &app, &release, DeploymentState::Serving);
    finish(run, spec, &release, deployment).await
}

/// Makes the serving release once more, from what is known of it, and lets it serve under a new number.
pub(super) async fn replace(run: &JobRun) -> Result<Deployment> {
    let (app, version, current) = serving(run).await?;
    if reserved_number(run) == Some(current.number) {
        // An earlier process let it serve; what may be left is the old one.
        let deployment = deployment(run, &app, &current, DeploymentState::Serving);
        let spec = app.spec.clone();
        return finish(run, &spec, &current, deployment).await;
    }
    let config = current.config.clone().ok_or_else(|| {
        Error::new(ErrorKind::Unsupported, "app.replace", "an earlier version of byop has made this release")
            .with_context("app", &app.name)
            .with_remedy("deploy the app again")
    })?;
    let image = run.cx.runtime.find_image(&current.image_id).await?.ok_or_else(|| {
        Error::not_found("app.replace", "the image of the release is gone")
            .with_context("app", &app.name)
            .with_context("image", &current.image)
            .with_remedy("deploy the app again")
    })?;
    let release = Release {
        number: reserve_number(run, app.clone(), version).await?,
        job: Some(run.cx.job.clone()),
        created_at: run.inner.clock.now(),
        ..current
    };
    let spec = app.spec.clone();
    release_beside(run, app, &spec, &spec, image, config, release).await
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
    let container = find(run, &container_name(&app.name, old.number)).await?;
    Ok(container.map(|container| container.name))
}

async fn find(run: &JobRun, container: &str) -> Result<Option<ContainerInfo>> {
    run.patiently(|| run.cx.runtime.find_container(container)).await
}

/// Starts the new release, beside the old one or in place of a displaced one, and lets it serve once it is healthy;
/// takes it back when that fails.
async fn bring_up(
    run: &JobRun,
    wanted: &AppSpec,
    start: &StartInput,
    release: &Release,
    keep: Option<String>,
    displaced: Option<String>,
) -> Result<()> {
    let undo = UndoInput {
        container: start.backend.container.clone(),
        keep,
        route: Route { candidate: None, ..start.route.clone() },
        restart: displaced.clone(),
    };
    let gate = GateInput {
        route: start.route.clone(),
        backend: start.backend.clone(),
        health: gate_health(wanted, release),
        host: probe_host(wanted),
        path: release.health_path.clone(),
    };
    let result = async {
        if let Some(reason) = run.reason_for(&Undo, &undo) {
            return Err(reason);
        }
        if let Some(container) = displaced {
            // Not to be cancelled half-way: the host would go on stopping what has just been started again.
            run.uninterrupted(&Stop, &StopInput { container, grace_seconds: 10 }).await?;
        }
        run.step(&Start, start).await?;
        run.step(&Gate, &gate).await?;
        // From here on it is too late to cancel: requests go to the new release.
        run.always(&Switch, &route(wanted, Some(start.backend.clone()), None)).await
    };
    match result.await {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::LeaseLost => Err(error),
        Err(error) => {
            if let Err(second) = run.uninterrupted(&Undo, &undo).await {
                run.cx.warn(format!("the failed release could not be removed: {second}")).await;
            }
            Err(error)
        }
    }
}

/// Tells that the release serves, and lets the earlier ones go.
async fn finish(
    run: &JobRun,
    spec: &AppSpec,
    release: &Release,
    deployment: Deployment,
) -> Result<Deployment> {
    run.cx.events.emit(EventBody::Deployed(deployment.clone())).await;
    let retire = RetireInput {
        keep: deployment.container.clone(),
        drain_seconds: spec.routing.drain_seconds,
        keep_images: KEEP_IMAGES,
        image_id: release.image_id.clone(),
    };
    match run.uninterrupted(&Retire, &retire).await {
        Err(error) if error.kind() == ErrorKind::LeaseLost => return Err(error),
        // The new release serves all the same; the next deployment tries again.
        Err(error) => run.cx.warn(format!("earlier releases could not be removed: {error}")).await,
        Ok(_) => {}
    }
    Ok(deployment)
}

/// Sends requests where they belong now.
pub(super) async fn send(run: &JobRun) -> Result<()> {
    let (app, _) = run.inner.load_app(&run.scope, &run.cx.app).await?;
    run.always(&Switch, &route(&app.spec, serving_backend(&app), None)).await
}

async fn make_image(run: &JobRun, spec: &AppSpec) -> Result<Made> {
    if let Source::Image(name) = &spec.source {
        let info = run.unless_stopped(run.patiently(|| run.cx.runtime.ensure_image(name))).await?;
        return Ok(Made { name: name.to_string(), info, preview: None, source_digest: None });
    }
    let builder = run.patiently(|| run.cx.runtime.info()).await?.builder;
    let fetch = FetchInput { source: spec.source.clone() };
    let mut source = run.step(&Fetch, &fetch).await?;
    if run.is_done(&Fetch, &fetch) && !source.root.is_dir() {
        // Unpacked by an earlier process into a folder that is gone.
        source = run.again(&Fetch, &fetch).await?;
    }
    let prepare = PrepareInput { source: source.clone(), spec: spec.clone(), builder };
    let preview = run.step(&Prepare, &prepare).await?;
    let build = BuildInput {
        root: source.root.join(&preview.plan.context),
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
    let container = find(run, &backend.container).await?;
    let runs = container.is_some_and(|c| {
        c.state == ContainerState::Running && c.healthy != Some(false) && c.image_id == current.image_id
    });
    if !runs {
        return Ok(None);
    }
    run.always(&Switch, &route(spec, Some(backend), None)).await?;
    let mut app = app.clone();
    app.spec = spec.clone();
    app.wanted = AppState::Running;
    run.inner.save_app(&run.scope, &mut app, version).await?;
    let deployment = deployment(run, &app, current, DeploymentState::Unchanged);
    // A job that was broken off may have left something behind.
    finish(run, spec, current, deployment).await.map(Some)
}

const RESERVE: &str = "reserve";

/// The release number that this job has taken.
pub(super) fn reserved_number(run: &JobRun) -> Option<u64> {
    run.recorded.get(RESERVE)?.output.as_ref()?.as_u64()
}

/// Takes the next release number. Taken by this job before: the same one again.
async fn reserve_number(run: &JobRun, mut app: App, version: u64) -> Result<u64> {
    let reserved = reserved_number(run);
    let number = reserved.unwrap_or(app.next_release);
    if reserved.is_none() {
        let now = run.inner.clock.now();
        let mut record = StepRecord::intent(run.job.id.clone(), RESERVE, RESERVE, now);
        record.state = StepState::Done;
        record.output = Some(json!(number));
        record.finished_at = Some(now);
        run.inner.store.put_step(&run.lease, &record).await?;
    }
    if app.next_release <= number {
        app.next_release = number + 1;
        run.inner.save_app(&run.scope, &mut app, version).await?;
    }
    Ok(number)
}

/// Writes that the release serves.
async fn record(run: &JobRun, spec: &AppSpec, release: Release) -> Result<App> {
    let (mut app, version) = run.inner.load_app(&run.scope, &spec.name).await?;
    app.spec = spec.clone();
    app.wanted = AppState::Running;
    app.current = Some(release);
    run.inner.save_app(&run.scope, &mut app, version).await?;
    Ok(app)
}

fn deployment(run: &JobRun, app: &App, release: &Release, state: DeploymentState) -> Deployment {
    Deployment {
        app: app.name.clone(),
        host: app.host.clone(),
        release: release.number,
        container: container_name(&app.name, release.number),
        state,
        url: app.spec.domains.first().map(|domain| run.cx.ingress.url(domain)),
    }
}

/// The serving release of an app that has one.
async fn serving(run: &JobRun) -> Result<(App, u64, Release)> {
    let (app, version) = run.inner.load_app(&run.scope, &run.cx.app).await?;
    let release = app.current.clone().ok_or_else(|| {
        Error::not_found("app.container", "no release of this app has come to serve yet")
            .with_context("app", &app.name)
            .with_remedy("deploy it first")
    })?;
    Ok((app, version, release))
}

pub(super) async fn stop(run: &JobRun) -> Result<Value> {
    let (mut app, version, release) = serving(run).await?;
    app.wanted = AppState::Stopped;
    run.inner.save_app(&run.scope, &mut app, version).await?;
    take_down(run, &app, &release).await?;
    Ok(json!({}))
}

async fn take_down(run: &JobRun, app: &App, release: &Release) -> Result<()> {
    let switched = run.uninterrupted(&Switch, &route(&app.spec, None, None)).await;
    leave_proxy(run, switched).await?;
    run.uninterrupted(&Stop, &stop_input(app, release)).await
}

/// Takes down what was about to start, whatever the journal says: a restart has been through here before.
async fn take_down_again(run: &JobRun, app: &App, release: &Release) -> Result<()> {
    let switched = run.always(&Switch, &route(&app.spec, None, None)).await;
    leave_proxy(run, switched).await?;
    run.always(&Stop, &stop_input(app, release)).await
}

/// A proxy that does not run sends nobody anywhere; the next start of it is told.
async fn leave_proxy(run: &JobRun, switched: Result<()>) -> Result<()> {
    match switched {
        Err(error) if error.kind() == ErrorKind::Unavailable => {
            let runtime = run.cx.runtime.as_ref();
            run.patiently(|| run.cx.ingress.delete_route(runtime, &run.cx.app)).await
        }
        other => other,
    }
}

fn stop_input(app: &App, release: &Release) -> StopInput {
    StopInput { container: container_name(&app.name, release.number), grace_seconds: 10 }
}

pub(super) async fn start(run: &JobRun) -> Result<Value> {
    let (app, _, release) = serving(run).await?;
    run.unless_stopped(prepare_host(run)).await?;
    let backend = backend(&app.name, &release);
    let container = find(run, &backend.container).await?;
    let runs = container.is_some_and(|container| container.state == ContainerState::Running);
    if let Some(serving) = serving_backend(&app).filter(|_| runs) {
        // It serves already: not one request goes elsewhere meanwhile.
        run.always(&Switch, &route(&app.spec, Some(serving), None)).await?;
        return Ok(json!({}));
    }
    let candidate = route(&app.spec, None, Some(backend.clone()));
    let gate = GateInput {
        route: candidate.clone(),
        backend: backend.clone(),
        health: gate_health(&app.spec, &release),
        host: probe_host(&app.spec),
        path: release.health_path.clone(),
    };
    let result = async {
        run.patiently(|| run.cx.runtime.start_container(&backend.container)).await?;
        run.step(&Switch, &candidate).await?;
        run.step(&Gate, &gate).await?;
        run.always(&Switch, &route(&app.spec, Some(backend.clone()), None)).await
    };
    match result.await {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::LeaseLost => return Err(error),
        Err(error) => {
            if let Err(second) = take_down_again(run, &app, &release).await {
                run.cx.warn(format!("the app could not be stopped again: {second}")).await;
            }
            return Err(error);
        }
    }
    let (mut app, version) = run.inner.load_app(&run.scope, &run.cx.app).await?;
    app.wanted = AppState::Running;
    run.inner.save_app(&run.scope, &mut app, version).await?;
    Ok(json!({}))
}

async fn remove(run: &JobRun, data: Data) -> Result<Value> {
    run.uninterrupted(&Remove, &RemoveInput { data }).await?;
    // Removed by an earlier process already: nothing is left to do.
    let Some((app, _)) = run.inner.find_app(&run.scope, &run.cx.app).await? else { return Ok(json!({})) };
    // No app comes to the host between the question and the answer to it.
    run.patiently(|| run.inner.with_host(&app.host, leave_host(run, &app))).await?;
    Ok(json!({}))
}

/// The last app of a host takes the proxy with it.
async fn leave_host(run: &JobRun, app: &App) -> Result<()> {
    let others = run.inner.all_apps(&Scope::Platform).await?;
    if others.iter().all(|other| other.host != app.host || other.name == app.name) {
        run.cx.ingress.remove(run.cx.runtime.as_ref()).await?;
        run.inner.forget_proxy(&app.host).await?;
    }
    run.inner.delete_app(&run.scope, app).await
}
