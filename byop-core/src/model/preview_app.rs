//! An app beside an app, for looking at a branch, that goes by itself.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::name::{AppName, ClientId, DomainName};
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::id::JobId;

/// The longest life of a preview app: 90 days, in seconds.
const LONGEST: u64 = 90 * 24 * 3600;

/// A preview app to create: a temporary copy of an app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct PreviewAppSpec {
    /// The app that it is a preview of.
    pub of: AppName,
    /// Its own name, which no other app has.
    pub name: AppName,
    /// A branch, tag or commit of the app's Git source; that of the app when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The host name at which it answers, in place of those of the app; it has none when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<DomainName>,
    /// Seconds until it expires; at most 90 days (7776000).
    pub lifetime_seconds: u64,
}

impl PreviewAppSpec {
    /// A preview app that lives for a time.
    #[must_use]
    pub fn new(of: AppName, name: AppName, lifetime: Duration) -> Self {
        Self { of, name, reference: None, domain: None, lifetime_seconds: lifetime.as_secs() }
    }

    /// Sets the branch, tag or commit.
    #[must_use]
    pub fn with_reference(mut self, reference: impl Into<String>) -> Self {
        self.reference = Some(reference.into());
        self
    }

    /// Sets the host name.
    #[must_use]
    pub fn with_domain(mut self, domain: DomainName) -> Self {
        self.domain = Some(domain);
        self
    }

    /// Checks what the types alone cannot.
    ///
    /// # Errors
    /// `InvalidInput`, naming the key.
    pub fn validate(&self) -> Result<()> {
        if self.of == self.name {
            return Err(Error::invalid("preview_app.validate", "a preview app needs a name of its own")
                .with_context("key", "name")
                .with_context("name", &self.name));
        }
        if (1..=LONGEST).contains(&self.lifetime_seconds) {
            return Ok(());
        }
        Err(Error::invalid("preview_app.validate", "a preview app lives for a second to 90 days")
            .with_context("key", "lifetime_seconds")
            .with_context("value", self.lifetime_seconds))
    }
}

/// A preview app as stored. What runs of it is an app of its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct PreviewApp {
    /// What was asked for.
    pub spec: PreviewAppSpec,
    /// The client that owns it; `None` when it is the platform's.
    pub client: Option<ClientId>,
    /// The job that deploys it.
    pub job: JobId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it is removed with its data.
    pub expires_at: Timestamp,
}

impl PreviewApp {
    pub(crate) fn new(spec: PreviewAppSpec, client: Option<ClientId>, job: JobId, now: Timestamp) -> Self {
        let expires_at = now.plus(Duration::from_secs(spec.lifetime_seconds));
        Self { spec, client, job, created_at: now, expires_at }
    }
}
