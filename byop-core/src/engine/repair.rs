//! Makes an app what the store says it is.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::job_run::JobRun;
use super::{proxy, workflow};
use crate::error::Result;
use crate::model::{
    Drift, DriftFilter, DriftKind, DriftReport, EventBody, ImageRef, RepairReport, RepairStep,
};
use crate::stage::network_name;
use crate::store::Scope;

/// Compares, does what the findings ask for, and compares again.
pub(super) async fn run(run: &JobRun) -> Result<Value> {
    let app = &run.cx.app;
    let before = compare(run, &Scope::Platform).await?;
    // The owner of the job is told what is the owner's to know.
    let told = if run.scope.client().is_some() { compare(run, &run.scope).await? } else { before.clone() };
    for drift in &told.findings {
        let Drift { kind, object, expected, found, .. } = drift;
        let message = format!("{kind:?}: {object}: {found}, where there should be: {expected}");
        run.cx.events.emit(EventBody::Warning { message }).await;
    }
    let mut steps = before.plan(app);
    // A container that an earlier process began to make is the first thing to see through.
    if workflow::reserved_number(run).is_some() && !steps.contains(&RepairStep::Replace) {
        steps.retain(|step| *step != RepairStep::RemoveCopies);
        steps.push(RepairStep::Replace);
        steps.sort_unstable();
    }
    let mut done = Vec::new();
    for step in steps {
        // Requests to all apps of the host fail meanwhile: that is not for one of its clients to decide.
        let is_others = step == RepairStep::ReplaceProxy && run.scope.client().is_some();
        if is_others || matches!(step, RepairStep::Deploy | RepairStep::Decide) {
            continue;
        }
        take(run, step, &before).await?;
        done.push(step);
    }
    let left = compare(run, &run.scope).await?.findings;
    Ok(json!(RepairReport { done, left }))
}

async fn compare(run: &JobRun, scope: &Scope) -> Result<DriftReport> {
    let filter = DriftFilter::all().with_app(run.cx.app.clone());
    // The job that works on it is this one.
    run.unless_stopped(run.inner.drift_but(scope, &filter, &BTreeSet::new())).await
}

async fn take(run: &JobRun, step: RepairStep, before: &DriftReport) -> Result<()> {
    let (runtime, ingress, name) = (run.cx.runtime.as_ref(), run.cx.ingress.as_ref(), &run.cx.app);
    run.journal.settle().await?;
    match step {
        RepairStep::ReplaceProxy => {
            proxy::replace_proxy(run).await?;
        }
        RepairStep::StartProxy => run.unless_stopped(proxy::prepare_host(run)).await?,
        RepairStep::NameImage => {
            let (app, _) = run.inner.load_app(&run.scope, name).await?;
            if let Some(release) = &app.current {
                runtime.tag_image(&release.image_id, &ImageRef::new(&release.image)?).await?;
            }
        }
        RepairStep::Replace => {
            workflow::replace(run).await?;
        }
        RepairStep::Start => {
            workflow::start(run).await?;
        }
        RepairStep::Stop => {
            workflow::stop(run).await?;
        }
        RepairStep::JoinProxy => ingress.join_network(runtime, &network_name(name)).await?,
        RepairStep::ApplyRoute => workflow::send(run).await?,
        RepairStep::RemoveCopies => {
            let copies = [DriftKind::SecondCopy, DriftKind::ReleaseUnknown];
            for drift in before.of_app(name).filter(|drift| copies.contains(&drift.kind)) {
                runtime.remove_container(&drift.object).await?;
            }
        }
        RepairStep::Deploy | RepairStep::Decide => {}
    }
    Ok(())
}
