//! Removing an app.

use serde_json::{Value, json};

use crate::engine::job_run::JobRun;
use crate::error::Result;
use crate::model::App;
use crate::stage::{Data, Remove, RemoveInput};
use crate::store::Scope;

pub(super) async fn remove(run: &JobRun, data: Data) -> Result<Value> {
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
