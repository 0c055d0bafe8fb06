//! A cloud in memory.

use std::fmt::Debug;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use super::fake_runtime::faults::{self, Fault, Moment};
use crate::clock::{Clock, SystemClock, Timestamp};
use crate::cloud::{CloudProvider, DnsProvider, Firewalls, ReservedIps, Snapshots, SshKeys};
use crate::error::{Error, Result};
use crate::model::{
    CloudCapabilities, DomainName, PowerAction, Region, RegionId, Resource, ResourceKind, Server,
    ServerFilter, ServerId, ServerImage, ServerSize, ServerSpec,
};

mod catalog;
mod chaos;
mod dns;
mod machine;
mod ports;
mod state;
#[cfg(test)]
mod tests;

use chaos::Chaos;
use state::State;
pub use state::{CloudEntry, CloudTimes};

/// A cloud in memory, for tests of what drives one: it has regions `here` and `there`, sizes `small`, `medium` and
/// `large`, the image `debian-12` and a zone `example.com`. It keeps a ledger of all that was ever made, and fails
/// where a test says so, or at random from a seed.
///
/// It goes by a clock: what takes time is done once the clock says so. Clones share their state.
///
/// ```
/// use byop_core::cloud::CloudProvider;
/// use byop_core::model::{RegionId, ServerSpec};
/// use byop_core::testing::FakeCloud;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> byop_core::Result<()> {
/// let cloud = FakeCloud::new();
/// let spec = ServerSpec::new("key1", "web-1", RegionId("here".into()), "small", "debian-12");
/// let server = cloud.create_server(&spec).await?;
/// assert_eq!(cloud.create_server(&spec).await?.id, server.id);
/// assert_eq!(cloud.ledger().len(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct FakeCloud {
    name: Arc<str>,
    clock: Arc<dyn Clock>,
    state: Arc<Mutex<State>>,
    hook: Option<Arc<dyn CallHook>>,
}

