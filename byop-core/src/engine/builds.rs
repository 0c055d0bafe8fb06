//! Builds and deployments, read from what is written and what runs, so that they cannot say anything else.

use std::collections::BTreeMap;

use super::Engine;
use crate::error::{Error, Result};
use crate::id::JobId;
use crate::model::{
    AppName, BuildReport, BuildState, Component, DeploymentReport, Job, JobFilter, JobKind, JobState,
    StepRecord, StepState,
};
use crate::store::Page;

const PAGE: u32 = 100;

impl Engine {
    /// The build of a job.
    ///
    /// # Errors
    /// `NotFound` when there is no such job, or it builds nothing.
    pub async fn get_build(&self, id: &JobId) -> Result<BuildReport> {
        let job = self.inner.store.get_job(&self.scope, id).await?;
        let build = if builds(&job) { self.build_of(&job).await? } else { None };
        build.ok_or_else(|| {
            Error::not_found("build.get", "this job builds nothing")
                .with_context("job", id)
                .with_remedy("ask for the job itself")
        })
    }

    /// The builds of those jobs that the filter lets through, those asked for last first.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn list_builds(&self, filter: &JobFilter) -> Result<Vec<BuildReport>> {
        let most = filter.limit.map_or(usize::MAX, |limit| limit as usize);
        let mut page = filter.clone();
        page.limit = Some(PAGE);
        let mut found = Vec::new();
        while found.len() < most {
            let jobs = self.inner.store.list_jobs(&self.scope, &page).await?;
            for job in jobs.iter().filter(|job| builds(job)) {
                found.extend(self.build_of(job).await?);
                if found.len() >= most {
                    break;
                }
            }
            if jobs.len() < PAGE as usize {
                break;
            }
            page.before = jobs.into_iter().last().map(|job| job.id);
        }
        Ok(found)
    }

    /// What is deployed where: every container of every app, or of one, as the hosts say it now; and releases that
    /// should serve but have no container.
    ///
    /// # Errors
    /// `NotFound` when there is no such app; those of the store and the hosts.
    pub async fn list_deployments(&self, app: Option<&AppName>) -> Result<Vec<DeploymentReport>> {
        let apps = match app {
            Some(app) => vec![self.get_app(app).await?],
            None => self.list_apps().await?,
        };
        let mut found = Vec::new();
        let records = self.inner.store.list_records(&self.scope, "apps", &Page::all()).await?;
        let owners: BTreeMap<_, _> = records.into_iter().map(|record| (record.key, record.owner)).collect();
        for report in &apps {
            let client = owners.get(report.app.name.as_str()).cloned().flatten();
            let known = found.len();
            for container in &report.containers {
                let mut deployment = DeploymentReport::of(report, container);
                deployment.client.clone_from(&client);
                found.push(deployment);
            }
            let serves = |deployment: &DeploymentReport| deployment.is_current;
            if !found[known..].iter().any(serves)
                && let Some(mut absent) = DeploymentReport::absent(report)
            {
                absent.client = client;
                found.insert(known, absent);
            }
        }
        Ok(found)
    }

    /// The parts of an app, the web process first.
    ///
    /// # Errors
    /// `NotFound` when there is no such app, and those of the host.
    pub async fn list_components(&self, app: &AppName) -> Result<Vec<Component>> {
        Ok(Component::all(&self.get_app(app).await?))
    }

    async fn build_of(&self, job: &Job) -> Result<Option<BuildReport>> {
        let steps = self.inner.store.list_steps(&self.scope, &job.id).await?;
        Ok(report(job, &steps))
    }
}

/// Whether a job makes an image from a source.
fn builds(job: &Job) -> bool {
    let source = job.input.get("source").or_else(|| job.input.get("spec")?.get("source"));
    job.kind == JobKind::Deploy && source.is_some_and(|source| source.get("image").is_none())
}

fn report(job: &Job, steps: &[StepRecord]) -> Option<BuildReport> {
    let last = |stage: &str| steps.iter().rev().find(|step| step.stage == stage);
    let output = |stage: &str, path: &str| -> Option<String> {
        let step = last(stage).filter(|step| step.state == StepState::Done)?;
        step.output.as_ref()?.pointer(path)?.as_str().map(str::to_owned)
    };
    let (fetch, build, push) = (last("fetch"), last("build"), last("push"));
    let is_done = |step: Option<&StepRecord>| step.is_some_and(|step| step.state == StepState::Done);
    let is_there = is_done(build) && (push.is_none() || is_done(push));
    let state = match job.state {
        _ if is_there => BuildState::Success,
        JobState::Succeeded => BuildState::Success,
        JobState::Failed => BuildState::Failed,
        JobState::Cancelled => BuildState::Cancelled,
        _ if push.is_some() => BuildState::Pushing,
        _ if build.is_some() => BuildState::Building,
        _ if fetch.is_some() => BuildState::Fetching,
        _ => BuildState::Pending,
    };
    let ended = if is_there { push.or(build).and_then(|step| step.finished_at) } else { job.finished_at };
    Some(BuildReport {
        job: job.id.clone(),
        app: job.app()?.clone(),
        client: job.client.clone(),
        state,
        image: output("build", "/name"),
        image_id: output("build", "/info/id"),
        source_digest: output("fetch", "/digest")
            .and_then(|digest| crate::digest::Digest::parse(&digest).ok()),
        revision: output("fetch", "/revision"),
        attempt: build.map_or(0, |step| step.attempt),
        error: if is_there { None } else { job.error.clone() },
        requested_at: job.created_at,
        started_at: steps.first().map(|step| step.started_at),
        finished_at: ended.filter(|_| state.is_finished()),
    })
}
