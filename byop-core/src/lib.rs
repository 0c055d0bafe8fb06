//! byop: everything between a source tree and a live application, as a library.

pub mod clock;
pub mod cloud;
pub mod digest;
#[cfg(feature = "docker")]
pub mod docker;
pub mod engine;
mod error;
pub mod generator;
pub mod host;
pub mod id;
pub mod ingress;
pub mod model;
pub mod runtime;
pub mod secret;
pub mod source;
pub mod stage;
pub mod store;
#[cfg(feature = "testing")]
pub mod testing;

pub use error::{Error, ErrorKind, ErrorReport, Result, Retry};
pub use secret::{Secret, SecretRef, SecretSource};
