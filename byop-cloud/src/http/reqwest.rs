//! The transport over the network; the only user of reqwest and rustls.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use byop_core::{Error, ErrorKind, Result, Retry, Secret};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use super::transport::{Method, Request, Response, Transport};

/// How the network is reached.
#[derive(Debug, Clone)]
pub struct HttpOptions {
    /// The time to connect: 10 s.
    pub connect_timeout: Duration,
    /// The time for a request with its answer: 60 s.
    pub timeout: Duration,
    /// The largest answer that is read, in bytes: 16 MiB.
    pub answer_bytes: usize,
    /// Certificates (PEM) that are trusted beside those of the system.
    pub ca_file: Option<PathBuf>,
    /// What requests go through.
    pub proxy: Proxy,
    /// Whether URLs that start with `http:` may be used.
    pub plaintext: Plaintext,
}

/// What requests go through.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Proxy {
    /// Nothing.
    #[default]
    None,
    /// The HTTP proxy at this URL, which may hold a password; and, with commas between them, the hosts and domains
    /// that are reached directly.
    Url(Secret, String),
}

/// Whether unencrypted connections are made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Plaintext {
    /// Never: it would show credentials to the network.
    #[default]
    Refused,
    /// To endpoints that were configured so, such as a simulator on this machine.
    Allowed,
}

impl Default for HttpOptions {
    /// 10 s to connect, 60 s in all, 16 MiB, the system's certificates, no proxy, encrypted only.
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            timeout: Duration::from_secs(60),
            answer_bytes: 16 << 20,
            ca_file: None,
            proxy: Proxy::None,
            plaintext: Plaintext::Refused,
        }
    }
}

impl HttpOptions {
    /// Trusts the certificates of a file as well.
    #[must_use]
    pub fn with_ca_file(mut self, file: impl Into<PathBuf>) -> Self {
        self.ca_file = Some(file.into());
        self
    }

    /// Sets what requests go through.
    #[must_use]
    pub fn with_proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = proxy;
        self
    }

    /// Sets whether unencrypted connections are made.
    #[must_use]
    pub fn with_plaintext(mut self, plaintext: Plaintext) -> Self {
        self.plaintext = plaintext;
        self
    }

    /// Sets the time to connect and the time in all.
    #[must_use]
    pub fn with_timeouts(mut self, connect: Duration, all: Duration) -> Self {
        self.connect_timeout = connect;
        self.timeout = all;
        self
    }

    /// Sets the largest answer that is read.
    #[must_use]
    pub fn with_answer_bytes(mut self, bytes: usize) -> Self {
        self.answer_bytes = bytes;
        self
    }
}

/// HTTP/1.1 and HTTP/2 over the network. Redirects are not followed, so credentials stay with their host.
#[derive(Clone)]
pub struct HttpTransport {
    client: reqwest::Client,
    answer_bytes: usize,
    plaintext: Plaintext,
}

impl fmt::Debug for HttpTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpTransport").field("plaintext", &self.plaintext).finish_non_exhaustive()
    }
}

