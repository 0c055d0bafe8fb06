//! Who asked for which server, so that calls of one key come one after another.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use byop_core::digest::Digest;

/// What was asked for last, and the right to ask.
type Turn = Arc<tokio::sync::Mutex<Option<Digest>>>;

/// How many keys are remembered; the vendor remembers them, too.
const MOST: usize = 4096;

#[derive(Debug, Default)]
pub(super) struct Turns(Mutex<BTreeMap<String, Turn>>);

impl Turns {
    pub(super) fn of(&self, key: &str) -> Turn {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if turns.len() >= MOST {
            turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        }
        Arc::clone(turns.entry(key.to_owned()).or_default())
    }
}
