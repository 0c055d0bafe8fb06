//! Which records to list.

/// A part of a collection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Page {
    /// Only keys that begin with this.
    pub prefix: String,
    /// Only keys that come after this one, which is the last of the page before.
    pub after: Option<String>,
    /// At most so many.
    pub limit: Option<u32>,
}

impl Page {
    /// The whole collection.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// Only keys that begin with `prefix`.
    #[must_use]
    pub fn with_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Only keys that come after `after`.
    #[must_use]
    pub fn with_after(mut self, after: impl Into<String>) -> Self {
        self.after = Some(after.into());
        self
    }

    /// At most `limit` records.
    #[must_use]
    pub fn with_limit(mut self, limit: u32) -> Self {
        self.limit = Some(limit);
        self
    }
}
