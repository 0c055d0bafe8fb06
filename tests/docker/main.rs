//! Tests against a real container engine.

mod build;
mod images;
mod ingress;
mod logs;
mod memory;
mod proxy;
mod suite;
mod support;
mod transports;
