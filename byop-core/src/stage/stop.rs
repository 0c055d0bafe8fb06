//! Stops the container of the serving release.

use std::time::Duration;

use async_trait::async_trait;
use serde::Serialize;

use super::{Stage, StageContext};
use crate::error::{ErrorKind, Result};

/// Stops a container. Gone already: `Ok`.
#[derive(Debug)]
pub struct Stop;

/// The input of [`Stop`].
#[derive(Debug, Serialize)]
pub struct StopInput {
    /// The container.
    pub container: String,
    /// Seconds between the stop signal and the end.
    pub grace_seconds: u32,
}

#[async_trait]
impl Stage for Stop {
    type Context = StageContext;
    type Input = StopInput;
    type Output = ();
    const NAME: &'static str = "stop";

    fn describe(&self, input: &StopInput) -> String {
        format!("stop {}", input.container)
    }

    async fn run(&self, cx: &StageContext, input: &StopInput) -> Result<()> {
        let grace = Duration::from_secs(input.grace_seconds.into());
        match cx.runtime.stop_container(&input.container, grace).await {
            // What is gone does not run.
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }
}
