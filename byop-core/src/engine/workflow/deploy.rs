//! From an app's spec to a release that serves.

use serde_json::json;

use super::release::{
    Next, beside, deployment, find, finish, reserve_number, reserved_number, serve, take_back_earlier,
};
use crate::digest::Digest;
use crate::engine::job_run::JobRun;
use crate::engine::proxy::{check_proxy_port, prepare_host};
use crate::engine::route::{backend, route};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{
    App, AppSpec, AppState, Component, ContainerState, Deployment, DeploymentState, EnvName, ImageInfo,
    ImageRef, Plan, Preview, PublishedPort, Release, ReleaseConfig, Source,
};
use crate::runtime::ContainerRuntimeExt;
use crate::stage::{Build, BuildInput, Fetch, FetchInput, Prepare, PrepareInput, Switch, environment};

/// The image of a release and what is known of its making.
struct Made {
    name: String,
    info: ImageInfo,
    preview: Option<Preview>,
    source_digest: Option<Digest>,
}

pub(super) async fn deploy(run: &JobRun, spec: &AppSpec) -> Result<Deployment> {
    with_claims(run, spec, |ports| deploy_claimed(run, spec, ports)).await
}

/// Does something with the host names and ports that a spec asks for; afterwards the app has those of what serves.
pub(super) async fn with_claims<F>(
    run: &JobRun,
    spec: &AppSpec,
    work: impl FnOnce(Vec<PublishedPort>) -> F,
) -> Result<Deployment>
where
    F: Future<Output = Result<Deployment>>,
{
    let inner = &run.inner;
    let result = async {
        inner.claim_domains(&run.scope, &spec.name, &spec.domains).await?;
        let ports = run.patiently(|| inner.reserve_ports(&run.scope, spec)).await?;
        work(ports).await
    };
    let result = result.await;
    if result.as_ref().is_err_and(|error| error.kind() == ErrorKind::LeaseLost) {
        // Whoever has the job now holds them.
        return result;
    }
    run.journal.settle().await?;
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
    match make_release(run, spec, ports, &app, version).await {
        Err(error) if error.kind() == ErrorKind::LeaseLost => Err(error),
        Err(error) => {
            take_back_earlier(run, &app).await;
            Err(error)
        }
        Ok(next) => serve(run, spec, &app, next).await,
    }
}

async fn make_release(
    run: &JobRun,
    spec: &AppSpec,
    ports: Vec<PublishedPort>,
    app: &App,
    version: u64,
) -> Result<Next> {
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
    if let Some(deployment) = unchanged(run, app, version, spec, &config_digest).await? {
        return Ok(Next::Unchanged(deployment));
    }
    for warning in not_started(&wanted, plan) {
        run.cx.warn(warning).await;
    }
    let release = Release {
        number: reserve_number(run, app.clone(), version).await?,
        image_id: made.info.id.clone(),
        image: made.name.clone(),
        source_digest: made.source_digest.clone(),
        config_digest,
        secret_versions: secrets,
        port,
        ports: ports.clone(),
        health_path,
        health: Some(wanted.health.clone()),
        detection: made.preview.as_ref().map(|preview| preview.detection.clone()),
        plan: made.preview.as_ref().map(|preview| preview.plan.clone()),
        config: Some(config),
        job: Some(run.cx.job.clone()),
        created_at: run.inner.clock.now(),
    };
    beside(run, app, spec, wanted, made.info, release).await
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

/// What belongs to the app and does not run, because a release is its web process alone.
fn not_started(spec: &AppSpec, plan: Option<&Plan>) -> Vec<String> {
    let mut texts: Vec<String> = Component::workers(spec, plan)
        .into_keys()
        .map(|name| format!("the process `{name}` is not started: a deployment runs the web process only"))
        .collect();
    for kind in Component::addons(spec, plan) {
        let needs = plan.iter().flat_map(|plan| &plan.addons).filter(|need| need.kind == kind);
        let variable = needs.filter_map(|need| need.env.as_deref()).next();
        let mut given = spec.env.keys().chain(spec.secrets.keys()).map(EnvName::as_str);
        if variable.is_none_or(|name| !given.any(|each| each == name)) {
            let how = variable.map(|name| format!(", and set {name} to its address")).unwrap_or_default();
            texts.push(format!("the add-on `{kind}` is not started: run it beside the app{how}"));
        }
    }
    texts
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
    run.journal.settle().await?;
    run.inner.save_app(&run.scope, &mut app, version).await?;
    let deployment = deployment(run, &app, current, DeploymentState::Unchanged);
    // A job that was broken off may have left something behind.
    finish(run, spec, current, deployment).await.map(Some)
}
