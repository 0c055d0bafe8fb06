//! The businesses that use the platform.

use serde::{Deserialize, Serialize};

use super::name::{ClientId, EmailAddress};
use super::text;
use crate::clock::Timestamp;
use crate::error::{Error, Result};

/// A client to make, or what a client is to become.
///
/// ```
/// use byop_core::model::ClientSpec;
///
/// let spec = ClientSpec::new("acme", "Acme Corporation", "ops@acme.example")?;
/// assert_eq!(spec.id.as_str(), "acme");
/// # Ok::<(), byop_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ClientSpec {
    /// Its id: good as a DNS label and in the name of an image, and never given twice.
    pub id: ClientId,
    /// Its name, for people.
    pub name: String,
    /// Where to reach it.
    pub email: EmailAddress,
    /// How much it may have.
    #[serde(default)]
    pub limits: ClientLimits,
    /// Whether it may use the platform; `active` unless set.
    #[serde(default)]
    pub state: ClientState,
}

impl ClientSpec {
    /// An active client without limits.
    ///
    /// # Errors
    /// `InvalidInput` for a bad id, name or address.
    pub fn new(id: impl Into<String>, name: impl Into<String>, email: impl Into<String>) -> Result<Self> {
        let spec = Self {
            id: ClientId::new(id)?,
            name: name.into(),
            email: EmailAddress::new(email)?,
            limits: ClientLimits::default(),
            state: ClientState::Active,
        };
        spec.validate()?;
        Ok(spec)
    }

    /// Sets how much it may have.
    #[must_use]
    pub fn with_limits(mut self, limits: ClientLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets whether its work is done.
    #[must_use]
    pub fn with_state(mut self, state: ClientState) -> Self {
        self.state = state;
        self
    }

    /// Checks what the types alone cannot.
    ///
    /// # Errors
    /// `InvalidInput`, naming the key.
    pub fn validate(&self) -> Result<()> {
        text::check_line("client.validate", "name", &self.name, 100)
            .map_err(|error| error.with_context("client", &self.id))?;
        if self.state == ClientState::Deleted {
            return Err(Error::invalid("client.validate", "`state` must be active or suspended")
                .with_context("client", &self.id)
                .with_context("key", "state")
                .with_remedy("call delete_client"));
        }
        Ok(())
    }
}

/// Limits of a client. What is absent is unlimited.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct ClientLimits {
    /// Apps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub apps: Option<u32>,
}

impl ClientLimits {
    /// At most so many apps.
    #[must_use]
    pub fn with_apps(mut self, apps: u32) -> Self {
        self.apps = Some(apps);
        self
    }
}

/// Whether a client may use the platform.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ClientState {
    /// Its work is done.
    #[default]
    Active,
    /// It may look, stop and remove, but start and change nothing. What runs goes on.
    Suspended,
    /// It is gone; only its id is kept, so that nobody else gets it and with it a stranger's past.
    Deleted,
}

/// A client as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Client {
    /// Its id.
    pub id: ClientId,
    /// Its name, for people.
    pub name: String,
    /// Where to reach it.
    pub email: EmailAddress,
    /// How much it may have.
    #[serde(default)]
    pub limits: ClientLimits,
    /// Whether it may use the platform.
    pub state: ClientState,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Client {
    /// A new client.
    #[must_use]
    pub fn new(spec: ClientSpec, now: Timestamp) -> Self {
        let ClientSpec { id, name, email, limits, state } = spec;
        Self { id, name, email, limits, state, created_at: now, updated_at: now }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_id_of_a_client_is_a_dns_label_and_a_registry_name() {
        for good in ["acme", "a", "4u", "acme-corp-2", &"a".repeat(40)] {
            assert!(ClientSpec::new(good, "A", "a@b.c").is_ok(), "{good}");
        }
        let bad =
            ["", "Acme", "a_b", "a.b", "-a", "a-", "a--b", "a/b", "../a", "é", "a b", "a\n", &"a".repeat(41)];
        for bad in bad {
            assert!(ClientSpec::new(bad, "A", "a@b.c").is_err(), "{bad}");
        }
    }

    #[test]
    fn what_a_user_writes_is_read_strictly_and_what_is_stored_is_not() {
        let spec = json!({ "id": "acme", "name": "Acme", "email": "a@b.c", "color": "red" });
        let error = serde_json::from_value::<ClientSpec>(spec).unwrap_err();
        assert!(error.to_string().contains("color"), "{error}");
        let limits = json!({ "id": "acme", "name": "Acme", "email": "a@b.c", "limits": { "app": 3 } });
        assert!(serde_json::from_value::<ClientSpec>(limits).is_err());
        let spec = ClientSpec::new("acme", "Acme", "a@b.c").unwrap();
        let mut stored = serde_json::to_value(Client::new(spec, Timestamp(1))).unwrap();
        stored["color"] = json!("red");
        assert!(serde_json::from_value::<Client>(stored).is_ok());
    }

    #[test]
    fn a_client_cannot_be_written_as_deleted() {
        let spec = ClientSpec::new("acme", "Acme", "a@b.c").unwrap().with_state(ClientState::Deleted);
        assert_eq!(spec.validate().unwrap_err().context("key"), Some("state"));
    }
}
