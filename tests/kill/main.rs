//! Engines die at any moment, on the real components, and every job comes to its end.
//!
//! This program starts itself as a child whose engine deploys, updates, restarts and removes apps, and kills it
//! (SIGKILL): first before and after every write to the store that such a job makes, then at seeded random moments.
//! A new child brings the job to its end; then host, proxy and store must agree, and while an app was replaced no
//! request may have failed.
//!
//! `BYOP_KILLS` sets the number of random kills (300; a nightly run takes 2000), `BYOP_SEED` repeats a run.

mod check;
mod child;
mod lane;
mod load;
mod seeds;
mod sweep;
mod tally;
mod verb;
mod watched;
mod world;

use std::process::ExitCode;

const NAME: &str = "killed_at_any_moment_every_job_ends_and_nothing_is_left";

fn main() -> ExitCode {
    if let Ok(orders) = std::env::var(child::ORDERS) {
        return child::run(&orders);
    }
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.iter().any(|word| word == "--list") {
        println!("{NAME}: test");
        return ExitCode::SUCCESS;
    }
    // As the common harness does it: words that are no options say which tests to run.
    let mut filters = words.iter().filter(|word| !word.starts_with('-')).peekable();
    if filters.peek().is_some() && !filters.any(|filter| NAME.contains(filter.as_str())) {
        return ExitCode::SUCCESS;
    }
    println!("test {NAME} ...");
    match sweep::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(complaint) => {
            println!("test {NAME} ... FAILED\n{complaint}");
            ExitCode::FAILURE
        }
    }
}
