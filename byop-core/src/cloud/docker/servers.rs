//! The life of a server: a container whose name has the key, so that the engine itself keeps it unique.

use futures_util::StreamExt;
use futures_util::stream::{self, TryStreamExt};

use super::{DockerCloud, catalog, convert, foreign, image, keys, missing, seed};
use crate::docker::machine::{Machine, MachineSpec, MachineState};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{
    ContainerFilter, ExecSpec, LogOptions, PowerAction, Server, ServerFilter, ServerId, ServerSpec,
    ServerState,
};
use crate::runtime::ContainerRuntime;

/// The network of all servers of an engine. It stays when the last of them goes.
const NETWORK: &str = "byop-servers";
const NETWORK_LABEL: &str = "byop.servers";
/// What an engine keeps on its disk; in a volume, as its file system cannot lie on the container's.
const ENGINE_FOLDER: &str = "/var/lib/docker";
const CREATE: &str = "server.create";
const POWER: &str = "server.power";
/// How often another address is tried, when others take the same ones at the same time.
const ATTEMPTS: usize = 8;
/// Lines of the console that the reason of a failure shows.
const CONSOLE_LINES: u32 = 10;

impl DockerCloud {
    pub(super) async fn create(&self, spec: &ServerSpec) -> Result<Server> {
        check(spec)?;
        let _alone = self.making.lock().await;
        let made = async {
            let name = format!("byop-server-{}", spec.key);
            let machine = match self.engine.inspect_machine(&name).await {
                Ok(found) => found,
                Err(error) if error.kind() == ErrorKind::NotFound => self.make(name, spec).await?,
                Err(error) => return Err(error),
            };
            if !machine.labels.contains_key(convert::KEY) {
                return Err(foreign(CREATE, "container", &machine.name));
            }
            if !convert::is_same(&machine, spec) {
                return Err(Error::new(
                    ErrorKind::Conflict,
                    CREATE,
                    "the key belongs to a server of another spec",
                )
                .with_context("server", machine.id));
            }
            // Also one of an earlier call that did not come to its end.
            if machine.state == MachineState::Created && machine.error.is_empty() {
                self.boot(&machine, spec).await?;
            }
            self.server(self.engine.inspect_machine(&machine.id).await?).await
        };
        made.await.map_err(|error| error.with_operation(CREATE).with_context("key", &spec.key))
    }

    async fn make(&self, name: String, spec: &ServerSpec) -> Result<Machine> {
        catalog::check_region(CREATE, &spec.region)?;
        let limits = catalog::limits(&self.engine, CREATE, &spec.size).await?;
        let image = image::take(&self.engine, &spec.image).await?;
        for key in &spec.ssh_keys {
            keys::find(&self.engine, CREATE, key).await?;
        }
        let machine = MachineSpec {
            hostname: spec.name.clone(),
            image: image.id,
            labels: convert::labels(spec),
            network: NETWORK.into(),
            address: self.free_address(&[]).await?,
            volumes: vec![ENGINE_FOLDER.into()],
            limits,
            name,
        };
        match self.engine.create_machine(&machine).await {
            Ok(id) => self.engine.inspect_machine(&id).await,
            // Another process makes it at the same time.
            Err(error) if error.kind() == ErrorKind::Conflict => {
                self.engine.machine_of_name(&machine.name, error).await
            }
            Err(error) => Err(error),
        }
    }

    /// An address that no server has, running or not.
    async fn free_address(&self, tried: &[std::net::Ipv4Addr]) -> Result<std::net::Ipv4Addr> {
        let all = self.engine.machine_network(NETWORK, NETWORK_LABEL).await?;
        let taken = self.engine.machine_addresses(NETWORK, convert::KEY).await?;
        let free = all.iter().find(|one| !taken.contains(one) && !tried.contains(one));
        free.copied().ok_or_else(|| {
            Error::new(ErrorKind::QuotaExceeded, CREATE, "the network of the servers has no address left")
                .with_context("network", NETWORK)
                .with_context("servers", taken.len())
                .with_remedy("delete servers that are not used any more")
        })
    }

