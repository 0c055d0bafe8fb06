//! The provider for AWS: against the simulator, and against moto's server where there is one.

#![cfg(all(feature = "aws", feature = "testing"))]
// Outside of the functions that are tests themselves, the lints of the library count.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod credentials;
mod errors;
mod live;
mod lookups;
mod moto;
mod requests;
mod simulated;
mod support;
