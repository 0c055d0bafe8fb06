//! Where servers come from.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::error::Result;
use crate::model::{
    CloudCapabilities, DnsRecord, DomainName, FirewallRule, PowerAction, Region, RegionId, Server,
    ServerFilter, ServerId, ServerSize, ServerSpec,
};

/// A company that rents servers, or anything that behaves like one.
///
/// Each call is one short request, or one per page: waiting for a state belongs to the caller, who records it. All
/// methods can return `Unauthenticated`, `PermissionDenied`, `RateLimited`, `Unavailable` and `Timeout`.
#[async_trait]
pub trait CloudProvider: Debug + Send + Sync {
    /// A short name in lower case, unique among the providers of a program.
    fn name(&self) -> &str;

    /// What it can do beyond the required.
    fn capabilities(&self) -> CloudCapabilities;

    /// All regions in which servers can be made now.
    ///
    /// # Errors
    /// Only those that all methods share.
    async fn list_regions(&self) -> Result<Vec<Region>>;

    /// All sizes that a region offers now, with their prices.
    ///
    /// # Errors
    /// `NotFound` for an unknown region.
    async fn list_sizes(&self, region: &RegionId) -> Result<Vec<ServerSize>>;

    /// Makes a server, and returns while it still starts. The same `spec.key` twice gives the same server.
    ///
    /// # Errors
    /// `InvalidInput`; `NotFound` for an unknown region, size or image; `QuotaExceeded`; `Conflict` when the key is
    /// taken by a server of another spec. After `Timeout` and `Unavailable` there may be a server: ask again with
    /// the same key.
    async fn create_server(&self, spec: &ServerSpec) -> Result<Server>;

    /// A server as it is now.
    ///
    /// # Errors
    /// `NotFound`.
    async fn get_server(&self, id: &ServerId) -> Result<Server>;

    /// All servers that fit, from every page.
    ///
    /// # Errors
    /// Only those that all methods share.
    async fn list_servers(&self, filter: &ServerFilter) -> Result<Vec<Server>>;

    /// Begins to change the power state. Already so: `Ok`.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` when another action is under way.
    async fn power(&self, id: &ServerId, action: PowerAction) -> Result<()>;

    /// Begins to remove a server with its disk. Already gone: `Ok`. It is gone when `get_server` says `NotFound`.
    ///
    /// # Errors
    /// `Conflict` when another action is under way.
    async fn delete_server(&self, id: &ServerId) -> Result<()>;

    /// Lets in what the rules name and nothing else, whatever was let in before.
    ///
    /// # Errors
    /// `NotFound`; `InvalidInput` for a rule that cannot be; `Unsupported` without the capability.
    async fn apply_firewall(&self, id: &ServerId, rules: &[FirewallRule]) -> Result<()>;

    /// Its name servers, when it has any.
    fn dns(&self) -> Option<&dyn DnsProvider>;
}

/// Name servers that hold zones of ours. The shared errors are those of [`CloudProvider`].
#[async_trait]
pub trait DnsProvider: Debug + Send + Sync {
    /// All records of a zone, from every page.
    ///
    /// # Errors
    /// `NotFound` for a zone that is not held here.
    async fn list_records(&self, zone: &DomainName) -> Result<Vec<DnsRecord>>;

    /// Makes the set of records of this name and kind exactly what is given.
    ///
    /// # Errors
    /// `NotFound` for a zone that is not held here; `InvalidInput`.
    async fn apply_record(&self, zone: &DomainName, record: &DnsRecord) -> Result<()>;

    /// Removes the set of records of this name and kind. Missing: `Ok`.
    ///
    /// # Errors
    /// `NotFound` for a zone that is not held here.
    async fn delete_record(&self, zone: &DomainName, record: &DnsRecord) -> Result<()>;
}
