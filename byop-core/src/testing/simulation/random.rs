//! Randomness that is the same for the same seed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::id::Entropy;

/// A small generator of random numbers. Clones go on with the same sequence.
#[derive(Debug, Clone)]
pub struct Random(Arc<AtomicU64>);

impl Random {
    /// A generator that always gives the same numbers for the same seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(Arc::new(AtomicU64::new(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ 0x6a09_e667_f3bc_c908)))
    }

    /// The next number. The sequence is that of SplitMix64.
    #[must_use]
    pub fn number(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut z = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`; 0 when there is none.
    #[must_use]
    pub fn below(&self, bound: u64) -> u64 {
        // The bounds of a simulation are small: the remainder is even enough.
        self.number() % bound.max(1)
    }

    /// A number from `low` to `high`, both included.
    #[must_use]
    pub fn between(&self, low: u64, high: u64) -> u64 {
        low + self.below(high.saturating_sub(low) + 1)
    }

    /// Whether something that happens `count` times in a thousand happens now.
    #[must_use]
    pub fn in_thousand(&self, count: u64) -> bool {
        self.below(1000) < count
    }

    /// One of several.
    ///
    /// # Panics
    /// Never for a list with an element.
    #[must_use]
    pub fn one_of<'a, T>(&self, list: &'a [T]) -> &'a T {
        let length = u64::try_from(list.len()).unwrap_or(u64::MAX);
        &list[usize::try_from(self.below(length)).unwrap_or_default()]
    }
}

impl Entropy for Random {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.number().to_le_bytes()[..chunk.len()]);
        }
    }
}
