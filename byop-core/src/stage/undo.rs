//! Takes back a release that did not become healthy.

use std::time::Duration;

use async_trait::async_trait;
use serde::Serialize;

use super::{Stage, StageContext, labels};
use crate::error::{ErrorKind, Result};
use crate::model::{Route, StepPolicy};

/// Takes back a release that did not come to serve.
#[derive(Debug)]
pub struct Undo;

/// The input of [`Undo`].
#[derive(Debug, Serialize)]
pub struct UndoInput {
    /// The container of the release that is taken back.
    pub container: String,
    /// The container that stays.
    pub keep: Option<String>,
    /// The route as it was before.
    pub route: Route,
    /// The container of the old release, if it had to stop for the new one.
    pub restart: Option<String>,
}

#[async_trait]
impl Stage for Undo {
    type Context = StageContext;
    type Input = UndoInput;
    type Output = ();
    const NAME: &'static str = "undo";

    /// Nobody comes back for what is left behind.
    fn policy(&self) -> StepPolicy {
        StepPolicy::default().with_attempts(20)
    }

    fn describe(&self, input: &UndoInput) -> String {
        match &input.restart {
            Some(old) => format!("remove {}, start {old} again", input.container),
            None => format!("remove {}", input.container),
        }
    }

    async fn run(&self, cx: &StageContext, input: &UndoInput) -> Result<()> {
        cx.ingress.apply_route(cx.runtime.as_ref(), &input.route).await?;
        // Besides the release there may be containers that gave it its volumes or looked into its network.
        for container in cx.runtime.list_containers(&labels::containers(&cx.app)).await? {
            if input.keep.as_ref() == Some(&container.name) {
                continue;
            }
            match cx.runtime.stop_container(&container.id, Duration::from_secs(1)).await {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            cx.runtime.remove_container(&container.id).await?;
        }
        match &input.restart {
            Some(old) => cx.runtime.start_container(old).await,
            None => Ok(()),
        }
    }
}
