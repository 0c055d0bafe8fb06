//! Simulated vendors: what a provider is tested against where the real one costs money or cannot be made to fail.
//!
//! A [`Simulator`] answers requests as its vendor does, from state in memory that goes by tokio's time, and refuses
//! what the vendor's published description does not allow. [`Simulated`] carries requests to it in place of the network,
//! and [`serve`] makes it a server that other programs reach; in both, requests go wrong where a test says so.

use std::fmt::Debug;

use byop_core::model::ResourceKind;
use byop_core::testing::{CloudEntry, CloudTimes};

use crate::http::{Request, Response};

#[cfg(feature = "aws")]
pub mod aws;
pub mod digitalocean;
mod fault;
pub mod ovh;
mod server;
mod simulated;
pub mod spec;
#[cfg(test)]
mod tests;

pub use fault::{Fault, Mishap};
pub use server::{SimulatorServer, serve};
pub use simulated::{SentRequest, Simulated};

/// A vendor in memory.
pub trait Simulator: Debug + Send + Sync {
    /// Answers one request, at once for everyone else, as the vendor would. What it may not be is answered as the
    /// vendor answers a bad request, and noted in [`complaints`](Self::complaints).
    fn answer(&self, request: &Request) -> Response;

    /// Sets how long things take from now on.
    fn set_times(&self, times: CloudTimes);

    /// Sets how many servers the account may have.
    fn set_quota(&self, servers: usize);

    /// Lets the next `count` servers that are made fail while they start.
    fn break_servers(&self, count: usize);

    /// Everything that was ever made, in order, with when it went.
    fn ledger(&self) -> Vec<CloudEntry>;

    /// A thing with our mark that nobody asked for, under the key `planted`; gives the id by which
    /// `CloudProvider::list_resources` names it.
    fn plant(&self, kind: ResourceKind, name: &str) -> String;

    /// A thing of somebody else's that a careless provider could take for ours: the same name with no mark. Gives the id.
    fn plant_foreign(&self, kind: ResourceKind, name: &str) -> String;

    /// All that is somebody else's, as text: the same as long as nobody touched it.
    fn foreign(&self) -> String;

    /// The kinds of things that can be planted.
    fn kinds(&self) -> &'static [ResourceKind];

    /// Requests that the vendor's published description does not allow, each with why.
    fn complaints(&self) -> Vec<String>;

    /// The answer of this vendor to a request that it did not look at: to too many (429 or its equal, with how long
    /// to wait if the vendor says so), or because it is out of order (500).
    fn refusal(&self, status: u16, retry_after: Option<u64>) -> Response;
}
