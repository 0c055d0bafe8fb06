//! Ports that code of Python fills.

mod calls;
mod cloud;
mod generator;
mod object;
mod secrets;

pub(crate) use calls::{Call, Calls, may_wait, next_call, turns_loop};
pub(crate) use cloud::PythonCloud;
pub(crate) use generator::{PythonGenerator, SourceTree};
pub(crate) use secrets::secrets_of;
