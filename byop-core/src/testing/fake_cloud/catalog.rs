//! What the fake cloud offers.

use super::missing;
use crate::error::Result;
use crate::model::{Price, Region, RegionId, ServerImage, ServerPrice, ServerSize};

const GIB: u64 = 1 << 30;

pub(super) fn regions() -> Vec<Region> {
    let region = |id: &str, name: &str| Region { id: RegionId(id.into()), name: name.into() };
    vec![region("here", "Near 1"), region("there", "Far 1")]
}

pub(super) fn check_region(operation: &'static str, region: &RegionId) -> Result<()> {
    let is_known = regions().iter().any(|known| known.id == *region);
    is_known.then_some(()).ok_or_else(|| missing(operation, "region", region))
}

/// `large` is there only far away, and `arm` is of another architecture.
pub(super) fn sizes(region: &RegionId) -> Result<Vec<ServerSize>> {
    check_region("size.list", region)?;
    let price = |micros| ServerPrice::hourly(Price::new(micros, "USD"));
    let small = ServerSize::new("small", 1, GIB, 25 * GIB)
        .with_price(price(6_000).with_monthly(Price::new(4_000_000, "USD")));
    let medium = ServerSize::new("medium", 2, 4 * GIB, 80 * GIB).with_price(price(36_000));
    let large = ServerSize::new("large", 8, 16 * GIB, 320 * GIB).with_price(price(143_000));
    let arm = ServerSize::new("arm", 2, 4 * GIB, 80 * GIB).with_architecture("aarch64");
    let mut sizes = vec![small, medium, arm];
    if region.0 == "there" {
        sizes.push(large);
    }
    Ok(sizes)
}

pub(super) fn images() -> Vec<ServerImage> {
    vec![
        ServerImage::new("debian-12", "Debian 12").with_min_disk(10 * GIB).with_user("admin"),
        ServerImage::new("debian-12-arm", "Debian 12 for Arm").with_architecture("aarch64"),
        ServerImage::new("huge", "Huge").with_min_disk(100 * GIB),
    ]
}
