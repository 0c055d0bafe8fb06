//! What a run counted.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Mutex;
use std::time::Duration;

use crate::verb::Kind;

/// Counts of all lanes, by kind of job.
#[derive(Debug)]
pub struct Tally<K>(Mutex<Counts<K>>);

#[derive(Debug, Clone)]
pub struct Counts<K> {
    pub by_op: BTreeMap<K, PerOp>,
    /// Places where a job was killed: `before step gate-1 done`.
    pub places: BTreeMap<K, BTreeSet<String>>,
    /// How long a job of the kind takes that nobody kills.
    pub usual: BTreeMap<K, Duration>,
    /// Kinds of jobs of which one came through without meeting a new place.
    pub swept: BTreeSet<K>,
}

#[derive(Debug, Default, Clone)]
pub struct PerOp {
    pub jobs: u32,
    pub boundary_kills: u32,
    pub random_kills: u32,
    /// From the order to the end, kills and leases included.
    pub longest: Duration,
}

impl<K> Default for Tally<K> {
    fn default() -> Self {
        Self(Mutex::new(Counts {
            by_op: BTreeMap::new(),
            places: BTreeMap::new(),
            usual: BTreeMap::new(),
            swept: BTreeSet::new(),
        }))
    }
}

impl<K: Kind> Tally<K> {
    pub fn with<T>(&self, change: impl FnOnce(&mut Counts<K>) -> T) -> T {
        change(&mut self.0.lock().unwrap())
    }

    /// Whether no job has been killed there yet. It counts as killed from now on.
    pub fn is_new(&self, op: K, place: &str) -> bool {
        self.with(|counts| counts.places.entry(op).or_default().insert(place.to_owned()))
    }

    pub fn is_swept(&self, op: K) -> bool {
        self.with(|counts| counts.swept.contains(&op))
    }
}

impl<K: Kind> Counts<K> {
    pub fn boundary_kills(&self) -> u32 {
        self.by_op.values().map(|op| op.boundary_kills).sum()
    }

    pub fn random_kills(&self) -> u32 {
        self.by_op.values().map(|op| op.random_kills).sum()
    }

    pub fn jobs(&self) -> u32 {
        self.by_op.values().map(|op| op.jobs).sum()
    }
}

impl<K: Kind> fmt::Display for Counts<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (op, counts) in &self.by_op {
            let PerOp { jobs, boundary_kills, random_kills, longest } = counts;
            let places = self.places.get(op).map_or(0, BTreeSet::len);
            writeln!(
                f,
                "{:>10}: {jobs} jobs, killed {boundary_kills} times at {places} boundaries and {random_kills} times at random; the longest took {longest:.1?}",
                op.name(),
            )?;
        }
        write!(
            f,
            "{} jobs, {} kills at boundaries, {} at random moments",
            self.jobs(),
            self.boundary_kills(),
            self.random_kills()
        )
    }
}