/// Takes part in every call that goes through one handle of a fake: to count them, to let one hang as if its caller had
/// died, or to fail by a schedule of one's own.
#[async_trait]
pub trait CallHook: Debug + Send + Sync {
    /// Before the call has its effect.
    ///
    /// # Errors
    /// What the call fails with, without its effect.
    async fn before(&self, operation: &'static str, subject: &str) -> Result<()>;

    /// After the call had its effect, or failed by itself.
    ///
    /// # Errors
    /// What the call fails with instead of its answer.
    async fn after(&self, operation: &'static str, subject: &str) -> Result<()>;
}

/// Tokio's time, so that a test with paused time sees it pass.
#[derive(Debug)]
struct TokioClock(Instant, Timestamp);

impl Clock for TokioClock {
    fn now(&self) -> Timestamp {
        self.1.plus(self.0.elapsed())
    }
}

impl Default for FakeCloud {
    fn default() -> Self {
        Self::new()
    }
}

impl FakeCloud {
    /// A cloud named `fake` that goes by tokio's time, in which nothing takes any.
    #[must_use]
    pub fn new() -> Self {
        let clock = TokioClock(Instant::now(), SystemClock.now());
        Self { name: "fake".into(), clock: Arc::new(clock), state: Arc::default(), hook: None }
    }

    /// Sets its name.
    #[must_use]
    pub fn with_name(mut self, name: &str) -> Self {
        self.name = name.into();
        self
    }

    /// Sets the clock that it goes by.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// The same cloud through another handle, with something that takes part in its calls.
    #[must_use]
    pub fn with_hook(&self, hook: impl CallHook + 'static) -> Self {
        Self { hook: Some(Arc::new(hook)), ..self.clone() }
    }

    /// Sets how long things take.
    #[must_use]
    pub fn with_times(self, times: CloudTimes) -> Self {
        self.state().times = times;
        self
    }

    /// Sets what it does otherwise than others. With [`CloudCapabilities::keyed_create`] a key is unique even while
    /// lists do not show its server.
    #[must_use]
    pub fn with_capabilities(self, capabilities: CloudCapabilities) -> Self {
        self.state().capabilities = capabilities;
        self
    }

    /// Sets how long things take from now on.
    pub fn set_times(&self, times: CloudTimes) {
        self.state().times = times;
    }

    /// Sets how many servers the account may have.
    pub fn set_quota(&self, servers: usize) {
        self.state().quota = servers;
    }

    /// Lets the next `count` servers that are made fail while they start.
    pub fn break_servers(&self, count: usize) {
        self.state().broken = count;
    }

    /// Lets a coming call of an operation, such as `server.create`, go wrong.
    pub fn inject(&self, fault: Fault) {
        self.state().faults.push(fault);
    }

    /// Lets this part of all calls go wrong in some way, in thousandths, the same for the same seed.
    pub fn set_chaos(&self, seed: u64, per_mille: u32) {
        self.state().chaos = Some(Chaos::new(seed, per_mille));
    }

    /// Lets nothing go wrong any more.
    pub fn heal(&self) {
        let mut state = self.state();
        state.chaos = None;
        state.faults.clear();
        state.broken = 0;
    }

    /// The calls so far, as `operation subject`, such as `server.create web-1`.
    #[must_use]
    pub fn calls(&self) -> Vec<String> {
        self.state().calls.clone()
    }

    /// How many calls went wrong on purpose.
    #[must_use]
    pub fn faults(&self) -> usize {
        self.state().went_wrong
    }

    /// Everything that was ever made, in order, with when it went.
    #[must_use]
    pub fn ledger(&self) -> Vec<CloudEntry> {
        let mut state = self.state();
        state.settle(self.clock.now());
        state.ledger.clone()
    }

    /// What bears our mark and is still there.
    #[must_use]
    pub fn alive(&self) -> Vec<CloudEntry> {
        self.ledger().into_iter().filter(|entry| entry.marked && entry.gone_at.is_none()).collect()
    }

    /// A thing with our mark that nobody asked for; gives its id.
    pub fn plant(&self, kind: ResourceKind, name: &str) -> String {
        self.state().plant(kind, name, true, self.clock.now())
    }

    /// A thing of somebody else's; gives its id.
    pub fn plant_foreign(&self, kind: ResourceKind, name: &str) -> String {
        self.state().plant(kind, name, false, self.clock.now())
    }

    /// Adds a zone to its name servers.
    pub fn add_zone(&self, zone: DomainName) {
        self.state().zones.entry(zone).or_default();
    }

    /// The specification that a server was made from, its user data included.
    #[must_use]
    pub fn server_spec(&self, id: &ServerId) -> Option<ServerSpec> {
        self.state().machines.get(&id.0).map(|machine| machine.spec.clone())
    }

    /// Gives a server another key, as if a request had been delivered twice.
    pub fn set_key(&self, id: &ServerId, key: &str) {
        if let Some(machine) = self.state().machines.get_mut(&id.0) {
            machine.server.key = Some(key.to_owned());
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs one call: faults before and after, the effect in between, at once for everyone else.
    async fn call<T>(
        &self,
        operation: &'static str,
        subject: &str,
        effect: impl FnOnce(&mut State, Timestamp) -> Result<T>,
    ) -> Result<T> {
        tokio::task::yield_now().await;
        if let Some(hook) = &self.hook {
            hook.before(operation, subject).await?;
        }
        let (fault, wait) = {
            let mut state = self.state();
            state.calls.push(format!("{operation} {subject}").trim_end().to_owned());
            let fault = faults::due(&mut state.faults, operation, subject);
            let (fault, wait) = match fault {
                Some(fault) => (Some(fault), Duration::ZERO),
                None => state.draw(operation),
            };
            state.went_wrong += usize::from(fault.is_some() || !wait.is_zero());
            (fault, wait + state.times.answer)
        };
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        let fault = match fault {
            Some(Fault { moment: Moment::Before, error, .. }) => {
                return Err(error.unwrap_or_else(|| faults::ordinary(operation)));
            }
            Some(Fault { moment: Moment::Never, .. }) => return std::future::pending().await,
            other => other,
        };
        let result = {
            let now = self.clock.now();
            let mut state = self.state();
            state.settle(now);
            effect(&mut state, now)
        };
        if let Some(hook) = &self.hook {
            hook.after(operation, subject).await?;
        }
        match fault {
            None => result,
            Some(Fault { moment: Moment::Lost, .. }) => std::future::pending().await,
            Some(Fault { error, .. }) => Err(error.unwrap_or_else(|| faults::ordinary(operation))),
        }
    }
}

fn missing(operation: &'static str, what: &'static str, id: impl std::fmt::Display) -> Error {
    Error::not_found(operation, format!("there is no such {}", what.replace('_', " "))).with_context(what, id)
}

#[async_trait]
impl CloudProvider for FakeCloud {
    fn name(&self) -> &str {
        &self.name
    }

    fn capabilities(&self) -> CloudCapabilities {
        self.state().capabilities.clone()
    }

    async fn list_regions(&self) -> Result<Vec<Region>> {
        self.call("region.list", "", |_, _| Ok(catalog::regions())).await
    }

    async fn list_sizes(&self, region: &RegionId) -> Result<Vec<ServerSize>> {
        self.call("size.list", &region.0, |_, _| catalog::sizes(region)).await
    }

    async fn find_image(&self, region: &RegionId, name: &str) -> Result<Option<ServerImage>> {
        self.call("image.find", name, |state, _| state.find_image(region, name)).await
    }

    async fn create_server(&self, spec: &ServerSpec) -> Result<Server> {
        self.call("server.create", &spec.name, |state, now| state.create_server(spec, now)).await
    }

    async fn get_server(&self, id: &ServerId) -> Result<Server> {
        self.call("server.get", &id.0, |state, now| {
            let machine = state.machines.get(&id.0).filter(|machine| machine.readable_at <= now);
            machine.map(|m| m.server.clone()).ok_or_else(|| missing("server.get", "server", id))
        })
        .await
    }

    async fn list_servers(&self, filter: &ServerFilter) -> Result<Vec<Server>> {
        let subject = filter.key.as_deref().unwrap_or_default();
        self.call("server.list", subject, |state, now| {
            let keeps_labels = state.capabilities.labels || filter.labels.is_empty();
            let machines = state.machines.values().filter(|m| m.marked && m.listed_at <= now && keeps_labels);
            let mut found: Vec<_> =
                machines.map(|m| m.server.clone()).filter(|s| filter.is_match(s)).collect();
            found.sort_by(|a, b| {
                (a.created_at, a.id.0.len(), &a.id).cmp(&(b.created_at, b.id.0.len(), &b.id))
            });
            Ok(found)
        })
        .await
    }

    async fn power(&self, id: &ServerId, action: PowerAction) -> Result<()> {
        self.call("server.power", &id.0, |state, now| state.power(id, action, now)).await
    }

    async fn resize_server(&self, id: &ServerId, size: &str) -> Result<()> {
        self.call("server.resize", &id.0, |state, _| state.resize(id, size)).await
    }

    async fn delete_server(&self, id: &ServerId) -> Result<()> {
        self.call("server.delete", &id.0, |state, now| state.delete_server(id, now)).await
    }

    async fn list_resources(&self) -> Result<Vec<Resource>> {
        self.call("resource.list", "", |state, now| Ok(state.resources(now))).await
    }

    async fn delete_resource(&self, kind: ResourceKind, id: &str) -> Result<()> {
        self.call("resource.delete", id, |state, now| state.delete(kind, id, now)).await
    }

    fn ssh_keys(&self) -> Option<&dyn SshKeys> {
        Some(self)
    }

    fn firewalls(&self) -> Option<&dyn Firewalls> {
        Some(self)
    }

    fn reserved_ips(&self) -> Option<&dyn ReservedIps> {
        Some(self)
    }

    fn snapshots(&self) -> Option<&dyn Snapshots> {
        Some(self)
    }

    fn dns(&self) -> Option<&dyn DnsProvider> {
        Some(self)
    }
}
