//! Behaviour suites, each run against the implementations that need nothing but this process.

mod runtime;
