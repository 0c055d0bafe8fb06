//! Ways to reach an engine.

use std::io;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use tokio::net::{TcpStream, UnixStream};

use super::Docker;
use super::tls::{DockerTls, TlsDial};
use super::transport::{Dial, LOCAL_HOST, Wire};
use crate::error::{Error, ErrorKind, Result};

const DEFAULT_SOCKET: &str = "/var/run/docker.sock";
const OPERATION: &str = "runtime.connect";

impl Docker {
    /// The engine of this machine, at its usual socket.
    ///
    /// # Errors
    /// `Unavailable` when there is no such socket.
    pub fn connect() -> Result<Self> {
        Self::connect_unix(DEFAULT_SOCKET)
    }

    /// The engine behind a Unix socket.
    ///
    /// # Errors
    /// `Unavailable` when there is no such socket.
    pub fn connect_unix(path: impl Into<PathBuf>) -> Result<Self> {
        let path = path.into();
        if !path.exists() {
            return Err(Error::new(
                ErrorKind::Unavailable,
                OPERATION,
                "there is no engine socket at this path",
            )
            .with_context("socket", path.display())
            .with_remedy("install and start Docker, or name its socket (in the environment: DOCKER_HOST)"));
        }
        Self::over(UnixDial(path))
    }

    /// The engine at `host:port` (or `tcp://host:port`, port 2375 when absent), without encryption: for
    /// loopback addresses and tunnels.
    ///
    /// # Errors
    /// `InvalidInput` when the address cannot be read.
    pub fn connect_tcp(address: &str) -> Result<Self> {
        let (host, port) = host_and_port(address, 2375)?;
        Self::over(TcpDial { host, port })
    }

    /// The engine at `host:port` (or `tcp://host:port`, port 2376 when absent), with both sides proving who
    /// they are.
    ///
    /// # Errors
    /// `InvalidInput` when the address, a certificate or the key cannot be read.
    pub fn connect_tls(address: &str, tls: &DockerTls) -> Result<Self> {
        let (host, port) = host_and_port(address, 2376)?;
        Self::over(TlsDial::new(host, port, tls)?)
    }

    /// The engine that the environment names, as the engine's own client reads it: `DOCKER_HOST` (`unix://` or
    /// `tcp://`), `DOCKER_TLS_VERIFY` and `DOCKER_CERT_PATH`. Without them: [`Docker::connect`].
    ///
    /// # Errors
    /// Those of the other ways to connect, and `Unsupported` for other schemes.
    pub fn from_env() -> Result<Self> {
        Self::from_variables(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
    }

    /// The engine that these variables name; [`Docker::from_env`] says which there are.
    ///
    /// # Errors
    /// Those of [`Docker::from_env`].
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let Some(host) = variable("DOCKER_HOST") else { return Self::connect() };
        let tls = variable("DOCKER_TLS_VERIFY").is_some() || host.starts_with("https://");
        match host.split_once("://") {
            Some(("unix", path)) => Self::connect_unix(path),
            Some(("tcp" | "http" | "https", _)) if tls => {
                let folder = variable("DOCKER_CERT_PATH")
                    .map(PathBuf::from)
                    .or_else(|| variable("HOME").map(|home| Path::new(&home).join(".docker")))
                    .ok_or_else(|| {
                        Error::invalid(OPERATION, "TLS is asked for, but no certificates are named")
                            .with_remedy("set DOCKER_CERT_PATH to the folder of ca.pem, cert.pem and key.pem")
                    })?;
                Self::connect_tls(&host, &DockerTls::from_dir(&folder)?)
            }
            Some(("tcp" | "http", _)) => Self::connect_tcp(&host),
            _ => Err(Error::new(
                ErrorKind::Unsupported,
                OPERATION,
                "this kind of engine address is not supported",
            )
            .with_context("DOCKER_HOST", host.escape_default())
            .with_remedy("give unix:///path/to/socket or tcp://host:port")),
        }
    }

    /// The engine at the other end of the connections that `dial` makes.
    pub(crate) fn over(dial: impl Dial) -> Result<Self> {
        Self::on(Wire::new(dial))
    }
}

