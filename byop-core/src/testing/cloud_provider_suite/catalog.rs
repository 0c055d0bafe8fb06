//! What there is to have.

use super::env::{CloudEnv, NO_SUCH_IMAGE, NO_SUCH_SIZE};
use crate::error::ErrorKind::NotFound;
use crate::model::RegionId;
use crate::testing::rule::{done, none, refused, same, some};

/// In lower case, so that it can stand in a specification.
pub async fn the_provider_has_a_name(env: &CloudEnv) {
    let name = env.provider.name();
    let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    assert!(
        !name.is_empty() && name.bytes().all(is_plain),
        "the name of a provider must be of lower-case letters, digits and hyphens; it is {name:?}"
    );
    let capabilities = env.provider.capabilities();
    same("capabilities must give the same each time", env.provider.capabilities(), capabilities);
}

/// Each once, with the one that the suite was told.
pub async fn regions_are_listed(env: &CloudEnv) {
    let regions = done("list_regions", env.provider.list_regions().await);
    let ids: Vec<_> = regions.iter().map(|region| &region.id.0).collect();
    assert!(
        ids.iter().filter(|id| ***id == env.region.0).count() == 1,
        "list_regions must have the region of the suite, {}, once; it gave {ids:?}",
        env.region
    );
}

/// Processors, memory, an architecture; a month costs no less than an hour.
pub async fn sizes_are_listed_with_what_they_have(env: &CloudEnv) {
    let sizes = done("list_sizes", env.provider.list_sizes(&env.region).await);
    let rule = format!("list_sizes must have the size of the suite, {}", env.size);
    let size = some(rule, sizes.iter().find(|size| size.id == env.size));
    assert!(
        size.cpus > 0 && size.memory_bytes >= 1 << 28 && !size.architecture.is_empty(),
        "a size must have processors, at least 256 MiB of memory and an architecture; list_sizes gave {size:?}"
    );
    for price in sizes.iter().filter_map(|size| size.price.as_ref()) {
        assert!(
            price.monthly.micros >= price.hourly.micros && price.monthly.currency == price.hourly.currency,
            "a month must cost no less than an hour, in the same currency; list_sizes gave {price:?}"
        );
    }
}

/// As it is in the list.
pub async fn a_size_is_found_by_its_id(env: &CloudEnv) {
    let found = done("find_size", env.provider.find_size(&env.region, &env.size).await);
    let sizes = done("list_sizes", env.provider.list_sizes(&env.region).await);
    let listed = sizes.into_iter().find(|size| size.id == env.size);
    same("find_size must give what list_sizes has", found, listed);
}

/// `None`, not an error.
pub async fn an_unknown_size_is_none(env: &CloudEnv) {
    let call = format!("find_size with the size {NO_SUCH_SIZE}");
    let found = done(&call, env.provider.find_size(&env.region, NO_SUCH_SIZE).await);
    none(format!("{call} must give none"), found);
}

/// `NotFound`, both for the list and for one of them.
pub async fn sizes_of_an_unknown_region_are_not_found(env: &CloudEnv) {
    let nowhere = RegionId("nowhere-7".into());
    let sizes = env.provider.list_sizes(&nowhere).await;
    refused("list_sizes of the region nowhere-7", &[NotFound], sizes);
    let size = env.provider.find_size(&nowhere, &env.size).await;
    refused("find_size in the region nowhere-7", &[NotFound], size);
}

/// What is found by its name is found by the id that it has.
pub async fn an_image_is_found_by_its_name_and_its_id(env: &CloudEnv) {
    let id = env.image().await;
    let call = format!("find_image with {id}, an id that it gave itself,");
    let again = done(&call, env.provider.find_image(&env.region, &id).await);
    same(format!("{call} must give the image of that id"), again.map(|image| image.id), Some(id));
}

/// `None`, not an error.
pub async fn an_unknown_image_is_none(env: &CloudEnv) {
    let call = format!("find_image with {NO_SUCH_IMAGE}");
    let found = done(&call, env.provider.find_image(&env.region, NO_SUCH_IMAGE).await);
    none(format!("{call} must give none"), found);
}
