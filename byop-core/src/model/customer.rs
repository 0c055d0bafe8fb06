//! The customers of a client.

use serde::{Deserialize, Serialize};

use super::name::{ClientId, EmailAddress};
use super::text;
use crate::clock::Timestamp;
use crate::error::Result;
use crate::id::CustomerId;

/// A customer to make, or what a customer is to become.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct CustomerSpec {
    /// The client whose customer it is.
    pub client: ClientId,
    /// Its name, for people.
    pub name: String,
    /// Where to reach it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<EmailAddress>,
    /// What the client's own system calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

impl CustomerSpec {
    /// A customer of a client.
    ///
    /// # Errors
    /// `InvalidInput` for a bad name.
    pub fn new(client: ClientId, name: impl Into<String>) -> Result<Self> {
        let spec = Self { client, name: name.into(), email: None, reference: None };
        spec.validate()?;
        Ok(spec)
    }

    /// Sets where to reach it.
    #[must_use]
    pub fn with_email(mut self, email: EmailAddress) -> Self {
        self.email = Some(email);
        self
    }

    /// Sets what the client's own system calls it.
    #[must_use]
    pub fn with_reference(mut self, reference: impl Into<String>) -> Self {
        self.reference = Some(reference.into());
        self
    }

    /// Checks what the types alone cannot.
    ///
    /// # Errors
    /// `InvalidInput`, naming the key.
    pub fn validate(&self) -> Result<()> {
        text::check_line("customer.validate", "name", &self.name, 100)?;
        match &self.reference {
            Some(reference) => text::check_line("customer.validate", "reference", reference, 200),
            None => Ok(()),
        }
    }
}

/// A customer as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Customer {
    /// Its id.
    pub id: CustomerId,
    /// The client whose customer it is.
    pub client: ClientId,
    /// Its name, for people.
    pub name: String,
    /// Where to reach it.
    pub email: Option<EmailAddress>,
    /// What the client's own system calls it.
    pub reference: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Customer {
    /// A new customer.
    #[must_use]
    pub fn new(id: CustomerId, spec: CustomerSpec, now: Timestamp) -> Self {
        let CustomerSpec { client, name, email, reference } = spec;
        Self { id, client, name, email, reference, created_at: now, updated_at: now }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_bounded() {
        let client = ClientId::new("acme").unwrap();
        assert!(CustomerSpec::new(client.clone(), "").is_err());
        assert!(CustomerSpec::new(client.clone(), "a".repeat(101)).is_err());
        let spec = CustomerSpec::new(client, "Anna").unwrap();
        assert!(spec.clone().with_reference("cus_81f").validate().is_ok());
        let error = spec.with_reference("a\u{0}b").validate().unwrap_err();
        assert_eq!(error.context("key"), Some("reference"));
    }
}
