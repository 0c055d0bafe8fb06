//! Signatures, clocks and tokens.

use std::time::Duration;

use byop_cloud::ovh::Ovh;
use byop_cloud::testing::ovh::OvhSimulator;
use byop_cloud::testing::{Fault, Mishap, Simulated};
use byop_core::ErrorKind;
use byop_core::cloud::CloudProvider;
use byop_core::model::ServerFilter;

use crate::provider;

fn operations(transport: &Simulated) -> Vec<&'static str> {
    transport.requests().iter().map(|request| request.operation).collect()
}

fn on(simulator: &OvhSimulator) -> (Ovh, std::sync::Arc<Simulated>) {
    let transport = simulator.transport();
    let provider = Ovh::from_options(&simulator.options()).unwrap();
    (provider.with_transport(std::sync::Arc::<Simulated>::clone(&transport)), transport)
}

fn on_account(simulator: &OvhSimulator) -> (Ovh, std::sync::Arc<Simulated>) {
    let transport = simulator.transport();
    let provider = Ovh::from_options(&simulator.account_options()).unwrap();
    (provider.with_transport(std::sync::Arc::<Simulated>::clone(&transport)), transport)
}

#[tokio::test(start_paused = true)]
async fn the_servers_time_is_asked_for_once() {
    let (provider, transport) = on(&OvhSimulator::new());
    for _ in 0..3 {
        provider.list_servers(&ServerFilter::all()).await.unwrap();
    }
    assert_eq!(operations(&transport), ["time.get", "server.list", "server.list", "server.list"]);
}