impl HttpTransport {
    /// A transport with its own connections and its own TLS settings; nothing process-wide is touched.
    ///
    /// # Errors
    /// `NotFound` and `InvalidInput` for the file of certificates; `InvalidInput` for the proxy; `Unavailable` when
    /// the system has no certificates and no file was given.
    pub fn new(options: &HttpOptions) -> Result<Self> {
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls(options)?)
            .user_agent(concat!("byop/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(options.connect_timeout)
            .timeout(options.timeout)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            // The variables of the environment are read by `from_env` only.
            .no_proxy();
        if let Proxy::Url(url, except) = &options.proxy {
            let proxy = reqwest::Proxy::all(url.expose()).map_err(|error| {
                // The source's text would show the URL with its password.
                drop(error);
                Error::invalid("http.connect", "the URL of the proxy cannot be used")
                    .with_remedy("give a URL such as http://proxy.example:3128")
            })?;
            builder = builder.proxy(proxy.no_proxy(reqwest::NoProxy::from_string(except)));
        }
        let client = builder.build().map_err(|error| {
            Error::new(ErrorKind::Internal, "http.connect", "the HTTP client cannot be made")
                .with_source(error)
        })?;
        Ok(Self { client, answer_bytes: options.answer_bytes, plaintext: options.plaintext })
    }

    fn check_scheme(&self, request: &Request, url: &reqwest::Url) -> Result<()> {
        match (url.scheme(), self.plaintext) {
            ("https", _) | ("http", Plaintext::Allowed) => Ok(()),
            _ => Err(request
                .error(ErrorKind::InvalidInput, "only https: URLs may be used")
                .with_remedy("use the https: form, or allow plain text for this endpoint")),
        }
    }

    async fn read(&self, request: &Request, mut answer: reqwest::Response) -> Result<Response> {
        let mut response = Response::new(answer.status().as_u16());
        for (name, value) in answer.headers() {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            response.headers.push((name.as_str().to_owned(), value));
        }
        while let Some(chunk) = answer.chunk().await.map_err(|error| failed(request, error))? {
            if response.body.len() + chunk.len() > self.answer_bytes {
                return Err(request
                    .error(ErrorKind::Unavailable, "the answer is larger than what is read")
                    .with_context("limit", self.answer_bytes)
                    .with_retry(Retry::Never));
            }
            response.body.extend_from_slice(&chunk);
        }
        Ok(response)
    }
}

#[async_trait]
impl Transport for HttpTransport {
    async fn send(&self, request: &Request) -> Result<Response> {
        let url = reqwest::Url::parse(&request.url).map_err(|error| {
            request.error(ErrorKind::InvalidInput, "this is not a URL").with_source(error)
        })?;
        self.check_scheme(request, &url)?;
        let mut sent = self.client.request(method(request.method), url).body(request.body.clone());
        for (name, value) in &request.headers {
            let mut value = reqwest::header::HeaderValue::from_str(value.expose()).map_err(|_| {
                request
                    .error(ErrorKind::InvalidInput, "a header holds characters that cannot be sent")
                    .with_context("header", name)
            })?;
            value.set_sensitive(true);
            sent = sent.header(name, value);
        }
        let answer = sent.send().await.map_err(|error| failed(request, error))?;
        self.read(request, answer).await
    }
}

fn method(method: Method) -> reqwest::Method {
    match method {
        Method::Get => reqwest::Method::GET,
        Method::Head => reqwest::Method::HEAD,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Patch => reqwest::Method::PATCH,
        Method::Delete => reqwest::Method::DELETE,
    }
}

fn failed(request: &Request, error: reqwest::Error) -> Error {
    // The URL in the text of the error would show the query.
    let error = error.without_url();
    let (kind, message) = if error.is_timeout() {
        (ErrorKind::Timeout, "the answer did not come in time")
    } else if error.is_builder() {
        (ErrorKind::InvalidInput, "the request cannot be sent")
    } else if error.is_connect() {
        (ErrorKind::Unavailable, "there is no connection")
    } else {
        (ErrorKind::Unavailable, "the connection broke")
    };
    request.error(kind, message).with_source(error)
}

fn tls(options: &HttpOptions) -> Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(file) = &options.ca_file {
        add_file(&mut roots, file)?;
    }
    if roots.is_empty() && options.plaintext == Plaintext::Refused {
        return Err(Error::new(
            ErrorKind::Unavailable,
            "http.connect",
            "this system has no trusted certificates",
        )
        .with_remedy("install the package ca-certificates, or give a file of certificates"));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| {
            Error::new(ErrorKind::Internal, "http.connect", "TLS cannot be set up").with_source(error)
        })?;
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn add_file(roots: &mut RootCertStore, file: &Path) -> Result<()> {
    let wrong = |kind, message| {
        Error::new(kind, "http.connect", message)
            .with_context("file", file.display())
            .with_remedy("give a file with certificates in PEM form")
    };
    let text = std::fs::read(file).map_err(|error| {
        wrong(ErrorKind::NotFound, "the file of certificates cannot be read").with_source(error)
    })?;
    let mut found = 0;
    for certificate in CertificateDer::pem_slice_iter(&text) {
        let certificate = certificate.map_err(|error| {
            wrong(ErrorKind::InvalidInput, "the file of certificates is damaged").with_source(error)
        })?;
        roots.add(certificate).map_err(|error| {
            wrong(ErrorKind::InvalidInput, "a certificate cannot be trusted").with_source(error)
        })?;
        found += 1;
    }
    if found == 0 {
        return Err(wrong(ErrorKind::InvalidInput, "the file holds no certificate"));
    }
    Ok(())
}
