//! Random numbers that a seed repeats.

/// `SplitMix64`.
#[derive(Debug, Clone)]
pub struct Seeds(u64);

impl Seeds {
    /// A stream of its own for each lane of a run.
    pub fn new(seed: u64, lane: u64) -> Self {
        let mut seeds = Self(seed ^ lane.wrapping_mul(0xD134_2543_DE82_EF95));
        seeds.next();
        seeds
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    /// From 0 to 1.
    pub fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}
