//! Faults that are drawn from a seed.

use std::time::Duration;

use super::state::State;
use crate::cloud::no_capacity;
use crate::error::{Error, ErrorKind, Retry};
use crate::testing::fake_runtime::faults::{Fault, Moment};

/// Draws faults: the same for the same seed and the same calls.
#[derive(Debug)]
pub(super) struct Chaos {
    state: u64,
    per_mille: u32,
}

impl Chaos {
    pub(super) fn new(seed: u64, per_mille: u32) -> Self {
        Self { state: seed, per_mille }
    }

    /// SplitMix64: a step, and a mix of the state's bits.
    pub(super) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

impl State {
    /// What goes wrong with a call, and how long it takes.
    pub(super) fn draw(&mut self, operation: &'static str) -> (Option<Fault>, Duration) {
        let mut wait = Duration::ZERO;
        let Some(chaos) = &mut self.chaos else { return (None, wait) };
        if chaos.below(1000) >= u64::from(chaos.per_mille) {
            return (None, wait);
        }
        let error =
            |kind: ErrorKind, text: &str| Error::new(kind, operation, format!("the seed wants it: {text}"));
        let unreachable = |moment| {
            Some(Fault::new(operation, moment).with_error(error(ErrorKind::Unavailable, "connection reset")))
        };
        let late =
            |moment| Some(Fault::new(operation, moment).with_error(error(ErrorKind::Timeout, "no answer")));
        let refused = |retry| {
            let error = error(ErrorKind::RateLimited, "too many requests").with_retry(retry);
            Some(Fault::new(operation, Moment::Before).with_error(error))
        };
        let is_create = operation == "server.create";
        let fault = match chaos.below(if is_create { 11 } else { 8 }) {
            0 => unreachable(Moment::Before),
            1 | 8 => unreachable(Moment::After),
            2 => late(Moment::Before),
            3 | 9 => late(Moment::After),
            4 => refused(Retry::Now),
            5 => refused(Retry::After(Duration::from_secs(1 + chaos.below(20)))),
            6 | 7 => {
                wait = Duration::from_millis(1 + chaos.below(5000));
                None
            }
            _ => {
                if chaos.below(4) == 0 {
                    Some(Fault::new(operation, Moment::Before).with_error(no_capacity(operation)))
                } else {
                    self.broken += 1;
                    None
                }
            }
        };
        (fault, wait)
    }
}
