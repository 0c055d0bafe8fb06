//! A simulator as an HTTP server.

use std::fmt;
use std::net::SocketAddr;

use byop_core::{Error, ErrorKind, Result};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};

use super::Simulated;
use crate::http::{Method, Request, Response, Transport};

/// The largest request that is read, in bytes.
const MOST_BYTES: usize = 16 << 20;

/// A simulated vendor that other programs reach over HTTP, by the setting in which they take another endpoint. It
/// stops when it is dropped.
pub struct SimulatorServer {
    address: SocketAddr,
    task: AbortHandle,
}

impl SimulatorServer {
    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The endpoint, such as `http://127.0.0.1:8080`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for SimulatorServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for SimulatorServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatorServer").field("address", &self.address).finish_non_exhaustive()
    }
}

/// Serves a simulated vendor at an address, such as `127.0.0.1:0` for any free port, on the runtime of the caller.
/// What goes wrong on purpose does so here too: a connection that breaks is closed, an answer that does not come is
/// waited for until the client gives up.
///
/// The simulator goes by tokio's time: do not pause it while others wait for answers.
///
/// # Errors
/// `Unavailable` when the address cannot be listened to.
pub async fn serve(simulated: &Simulated, address: SocketAddr) -> Result<SimulatorServer> {
    let failed = |error: std::io::Error| {
        Error::new(ErrorKind::Unavailable, "simulator.serve", "the address cannot be listened to")
            .with_context("address", address)
            .with_source(error)
    };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let task = tokio::spawn(accept(listener, simulated.clone())).abort_handle();
    Ok(SimulatorServer { address, task })
}

/// Takes connections until the task is dropped, and with it all that are open.
async fn accept(listener: TcpListener, simulated: Simulated) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    connections.spawn(converse(stream, simulated.clone()));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn converse(stream: TcpStream, simulated: Simulated) {
    // Small answers would wait for one another.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let simulated = simulated.clone();
        async move { answer(&simulated, request).await }
    });
    let mut server = hyper::server::conn::http1::Builder::new();
    // An error here is a client that left, or a connection that was to break.
    let _ = server.timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service).await;
}

/// What a connection ends with when it has to break.
#[derive(Debug)]
struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection is to break")
    }
}

impl std::error::Error for Broken {}

type Answer = hyper::Response<Full<Bytes>>;

async fn answer(
    simulated: &Simulated,
    request: hyper::Request<Incoming>,
) -> std::result::Result<Answer, Broken> {
    let (parts, body) = request.into_parts();
    let Some(method) = method(parts.method.as_str()) else { return Ok(plain(405)) };
    let Ok(body) = Limited::new(body, MOST_BYTES).collect().await else { return Ok(plain(413)) };
    let host = parts.headers.get(hyper::header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let mut sent = Request::new("http.request", method, format!("http://{host}{path}"));
    for (name, value) in &parts.headers {
        sent = sent.with_header(name.as_str(), String::from_utf8_lossy(value.as_bytes()).into_owned());
    }
    sent.body = body.to_bytes().to_vec();
    match simulated.send(&sent).await {
        Ok(response) => Ok(encode(&response)),
        Err(error) if error.kind() == ErrorKind::Timeout => std::future::pending().await,
        Err(_) => Err(Broken),
    }
}

fn method(name: &str) -> Option<Method> {
    let all = [Method::Get, Method::Head, Method::Post, Method::Put, Method::Patch, Method::Delete];
    all.into_iter().find(|method| method.as_str() == name)
}

fn plain(status: u16) -> Answer {
    encode(&Response::new(status))
}

fn encode(response: &Response) -> Answer {
    let mut builder = hyper::Response::builder().status(response.status);
    // The length is that of what is sent, whatever the vendor said.
    for (name, value) in response.headers.iter().filter(|(name, _)| name != "content-length") {
        builder = builder.header(name, value);
    }
    let body = Full::new(Bytes::from(response.body.clone()));
    builder.body(body).unwrap_or_else(|_| hyper::Response::new(Full::default()))
}