#[tokio::test(start_paused = true)]
async fn callers_at_the_same_time_ask_for_the_time_once() {
    let (provider, transport) = on(&OvhSimulator::new());
    let filter = ServerFilter::all();
    let (one, two) = tokio::join!(provider.list_servers(&filter), provider.list_servers(&filter));
    one.and(two).unwrap();
    assert_eq!(operations(&transport).iter().filter(|operation| **operation == "time.get").count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_refused_for_its_time_is_signed_again() {
    let simulator = OvhSimulator::new();
    let (provider, transport) = on(&simulator);
    provider.list_servers(&ServerFilter::all()).await.unwrap();
    simulator.shift_clock(600);
    provider.list_servers(&ServerFilter::all()).await.unwrap();
    provider.list_servers(&ServerFilter::all()).await.unwrap();
    let after = ["time.get", "server.list", "server.list", "time.get", "server.list", "server.list"];
    assert_eq!(operations(&transport), after);
}

#[tokio::test(start_paused = true)]
async fn time_that_passes_is_counted() {
    let (provider, transport) = on(&OvhSimulator::new());
    provider.list_servers(&ServerFilter::all()).await.unwrap();
    tokio::time::advance(Duration::from_secs(3600)).await;
    provider.list_servers(&ServerFilter::all()).await.unwrap();
    assert_eq!(operations(&transport), ["time.get", "server.list", "server.list"]);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_signed_before_the_time_is_known() {
    for mishap in
        [Mishap::ResetBefore, Mishap::RateLimited(Some(7)), Mishap::ProxyPage(200), Mishap::OutOfOrderAfter]
    {
        let (provider, transport) = on(&OvhSimulator::new());
        transport.inject(Fault::new("time.get", mishap));
        provider.list_servers(&ServerFilter::all()).await.unwrap();
        assert_eq!(operations(&transport), ["time.get", "time.get", "server.list"], "{mishap:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_wrong_secret_is_told_apart() {
    let simulator = OvhSimulator::new();
    for (setting, code) in [
        ("OVH_APPLICATION_KEY", "INVALID_KEY"),
        ("OVH_APPLICATION_SECRET", "INVALID_SIGNATURE"),
        ("OVH_CONSUMER_KEY", "INVALID_CREDENTIAL"),
    ] {
        let options = simulator.options().with_setting(setting, "wrong".to_owned());
        let provider = Ovh::from_options(&options).unwrap().with_transport(simulator.transport());
        let error = provider.list_servers(&ServerFilter::all()).await.unwrap_err();
        assert_eq!((error.kind(), error.context("code")), (ErrorKind::Unauthenticated, Some(code)));
        assert!(error.remedy().is_some());
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_account_works_with_one_token() {
    let simulator = OvhSimulator::new();
    let (provider, transport) = on_account(&simulator);
    for _ in 0..3 {
        provider.list_servers(&ServerFilter::all()).await.unwrap();
    }
    assert_eq!(operations(&transport), ["token.get", "server.list", "server.list", "server.list"]);
}

#[tokio::test(start_paused = true)]
async fn a_token_is_renewed_before_it_ends() {
    let simulator = OvhSimulator::new();
    let (provider, transport) = on_account(&simulator);
    provider.list_servers(&ServerFilter::all()).await.unwrap();
    tokio::time::advance(Duration::from_secs(3600 - 30)).await;
    provider.list_servers(&ServerFilter::all()).await.unwrap();
    assert_eq!(operations(&transport), ["token.get", "server.list", "token.get", "server.list"]);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_refused_is_renewed_once() {
    let simulator = OvhSimulator::new();
    let (provider, transport) = on_account(&simulator);
    provider.list_servers(&ServerFilter::all()).await.unwrap();
    simulator.revoke_tokens();
    let filter = ServerFilter::all();
    let (one, two) = tokio::join!(provider.list_servers(&filter), provider.list_servers(&filter));
    one.and(two).unwrap();
    assert_eq!(simulator.tokens(), 2);
    assert_eq!(operations(&transport).len(), 7);
}

#[tokio::test(start_paused = true)]
async fn tokens_of_short_life_are_renewed_too() {
    let simulator = OvhSimulator::new();
    simulator.set_token_life(Duration::from_secs(20));
    let (provider, _) = on_account(&simulator);
    for _ in 0..4 {
        provider.list_servers(&ServerFilter::all()).await.unwrap();
        tokio::time::advance(Duration::from_secs(6)).await;
    }
    assert_eq!(simulator.tokens(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_service_account_that_is_not_known_is_told() {
    let simulator = OvhSimulator::new();
    let options = simulator.account_options().with_setting("OVH_CLIENT_SECRET", "wrong".to_owned());
    let provider = Ovh::from_options(&options).unwrap().with_transport(simulator.transport());
    let error = provider.list_servers(&ServerFilter::all()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert!(error.remedy().unwrap().contains("OVH_CLIENT_SECRET"));
}

#[tokio::test(start_paused = true)]
async fn a_token_server_that_is_out_of_order_is_waited_for() {
    let simulator = OvhSimulator::new();
    let (provider, transport) = on_account(&simulator);
    transport.inject(Fault::new("token.get", Mishap::OutOfOrderBefore));
    transport.inject(Fault::new("token.get", Mishap::RateLimited(Some(3))));
    provider.list_servers(&ServerFilter::all()).await.unwrap();
    assert_eq!(operations(&transport), ["token.get", "token.get", "token.get", "server.list"]);
}

#[tokio::test(start_paused = true)]
async fn the_only_project_is_found() {
    let simulator = OvhSimulator::new();
    let options = simulator.options().with_setting("OVH_CLOUD_PROJECT_SERVICE", String::new());
    let provider = Ovh::from_options(&options).unwrap().with_transport(simulator.transport());
    assert_eq!(provider.list_regions().await.unwrap().len(), 3);
    let elsewhere = crate::provider(&simulator).with_project("another");
    assert_eq!(elsewhere.list_regions().await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test(start_paused = true)]
async fn what_is_signed_is_what_is_sent() {
    // Names with characters that have to be encoded, and a body beyond ASCII.
    let simulator = OvhSimulator::new();
    let provider = provider(&simulator);
    let missing = byop_core::model::ServerId("a b/c?d=\u{e9}".into());
    assert_eq!(provider.get_server(&missing).await.unwrap_err().kind(), ErrorKind::NotFound);
    let zone = byop_core::model::DomainName::new("example.com").unwrap();
    let name = byop_core::model::DnsName::new("*.example.com").unwrap();
    let record = byop_core::model::DnsRecord::new(name, byop_core::model::DnsRecordKind::Txt);
    provider.dns().unwrap().put_record(&zone, &record.with_value("d\u{e9}j\u{e0} vu")).await.unwrap();
    assert_eq!(byop_cloud::testing::Simulator::complaints(&simulator), [""; 0]);
}
