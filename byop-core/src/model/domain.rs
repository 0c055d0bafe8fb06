//! Host names that apps have.

use serde::{Deserialize, Serialize};

use super::name::{AppName, DomainName};

/// A host name that belongs to an app; no other app can have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Domain {
    /// The host name.
    pub name: DomainName,
    /// The app that answers at it, or is about to.
    pub app: AppName,
}
