//! Which regions there are, and where a thing is.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use byop_core::model::{Region, RegionId};
use byop_core::{Error, ErrorKind, Result};

use super::Aws;
use super::client::Form;
use super::config::{HOME, is_region};
use super::wire;

impl Aws {
    /// A region that can be asked what concerns all of them.
    pub(super) fn home(&self) -> &str {
        self.api.config.regions.first().map_or(HOME, String::as_str)
    }

    pub(super) async fn regions_now(&self) -> Result<Vec<Region>> {
        let mut form = Form::new("DescribeRegions");
        if !self.api.config.regions.is_empty() {
            form = form.with_filter("region-name", &self.api.config.regions);
        }
        let mut names = self.api.ec2("region.list", self.home(), form, wire::regions).await?;
        names.sort();
        Ok(names.into_iter().map(|name| Region { id: RegionId(name.clone()), name }).collect())
    }

    /// The regions to work in: those that were set, or all, asked for once.
    pub(super) async fn regions(&self) -> Result<&[String]> {
        if !self.api.config.regions.is_empty() {
            return Ok(&self.api.config.regions);
        }
        let ask = || async {
            let regions = self.regions_now().await?;
            Ok::<_, Error>(regions.into_iter().map(|region| region.id.0).collect::<Vec<_>>())
        };
        Ok(self.catalog.regions.get_or_try_init(ask).await?)
    }

    pub(super) async fn check_region(&self, operation: &'static str, region: &RegionId) -> Result<()> {
        if self.regions().await?.contains(&region.0) {
            return Ok(());
        }
        Err(Error::not_found(operation, "this is not one of the regions that byop works in")
            .with_context("region", &region.0)
            .with_remedy("add it to BYOP_AWS_REGIONS, or leave AWS_REGION unset to work in all"))
    }

    /// Divides an id into the region and what the vendor calls it there.
    pub(super) fn locate<'a>(&self, operation: &'static str, id: &'a str) -> Result<(&'a str, &'a str)> {
        let Some((region, rest)) =
            id.split_once('/').filter(|(region, rest)| is_region(region) && !rest.is_empty())
        else {
            return Err(Error::not_found(operation, "this is no id of a thing at AWS")
                .with_context("id", id.chars().take(80).collect::<String>().escape_default())
                .with_remedy("give region and id, such as eu-west-3/i-0123456789abcdef0"));
        };
        let known = &self.api.config.regions;
        if known.is_empty() || known.iter().any(|known| known == region) {
            return Ok((region, rest));
        }
        // Not a thing that is missing: nobody looked.
        Err(Error::invalid(operation, "this is in a region that byop was not told to work in")
            .with_context("id", id)
            .with_remedy("add the region to BYOP_AWS_REGIONS"))
    }

    /// Asks every region at once, and puts the answers one behind another.
    pub(super) async fn everywhere<T, F: Future<Output = Result<Vec<T>>> + Send>(
        &self,
        ask: impl Fn(String) -> F,
    ) -> Result<Vec<T>> {
        let regions = self.regions().await?;
        join_all(regions.iter().map(|region| ask(region.clone()))).await
    }
}

/// Runs all at the same time; the first error, in their order, is that of all.
pub(super) async fn join_all<T, F: Future<Output = Result<Vec<T>>> + Send>(
    futures: impl Iterator<Item = F>,
) -> Result<Vec<T>> {
    enum Slot<F, T> {
        Running(Pin<Box<F>>),
        Done(Result<Vec<T>>),
    }
    let mut slots: Vec<_> = futures.map(|future| Slot::Running(Box::pin(future))).collect();
    let mut left = slots.len();
    poll_fn(|cx| {
        for slot in &mut slots {
            if let Slot::Running(future) = slot
                && let Poll::Ready(result) = future.as_mut().poll(cx)
            {
                *slot = Slot::Done(result);
                left -= 1;
            }
        }
        if left == 0 { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    let mut all = Vec::new();
    for slot in slots {
        if let Slot::Done(result) = slot {
            all.extend(result?);
        }
    }
    Ok(all)
}

/// The refusal to change what is somebody else's.
pub(super) fn foreign(operation: &'static str, id: &str) -> Error {
    Error::new(ErrorKind::PermissionDenied, operation, "this was not made by byop")
        .with_context("id", id)
        .with_remedy("change it where it was made")
}

pub(super) fn missing(operation: &'static str, what: &'static str, id: &str) -> Error {
    Error::not_found(operation, format!("there is no such {}", what.replace('_', " ")))
        .with_context(what, id)
        .with_remedy("check the id and the region")
}

/// An answer that has not what it always has.
pub(super) fn hollow(operation: &'static str, action: &'static str) -> Error {
    Error::new(ErrorKind::Unavailable, operation, "the answer lacks what was asked for")
        .with_context("action", action)
}

/// Something that was made is not known everywhere yet.
pub(super) fn not_yet(operation: &'static str, error: Error) -> Error {
    Error::new(ErrorKind::Unavailable, operation, "what was just made is not known everywhere yet")
        .with_remedy("try again in a few seconds")
        .with_source(error)
}
