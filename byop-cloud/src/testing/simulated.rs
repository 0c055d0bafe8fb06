//! What carries requests to a simulator.

use std::sync::Arc;

use async_trait::async_trait;
use byop_core::Result;

use super::Simulator;
use crate::http::{Request, Response, Transport};

/// Carries requests to a simulator in place of the network. Clones share it.
#[derive(Debug, Clone)]
pub struct Simulated {
    simulator: Arc<dyn Simulator>,
}

impl Simulated {
    /// Carries every request as it is.
    #[must_use]
    pub fn new(simulator: Arc<dyn Simulator>) -> Self {
        Self { simulator }
    }
}

#[async_trait]
impl Transport for Simulated {
    async fn send(&self, request: &Request) -> Result<Response> {
        tokio::task::yield_now().await;
        Ok(self.simulator.answer(request))
    }
}
