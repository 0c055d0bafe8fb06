//! Secrets: redacted wherever they could be shown, references wherever they are stored.

use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize, Serializer};
use zeroize::Zeroizing;

use crate::error::{Error, Result};

mod redactor;
#[cfg(feature = "seal")]
pub(crate) mod seal;

pub use redactor::{LineRedactor, RedactedStream, Redactor};
#[cfg(feature = "seal")]
pub use seal::{Key, KeyId, Keyring, Label, Sealed};

const REDACTED: &str = "[redacted]";

/// A value that never shows itself: `Debug`, `Display` and `Serialize` give `[redacted]`. Its memory is overwritten when
/// it is dropped.
///
/// ```
/// let secret = byop_core::Secret::new("hunter2");
/// assert_eq!(format!("{secret} {secret:?}"), "[redacted] [redacted]");
/// assert_eq!(secret.expose(), "hunter2");
/// ```
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(with = "String"))]
#[serde(from = "String")]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Wraps a value.
    pub fn new(value: impl Into<String>) -> Self {
        Self(Zeroizing::new(value.into()))
    }

    /// The value itself; call it at the last moment only.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(value: String) -> Self {
        Self::new(value)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(REDACTED)
    }
}

/// The name of a secret. Specs and stores hold names, never values.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct SecretRef(pub String);

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where secrets come from: the embedding program's vault, a file, a test's map.
#[async_trait]
pub trait SecretSource: fmt::Debug + Send + Sync {
    /// The secret of that name.
    ///
    /// # Errors
    /// `NotFound` when there is none of that name; `Unavailable` when the source cannot be asked.
    async fn get_secret(&self, name: &SecretRef) -> Result<Secret>;
}

/// Secrets held in memory, by name.
#[derive(Debug, Default)]
pub struct MemorySecrets(std::collections::BTreeMap<String, Secret>);

impl MemorySecrets {
    /// No secrets yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one.
    #[must_use]
    pub fn with_secret(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.0.insert(name.into(), Secret::new(value));
        self
    }
}

#[async_trait]
impl SecretSource for MemorySecrets {
    async fn get_secret(&self, name: &SecretRef) -> Result<Secret> {
        self.0.get(&name.0).cloned().ok_or_else(|| {
            Error::not_found("secret.get", "there is no secret of this name")
                .with_context("name", name)
                .with_remedy(
                    "store it with `put_secret`, or add it to the secret source that the engine was given",
                )
        })
    }
}
