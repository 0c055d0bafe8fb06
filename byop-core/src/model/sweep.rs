//! What is found at the clouds and is in nobody's books.

use serde::{Deserialize, Serialize};

use super::name::DomainName;
use super::price::Price;
use super::resource::Resource;
use crate::error::ErrorReport;

/// What a sweep may do with what it finds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct SweepOptions {
    /// Whether it removes what it finds; without this it only tells.
    #[serde(default)]
    pub remove: bool,
    /// Other installations of byop in the same accounts whose things are to be removed too, by their ids: such as an
    /// earlier one whose store was lost.
    #[serde(default)]
    pub installations: Vec<String>,
}

impl SweepOptions {
    /// Only tells what it finds.
    #[must_use]
    pub fn report() -> Self {
        Self::default()
    }

    /// Removes what it finds, but nothing of other installations.
    #[must_use]
    pub fn remove() -> Self {
        Self { remove: true, installations: Vec::new() }
    }

    /// What another installation made counts as ours.
    #[must_use]
    pub fn with_installation(mut self, id: impl Into<String>) -> Self {
        self.installations.push(id.into());
        self
    }
}

/// Why a resource should not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SweepReason {
    /// The store does not know it.
    Unknown,
    /// The store knows another one that was made for the same purpose.
    Duplicate,
    /// Another installation of byop made it. It stays, unless that installation is named.
    Elsewhere,
}

/// A resource that byop created and that the store does not know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct SweepFinding {
    /// The cloud.
    pub provider: String,
    /// The resource, with what it costs a month.
    pub resource: Resource,
    /// The zone, of a record.
    pub zone: Option<DomainName>,
    /// Why it should not exist.
    pub reason: SweepReason,
    /// The installation of byop that created it, if its key says so.
    pub installation: Option<String>,
    /// Its age in seconds, if the provider says so.
    pub age_seconds: Option<u64>,
    /// Whether its removal was begun.
    pub removed: bool,
    /// Why it could not be removed.
    pub error: Option<ErrorReport>,
}

impl SweepFinding {
    /// A thing that stays for now.
    pub fn new(provider: impl Into<String>, resource: Resource, reason: SweepReason) -> Self {
        Self {
            provider: provider.into(),
            resource,
            zone: None,
            reason,
            installation: None,
            age_seconds: None,
            removed: false,
            error: None,
        }
    }
}

/// What a sweep found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct SweepReport {
    /// The id of this installation.
    pub installation: String,
    /// The resources, in order of cloud, kind and id.
    pub findings: Vec<SweepFinding>,
    /// What they cost a month together, one sum per currency; resources without a known price are not counted.
    pub monthly_price: Vec<Price>,
    /// Clouds that did not answer, each with its error.
    pub errors: Vec<(String, ErrorReport)>,
}

impl SweepReport {
    /// Puts the findings in order and sums up their prices.
    #[must_use]
    pub fn new(
        installation: impl Into<String>,
        mut findings: Vec<SweepFinding>,
        errors: Vec<(String, ErrorReport)>,
    ) -> Self {
        findings.sort_by(|a, b| {
            let key = |f: &SweepFinding| (f.provider.clone(), f.resource.kind, f.resource.id.clone());
            key(a).cmp(&key(b))
        });
        let mut sums: Vec<Price> = Vec::new();
        for price in findings.iter().filter_map(|finding| finding.resource.monthly_price.as_ref()) {
            match sums.iter_mut().find(|sum| sum.currency == price.currency) {
                Some(sum) => sum.micros = sum.micros.saturating_add(price.micros),
                None => sums.push(price.clone()),
            }
        }
        Self { installation: installation.into(), findings, monthly_price: sums, errors }
    }
}
