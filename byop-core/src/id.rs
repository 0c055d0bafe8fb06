//! Identifiers: random where they name an event in time, derived where the same thing must get the same name.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;

/// A source of randomness, so that tests can make it repeatable.
pub trait Entropy: fmt::Debug + Send + Sync {
    /// Fills `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}

/// The operating system's randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        // The system's generator does not fail on any platform that can run a container engine; were it
        // ever to, ids would repeat and the store would refuse the second with `AlreadyExists`.
        if getrandom::fill(bytes).is_err() {
            bytes.fill(0);
        }
    }
}

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// `len` characters of the Crockford base 32 alphabet in lower case (5 bits each).
#[must_use]
pub fn random_text(entropy: &dyn Entropy, len: usize) -> String {
    let mut bytes = vec![0; len];
    entropy.fill(&mut bytes);
    bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte & 31)])).collect()
}

/// The id of a job: `job_` and 20 characters (100 random bits).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct JobId(String);

impl JobId {
    /// A new id.
    #[must_use]
    pub fn random(entropy: &dyn Entropy) -> Self {
        Self(format!("job_{}", random_text(entropy, 20)))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for JobId {
    fn from(value: String) -> Self {
        Self(value)
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The time in 10 characters, so that what comes later stands first in order.
fn latest_first(now: Timestamp) -> String {
    let left = (1_u64 << 50) - 1 - u64::try_from(now.0).unwrap_or(0).min((1 << 50) - 1);
    (0..10).rev().map(|digit| char::from(ALPHABET[(left >> (5 * digit)) as usize & 31])).collect()
}

macro_rules! dated_id {
    ($(#[$meta:meta])* $name:ident, $prefix:literal) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// A new id.
            #[must_use]
            pub fn random(now: Timestamp, entropy: &dyn Entropy) -> Self {
                Self(format!(concat!($prefix, "_{}{}"), latest_first(now), random_text(entropy, 14)))
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<String> for $name {
            fn from(value: String) -> Self {
                Self(value)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

dated_id!(
    /// The id of a customer: `cus_` and 24 characters; those of later customers come first in order.
    CustomerId,
    "cus"
);
dated_id!(
    /// The id of a ticket: `tkt_` and 24 characters; those of later tickets come first in order.
    TicketId,
    "tkt"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_ids_come_first_in_order() {
        let id = |time| TicketId::random(Timestamp(time), &SystemEntropy);
        let ids: Vec<_> = [-1, 0, 1, 31, 32, 1_795_244_400_000, i64::MAX].map(id).into();
        assert!(ids[1..].windows(2).all(|pair| pair[0] > pair[1]), "{ids:?}");
        assert!(ids.iter().all(|id| id.as_str().len() == 28));
    }
}
