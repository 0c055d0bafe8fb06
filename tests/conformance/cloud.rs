//! Clouds and name servers.

use byop_core::testing::cloud_provider_suite::CloudEnv;
use byop_core::testing::dns_provider_suite::DnsEnv;

async fn quick() -> Option<CloudEnv> {
    Some(CloudEnv::fake())
}

async fn slow() -> Option<CloudEnv> {
    Some(CloudEnv::slow_fake())
}

/// A cloud that keeps keys unique by itself.
async fn keyed() -> Option<CloudEnv> {
    use byop_core::model::CloudCapabilities;
    use byop_core::testing::FakeCloud;

    let capabilities = CloudCapabilities::none().with_keyed_create();
    Some(CloudEnv::on_fake(&FakeCloud::new().with_capabilities(capabilities)))
}

async fn names() -> Option<DnsEnv> {
    Some(DnsEnv::fake())
}

byop_core::cloud_provider_suite!(fake, super::quick);
byop_core::cloud_provider_suite!(slow_fake, super::slow);
byop_core::cloud_provider_suite!(keyed_fake, super::keyed);
byop_core::dns_provider_suite!(fake_dns, super::names);
