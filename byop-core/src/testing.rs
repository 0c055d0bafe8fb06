//! Behaviour suites and fakes, for those who implement a port or drive one.

pub mod cloud_provider_suite;
pub mod dns_provider_suite;
mod fake_cloud;
mod fake_ingress;
mod fake_runtime;
pub mod ingress_suite;
mod mortal;
mod require;
mod rule;
pub mod runtime_suite;
pub mod simulation;
pub mod store_suite;

pub use fake_cloud::{CallHook, CloudEntry, CloudTimes, FakeCloud};
pub use fake_ingress::FakeIngress;
pub use fake_runtime::{FakeHealth, FakeProgram, FakeRuntime, Fault, Moment};
pub use mortal::{Life, MortalStore};
pub use require::require;
