//! Who did what: the records of it, each bound to the one before.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::name::ClientId;
use crate::clock::Timestamp;
use crate::digest::Digest;

/// Who asked for something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Actor {
    /// A user's or a program's name, as the embedding program knows it.
    pub who: String,
    /// Where the request came from, such as an address.
    pub from: Option<String>,
}

impl Actor {
    /// An actor from an unknown place.
    pub fn new(who: impl Into<String>) -> Self {
        Self { who: who.into(), from: None }
    }

    /// Sets where the request came from.
    #[must_use]
    pub fn with_from(mut self, from: impl Into<String>) -> Self {
        self.from = Some(from.into());
        self
    }
}

/// Something that was done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct AuditEntry {
    /// What was done, as `noun.verb`, such as `job.create`.
    pub action: String,
    /// To what, such as `app/shop`.
    pub subject: String,
    /// The client that owns it; `None` when it is the platform's.
    pub client: Option<ClientId>,
    /// Who did it, if the program said so with `acting_as`.
    pub actor: Option<Actor>,
    /// The digest of the plan that was carried out.
    pub plan: Option<Digest>,
    /// What came of it, such as `succeeded`.
    pub result: Option<String>,
    /// More, as JSON. Never a secret.
    pub details: Value,
}

impl AuditEntry {
    /// An entry with nothing beside what was done to what.
    pub fn new(action: impl Into<String>, subject: impl Into<String>) -> Self {
        Self {
            action: action.into(),
            subject: subject.into(),
            client: None,
            actor: None,
            plan: None,
            result: None,
            details: Value::Null,
        }
    }
}

/// A record of the audit. Each holds the hash of the one before, so that a change or a gap is detected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AuditRecord {
    /// Counted from 1 over the whole store.
    pub position: u64,
    /// When.
    pub time: Timestamp,
    /// What.
    #[serde(flatten)]
    pub entry: AuditEntry,
    /// The hash of the record before; none for the first.
    pub previous: Option<Digest>,
    /// The SHA-256 of the JSON of position, time, entry and previous hash.
    pub hash: Digest,
}

impl AuditRecord {
    /// Binds an entry to the record before it.
    #[must_use]
    pub fn new(position: u64, time: Timestamp, entry: AuditEntry, previous: Option<Digest>) -> Self {
        let hash = Self::digest(position, time, &entry, previous.as_ref());
        Self { position, time, entry, previous, hash }
    }

    /// Whether nobody has changed this record since it was written.
    #[must_use]
    pub fn is_intact(&self) -> bool {
        self.hash == Self::digest(self.position, self.time, &self.entry, self.previous.as_ref())
    }

    fn digest(position: u64, time: Timestamp, entry: &AuditEntry, previous: Option<&Digest>) -> Digest {
        Digest::of_json(&(position, time, entry, previous))
    }
}

/// Which audit records to list, in the order in which they were written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct AuditFilter {
    /// Only those of this action, such as `job.create`.
    pub action: Option<String>,
    /// Only those of this subject, such as `app/shop`.
    pub subject: Option<String>,
    /// Only those of this actor.
    pub who: Option<String>,
    /// Only those from this time on.
    pub since: Option<Timestamp>,
    /// Only those before this time.
    pub until: Option<Timestamp>,
    /// Only those with a position above this one: the cursor for reading on.
    pub after: u64,
    /// At most so many.
    pub limit: Option<u32>,
}

impl AuditFilter {
    /// Every record.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// Only records of this subject.
    #[must_use]
    pub fn with_subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// Only records of this action.
    #[must_use]
    pub fn with_action(mut self, action: impl Into<String>) -> Self {
        self.action = Some(action.into());
        self
    }

    /// Only records of this actor.
    #[must_use]
    pub fn with_who(mut self, who: impl Into<String>) -> Self {
        self.who = Some(who.into());
        self
    }

    /// Only records of `since` and later, and before `until`.
    #[must_use]
    pub fn with_time(mut self, since: Option<Timestamp>, until: Option<Timestamp>) -> Self {
        (self.since, self.until) = (since, until);
        self
    }

    /// At most `limit` records after a position.
    #[must_use]
    pub fn with_page(mut self, after: u64, limit: u32) -> Self {
        (self.after, self.limit) = (after, Some(limit));
        self
    }

    /// Whether a record fits, paging apart.
    #[must_use]
    pub fn matches(&self, record: &AuditRecord) -> bool {
        let entry = &record.entry;
        self.action.as_ref().is_none_or(|action| *action == entry.action)
            && self.subject.as_ref().is_none_or(|subject| *subject == entry.subject)
            && self.who.as_ref().is_none_or(|who| entry.actor.as_ref().is_some_and(|actor| actor.who == *who))
            && self.since.is_none_or(|since| record.time >= since)
            && self.until.is_none_or(|until| record.time < until)
    }
}

/// The result of a check of the whole audit that found no change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct AuditReport {
    /// How many records there are.
    pub records: u64,
    /// The hash of the last record; `None` without records. Kept elsewhere, it shows later whether the end was cut off.
    pub last: Option<Digest>,
}
