//! How a new machine is to be set up before apps come to it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::server::FirewallRule;
use crate::error::{Error, Result};
use crate::secret::Secret;

/// A machine as byop wants it: what [`cloud_init`](crate::generator::cloud_init) writes the first boot from.
///
/// ```
/// use byop_core::model::HostSpec;
///
/// let host = HostSpec::new("web-1").with_authorized_key("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHm ann@example");
/// host.validate()?;
/// # Ok::<(), byop_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct HostSpec {
    /// Its host name: one label, such as `web-1`.
    pub name: String,
    /// The user who may do everything, over SSH and with a key only.
    #[serde(default = "admin")]
    pub admin: String,
    /// Who may enter as that user: public keys, one a line.
    pub authorized_keys: Vec<String>,
    /// The machine's own key, made by byop so that it can be pinned before the first connection.
    #[serde(default)]
    pub host_key: Option<HostKey>,
    /// Distribution packages besides the engine.
    #[serde(default)]
    pub packages: Vec<String>,
    /// Swap space in bytes; 0 is none.
    #[serde(default)]
    pub swap_bytes: u64,
    /// Who may connect to the machine itself; SSH is always let in. Ports that the engine publishes for containers are
    /// the engine's affair.
    #[serde(default)]
    pub firewall: Vec<FirewallRule>,
    /// Whether security updates are installed by themselves.
    #[serde(default = "yes")]
    pub unattended_upgrades: bool,
    /// The networks that the engine takes its own from, and the size of each, such as `10.201.0.0/16` and 24.
    #[serde(default)]
    pub address_pools: Vec<AddressPool>,
    /// Authorities (PEM) of registries by `host` or `host:port`.
    #[serde(default)]
    pub registry_authorities: BTreeMap<String, String>,
}

fn admin() -> String {
    "byop".into()
}

fn yes() -> bool {
    true
}

/// A machine's own key pair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct HostKey {
    /// The private key, an Ed25519 one in OpenSSH's form.
    pub private: Secret,
    /// The public key: `ssh-ed25519 ...`.
    pub public: String,
}

/// Addresses that the engine makes networks of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AddressPool {
    /// A private network, such as `10.201.0.0/16`.
    pub base: String,
    /// The prefix length of each network made of it.
    pub size: u8,
}

impl HostSpec {
    /// A host with defaults for all but its name; it needs a key of someone who may enter.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            admin: admin(),
            authorized_keys: Vec::new(),
            host_key: None,
            packages: Vec::new(),
            swap_bytes: 0,
            firewall: Vec::new(),
            unattended_upgrades: true,
            address_pools: Vec::new(),
            registry_authorities: BTreeMap::new(),
        }
    }

    /// Lets the holder of this key in.
    #[must_use]
    pub fn with_authorized_key(mut self, key: impl Into<String>) -> Self {
        self.authorized_keys.push(key.into());
        self
    }

    /// Gives it its own key.
    #[must_use]
    pub fn with_host_key(mut self, private: Secret, public: impl Into<String>) -> Self {
        self.host_key = Some(HostKey { private, public: public.into() });
        self
    }

    /// Checks every value.
    ///
    /// # Errors
    /// `InvalidInput`, naming the key and what was expected.
    pub fn validate(&self) -> Result<()> {
        let check = |fits: bool, key: &'static str, value: &str, expected: &str| {
            if fits {
                return Ok(());
            }
            Err(Error::invalid("host.validate", format!("`{key}` must be {expected}"))
                .with_context("key", key)
                .with_context("value", value.chars().take(80).collect::<String>().escape_default())
                .with_remedy("correct this key"))
        };
        check(
            is_label(&self.name),
            "name",
            &self.name,
            "one label of lower-case letters, digits and hyphens",
        )?;
        let is_user = is_user(&self.admin);
        check(
            is_user,
            "admin",
            &self.admin,
            "a user name of lower-case letters and digits, not one of the system's",
        )?;
        check(
            !self.authorized_keys.is_empty(),
            "authorized_keys",
            "",
            "at least one key, or nobody could enter",
        )?;
        for key in &self.authorized_keys {
            let expected =
                "made of public keys such as ssh-ed25519 AAAA... name, one line each and without options";
            check(is_public_key(key), "authorized_keys", key, expected)?;
        }
        if let Some(key) = &self.host_key {
            check(
                is_public_key(&key.public) && key.public.starts_with("ssh-ed25519 "),
                "host_key.public",
                &key.public,
                "an Ed25519 public key",
            )?;
            let is_pem = is_pem(key.private.expose(), "OPENSSH PRIVATE KEY");
            check(is_pem, "host_key.private", "(hidden)", "a private key in OpenSSH's form")?;
        }
        for name in &self.packages {
            check(is_package(name), "packages", name, "made of package names")?;
        }
        check(self.swap_bytes <= 1 << 40, "swap_bytes", &self.swap_bytes.to_string(), "at most 1 TiB")?;
        for rule in &self.firewall {
            check(rule.port > 0, "firewall.port", &rule.port.to_string(), "between 1 and 65535")?;
            for source in &rule.sources {
                check(
                    is_network(source).is_some(),
                    "firewall.sources",
                    source,
                    "made of networks such as 203.0.113.0/24",
                )?;
            }
        }
        for pool in &self.address_pools {
            let prefix = is_network(&pool.base).filter(|_| pool.base.contains('/'));
            check(prefix.is_some(), "address_pools.base", &pool.base, "a network such as 10.201.0.0/16")?;
            let most = if pool.base.contains(':') { 128 } else { 30 };
            let fits = prefix.is_some_and(|prefix| (prefix..=most).contains(&pool.size));
            check(fits, "address_pools.size", &pool.size.to_string(), "a prefix length within the pool's")?;
        }
        for (registry, authority) in &self.registry_authorities {
            check(is_registry(registry), "registry_authorities", registry, "named by `host` or `host:port`")?;
            check(
                is_pem(authority, "CERTIFICATE"),
                "registry_authorities",
                authority,
                "certificates in PEM",
            )?;
        }
        Ok(())
    }
}

