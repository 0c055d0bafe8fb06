//! TLS to an engine, on the one crypto provider of the tree and without touching the process's default.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::connect::{authority, dial_tcp};
use super::transport::Dial;
use crate::error::{Error, Result};
use crate::secret::Secret;

const OPERATION: &str = "runtime.connect";

/// The certificates of a connection to an engine: whom we trust, and who we are. All in PEM.
#[derive(Debug, Clone)]
pub struct DockerTls {
    ca: Vec<u8>,
    identity: Option<(Vec<u8>, Secret)>,
}

impl DockerTls {
    /// The authority that signed the engine's certificate, and our own certificate with its key.
    pub fn new(ca: impl Into<Vec<u8>>, certificate: impl Into<Vec<u8>>, key: Secret) -> Self {
        Self { ca: ca.into(), identity: Some((certificate.into(), key)) }
    }

    /// Only the authority, for an engine that asks for no certificate. Such an engine obeys whoever reaches it.
    pub fn without_certificate(ca: impl Into<Vec<u8>>) -> Self {
        Self { ca: ca.into(), identity: None }
    }

    /// Reads `ca.pem`, `cert.pem` and `key.pem` from a folder, the layout of the engine's own client.
    ///
    /// # Errors
    /// `InvalidInput` when one of them cannot be read, with the file.
    pub fn from_dir(folder: &Path) -> Result<Self> {
        let read = |name: &str| {
            let path = folder.join(name);
            std::fs::read_to_string(&path).map_err(|error| {
                Error::invalid(OPERATION, "a certificate file cannot be read")
                    .with_context("file", path.display())
                    .with_source(error)
            })
        };
        Ok(Self::new(read("ca.pem")?, read("cert.pem")?, Secret::new(read("key.pem")?)))
    }

    fn config(&self) -> Result<ClientConfig> {
        let bad = |what: &'static str| Error::invalid(OPERATION, format!("the {what} is not valid PEM"));
        let mut roots = RootCertStore::empty();
        for certificate in certificates(&self.ca).ok_or_else(|| bad("authority's certificate"))? {
            roots.add(certificate).map_err(|error| bad("authority's certificate").with_source(error))?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let unusable = |error: rustls::Error| {
            Error::invalid(OPERATION, "the client certificate and key cannot be used").with_source(error)
        };
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(unusable)?
            .with_root_certificates(roots);
        let Some((certificate, key)) = &self.identity else { return Ok(builder.with_no_client_auth()) };
        let chain = certificates(certificate).ok_or_else(|| bad("client certificate"))?;
        // The parser's own error could quote the input, so it is not kept as a source.
        let key = PrivateKeyDer::from_pem_slice(key.expose().as_bytes()).map_err(|_| bad("client key"))?;
        builder.with_client_auth_cert(chain, key).map_err(unusable)
    }
}

/// All certificates of a PEM text; `None` when there is none or one is broken.
fn certificates(pem: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    let all: Vec<_> = CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().ok()?;
    (!all.is_empty()).then_some(all)
}

pub(super) struct TlsDial {
    host: String,
    port: u16,
    name: ServerName<'static>,
    connector: TlsConnector,
}

impl TlsDial {
    pub(super) fn new(host: String, port: u16, tls: &DockerTls) -> Result<Self> {
        let name = ServerName::try_from(host.clone()).map_err(|error| {
            Error::invalid(OPERATION, "this host cannot be named in a certificate")
                .with_context("host", host.escape_default())
                .with_source(error)
        })?;
        Ok(Self { host, port, name, connector: TlsConnector::from(Arc::new(tls.config()?)) })
    }
}

impl fmt::Debug for TlsDial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsDial").field("host", &self.host).field("port", &self.port).finish_non_exhaustive()
    }
}

#[async_trait]
impl Dial for TlsDial {
    type Stream = TlsStream<TcpStream>;

    fn host(&self) -> String {
        authority(&self.host, self.port)
    }

    async fn dial(&self) -> io::Result<TlsStream<TcpStream>> {
        let stream = dial_tcp(&self.host, self.port).await?;
        self.connector.connect(self.name.clone(), stream).await
    }
}
