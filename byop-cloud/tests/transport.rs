//! The transport against a server on this machine that answers from a script.

// Outside of the functions that are tests themselves, the lints of the library count.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::time::Duration;

use byop_cloud::http::{Client, HttpOptions, HttpTransport, Method, Plaintext, Proxy, Request, Transport};
use byop_core::{ErrorKind, Retry, Secret};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// What the server does with one connection.
enum Act {
    /// Reads a request and sends these bytes.
    Answer(&'static str),
    /// Reads a request and closes.
    Close,
    /// Reads a request and says nothing.
    Hang,
}

struct Server {
    address: String,
    requests: mpsc::UnboundedReceiver<String>,
}

async fn serve(script: Vec<Act>) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (sender, requests) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut hung = Vec::new();
        for act in script {
            let (mut stream, _) = listener.accept().await.unwrap();
            sender.send(read_request(&mut stream).await).unwrap();
            match act {
                Act::Answer(bytes) => stream.write_all(bytes.as_bytes()).await.unwrap(),
                Act::Close => {}
                Act::Hang => hung.push(stream),
            }
        }
        std::future::pending::<()>().await;
    });
    Server { address, requests }
}

async fn read_request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .filter_map(|line| {
                    line.to_ascii_lowercase().strip_prefix("content-length:").map(str::to_owned)
                })
                .find_map(|value| value.trim().parse::<usize>().ok());
            if body.len() >= length.unwrap_or(0) {
                return text;
            }
        }
        let mut part = [0; 4096];
        let count = stream.read(&mut part).await.unwrap();
        assert_ne!(count, 0, "the request broke off: {text}");
        bytes.extend_from_slice(&part[..count]);
    }
}

fn options() -> HttpOptions {
    HttpOptions::default()
        .with_plaintext(Plaintext::Allowed)
        .with_timeouts(Duration::from_secs(5), Duration::from_secs(5))
}

fn get(server: &Server, path: &str) -> Request {
    Request::new("server.get", Method::Get, format!("http://{}{path}", server.address))
}

const OK: &str =
    "HTTP/1.1 200 OK\r\ncontent-length: 11\r\nx-request-id: r-1\r\nconnection: close\r\n\r\n{\"id\": \"7\"}";

