//! DigitalOcean against its simulator: the behaviours that all providers share, what is sent, what refusals mean.

// Outside of the functions that are tests themselves, the lints of the library count.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]
#![cfg(feature = "testing")]

use std::sync::Arc;
use std::time::Duration;

use byop_cloud::digitalocean::DigitalOcean;
use byop_cloud::testing::digitalocean::DigitalOceanSimulator;
use byop_cloud::testing::{Simulated, Simulator};
use byop_core::model::{ResourceKind, ServerId};
use byop_core::testing::CloudTimes;
use byop_core::testing::cloud_provider_suite::CloudEnv;
use byop_core::testing::dns_provider_suite::DnsEnv;

mod canary;
mod engine;
mod errors;
mod live;
mod requests;
mod waiting;

/// A provider of a simulated account.
fn provider(simulator: &Arc<DigitalOceanSimulator>) -> DigitalOcean {
    let transport = Simulated::new(Arc::<DigitalOceanSimulator>::clone(simulator));
    DigitalOcean::from_options(&simulator.options())
        .unwrap()
        .with_clock(simulator.clock())
        .with_transport(Arc::new(transport))
}

/// With pages of one item, so that a list without its other pages is noticed.
fn simulator() -> Arc<DigitalOceanSimulator> {
    Arc::new(DigitalOceanSimulator::new().with_page_size(1))
}

fn env(simulator: &Arc<DigitalOceanSimulator>) -> CloudEnv {
    let foreign = simulator.plant_foreign(ResourceKind::Server, "somebody-elses");
    CloudEnv::new(Arc::new(provider(simulator)), "fra1", "s-1vcpu-1gb", "debian-12")
        .with_larger_size("s-2vcpu-2gb")
        .with_foreign_server(ServerId(foreign))
        // Nobody waits: the clock is paused. Lists of keys have a limit of ten a minute.
        .with_deadline(Duration::from_secs(3600))
}

/// All that the simulator takes time for.
fn slow() -> CloudTimes {
    let seconds = Duration::from_secs;
    CloudTimes {
        answer: Duration::ZERO,
        boot: seconds(30),
        address: seconds(6),
        delete: seconds(12),
        list_lag: seconds(9),
        read_lag: seconds(4),
    }
}

async fn at_once() -> Option<CloudEnv> {
    tokio::time::pause();
    Some(env(&simulator()))
}

async fn in_its_time() -> Option<CloudEnv> {
    tokio::time::pause();
    let simulator = simulator();
    simulator.set_times(slow());
    Some(env(&simulator).with_pause(Duration::from_secs(2)))
}

async fn with_clinging_addresses() -> Option<CloudEnv> {
    tokio::time::pause();
    let simulator = Arc::new(DigitalOceanSimulator::new().with_clinging_addresses());
    simulator.set_times(slow());
    Some(env(&simulator).with_pause(Duration::from_secs(2)))
}

async fn zone() -> Option<DnsEnv> {
    tokio::time::pause();
    Some(DnsEnv::of_cloud(Arc::new(provider(&simulator())), "example.com"))
}

byop_core::cloud_provider_suite!(instant, super::at_once);
byop_core::cloud_provider_suite!(with_time, super::in_its_time);
byop_core::cloud_provider_suite!(clinging, super::with_clinging_addresses);
byop_core::dns_provider_suite!(dns, super::zone);
