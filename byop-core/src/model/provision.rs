//! Servers that the engine rents: what is wanted, what it costs, what is noted of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::name::AppName;
use super::price::ServerPrice;
use super::resource::ReservedIp;
use super::server::{
    FirewallId, FirewallRule, RegionId, Server, ServerId, ServerImage, ServerSize, SshKeyId,
};
use crate::clock::Timestamp;
use crate::error::{Error, ErrorReport, Result};
use crate::id::JobId;
use crate::secret::SecretRef;

/// A server to create.
///
/// ```
/// use byop_core::model::{FirewallRule, Protocol, ServerRequest};
///
/// let request = ServerRequest::new("web-1", "fra1", "s-1vcpu-1gb")?
///     .with_image("debian-12")
///     .with_firewall_rule(FirewallRule::new(Protocol::Tcp, 443));
/// # Ok::<(), byop_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ServerRequest {
    /// Its name in this platform, and its host name.
    pub name: AppName,
    /// The cloud, by its name; may be left out when the engine has only one.
    #[serde(default)]
    pub provider: Option<String>,
    /// The provider's id of the region.
    pub region: RegionId,
    /// The provider's id of the size.
    pub size: String,
    /// The image, as [`find_image`](crate::cloud::CloudProvider::find_image) takes it; `debian-12` unless set.
    #[serde(default = "debian")]
    pub image: String,
    /// Public SSH keys that can log in.
    #[serde(default)]
    pub ssh_keys: Vec<String>,
    /// The traffic that may reach it; the provider's default without rules.
    #[serde(default)]
    pub firewall: Vec<FirewallRule>,
    /// Whether it gets a reserved address, which stays when the server is replaced.
    #[serde(default)]
    pub reserved_ip: bool,
    /// The name of the secret with its user data, which cloud-init runs at its first start.
    #[serde(default)]
    pub user_data: Option<SecretRef>,
    /// Labels at the provider, where it keeps them.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
}

fn debian() -> String {
    "debian-12".into()
}

impl ServerRequest {
    /// A server with Debian 12.
    ///
    /// # Errors
    /// `InvalidInput` for a bad name.
    pub fn new(name: &str, region: impl Into<String>, size: impl Into<String>) -> Result<Self> {
        Ok(Self {
            name: AppName::new(name)?,
            provider: None,
            region: RegionId(region.into()),
            size: size.into(),
            image: debian(),
            ssh_keys: Vec::new(),
            firewall: Vec::new(),
            reserved_ip: false,
            user_data: None,
            labels: BTreeMap::new(),
        })
    }

    /// Sets the cloud.
    #[must_use]
    pub fn with_provider(mut self, name: impl Into<String>) -> Self {
        self.provider = Some(name.into());
        self
    }

    /// Sets the image.
    #[must_use]
    pub fn with_image(mut self, image: impl Into<String>) -> Self {
        self.image = image.into();
        self
    }

    /// Lets the holder of a key in: `ssh-ed25519 AAAA...`.
    #[must_use]
    pub fn with_ssh_key(mut self, public_key: impl Into<String>) -> Self {
        self.ssh_keys.push(public_key.into());
        self
    }

    /// Lets something reach it, and nothing else but what other rules name.
    #[must_use]
    pub fn with_firewall_rule(mut self, rule: FirewallRule) -> Self {
        self.firewall.push(rule);
        self
    }

    /// Gives it an address that outlives it.
    #[must_use]
    pub fn with_reserved_ip(mut self) -> Self {
        self.reserved_ip = true;
        self
    }

    /// Sets what it runs at its first start.
    #[must_use]
    pub fn with_user_data(mut self, secret: SecretRef) -> Self {
        self.user_data = Some(secret);
        self
    }

    /// Adds a label.
    #[must_use]
    pub fn with_label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.insert(name.into(), value.into());
        self
    }

    /// Checks what needs no provider to be checked.
    ///
    /// # Errors
    /// `InvalidInput`, naming the key and what was expected.
    pub fn validate(&self) -> Result<()> {
        let check = |fits: bool, key: &'static str, value: &str, expected: &str| {
            if fits {
                return Ok(());
            }
            Err(Error::invalid("server.validate", format!("`{key}` must be {expected}"))
                .with_context("key", key)
                .with_context("value", value.chars().take(80).collect::<String>().escape_default())
                .with_remedy("correct this key"))
        };
        let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, b'-' | b'_');
        let is_label = |text: &str| text.len() <= 63 && text.bytes().all(plain);
        for (name, value) in &self.labels {
            let fits = !name.is_empty() && is_label(name) && is_label(value) && !name.starts_with("byop");
            check(
                fits,
                "labels",
                &format!("{name}={value}"),
                "lower-case letters, digits, `-` and `_`, not beginning with `byop`",
            )?;
        }
        for (n, key) in self.ssh_keys.iter().enumerate() {
            let fits = key.split_whitespace().count() >= 2 && !key.contains(['\n', '\r']);
            // Not quoted: it may be a private key.
            check(fits, "ssh_keys", &format!("number {}", n + 1), "public keys in OpenSSH's form, one each")?;
        }
        for rule in &self.firewall {
            check(rule.port != 0, "firewall", "port 0", "rules with ports from 1 to 65535")?;
        }
        for (key, text) in [("region", &self.region.0), ("size", &self.size), ("image", &self.image)] {
            check(!text.is_empty() && text.len() <= 200, key, text, "1 to 200 characters")?;
        }
        Ok(())
    }
}