fn host_and_port(address: &str, default_port: u16) -> Result<(String, u16)> {
    let bad = || {
        Error::invalid(OPERATION, "this is not an engine address")
            .with_context("address", address.escape_default())
            .with_remedy("give host:port or tcp://host:port")
    };
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest).trim_end_matches('/');
    let bracketed = rest.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let (host, port) = match bracketed {
        Some((host, "")) => (host, None),
        Some((host, port)) => (host, Some(port.strip_prefix(':').ok_or_else(bad)?)),
        None => rest.split_once(':').map_or((rest, None), |(host, port)| (host, Some(port))),
    };
    let fits = |b: u8| {
        b.is_ascii_alphanumeric() || b"-._".contains(&b) || (bracketed.is_some() && b":%".contains(&b))
    };
    if host.is_empty() || !host.bytes().all(fits) {
        return Err(bad());
    }
    let port = port.map_or(Ok(default_port), |port| port.parse().map_err(|_| bad()))?;
    Ok((host.to_owned(), port))
}

#[derive(Debug)]
struct UnixDial(PathBuf);

#[async_trait]
impl Dial for UnixDial {
    type Stream = UnixStream;

    fn host(&self) -> String {
        LOCAL_HOST.into()
    }

    async fn dial(&self) -> io::Result<UnixStream> {
        UnixStream::connect(&self.0).await
    }
}

#[derive(Debug)]
struct TcpDial {
    host: String,
    port: u16,
}

#[async_trait]
impl Dial for TcpDial {
    type Stream = TcpStream;

    fn host(&self) -> String {
        authority(&self.host, self.port)
    }

    async fn dial(&self) -> io::Result<TcpStream> {
        dial_tcp(&self.host, self.port).await
    }
}

/// `host:port`, with an IPv6 address in brackets.
pub(super) fn authority(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

pub(super) async fn dial_tcp(host: &str, port: u16) -> io::Result<TcpStream> {
    let stream = TcpStream::connect((host, port)).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_with_and_without_scheme_and_port() {
        for (address, host, port) in [
            ("a.example:1", "a.example", 1),
            ("tcp://10.0.0.1", "10.0.0.1", 2375),
            ("tcp://[::1]:7/", "::1", 7),
            ("[::1]", "::1", 2375),
        ] {
            assert_eq!(host_and_port(address, 2375).unwrap(), (host.to_owned(), port), "{address}");
        }
        for bad in ["", "tcp://", "a:b", "a:70000", "a b", "a/b:1", "[::1]x", "::1"] {
            assert_eq!(host_and_port(bad, 2375).unwrap_err().kind(), ErrorKind::InvalidInput, "{bad}");
        }
    }

    #[test]
    fn the_environment_chooses_the_way() {
        let with = |host: &'static str| {
            Docker::from_variables(move |name| (name == "DOCKER_HOST").then(|| host.to_owned())).map(|_| ())
        };
        assert!(with("tcp://127.0.0.1:2375").is_ok());
        assert_eq!(with("unix:///nowhere.sock").unwrap_err().kind(), ErrorKind::Unavailable);
        assert_eq!(with("ssh://root@host").unwrap_err().kind(), ErrorKind::Unsupported);
        assert_eq!(with("https://127.0.0.1").unwrap_err().kind(), ErrorKind::InvalidInput);
    }

    #[tokio::test]
    async fn an_engine_that_does_not_answer_is_unavailable() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("engine.sock");
        drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
        let error = Docker::connect_unix(&socket).unwrap().engine_info().await.unwrap_err();
        assert_eq!((error.kind(), error.operation()), (ErrorKind::Unavailable, "runtime.info"), "{error:?}");

        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        drop(listener);
        let error = Docker::connect_tcp(&address).unwrap().engine_info().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
    }

    #[tokio::test]
    async fn an_engine_that_hangs_up_is_unavailable() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let server = tokio::spawn(async move { drop(listener.accept().await) });
        let error = Docker::connect_tcp(&address).unwrap().engine_info().await.unwrap_err();
        server.await.unwrap();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
    }
}
