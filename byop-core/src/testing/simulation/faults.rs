//! Which call goes wrong, and how.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use super::clock::SimulatedClock;
use super::flaw::Flaw;
use super::process::Process;
use super::random::Random;
use super::watch::{Seen, Watch};
use crate::error::{Error, ErrorKind};

/// How often calls go wrong: so many in ten thousand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FaultRates {
    /// An error before the call has any effect.
    pub before: u64,
    /// An error after its effect: the caller cannot know.
    pub after: u64,
    /// The effect comes late.
    pub delay: u64,
    /// The answer comes late.
    pub slow: u64,
    /// The call is carried out twice. Only calls to hosts: a store's connection does not repeat.
    pub twice: u64,
    /// The process dies before the effect.
    pub death: u64,
    /// The process dies after the effect.
    pub late_death: u64,
    /// The process stands still for longer than a lease, and then goes on.
    pub freeze: u64,
    /// The leases of the process cannot be renewed for longer than they last.
    pub deafness: u64,
}

impl FaultRates {
    /// Nothing goes wrong.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// How many calls in ten thousand fail before their effect.
    #[must_use]
    pub fn with_before(mut self, count: u64) -> Self {
        self.before = count;
        self
    }
}

/// How one call goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallFault {
    /// It fails before it has any effect.
    Before(ErrorKind),
    /// It fails after its effect: the caller cannot know.
    After(ErrorKind),
    /// Its effect comes late.
    Delay(Duration),
    /// Its answer comes late.
    Slow(Duration),
    /// It is carried out twice.
    Twice,
    /// The process dies before the effect.
    Death,
    /// The process dies after the effect.
    LateDeath,
    /// The process stands still after the effect, and then goes on.
    Freeze(Duration),
    /// From now on the leases of the process cannot be renewed for so long.
    Deafness(Duration),
}

#[derive(Debug)]
struct Planned {
    operation: String,
    /// How many more matching calls go well first.
    skip: usize,
    fault: CallFault,
}

/// Which port a call goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Port {
    Store,
    Host,
}

/// The seed, the time and the faults of one simulated world. Clones are one simulation.
#[derive(Debug, Clone)]
pub struct Simulation(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    random: Random,
    clock: SimulatedClock,
    state: Mutex<State>,
    changes: Notify,
}

#[derive(Debug, Default)]
struct State {
    rates: FaultRates,
    planned: Vec<Planned>,
    flaw: Option<Flaw>,
    counts: BTreeMap<&'static str, u64>,
    calls: u64,
    processes: usize,
    hash: u64,
    lines: Option<Vec<String>>,
    watch: Option<Arc<dyn Watch>>,
}

