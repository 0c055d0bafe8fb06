//! A provider for an imaginary cloud, "nimbus": all that byop needs to rent servers from another cloud.
//!
//! Here the cloud is a list in memory; a real one is asked over HTTP, through `byop_cloud::http::Client`, which knows
//! what may be sent twice. Nothing else changes. At the end is the test: the behaviour suite that every provider passes.

use std::sync::{Mutex, MutexGuard};

use byop_cloud::registry::ProviderOptions;
use byop_core::cloud::{CloudProvider, DnsProvider, Firewalls, ReservedIps, Snapshots, SshKeys};
use byop_core::model::*;
use byop_core::{Error, ErrorKind, Result, Secret, engine::Engine};

/// An account. What is to be remembered is in the engine's store: a provider keeps its credentials and no more.
#[derive(Debug)]
struct Nimbus {
    _token: Secret, // shown nowhere
    machines: Mutex<Vec<Server>>,
}

impl Nimbus {
    /// For `CloudRegistry::with_provider`. Settings have the names of the vendor's environment variables.
    fn from_options(options: &ProviderOptions) -> Result<Self> {
        Ok(Self { _token: options.credential("NIMBUS_TOKEN")?.clone(), machines: Mutex::default() })
    }
    /// Finds what is to be changed. What does not bear our mark, here a key, is never touched.
    fn ours(&self, id: &ServerId) -> Result<(MutexGuard<'_, Vec<Server>>, usize)> {
        let machines = self.machines.lock().unwrap();
        let at = machines.iter().position(|machine| machine.id == *id).ok_or_else(|| missing(id))?;
        if machines[at].key.is_none() {
            return Err(Error::new(ErrorKind::PermissionDenied, "server.change", "it was not made by byop"));
        }
        Ok((machines, at))
    }
}

/// An error's kind says what the caller can do; its context names what was asked for.
fn missing(what: &impl std::fmt::Display) -> Error {
    Error::not_found("nimbus.get", "nimbus does not have this").with_context("asked for", what)
}

#[async_trait::async_trait]
impl CloudProvider for Nimbus {
    fn name(&self) -> &str {
        "nimbus"
    }
    /// The mutex makes one server of a key, and lists are never late. Most clouds can promise neither.
    fn capabilities(&self) -> CloudCapabilities {
        CloudCapabilities::none().with_keyed_create().with_list_lag(0)
    }
    async fn list_regions(&self) -> Result<Vec<Region>> {
        Ok(vec![Region { id: RegionId("west".into()), name: "West".into() }])
    }
    async fn list_sizes(&self, region: &RegionId) -> Result<Vec<ServerSize>> {
        let price = ServerPrice::hourly(Price::new(5_000, "EUR"));
        let puff = ServerSize::new("puff", 1, 1 << 30, 20 << 30).with_price(price);
        if region.0 == "west" { Ok(vec![puff]) } else { Err(missing(region)) }
    }
    async fn find_image(&self, _: &RegionId, name: &str) -> Result<Option<ServerImage>> {
        Ok(["debian-12", "img-7"].contains(&name).then(|| ServerImage::new("img-7", "Debian 12")))
    }
    async fn create_server(&self, spec: &ServerSpec) -> Result<Server> {
        let sizes = self.list_sizes(&spec.region).await?;
        sizes.iter().find(|size| size.id == spec.size).ok_or_else(|| missing(&spec.size))?;
        self.find_image(&spec.region, &spec.image).await?.ok_or_else(|| missing(&spec.image))?;
        if spec.user_data.as_ref().is_some_and(|data| data.expose().len() > 16 << 10) {
            return Err(Error::invalid("server.create", "the user data is larger than 16 KiB"));
        }
        let mut machines = self.machines.lock().unwrap();
        // The key first: whoever asks again, because an answer was lost, gets the server that is there.
        if let Some(found) = machines.iter().find(|machine| machine.key.as_ref() == Some(&spec.key)) {
            return Ok(found.clone());
        }
        let id = ServerId(format!("machine-{}", spec.key));
        let mut server = Server::new(id, &spec.name, spec.region.clone(), &spec.size);
        server.key = Some(spec.key.clone());
        server.state = ServerState::Running;
        server.addresses.push([198, 51, 100, 7].into());
        machines.push(server.clone());
        Ok(server)
    }
    async fn get_server(&self, id: &ServerId) -> Result<Server> {
        let machines = self.machines.lock().unwrap();
        machines.iter().find(|machine| machine.id == *id).cloned().ok_or_else(|| missing(id))
    }
    async fn list_servers(&self, filter: &ServerFilter) -> Result<Vec<Server>> {
        let fits = |machine: &&Server| machine.key.is_some() && filter.is_match(machine);
        Ok(self.machines.lock().unwrap().iter().filter(fits).cloned().collect())
    }
    async fn power(&self, id: &ServerId, action: PowerAction) -> Result<()> {
        let state = if action == PowerAction::Stop { ServerState::Stopped } else { ServerState::Running };
        self.ours(id).map(|(mut machines, at)| machines[at].state = state)
    }
    async fn resize_server(&self, _: &ServerId, _: &str) -> Result<()> {
        Err(Error::new(ErrorKind::Unsupported, "server.resize", "sizes stay as they are"))
    }
    async fn delete_server(&self, id: &ServerId) -> Result<()> {
        match self.ours(id) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()), // gone is what was wanted
            found => found.map(|(mut machines, at)| drop(machines.remove(at))),
        }
    }
    async fn list_resources(&self) -> Result<Vec<Resource>> {
        let of = |s: Server| Resource::new(ResourceKind::Server, s.id.0, s.name).with_key(s.key.unwrap());
        Ok(self.list_servers(&ServerFilter::all()).await?.into_iter().map(of).collect())
    }
    async fn delete_resource(&self, _: ResourceKind, id: &str) -> Result<()> {
        self.delete_server(&ServerId(id.into())).await
    }
    fn ssh_keys(&self) -> Option<&dyn SshKeys> {
        None // what a cloud has beyond servers is a small trait of its own
    }
    fn firewalls(&self) -> Option<&dyn Firewalls> {
        None
    }
    fn reserved_ips(&self) -> Option<&dyn ReservedIps> {
        None
    }
    fn snapshots(&self) -> Option<&dyn Snapshots> {
        None
    }
    fn dns(&self) -> Option<&dyn DnsProvider> {
        None
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let settings = ProviderOptions::new().with_setting("NIMBUS_TOKEN", "any".to_owned());
    let engine = Engine::builder().with_cloud(Nimbus::from_options(&settings)?).build()?;
    let job = engine.create_server(ServerRequest::new("web-1", "west", "puff")?).await?;
    println!("{:#}", engine.wait(&job).await?.output.unwrap_or_default());
    let job = engine.destroy_server(&AppName::new("web-1")?).await?;
    engine.wait(&job).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use byop_core::testing::cloud_provider_suite::CloudEnv;

    async fn make() -> Option<CloudEnv> {
        let id = ServerId("machine-of-others".into());
        let mut foreign = Server::new(id.clone(), "db", RegionId("west".into()), "puff");
        foreign.state = ServerState::Running;
        let nimbus = Nimbus { _token: "any".to_owned().into(), machines: Mutex::new(vec![foreign]) };
        Some(CloudEnv::new(std::sync::Arc::new(nimbus), "west", "puff", "debian-12").with_foreign_server(id))
    }
    byop_core::cloud_provider_suite!(nimbus, super::make);
}
