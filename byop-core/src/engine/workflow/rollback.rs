//! Releases that are made once more: the serving one, or an earlier one.

use super::deploy::with_claims;
use super::release::{
    beside, deployment, finish, reserve_number, reserved_number, serve, serving, take_back_earlier,
};
use crate::digest::Digest;
use crate::engine::job_run::JobRun;
use crate::engine::proxy::prepare_host;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{App, AppSpec, Deployment, DeploymentState, PublishedPort, Release, ReleaseRecord};
use crate::runtime::ContainerRuntimeExt;

/// Makes the serving release once more, from what is known of it, and lets it serve under a new number.
pub(in crate::engine) async fn replace(run: &JobRun) -> Result<Deployment> {
    let (app, version, current) = serving(run).await?;
    let spec = app.spec.clone();
    let record = run.inner.find_release(&run.scope, &app.name, current.number).await?;
    let wanted = record.map_or_else(|| spec.clone(), |record| record.wanted);
    once_more(run, app, version, current, &spec, wanted).await
}

/// Lets an earlier release serve again, under a new number.
pub(super) async fn rollback(run: &JobRun, to: u64) -> Result<Deployment> {
    let (_, _, current) = serving(run).await?;
    // Done by an earlier process, after which the retention may have let go of the one that it came from.
    let to = if reserved_number(run) == Some(current.number) { current.number } else { to };
    let record = run.inner.get_release(&run.scope, &run.cx.app, to).await?;
    let spec = record.spec.clone();
    with_claims(run, &spec, |ports| rollback_claimed(run, record, ports)).await
}

async fn rollback_claimed(
    run: &JobRun,
    record: ReleaseRecord,
    ports: Vec<PublishedPort>,
) -> Result<Deployment> {
    let (app, version, _) = serving(run).await?;
    let ReleaseRecord { mut release, spec, wanted } = record;
    let secrets = run.unless_stopped(run.secrets.fingerprints(wanted.secrets.values())).await?;
    if let Some(config) = &mut release.config {
        config.env.extend(ports.iter().map(|port| (port.variable(), port.host_port.to_string())));
    }
    if ports != release.ports || secrets != release.secret_versions {
        // What its container is made from is not what it was.
        release.config_digest = Digest::of_json(&(&release.config_digest, &ports, &secrets));
        (release.ports, release.secret_versions) = (ports, secrets);
    }
    once_more(run, app, version, release, &spec, wanted).await
}

async fn once_more(
    run: &JobRun,
    app: App,
    version: u64,
    release: Release,
    spec: &AppSpec,
    wanted: AppSpec,
) -> Result<Deployment> {
    if let Some(current) = app.current.as_ref().filter(|current| reserved_number(run) == Some(current.number))
    {
        // An earlier process let it serve; what may be left is the old one.
        let deployment = deployment(run, &app, current, DeploymentState::Serving);
        return finish(run, spec, current, deployment).await;
    }
    let next = async {
        if release.config.is_none() {
            return Err(no_config(&app));
        }
        run.unless_stopped(prepare_host(run)).await?;
        let image = run.patiently(|| run.cx.runtime.find_image(&release.image_id)).await?;
        let image = image.ok_or_else(|| image_is_gone(&app, &release))?;
        let release = Release {
            number: reserve_number(run, app.clone(), version).await?,
            job: Some(run.cx.job.clone()),
            created_at: run.inner.clock.now(),
            ..release
        };
        beside(run, &app, spec, wanted, image, release).await
    };
    match next.await {
        Err(error) if error.kind() == ErrorKind::LeaseLost => Err(error),
        Err(error) => {
            take_back_earlier(run, &app).await;
            Err(error)
        }
        Ok(next) => serve(run, spec, &app, next).await,
    }
}

fn no_config(app: &App) -> Error {
    Error::new(ErrorKind::Unsupported, "app.replace", "an earlier version of byop has made this release")
        .with_context("app", &app.name)
        .with_remedy("deploy the app again")
}

fn image_is_gone(app: &App, release: &Release) -> Error {
    Error::not_found("app.replace", "the image of the release is gone")
        .with_context("app", &app.name)
        .with_context("release", release.number)
        .with_context("image", &release.image)
        .with_remedy("deploy the app again, or let the retention keep more images")
}
