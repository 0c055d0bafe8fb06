//! OVHcloud against its simulator.

#![cfg(feature = "testing")]
// Outside of the functions that are tests themselves, the lints of the library count.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;
use std::time::Duration;

use byop_cloud::ovh::Ovh;
use byop_cloud::testing::Simulator;
use byop_cloud::testing::ovh::OvhSimulator;
use byop_core::model::{ResourceKind, ServerId};
use byop_core::testing::CloudTimes;
use byop_core::testing::cloud_provider_suite::CloudEnv;
use byop_core::testing::dns_provider_suite::DnsEnv;

mod access;
mod canary;
mod errors;
mod live;
mod requests;
mod script;
mod vps;
mod zones;

/// All takes some milliseconds, and lists are late.
fn times() -> CloudTimes {
    let millis = Duration::from_millis;
    CloudTimes {
        answer: Duration::ZERO,
        boot: millis(12),
        address: millis(4),
        delete: millis(8),
        list_lag: millis(6),
        read_lag: millis(3),
    }
}

fn simulator() -> OvhSimulator {
    let simulator = OvhSimulator::new().with_page_size(1);
    simulator.set_times(times());
    simulator
}

fn provider(simulator: &OvhSimulator) -> Ovh {
    Ovh::from_options(&simulator.options()).unwrap().with_transport(simulator.transport())
}

fn env(simulator: &OvhSimulator, provider: Ovh) -> CloudEnv {
    let foreign = simulator.plant_foreign(ResourceKind::Server, "somebody-elses");
    CloudEnv::new(Arc::new(provider), "GRA11", "d2-2", "debian-12")
        .with_larger_size("b2-7")
        .with_foreign_server(ServerId(foreign))
        .with_pause(Duration::from_millis(2))
}

async fn make() -> Option<CloudEnv> {
    let simulator = simulator();
    Some(env(&simulator, provider(&simulator)))
}

async fn make_zone() -> Option<DnsEnv> {
    let provider = provider(&simulator());
    Some(DnsEnv::of_cloud(Arc::new(provider), "example.com").with_pause(Duration::from_millis(2)))
}

byop_core::cloud_provider_suite!(cloud, super::make);
byop_core::dns_provider_suite!(dns, super::make_zone);
