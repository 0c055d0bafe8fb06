//! What there is to have.

use super::env::{CloudEnv, kind};
use crate::error::ErrorKind;
use crate::model::RegionId;

/// In lower case, so that it can stand in a specification.
pub async fn the_provider_has_a_name(env: &CloudEnv) {
    let name = env.provider.name();
    assert!(
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    );
    assert_eq!(env.provider.capabilities(), env.provider.capabilities());
}

/// Each once, with the one that the suite was told.
pub async fn regions_are_listed(env: &CloudEnv) {
    let regions = env.provider.list_regions().await.unwrap();
    assert_eq!(regions.iter().filter(|region| region.id == env.region).count(), 1);
}

/// Processors, memory, an architecture; a month costs no less than an hour.
pub async fn sizes_are_listed_with_what_they_have(env: &CloudEnv) {
    let sizes = env.provider.list_sizes(&env.region).await.unwrap();
    let size = sizes.iter().find(|size| size.id == env.size).expect("the size that the suite was told");
    assert!(size.cpus > 0 && size.memory_bytes >= 1 << 28 && !size.architecture.is_empty(), "{size:?}");
    for price in sizes.iter().filter_map(|size| size.price.as_ref()) {
        assert!(price.monthly.micros >= price.hourly.micros, "{price:?}");
        assert_eq!(price.monthly.currency, price.hourly.currency);
    }
}

/// As it is in the list.
pub async fn a_size_is_found_by_its_id(env: &CloudEnv) {
    let found = env.provider.find_size(&env.region, &env.size).await.unwrap();
    let sizes = env.provider.list_sizes(&env.region).await.unwrap();
    assert_eq!(found, sizes.into_iter().find(|size| size.id == env.size));
}

/// `None`, not an error.
pub async fn an_unknown_size_is_none(env: &CloudEnv) {
    assert_eq!(env.provider.find_size(&env.region, "byop-no-such-size").await.unwrap(), None);
}

/// `NotFound`, both for the list and for one of them.
pub async fn sizes_of_an_unknown_region_are_not_found(env: &CloudEnv) {
    let nowhere = RegionId("nowhere-7".into());
    assert_eq!(kind(env.provider.list_sizes(&nowhere).await), ErrorKind::NotFound);
    assert_eq!(kind(env.provider.find_size(&nowhere, &env.size).await), ErrorKind::NotFound);
}

/// What is found by its name is found by the id that it has.
pub async fn an_image_is_found_by_its_name_and_its_id(env: &CloudEnv) {
    let image = env.provider.find_image(&env.region, &env.image).await.unwrap().expect("an image");
    let again = env.provider.find_image(&env.region, &image.id).await.unwrap().expect("the same image");
    assert_eq!(again.id, image.id);
}

/// `None`, not an error.
pub async fn an_unknown_image_is_none(env: &CloudEnv) {
    assert_eq!(env.provider.find_image(&env.region, "byop-no-such-image").await.unwrap(), None);
}
