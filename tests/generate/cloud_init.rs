//! What a new machine does at its first boot.

use std::collections::BTreeMap;
use std::process::Command;

use byop_core::generator::cloud_init;
use byop_core::model::{AddressPool, FirewallRule, HostSpec, Protocol};
use byop_core::{ErrorKind, Secret};
use serde_json::Value;

use super::tools::program;

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHm";
const PRIVATE: &str = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmU=\n-----END OPENSSH PRIVATE KEY-----\n";
const AUTHORITY: &str = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";

fn full() -> HostSpec {
    let mut host = HostSpec::new("web-1")
        .with_authorized_key(format!("{KEY} ann"))
        .with_host_key(Secret::new(PRIVATE), KEY);
    host.packages = vec!["curl".into(), "docker.io".into()];
    host.swap_bytes = 2 << 30;
    let rule = |protocol, port, sources: &[&str]| FirewallRule {
        protocol,
        port,
        sources: sources.iter().map(|source| (*source).to_owned()).collect(),
    };
    host.firewall = vec![
        rule(Protocol::Tcp, 80, &[]),
        rule(Protocol::Udp, 443, &[]),
        rule(Protocol::Tcp, 9100, &["203.0.113.0/24", "2001:db8::/32"]),
    ];
    host.address_pools = vec![AddressPool { base: "10.201.0.0/16".into(), size: 24 }];
    host.registry_authorities = BTreeMap::from([("registry.example:5000".into(), AUTHORITY.into())]);
    host
}

fn text(host: &HostSpec) -> String {
    cloud_init(host).unwrap().expose().to_owned()
}

fn parsed(host: &HostSpec) -> Value {
    serde_yaml::from_str(&text(host)).unwrap()
}

fn file<'v>(config: &'v Value, path: &str) -> &'v Value {
    config["write_files"].as_array().unwrap().iter().find(|file| file["path"] == path).unwrap()
}

#[test]
fn the_host_has_what_was_asked_for() {
    let config = parsed(&full());
    assert_eq!(config["hostname"], "web-1");
    assert_eq!(config["users"][0]["ssh_authorized_keys"][0], format!("{KEY} ann"));
    assert_eq!(config["users"][0]["lock_passwd"], true);
    assert_eq!(config["ssh_keys"]["ed25519_private"], PRIVATE);
    assert_eq!(config["ssh_keys"]["ed25519_public"], KEY);
    let packages: Vec<_> =
        config["packages"].as_array().unwrap().iter().map(|p| p.as_str().unwrap()).collect();
    assert_eq!(packages, ["docker.io", "nftables", "unattended-upgrades", "curl"]);
    assert_eq!(config["swap"]["size"], 2_u64 << 30);
    let daemon = file(&config, "/etc/docker/daemon.json")["content"].as_str().unwrap();
    let daemon: Value = serde_json::from_str(daemon).unwrap();
    assert_eq!(daemon["live-restore"], true);
    assert_eq!(daemon["log-opts"]["max-size"], "10m");
    assert_eq!(daemon["default-address-pools"][0]["base"], "10.201.0.0/16");
    let authority = file(&config, "/etc/docker/certs.d/registry.example:5000/ca.crt");
    assert_eq!(authority["content"], AUTHORITY);
}

#[test]
fn the_firewall_lets_in_what_was_named_and_leaves_the_engine_alone() {
    let config = parsed(&full());
    let rules = file(&config, "/etc/nftables.conf")["content"].as_str().unwrap();
    for line in [
        "policy drop;",
        "tcp dport 22 accept",
        "tcp dport 80 accept",
        "udp dport 443 accept",
        "ip saddr 203.0.113.0/24 tcp dport 9100 accept",
        "ip6 saddr 2001:db8::/32 tcp dport 9100 accept",
    ] {
        assert!(rules.contains(line), "{line}\n{rules}");
    }
    assert!(!rules.contains("flush ruleset"), "the engine's rules would be gone");
}

#[test]
fn the_private_key_is_nowhere_but_where_cloud_init_writes_it_for_root_alone() {
    let text = text(&full());
    assert_eq!(text.matches("OPENSSH PRIVATE KEY").count(), 2, "begin and end, once");
    let config = parsed(&full());
    assert!(!config["write_files"].to_string().contains("PRIVATE"));
    assert!(!config["runcmd"].to_string().contains("PRIVATE"));
}

#[test]
fn the_same_host_gives_the_same_bytes() {
    let first = text(&full());
    assert!((0..20).all(|_| text(&full()) == first));
}

#[test]
fn what_no_provider_takes_is_refused() {
    let mut host = full();
    let large =
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", "A".repeat(16 * 1024));
    host.registry_authorities.insert("other.example".into(), large);
    let error = cloud_init(&host).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert_eq!(error.context("most"), Some("16384"));
}

#[test]
fn no_value_gets_out_of_its_place() {
    let notes = ["{{ x }} ${y} $(id)", "\"a\" 'b' # c: d", "- e", "&f *g !h |"];
    let mut host = full();
    host.authorized_keys = notes.iter().map(|note| format!("{KEY} {note}")).collect();
    let config = parsed(&host);
    for (number, note) in notes.iter().enumerate() {
        assert_eq!(config["users"][0]["ssh_authorized_keys"][number], format!("{KEY} {note}"));
    }
    assert_eq!(config.as_object().unwrap().len(), parsed(&full()).as_object().unwrap().len());
}

/// `$CLOUD_INIT` is a program that takes `schema --config-file` as cloud-init's own does.
#[test]
fn cloud_init_finds_nothing_wrong() {
    let Some(cloud_init) = program("cloud-init", "CLOUD_INIT", "cloud-init") else { return };
    let folder = tempfile::tempdir().unwrap();
    let check = |text: &str| {
        let file = folder.path().join("user-data");
        std::fs::write(&file, text).unwrap();
        let output = Command::new(&cloud_init).args(["schema", "--config-file"]).arg(&file).output().unwrap();
        let said =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        (output.status.success() && !said.to_lowercase().contains("deprecat"), said)
    };
    let small = HostSpec::new("a").with_authorized_key(KEY);
    for host in [full(), small] {
        let (is_fine, said) = check(&text(&host));
        assert!(is_fine, "{said}");
    }
    assert!(!check("#cloud-config\npackages: 5\n").0, "it looks");
}
