//! A small https server before `git http-backend`.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, LOCATION, WWW_AUTHENTICATE};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;

/// `x-access-token:hunter2token`, as it is sent.
const BASIC: &str = "Basic eC1hY2Nlc3MtdG9rZW46aHVudGVyMnRva2Vu";

/// A server that ends with the test's runtime.
pub struct Server {
    pub address: SocketAddr,
    /// The authority of its certificate.
    pub ca_file: PathBuf,
    shared: Arc<Shared>,
}

struct Shared {
    root: PathBuf,
    requests: Mutex<Vec<Seen>>,
    hanging: Notify,
}

/// What a request told.
#[derive(Clone, Debug)]
pub struct Seen {
    pub target: String,
    pub authorization: Option<String>,
    pub body: String,
}

impl Server {
    /// Serves the repositories in `root`: `/private.git` by token only, `/moved.git` as a redirect, `/hangs.git` never;
    /// `/tells.git` refuses everyone and repeats their credentials.
    pub async fn start(root: &Path) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let ca_file = root.join("a folder's \"ca\".pem");
        std::fs::write(&ca_file, authority.pem()).unwrap();
        let acceptor = acceptor(&authority);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Shared { root: root.to_owned(), requests: Mutex::default(), hanging: Notify::new() };
        let shared = Arc::new(shared);
        tokio::spawn(accept(listener, acceptor, Arc::clone(&shared)));
        Self { address, ca_file, shared }
    }

    pub fn url(&self, repository: &str) -> String {
        format!("https://{}/{repository}", self.address)
    }

    pub fn requests(&self) -> Vec<Seen> {
        self.shared.requests.lock().unwrap().clone()
    }

    /// Waits for a request that gets no answer.
    pub async fn hanging(&self) {
        self.shared.hanging.notified().await;
    }
}

fn acceptor(authority: &CertifiedIssuer<'static, KeyPair>) -> TlsAcceptor {
    let params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, authority).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

async fn accept(listener: TcpListener, acceptor: TlsAcceptor, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        let (acceptor, shared) = (acceptor.clone(), Arc::clone(&shared));
        tokio::spawn(async move {
            let Ok(stream) = acceptor.accept(stream).await else { return };
            let service = service_fn(move |request| answer(request, Arc::clone(&shared)));
            // The client may hang up at any time.
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

type Answer = Response<Full<Bytes>>;

async fn answer(request: Request<Incoming>, shared: Arc<Shared>) -> Result<Answer, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let header = |name| head.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    let authorization = header(AUTHORIZATION.as_str());
    let seen = Seen {
        target: head.uri.to_string(),
        authorization: authorization.clone(),
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    shared.requests.lock().unwrap().push(seen);
    let path = head.uri.path();
    if path.starts_with("/hangs.git/") {
        shared.hanging.notify_one();
        return std::future::pending().await;
    }
    if let Some(rest) = path.strip_prefix("/moved.git/") {
        let target = format!("/public.git/{rest}?{}", head.uri.query().unwrap_or_default());
        return Ok(plain(301).header(LOCATION, target).body(Full::default()).unwrap());
    }
    if path.starts_with("/tells.git/") {
        // As bad as a server can be: it tells everyone what it was told.
        let text = format!("no access with {authorization:?}\n");
        return Ok(plain(403).body(Full::from(text)).unwrap());
    }
    if path.starts_with("/private.git/") && authorization.as_deref() != Some(BASIC) {
        let answer = plain(401).header(WWW_AUTHENTICATE, "Basic realm=\"git\"");
        return Ok(answer.body(Full::default()).unwrap());
    }
    let mut command = tokio::process::Command::new("git");
    command
        .arg("http-backend")
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_PROJECT_ROOT", &shared.root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("REQUEST_METHOD", head.method.as_str())
        .env("PATH_INFO", path)
        .env("QUERY_STRING", head.uri.query().unwrap_or_default())
        .env("CONTENT_LENGTH", body.len().to_string());
    for (variable, name) in [
        ("CONTENT_TYPE", CONTENT_TYPE.as_str()),
        ("HTTP_CONTENT_ENCODING", CONTENT_ENCODING.as_str()),
        ("GIT_PROTOCOL", "git-protocol"),
    ] {
        command.envs(header(name).map(|value| (variable, value)));
    }
    Ok(from_cgi(&run(command, &body).await))
}

fn plain(status: u16) -> hyper::http::response::Builder {
    Response::builder().status(status).header(CONTENT_TYPE, "text/plain")
}

async fn run(mut command: tokio::process::Command, body: &[u8]) -> Vec<u8> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    let mut child = command.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let feed = async move {
        // It may end without having read everything.
        let _ = input.write_all(body).await;
    };
    tokio::join!(feed, child.wait_with_output()).1.unwrap().stdout
}

fn from_cgi(output: &[u8]) -> Answer {
    let end = output.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let mut answer = Response::builder();
    for line in std::str::from_utf8(&output[..end]).unwrap().split("\r\n") {
        let (name, value) = line.split_once(": ").unwrap();
        answer = match name {
            "Status" => answer.status(value.split(' ').next().unwrap()),
            name => answer.header(name, value),
        };
    }
    answer.body(Full::from(output[end + 4..].to_vec())).unwrap()
}
