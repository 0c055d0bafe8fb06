//! Waits until a new release is healthy as the proxy sees it.

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::{Stage, StageContext, labels};
use crate::error::{Error, ErrorKind, Result};
use crate::ingress::Probe;
use crate::model::{Backend, ContainerInfo, ContainerState, HealthSpec, Route};

mod diagnose;

pub use diagnose::UnhealthyCause;
use diagnose::{Observed, diagnose};

/// Waits until a new release answers well through the proxy.
#[derive(Debug)]
pub struct Gate;

/// The input of [`Gate`].
#[derive(Debug, Serialize)]
pub struct GateInput {
    /// The route with the new release as its candidate.
    pub route: Route,
    /// The new release.
    pub backend: Backend,
    /// What counts as healthy.
    pub health: HealthSpec,
    /// The host name to ask with.
    pub host: String,
    /// The path to ask.
    pub path: String,
}

/// How a new release became healthy.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct GateReport {
    /// The good status.
    pub status: u16,
    /// Requests until then.
    pub probes: u32,
}

const PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

#[async_trait]
impl Stage for Gate {
    type Context = StageContext;
    type Input = GateInput;
    type Output = GateReport;
    const NAME: &'static str = "gate";

    fn describe(&self, input: &GateInput) -> String {
        format!("wait until release {} answers well at {}", input.backend.release, input.path)
    }

    async fn run(&self, cx: &StageContext, input: &GateInput) -> Result<GateReport> {
        let started = Instant::now();
        let deadline = Duration::from_secs(input.health.deadline_seconds.into());
        let mut observed = Observed::default();
        let mut pause = PAUSE;
        let mut probes = 0;
        loop {
            let container = cx.runtime.inspect_container(&input.backend.container).await?;
            let ended = matches!(container.state, ContainerState::Exited | ContainerState::Dead);
            if ended || container.restarts > 0 || container.state == ContainerState::Restarting {
                let last = last_end(cx, container).await?;
                observed.exited = Some((last.exit_code, last.oom_killed, last.error));
                break;
            }
            probes += 1;
            match probe(cx, input).await {
                Ok(answer)
                    if (input.health.status_min..=input.health.status_max).contains(&answer.status) =>
                {
                    return Ok(GateReport { status: answer.status, probes });
                }
                Ok(answer) => observed.last_probe = Some(answer),
                Err(error) if error.kind() == ErrorKind::Timeout => observed.last_timeout = true,
                Err(error) => return Err(error),
            }
            if started.elapsed() >= deadline {
                break;
            }
            if started.elapsed() >= deadline * 2 / 3 && observed.cpu_at_two_thirds.is_none() {
                let stats = cx.runtime.stats(&input.backend.container).await?;
                observed.cpu_at_two_thirds = Some((stats.cpu_nanos, cx.clock.now()));
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 3 / 2).min(LONGEST_PAUSE);
        }
        Err(diagnose(cx, input, &observed).await)
    }
}

/// The container when it has just ended: one that was started again has no exit code until it ends again.
async fn last_end(cx: &StageContext, mut container: ContainerInfo) -> Result<ContainerInfo> {
    for _ in 0..40 {
        if container.state != ContainerState::Running {
            break;
        }
        tokio::time::sleep(PAUSE).await;
        container = cx.runtime.inspect_container(&container.id).await?;
    }
    Ok(container)
}

async fn probe(cx: &StageContext, input: &GateInput) -> Result<Probe> {
    let timeout = Duration::from_secs(input.health.timeout_seconds.into());
    cx.ingress
        .probe(cx.runtime.as_ref(), &input.route.app, &input.host, &input.path, timeout)
        .await
        .map_err(|error: Error| error.with_context("release", input.backend.release))
}
