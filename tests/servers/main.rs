//! `examples/servers.rs` as a program: started, killed, started again, and read by other programs.
//!
//! This program starts itself as the example. DigitalOcean and OVHcloud are simulated in this process and served over
//! HTTP; Amazon is moto's server; Docker is the engine of this machine.

mod cloud;
mod docker;
mod errors;
mod life;
mod moto;
mod program;

#[path = "../../examples/servers.rs"]
mod servers;

use std::panic::catch_unwind;
use std::process::ExitCode;

type Test = fn();

const TESTS: [(&str, Test); 9] = [
    ("servers_come_and_go_at_digitalocean", || life::servers_come_and_go(cloud::digitalocean())),
    ("servers_come_and_go_at_ovh", || life::servers_come_and_go(cloud::ovh())),
    ("killed_in_the_middle_it_goes_on_at_digitalocean", || life::killed_it_goes_on(cloud::digitalocean())),
    ("killed_in_the_middle_it_goes_on_at_ovh", || life::killed_it_goes_on(cloud::ovh())),
    ("servers_come_and_go_at_moto", moto::servers_come_and_go),
    ("servers_come_and_go_on_an_engine", docker::servers_come_and_go),
    ("errors_say_what_to_do", errors::say_what_to_do),
    ("one_that_fails_hides_no_other", errors::one_that_fails_hides_no_other),
    ("wrong_credentials_have_a_code_of_their_own", errors::wrong_credentials),
];

fn main() -> ExitCode {
    if std::env::var_os(program::CHILD).is_some() {
        return servers::main();
    }
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.iter().any(|word| word == "--list") {
        TESTS.iter().for_each(|(name, _)| println!("{name}: test"));
        return ExitCode::SUCCESS;
    }
    // As the common harness does it: words that are no options say which tests to run; each in a thread of its name.
    let filters: Vec<&String> = words.iter().filter(|word| !word.starts_with('-')).collect();
    let is_wanted = |name: &str| filters.is_empty() || filters.iter().any(|filter| name.contains(*filter));
    let threads = TESTS.into_iter().filter(|(name, _)| is_wanted(name)).map(|(name, test)| {
        let run = move || catch_unwind(test).is_ok();
        (name, std::thread::Builder::new().name(name.into()).spawn(run).expect("a thread can be started"))
    });
    let mut code = ExitCode::SUCCESS;
    for (name, thread) in threads.collect::<Vec<_>>() {
        let passed = thread.join().unwrap_or(false);
        println!("test {name} ... {}", if passed { "ok" } else { "FAILED" });
        if !passed {
            code = ExitCode::FAILURE;
        }
    }
    code
}
