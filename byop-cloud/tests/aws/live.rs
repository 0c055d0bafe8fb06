//! A real account, with `BYOP_TEST_LIVE=aws` and the vendor's own variables: it is looked at, and nothing is made.

use byop_cloud::aws::Aws;
use byop_core::cloud::CloudProvider;
use byop_core::model::ServerFilter;

#[tokio::test]
async fn a_real_account_can_be_read() {
    let live = std::env::var("BYOP_TEST_LIVE").unwrap_or_default();
    if !live.split(',').any(|name| name.trim() == "aws") {
        println!("SKIPPED a_real_account_can_be_read: BYOP_TEST_LIVE does not name aws");
        return;
    }
    let aws = Aws::from_env().unwrap();
    assert_eq!(aws.account().await.unwrap().len(), 12);
    let regions = aws.list_regions().await.unwrap();
    let region = &regions.first().expect("a region").id;
    let sizes = aws.list_sizes(region).await.unwrap();
    assert!(sizes.iter().any(|size| size.price.is_some()), "{} sizes, none with a price", sizes.len());
    let image = aws.find_image(region, "debian-12").await.unwrap().expect("Debian 12");
    assert_eq!(aws.find_image(region, &image.id).await.unwrap().map(|found| found.id), Some(image.id));
    aws.list_servers(&ServerFilter::all()).await.unwrap();
    aws.list_resources().await.unwrap();
    aws.dns().expect("name servers").list_zones().await.unwrap();
}
