//! One HTTP/1.1 GET over a fresh connection to the proxy's own entry point on loopback.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, HOST, LOCATION, USER_AGENT};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::error::{Error, ErrorKind, Result};

const OPERATION: &str = "ingress.request";
const MAX_BODY: usize = 4 << 20;

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) location: Option<String>,
    pub(super) body: Bytes,
}

/// Asks `port` of this machine.
pub(super) async fn get(
    port: u16,
    path: &str,
    host: &str,
    headers: &[(&str, &str)],
    timeout: Duration,
) -> Result<Answer> {
    match tokio::time::timeout(timeout, exchange(port, path, host, headers)).await {
        Ok(answer) => answer,
        Err(_) => Err(Error::new(ErrorKind::Timeout, OPERATION, "no answer in time")
            .with_context("path", path)
            .with_context("seconds", timeout.as_secs_f32())),
    }
}

async fn exchange(port: u16, path: &str, host: &str, headers: &[(&str, &str)]) -> Result<Answer> {
    let unavailable = |error: &dyn std::fmt::Display| {
        Error::new(ErrorKind::Unavailable, OPERATION, "the proxy does not answer")
            .with_context("port", port)
            .with_context("path", path)
            .with_source(error.to_string())
    };
    let stream = TcpStream::connect(("127.0.0.1", port)).await.map_err(|e| unavailable(&e))?;
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(|e| unavailable(&e))?;
    let mut request = Request::builder()
        .method(Method::GET)
        .uri(path)
        .header(HOST, host)
        .header(USER_AGENT, concat!("byop/", env!("CARGO_PKG_VERSION")))
        .header(ACCEPT, "*/*");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Empty::<Bytes>::new()).map_err(|error| {
        Error::invalid(OPERATION, "this cannot be sent as a request")
            .with_context("path", path)
            .with_source(error)
    })?;
    let talk = async {
        let response = sender.send_request(request).await.map_err(|e| unavailable(&e))?;
        let status = response.status().as_u16();
        let location = response.headers().get(LOCATION).and_then(|v| v.to_str().ok()).map(str::to_owned);
        let body =
            Limited::new(response.into_body(), MAX_BODY).collect().await.map_err(|e| unavailable(&e))?;
        Ok(Answer { status, location, body: body.to_bytes() })
    };
    // The connection only moves while it is polled; it ends with the exchange.
    tokio::pin!(talk);
    tokio::select! {
        answer = &mut talk => answer,
        result = connection => match result {
            Ok(()) => talk.await,
            Err(error) => Err(unavailable(&error)),
        },
    }
}
