//! What providers have beyond servers.

use super::env::CloudEnv;
use crate::cloud::{Firewalls, ReservedIps, SshKeys};
use crate::error::ErrorKind::{InvalidInput, NotFound};
use crate::id::{SystemEntropy, random_text};
use crate::model::{
    FirewallRule, FirewallSpec, Protocol, ReservedIp, ReservedIpId, ResourceKind, ServerId, SshKeyId,
};
use crate::testing::rule::{done, failed, refused, same, some};

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

/// Removes a thing as soon as nothing uses it, and waits until it is gone.
async fn removed(env: &CloudEnv, kind: ResourceKind, id: &str) {
    let thing = format!("the {} {id}", kind.as_str());
    env.patiently(&format!("delete_resource of {thing}"), || env.provider.delete_resource(kind, id)).await;
    env.until(format!("after delete_resource, list_resources must eventually leave out {thing}"), || async {
        env.find_resource(kind, id).await.map_or(Ok(()), |_| Err("it is still in the list"))
    })
    .await;
}

/// Deletes a thing that is gone.
async fn removed_again(env: &CloudEnv, kind: ResourceKind, id: &str) {
    let call = format!("delete_resource of a {} that is gone", kind.as_str());
    done(call, env.provider.delete_resource(kind, id).await);
}

fn ssh_keys(env: &CloudEnv) -> Option<&dyn SshKeys> {
    env.needs(env.provider.ssh_keys(), "the provider has no SSH keys")
}

async fn brought(env: &CloudEnv, keys: &dyn SshKeys, text: &str) -> SshKeyId {
    done("apply_ssh_key", keys.apply_ssh_key(&env.region, text).await)
}

/// The same key twice is one.
pub async fn an_ssh_key_is_brought_once(env: &CloudEnv) {
    let Some(keys) = ssh_keys(env) else { return };
    let text = public_key();
    let id = brought(env, keys, &text).await;
    env.resource(ResourceKind::SshKey, &id.0).await;
    let again = brought(env, keys, &text).await;
    same("apply_ssh_key with a key that is there must give its id", &again.0, &id.0);
    removed(env, ResourceKind::SshKey, &id.0).await;
}

/// `InvalidInput`.
pub async fn what_is_no_ssh_key_is_refused(env: &CloudEnv) {
    let Some(keys) = ssh_keys(env) else { return };
    let made = keys.apply_ssh_key(&env.region, "no key").await;
    refused("apply_ssh_key with the text \"no key\"", &[InvalidInput], made);
}

/// The server comes to run.
pub async fn a_server_is_made_with_an_ssh_key(env: &CloudEnv) {
    let Some(keys) = ssh_keys(env) else { return };
    let key = brought(env, keys, &public_key()).await;
    let id = env.make(&env.spec("a").await.with_ssh_key(key.clone())).await.id;
    env.ready(&id).await;
    env.delete(&id).await;
    env.gone(&id).await;
    removed(env, ResourceKind::SshKey, &key.0).await;
}

/// `Ok`.
pub async fn deleting_an_ssh_key_twice_is_ok(env: &CloudEnv) {
    let Some(keys) = ssh_keys(env) else { return };
    let id = brought(env, keys, &public_key()).await;
    removed(env, ResourceKind::SshKey, &id.0).await;
    removed_again(env, ResourceKind::SshKey, &id.0).await;
}

fn firewalls(env: &CloudEnv) -> Option<&dyn Firewalls> {
    env.needs(env.provider.firewalls(), "the provider has no firewalls")
}

fn firewall(env: &CloudEnv) -> FirewallSpec {
    FirewallSpec::new(env.key("a"), format!("byop-test-{}", env.key("a")), env.region.clone())
}

/// The same key is one, whatever its rules.
pub async fn a_firewall_is_made_once(env: &CloudEnv) {
    let Some(firewalls) = firewalls(env) else { return };
    let spec = firewall(env);
    let id = done("apply_firewall without rules", firewalls.apply_firewall(&spec).await).0;
    env.resource(ResourceKind::Firewall, &id).await;
    let [one, two] = rules();
    let spec = spec.with_rule(one).with_rule(two);
    for _ in 0..2 {
        let again = done("apply_firewall with two rules", firewalls.apply_firewall(&spec).await);
        same("apply_firewall with the key of a firewall must give its id", &again.0, &id);
    }
    let found = env.resource(ResourceKind::Firewall, &id).await;
    same("list_resources must give the key of a firewall", found.key, Some(env.key("a")));
    removed(env, ResourceKind::Firewall, &id).await;
}

/// `InvalidInput`.
pub async fn a_rule_that_cannot_be_is_refused(env: &CloudEnv) {
    let Some(firewalls) = firewalls(env) else { return };
    let spec = firewall(env).with_rule(FirewallRule::new(Protocol::Tcp, 0));
    let made = firewalls.apply_firewall(&spec).await;
    refused("apply_firewall with a rule for port 0", &[InvalidInput], made);
}

