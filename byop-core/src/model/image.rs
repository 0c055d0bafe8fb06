//! Images and their builds.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::secret::Secret;

/// A reference to an image: `[registry/]repository[:tag][@digest]`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(with = "String", extend("pattern" = "^[A-Za-z0-9][A-Za-z0-9._/:@+-]{0,511}$")))]
#[serde(try_from = "String", into = "String")]
pub struct ImageRef(String);

impl ImageRef {
    /// Checks and wraps a reference.
    ///
    /// # Errors
    /// `InvalidInput` when it has characters that a reference cannot have.
    pub fn new(text: impl Into<String>) -> Result<Self> {
        let text = text.into();
        let fits = (1..=512).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-/:@+".contains(&b))
            && text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric())
            && !text.contains("//")
            && !text.contains("..");
        if fits {
            return Ok(Self(text));
        }
        Err(Error::invalid("image.reference", "this is not a valid image reference")
            .with_context("image", text.chars().take(80).flat_map(char::escape_default).collect::<String>())
            .with_remedy("give [registry/]repository[:tag], such as registry.example.com/shop:3"))
    }

    /// The reference as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ImageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for ImageRef {
    type Error = Error;
    fn try_from(text: String) -> Result<Self> {
        Self::new(text)
    }
}

impl From<ImageRef> for String {
    fn from(image: ImageRef) -> Self {
        image.0
    }
}

/// Which builder reads a Dockerfile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Builder {
    /// BuildKit: cache and secret mounts.
    BuildKit,
    /// The engine's first builder, without mounts.
    Classic,
}

/// An image to build from a context.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct BuildImageSpec {
    /// What the result is tagged with.
    pub tag: ImageRef,
    /// The Dockerfile inside the context.
    pub dockerfile: String,
    /// Which builder to use.
    pub builder: Builder,
    /// Labels put on the image.
    pub labels: BTreeMap<String, String>,
    /// Memory limit of the build's containers, in bytes; 0 is none. Only the classic builder enforces it.
    pub memory_bytes: u64,
    /// Processor limit of the build's containers; 0 is none. Only the classic builder enforces it.
    pub cpus: f64,
}

impl BuildImageSpec {
    /// A build of `Dockerfile` with BuildKit and no limits.
    #[must_use]
    pub fn new(tag: ImageRef) -> Self {
        Self {
            tag,
            dockerfile: "Dockerfile".into(),
            builder: Builder::BuildKit,
            labels: BTreeMap::new(),
            memory_bytes: 0,
            cpus: 0.0,
        }
    }
}

/// What a build says while it runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum BuildEvent {
    /// One line of output, without its line end.
    Log(String),
    /// A layer of `total` (0 when unknown) begins.
    Step {
        /// Counted from 1.
        number: u32,
        /// How many there are.
        total: u32,
        /// The instruction.
        name: String,
    },
    /// The build is done.
    Done(Box<ImageInfo>),
}

/// An image that the engine has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ImageInfo {
    /// The engine's id, `sha256:...`: the digest of the image's configuration.
    pub id: String,
    /// Its names.
    pub tags: Vec<String>,
    /// When it was built.
    pub created_at: Timestamp,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// The user it runs as; empty is root.
    pub user: String,
    /// The TCP ports it declares, in ascending order.
    pub exposed_ports: Vec<u16>,
    /// Whether it brings its own health check.
    pub has_health_check: bool,
    /// What its containers are set up with unless told otherwise. Not part of the JSON form.
    #[serde(skip)]
    pub defaults: ImageDefaults,
}

/// What an image brings along for its containers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImageDefaults {
    /// The entry point.
    pub entrypoint: Vec<String>,
    /// The command.
    pub command: Vec<String>,
    /// Environment variables. An image may be somebody else's, so nobody knows what their values are.
    pub env: BTreeMap<String, Secret>,
    /// The health check, as the engine has it.
    pub health: Vec<String>,
}

impl ImageInfo {
    /// An image with an id and nothing else known.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            tags: Vec::new(),
            created_at: Timestamp(0),
            size_bytes: 0,
            labels: BTreeMap::new(),
            user: String::new(),
            exposed_ports: Vec::new(),
            has_health_check: false,
            defaults: ImageDefaults::default(),
        }
    }
}