impl Simulation {
    /// A simulation without faults. Its time is tokio's, so it is made where tokio runs.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(Arc::new(Shared {
            random: Random::new(seed),
            clock: SimulatedClock::new(),
            changes: Notify::new(),
            state: Mutex::new(State { hash: 0xcbf2_9ce4_8422_2325, ..State::default() }),
        }))
    }

    /// The generator of all that is random.
    #[must_use]
    pub fn random(&self) -> &Random {
        &self.0.random
    }

    /// The wall clock.
    #[must_use]
    pub fn clock(&self) -> SimulatedClock {
        self.0.clock.clone()
    }

    /// How often calls go wrong from now on.
    pub fn set_rates(&self, rates: FaultRates) {
        self.state().rates = rates;
    }

    /// Lets the `nth` coming call, counted from 1, go wrong whose operation and subject, such as
    /// `container.create byop-shop-r1`, begin with `operation`.
    pub fn inject(&self, operation: impl Into<String>, nth: usize, fault: CallFault) {
        let planned = Planned { operation: operation.into(), skip: nth.saturating_sub(1), fault };
        self.state().planned.push(planned);
    }

    /// Plants a bug.
    pub fn set_flaw(&self, flaw: Flaw) {
        self.state().flaw = Some(flaw);
    }

    /// Lets someone watch all that happens from now on.
    pub fn set_watch(&self, watch: Arc<dyn Watch>) {
        self.state().watch = Some(watch);
    }

    /// Keeps what happens as lines of text.
    pub fn keep_lines(&self) {
        self.state().lines = Some(Vec::new());
    }

    /// What happened, if it was kept.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.state().lines.clone().unwrap_or_default()
    }

    /// A hash of every call so far, with its time and outcome.
    #[must_use]
    pub fn hash(&self) -> u64 {
        self.state().hash
    }

    /// Calls so far.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.state().calls
    }

    /// Faults so far, by kind.
    #[must_use]
    pub fn faults(&self) -> BTreeMap<&'static str, u64> {
        self.state().counts.clone()
    }

    /// A further engine's process.
    #[must_use]
    pub fn new_process(&self) -> Process {
        let mut state = self.state();
        state.processes += 1;
        Process::new(self.clone(), state.processes)
    }

    /// Counts something that a test does to the world, such as `jump`.
    pub fn count(&self, kind: &'static str) {
        *self.state().counts.entry(kind).or_default() += 1;
    }

    /// Adds a line to the trace.
    pub fn note(&self, line: &str) {
        let time = self.0.clock.elapsed_millis();
        let mut state = self.state();
        for byte in time.to_le_bytes().iter().chain(line.as_bytes()) {
            state.hash = (state.hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
        if let Some(lines) = &mut state.lines {
            lines.push(format!("{:>8}.{:03} {line}", time / 1000, time % 1000));
        }
    }

    pub(super) fn has(&self, flaw: Flaw) -> bool {
        self.state().flaw == Some(flaw)
    }

    /// Whether the planted bug is this one, and shows now.
    pub(super) fn shows(&self, flaw: Flaw, in_thousand: u64) -> bool {
        self.has(flaw) && self.0.random.in_thousand(in_thousand)
    }

    /// Resolves at the next change of the store.
    pub(super) fn changed(&self) -> Notified<'_> {
        self.0.changes.notified()
    }

    pub(super) fn tell(&self, what: &Seen<'_>) {
        let watch = self.state().watch.clone();
        if let Some(watch) = watch {
            watch.saw(what);
        }
        if !matches!(what, Seen::HostCalled { .. }) {
            self.0.changes.notify_waiters();
        }
    }

    /// Decides about one call.
    pub(super) fn decide(&self, port: Port, operation: &str, subject: &str) -> Option<CallFault> {
        let rates = {
            let mut state = self.state();
            state.calls += 1;
            if !state.planned.is_empty()
                && let Some(fault) = state.planned(&format!("{operation} {subject}"))
            {
                *state.counts.entry("planned").or_default() += 1;
                return Some(fault);
            }
            state.rates
        };
        if rates == FaultRates::none() {
            return None;
        }
        let random = &self.0.random;
        let mut drawn = random.below(10_000);
        let mut is = |rate: u64| {
            let hit = drawn < rate;
            drawn = drawn.wrapping_sub(rate);
            hit
        };
        let kind = || *random.one_of(&[ErrorKind::Unavailable, ErrorKind::Timeout]);
        let wait = || Duration::from_millis(*random.one_of(&[1, 40, 900, 7000]) + random.below(900));
        let long = || Duration::from_secs(random.between(20, 150));
        let (name, fault) = if is(rates.before) {
            ("error before", CallFault::Before(kind()))
        } else if is(rates.after) {
            ("error after", CallFault::After(kind()))
        } else if is(rates.delay) {
            ("delay", CallFault::Delay(wait()))
        } else if is(rates.slow) {
            ("late answer", CallFault::Slow(wait()))
        } else if is(rates.death) {
            ("death before", CallFault::Death)
        } else if is(rates.late_death) {
            ("death after", CallFault::LateDeath)
        } else if is(rates.freeze) {
            ("freeze", CallFault::Freeze(long()))
        } else if is(rates.deafness) {
            ("lease not renewed", CallFault::Deafness(long()))
        } else if port == Port::Host && is(rates.twice) {
            ("twice", CallFault::Twice)
        } else {
            return None;
        };
        self.count(name);
        Some(fault)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn planned(&mut self, call: &str) -> Option<CallFault> {
        let mut due = None;
        for (index, planned) in self.planned.iter_mut().enumerate() {
            if !call.starts_with(&planned.operation) {
                continue;
            }
            if planned.skip > 0 {
                planned.skip -= 1;
            } else if due.is_none() {
                due = Some(index);
            }
        }
        due.map(|index| self.planned.remove(index).fault)
    }
}

pub(super) fn error(kind: ErrorKind, operation: &'static str) -> Error {
    Error::new(kind, operation, "the simulation wants this call to fail")
}
