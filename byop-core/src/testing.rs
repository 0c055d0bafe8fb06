//! Behaviour suites and fakes for those who implement a port.

pub mod store_suite;
