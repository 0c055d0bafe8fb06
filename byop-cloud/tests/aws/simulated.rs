//! The behaviours of all providers, on the simulator.

use std::sync::Arc;

use byop_cloud::testing::Simulator;
use byop_cloud::testing::aws::AwsSimulator;
use byop_core::cloud::CloudProvider;
use byop_core::model::{ResourceKind, ServerId};
use byop_core::testing::cloud_provider_suite::CloudEnv;
use byop_core::testing::dns_provider_suite::DnsEnv;

use crate::support::{REGION, on, real_times, seconds};

fn env(simulator: AwsSimulator) -> CloudEnv {
    let simulator = Arc::new(simulator);
    let foreign = simulator.plant_foreign(ResourceKind::Server, "somebody-elses");
    CloudEnv::new(Arc::new(on(&simulator)), REGION, "t3.micro", "debian-12")
        .with_larger_size("t3.small")
        .with_foreign_server(ServerId(foreign))
}

/// Nothing takes time, and every page has one item.
async fn quick() -> Option<CloudEnv> {
    Some(env(AwsSimulator::new().with_page_size(1)))
}

/// As the real one, in time that nobody waits for.
async fn slow() -> Option<CloudEnv> {
    tokio::time::pause();
    Some(
        env(AwsSimulator::new().with_page_size(2).with_times(real_times()))
            .with_pause(seconds(1))
            .with_deadline(seconds(300)),
    )
}

async fn dns() -> Option<DnsEnv> {
    let simulator = Arc::new(AwsSimulator::new().with_page_size(1));
    let cloud: Arc<dyn CloudProvider> = Arc::new(on(&simulator));
    Some(DnsEnv::of_cloud(cloud, "example.com"))
}

byop_core::cloud_provider_suite!(servers, super::quick);
byop_core::cloud_provider_suite!(slow_servers, super::slow);
byop_core::dns_provider_suite!(name_servers, super::dns);
