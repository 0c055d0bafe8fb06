//! What is sent, and how little.

use std::collections::BTreeSet;

use byop_core::cloud::{CloudProvider, DnsProvider};
use byop_core::model::{
    DnsName, DnsRecord, DnsRecordKind, DomainName, FirewallId, FirewallRule, FirewallSpec, PowerAction,
    Protocol, RegionId, ServerFilter, ServerSpec,
};
use byop_core::{ErrorKind, Result};
use serde_json::{Value, json};

use super::*;

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA000000000000000000000000000000000000000007 ann";

fn region() -> RegionId {
    RegionId("fra1".into())
}

fn spec() -> ServerSpec {
    ServerSpec::new("k1", "web-1", region(), "s-1vcpu-1gb", "141001")
}

fn firewall() -> FirewallSpec {
    FirewallSpec::new("k1", "web-1", region())
        .with_rule(FirewallRule::new(Protocol::Tcp, 22).with_source("203.0.113.0/24"))
        .with_rule(FirewallRule::new(Protocol::Udp, 443))
}

/// What was sent since the last call, and nothing of it against the description.
fn sent(simulator: &DigitalOceanSimulator, since: &mut usize) -> Vec<(String, Value)> {
    assert_eq!(simulator.complaints(), [""; 0]);
    let all = simulator.requests();
    let new = all[*since..].iter().map(|call| (call.line.clone(), call.body.clone())).collect();
    *since = all.len();
    new
}

fn lines(sent: &[(String, Value)]) -> Vec<&str> {
    sent.iter().map(|(line, _)| line.as_str()).collect()
}

/// A look by its key, and the call that makes it: DigitalOcean has no key of its own that would keep a second server
/// from being made.
#[tokio::test(start_paused = true)]
async fn a_server_takes_two_calls() {
    let (simulator, mut since) = (simulator(), 0);
    let cloud = provider(&simulator).with_vpc("5a4981aa-9653-4bd1-bef5-d6bff52042e4");
    let spec = spec().with_label("role", "web").with_user_data("#cloud-config canary".to_owned());
    let made = cloud.create_server(&spec).await.unwrap();
    let create = sent(&simulator, &mut since);
    assert_eq!(
        lines(&create),
        ["GET /v2/droplets?page=1&per_page=200&tag_name=byop-req%3Ak1", "POST /v2/droplets"]
    );
    assert_eq!(
        create[1].1,
        json!({
            "name": "web-1", "region": "fra1", "size": "s-1vcpu-1gb", "image": 141_001, "ssh_keys": [],
            "user_data": "[redacted]", "tags": ["byop", "byop-id:web-1", "byop-req:k1", "byop-label:role:web"],
            "ipv6": true, "vpc_uuid": "5a4981aa-9653-4bd1-bef5-d6bff52042e4",
        })
    );
    assert_eq!((made.key.as_deref(), made.labels.get("role").map(String::as_str)), (Some("k1"), Some("web")));
    // Once it is there, a look is all.
    assert_eq!(cloud.create_server(&spec).await.unwrap().id, made.id);
    assert_eq!(lines(&sent(&simulator, &mut since)).len(), 1);
    // The look at one that runs, and its end: a look whether it is ours, and the call.
    cloud.get_server(&made.id).await.unwrap();
    assert_eq!(lines(&sent(&simulator, &mut since)), [format!("GET /v2/droplets/{}", made.id)]);
    cloud.delete_server(&made.id).await.unwrap();
    let path = format!("/v2/droplets/{}", made.id);
    assert_eq!(lines(&sent(&simulator, &mut since)), [format!("GET {path}"), format!("DELETE {path}")]);
}

