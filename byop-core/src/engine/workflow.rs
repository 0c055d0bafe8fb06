//! The sentence of the pipeline: which stages make up each kind of job. The only place that names several.

use serde::Deserialize;
use serde_json::{Value, json};

use super::job_run::JobRun;
use super::repair;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{AppSpec, JobKind};
use crate::stage::Data;

mod deploy;
mod gate;
mod power;
mod release;
mod remove;
mod rollback;

pub(super) use power::{send, start, stop};
pub(super) use release::reserved_number;
pub(super) use rollback::replace;

/// Runs the workflow of the job's kind.
pub(super) async fn run(run: &JobRun) -> Result<Value> {
    let input = run.job.input.clone();
    match run.job.kind {
        JobKind::Deploy => Ok(json!(deploy::deploy(run, &parse::<AppSpec>(input)?).await?)),
        JobKind::Rollback => Ok(json!(rollback::rollback(run, parse::<RollbackOptions>(input)?.to).await?)),
        JobKind::Stop => stop(run).await,
        JobKind::Start => start(run).await,
        JobKind::Restart => {
            stop(run).await?;
            start(run).await
        }
        JobKind::Remove => remove::remove(run, parse::<RemoveOptions>(input)?.data).await,
        JobKind::Repair => repair::run(run).await,
        JobKind::CreateServer | JobKind::DestroyServer => Err(super::servers::mismatch(&run.job)),
    }
}

#[derive(Deserialize)]
struct RemoveOptions {
    data: Data,
}

#[derive(Deserialize)]
struct RollbackOptions {
    to: u64,
}

fn parse<T: for<'de> Deserialize<'de>>(input: Value) -> Result<T> {
    serde_json::from_value(input).map_err(|error| {
        Error::new(ErrorKind::Corrupt, "job.input", "the job's input cannot be read").with_source(error)
    })
}
