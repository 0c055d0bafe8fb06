//! The servers of the fake cloud.

use std::net::{IpAddr, Ipv4Addr};

use super::state::{State, foreign};
use super::{catalog, missing};
use crate::clock::Timestamp;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{
    PowerAction, Resource, ResourceKind, Server, ServerId, ServerSize, ServerSpec, ServerState,
};

/// A server, and what will become of it.
#[derive(Debug)]
pub(super) struct Machine {
    pub(super) spec: ServerSpec,
    pub(super) server: Server,
    pub(super) marked: bool,
    pub(super) listed_at: Timestamp,
    pub(super) readable_at: Timestamp,
    /// The next state, and when.
    then: Option<(Timestamp, ServerState)>,
    /// Its address, and when it will be known.
    address: Option<(Timestamp, IpAddr)>,
    /// When it will be gone.
    gone_at: Option<Timestamp>,
}

impl Machine {
    pub(super) fn planted(spec: ServerSpec, server: Server, marked: bool, now: Timestamp) -> Self {
        Self {
            spec,
            server,
            marked,
            listed_at: now,
            readable_at: now,
            then: None,
            address: None,
            gone_at: None,
        }
    }

    /// Does what has become due; `true` when it is gone.
    pub(super) fn settle(&mut self, now: Timestamp) -> bool {
        if let Some((_, state)) = self.then.take_if(|(at, _)| *at <= now) {
            self.server.state = state;
            if state == ServerState::Failed {
                self.server.failure = Some("no host was found for it".into());
                self.address = None;
            }
        }
        if let Some((_, address)) = self.address.take_if(|(at, _)| *at <= now) {
            self.server.addresses.push(address);
        }
        self.gone_at.is_some_and(|at| at <= now)
    }

    pub(super) fn resource(&self) -> Resource {
        let mut resource = Resource::new(ResourceKind::Server, &self.server.id.0, &self.server.name);
        resource.key.clone_from(&self.server.key);
        resource.region = Some(self.server.region.clone());
        resource.created_at = self.server.created_at;
        resource.monthly_price = catalog::sizes(&self.server.region)
            .unwrap_or_default()
            .into_iter()
            .find(|size| size.id == self.server.size)
            .and_then(|size| Some(size.price?.monthly));
        resource
    }
}

const CREATE: &str = "server.create";

impl State {
    pub(super) fn create_server(&mut self, spec: &ServerSpec, now: Timestamp) -> Result<Server> {
        let keyed = self.capabilities.keyed_create;
        let same = |machine: &&Machine| machine.marked && machine.server.key.as_ref() == Some(&spec.key);
        let visible = |machine: &&Machine| keyed || machine.listed_at <= now;
        let mut known: Vec<_> = self.machines.values().filter(same).filter(visible).collect();
        known.sort_by_key(|machine| machine.server.created_at);
        if let Some(machine) = known.first() {
            if machine.spec != *spec {
                return Err(Error::new(
                    ErrorKind::Conflict,
                    CREATE,
                    "the key belongs to a server of another spec",
                )
                .with_context("key", &spec.key)
                .with_context("server", &machine.server.id));
            }
            return Ok(machine.server.clone());
        }
        self.check(spec)?;
        if self.machines.len() >= self.quota {
            return Err(Error::new(ErrorKind::QuotaExceeded, CREATE, "the account may have no more servers")
                .with_context("limit", self.quota)
                .with_remedy("delete a server, or ask the provider for a higher limit"));
        }
        let id = self.next_id(ResourceKind::Server);
        let mut server = Server::new(ServerId(id.clone()), &spec.name, spec.region.clone(), &spec.size);
        server.key = Some(spec.key.clone());
        server.created_at = Some(now);
        if self.capabilities.labels {
            server.labels.clone_from(&spec.labels);
        }
        let [.., high, low] = self.counter.to_be_bytes();
        let address = IpAddr::V4(Ipv4Addr::new(203, 0, high.wrapping_add(113), low));
        let ends = if self.broken > 0 { ServerState::Failed } else { ServerState::Running };
        self.broken = self.broken.saturating_sub(1);
        let up_at = now.plus(self.times.boot);
        let machine = Machine {
            spec: spec.clone(),
            server: server.clone(),
            marked: true,
            listed_at: now.plus(self.times.list_lag),
            readable_at: now.plus(self.times.read_lag),
            then: Some((up_at, ends)),
            address: Some((up_at.plus(self.times.address), address)),
            gone_at: None,
        };
        self.enter(&machine.resource(), true, now);
        self.machines.insert(id, machine);
        Ok(server)
    }

