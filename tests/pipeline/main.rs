//! The whole engine on fakes: no container engine, no network, no waiting.

mod bad_releases;
mod cancel;
mod deploy;
mod events;
mod failures;
mod lifecycle;
mod project_file;
mod queue;
mod resume;
mod secrets;
mod store;
mod stored_secrets;
mod support;
