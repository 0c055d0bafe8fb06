//! Engines die at any moment, on the real components, and every job comes to its end.
//!
//! This program starts itself as a child whose engine deploys, updates, restarts and removes apps, and kills it
//! (SIGKILL): first before and after every write to the store that such a job makes, then at seeded random moments.
//! A new child brings the job to its end; then host, proxy and store must agree, and while an app was replaced no
//! request may have failed.
//!
//! The same is done to engines that rent servers and give them back, at a cloud in memory that this program keeps and
//! serves to its children; this needs no Docker (`cargo test --test kill -- provision`).
//!
//! `BYOP_KILLS` sets the number of random kills (300, and 40 of renting; a nightly run takes 2000), `BYOP_SEED` repeats a run.

mod check;
mod child;
mod lane;
mod life;
mod load;
mod provision;
mod remote_cloud;
mod seeds;
mod sweep;
mod tally;
mod verb;
mod watched;
mod world;

use std::process::ExitCode;

type Test = fn() -> Result<(), String>;

const TESTS: [(&str, Test); 2] = [
    ("provision_killed_at_any_moment_leaks_no_server_and_rents_none_twice", provision::run),
    ("killed_at_any_moment_every_job_ends_and_nothing_is_left", sweep::run),
];

fn main() -> ExitCode {
    if let Ok(orders) = std::env::var(child::ORDERS) {
        return child::run(&orders);
    }
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.iter().any(|word| word == "--list") {
        TESTS.iter().for_each(|(name, _)| println!("{name}: test"));
        return ExitCode::SUCCESS;
    }
    // As the common harness does it: words that are no options say which tests to run.
    let filters: Vec<&String> = words.iter().filter(|word| !word.starts_with('-')).collect();
    let is_wanted = |name: &str| filters.is_empty() || filters.iter().any(|filter| name.contains(*filter));
    let mut code = ExitCode::SUCCESS;
    for (name, run) in TESTS.into_iter().filter(|(name, _)| is_wanted(name)) {
        println!("test {name} ...");
        match run() {
            Ok(()) => println!("test {name} ... ok"),
            Err(complaint) => {
                println!("test {name} ... FAILED\n{complaint}");
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}
