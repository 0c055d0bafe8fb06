//! The limits of a token: the one of the minute says when to come back, the one of the hour does not.

use std::collections::VecDeque;
use std::time::Duration;

use byop_core::clock::Timestamp;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

#[derive(Debug)]
pub(super) struct Limits {
    minute: usize,
    hour: usize,
    times: VecDeque<Timestamp>,
    total: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self::new(usize::MAX, usize::MAX)
    }
}

impl Limits {
    pub(super) fn new(minute: usize, hour: usize) -> Self {
        Self { minute, hour, times: VecDeque::new(), total: 0 }
    }

    /// Why a request at this moment is not carried out: with how long to wait, or without.
    #[allow(clippy::option_option)]
    pub(super) fn refuses(&mut self, now: Timestamp) -> Option<Option<u64>> {
        while self.times.front().is_some_and(|at| *at <= now.minus(HOUR)) {
            self.times.pop_front();
        }
        let since = now.minus(MINUTE);
        let latest = self.times.iter().filter(|at| **at > since);
        if latest.clone().count() >= self.minute {
            let first = latest.min().copied().unwrap_or(now);
            let wait = u64::try_from(first.plus(MINUTE).0 - now.0).unwrap_or(0).div_ceil(1000);
            return Some(Some(wait));
        }
        (self.times.len() >= self.hour).then_some(None)
    }

    /// Counts a request; gives its number.
    pub(super) fn count(&mut self, now: Timestamp) -> u64 {
        if self.hour < usize::MAX || self.minute < usize::MAX {
            self.times.push_back(now);
        }
        self.total += 1;
        self.total
    }

    pub(super) fn headers(&self, now: Timestamp) -> Vec<(String, String)> {
        let limit = if self.hour == usize::MAX { 5000 } else { self.hour };
        let reset = self.times.front().copied().unwrap_or(now).plus(HOUR).0.div_euclid(1000) + 1;
        [
            ("ratelimit-limit", limit.to_string()),
            ("ratelimit-remaining", limit.saturating_sub(self.times.len()).to_string()),
            ("ratelimit-reset", reset.to_string()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
    }
}
