//! Regions, sizes, images and quotas.

use byop_core::model::{Region, RegionId, ServerImage, ServerSize};
use byop_core::{ErrorKind, Result};

use super::client::encode;
use super::error::missing;
use super::{Ovh, convert, wire};

/// How much of a region the project may use.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Quota {
    /// The region.
    pub region: RegionId,
    /// Servers: how many there are, and how many there may be.
    pub servers: (u64, u64),
    /// Processors: how many there are, and how many there may be.
    pub cpus: (u64, u64),
    /// Memory in bytes: how much there is, and how much there may be.
    pub memory_bytes: (u64, u64),
}

impl Ovh {
    /// How much of each region the project uses and may use.
    ///
    /// # Errors
    /// Those that all methods of a provider share.
    pub async fn list_quotas(&self) -> Result<Vec<Quota>> {
        let session = self.session();
        let path = session.path("/quota").await?;
        let listed: Vec<wire::RegionQuota> = session.api.list("quota.list", &path).await?;
        // A negative number says that there is no limit.
        let pair = |used: Option<i64>, most: Option<i64>, unit: u64| {
            let scaled = |number: Option<i64>| {
                number.and_then(|n| u64::try_from(n).ok()).map_or(u64::MAX, |n| n.saturating_mul(unit))
            };
            (scaled(used.or(Some(0))), scaled(most))
        };
        let quota = |listed: wire::RegionQuota| {
            let (region, of) = (listed.region?, listed.instance?);
            Some(Quota {
                region: RegionId(region),
                servers: pair(of.used_instances, of.max_instances, 1),
                cpus: pair(of.used_cores, of.max_cores, 1),
                memory_bytes: pair(of.used_ram, of.max_ram, 1 << 20),
            })
        };
        Ok(listed.into_iter().filter_map(quota).collect())
    }

    /// The names of the regions that the project may use.
    pub(super) async fn region_names(&self) -> Result<Vec<String>> {
        let session = self.session();
        session.api.list("region.list", &session.path("/region").await?).await
    }

    /// `NotFound` for a region that the project does not have.
    pub(super) async fn check_region(&self, operation: &'static str, region: &RegionId) -> Result<()> {
        if self.region_names().await?.contains(&region.0) {
            return Ok(());
        }
        Err(missing(operation, "region", &region.0)
            .with_remedy("use a region of the project, or activate this one at the provider first"))
    }

    pub(super) async fn regions(&self) -> Result<Vec<Region>> {
        let session = self.session();
        let mut regions = Vec::new();
        for name in self.region_names().await? {
            let path = session.path(&format!("/region/{}", encode(&name))).await?;
            let Some(detail) = session.api.find::<wire::RegionDetail>("region.get", &path).await? else {
                continue;
            };
            if is_up(&detail) {
                let place = detail.datacenter_location.filter(|place| !place.is_empty() && *place != name);
                let shown = place.map_or_else(|| name.clone(), |place| format!("{name} ({place})"));
                regions.push(Region { id: RegionId(detail.name.unwrap_or(name)), name: shown });
            }
        }
        Ok(regions)
    }

    pub(super) async fn sizes(&self, region: &RegionId) -> Result<Vec<ServerSize>> {
        let session = self.session();
        let flavors = match session.flavors(&region.0).await {
            Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::NotFound) => {
                self.check_region("size.list", region).await?;
                return Err(error);
            }
            other => other?,
        };
        if flavors.is_empty() {
            self.check_region("size.list", region).await?;
        }
        let prices = session.prices(self.config.subsidiary).await?;
        let sizes = flavors.iter().filter(|flavor| is_offered(flavor)).filter_map(|flavor| {
            let size = convert::size(flavor)?;
            Some(match prices.of(flavor, self.config.billing) {
                Some(price) => size.with_price(price),
                None => size,
            })
        });
        Ok(sizes.collect())
    }

    pub(super) async fn image(&self, region: &RegionId, name: &str) -> Result<Option<ServerImage>> {
        const FIND: &str = "image.find";
        let session = self.session();
        let query = format!("?osType=linux&region={}", encode(&region.0));
        let path = session.path(&format!("/image{query}")).await?;
        let images: Vec<wire::Image> = match session.api.list(FIND, &path).await {
            Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::NotFound) => {
                self.check_region(FIND, region).await?;
                return Err(error);
            }
            other => other?,
        };
        if images.is_empty() {
            self.check_region(FIND, region).await?;
        }
        let usable = || images.iter().filter(|image| image.is_active());
        if let Some(image) = usable().find(|image| image.id == name) {
            return Ok(Some(convert::image(image)));
        }
        let alias = convert::alias(name);
        let named = usable().filter(|image| convert::alias(image.name()) == alias);
        if let Some(image) =
            named.max_by_key(|image| image.creation_date.as_deref().and_then(convert::timestamp))
        {
            return Ok(Some(convert::image(image)));
        }
        let path = session.path(&format!("/snapshot?region={}", encode(&region.0))).await?;
        let own: Vec<wire::Image> = session.api.list(FIND, &path).await?;
        let is_it = |image: &&wire::Image| image.is_active() && (image.id == name || image.name() == name);
        Ok(own.iter().find(is_it).map(convert::image))
    }

    /// A flavor by its name, or by the id that it has in this region.
    pub(super) async fn flavor(
        &self,
        operation: &'static str,
        region: &RegionId,
        size: &str,
    ) -> Result<wire::Flavor> {
        let flavors = self.session().flavors(&region.0).await?;
        let is_it = |flavor: &&wire::Flavor| flavor.name.as_deref() == Some(size) || flavor.id == size;
        let found = flavors.iter().filter(|flavor| is_linux(flavor)).find(is_it);
        found.cloned().ok_or_else(|| {
            missing(operation, "size", size)
                .with_context("region", region)
                .with_remedy("use the name of a flavor that this region offers, such as b2-7")
        })
    }
}

fn is_linux(flavor: &wire::Flavor) -> bool {
    flavor.os_type.as_deref() != Some("windows")
}

fn is_offered(flavor: &wire::Flavor) -> bool {
    is_linux(flavor) && flavor.available != Some(false)
}

fn is_up(region: &wire::RegionDetail) -> bool {
    let services = region.services.as_deref().unwrap_or_default();
    let makes_servers = services
        .iter()
        .find(|service| service.name.as_deref() == Some("instance"))
        .is_none_or(|service| service.status.as_deref() != Some("DOWN"));
    region.status.as_deref().is_none_or(|status| status == "UP") && makes_servers
}
