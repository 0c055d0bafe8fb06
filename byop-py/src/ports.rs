//! Ports that code of Python fills.

mod cloud;
mod generator;
mod object;
mod secrets;

pub(crate) use cloud::PythonCloud;
pub(crate) use generator::{PythonGenerator, SourceTree};
pub(crate) use secrets::secrets_of;
