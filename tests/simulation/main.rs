//! The engine on fakes, under a clock that does not wait, with faults at every call that it makes: each seed is another
//! course of events, and after each the same invariants must hold.
//!
//! `BYOP_SEEDS=100` chooses how many, `BYOP_SEED=7` one of them, whose course is then printed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod faults;
mod operations;
mod oracle;
mod regressions;
mod run;
mod world;

use std::time::Instant;

use byop_core::testing::simulation::Flaw;
use run::{Totals, seeds, sweep};

/// What one run has to cover, unless `BYOP_SEEDS` says otherwise.
const SEEDS: u64 = 10_000;

#[test]
fn every_invariant_holds_after_every_seed() {
    if let Ok(seed) = std::env::var("BYOP_SEED") {
        let seed = seed.parse().expect("BYOP_SEED is a number");
        let outcome = world::run(seed, None, true);
        println!("{}", outcome.lines.join("\n"));
        println!("{outcome}");
        assert!(outcome.violations.is_empty(), "{outcome}");
        return;
    }
    let started = Instant::now();
    let count = seeds(SEEDS);
    let totals = sweep(0..count, None, usize::MAX);
    println!("{totals} in {:.1} s", started.elapsed().as_secs_f64());
    totals.assert_clean();
    assert!(count < 1000 || totals.faults > 5 * count, "{totals}: too few faults");
}

#[test]
fn the_same_seed_is_the_same_course_of_events() {
    for seed in 0..20 {
        let (first, second) = (world::run(seed, None, false), world::run(seed, None, false));
        assert_eq!(first.hash, second.hash, "seed {seed}");
    }
}

/// Whether somebody looks: each planted bug has to be found.
#[test]
fn every_planted_bug_is_found_within_a_thousand_seeds() {
    let mut missed: Vec<Flaw> = Vec::new();
    for flaw in Flaw::ALL {
        let totals: Totals = sweep(0..1000, Some(*flaw), 1);
        match totals.broken.first() {
            Some(outcome) => println!("{flaw:?}: seed {}: {}", outcome.seed, outcome.violations[0]),
            None => missed.push(*flaw),
        }
    }
    println!("not found: {missed:?}");
    assert!(missed.len() <= 2, "nobody noticed {missed:?}");
}
