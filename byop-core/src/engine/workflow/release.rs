//! One release in place of another: numbered, started beside it, switched to, and written down.

use serde_json::json;

use super::gate::{gate_input, pass_gate, take_back};
use crate::engine::job_run::JobRun;
use crate::engine::route::{backend, route, serving_backend};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{
    App, AppSpec, AppState, ContainerInfo, Deployment, DeploymentState, EventBody, ImageInfo, PublishedPort,
    Release, Route, StepRecord, StepState,
};
use crate::runtime::ContainerRuntimeExt;
use crate::stage::{
    Retire, RetireInput, Stage as _, Start, StartInput, Stop, StopInput, Switch, Undo, UndoInput,
    container_name, write_record,
};

/// What a deployment comes to once its image is there.
pub(super) enum Next {
    Unchanged(Deployment),
    BringUp(Box<BringUp>),
}

/// A release that is about to start.
pub(super) struct BringUp {
    start: StartInput,
    release: Release,
    /// The spec with what the app says itself.
    wanted: AppSpec,
    displaced: Option<String>,
}

/// Says how a new release starts beside the one that serves, if there is one.
pub(super) async fn beside(
    run: &JobRun,
    app: &App,
    spec: &AppSpec,
    wanted: AppSpec,
    image: ImageInfo,
    release: Release,
) -> Result<Next> {
    let backend = backend(&app.name, &release);
    let start = StartInput {
        app: app.name.clone(),
        // The old route stays as it was until the new release is healthy.
        route: route(&app.spec, serving_backend(app), Some(backend.clone())),
        backend,
        image,
        config: release.config.clone().unwrap_or_default(),
        ports: release.ports.clone(),
        record: write_record(&app.host, run.inner.owner_of(&run.job.subject).await?.as_ref(), spec, &release),
    };
    let displaced = displaced(run, app, &release).await?;
    Ok(Next::BringUp(Box::new(BringUp { start, release, wanted, displaced })))
}

/// Lets a release serve, and lets the earlier ones go.
pub(super) async fn serve(run: &JobRun, spec: &AppSpec, app: &App, next: Next) -> Result<Deployment> {
    let next = match next {
        Next::Unchanged(deployment) => return Ok(deployment),
        Next::BringUp(next) => next,
    };
    let BringUp { start, release, wanted, displaced } = *next;
    bring_up(run, app, &wanted, &start, &release, displaced).await?;
    let app = record(run, spec, wanted, release.clone()).await?;
    let deployment = deployment(run, &app, &release, DeploymentState::Serving);
    finish(run, spec, &release, deployment).await
}

