//! Where servers come from.
//!
//! A vendor implements [`CloudProvider`]: a dozen methods, and a sub-port for each thing that it has beyond servers
//! (SSH keys, firewalls, reserved addresses, snapshots, name servers). `testing::cloud_provider_suite` checks it.
//! Programs hand it to the engine, which adds what makes it safe: the intent written first, waiting, taking back.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::error::{Error, ErrorKind, Result, Retry};
use crate::model::{
    CloudCapabilities, FirewallId, FirewallSpec, PowerAction, Region, RegionId, ReservedIp, ReservedIpId,
    Resource, ResourceKind, Server, ServerFilter, ServerId, ServerImage, ServerSize, ServerSpec, Snapshot,
    SnapshotId, SshKeyId,
};

mod dns;
#[cfg(feature = "docker")]
mod docker;
mod record;
mod shared;

pub use dns::{DnsProvider, DnsProviderExt, OwnedRecord};
#[cfg(feature = "docker")]
pub use docker::DockerCloud;

/// A company that rents servers, or anything that behaves like one.
///
/// Each call is short and returns without waiting for a state: waiting belongs to the caller, who records it.
///
/// **The mark.** Whatever is made through this trait bears a mark of byop, its name and its key, in tags where the
/// provider has them, else in its name. Lists show only what bears the mark. What does not bear it is never changed
/// or removed: such a call is `PermissionDenied`. It can be read by its id, as anything else.
///
/// **Twice.** The caller may have lost the answer to a call, so it makes the call again with the same key or id. That
/// has the effect of one call and succeeds.
///
/// **Errors.** All methods can return
/// - `Unauthenticated` (no or wrong credentials), `PermissionDenied` (good ones that do not allow this);
/// - `RateLimited`, with `Retry::After` when the provider says when to come back; nothing was done;
/// - `Unavailable` and `Timeout`: the provider did not answer, or not in time, or with something unreadable. A change
///   may have happened.
///
/// A call that makes something can also return `InvalidInput`, `NotFound` (an unknown region, size, image, key or
/// server; `InvalidInput` where the provider does not tell them apart), `QuotaExceeded` (a limit of the account),
/// [`no_capacity`] and `Conflict`; after these nothing was made.
#[async_trait]
pub trait CloudProvider: Debug + Send + Sync {
    /// A short name of lower-case letters, digits and hyphens, unique among the providers of a program.
    fn name(&self) -> &str;

    /// What it supports, and its limits. It is the same each time.
    fn capabilities(&self) -> CloudCapabilities;

    /// All regions in which servers can be made now, each once.
    ///
    /// # Errors
    /// Only those that all methods share.
    async fn list_regions(&self) -> Result<Vec<Region>>;

    /// All sizes that a region offers now, with their prices: a month costs no less than an hour, in the same currency.
    ///
    /// # Errors
    /// `NotFound` for an unknown region.
    async fn list_sizes(&self, region: &RegionId) -> Result<Vec<ServerSize>>;

    /// The size of this id, as it is in the list; `None` when the region does not have it. Looks it up in the whole
    /// list; a provider that can ask for one does better.
    ///
    /// # Errors
    /// `NotFound` for an unknown region.
    async fn find_size(&self, region: &RegionId, id: &str) -> Result<Option<ServerSize>> {
        Ok(self.list_sizes(region).await?.into_iter().find(|size| size.id == id))
    }

    /// The image of this id, of this name, or the newest that fits a common alias: `debian-12`, `debian-13`,
    /// `ubuntu-24.04`; `None` when there is none. Of several that differ in architecture it is the one for x86_64,
    /// unless the name says more. The id of a snapshot that is ready is the id of an image.
    ///
    /// # Errors
    /// `NotFound` for an unknown region.
    async fn find_image(&self, region: &RegionId, name: &str) -> Result<Option<ServerImage>>;

