//! Domain zones.

use byop_cloud::testing::ovh::OvhSimulator;
use byop_cloud::testing::{Fault, Mishap, Simulator};
use byop_core::cloud::DnsProvider;
use byop_core::model::{DnsName, DnsRecord, DnsRecordKind, DomainName};

use crate::provider;

fn zone() -> DomainName {
    DomainName::new("example.com").unwrap()
}

fn address(value: &str) -> DnsRecord {
    DnsRecord::new(DnsName::new("www.example.com").unwrap(), DnsRecordKind::A).with_value(value)
}

fn served(simulator: &OvhSimulator) -> Vec<String> {
    let mut lines = simulator.served("example.com");
    lines.retain(|line| line.starts_with("www "));
    lines
}

#[tokio::test(start_paused = true)]
async fn what_is_written_is_served() {
    let simulator = OvhSimulator::new();
    let dns = provider(&simulator);
    dns.put_record(&zone(), &address("203.0.113.4")).await.unwrap();
    assert_eq!(served(&simulator), ["www 300 A 203.0.113.4"]);
    dns.put_record(&zone(), &address("203.0.113.5").with_ttl(5)).await.unwrap();
    assert_eq!(served(&simulator), ["www 60 A 203.0.113.5"]);
    dns.delete_record(&zone(), &address("x").name, &DnsRecordKind::A).await.unwrap();
    assert_eq!(served(&simulator), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn what_was_written_before_a_failure_is_served_too() {
    let simulator = OvhSimulator::new();
    let transport = simulator.transport();
    let dns = provider(&simulator).with_transport(std::sync::Arc::clone(&transport) as _);
    // The read of the set, the first record, and then a second that is refused for good.
    let bad = address("203.0.113.4").with_value("203.0.113.5");
    for _ in 0..20 {
        transport.inject(Fault::new("dns.put", Mishap::ProxyPage(200)));
    }
    dns.put_record(&zone(), &bad).await.unwrap_err();
    transport.heal();
    dns.put_record(&zone(), &bad).await.unwrap();
    assert_eq!(served(&simulator).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_record_whose_answer_was_lost_has_no_twin() {
    for mishap in [Mishap::TimeoutAfter, Mishap::HalfBody, Mishap::OutOfOrderAfter, Mishap::ResetBefore] {
        for skip in 1..5 {
            let simulator = OvhSimulator::new();
            let transport = simulator.transport();
            transport.inject(Fault::new("dns.put", mishap).with_nth(skip));
            let dns = provider(&simulator).with_transport(transport);
            dns.put_record(&zone(), &address("203.0.113.4").with_value("203.0.113.5")).await.unwrap();
            let lines = served(&simulator);
            assert_eq!(lines, ["www 300 A 203.0.113.4", "www 300 A 203.0.113.5"], "{mishap:?} {skip}");
            assert_eq!(simulator.complaints(), [""; 0]);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn records_of_others_are_shown_and_those_of_the_apex_apart() {
    let simulator = OvhSimulator::new();
    let dns = provider(&simulator);
    let apex = DnsRecord::new(zone().into(), DnsRecordKind::A).with_value("203.0.113.9");
    let all = dns.list_records(&zone()).await.unwrap();
    let shown: Vec<_> =
        all.iter().map(|record| format!("{} {} {}", record.name, record.kind, record.values[0])).collect();
    assert_eq!(
        shown,
        [
            "example.com NS dns200.example.net.",
            "example.com MX 1 mx1.example.net.",
            "example.com A 198.51.100.1",
            "example.com TXT v=spf1 include:mx.example.net ~all",
        ]
    );
    dns.put_record(&zone(), &address("203.0.113.4")).await.unwrap();
    dns.put_record(&zone(), &apex).await.unwrap();
    assert_eq!(served(&simulator).len(), 1);
    let lines = simulator.served("example.com");
    assert!(lines.contains(&" 300 A 203.0.113.9".to_owned()), "{lines:?}");
    assert_eq!(lines.len(), 5);
}