fn is_label(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=63).contains(&text.len()) && text.bytes().all(fits) && !text.starts_with('-') && !text.ends_with('-')
}

fn is_user(name: &str) -> bool {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_');
    let taken =
        ["root", "daemon", "bin", "sys", "sync", "mail", "www-data", "nobody", "sshd", "docker", "backup"];
    (1..=32).contains(&name.len())
        && name.bytes().all(fits)
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && !taken.contains(&name)
}

fn is_public_key(line: &str) -> bool {
    let mut words = line.splitn(3, ' ');
    let kinds = [
        "ssh-ed25519",
        "ssh-rsa",
        "ecdsa-sha2-nistp256",
        "ecdsa-sha2-nistp384",
        "ecdsa-sha2-nistp521",
        "sk-ssh-ed25519@openssh.com",
        "sk-ecdsa-sha2-nistp256@openssh.com",
    ];
    let is_base64 = |text: &str| {
        text.len() >= 16 && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'='))
    };
    line.len() <= 4096
        && words.next().is_some_and(|kind| kinds.contains(&kind))
        && words.next().is_some_and(is_base64)
        && words.next().is_none_or(|note| !note.chars().any(char::is_control))
}

fn is_pem(text: &str, kind: &str) -> bool {
    let text = text.trim();
    text.len() <= 64 * 1024
        && text.starts_with(&format!("-----BEGIN {kind}-----\n"))
        && text.ends_with(&format!("-----END {kind}-----"))
        && text.bytes().all(|b| b == b'\n' || b == b' ' || b.is_ascii_graphic())
}

fn is_package(name: &str) -> bool {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.');
    (2..=128).contains(&name.len())
        && name.bytes().all(fits)
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        // apt takes a sign at the end for a request of its own.
        && !name.ends_with(['-', '+'])
}

fn is_registry(name: &str) -> bool {
    let (host, port) = name.split_once(':').map_or((name, None), |(host, port)| (host, Some(port)));
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.');
    (1..=253).contains(&host.len())
        && host.bytes().all(fits)
        && host.starts_with(|c: char| c.is_ascii_alphanumeric())
        && !host.contains("..")
        && port.is_none_or(|port| {
            port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|p| p > 0)
        })
}

/// The prefix length of a network or address.
fn is_network(text: &str) -> Option<u8> {
    let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
    let address: std::net::IpAddr = address.parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    match bits {
        None => Some(most),
        Some(bits) => {
            Some(bits).filter(|b| b.bytes().all(|b| b.is_ascii_digit()))?.parse().ok().filter(|b| *b <= most)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Protocol;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHm ann@example";

    fn refused(change: impl FnOnce(&mut HostSpec)) -> String {
        let mut host = HostSpec::new("web-1").with_authorized_key(KEY);
        host.validate().unwrap();
        change(&mut host);
        host.validate().unwrap_err().context("key").unwrap().to_owned()
    }

    #[test]
    fn what_could_be_more_than_it_seems_is_refused_by_its_key() {
        for name in ["", "a b", "a\nb", "A", "-a", "a.b", "$(id)"] {
            assert_eq!(refused(|host| host.name = name.into()), "name");
        }
        for admin in ["root", "a b", "a\n", "1a", ""] {
            assert_eq!(refused(|host| host.admin = admin.into()), "admin");
        }
        assert_eq!(refused(|host| host.authorized_keys.clear()), "authorized_keys");
        for key in [
            &format!("{KEY}\n{KEY}"),
            &format!("command=\"x\" {KEY}"),
            "ssh-ed25519 x",
            "ssh-ed25519 $(id)aaaaaaaaaaaaaaaa",
        ] {
            assert_eq!(refused(|host| host.authorized_keys = vec![key.into()]), "authorized_keys", "{key}");
        }
        for package in ["a b", "-y", "x-", "vim;id", "A"] {
            assert_eq!(refused(|host| host.packages = vec![package.into()]), "packages");
        }
        let rule =
            |port, source: &str| FirewallRule { protocol: Protocol::Tcp, port, sources: vec![source.into()] };
        assert_eq!(refused(|host| host.firewall = vec![rule(0, "10.0.0.0/8")]), "firewall.port");
        assert_eq!(refused(|host| host.firewall = vec![rule(1, "0.0.0.0/0 accept")]), "firewall.sources");
        let pool = |base: &str, size| vec![AddressPool { base: base.into(), size }];
        assert_eq!(refused(|host| host.address_pools = pool("10.0.0.0", 24)), "address_pools.base");
        assert_eq!(refused(|host| host.address_pools = pool("10.0.0.0/16", 8)), "address_pools.size");
        for registry in ["../x", "a/b", "a:0", "a b"] {
            let fine = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";
            let authorities = BTreeMap::from([(registry.to_owned(), fine.to_owned())]);
            assert_eq!(refused(|host| host.registry_authorities = authorities), "registry_authorities");
        }
    }

    #[test]
    fn a_private_key_is_never_shown() {
        let host = HostSpec::new("a").with_authorized_key(KEY).with_host_key(Secret::new("hunter2"), KEY);
        let error = host.validate().unwrap_err();
        assert_eq!(error.context("key"), Some("host_key.private"));
        assert!(!format!("{error:?} {host:?}").contains("hunter2"));
    }
}
