//! Every implementation of a port against the behaviour suite of that port.

mod store;
