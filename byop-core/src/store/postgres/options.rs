//! Which database, and how to reach it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use super::tls::Tls;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::secret::Secret;

/// Which PostgreSQL database to keep state in, and how to reach it.
///
/// ```
/// use byop_core::Secret;
/// use byop_core::store::PostgresOptions;
///
/// let url = Secret::new("postgresql://byop:hunter2@db.example.com/platform");
/// let options = PostgresOptions::new(&url)?.with_connections(4);
/// assert!(!format!("{options:?}").contains("hunter2"));
/// # Ok::<(), byop_core::Error>(())
/// ```
#[derive(Clone)]
pub struct PostgresOptions {
    pub(super) config: Config,
    pub(super) connections: usize,
    pub(super) statement_timeout: Duration,
    pub(super) clock: Option<Arc<dyn Clock>>,
    authority: Option<String>,
}

impl PostgresOptions {
    /// The database that a URL (`postgresql://user:password@host:port/database`) names; characters such as `@` and
    /// `/` in a password are percent-encoded.
    ///
    /// Without `sslmode` in the URL, a connection to another machine uses TLS with a verified certificate, one within
    /// this machine none. `sslmode=require` verifies too, as `verify-full` does elsewhere.
    ///
    /// # Errors
    /// `InvalidInput` when the URL cannot be read, or names no database.
    pub fn new(url: &Secret) -> Result<Self> {
        let text = url.expose();
        let known = text.replace("sslmode=verify-full", "sslmode=require");
        // The parser's own error could quote the password, so it is not kept as a source.
        let mut config: Config =
            known.parse().map_err(|_| invalid("the URL of the database cannot be read"))?;
        let is_odd = |host: &Host| matches!(host, Host::Tcp(name) if name.contains(['@', ':', '/', '?']));
        if config.get_hosts().is_empty() || config.get_hosts().iter().any(is_odd) {
            return Err(invalid("the URL of the database names no host, or an odd one"));
        }
        if config.get_dbname().is_none_or(str::is_empty) {
            return Err(invalid("the URL names no database"));
        }
        if !text.contains("sslmode=") {
            let is_near = config.get_hosts().iter().all(is_this_machine);
            config.ssl_mode(if is_near { SslMode::Disable } else { SslMode::Require });
        }
        if config.get_application_name().is_none() {
            config.application_name("byop");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(Duration::from_secs(5));
        }
        // A machine that vanished is noticed in two minutes, not in two hours.
        config.keepalives_idle(Duration::from_secs(60)).tcp_user_timeout(Duration::from_secs(120));
        Ok(Self {
            config,
            connections: 8,
            statement_timeout: Duration::from_secs(30),
            clock: None,
            authority: None,
        })
    }

    /// At most so many connections for calls, besides one that hears of changes. 8 when not set.
    #[must_use]
    pub fn with_connections(mut self, connections: usize) -> Self {
        self.connections = connections.max(1);
        self
    }

    /// How long one statement may take before the server ends it. 30 seconds when not set.
    #[must_use]
    pub fn with_statement_timeout(mut self, timeout: Duration) -> Self {
        self.statement_timeout = timeout;
        self
    }

    /// Trusts these authorities (PEM) instead of the system's.
    #[must_use]
    pub fn with_root_certificates(mut self, pem: impl Into<String>) -> Self {
        self.authority = Some(pem.into());
        self
    }

    /// Judges leases by `clock`. When not set they are judged by the database server's clock, so those of the
    /// machines need not agree.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    pub(super) fn tls(&self) -> Result<Tls> {
        match self.config.get_ssl_mode() {
            SslMode::Disable => Tls::nobody(),
            _ => self.authority.as_deref().map_or_else(Tls::system, Tls::trusting),
        }
    }

    /// The settings of each connection.
    pub(super) fn session_config(&self) -> Config {
        let mut config = self.config.clone();
        let millis = self.statement_timeout.as_millis();
        let own = format!(
            "-c statement_timeout={millis} -c idle_in_transaction_session_timeout={millis} \
             -c lock_timeout={millis} -c default_transaction_isolation=read\\ committed"
        );
        // The host program's come last and win.
        config.options(format!("{own} {}", self.config.get_options().unwrap_or_default()));
        config
    }

    /// Where it is, without who asks.
    pub(super) fn place(&self) -> String {
        let port = |index: usize| {
            let ports = self.config.get_ports();
            ports.get(index).or(ports.first()).copied().unwrap_or(5432)
        };
        let hosts = self.config.get_hosts().iter().enumerate().map(|(index, host)| match host {
            Host::Tcp(name) => format!("{name}:{}", port(index)),
            #[cfg(unix)]
            Host::Unix(folder) => format!("{}:{}", folder.display(), port(index)),
        });
        let hosts: Vec<_> = hosts.collect();
        format!("{}/{}", hosts.join(","), self.config.get_dbname().unwrap_or_default())
    }
}

impl fmt::Debug for PostgresOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresOptions")
            .field("place", &self.place())
            .field("user", &self.config.get_user())
            .field("connections", &self.connections)
            .field("statement_timeout", &self.statement_timeout)
            .finish_non_exhaustive()
    }
}

fn is_this_machine(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => matches!(name.as_str(), "localhost" | "127.0.0.1" | "::1"),
        #[cfg(unix)]
        Host::Unix(_) => true,
    }
}

fn invalid(message: &str) -> Error {
    Error::invalid("store.open", message)
        .with_remedy("give postgresql://user:password@host:port/database, the password percent-encoded")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(url: &str) -> Result<PostgresOptions> {
        PostgresOptions::new(&Secret::new(url))
    }

    #[test]
    fn only_another_machine_is_reached_with_tls() {
        for (url, expected) in [
            ("postgresql://a@localhost/b", SslMode::Disable),
            ("postgresql://a@%2Frun%2Fpostgresql/b", SslMode::Disable),
            ("postgresql://a@db.example.com/b", SslMode::Require),
            ("postgresql://a@localhost,db.example.com/b", SslMode::Require),
            ("postgresql://a@db.example.com/b?sslmode=disable", SslMode::Disable),
            ("postgresql://a@localhost/b?sslmode=verify-full", SslMode::Require),
        ] {
            assert_eq!(options(url).unwrap().config.get_ssl_mode(), expected, "{url}");
        }
    }

    #[test]
    fn no_error_and_no_debug_text_shows_the_password() {
        for url in [
            "postgresql://a:canary@ry@host/b",
            "postgresql://a:canary@host",
            "postgresql://a:canary@host:port/b",
            "postgresql://a:canary@host/b?canary=1",
            "canary",
            "postgresql://a:canary@host/b",
        ] {
            let shown = format!("{:?}", options(url));
            assert!(!shown.contains("canary"), "{url}: {shown}");
        }
    }

    #[test]
    fn the_place_is_named_with_its_port() {
        let place = options("postgresql://a:x@one:1,two:2/b").unwrap().place();
        assert_eq!(place, "one:1,two:2/b");
        assert_eq!(options("postgresql://a:x@one/b").unwrap().place(), "one:5432/b");
    }
}
