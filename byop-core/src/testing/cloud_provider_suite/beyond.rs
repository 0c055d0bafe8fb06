//! What providers have beyond servers.

use super::env::{CloudEnv, kind};
use crate::cloud::ReservedIps;
use crate::error::ErrorKind;
use crate::id::{SystemEntropy, random_text};
use crate::model::{FirewallRule, FirewallSpec, Protocol, ReservedIp, ReservedIpId, Resource, ResourceKind};

/// A public key that nobody has the other half of.
fn public_key() -> String {
    // The start is the same for all of this kind; the letters after it are 32 bytes of our choice.
    format!("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA{} byop-test", random_text(&SystemEntropy, 42))
}

fn rules() -> [FirewallRule; 2] {
    [
        FirewallRule::new(Protocol::Tcp, 22).with_source("203.0.113.0/24"),
        FirewallRule::new(Protocol::Udp, 443),
    ]
}

async fn find(env: &CloudEnv, kind: ResourceKind, id: &str) -> Option<Resource> {
    let all = env.provider.list_resources().await.unwrap();
    all.into_iter().find(|found| found.kind == kind && found.id == id)
}

/// Waits until a thing is in the list.
async fn found(env: &CloudEnv, kind: ResourceKind, id: &str) -> Resource {
    env.until("a resource", || find(env, kind, id)).await
}

/// Removes a thing as soon as nothing uses it, and waits until it is gone.
async fn removed(env: &CloudEnv, kind: ResourceKind, id: &str) {
    env.patiently(|| env.provider.delete_resource(kind, id)).await;
    env.until("a resource that is gone", || async { find(env, kind, id).await.is_none().then_some(()) })
        .await;
}

/// The same key twice is one.
pub async fn an_ssh_key_is_brought_once(env: &CloudEnv) {
    let Some(keys) = env.provider.ssh_keys() else { return };
    let text = public_key();
    let id = keys.apply_ssh_key(&env.region, &text).await.unwrap();
    found(env, ResourceKind::SshKey, &id.0).await;
    assert_eq!(keys.apply_ssh_key(&env.region, &text).await.unwrap(), id);
    removed(env, ResourceKind::SshKey, &id.0).await;
}

/// `InvalidInput`.
pub async fn what_is_no_ssh_key_is_refused(env: &CloudEnv) {
    let Some(keys) = env.provider.ssh_keys() else { return };
    assert_eq!(kind(keys.apply_ssh_key(&env.region, "no key").await), ErrorKind::InvalidInput);
}

/// The server comes to run.
pub async fn a_server_is_made_with_an_ssh_key(env: &CloudEnv) {
    let Some(keys) = env.provider.ssh_keys() else { return };
    let key = keys.apply_ssh_key(&env.region, &public_key()).await.unwrap();
    let spec = env.spec("a").await.with_ssh_key(key.clone());
    let id = env.provider.create_server(&spec).await.unwrap().id;
    env.ready(&id).await;
    env.delete(&id).await;
    env.gone(&id).await;
    removed(env, ResourceKind::SshKey, &key.0).await;
}

/// `Ok`.
pub async fn deleting_an_ssh_key_twice_is_ok(env: &CloudEnv) {
    let Some(keys) = env.provider.ssh_keys() else { return };
    let id = keys.apply_ssh_key(&env.region, &public_key()).await.unwrap();
    removed(env, ResourceKind::SshKey, &id.0).await;
    env.provider.delete_resource(ResourceKind::SshKey, &id.0).await.unwrap();
}

/// The same key is one, whatever its rules.
pub async fn a_firewall_is_made_once(env: &CloudEnv) {
    let Some(firewalls) = env.provider.firewalls() else { return };
    let spec = FirewallSpec::new(env.key("a"), format!("byop-test-{}", env.key("a")), env.region.clone());
    let id = firewalls.apply_firewall(&spec).await.unwrap();
    found(env, ResourceKind::Firewall, &id.0).await;
    let [one, two] = rules();
    let spec = spec.with_rule(one).with_rule(two);
    assert_eq!(firewalls.apply_firewall(&spec).await.unwrap(), id);
    assert_eq!(firewalls.apply_firewall(&spec).await.unwrap(), id);
    assert_eq!(found(env, ResourceKind::Firewall, &id.0).await.key, Some(env.key("a")));
    removed(env, ResourceKind::Firewall, &id.0).await;
}

/// `InvalidInput`.
pub async fn a_rule_that_cannot_be_is_refused(env: &CloudEnv) {
    let Some(firewalls) = env.provider.firewalls() else { return };
    let spec = FirewallSpec::new(env.key("a"), format!("byop-test-{}", env.key("a")), env.region.clone());
    let spec = spec.with_rule(FirewallRule::new(Protocol::Tcp, 0));
    assert_eq!(kind(firewalls.apply_firewall(&spec).await), ErrorKind::InvalidInput);
}

