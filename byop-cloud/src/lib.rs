//! Cloud providers for byop: what they share over HTTP, and the registry that finds them by name.
//!
//! A provider speaks through [`http::Client`], which retries what may be repeated; its own files turn the vendor's
//! wire form into the model of `byop_core` and back.

#[cfg(feature = "aws")]
pub mod aws;
pub mod http;
pub mod registry;
#[cfg(feature = "testing")]
pub mod testing;
