//! Asks for the server, once.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use serde::Serialize;

use super::{ServerContext, is_definite, look_for};
use crate::error::{Error, Result};
use crate::model::{Server, ServerFilter, ServerSpec, StepPolicy};
use crate::secret::Secret;
use crate::stage::Stage;

/// Asks the provider for a server. Once the outcome of an earlier call is unknown, the server is looked for first.
#[derive(Debug)]
pub struct CreateServer {
    user_data: Option<Secret>,
    unsettled: AtomicBool,
    asked_again: AtomicBool,
}

/// The input of [`CreateServer`].
#[derive(Debug, Serialize)]
pub struct CreateServerInput {
    /// The server, without its user data, which may be secret.
    pub spec: ServerSpec,
}

impl CreateServer {
    /// `earlier` says whether an earlier process may have asked already.
    #[must_use]
    pub fn new(user_data: Option<Secret>) -> Self {
        Self { user_data, unsettled: AtomicBool::new(false), asked_again: AtomicBool::new(false) }
    }

    /// Notes that an earlier process may have asked already.
    #[must_use]
    pub fn after_another(self) -> Self {
        self.unsettled.store(true, Ordering::SeqCst);
        self.asked_again.store(true, Ordering::SeqCst);
        self
    }

    /// Whether there may be a server that nobody has been told of.
    #[must_use]
    pub fn is_unsettled(&self) -> bool {
        self.unsettled.load(Ordering::SeqCst)
    }

    /// Whether the provider was, or may have been, asked more than once, so that there may be twins.
    #[must_use]
    pub fn is_asked_again(&self) -> bool {
        self.asked_again.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Stage for CreateServer {
    type Context = ServerContext;
    type Input = CreateServerInput;
    type Output = Server;
    const NAME: &'static str = "create_server";

    fn describe(&self, input: &CreateServerInput) -> String {
        let spec = &input.spec;
        format!("create the server {} ({} in {})", spec.name, spec.size, spec.region)
    }

    /// Each try may wait until late lists have caught up.
    fn policy(&self) -> StepPolicy {
        StepPolicy::default()
            .with_attempts(6)
            .with_delay(Duration::from_secs(1))
            .with_deadline(Duration::from_secs(10 * 60))
    }

    async fn run(&self, cx: &ServerContext, input: &CreateServerInput) -> Result<Server> {
        let capabilities = cx.provider.capabilities();
        let mut spec = input.spec.clone();
        if let Some(data) = &self.user_data {
            let bytes = data.expose().len();
            if bytes > capabilities.max_user_data {
                return Err(Error::invalid(
                    "server.create",
                    "the user data is larger than the provider takes",
                )
                .with_context("bytes", bytes)
                .with_context("limit", capabilities.max_user_data)
                .with_remedy("let it fetch what it needs at the first start"));
            }
            spec.user_data = Some(data.clone());
        }
        // Where the provider keeps keys unique, asking again is looking.
        if self.unsettled.load(Ordering::SeqCst) && !capabilities.keyed_create {
            let filter = ServerFilter::all().with_key(&spec.key);
            let found = look_for(cx.lag(), || async {
                Ok(cx.provider.list_servers(&filter).await?.into_iter().next())
            });
            if let Some(server) = found.await? {
                self.unsettled.store(false, Ordering::SeqCst);
                return Ok(server);
            }
        }
        if self.unsettled.swap(true, Ordering::SeqCst) {
            self.asked_again.store(true, Ordering::SeqCst);
        }
        let created = cx.provider.create_server(&spec).await;
        match &created {
            Ok(_) => self.unsettled.store(false, Ordering::SeqCst),
            // What was unknown before is no better known now.
            Err(error) if is_definite(error) && !self.is_asked_again() => {
                self.unsettled.store(false, Ordering::SeqCst);
            }
            Err(_) => {}
        }
        created
    }
}