    fn check(&self, spec: &ServerSpec) -> Result<()> {
        catalog::check_region(CREATE, &spec.region)?;
        let size = size(CREATE, spec, &spec.size)?;
        let image = self.find_image(&spec.region, &spec.image)?;
        let image = image.ok_or_else(|| missing(CREATE, "image", &spec.image))?;
        if image.architecture != size.architecture || image.min_disk_bytes > size.disk_bytes {
            return Err(Error::invalid(CREATE, "the image does not fit the size")
                .with_context("image", &spec.image)
                .with_context("size", &spec.size)
                .with_remedy("choose a size of the image's architecture with a larger disk"));
        }
        for key in &spec.ssh_keys {
            self.things.get(&key.0).ok_or_else(|| missing(CREATE, "ssh_key", key))?;
        }
        if let Some(firewall) = &spec.firewall {
            self.things.get(&firewall.0).ok_or_else(|| missing(CREATE, "firewall", firewall))?;
        }
        let bytes = spec.user_data.as_ref().map_or(0, |data| data.expose().len());
        if bytes > self.capabilities.max_user_data {
            return Err(Error::invalid(CREATE, "the user data is too large").with_context("bytes", bytes));
        }
        Ok(())
    }

    pub(super) fn ours(&mut self, operation: &'static str, id: &ServerId) -> Result<&mut Machine> {
        let machine = self.machines.get_mut(&id.0).ok_or_else(|| missing(operation, "server", id))?;
        if !machine.marked {
            return Err(foreign(operation, &id.0));
        }
        Ok(machine)
    }

    pub(super) fn power(&mut self, id: &ServerId, action: PowerAction, now: Timestamp) -> Result<()> {
        let done_at = now.plus(self.times.boot);
        let machine = self.ours("server.power", id)?;
        if machine.then.is_some() || machine.gone_at.is_some() {
            return Err(busy("server.power", id));
        }
        let wanted = match action {
            PowerAction::Start | PowerAction::Restart => ServerState::Running,
            PowerAction::Stop => ServerState::Stopped,
        };
        if machine.server.state != wanted || action == PowerAction::Restart {
            let between =
                if wanted == ServerState::Running { ServerState::Starting } else { ServerState::Stopping };
            machine.server.state = between;
            machine.then = Some((done_at, wanted));
            machine.settle(now);
        }
        Ok(())
    }

    pub(super) fn resize(&mut self, id: &ServerId, name: &str) -> Result<()> {
        const RESIZE: &str = "server.resize";
        if !self.capabilities.resize {
            return Err(Error::new(ErrorKind::Unsupported, RESIZE, "servers keep their size here"));
        }
        let spec = self.ours(RESIZE, id)?.spec.clone();
        let wanted = size(RESIZE, &spec, name)?;
        let present = size(RESIZE, &spec, &spec.size)?;
        let machine = self.ours(RESIZE, id)?;
        if machine.server.size == name {
            return Ok(());
        }
        if machine.server.state != ServerState::Stopped {
            return Err(Error::new(ErrorKind::Conflict, RESIZE, "the server must be stopped first")
                .with_context("server", id)
                .with_remedy("stop it, wait until it is stopped, and try again"));
        }
        if wanted.architecture != present.architecture || wanted.disk_bytes < present.disk_bytes {
            return Err(Error::invalid(RESIZE, "the server cannot have this size").with_context("size", name));
        }
        machine.server.size = name.to_owned();
        Ok(())
    }

    pub(super) fn delete_server(&mut self, id: &ServerId, now: Timestamp) -> Result<()> {
        // One that is not known everywhere yet is taken for gone.
        if self.machines.get(&id.0).is_none_or(|machine| machine.readable_at > now) {
            return Ok(());
        }
        let gone_at = now.plus(self.times.delete);
        let machine = self.ours("server.delete", id)?;
        machine.server.state = ServerState::Deleting;
        machine.then = None;
        machine.gone_at.get_or_insert(gone_at);
        self.settle(now);
        Ok(())
    }
}

fn busy(operation: &'static str, id: &ServerId) -> Error {
    Error::new(ErrorKind::Conflict, operation, "another action is under way")
        .with_context("server", id)
        .with_remedy("wait until it is done")
}

fn size(operation: &'static str, spec: &ServerSpec, name: &str) -> Result<ServerSize> {
    let sizes = catalog::sizes(&spec.region)?;
    sizes.into_iter().find(|size| size.id == name).ok_or_else(|| missing(operation, "size", name))
}
