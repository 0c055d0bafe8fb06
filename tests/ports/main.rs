//! Ports of the host beside HTTP, on fakes: who gets which, how long, and what an update does.

mod reserve;
mod update;
mod world;