    /// Makes a server, and returns while it still starts. It has the name, key, region and size of the spec, and its
    /// labels with [`CloudCapabilities::labels`].
    ///
    /// A server of the same key that can be found is returned instead of a second one. So every provider looks for the
    /// key before it makes anything, also one without [`CloudCapabilities::keyed_create`]. With it, several calls at the
    /// same time make one server too, and the server can be found at once; without it, within
    /// [`CloudCapabilities::list_lag_seconds`]: whoever does not know the outcome of a call waits that long before the
    /// next.
    ///
    /// # Errors
    /// `NotFound` or `InvalidInput` for an unknown size or image; `InvalidInput` for user data of more than
    /// [`CloudCapabilities::max_user_data`] bytes; `Conflict` when the key belongs to a server of another spec. After
    /// these nothing was made. After `Timeout`, and after `Unavailable` that may be tried again, there may be a server.
    async fn create_server(&self, spec: &ServerSpec) -> Result<Server>;

    /// A server as it is now, whoever made it: one that does not bear our mark has no key. A server that runs has
    /// addresses that others can reach. Within the time that lists may be late, one that was just made may be missing;
    /// one that was found can be removed.
    ///
    /// # Errors
    /// `NotFound`, also when the server was deleted and is gone.
    async fn get_server(&self, id: &ServerId) -> Result<Server>;

    /// All of our servers that fit, from every page and region, oldest first. Those that are gone are left out, and those
    /// that do not bear our mark. A server fits when it has the key, the region and all labels of the filter; a region
    /// that is unknown has no servers.
    ///
    /// # Errors
    /// Only those that all methods share.
    async fn list_servers(&self, filter: &ServerFilter) -> Result<Vec<Server>>;

    /// Begins to change the power state. Already so: `Ok`.
    ///
    /// # Errors
    /// `NotFound`, also for a server that is gone; `PermissionDenied` for one that does not bear our mark; `Conflict`
    /// when another action is under way, after which the caller tries again.
    async fn power(&self, id: &ServerId, action: PowerAction) -> Result<()>;

    /// Begins to give a stopped server another size. It has that size already: `Ok`.
    ///
    /// # Errors
    /// `NotFound` for the server or the size; `Conflict` unless it is stopped; `InvalidInput` for a size that it
    /// cannot have, such as one of another architecture or with a smaller disk; `Unsupported` without the capability.
    async fn resize_server(&self, id: &ServerId, size: &str) -> Result<()>;

    /// Begins to remove a server with its disk, also one that still starts. Already going, or gone: `Ok`, for the caller
    /// repeats the call. It is gone when `get_server` says `NotFound`.
    ///
    /// # Errors
    /// `PermissionDenied` for a server that does not bear our mark; `Conflict` when another action is under way, after
    /// which the caller tries again.
    async fn delete_server(&self, id: &ServerId) -> Result<()>;

    /// Everything that bears our mark, of every kind that the provider has, from every page and region, with its name
    /// and, where it was made with one, its key; records of name servers excepted, which have a list of their own.
    ///
    /// # Errors
    /// Only those that all methods share.
    async fn list_resources(&self) -> Result<Vec<Resource>>;

    /// Begins to remove a thing that [`list_resources`](Self::list_resources) names, whatever it is; a reserved
    /// address is taken from its server first. Already going, or gone: `Ok`.
    ///
    /// # Errors
    /// `PermissionDenied` for what does not bear our mark; `Conflict` while a server uses it and the provider minds;
    /// `Unsupported` for a kind that the provider does not have.
    async fn delete_resource(&self, kind: ResourceKind, id: &str) -> Result<()>;

    /// SSH keys that servers are made with; `None` when those in the user data have to do.
    fn ssh_keys(&self) -> Option<&dyn SshKeys>;

    /// Filters of traffic before it reaches a server.
    fn firewalls(&self) -> Option<&dyn Firewalls>;

    /// Addresses that outlive servers.
    fn reserved_ips(&self) -> Option<&dyn ReservedIps>;

    /// Copies of servers.
    fn snapshots(&self) -> Option<&dyn Snapshots>;

    /// Its name servers.
    fn dns(&self) -> Option<&dyn DnsProvider>;
}

