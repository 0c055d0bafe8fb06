//! Stopping an app and starting it again.

use serde_json::{Value, json};

use super::gate::{gate_input, pass_gate};
use super::release::{find, serving};
use crate::engine::job_run::JobRun;
use crate::engine::proxy::prepare_host;
use crate::engine::route::{backend, route, serving_backend};
use crate::error::{ErrorKind, Result};
use crate::model::{App, AppState, ContainerState, Release};
use crate::stage::{Stop, StopInput, Switch, container_name};

pub(in crate::engine) async fn stop(run: &JobRun) -> Result<Value> {
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

pub(in crate::engine) async fn start(run: &JobRun) -> Result<Value> {
    let (app, _, release) = serving(run).await?;
    let backend = backend(&app.name, &release);
    let serves = route(&app.spec, Some(backend.clone()), None);
    let candidate = route(&app.spec, None, Some(backend.clone()));
    let gate = gate_input(&app.spec, &release, &backend, candidate.clone());
    // An app that is to be stopped may have been started by an earlier process.
    let mut is_touched = app.wanted != AppState::Running;
    let result = async {
        run.unless_stopped(prepare_host(run)).await?;
        let container = find(run, &backend.container).await?;
        if !is_touched && container.is_some_and(|container| container.state == ContainerState::Running) {
            // It serves already: not one request goes elsewhere meanwhile.
            return run.always(&Switch, &serves).await;
        }
        is_touched = true;
        run.patiently(|| run.cx.runtime.start_container(&backend.container)).await?;
        run.step(&Switch, &candidate).await?;
        pass_gate(run, &gate).await?;
        run.always(&Switch, &serves).await
    };
    match result.await {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::LeaseLost => return Err(error),
        Err(error) => {
            if is_touched && let Err(second) = take_down_again(run, &app, &release).await {
                run.cx.warn(format!("the app could not be stopped again: {second}")).await;
            }
            return Err(error);
        }
    }
    run.journal.settle().await?;
    let (mut app, version) = run.inner.load_app(&run.scope, &run.cx.app).await?;
    app.wanted = AppState::Running;
    run.inner.save_app(&run.scope, &mut app, version).await?;
    Ok(json!({}))
}

/// Sends requests where they belong now.
pub(in crate::engine) async fn send(run: &JobRun) -> Result<()> {
    let (app, _) = run.inner.load_app(&run.scope, &run.cx.app).await?;
    run.always(&Switch, &route(&app.spec, serving_backend(&app), None)).await
}
