//! What a new machine does at its first boot, as cloud-init reads it.

use serde_json::{Map, Value, json};

use super::yaml;
use crate::error::{Error, Result};
use crate::model::{FirewallRule, HostSpec};
use crate::secret::Secret;

/// The least that a provider takes (Amazon's EC2).
const MAX_BYTES: usize = 16 * 1024;

/// Fixed: no value of a host is ever part of a command line.
const NETWORK: &str = "docker network inspect byop >/dev/null 2>&1 || docker network create byop";

/// Written last, and only when everything before it holds.
const READY: &str = "set -e; nft list table inet byop >/dev/null; docker network inspect byop >/dev/null; \
    mkdir -p /var/lib/byop; echo ready >/var/lib/byop/ready.new; mv /var/lib/byop/ready.new /var/lib/byop/ready";

/// The `#cloud-config` of a host: the same bytes for the same host. It is a secret when the host has a key of its own.
///
/// The machine has Docker from its distribution with bounded logs and the network `byop`, an administrator who
/// enters by key, no passwords, no root login, a firewall, and `/var/lib/byop/ready` once all of that holds. On the
/// machine the private key is written by cloud-init itself, with mode 0600.
///
/// # Errors
/// `InvalidInput` for a value that does not fit, naming its key, and when the text is larger than 16 KiB, which is
/// what providers take.
///
/// ```
/// use byop_core::generator::cloud_init;
/// use byop_core::model::HostSpec;
///
/// let host = HostSpec::new("web-1").with_authorized_key("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHm ann@example");
/// assert!(cloud_init(&host)?.expose().starts_with("#cloud-config\n"));
/// # Ok::<(), byop_core::Error>(())
/// ```
pub fn cloud_init(host: &HostSpec) -> Result<Secret> {
    host.validate()?;
    let mut packages = vec!["docker.io", "nftables"];
    if host.unattended_upgrades {
        packages.push("unattended-upgrades");
    }
    packages.extend(host.packages.iter().map(String::as_str));
    let mut seen = std::collections::BTreeSet::new();
    packages.retain(|name| seen.insert(*name));
    let mut root = json!({
        "hostname": host.name,
        "preserve_hostname": false,
        "ssh_pwauth": false,
        "disable_root": true,
        // An image may bring keys that others have too.
        "ssh_deletekeys": true,
        "users": [{
            "name": host.admin,
            "groups": ["sudo", "docker"],
            "shell": "/bin/bash",
            "sudo": ["ALL=(ALL) NOPASSWD:ALL"],
            "lock_passwd": true,
            "ssh_authorized_keys": host.authorized_keys,
        }],
        "package_update": true,
        "packages": packages,
        "write_files": files(host),
        "runcmd": [
            ["systemctl", "enable", "nftables"],
            ["systemctl", "restart", "nftables"],
            ["systemctl", "reload-or-restart", "ssh"],
            ["systemctl", "enable", "docker"],
            // The engine may have been there before its settings.
            ["systemctl", "restart", "docker"],
            ["sh", "-c", NETWORK],
            ["sh", "-c", READY],
        ],
    });
    if let Some(key) = &host.host_key {
        root["ssh_keys"] = json!({
            "ed25519_private": format!("{}\n", key.private.expose().trim()),
            "ed25519_public": key.public,
        });
    }
    if host.swap_bytes > 0 {
        root["swap"] = json!({"filename": "/swapfile", "size": host.swap_bytes, "maxsize": host.swap_bytes});
    }
    let text = format!("#cloud-config\n# Written by byop.\n{}", yaml::write(&root));
    if text.len() > MAX_BYTES {
        return Err(Error::invalid(
            "host.cloud_init",
            "the first boot of this host is described by too much text",
        )
        .with_context("bytes", text.len())
        .with_context("most", MAX_BYTES)
        .with_remedy("leave out authorities or keys here, and bring them to the host afterwards"));
    }
    Ok(Secret::new(text))
}

fn files(host: &HostSpec) -> Vec<Value> {
    let file = |path: &str, mode: &str, content: String| json!({"path": path, "owner": "root:root", "permissions": mode, "content": content});
    let mut files = vec![
        file("/etc/docker/daemon.json", "0644", format!("{:#}\n", daemon(host))),
        file("/etc/nftables.conf", "0755", nftables(&host.firewall)),
        file(
            "/etc/ssh/sshd_config.d/10-byop.conf",
            "0644",
            "PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin no\n".into(),
        ),
    ];
    if host.unattended_upgrades {
        let periodic =
            "APT::Periodic::Update-Package-Lists \"1\";\nAPT::Periodic::Unattended-Upgrade \"1\";\n";
        files.push(file("/etc/apt/apt.conf.d/20auto-upgrades", "0644", periodic.into()));
    }
    for (registry, authority) in &host.registry_authorities {
        let path = format!("/etc/docker/certs.d/{registry}/ca.crt");
        files.push(file(&path, "0644", format!("{}\n", authority.trim())));
    }
    files
}

fn daemon(host: &HostSpec) -> Value {
    let mut daemon = Map::from_iter([
        ("log-driver".to_owned(), json!("json-file")),
        ("log-opts".to_owned(), json!({"max-size": "10m", "max-file": "3"})),
        // Containers run on while the engine is updated.
        ("live-restore".to_owned(), json!(true)),
    ]);
    if !host.address_pools.is_empty() {
        daemon.insert("default-address-pools".into(), json!(host.address_pools));
    }
    Value::Object(daemon)
}

/// A table of its own: the engine's rules are left alone. ICMP and ICMPv6 are numbers, as a small system has no file of
/// their names.
fn nftables(rules: &[FirewallRule]) -> String {
    let mut lines = String::new();
    for rule in rules {
        let port = format!("{} dport {} accept", rule.protocol, rule.port);
        if rule.sources.is_empty() {
            lines += &format!("    {port}\n");
        }
        for source in &rule.sources {
            let family = if source.contains(':') { "ip6" } else { "ip" };
            lines += &format!("    {family} saddr {source} {port}\n");
        }
    }
    format!(
        "#!/usr/sbin/nft -f\n# Written by byop. Containers are reached by the engine's own rules.\n\
         table inet byop\ndelete table inet byop\ntable inet byop {{\n  chain input {{\n    \
         type filter hook input priority filter; policy drop;\n    ct state established,related accept\n    \
         ct state invalid drop\n    iif lo accept\n    meta l4proto {{ 1, 58 }} accept\n    \
         tcp dport 22 accept\n{lines}  }}\n}}\n"
    )
}
