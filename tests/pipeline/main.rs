//! The whole engine on fakes: no container engine, no network, no waiting.

mod audit;
mod bad_releases;
mod builds;
mod cancel;
mod clients;
mod deploy;
mod drift;
mod dropped;
mod events;
mod failures;
mod lifecycle;
mod plan;
mod preview_apps;
mod project_file;
mod queue;
mod resume;
mod schedules;
mod scopes;
mod secrets;
mod servers;
mod store;
mod stored_secrets;
mod support;
mod tickets;
