//! The vendors, and what servers are made from there.

use std::sync::Arc;

use byop_cloud::http::Transport;
use byop_cloud::testing::Simulator;
use byop_core::clock::Clock;
use byop_core::cloud::CloudProvider;

/// How a vendor is simulated, and how it is reached.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Vendor {
    pub(crate) region: &'static str,
    pub(crate) size: &'static str,
    pub(crate) image: &'static str,
    pub(crate) simulator: fn() -> Arc<dyn Simulator>,
    pub(crate) provider: fn(Arc<dyn Transport>, Arc<dyn Clock>) -> Arc<dyn CloudProvider>,
}
