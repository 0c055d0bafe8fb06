//! Regions, sizes and images.

use byop_core::model::{Region, RegionId, ServerImage, ServerSize};
use byop_core::{Error, Result};

use super::client::encode;
use super::{DigitalOcean, convert, wire};

impl DigitalOcean {
    pub(super) async fn regions(&self) -> Result<Vec<Region>> {
        let regions: Vec<wire::Region> = self.api.list("region.list", "regions", &[], "regions").await?;
        Ok(regions.into_iter().filter(|region| region.available).map(convert::region).collect())
    }

    pub(super) async fn sizes(&self, region: &RegionId) -> Result<Vec<ServerSize>> {
        const LIST: &str = "size.list";
        let sizes: Vec<wire::Size> = self.api.list(LIST, "sizes", &[], "sizes").await?;
        let here = sizes.iter().filter(|size| size.regions.contains(&region.0));
        let offered: Vec<_> = here.filter(|size| convert::is_offered(size)).map(convert::size).collect();
        if offered.is_empty() {
            self.check_region(LIST, region).await?;
        }
        Ok(offered)
    }

    async fn check_region(&self, operation: &'static str, region: &RegionId) -> Result<()> {
        let known = self.regions().await?;
        if known.iter().any(|known| known.id == *region) {
            return Ok(());
        }
        let known: Vec<_> = known.iter().map(|region| region.id.0.as_str()).collect();
        Err(Error::not_found(operation, "there is no such region, or nothing can be made there now")
            .with_context("region", region)
            .with_remedy(format!("use one of: {}", known.join(", "))))
    }

    pub(super) async fn image(&self, region: &RegionId, name: &str) -> Result<Option<ServerImage>> {
        const FIND: &str = "image.find";
        let Some(image) = self.look_for_image(FIND, name).await? else {
            self.check_region(FIND, region).await?;
            return Ok(None);
        };
        if !image.regions.contains(&region.0) {
            self.check_region(FIND, region).await?;
            return Ok(None);
        }
        Ok(Some(convert::image(&image)))
    }

    /// By id or slug, by the slug that an alias stands for, or by name. The answer has the number of the image, which
    /// stays the same when the slug moves on to a newer one.
    async fn look_for_image(&self, operation: &'static str, name: &str) -> Result<Option<wire::Image>> {
        let is_number = name.parse::<u64>().is_ok();
        let is_slug = !name.is_empty()
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        let alias = slug_of(name);
        let by_slug = [alias.as_deref(), Some(name).filter(|_| is_number || is_slug)];
        for slug in by_slug.into_iter().flatten() {
            let path = format!("images/{}", encode(slug));
            if let Some(image) =
                self.api.find::<wire::Image>(operation, &path, "image").await?.filter(is_usable)
            {
                return Ok(Some(image));
            }
        }
        if is_number || is_slug {
            return Ok(None);
        }
        let query = [("type", "distribution")];
        let mut images: Vec<wire::Image> = self.api.list(operation, "images", &query, "images").await?;
        images.retain(|image| {
            let long = format!("{} {}", image.distribution, image.name);
            is_usable(image) && (long.eq_ignore_ascii_case(name) || image.name.eq_ignore_ascii_case(name))
        });
        images.sort_by(|a, b| a.created_at.cmp(&b.created_at));
        Ok(images.pop())
    }
}

fn is_usable(image: &wire::Image) -> bool {
    image.status.is_empty() || image.status.eq_ignore_ascii_case("available")
}

/// The slug of a common alias: `debian-12-x64` for `debian-12`, `ubuntu-24-04-x64` for `ubuntu-24.04`.
fn slug_of(alias: &str) -> Option<String> {
    let (distribution, version) = alias.split_once('-')?;
    let is_version = version.bytes().all(|b| b.is_ascii_digit() || b == b'.') && !version.is_empty();
    let is_name = distribution.bytes().all(|b| b.is_ascii_lowercase()) && !distribution.is_empty();
    (is_name && is_version).then(|| format!("{distribution}-{}-x64", version.replace('.', "-")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_have_slugs() {
        for (alias, slug) in [
            ("debian-12", Some("debian-12-x64")),
            ("ubuntu-24.04", Some("ubuntu-24-04-x64")),
            ("debian-12-x64", None),
            ("docker", None),
            ("12345", None),
            ("../x-1", None),
        ] {
            assert_eq!(slug_of(alias).as_deref(), slug, "{alias}");
        }
    }
}
