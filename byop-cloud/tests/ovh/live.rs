//! A real account, read and never changed: with `BYOP_TEST_LIVE=ovh` and the vendor's variables in the environment.

use byop_cloud::ovh::Ovh;
use byop_core::cloud::CloudProvider;
use byop_core::model::ServerFilter;

#[tokio::test]
async fn a_real_account_can_be_read() {
    if std::env::var("BYOP_TEST_LIVE").ok().as_deref() != Some("ovh") {
        println!("SKIPPED a_real_account_can_be_read: BYOP_TEST_LIVE is not `ovh`");
        return;
    }
    let provider = Ovh::from_env().unwrap();
    let regions = provider.list_regions().await.unwrap();
    let region = &regions.first().expect("the project has a region").id;
    let sizes = provider.list_sizes(region).await.unwrap();
    assert!(sizes.iter().any(|size| size.price.is_some()), "{sizes:?}");
    assert!(provider.find_image(region, "debian-12").await.unwrap().is_some());
    provider.list_servers(&ServerFilter::all()).await.unwrap();
    provider.list_resources().await.unwrap();
    provider.list_quotas().await.unwrap();
    if let Some(zone) = provider.dns().unwrap().list_zones().await.unwrap().first() {
        provider.dns().unwrap().list_records(zone).await.unwrap();
    }
}
