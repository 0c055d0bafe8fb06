//! Waits until a server runs.

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::{Pauses, ServerContext, persist};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Server, ServerId, ServerState, StepPolicy};
use crate::stage::Stage;

/// Waits until a server runs and has a public address.
#[derive(Debug)]
pub struct AwaitServer;

/// The input of [`AwaitServer`].
#[derive(Debug, Serialize)]
pub struct AwaitServerInput {
    /// The server.
    pub id: ServerId,
}

/// How the start of a server ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(clippy::large_enum_variant)]
pub enum ServerOutcome {
    /// It runs and has an address.
    Running(Server),
    /// The provider could not start it; why, in its words.
    Failed(String),
}

#[async_trait]
impl Stage for AwaitServer {
    type Context = ServerContext;
    type Input = AwaitServerInput;
    type Output = ServerOutcome;
    const NAME: &'static str = "await_server";

    fn describe(&self, input: &AwaitServerInput) -> String {
        format!("wait until the server {} runs", input.id)
    }

    fn policy(&self) -> StepPolicy {
        StepPolicy::default().with_attempts(1).with_deadline(Duration::from_secs(15 * 60))
    }

    async fn run(&self, cx: &ServerContext, input: &AwaitServerInput) -> Result<ServerOutcome> {
        let readable_by = Instant::now() + cx.lag();
        let mut seen = false;
        let mut pauses = Pauses::new();
        loop {
            match persist(|| cx.provider.get_server(&input.id)).await {
                Ok(server) if server.state == ServerState::Failed => {
                    return Ok(ServerOutcome::Failed(server.failure.unwrap_or_else(|| "unknown".into())));
                }
                Ok(server) if server.state == ServerState::Deleting => return Err(vanished(&input.id)),
                Ok(server) if server.is_ready() => return Ok(ServerOutcome::Running(server)),
                Ok(_) => seen = true,
                // One that was just made may not be known everywhere yet.
                Err(error)
                    if error.kind() == ErrorKind::NotFound && !seen && Instant::now() < readable_by => {}
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    return Err(vanished(&input.id).with_source(error));
                }
                Err(error) => return Err(error),
            }
            pauses.wait().await;
        }
    }
}

fn vanished(id: &ServerId) -> Error {
    Error::new(ErrorKind::Conflict, "server.await", "the server was removed while it started")
        .with_context("server", id)
        .with_remedy("find out who removes servers of this account, then create it again")
}