#[tokio::test(start_paused = true)]
async fn a_server_is_behind_its_firewall_from_its_first_moment() {
    let (simulator, mut since) = (simulator(), 0);
    let cloud = provider(&simulator);
    let id = cloud.firewalls().unwrap().apply_firewall(&firewall()).await.unwrap();
    let made = sent(&simulator, &mut since);
    assert_eq!(
        lines(&made),
        ["GET /v2/firewalls?page=1&per_page=200", "POST /v2/tags", "POST /v2/firewalls"]
    );
    let everywhere = json!({"addresses": ["0.0.0.0/0", "::/0"]});
    assert_eq!(made[1].1, json!({"name": "byop-firewall:k1"}));
    assert_eq!(
        made[2].1,
        json!({
            "name": "byop-k1",
            "inbound_rules": [
                {"protocol": "tcp", "ports": "22", "sources": {"addresses": ["203.0.113.0/24"]}},
                {"protocol": "udp", "ports": "443", "sources": everywhere},
            ],
            "outbound_rules": [
                {"protocol": "tcp", "ports": "all", "destinations": everywhere},
                {"protocol": "udp", "ports": "all", "destinations": everywhere},
                {"protocol": "icmp", "ports": "0", "destinations": everywhere},
            ],
            "droplet_ids": [], "tags": ["byop-firewall:k1"],
        })
    );
    // Its key may be another: servers that could not be made are made again under keys of their own.
    let spec = ServerSpec::new("k2", "web-1", region(), "s-1vcpu-1gb", "141001").with_firewall(id.clone());
    let server = cloud.create_server(&spec).await.unwrap();
    assert_eq!(lines(&sent(&simulator, &mut since)).len(), 2, "who has just made it needs no look at it");
    assert_eq!(simulator.firewalls_of(&server.id.0), std::slice::from_ref(&id.0));
    // Another process has to look.
    let other = provider(&simulator);
    let spec = ServerSpec::new("k3", "web-1", region(), "s-1vcpu-1gb", "141001").with_firewall(id.clone());
    let server = other.create_server(&spec).await.unwrap();
    assert_eq!(lines(&sent(&simulator, &mut since))[1], format!("GET /v2/firewalls/{id}"));
    assert_eq!(simulator.firewalls_of(&server.id.0), [id.0]);
}

#[tokio::test(start_paused = true)]
async fn a_server_is_never_made_without_its_firewall() {
    let simulator = simulator();
    let cloud = provider(&simulator);
    let foreign = simulator.plant_foreign(ResourceKind::Firewall, "office");
    let missing = "bb4b2611-3d72-467b-8602-280330ecd65c".to_owned();
    for (firewall, kind) in [(missing, ErrorKind::NotFound), (foreign, ErrorKind::PermissionDenied)] {
        let made = cloud.create_server(&spec().with_firewall(FirewallId(firewall))).await;
        assert_eq!(made.unwrap_err().kind(), kind);
    }
    assert_eq!(cloud.list_servers(&ServerFilter::all()).await.unwrap(), []);
}