    /// Gives a server its seed and starts it. What the engine says when it cannot is told as the server's state.
    async fn boot(&self, machine: &Machine, spec: &ServerSpec) -> Result<()> {
        let mut public_keys = Vec::new();
        for key in &spec.ssh_keys {
            public_keys.push(keys::find(&self.engine, CREATE, key).await?);
        }
        self.engine.unpack_into_machine(&machine.id, seed::archive(spec, &public_keys)?).await?;
        self.start(&machine.id).await
    }

    async fn start(&self, id: &str) -> Result<()> {
        let mut tried = Vec::new();
        loop {
            let Err(error) = self.engine.start_container(id).await else { return Ok(()) };
            // Nothing is published, so what is taken is the address.
            if error.kind() != ErrorKind::Conflict || tried.len() == ATTEMPTS {
                let found = self.engine.inspect_machine(id).await?;
                return if found.error.is_empty() { Err(error) } else { Ok(()) };
            }
            let address = self.free_address(&tried).await?;
            self.engine.move_machine(NETWORK, id, address).await?;
            tried.push(address);
        }
    }

    /// What has this id, ours or not.
    pub(super) async fn machine(&self, operation: &'static str, id: &ServerId) -> Result<Machine> {
        match self.engine.inspect_machine(&id.0).await {
            Err(error) if error.kind() == ErrorKind::NotFound => Err(missing(operation, "server", id)),
            other => other.map_err(|error| error.with_operation(operation)),
        }
    }

    async fn own_machine(&self, operation: &'static str, id: &ServerId) -> Result<Machine> {
        let machine = self.machine(operation, id).await?;
        if machine.labels.contains_key(convert::KEY) {
            return Ok(machine);
        }
        Err(foreign(operation, "server", &id.0))
    }

    /// A machine as a server, with the reason if it failed.
    pub(super) async fn server(&self, machine: Machine) -> Result<Server> {
        let mut server = convert::server(&machine, NETWORK);
        if server.state == ServerState::Failed {
            let console = self.console(&machine.id).await.unwrap_or_default();
            server.failure = Some(convert::failure(&machine, &console));
        }
        Ok(server)
    }

    async fn console(&self, id: &str) -> Result<Vec<String>> {
        let lines = self.engine.logs(id, &LogOptions::tail(CONSOLE_LINES)).await?;
        lines.map_ok(|line| line.text).try_collect().await
    }

    pub(super) async fn list(&self, filter: &ServerFilter) -> Result<Vec<Server>> {
        const LIST: &str = "server.list";
        let mut wanted =
            ContainerFilter::all().with_label(convert::KEY, filter.key.as_deref().unwrap_or_default());
        wanted.labels.extend(convert::wanted_labels(&filter.labels));
        let lines = self.engine.list_containers(&wanted).await.map_err(|error| error.with_operation(LIST))?;
        let servers = stream::iter(lines).map(|line| async move {
            match self.machine(LIST, &ServerId(line.id)).await {
                Ok(machine) => self.server(machine).await.map(Some),
                // Gone meanwhile.
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
                Err(error) => Err(error),
            }
        });
        let found: Vec<_> = servers.buffered(8).try_collect().await?;
        let mut found: Vec<_> =
            found.into_iter().flatten().filter(|server| filter.is_match(server)).collect();
        found.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        Ok(found)
    }

    pub(super) async fn switch(&self, id: &ServerId, action: PowerAction) -> Result<()> {
        let machine = self.own_machine(POWER, id).await?;
        if matches!(machine.state, MachineState::Created | MachineState::Removing | MachineState::Dead) {
            return Err(busy(POWER, id));
        }
        let done = match (action, machine.state) {
            (PowerAction::Stop, MachineState::Exited) => Ok(()),
            (PowerAction::Stop, _) => self.engine.halt_machine(&machine.id).await,
            (PowerAction::Restart, MachineState::Running) => return self.reboot(id, &machine).await,
            (PowerAction::Start | PowerAction::Restart, MachineState::Exited) => {
                self.start(&machine.id).await
            }
            (PowerAction::Start | PowerAction::Restart, _) => Ok(()),
        };
        done.map_err(|error| error.with_operation(POWER))
    }

