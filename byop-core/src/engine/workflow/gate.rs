//! Waiting for the health of a release.

use crate::engine::job_run::JobRun;
use crate::engine::route::{backend, gate_health, probe_host, route};
use crate::error::{ErrorKind, Result};
use crate::model::{App, AppSpec, Backend, Release, Route};
use crate::stage::{Gate, GateInput, Switch, Undo, UndoInput};

/// How often the proxy is told again of a release that it has forgotten.
const REMINDERS: u32 = 5;

pub(super) fn gate_input(spec: &AppSpec, release: &Release, backend: &Backend, route: Route) -> GateInput {
    GateInput {
        route,
        backend: backend.clone(),
        health: gate_health(spec, release),
        host: probe_host(spec),
        path: release.health_path.clone(),
    }
}

/// Waits for the health of a release; a proxy that was started anew meanwhile is told of it again.
pub(super) async fn pass_gate(run: &JobRun, gate: &GateInput) -> Result<()> {
    for _ in 0..REMINDERS {
        match run.step(&Gate, gate).await {
            Err(error) if error.kind() == ErrorKind::NotFound && error.operation() == "ingress.probe" => {
                run.always(&Switch, &gate.route).await?;
            }
            other => return other.map(drop),
        }
    }
    run.step(&Gate, gate).await.map(drop)
}

/// Takes back a release that did not come to serve, and waits until the old one serves again where it had to stop.
pub(super) async fn take_back(run: &JobRun, app: &App, undo: &UndoInput) {
    let result = async {
        run.uninterrupted(&Undo, undo).await?;
        let Some(current) = app.current.as_ref().filter(|_| undo.restart.is_some()) else { return Ok(()) };
        let old = backend(&app.name, current);
        let probed = route(&app.spec, Some(old.clone()), Some(old.clone()));
        run.always(&Switch, &probed).await?;
        let healthy = run.uninterrupted(&Gate, &gate_input(&app.spec, current, &old, probed)).await;
        run.always(&Switch, &undo.route).await?;
        healthy.map(drop)
    };
    if let Err(second) = result.await {
        run.cx.warn(format!("the failed release could not be taken back: {second}")).await;
    }
}
