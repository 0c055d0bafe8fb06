//! The real one, read only: with `BYOP_TEST_LIVE=digitalocean` and a token in the environment.

use byop_core::cloud::{CloudProvider, DnsProvider};
use byop_core::model::ServerFilter;

use super::*;

#[tokio::test]
async fn what_the_real_one_has_can_be_read() {
    let wanted = std::env::var("BYOP_TEST_LIVE").unwrap_or_default();
    if !wanted.split(',').any(|name| name.trim() == "digitalocean") {
        println!("SKIPPED what_the_real_one_has_can_be_read: BYOP_TEST_LIVE does not name digitalocean");
        return;
    }
    let cloud = DigitalOcean::from_env().unwrap();
    let regions = cloud.list_regions().await.unwrap();
    let region = &regions.first().expect("a region that is open").id;
    assert!(!cloud.list_sizes(region).await.unwrap().is_empty());
    assert!(cloud.find_image(region, "debian-12").await.unwrap().is_some());
    assert_eq!(cloud.find_image(region, "byop-no-such-image").await.unwrap(), None);
    cloud.list_servers(&ServerFilter::all()).await.unwrap();
    cloud.list_resources().await.unwrap();
    for zone in cloud.list_zones().await.unwrap() {
        cloud.list_records(&zone).await.unwrap();
    }
}
