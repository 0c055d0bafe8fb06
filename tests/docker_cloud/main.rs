//! Servers in containers of a real engine.

mod boot;
mod cloud;
mod engine;
mod support;