/// What somebody brought behind it by hand stays.
#[tokio::test(start_paused = true)]
async fn a_firewall_is_replaced_in_two_calls() {
    let (simulator, mut since) = (simulator(), 0);
    let cloud = provider(&simulator);
    let id = cloud.firewalls().unwrap().apply_firewall(&firewall()).await.unwrap();
    sent(&simulator, &mut since);
    cloud.firewalls().unwrap().apply_firewall(&FirewallSpec::new("k1", "web-1", region())).await.unwrap();
    let replaced = sent(&simulator, &mut since);
    assert_eq!(lines(&replaced)[1], format!("PUT /v2/firewalls/{id}"));
    assert_eq!(replaced[1].1["inbound_rules"], json!([]));
    assert_eq!(replaced[1].1["outbound_rules"].as_array().unwrap().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn an_ssh_key_is_looked_for_by_its_fingerprint() {
    let (simulator, mut since) = (simulator(), 0);
    let cloud = provider(&simulator);
    let keys = cloud.ssh_keys().unwrap();
    let id = keys.apply_ssh_key(&region(), KEY).await.unwrap();
    let brought = sent(&simulator, &mut since);
    let look = brought[0].0.strip_prefix("GET /v2/account/keys/").unwrap();
    assert_eq!((look.len(), look.matches(':').count()), (32 + 15, 15));
    assert_eq!(brought[1].0, "POST /v2/account/keys");
    let name = brought[1].1["name"].as_str().unwrap();
    assert!(name.starts_with("byop-") && name.len() == 21, "{name}");
    assert_eq!(brought[1].1["public_key"], KEY);
    // One that is there takes one call, and has its number wherever it is used.
    assert_eq!(keys.apply_ssh_key(&region(), KEY).await.unwrap(), id);
    assert_eq!(sent(&simulator, &mut since).len(), 1);
    cloud.create_server(&spec().with_ssh_key(id.clone())).await.unwrap();
    assert_eq!(sent(&simulator, &mut since)[1].1["ssh_keys"], json!([id.0.parse::<u64>().unwrap()]));
}

#[tokio::test(start_paused = true)]
async fn a_foreign_ssh_key_is_used_and_left() {
    let simulator = simulator();
    let cloud = provider(&simulator);
    let foreign = simulator.plant_foreign(ResourceKind::SshKey, "laptop");
    let before = simulator.foreign();
    let denied = cloud.delete_resource(ResourceKind::SshKey, &foreign).await.unwrap_err();
    assert_eq!(denied.kind(), ErrorKind::PermissionDenied);
    cloud.create_server(&spec().with_ssh_key(byop_core::model::SshKeyId(foreign))).await.unwrap();
    assert_eq!(simulator.foreign(), before);
}

/// A number of the image, not its slug: a slug moves on to newer ones.
#[tokio::test(start_paused = true)]
async fn a_common_alias_takes_one_call() {
    let (simulator, mut since) = (simulator(), 0);
    let cloud = provider(&simulator);
    for (alias, slug, id) in
        [("debian-12", "debian-12-x64", "141001"), ("ubuntu-24.04", "ubuntu-24-04-x64", "141003")]
    {
        let image = cloud.find_image(&region(), alias).await.unwrap().unwrap();
        assert_eq!((image.id.as_str(), image.user.as_deref()), (id, Some("root")));
        assert_eq!(lines(&sent(&simulator, &mut since)), [format!("GET /v2/images/{slug}")]);
    }
    for (name, id) in [("Debian 13 x64", Some("141002")), ("12 x64", Some("141001")), ("Plan 9 x64", None)] {
        let image = cloud.find_image(&region(), name).await.unwrap();
        assert_eq!(image.map(|image| image.id).as_deref(), id, "{name}");
    }
    let nowhere = RegionId("nowhere-7".into());
    assert_eq!(cloud.find_image(&nowhere, "debian-12").await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_offered_is_not_listed() {
    let cloud = provider(&simulator());
    let sizes = cloud.list_sizes(&region()).await.unwrap();
    let sizes: Vec<_> = sizes.iter().map(|size| size.id.as_str()).collect();
    assert_eq!(sizes, ["s-1vcpu-1gb", "s-2vcpu-2gb"]);
    let regions = cloud.list_regions().await.unwrap();
    let regions: Vec<_> = regions.iter().map(|region| region.id.0.as_str()).collect();
    assert_eq!(regions, ["fra1", "nyc3"]);
}

#[tokio::test(start_paused = true)]
async fn a_resize_leaves_the_disk() {
    let (simulator, mut since) = (simulator(), 0);
    let cloud = provider(&simulator);
    let id = ServerId(simulator.plant(ResourceKind::Server, "web-1"));
    cloud.power(&id, PowerAction::Stop).await.unwrap();
    assert_eq!(sent(&simulator, &mut since).pop().unwrap().1, json!({"type": "shutdown"}));
    cloud.resize_server(&id, "s-2vcpu-2gb").await.unwrap();
    let resize = sent(&simulator, &mut since).pop().unwrap();
    assert_eq!(resize.1, json!({"type": "resize", "size": "s-2vcpu-2gb", "disk": false}));
}

/// It is reserved for the server from the start, and marked at once.
#[tokio::test(start_paused = true)]
async fn an_address_never_stands_alone_without_a_mark() {
    let (simulator, mut since) = (simulator(), 0);
    let cloud = provider(&simulator);
    let server = ServerId(simulator.plant(ResourceKind::Server, "web-1"));
    let ip = cloud.reserved_ips().unwrap().reserve_ip("k1", &server).await.unwrap();
    let reserve = sent(&simulator, &mut since);
    assert_eq!(
        lines(&reserve),
        [
            &format!("GET /v2/droplets/{server}"),
            "GET /v2/reserved_ips?page=1&per_page=200",
            "POST /v2/reserved_ips",
            "POST /v2/tags"
        ]
    );
    assert_eq!(reserve[2].1, json!({"droplet_id": server.0.parse::<u64>().unwrap()}));
    assert_eq!(reserve[3].1, json!({"name": format!("byop-ip:{}:k1", ip.id.0.replace('.', "-"))}));
    // Long after its server it is still ours, under its key.
    cloud.delete_server(&server).await.unwrap();
    let left = cloud.list_resources().await.unwrap();
    let left: Vec<_> =
        left.iter().map(|found| (found.kind, found.id.as_str(), found.key.as_deref())).collect();
    assert_eq!(left, [(ResourceKind::ReservedIp, ip.id.0.as_str(), Some("k1"))]);
    cloud.delete_resource(ResourceKind::ReservedIp, &ip.id.0).await.unwrap();
    assert_eq!(cloud.list_resources().await.unwrap(), []);
}

#[tokio::test(start_paused = true)]
async fn an_address_of_somebody_else_stays() -> Result<()> {
    let simulator = simulator();
    let cloud = provider(&simulator);
    let idle = simulator.plant_foreign(ResourceKind::ReservedIp, "office");
    let server = ServerId(simulator.plant(ResourceKind::Server, "web-1"));
    let before = simulator.foreign();
    let denied = cloud.delete_resource(ResourceKind::ReservedIp, &idle).await.unwrap_err();
    assert_eq!(denied.kind(), ErrorKind::PermissionDenied);
    let id = byop_core::model::ReservedIpId(idle);
    let denied = cloud.reserved_ips().unwrap().assign_ip(&id, &server).await.unwrap_err();
    assert_eq!(denied.kind(), ErrorKind::PermissionDenied);
    let ip = cloud.reserved_ips().unwrap().reserve_ip("k1", &server).await?;
    assert_ne!(ip.id, id);
    assert_eq!(simulator.foreign(), before);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_list_of_everything_takes_six_calls() {
    let (simulator, mut since) = (Arc::new(DigitalOceanSimulator::new()), 0);
    let cloud = provider(&simulator);
    for kind in simulator.kinds().iter().filter(|kind| **kind != ResourceKind::ReservedIp) {
        simulator.plant(*kind, "orphan");
        simulator.plant_foreign(*kind, "orphan");
    }
    let before = simulator.foreign();
    let found = cloud.list_resources().await.unwrap();
    assert_eq!(found.len(), 5, "{found:?}");
    assert!(found.iter().all(|found| found.key.is_none() == (found.kind == ResourceKind::SshKey)));
    assert_eq!(sent(&simulator, &mut since).len(), 6);
    // Only where an address leads nowhere do the tags of the account tell whose it is.
    simulator.plant(ResourceKind::ReservedIp, "orphan");
    let found = cloud.list_resources().await.unwrap();
    assert_eq!((found.len(), sent(&simulator, &mut since).len()), (6, 7));
    let price: u64 =
        found.iter().filter_map(|found| found.monthly_price.as_ref()).map(|price| price.micros).sum();
    assert_eq!(price, 6_000_000 + 5_000_000 + 5_000_000 + 140_400);
    for found in found {
        cloud.delete_resource(found.kind, &found.id).await.unwrap();
    }
    assert_eq!(cloud.list_resources().await.unwrap(), []);
    assert_eq!(simulator.foreign(), before);
}

fn www(values: &[&str]) -> DnsRecord {
    let record = DnsRecord::new(DnsName::new("www.example.com").unwrap(), DnsRecordKind::A);
    values.iter().fold(record, |record, value| record.with_value(*value))
}

#[tokio::test(start_paused = true)]
async fn a_record_is_asked_for_by_its_full_name_and_written_by_its_relative_one() {
    let (simulator, mut since) = (simulator(), 0);
    let cloud = provider(&simulator);
    let zone = DomainName::new("example.com").unwrap();
    cloud.put_record(&zone, &www(&["203.0.113.4"]).with_ttl(5)).await.unwrap();
    let put = sent(&simulator, &mut since);
    let look = "GET /v2/domains/example.com/records?page=1&per_page=200&type=A&name=www.example.com";
    assert_eq!(lines(&put), [look, "POST /v2/domains/example.com/records", look]);
    assert_eq!(
        put[1].1,
        json!({"type": "A", "name": "www", "data": "203.0.113.4", "ttl": 30, "priority": null, "port": null,
            "weight": null, "flags": null, "tag": null})
    );
    // The same again is a look; another value changes the record that is there.
    cloud.put_record(&zone, &www(&["203.0.113.4"]).with_ttl(5)).await.unwrap();
    assert_eq!(lines(&sent(&simulator, &mut since)), [look]);
    cloud.put_record(&zone, &www(&["203.0.113.5"])).await.unwrap();
    let changed = sent(&simulator, &mut since);
    assert!(changed[1].0.starts_with("PUT /v2/domains/example.com/records/"), "{changed:?}");
    // Other hosts end with a dot, the zone itself is an @.
    let alias = DnsRecord::new(DnsName::new("a.example.com").unwrap(), DnsRecordKind::Cname);
    cloud.put_record(&zone, &alias.with_value("www.example.net")).await.unwrap();
    assert_eq!(sent(&simulator, &mut since)[1].1["data"], "www.example.net.");
    let apex = DnsRecord::new(zone.clone().into(), DnsRecordKind::Txt).with_value("x");
    cloud.put_record(&zone, &apex).await.unwrap();
    assert_eq!(sent(&simulator, &mut since)[1].1["name"], "@");
}

/// Two writers at the same time, or one whose answer was lost.
#[tokio::test(start_paused = true)]
async fn identical_twins_are_seen_as_one_and_removed() {
    let simulator = simulator();
    let (one, other) = (provider(&simulator), provider(&simulator));
    let zone = DomainName::new("example.com").unwrap();
    let record = www(&["203.0.113.4"]);
    let (first, second) = tokio::join!(one.put_record(&zone, &record), other.put_record(&zone, &record));
    first.unwrap();
    second.unwrap();
    let posts = simulator.requests().iter().filter(|call| call.line.starts_with("POST")).count();
    assert_eq!(posts, 2, "they did not meet");
    // Both may see it, but they agree on which one goes.
    let gone: BTreeSet<_> = simulator
        .requests()
        .into_iter()
        .map(|call| call.line)
        .filter(|line| line.starts_with("DELETE"))
        .collect();
    assert_eq!(gone.len(), 1, "{gone:?}");
    assert!(one.list_records(&zone).await.unwrap().contains(&record));
    one.delete_record(&zone, &record.name, &record.kind).await.unwrap();
    assert!(!one.list_records(&zone).await.unwrap().iter().any(|found| found.name == record.name));
}

/// The description is the vendor's; that it is looked at is ours to see.
#[tokio::test(start_paused = true)]
async fn what_the_description_does_not_know_is_refused() {
    use byop_cloud::http::{Method, Request};
    let simulator = simulator();
    let token = simulator.options().credential("DIGITALOCEAN_TOKEN").unwrap().expose().to_owned();
    let send = |method, path: &str, body: Option<Value>| {
        let mut request = Request::new("x.do", method, format!("https://api.digitalocean.com{path}"))
            .with_header("authorization", format!("Bearer {token}"));
        if let Some(body) = body {
            request = request.with_json(&body).unwrap();
        }
        simulator.answer(&request).status
    };
    let droplet = json!({"name": "a", "size": "s", "image": 1, "cpus": 2});
    for (method, path, body) in [
        (Method::Get, "/v2/droplets?tag=byop", None),
        (Method::Get, "/v2/droplets?page=first", None),
        (Method::Get, "/v2/elsewhere", None),
        (Method::Patch, "/v2/droplets", None),
        (Method::Post, "/v2/droplets", Some(droplet)),
        (Method::Post, "/v2/reserved_ips", Some(json!({}))),
    ] {
        assert_eq!(send(method, path, body), 400, "{path}");
    }
    assert_eq!(simulator.complaints().len(), 6, "{:#?}", simulator.complaints());
    assert_eq!(send(Method::Get, "/v2/droplets?tag_name=byop&page=1&per_page=200", None), 200);
}