/// Takes back what an earlier process may have started, when this one does not come as far.
pub(super) async fn take_back_earlier(run: &JobRun, app: &App) {
    let Some(number) = reserved_number(run) else { return };
    let keep = app.current.as_ref().map(|current| container_name(&app.name, current.number));
    let was_stopped = run.recorded.values().any(|step| step.stage == Stop::NAME);
    let undo = UndoInput {
        container: container_name(&app.name, number),
        restart: keep.clone().filter(|_| was_stopped && app.wanted == AppState::Running),
        keep,
        route: route(&app.spec, serving_backend(app), None),
    };
    take_back(run, app, &undo).await;
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

pub(super) async fn find(run: &JobRun, container: &str) -> Result<Option<ContainerInfo>> {
    run.patiently(|| run.cx.runtime.find_container(container)).await
}

/// Starts the new release, beside the old one or in place of a displaced one, and lets it serve once it is healthy;
/// takes it back when that fails.
async fn bring_up(
    run: &JobRun,
    app: &App,
    wanted: &AppSpec,
    start: &StartInput,
    release: &Release,
    displaced: Option<String>,
) -> Result<()> {
    let undo = UndoInput {
        container: start.backend.container.clone(),
        keep: app.current.as_ref().map(|current| container_name(&app.name, current.number)),
        route: Route { candidate: None, ..start.route.clone() },
        restart: displaced.clone(),
    };
    let gate = gate_input(wanted, release, &start.backend, start.route.clone());
    let result = async {
        if let Some(reason) = run.reason_for(&Undo, &undo) {
            return Err(reason);
        }
        if let Some(container) = displaced {
            // Not to be cancelled half-way: the host would go on stopping what has just been started again.
            run.uninterrupted(&Stop, &StopInput { container, grace_seconds: 10 }).await?;
        }
        run.step(&Start, start).await?;
        pass_gate(run, &gate).await?;
        // From here on it is too late to cancel: requests go to the new release.
        run.always(&Switch, &route(wanted, Some(start.backend.clone()), None)).await
    };
    match result.await {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::LeaseLost => Err(error),
        Err(error) => {
            take_back(run, app, &undo).await;
            Err(error)
        }
    }
}

/// Tells that the release serves, and lets the earlier ones go as far as the retention says.
pub(super) async fn finish(
    run: &JobRun,
    spec: &AppSpec,
    release: &Release,
    deployment: Deployment,
) -> Result<Deployment> {
    run.cx.events.emit(EventBody::Deployed(deployment.clone())).await;
    let retention = &run.inner.retention;
    let needed = run.inner.previous_release(&run.scope, &run.cx.app, release.number).await?;
    let retire = RetireInput {
        keep: deployment.container.clone(),
        drain_seconds: spec.routing.drain_seconds,
        keep_images: retention.images,
        keep_image_bytes: retention.image_bytes,
        image_id: release.image_id.clone(),
        needed_image_id: needed.map(|needed| needed.release.image_id),
    };
    match run.uninterrupted(&Retire, &retire).await {
        Err(error) if error.kind() == ErrorKind::LeaseLost => return Err(error),
        // The new release serves all the same; the next deployment tries again.
        Err(error) => run.cx.warn(format!("earlier releases could not be removed: {error}")).await,
        Ok(_) => {}
    }
    run.journal.settle().await?;
    if let Err(error) = run.inner.prune(&run.scope, &run.cx.app).await {
        run.cx.warn(format!("the past could not be let go of: {error}")).await;
    }
    Ok(deployment)
}

const RESERVE: &str = "reserve";

/// The release number that this job has taken.
pub(in crate::engine) fn reserved_number(run: &JobRun) -> Option<u64> {
    run.recorded.get(RESERVE)?.output.as_ref()?.as_u64()
}

/// Takes the next release number. Taken by this job before: the same one again.
pub(super) async fn reserve_number(run: &JobRun, mut app: App, version: u64) -> Result<u64> {
    let reserved = reserved_number(run);
    let number = reserved.unwrap_or(app.next_release);
    if reserved.is_none() {
        let now = run.inner.clock.now();
        let mut record = StepRecord::intent(run.job.id.clone(), RESERVE, RESERVE, now);
        record.state = StepState::Done;
        record.output = Some(json!(number));
        record.finished_at = Some(now);
        run.journal.write(&record).await?;
    }
    if app.next_release <= number {
        app.next_release = number + 1;
        run.inner.save_app(&run.scope, &mut app, version).await?;
    }
    Ok(number)
}

/// Writes that the release serves.
async fn record(run: &JobRun, spec: &AppSpec, wanted: AppSpec, release: Release) -> Result<App> {
    run.journal.settle().await?;
    // Before it is the serving one: that one can always be gone back to.
    run.inner.put_release(&run.scope, spec, wanted, &release).await?;
    let (mut app, version) = run.inner.load_app(&run.scope, &spec.name).await?;
    app.spec = spec.clone();
    app.wanted = AppState::Running;
    app.current = Some(release);
    run.inner.save_app(&run.scope, &mut app, version).await?;
    Ok(app)
}

pub(super) fn deployment(run: &JobRun, app: &App, release: &Release, state: DeploymentState) -> Deployment {
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
pub(super) async fn serving(run: &JobRun) -> Result<(App, u64, Release)> {
    let (app, version) = run.inner.load_app(&run.scope, &run.cx.app).await?;
    let release = app.current.clone().ok_or_else(|| {
        Error::not_found("app.container", "no release of this app has come to serve yet")
            .with_context("app", &app.name)
            .with_remedy("deploy it first")
    })?;
    Ok((app, version, release))
}