/// What a server would be made from, and its price, before anything is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ServerPlan {
    /// The cloud.
    pub provider: String,
    /// The region.
    pub region: RegionId,
    /// The size, with what it has.
    pub size: ServerSize,
    /// The image.
    pub image: ServerImage,
    /// What the server costs, where the provider tells it. What it has beyond its size, such as a reserved address,
    /// may cost more.
    pub price: Option<ServerPrice>,
}

impl ServerPlan {
    /// A plan at the size's price.
    #[must_use]
    pub fn new(provider: impl Into<String>, region: RegionId, size: ServerSize, image: ServerImage) -> Self {
        let price = size.price.clone();
        Self { provider: provider.into(), region, size, image, price }
    }
}

/// How far a server of the platform is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ProvisionState {
    /// It is being made.
    Creating,
    /// It was made.
    Ready,
    /// It is being removed, because its owner asked for it or it could not be made. If that fails it stays in this
    /// state: destroy it again.
    Removing,
}

/// What the store notes of a server: written before anything is made, and removed when all of it is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ServerRecord {
    /// What was wanted.
    pub request: ServerRequest,
    /// The cloud.
    pub provider: String,
    /// How far it is.
    pub state: ProvisionState,
    /// The job that made it.
    pub job: JobId,
    /// The keys of all tries, the present one last.
    pub keys: Vec<String>,
    /// Servers that were made and may still be there, the present one last.
    pub servers: Vec<ServerId>,
    /// Whether the present one was seen since it was made; until then its absence proves nothing.
    pub seen: bool,
    /// How many the provider could not start.
    pub failed: u32,
    /// What filters its traffic.
    pub firewall: Option<FirewallId>,
    /// Its reserved address, which stays when the server is replaced.
    pub reserved_ip: Option<ReservedIp>,
    /// The SSH keys that it was made with, by the public keys.
    pub ssh_keys: BTreeMap<String, SshKeyId>,
    /// What it costs.
    pub price: Option<ServerPrice>,
    /// Why it is being removed, unless its owner asked for it.
    pub error: Option<ErrorReport>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it was made, with all that belongs to it.
    #[serde(default)]
    pub ready_at: Option<Timestamp>,
}

impl ServerRecord {
    /// The intent to make a server.
    #[must_use]
    pub fn new(
        request: ServerRequest,
        provider: impl Into<String>,
        job: JobId,
        created_at: Timestamp,
    ) -> Self {
        Self {
            request,
            provider: provider.into(),
            state: ProvisionState::Creating,
            job,
            keys: Vec::new(),
            servers: Vec::new(),
            seen: false,
            failed: 0,
            firewall: None,
            reserved_ip: None,
            ssh_keys: BTreeMap::new(),
            price: None,
            error: None,
            created_at,
            ready_at: None,
        }
    }

    /// The server itself, once it is made.
    #[must_use]
    pub fn server(&self) -> Option<&ServerId> {
        self.servers.last()
    }
}

/// A server as stored, with what its provider says of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ServerReport {
    /// Its name.
    pub name: AppName,
    /// The cloud.
    pub provider: String,
    /// How far it is.
    pub state: ProvisionState,
    /// What the provider says of it now; `None` when it does not exist.
    pub server: Option<Server>,
    /// Its reserved address, which stays when the server is replaced.
    pub reserved_ip: Option<std::net::IpAddr>,
    /// What it costs.
    pub price: Option<ServerPrice>,
    /// How many servers the provider failed to start before this one.
    pub failed: u32,
    /// Why it is being removed, unless its owner asked for it.
    pub error: Option<ErrorReport>,
    /// When it was asked for.
    pub created_at: Timestamp,
}

impl ServerReport {
    /// What is noted, with what was observed.
    #[must_use]
    pub fn new(record: &ServerRecord, server: Option<Server>) -> Self {
        Self {
            name: record.request.name.clone(),
            provider: record.provider.clone(),
            state: record.state,
            server,
            reserved_ip: record.reserved_ip.as_ref().map(|ip| ip.address),
            price: record.price.clone(),
            failed: record.failed,
            error: record.error.clone(),
            created_at: record.created_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_provider_could_take_is_refused() {
        let good = || ServerRequest::new("web-1", "here", "small").unwrap();
        good().with_label("role", "web").with_ssh_key("ssh-ed25519 AAAA ann").validate().unwrap();
        for (bad, key) in [
            (good().with_label("byop-id", "x"), "labels"),
            (good().with_label("role", "a b"), "labels"),
            (good().with_ssh_key("AAAA"), "ssh_keys"),
            (good().with_ssh_key("ssh-rsa AAAA\nssh-rsa BBBB"), "ssh_keys"),
            (good().with_firewall_rule(FirewallRule::new(Default::default(), 0)), "firewall"),
            (good().with_image(""), "image"),
        ] {
            assert_eq!(bad.validate().unwrap_err().context("key"), Some(key));
        }
    }
}