    /// From inside, so that the engine starts it again: what the engine is told to end stays ended.
    async fn reboot(&self, id: &ServerId, machine: &Machine) -> Result<()> {
        let told = self.engine.exec(&machine.id, &ExecSpec::new(["systemctl", "reboot"])).await;
        match told {
            Ok(told) if told.exit_code == 0 => Ok(()),
            // It does not listen before it has started.
            Ok(told) => Err(busy(POWER, id).with_source(told.stderr)),
            Err(error) => Err(error.with_operation(POWER)),
        }
    }

    pub(super) async fn resize(&self, id: &ServerId, size: &str) -> Result<()> {
        const RESIZE: &str = "server.resize";
        let machine = self.own_machine(RESIZE, id).await?;
        let limits = catalog::limits(&self.engine, RESIZE, size).await?;
        if machine.limits == limits {
            return Ok(());
        }
        if machine.state != MachineState::Exited {
            return Err(Error::new(ErrorKind::Conflict, RESIZE, "the server must be stopped first")
                .with_context("server", id)
                .with_remedy("stop it, wait until it is stopped, and try again"));
        }
        self.engine.limit_machine(&machine.id, limits).await.map_err(|error| error.with_operation(RESIZE))
    }

    pub(super) async fn delete(&self, id: &ServerId) -> Result<()> {
        const DELETE: &str = "server.delete";
        let machine = match self.own_machine(DELETE, id).await {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            other => other?,
        };
        match self.engine.remove_container(&machine.id).await {
            // Somebody is at it.
            Err(error) if error.kind() == ErrorKind::Conflict => Ok(()),
            other => other.map_err(|error| error.with_operation(DELETE)),
        }
    }
}

fn busy(operation: &'static str, id: &ServerId) -> Error {
    Error::new(ErrorKind::Conflict, operation, "another action is under way")
        .with_context("server", id)
        .with_remedy("wait until it is done")
}

/// Checks what the engine would not.
fn check(spec: &ServerSpec) -> Result<()> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let is_key = (1..=20).contains(&spec.key.len()) && spec.key.bytes().all(plain);
    let is_name = (1..=40).contains(&spec.name.len())
        && spec.name.bytes().all(|b| plain(b) || b == b'-')
        && !spec.name.starts_with('-')
        && !spec.name.ends_with('-');
    if !is_key || !is_name {
        let (what, value) = if is_key { ("name", &spec.name) } else { ("key", &spec.key) };
        return Err(Error::invalid(CREATE, format!("the {what} does not fit"))
            .with_context(what, value.chars().take(80).flat_map(char::escape_default).collect::<String>())
            .with_remedy(
                "give a key of at most 20 lower-case letters and digits, and a host name of at most 40",
            ));
    }
    let bytes = spec.user_data.as_ref().map_or(0, |data| data.expose().len());
    if bytes > seed::MOST {
        return Err(Error::invalid(CREATE, "the user data is too large")
            .with_context("bytes", bytes)
            .with_context("limit", seed::MOST));
    }
    if let Some(firewall) = &spec.firewall {
        return Err(missing(CREATE, "firewall", firewall));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RegionId;

    #[test]
    fn what_cannot_be_a_server_is_refused_before_the_engine_is_asked() {
        let spec = |key: &str, name: &str| ServerSpec::new(key, name, RegionId("local".into()), "small", "x");
        assert!(check(&spec("k1", "web-1")).is_ok());
        let long = "a".repeat(41);
        for (key, name) in
            [("", "a"), ("K", "a"), ("a/b", "a"), (&long[..21], "a"), ("k", "-a"), ("k", &long), ("k", "a.b")]
        {
            assert_eq!(check(&spec(key, name)).unwrap_err().kind(), ErrorKind::InvalidInput, "{key} {name}");
        }
        let large = spec("k", "a").with_user_data("x".repeat(seed::MOST + 1));
        assert_eq!(check(&large).unwrap_err().kind(), ErrorKind::InvalidInput);
    }
}
