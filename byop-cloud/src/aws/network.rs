//! The network, connected to at the first request: reading the system's certificates takes longer than many a test.

use std::fmt;
use std::sync::OnceLock;

use async_trait::async_trait;
use byop_core::Result;

use crate::http::{HttpOptions, HttpTransport, Request, Response, Transport};

pub(super) struct Network {
    options: HttpOptions,
    connected: OnceLock<HttpTransport>,
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Network {
    pub(super) fn new(options: HttpOptions) -> Self {
        Self { options, connected: OnceLock::new() }
    }
}

#[async_trait]
impl Transport for Network {
    async fn send(&self, request: &Request) -> Result<Response> {
        let transport = match self.connected.get() {
            Some(transport) => transport,
            None => {
                let transport = HttpTransport::new(&self.options)?;
                self.connected.get_or_init(|| transport)
            }
        };
        transport.send(request).await
    }
}