/// As soon as the server is gone.
pub async fn a_firewall_goes_after_its_server(env: &CloudEnv) {
    let Some(firewalls) = firewalls(env) else { return };
    let [one, two] = rules();
    let spec = firewall(env).with_rule(one).with_rule(two);
    let firewall = done("apply_firewall with two rules", firewalls.apply_firewall(&spec).await);
    let id = env.make(&env.spec("a").await.with_firewall(firewall.clone())).await.id;
    env.ready(&id).await;
    env.delete(&id).await;
    env.gone(&id).await;
    removed(env, ResourceKind::Firewall, &firewall.0).await;
    removed_again(env, ResourceKind::Firewall, &firewall.0).await;
}

fn reserved_ips(env: &CloudEnv) -> Option<&dyn ReservedIps> {
    env.needs(env.provider.reserved_ips(), "the provider has no reserved addresses")
}

async fn reserved(env: &CloudEnv, ips: &dyn ReservedIps, server: &ServerId) -> ReservedIp {
    let key = env.key("a");
    env.patiently("reserve_ip", || ips.reserve_ip(&key, server)).await
}

/// Waits until an address leads to a server, or nowhere.
async fn leads_to(env: &CloudEnv, ips: &dyn ReservedIps, id: &ReservedIpId, server: Option<&ServerId>) {
    let name = |server: Option<&ServerId>| server.map_or("no server".into(), |id| format!("the server {id}"));
    let rule = format!("get_reserved_ip must eventually give an address that leads to {}", name(server));
    env.until(rule, || async {
        let now = address(ips, id).await?.server;
        if now.as_ref() == server { Ok(()) } else { Err(format!("it leads to {}", name(now.as_ref()))) }
    })
    .await;
}

/// An address, or that there is none.
async fn address(ips: &dyn ReservedIps, id: &ReservedIpId) -> Result<ReservedIp, String> {
    match ips.get_reserved_ip(id).await {
        Err(error) if error.kind() == NotFound => Err(failed(&error)),
        other => Ok(done("get_reserved_ip", other)),
    }
}

/// The same key is one address, and it leads to the server.
pub async fn an_address_is_reserved_once(env: &CloudEnv) {
    let Some(ips) = reserved_ips(env) else { return };
    let server = env.running("a").await.id;
    let ip = reserved(env, ips, &server).await;
    env.resource(ResourceKind::ReservedIp, &ip.id.0).await;
    let again = reserved(env, ips, &server).await;
    let rule = "reserve_ip with the key of an address must give that address";
    same(rule, (&again.id.0, again.address), (&ip.id.0, ip.address));
    leads_to(env, ips, &ip.id, Some(&server)).await;
    removed(env, ResourceKind::ReservedIp, &ip.id.0).await;
}

/// And again, which changes nothing.
pub async fn a_reserved_address_is_led_to_another_server(env: &CloudEnv) {
    let Some(ips) = reserved_ips(env) else { return };
    let (one, two) = (env.running("a").await.id, env.running("b").await.id);
    let ip = reserved(env, ips, &one).await;
    for _ in 0..2 {
        env.patiently("assign_ip", || ips.assign_ip(&ip.id, &two)).await;
        leads_to(env, ips, &ip.id, Some(&two)).await;
    }
    removed(env, ResourceKind::ReservedIp, &ip.id.0).await;
}

/// It leads nowhere then.
pub async fn a_reserved_address_outlives_its_server(env: &CloudEnv) {
    let Some(ips) = reserved_ips(env) else { return };
    let server = env.running("a").await.id;
    let ip = reserved(env, ips, &server).await;
    env.delete(&server).await;
    env.gone(&server).await;
    leads_to(env, ips, &ip.id, None).await;
    removed(env, ResourceKind::ReservedIp, &ip.id.0).await;
    env.until("after delete_resource, get_reserved_ip must eventually be refused with NotFound", || async {
        address(ips, &ip.id).await.map_or(Ok(()), |ip| Err(format!("it gave {}", ip.address)))
    })
    .await;
}

/// `NotFound`.
pub async fn an_address_for_a_missing_server_is_not_found(env: &CloudEnv) {
    let Some(ips) = reserved_ips(env) else { return };
    let gone = env.deleted("a").await;
    let made = ips.reserve_ip(&env.key("b"), &gone).await;
    refused("reserve_ip for a server that is gone", &[NotFound], made);
}

/// The same key is one, and servers can be made from it.
pub async fn a_snapshot_is_made_once_and_becomes_an_image(env: &CloudEnv) {
    let snapshots = env.needs(env.provider.snapshots(), "the provider has no snapshots");
    let Some(snapshots) = snapshots else { return };
    let server = env.running("a").await.id;
    let key = env.key("a");
    let create = || env.patiently("create_snapshot", || snapshots.create_snapshot(&key, &server));
    let id = create().await.id;
    env.resource(ResourceKind::Snapshot, &id.0).await;
    same("create_snapshot with the key of a snapshot must give its id", &create().await.id.0, &id.0);
    let image = env
        .until("get_snapshot must eventually give a snapshot that is an image", || async {
            let snapshot = done("get_snapshot", snapshots.get_snapshot(&id).await);
            snapshot.image.ok_or("it gave one that is none yet")
        })
        .await;
    let call = format!("find_image with {image}, the image of a snapshot,");
    let found = done(&call, env.provider.find_image(&env.region, &image).await);
    some(format!("{call} must give it"), found);
    removed(env, ResourceKind::Snapshot, &id.0).await;
    let read = snapshots.get_snapshot(&id).await;
    refused("get_snapshot of a snapshot that is gone", &[NotFound], read);
}
