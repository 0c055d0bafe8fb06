//! The credential, and the way to the network.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use byop_core::{Result, Secret};

use crate::http::{HttpOptions, HttpTransport, Request, Response, Transport};

/// Adds the token to every request at the last moment.
pub(super) struct Bearer {
    inner: Arc<dyn Transport>,
    header: Secret,
}

impl Bearer {
    pub(super) fn new(inner: Arc<dyn Transport>, token: &Secret) -> Self {
        Self { inner, header: Secret::new(format!("Bearer {}", token.expose())) }
    }
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bearer").field("inner", &self.inner).finish_non_exhaustive()
    }
}

#[async_trait]
impl Transport for Bearer {
    async fn send(&self, request: &Request) -> Result<Response> {
        self.inner.send(&request.clone().with_header("authorization", self.header.clone())).await
    }
}

/// The network, set up at the first request: a provider with another transport needs no certificates.
#[derive(Debug)]
pub(super) struct Network {
    options: HttpOptions,
    made: Mutex<Option<HttpTransport>>,
}

impl Network {
    pub(super) fn new(options: HttpOptions) -> Self {
        Self { options, made: Mutex::default() }
    }

    fn transport(&self) -> Result<HttpTransport> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(transport) = &*made {
            return Ok(transport.clone());
        }
        let transport = HttpTransport::new(&self.options)?;
        *made = Some(transport.clone());
        Ok(transport)
    }
}

#[async_trait]
impl Transport for Network {
    async fn send(&self, request: &Request) -> Result<Response> {
        self.transport()?.send(request).await
    }
}
