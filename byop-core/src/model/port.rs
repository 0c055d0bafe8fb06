//! Ports of a host that lead straight into an app, beside HTTP.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::name::AppName;
use crate::error::Result;

/// The transport of a port. TCP and UDP ports of the same number are different ports.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Protocol {
    /// TCP.
    #[default]
    Tcp,
    /// UDP.
    Udp,
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// A TCP or UDP port of an app that clients reach directly, not through the proxy.
///
/// It is published on all addresses of the host. The host's port is reserved for the app when it is deployed, stays
/// the same over its releases, and is free again once the app is removed or no longer asks for it. The app finds it
/// in the variable `BYOP_PORT_<NAME>`: the name in upper case, with `_` for `-`.
///
/// A port of the host leads to one container only. An app whose new release shares one with the old release is
/// therefore replaced by stopping the old release first: updates of such an app have a short gap, for HTTP too. A
/// new release that does not become healthy is removed, and the old one started again. HTTP-only apps have no gap.
///
/// ```
/// use byop_core::model::{AppSpec, PortSpec, Protocol, Source};
///
/// let mut spec = AppSpec::new("game", Source::Directory("./game".into()))?;
/// spec.ports.push(PortSpec::new("play", Protocol::Udp, 7777)?);
/// # Ok::<(), byop_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PortSpec {
    /// Unique within the app.
    pub name: AppName,
    /// The port that the app listens on, inside its container.
    pub container_port: u16,
    /// `tcp` unless set.
    #[serde(default)]
    pub protocol: Protocol,
    /// The port of the host; chosen from the engine's port range when absent. The app finds it in the environment
    /// variable `BYOP_PORT_<NAME>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_port: Option<u16>,
}

impl PortSpec {
    /// A port for which the engine chooses the host's port.
    ///
    /// # Errors
    /// `InvalidInput` for a bad name.
    pub fn new(name: impl Into<String>, protocol: Protocol, container_port: u16) -> Result<Self> {
        Ok(Self { name: AppName::new(name)?, container_port, protocol, host_port: None })
    }

    /// Asks for this port of the host.
    #[must_use]
    pub fn with_host_port(mut self, port: u16) -> Self {
        self.host_port = Some(port);
        self
    }
}

/// What is wrong with an app's ports: the key, the value, what was expected.
pub(super) fn validate(ports: &[PortSpec]) -> std::result::Result<(), (&'static str, String, &'static str)> {
    const RANGE: &str = "between 1 and 65535";
    let (mut names, mut inside, mut outside) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for port in ports {
        if port.container_port == 0 {
            return Err(("ports.container_port", port.name.to_string(), RANGE));
        }
        if port.host_port == Some(0) {
            return Err(("ports.host_port", port.name.to_string(), RANGE));
        }
        if !names.insert(&port.name) {
            return Err(("ports.name", port.name.to_string(), "different from those of the other ports"));
        }
        if !inside.insert((port.protocol, port.container_port)) {
            let expected = "different from those of the same protocol";
            return Err(("ports.container_port", port.name.to_string(), expected));
        }
        if port.host_port.is_some_and(|host_port| !outside.insert((port.protocol, host_port))) {
            let expected = "different from those of the same protocol";
            return Err(("ports.host_port", port.name.to_string(), expected));
        }
    }
    Ok(())
}

/// A port of an app with the port of the host that leads to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PublishedPort {
    /// Its name in the app's spec.
    pub name: AppName,
    /// TCP or UDP.
    pub protocol: Protocol,
    /// The port of the host.
    pub host_port: u16,
    /// The port of the container.
    pub container_port: u16,
}

impl PublishedPort {
    /// The name of the variable in which the app finds the host's port.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("BYOP_PORT_{}", self.name.as_str().to_ascii_uppercase().replace('-', "_"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port(name: &str, protocol: Protocol, container_port: u16) -> PortSpec {
        PortSpec::new(name, protocol, container_port).unwrap()
    }

    #[test]
    fn ports_that_nothing_can_tell_apart_are_refused() {
        use Protocol::{Tcp, Udp};
        let good = [port("a", Tcp, 1).with_host_port(9), port("b", Udp, 1).with_host_port(9)];
        assert_eq!(validate(&good), Ok(()));
        for (bad, key) in [
            (vec![port("a", Tcp, 0)], "ports.container_port"),
            (vec![port("a", Tcp, 1).with_host_port(0)], "ports.host_port"),
            (vec![port("a", Tcp, 1), port("a", Udp, 2)], "ports.name"),
            (vec![port("a", Tcp, 1), port("b", Tcp, 1)], "ports.container_port"),
            (
                vec![port("a", Tcp, 1).with_host_port(9), port("b", Tcp, 2).with_host_port(9)],
                "ports.host_port",
            ),
        ] {
            assert_eq!(validate(&bad).unwrap_err().0, key, "{bad:?}");
        }
    }

    #[test]
    fn a_port_is_tcp_unless_it_says_otherwise() {
        let port: PortSpec = serde_json::from_str(r#"{"name":"smtp-in","container_port":25}"#).unwrap();
        assert_eq!(port, self::port("smtp-in", Protocol::Tcp, 25));
        assert!(serde_json::from_str::<PortSpec>(r#"{"name":"a","container_port":1,"hostport":2}"#).is_err());
    }

    #[test]
    fn the_variable_is_a_valid_name() {
        let name = AppName::new("smtp-in").unwrap();
        let port = PublishedPort { name, protocol: Protocol::Tcp, host_port: 1, container_port: 1 };
        assert_eq!(port.variable(), "BYOP_PORT_SMTP_IN");
    }
}
