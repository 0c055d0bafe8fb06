//! The proxy of a host: started for its first app, told of the others.

use super::job_run::JobRun;
use super::route::{route, serving_backend};
use crate::error::{ErrorKind, Result};
use crate::host;
use crate::ingress::Prepared;
use crate::model::{App, AppName};
use crate::stage::network_name;
use crate::store::Scope;

pub(super) async fn check_proxy_port(run: &JobRun) -> Result<()> {
    let ingress = &run.cx.ingress;
    host::check_port(run.cx.runtime.as_ref(), ingress.http_port(), &ingress.container()).await
}

/// Makes sure that the proxy runs. One that was started now is told of every app that serves on its host, and so is one
/// whose starter ended before it had told all.
pub(super) async fn prepare_host(run: &JobRun) -> Result<()> {
    let (runtime, ingress) = (run.cx.runtime.as_ref(), &run.cx.ingress);
    let host = run.inner.host_of(&run.cx.app).await?;
    if run.inner.is_routed(&host).await? && ingress.is_running(runtime).await? {
        return Ok(());
    }
    // Two first apps at once must not start the proxy twice.
    run.patiently(|| run.inner.with_host(&host, prepare_proxy(run, &host))).await
}

/// Makes the proxy anew. It keeps its volume, and so its routes.
pub(super) async fn replace_proxy(run: &JobRun) -> Result<()> {
    let host = run.inner.host_of(&run.cx.app).await?;
    let remade = async {
        run.inner.set_routed(&host, false).await?;
        run.cx.runtime.remove_container(&run.cx.ingress.container()).await?;
        prepare_proxy(run, &host).await
    };
    run.inner.with_host(&host, remade).await
}

async fn prepare_proxy(run: &JobRun, host: &str) -> Result<()> {
    let routed = run.inner.is_routed(host).await?;
    run.inner.set_routed(host, false).await?;
    check_proxy_port(run).await?;
    if run.cx.ingress.prepare(run.cx.runtime.as_ref()).await? == Prepared::Started || !routed {
        for app in run.inner.all_apps(&Scope::Platform).await?.iter().filter(|app| app.host == host) {
            tell_proxy(run, &app.name).await?;
        }
    }
    run.inner.set_routed(host, true).await
}

/// Tells the proxy of an app of the host, at which another job may be at work.
async fn tell_proxy(run: &JobRun, name: &AppName) -> Result<()> {
    let (runtime, ingress) = (run.cx.runtime.as_ref(), &run.cx.ingress);
    let serving = |app: Option<(App, u64)>| app.filter(|(app, _)| serving_backend(app).is_some());
    if run.inner.find_app(&Scope::Platform, name).await?.is_none_or(|(app, _)| app.current.is_none()) {
        return Ok(());
    }
    match ingress.join_network(runtime, &network_name(name)).await {
        // An app whose network was taken away must not keep all others from being deployed.
        Err(error) if error.kind() == ErrorKind::NotFound => {
            run.cx.warn(format!("the app {name} cannot be reached: {error}")).await;
            return Ok(());
        }
        other => other?,
    }
    let Some((app, _)) = serving(run.inner.find_app(&Scope::Platform, name).await?) else { return Ok(()) };
    let is_set = ingress.restore_route(runtime, &route(&app.spec, serving_backend(&app), None)).await?;
    // Stopped or removed meanwhile, and perhaps taken off the proxy before it was put there again. What stops an app
    // says so first.
    if is_set && serving(run.inner.find_app(&Scope::Platform, name).await?).is_none() {
        ingress.delete_route(runtime, name).await?;
    }
    Ok(())
}
