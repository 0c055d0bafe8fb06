//! Tests against a real container engine.

mod suite;
mod support;