/// SSH keys at a provider. Errors are as [`CloudProvider`] says.
#[async_trait]
pub trait SshKeys: Debug + Send + Sync {
    /// Makes a public key, in the form `ssh-ed25519 AAAA...`, known to the region. A key that is there already is
    /// used as it is, and its id is the same, whoever brought it; only one that was brought by this call bears our mark.
    ///
    /// # Errors
    /// `InvalidInput` for what is no key of a kind that the provider takes.
    async fn apply_ssh_key(&self, region: &RegionId, public_key: &str) -> Result<SshKeyId>;
}

/// Firewalls at a provider. Errors are as [`CloudProvider`] says.
#[async_trait]
pub trait Firewalls: Debug + Send + Sync {
    /// Makes the firewall of this key exactly what is given, and makes it first if it is missing. The same key gives the
    /// same id, whatever the rules. It can be removed as soon as its servers are gone.
    ///
    /// # Errors
    /// `InvalidInput` for a rule that cannot be, such as one for port 0.
    async fn apply_firewall(&self, spec: &FirewallSpec) -> Result<FirewallId>;
}

/// Reserved addresses at a provider. Errors are as [`CloudProvider`] says.
#[async_trait]
pub trait ReservedIps: Debug + Send + Sync {
    /// Reserves an address for a server and begins to lead it there. One that leads there already, or was made with
    /// this key, is used instead of a second one. It stays when the server is gone, and leads nowhere then.
    ///
    /// # Errors
    /// `NotFound` for the server, also when it is gone; `Conflict` while it starts.
    async fn reserve_ip(&self, key: &str, server: &ServerId) -> Result<ReservedIp>;

    /// A reserved address as it is now. Within the time that lists may be late, one that was just made may be missing;
    /// one that was found can be removed.
    ///
    /// # Errors
    /// `NotFound`.
    async fn get_reserved_ip(&self, id: &ReservedIpId) -> Result<ReservedIp>;

    /// Begins to lead a reserved address to this server, wherever it led before. Already so: `Ok`.
    ///
    /// # Errors
    /// `NotFound` for the address or the server; `Conflict` while the server starts.
    async fn assign_ip(&self, id: &ReservedIpId, server: &ServerId) -> Result<()>;
}

/// Snapshots at a provider. Errors are as [`CloudProvider`] says.
#[async_trait]
pub trait Snapshots: Debug + Send + Sync {
    /// Begins to copy a server's disk. The same key twice gives the same snapshot.
    ///
    /// # Errors
    /// `NotFound` for the server; `Conflict` when another action is under way.
    async fn create_snapshot(&self, key: &str, server: &ServerId) -> Result<Snapshot>;

    /// A snapshot as it is now; it is ready when it can be used as an image, which `find_image` then finds.
    ///
    /// # Errors
    /// `NotFound`.
    async fn get_snapshot(&self, id: &SnapshotId) -> Result<Snapshot>;
}

/// The error of a provider that has no machine of the wanted size left: `Unavailable`, not to be tried again as it
/// is, and nothing was made. See [`is_no_capacity`].
///
/// ```
/// use byop_core::ErrorKind;
/// use byop_core::cloud::{is_no_capacity, no_capacity};
///
/// let error = no_capacity("server.create").with_context("size", "c6g.16xlarge");
/// assert_eq!(error.kind(), ErrorKind::Unavailable);
/// assert!(is_no_capacity(&error));
/// ```
#[must_use]
pub fn no_capacity(operation: &'static str) -> Error {
    Error::new(ErrorKind::Unavailable, operation, "the provider has no machine of this size left here now")
        .with_context("reason", NO_CAPACITY)
        .with_retry(Retry::Never)
        .with_remedy("choose another size or region, or try again later")
}

const NO_CAPACITY: &str = "capacity";

/// Whether it is the error of [`no_capacity`].
#[must_use]
pub fn is_no_capacity(error: &Error) -> bool {
    error.kind() == ErrorKind::Unavailable && error.context("reason") == Some(NO_CAPACITY)
}
