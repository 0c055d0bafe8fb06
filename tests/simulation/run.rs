//! Many seeds, on all processors.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use byop_core::testing::simulation::Flaw;

use crate::world::{self, Outcome};

/// What came of many seeds.
#[derive(Debug, Default)]
pub struct Totals {
    pub seeds: u64,
    pub calls: u64,
    pub faults: u64,
    pub by_kind: BTreeMap<&'static str, u64>,
    pub operations: u64,
    pub jobs: u64,
    pub ends: BTreeMap<&'static str, u64>,
    /// The outcomes that broke an invariant, in order of seed.
    pub broken: Vec<Outcome>,
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} seeds: {} operations, {} jobs {:?}, {} calls, {} faults {:?}, {} seeds broken",
            self.seeds,
            self.operations,
            self.jobs,
            self.ends,
            self.calls,
            self.faults,
            self.by_kind,
            self.broken.len()
        )
    }
}

impl Totals {
    fn add(&mut self, outcome: Outcome) {
        self.seeds += 1;
        self.calls += outcome.calls;
        self.operations += outcome.operations;
        self.jobs += outcome.jobs;
        for (kind, count) in &outcome.faults {
            self.faults += count;
            *self.by_kind.entry(kind).or_default() += count;
        }
        for (end, count) in &outcome.ends {
            *self.ends.entry(end).or_default() += count;
        }
        if !outcome.violations.is_empty() {
            self.broken.push(outcome);
        }
    }

    pub fn assert_clean(&self) {
        if self.broken.is_empty() {
            return;
        }
        let mut kinds: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        for outcome in &self.broken {
            let kind = outcome.violations[0].split(':').next().unwrap_or_default();
            kinds.entry(kind).or_insert((outcome.seed, 0)).1 += 1;
        }
        for (kind, (seed, count)) in &kinds {
            println!("{count} times `{kind}`, first with BYOP_SEED={seed}");
        }
        let first: Vec<_> = self.broken.iter().take(5).map(ToString::to_string).collect();
        panic!("{} seeds broke an invariant:\n{}", self.broken.len(), first.join("\n"));
    }
}

pub fn seeds(default: u64) -> u64 {
    let Ok(count) = std::env::var("BYOP_SEEDS") else { return default };
    count.parse().expect("BYOP_SEEDS is a number")
}

/// Runs the seeds on every processor, and stops once `enough` of them broke an invariant.
pub fn sweep(seeds: Range<u64>, flaw: Option<Flaw>, enough: usize) -> Totals {
    let next = AtomicU64::new(seeds.start);
    let totals = Mutex::new(Totals::default());
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end || totals.lock().unwrap().broken.len() >= enough {
                        return;
                    }
                    let outcome = world::run(seed, flaw, false);
                    totals.lock().unwrap().add(outcome);
                }
            });
        }
    });
    let mut totals = totals.into_inner().unwrap();
    totals.broken.sort_by_key(|outcome| outcome.seed);
    totals
}
