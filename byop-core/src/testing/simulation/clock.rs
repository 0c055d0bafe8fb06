//! Tokio's time, with jumps.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tokio::time::Instant;

use crate::clock::{Clock, Timestamp};

/// A wall clock that follows tokio's time and can jump. Clones are one clock.
#[derive(Debug, Clone)]
pub struct SimulatedClock {
    start: Instant,
    offset: Arc<AtomicI64>,
}

/// 2026-01-01 00:00 UTC.
const EPOCH: i64 = 1_767_225_600_000;

impl SimulatedClock {
    pub(super) fn new() -> Self {
        Self { start: Instant::now(), offset: Arc::default() }
    }

    /// Sets the clock forward or, with a negative number, back.
    pub fn jump(&self, millis: i64) {
        self.offset.fetch_add(millis, Ordering::Relaxed);
    }

    /// Milliseconds since the simulation began, whatever jumps there were.
    #[must_use]
    pub fn elapsed_millis(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl Clock for SimulatedClock {
    fn now(&self) -> Timestamp {
        let elapsed = i64::try_from(self.elapsed_millis()).unwrap_or(i64::MAX);
        Timestamp(EPOCH.saturating_add(elapsed).saturating_add(self.offset.load(Ordering::Relaxed)))
    }
}
