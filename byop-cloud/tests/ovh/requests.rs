//! What is sent, and what comes of answers that are not as one would like.

use byop_cloud::http::Method;
use byop_cloud::ovh::Ovh;
use byop_cloud::testing::ovh::OvhSimulator;
use byop_cloud::testing::{Fault, Mishap, Simulator};
use byop_core::cloud::{CloudProvider, Firewalls, SshKeys, is_no_capacity};
use byop_core::model::{
    FirewallId, FirewallRule, FirewallSpec, PowerAction, Protocol, RegionId, ResourceKind, ServerFilter,
    ServerId, ServerSpec, ServerState, SshKeyId,
};
use byop_core::{ErrorKind, Retry};
use serde_json::{Value, json};
use tokio::time::advance;

use crate::script::{ok, provider as scripted};
use crate::{provider, simulator, times};

const FLAVORS: &str = r#"[{"id": "f1", "name": "d2-2", "vcpus": 1, "ram": 2000, "disk": 25, "available": true,
    "planCodes": {"hourly": "d2-2.consumption", "monthly": "d2-2.monthly.postpaid"}}]"#;
const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA0123456789abcdefghijklmnopqrstuvwxyzABCDEF me@here";

fn gra() -> RegionId {
    RegionId("GRA11".into())
}

fn spec(key: &str) -> ServerSpec {
    ServerSpec::new(key, "web", gra(), "d2-2", "i1")
}

async fn debian(provider: &Ovh) -> String {
    provider.find_image(&gra(), "debian-12").await.unwrap().unwrap().id
}

async fn created(provider: &Ovh, key: &str) -> ServerId {
    let mut spec = spec(key);
    spec.image = debian(provider).await;
    provider.create_server(&spec).await.unwrap().id
}

