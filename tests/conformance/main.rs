//! Every implementation of a port that needs nothing but this process, against the behaviour suite of the port.

mod cloud;
mod ingress;
mod runtime;
mod store;