/// As soon as the server is gone.
pub async fn a_firewall_goes_after_its_server(env: &CloudEnv) {
    let Some(firewalls) = env.provider.firewalls() else { return };
    let spec = env.spec("a").await;
    let [one, two] = rules();
    let firewall = FirewallSpec::new(&spec.key, &spec.name, env.region.clone()).with_rule(one).with_rule(two);
    let firewall = firewalls.apply_firewall(&firewall).await.unwrap();
    let id = env.provider.create_server(&spec.with_firewall(firewall.clone())).await.unwrap().id;
    env.ready(&id).await;
    env.delete(&id).await;
    env.gone(&id).await;
    removed(env, ResourceKind::Firewall, &firewall.0).await;
    env.provider.delete_resource(ResourceKind::Firewall, &firewall.0).await.unwrap();
}

/// The same key is one address, and it leads to the server.
pub async fn an_address_is_reserved_once(env: &CloudEnv) {
    let Some(ips) = env.provider.reserved_ips() else { return };
    let server = env.running("a").await.id;
    let key = env.key("a");
    let ip = env.patiently(|| ips.reserve_ip(&key, &server)).await;
    found(env, ResourceKind::ReservedIp, &ip.id.0).await;
    let again = env.patiently(|| ips.reserve_ip(&key, &server)).await;
    assert_eq!((&again.id, again.address), (&ip.id, ip.address));
    env.until("an address that leads to the server", || async {
        (address(ips, &ip.id).await?.server.as_ref() == Some(&server)).then_some(())
    })
    .await;
    removed(env, ResourceKind::ReservedIp, &ip.id.0).await;
}

async fn address(ips: &dyn ReservedIps, id: &ReservedIpId) -> Option<ReservedIp> {
    match ips.get_reserved_ip(id).await {
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        other => Some(other.unwrap()),
    }
}

/// And again, which changes nothing.
pub async fn a_reserved_address_is_led_to_another_server(env: &CloudEnv) {
    let Some(ips) = env.provider.reserved_ips() else { return };
    let (one, two) = (env.running("a").await.id, env.running("b").await.id);
    let key = env.key("a");
    let ip = env.patiently(|| ips.reserve_ip(&key, &one)).await;
    for _ in 0..2 {
        env.patiently(|| ips.assign_ip(&ip.id, &two)).await;
        env.until("an address that leads to the other server", || async {
            (address(ips, &ip.id).await?.server.as_ref() == Some(&two)).then_some(())
        })
        .await;
    }
    removed(env, ResourceKind::ReservedIp, &ip.id.0).await;
}

/// It leads nowhere then.
pub async fn a_reserved_address_outlives_its_server(env: &CloudEnv) {
    let Some(ips) = env.provider.reserved_ips() else { return };
    let server = env.running("a").await.id;
    let key = env.key("a");
    let ip = env.patiently(|| ips.reserve_ip(&key, &server)).await;
    env.delete(&server).await;
    env.gone(&server).await;
    env.until("an address that leads nowhere", || async {
        address(ips, &ip.id).await?.server.is_none().then_some(())
    })
    .await;
    env.patiently(|| env.provider.delete_resource(ResourceKind::ReservedIp, &ip.id.0)).await;
    env.until("an address that is gone", || async { address(ips, &ip.id).await.is_none().then_some(()) })
        .await;
}

/// `NotFound`.
pub async fn an_address_for_a_missing_server_is_not_found(env: &CloudEnv) {
    let Some(ips) = env.provider.reserved_ips() else { return };
    let gone = env.deleted("a").await;
    assert_eq!(kind(ips.reserve_ip(&env.key("b"), &gone).await), ErrorKind::NotFound);
}

/// The same key is one, and servers can be made from it.
pub async fn a_snapshot_is_made_once_and_becomes_an_image(env: &CloudEnv) {
    let Some(snapshots) = env.provider.snapshots() else { return };
    let server = env.running("a").await.id;
    let key = env.key("a");
    let id = env.patiently(|| snapshots.create_snapshot(&key, &server)).await.id;
    found(env, ResourceKind::Snapshot, &id.0).await;
    assert_eq!(env.patiently(|| snapshots.create_snapshot(&key, &server)).await.id, id);
    let image = env
        .until("a snapshot that is ready", || async { snapshots.get_snapshot(&id).await.unwrap().image })
        .await;
    assert!(env.provider.find_image(&env.region, &image).await.unwrap().is_some());
    removed(env, ResourceKind::Snapshot, &id.0).await;
    assert_eq!(kind(snapshots.get_snapshot(&id).await), ErrorKind::NotFound);
}