/// Waits until a server has this state.
async fn until(provider: &Ovh, id: &ServerId, state: ServerState) {
    while provider.get_server(id).await.map(|server| server.state).ok() != Some(state) {
        advance(times().read_lag).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_is_asked_for_with_what_it_needs_and_nothing_else() {
    let made =
        r#"{"id": "s1", "name": "byop-web--k1", "region": "GRA11", "status": "BUILD", "ipAddresses": null}"#;
    let (provider, script) = scripted(vec![ok(FLAVORS), ok("null"), ok(made)]);
    let server = provider.create_server(&spec("k1")).await.unwrap();
    assert_eq!((server.id.0.as_str(), server.key.as_deref()), ("s1", Some("k1")));
    assert_eq!((server.name.as_str(), server.state), ("web", ServerState::Starting));
    let sent = script.sent();
    let urls: Vec<_> = sent.iter().map(|request| (request.method, request.url.as_str())).collect();
    let root = "https://eu.api.ovh.com/1.0/cloud/project/p";
    assert_eq!(
        urls,
        [
            (Method::Get, &*format!("{root}/flavor?region=GRA11")),
            (Method::Get, &*format!("{root}/instance?region=GRA11")),
            (Method::Post, &*format!("{root}/instance")),
        ]
    );
    assert_eq!(
        serde_json::from_slice::<Value>(&sent[2].body).unwrap(),
        json!({
            "name": "byop-web--k1", "region": "GRA11", "flavorId": "f1", "imageId": "i1", "monthlyBilling": false,
        })
    );
}

#[tokio::test(start_paused = true)]
async fn keys_networks_user_data_and_billing_are_sent() {
    let made = r#"{"id": "s1", "name": "byop-web--k1", "status": "BUILD"}"#;
    let (provider, script) = scripted(vec![ok(FLAVORS), ok("[]"), ok(made)]);
    let provider = provider.with_monthly_billing().with_network("n1").with_network("n2");
    let spec = spec("k1").with_ssh_key(SshKeyId("key1".into())).with_user_data("#cloud-config\n".to_owned());
    provider.create_server(&spec).await.unwrap();
    let body: Value = serde_json::from_slice(&script.sent()[2].body).unwrap();
    assert_eq!(body["sshKeyId"], "key1");
    assert_eq!(body["userData"], "#cloud-config\n");
    assert_eq!(body["networks"], json!([{ "networkId": "n1" }, { "networkId": "n2" }]));
    assert_eq!(body["monthlyBilling"], true);
}

#[tokio::test(start_paused = true)]
async fn a_server_behind_a_firewall_is_made_behind_it() {
    let key = r#"{"id": "key1", "name": "byop-ssh--1", "publicKey": "x", "regions": null}"#;
    let made = r#"{"id": "s1", "checksum": "c", "resourceStatus": "CREATING", "targetSpec": {"name": "byop-web--k1"}}"#;
    let (provider, script) = scripted(vec![ok(FLAVORS), ok("[]"), ok(key), ok(made)]);
    let spec = spec("k1")
        .with_ssh_key(SshKeyId("key1".into()))
        .with_firewall(FirewallId("g1".into()))
        .with_user_data("hi".to_owned());
    let server = provider.create_server(&spec).await.unwrap();
    assert_eq!((server.id.0.as_str(), server.size.as_str()), ("s1", "d2-2"));
    let sent = script.sent();
    assert_eq!(sent[3].url, "https://eu.api.ovh.com/v2/publicCloud/project/p/compute/instance");
    assert_eq!(
        serde_json::from_slice::<Value>(&sent[3].body).unwrap(),
        json!({ "targetSpec": {
            "name": "byop-web--k1", "location": { "region": "GRA11" }, "flavor": { "id": "f1" },
            "image": { "id": "i1" }, "securityGroups": [{ "id": "g1" }], "sshKeyName": "byop-ssh--1",
            "userData": "aGk=",
        } })
    );
}

#[tokio::test(start_paused = true)]
async fn a_server_whose_answer_was_lost_is_found_and_not_made_again() {
    for mishap in [Mishap::TimeoutAfter, Mishap::ResetAfter, Mishap::HalfBody, Mishap::OutOfOrderAfter] {
        let simulator = OvhSimulator::new();
        let transport = simulator.transport();
        transport.inject(Fault::new("server.create", mishap));
        let provider = provider(&simulator).with_transport(transport);
        let mut spec = spec("k1");
        spec.image = debian(&provider).await;
        let error = provider.create_server(&spec).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout), "{error:?}");
        assert_eq!(error.retry(), Retry::Now, "the engine looks, then asks again: {error:?}");
        provider.create_server(&spec).await.unwrap();
        assert_eq!(simulator.ledger().len(), 1, "{mishap:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_whose_answer_was_lost_is_there_once() {
    for mishap in [Mishap::TimeoutAfter, Mishap::HalfBody, Mishap::ResetBefore] {
        let simulator = OvhSimulator::new();
        let transport = simulator.transport();
        transport.inject(Fault::new("ssh_key.apply", mishap));
        let provider = provider(&simulator).with_transport(transport);
        let one = provider.apply_ssh_key(&gra(), KEY).await.unwrap();
        // Another comment is no other key.
        let two = provider.apply_ssh_key(&gra(), KEY.trim_end_matches("me@here")).await.unwrap();
        assert_eq!((one, simulator.ledger().len()), (two, 1), "{mishap:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_there_but_not_listed_yet_is_waited_for() {
    let simulator = simulator();
    let provider = provider(&simulator);
    let one = provider.apply_ssh_key(&gra(), KEY).await.unwrap();
    let late = provider.apply_ssh_key(&gra(), KEY).await.unwrap_err();
    assert!(matches!(late.retry(), Retry::After(_)), "{late:?}");
    advance(times().list_lag).await;
    assert_eq!(provider.apply_ssh_key(&gra(), KEY).await.unwrap(), one);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_somebody_else_brought_is_used_and_left_alone() {
    let simulator = OvhSimulator::new();
    let provider = provider(&simulator);
    let ours = simulator.plant(ResourceKind::SshKey, "lost");
    let theirs = simulator.plant_foreign(ResourceKind::SshKey, "laptop");
    let error = provider.delete_resource(ResourceKind::SshKey, &theirs).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    provider.delete_resource(ResourceKind::SshKey, &ours).await.unwrap();
    assert!(simulator.foreign().contains("laptop"));
}

#[tokio::test(start_paused = true)]
async fn no_stock_is_told_before_and_after_asking() {
    let simulator = OvhSimulator::new();
    let provider = provider(&simulator);
    for size in ["t2-45", "g1-last"] {
        let mut spec = spec("k1");
        (spec.size, spec.image) = (size.to_owned(), debian(&provider).await);
        let error = provider.create_server(&spec).await.unwrap_err();
        assert!(is_no_capacity(&error), "{size}: {error:?}");
    }
    let offered = provider.list_sizes(&gra()).await.unwrap();
    assert!(offered.iter().all(|size| size.id != "t2-45" && size.id != "win-b2-7"));
    assert!(simulator.ledger().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_full_quota_is_told() {
    let simulator = OvhSimulator::new();
    simulator.set_quota(1);
    let provider = provider(&simulator);
    created(&provider, "k1").await;
    let mut spec = spec("k2");
    spec.image = debian(&provider).await;
    assert_eq!(provider.create_server(&spec).await.unwrap_err().kind(), ErrorKind::QuotaExceeded);
    let quotas = provider.list_quotas().await.unwrap();
    assert_eq!(quotas.iter().find(|quota| quota.region == gra()).unwrap().servers, (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_the_provider_cannot_start_has_failed() {
    let simulator = simulator();
    simulator.break_servers(1);
    let provider = provider(&simulator);
    let id = created(&provider, "k1").await;
    until(&provider, &id, ServerState::Failed).await;
    let server = provider.get_server(&id).await.unwrap();
    assert!(server.failure.unwrap().contains("ERROR"));
    assert!(server.addresses.is_empty());
}

#[tokio::test(start_paused = true)]
async fn addresses_are_told_once_that_of_version_4_is_there() {
    let simulator = simulator();
    let provider = provider(&simulator);
    let id = created(&provider, "k1").await;
    until(&provider, &id, ServerState::Running).await;
    assert!(provider.get_server(&id).await.unwrap().addresses.is_empty());
    advance(times().address).await;
    let addresses = provider.get_server(&id).await.unwrap().addresses;
    assert_eq!(addresses.iter().map(|ip| ip.is_ipv4()).collect::<Vec<_>>(), [true, false]);
    assert!(addresses[0].to_string().starts_with("203.0."), "{addresses:?}");
}

#[tokio::test(start_paused = true)]
async fn a_second_action_while_one_is_under_way_is_a_conflict() {
    let simulator = simulator();
    let provider = provider(&simulator);
    let id = created(&provider, "k1").await;
    until(&provider, &id, ServerState::Running).await;
    provider.power(&id, PowerAction::Stop).await.unwrap();
    // The old status is still shown.
    assert_eq!(provider.get_server(&id).await.unwrap().state, ServerState::Running);
    let error = provider.power(&id, PowerAction::Stop).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    until(&provider, &id, ServerState::Stopped).await;
    provider.power(&id, PowerAction::Restart).await.unwrap();
    until(&provider, &id, ServerState::Running).await;
    provider.power(&id, PowerAction::Restart).await.unwrap();
    assert_eq!(provider.get_server(&id).await.unwrap().state, ServerState::Starting);
}

#[tokio::test(start_paused = true)]
async fn sizes_have_exact_prices_and_the_month_as_it_is_paid_for() {
    let simulator = OvhSimulator::new();
    let price = async |provider: Ovh| {
        let sizes = provider.list_sizes(&gra()).await.unwrap();
        let price = sizes.into_iter().find(|size| size.id == "d2-2").unwrap().price.unwrap();
        (price.hourly.to_string(), price.monthly.to_string())
    };
    assert_eq!(price(provider(&simulator)).await, ("0.0101 EUR".into(), "7.373 EUR".into()));
    let monthly = provider(&simulator).with_monthly_billing();
    assert_eq!(price(monthly).await, ("0.0101 EUR".into(), "5.99 EUR".into()));
}

#[tokio::test(start_paused = true)]
async fn the_catalogue_is_read_once_a_day() {
    let simulator = OvhSimulator::new();
    let transport = simulator.transport();
    let provider = provider(&simulator).with_transport(std::sync::Arc::clone(&transport) as _);
    for _ in 0..3 {
        provider.list_sizes(&gra()).await.unwrap();
        tokio::time::advance(std::time::Duration::from_secs(3600)).await;
    }
    let count = |operation| transport.requests().iter().filter(|sent| sent.operation == operation).count();
    assert_eq!((count("price.list"), count("size.list")), (1, 3));
}

#[tokio::test(start_paused = true)]
async fn names_of_sizes_and_ids_of_flavors_will_do() {
    let simulator = OvhSimulator::new();
    let provider = provider(&simulator);
    let (mut spec, image) = (spec("k1"), debian(&provider).await);
    spec.image = image;
    // An id of another region is none here.
    spec.size = "byop-no-such".into();
    assert_eq!(provider.create_server(&spec).await.unwrap_err().kind(), ErrorKind::NotFound);
    let elsewhere = RegionId("SBG5".into());
    assert_ne!(provider.find_image(&elsewhere, "Debian 12").await.unwrap().unwrap().id, spec.image);
}

#[tokio::test(start_paused = true)]
async fn what_one_server_cannot_have_is_refused_before_asking() {
    let (provider, script) = scripted(Vec::new());
    let key = |n: u8| SshKeyId(n.to_string());
    for spec in [
        spec("k1").with_ssh_key(key(1)).with_ssh_key(key(2)),
        spec("K 1"),
        spec("k1").with_user_data("x".repeat(49_151)),
    ] {
        assert_eq!(provider.create_server(&spec).await.unwrap_err().kind(), ErrorKind::InvalidInput);
    }
    let behind = spec("k1").with_firewall(FirewallId("g".into()));
    let error = provider.with_monthly_billing().create_server(&behind).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(script.sent().is_empty());
}

fn rules() -> FirewallSpec {
    FirewallSpec::new("k1", "web", gra()).with_rule(FirewallRule::new(Protocol::Tcp, 22))
}

#[tokio::test(start_paused = true)]
async fn an_account_without_security_groups_says_so() {
    let simulator = OvhSimulator::new().without_security_groups();
    let provider = provider(&simulator);
    let error = provider.apply_firewall(&rules()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.remedy().unwrap().contains("user data"));
    simulator.plant(ResourceKind::Server, "web");
    assert_eq!(provider.list_resources().await.unwrap().len(), 1);
    provider.delete_resource(ResourceKind::Firewall, "9d3c1d3e-0000-4000-8000-000000000001").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_firewall_that_somebody_changes_meanwhile_is_read_again() {
    let simulator = OvhSimulator::new();
    let provider = provider(&simulator);
    let id = provider.apply_firewall(&rules()).await.unwrap();
    simulator.disturb_groups(2);
    let more = rules().with_rule(FirewallRule::new(Protocol::Udp, 443).with_source("2001:db8::/32"));
    assert_eq!(provider.apply_firewall(&more).await.unwrap(), id);
    simulator.disturb_groups(9);
    let error = provider.apply_firewall(&rules()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
}

#[tokio::test(start_paused = true)]
async fn a_firewall_that_is_as_wanted_is_not_written_again() {
    let simulator = OvhSimulator::new();
    let transport = simulator.transport();
    let provider = provider(&simulator).with_transport(std::sync::Arc::clone(&transport) as _);
    for _ in 0..2 {
        provider.apply_firewall(&rules()).await.unwrap();
    }
    let writes = transport.requests().iter().filter(|sent| sent.method != Method::Get).count();
    assert_eq!(writes, 1);
}

#[tokio::test(start_paused = true)]
async fn all_that_is_ours_is_listed_and_can_be_removed_and_nothing_else() {
    let simulator = OvhSimulator::new().with_page_size(1);
    let provider = provider(&simulator);
    let mut planted: Vec<_> =
        simulator.kinds().iter().map(|kind| (*kind, simulator.plant(*kind, "lost"))).collect();
    let foreign: Vec<_> =
        simulator.kinds().iter().map(|kind| (*kind, simulator.plant_foreign(*kind, "lost"))).collect();
    let before = simulator.foreign();
    let listed = provider.list_resources().await.unwrap();
    let mut found: Vec<_> = listed.iter().map(|found| (found.kind, found.id.clone())).collect();
    found.sort();
    planted.sort();
    assert_eq!(found, planted);
    let server = listed.iter().find(|found| found.kind == ResourceKind::Server).unwrap();
    assert_eq!(server.monthly_price.as_ref().unwrap().to_string(), "7.373 EUR");
    assert_eq!((server.key.as_deref(), server.name.as_str()), (Some("planted"), "lost"));
    for (kind, id) in &foreign {
        let error = provider.delete_resource(*kind, id).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{kind:?}");
    }
    for (kind, id) in &planted {
        provider.delete_resource(*kind, id).await.unwrap();
    }
    assert!(provider.list_resources().await.unwrap().is_empty());
    assert_eq!(simulator.foreign(), before);
    assert_eq!(simulator.complaints(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_flavor_that_is_not_offered_any_more_still_has_its_name() {
    let list = r#"[{"id": "s1", "name": "byop-web--k1", "region": "GRA11", "status": "ACTIVE", "flavorId": "old",
        "planCode": "s1-2.consumption", "ipAddresses": [{"ip": "203.0.113.4", "version": 4, "type": "public"}]}]"#;
    let missing = (404, &[] as &[_], r#"{"class": "Client::NotFound", "message": "gone"}"#.to_owned());
    let (provider, _) = scripted(vec![ok(list), ok(FLAVORS), missing]);
    let servers = provider.list_servers(&ServerFilter::all()).await.unwrap();
    assert_eq!(servers[0].size, "s1-2");
    assert!(servers[0].is_ready());
}

#[tokio::test(start_paused = true)]
async fn an_unknown_status_region_and_field_are_shown_and_not_refused() {
    let one = r#"{"id": "s1", "name": "mine", "region": "MARS1", "status": "TELEPORTING", "warp": 9,
        "flavor": {"id": "f", "name": "z9", "beam": true}, "ipAddresses": [{"ip": null, "type": "odd"}]}"#;
    let (provider, _) = scripted(vec![ok(one)]);
    let server = provider.get_server(&ServerId("s1".into())).await.unwrap();
    assert_eq!((server.state, server.size.as_str(), server.key), (ServerState::Starting, "z9", None));
    assert_eq!((server.name.as_str(), server.region.0.as_str()), ("mine", "MARS1"));
}

#[tokio::test(start_paused = true)]
async fn nothing_that_is_sent_is_unknown_to_the_vendors_description() {
    let simulator = simulator();
    let provider = provider(&simulator);
    let key = provider.apply_ssh_key(&gra(), KEY).await.unwrap();
    let group = provider.apply_firewall(&rules()).await.unwrap();
    let mut spec = spec("k1").with_ssh_key(key).with_firewall(group).with_user_data("x".to_owned());
    spec.image = debian(&provider).await;
    let id = provider.create_server(&spec).await.unwrap().id;
    until(&provider, &id, ServerState::Running).await;
    provider.power(&id, PowerAction::Stop).await.unwrap();
    until(&provider, &id, ServerState::Stopped).await;
    provider.resize_server(&id, "b2-7").await.unwrap();
    until(&provider, &id, ServerState::Stopped).await;
    assert_eq!(
        provider.resize_server(&id, "d2-2").await.unwrap_err().kind(),
        ErrorKind::InvalidInput,
        "a smaller disk"
    );
    provider.delete_server(&id).await.unwrap();
    assert_eq!(simulator.complaints(), [""; 0]);
}
