//! One connection per request to the engine, over any byte stream, with the API version in the path.
//!
//! bollard leaves the version out, so that a newer engine would answer in shapes that its types do not know.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper::header::{HOST, HeaderValue};
use hyper::{Request, Response, Uri};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::OnceCell;

use super::error;
use crate::error::Result;

type Failure = bollard::errors::Error;

/// The newest API that our types know.
const NEWEST: (u32, u32) = (1, 53);
/// What the `Host` header says where there is no host: the engine is behind a socket of this machine.
pub(super) const LOCAL_HOST: &str = "localhost";
const DIAL_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the engine may take until it starts to answer, unless a call says otherwise.
pub(super) const ANSWER_TIMEOUT: Duration = Duration::from_secs(120);

/// Makes connections to an engine: a socket, a TLS stream, a tunnel.
#[async_trait]
pub(crate) trait Dial: fmt::Debug + Send + Sync + 'static {
    /// What a connection is.
    type Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static;

    /// The value of the `Host` header.
    fn host(&self) -> String;

    /// Where a connection leads, for messages.
    fn name(&self) -> String {
        self.host()
    }

    /// A new connection.
    async fn dial(&self) -> io::Result<Self::Stream>;
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

type Open = dyn Fn() -> BoxFuture<'static, io::Result<Box<dyn Stream>>> + Send + Sync;

/// The HTTP client of an engine. Cheap to clone.
#[derive(Clone)]
pub(super) struct Wire(Arc<Inner>);

struct Inner {
    open: Box<Open>,
    host: String,
    name: String,
    version: OnceCell<Option<(u32, u32)>>,
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.name)
    }
}

#[derive(Deserialize)]
struct Refusal {
    message: String,
}

impl Wire {
    pub(super) fn new(dial: impl Dial) -> Self {
        let (host, name, dial) = (dial.host(), dial.name(), Arc::new(dial));
        let open: Box<Open> = Box::new(move || {
            let dial = Arc::clone(&dial);
            Box::pin(async move {
                let stream = tokio::time::timeout(DIAL_TIMEOUT, dial.dial()).await.map_err(|_| {
                    io::Error::new(io::ErrorKind::TimedOut, "the connection was not made in time")
                })??;
                Ok(Box::new(stream) as Box<dyn Stream>)
            })
        });
        Self(Arc::new(Inner { open, host, name, version: OnceCell::new() }))
    }

    /// Whether it is reached by a socket of this machine.
    pub(super) fn is_local(&self) -> bool {
        self.0.host == LOCAL_HOST
    }

    /// The API version that both sides speak; `None` when the engine does not name one.
    pub(super) async fn version(&self) -> std::result::Result<Option<(u32, u32)>, Failure> {
        let ask = || async {
            let response = self.exchange("/_ping", Request::new(Full::new(Bytes::new()))).await?;
            let text = response.headers().get("api-version").and_then(|value| value.to_str().ok());
            Ok(text.and_then(parse_version).map(|version| version.min(NEWEST)))
        };
        self.0.version.get_or_try_init(ask).await.copied()
    }

    /// Sends a request whose URI is a path without version.
    pub(super) async fn send<B>(
        &self,
        request: Request<B>,
    ) -> std::result::Result<Response<Incoming>, Failure>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        let path = match self.version().await? {
            Some((major, minor)) => format!("/v{major}.{minor}{path}"),
            None => path.to_owned(),
        };
        self.exchange(&path, request).await
    }

    async fn exchange<B>(
        &self,
        path: &str,
        mut request: Request<B>,
    ) -> std::result::Result<Response<Incoming>, Failure>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        *request.uri_mut() = path.parse::<Uri>().map_err(|err| Failure::InvalidURIError { err })?;
        let host = HeaderValue::from_str(&self.0.host).unwrap_or(HeaderValue::from_static("localhost"));
        request.headers_mut().insert(HOST, host);
        let stream = (self.0.open)().await.map_err(|error| self.named(error))?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        // Ends by itself when the answer was read or dropped; its errors reach the one who waits for the answer.
        tokio::spawn(connection.with_upgrades());
        Ok(sender.send_request(request).await?)
    }

    /// The same error, saying what could not be reached; errors that wrap another one, as those of TLS, stay whole.
    fn named(&self, error: io::Error) -> io::Error {
        match error.get_ref() {
            Some(_) => error,
            None => io::Error::new(error.kind(), format!("{}: {error}", self.0.name)),
        }
    }

    /// Sends a request and gives the answer's body once the engine has accepted it.
    pub(super) async fn open<B>(&self, operation: &'static str, request: Request<B>) -> Result<Incoming>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let response = self.send(request).await.map_err(|failure| error::engine(operation, failure))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response.into_body());
        }
        let body = response.into_body().collect().await.map_or_else(|_| Bytes::new(), |body| body.to_bytes());
        let message = serde_json::from_slice::<Refusal>(&body)
            .map_or_else(|_| String::from_utf8_lossy(&body).into_owned(), |refusal| refusal.message);
        Err(error::refused(operation, status.as_u16(), &message))
    }

    /// Sends a `GET` and gives the answer's body as it comes.
    pub(super) async fn get(&self, operation: &'static str, path: &str) -> Result<Incoming> {
        let request = Request::get(path)
            .body(Full::new(Bytes::new()))
            .map_err(|error| error::internal(operation, "the request cannot be written", error))?;
        tokio::time::timeout(ANSWER_TIMEOUT, self.open(operation, request))
            .await
            .unwrap_or_else(|_| Err(error::engine(operation, Failure::RequestTimeoutError)))
    }

    /// Sends a `GET` and gives the whole answer.
    pub(super) async fn get_whole(&self, operation: &'static str, path: &str) -> Result<Bytes> {
        let whole = async {
            let body = self.get(operation, path).await?;
            let answer = body.collect().await.map_err(|err| error::engine(operation, err.into()))?;
            Ok(answer.to_bytes())
        };
        tokio::time::timeout(ANSWER_TIMEOUT, whole)
            .await
            .unwrap_or_else(|_| Err(error::engine(operation, Failure::RequestTimeoutError)))
    }

    /// Sends a JSON body and gives the whole answer.
    pub(super) async fn post(
        &self,
        operation: &'static str,
        path: &str,
        body: &serde_json::Value,
    ) -> Result<Bytes> {
        let request = Request::post(path)
            .header(hyper::header::CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body.to_string())))
            .map_err(|error| error::internal(operation, "the request cannot be written", error))?;
        let exchange = async {
            let body = self.open(operation, request).await?;
            let answer = body.collect().await.map_err(|err| error::engine(operation, err.into()))?;
            Ok(answer.to_bytes())
        };
        tokio::time::timeout(ANSWER_TIMEOUT, exchange)
            .await
            .unwrap_or_else(|_| Err(error::engine(operation, Failure::RequestTimeoutError)))
    }
}

fn parse_version(text: &str) -> Option<(u32, u32)> {
    let (major, minor) = text.trim().split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_numbers() {
        assert_eq!(parse_version("1.41"), Some((1, 41)));
        assert!(parse_version("1.9") < parse_version("1.41"));
        assert_eq!(parse_version("latest"), None);
    }
}
