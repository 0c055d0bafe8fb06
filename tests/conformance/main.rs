//! Every implementation of a port that needs nothing but this process, against the behaviour suite of the port.

mod cloud;
#[allow(dead_code)]
#[path = "../../examples/custom_provider.rs"]
mod custom_provider;
mod ingress;
mod runtime;
mod store;