#[tokio::test]
async fn a_request_goes_out_whole_and_its_answer_comes_back() {
    let mut server = serve(vec![Act::Answer(OK)]).await;
    let url = format!("http://{}/v2/servers?tag=a", server.address);
    let request = Request::new("server.create", Method::Post, url)
        .with_header("authorization", "Bearer token".to_owned())
        .with_json(&serde_json::json!({"name": "web"}))
        .unwrap();
    let response = HttpTransport::new(&options()).unwrap().send(&request).await.unwrap();
    assert_eq!((response.status, response.header("x-request-id")), (200, Some("r-1")));
    assert_eq!(response.json::<serde_json::Value>(&request).unwrap()["id"], "7");
    let sent = server.requests.recv().await.unwrap();
    assert!(sent.starts_with("POST /v2/servers?tag=a HTTP/1.1\r\n"), "{sent}");
    assert!(sent.contains("authorization: Bearer token\r\n"), "{sent}");
    assert!(sent.contains("content-type: application/json\r\n"), "{sent}");
    assert!(sent.contains("user-agent: byop/"), "{sent}");
    assert!(sent.ends_with(r#"{"name":"web"}"#), "{sent}");
}

#[tokio::test]
async fn an_error_status_is_an_answer() {
    let server = serve(vec![Act::Answer("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")]).await;
    let response = HttpTransport::new(&options()).unwrap().send(&get(&server, "/")).await.unwrap();
    assert_eq!(response.status, 404);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let answer = "HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n";
    let server = serve(vec![Act::Answer(answer), Act::Answer(OK)]).await;
    let response = HttpTransport::new(&options()).unwrap().send(&get(&server, "/")).await.unwrap();
    assert_eq!(response.status, 302);
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_unavailable() {
    for act in [Act::Close, Act::Answer("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf")] {
        let server = serve(vec![act]).await;
        let error =
            HttpTransport::new(&options()).unwrap().send(&get(&server, "/?k=canary")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    }
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_refused() {
    let server = serve(vec![Act::Answer(OK)]).await;
    let transport = HttpTransport::new(&options().with_answer_bytes(10)).unwrap();
    let error = transport.send(&get(&server, "/")).await.unwrap_err();
    assert_eq!((error.context("limit"), error.retry()), (Some("10"), Retry::Never));
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_a_timeout() {
    let server = serve(vec![Act::Hang]).await;
    let short = options().with_timeouts(Duration::from_secs(5), Duration::from_millis(200));
    let error = HttpTransport::new(&short).unwrap().send(&get(&server, "/?k=canary")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(!format!("{error:?}").contains("canary"), "{error:?}");
}

#[tokio::test]
async fn a_port_where_nobody_listens_is_unavailable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let request = Request::new("server.get", Method::Get, url);
    let error = HttpTransport::new(&options()).unwrap().send(&request).await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Unavailable, "there is no connection"));
}

#[tokio::test]
async fn plain_text_is_refused_unless_it_is_allowed() {
    let request = Request::new("server.get", Method::Get, "http://127.0.0.1:9/");
    let error = HttpTransport::new(&HttpOptions::default()).unwrap().send(&request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

#[tokio::test]
async fn what_cannot_be_sent_is_invalid_and_not_shown() {
    let transport = HttpTransport::new(&options()).unwrap();
    let nonsense = Request::new("server.get", Method::Get, "nonsense");
    assert_eq!(transport.send(&nonsense).await.unwrap_err().kind(), ErrorKind::InvalidInput);
    let header = Request::new("server.get", Method::Get, "http://127.0.0.1:9/")
        .with_header("authorization", "canary\r\nx-more: 1".to_owned());
    let error = transport.send(&header).await.unwrap_err();
    assert_eq!(error.context("header"), Some("authorization"));
    assert!(!format!("{error:?}").contains("canary"));
}

#[tokio::test]
async fn requests_go_through_the_proxy() {
    let mut proxy = serve(vec![Act::Answer(OK)]).await;
    let through = Proxy::Url(Secret::new(format!("http://me:pass@{}", proxy.address)), String::new());
    let transport = HttpTransport::new(&options().with_proxy(through)).unwrap();
    let request = Request::new("server.get", Method::Get, "http://api.example/v2");
    assert_eq!(transport.send(&request).await.unwrap().status, 200);
    let sent = proxy.requests.recv().await.unwrap();
    assert!(sent.starts_with("GET http://api.example/v2 HTTP/1.1\r\n"), "{sent}");
    assert!(sent.contains("proxy-authorization: Basic bWU6cGFzcw=="), "{sent}");
}

#[tokio::test]
async fn hosts_that_are_excepted_do_not_go_through_the_proxy() {
    let server = serve(vec![Act::Answer(OK)]).await;
    let through = Proxy::Url(Secret::new("http://127.0.0.1:9"), "127.0.0.1".into());
    let transport = HttpTransport::new(&options().with_proxy(through)).unwrap();
    assert_eq!(transport.send(&get(&server, "/")).await.unwrap().status, 200);
}

#[test]
fn a_wrong_proxy_is_invalid_and_its_password_is_not_shown() {
    let wrong = Proxy::Url(Secret::new("http://me:canary@:x"), String::new());
    let error = HttpTransport::new(&options().with_proxy(wrong)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(!format!("{error:?}").contains("canary"));
}

#[test]
fn a_file_of_certificates_must_hold_some() {
    let folder = tempfile::tempdir().unwrap();
    let missing = HttpTransport::new(&options().with_ca_file(folder.path().join("none"))).unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NotFound);
    let file = folder.path().join("empty.pem");
    std::fs::write(&file, "nothing here").unwrap();
    let empty = HttpTransport::new(&options().with_ca_file(file)).unwrap_err();
    assert_eq!(empty.kind(), ErrorKind::InvalidInput);
}

/// A server with a certificate that only `tests/tls/ca.pem` vouches for. The key is no secret.
async fn serve_tls() -> String {
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    let chain = vec![CertificateDer::from_pem_slice(include_bytes!("tls/server.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("tls/server.key.pem")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            // A client that does not trust the certificate ends the handshake.
            if let Ok(mut stream) = acceptor.accept(stream).await {
                let _ = stream.read(&mut [0; 4096]).await;
                let _ = stream.write_all(OK.as_bytes()).await;
                let _ = stream.shutdown().await;
            }
        }
    });
    address
}

#[tokio::test]
async fn certificates_of_the_file_are_trusted_and_others_are_not() {
    let address = serve_tls().await;
    let request = Request::new("server.get", Method::Get, format!("https://{address}/"));
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tls/ca.pem");
    let trusting = HttpTransport::new(&HttpOptions::default().with_ca_file(file)).unwrap();
    assert_eq!(trusting.send(&request).await.unwrap().status, 200);
    let strict = HttpTransport::new(&options()).unwrap();
    assert_eq!(strict.send(&request).await.unwrap_err().kind(), ErrorKind::Unavailable);
    assert!(rustls::crypto::CryptoProvider::get_default().is_none(), "nothing process-wide was installed");
}

#[tokio::test]
async fn the_client_repeats_over_the_network() {
    let busy = "HTTP/1.1 503 Busy\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let server = serve(vec![Act::Answer(busy), Act::Close, Act::Answer(OK)]).await;
    let client = Client::new(Arc::new(HttpTransport::new(&options()).unwrap()));
    assert_eq!(client.send(&get(&server, "/")).await.unwrap().status, 200);
}
