//! Containers that behave as machines: an init of their own, all rights that the engine's host can give, a fixed address.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use bollard::models::{ContainerInspectResponse, ContainerStateStatusEnum as Status, ContainerUpdateBody};
use bollard::query_parameters::KillContainerOptionsBuilder;
use hyper::Request;
use serde::Deserialize;
use serde_json::json;

use super::{Docker, checked, checked_image, checked_new, convert, error};
use crate::clock::Timestamp;
use crate::error::{Error, ErrorKind, Result};

mod network;

const CREATE: &str = "container.create";
/// What an init takes as the wish to halt.
const HALT: &str = "SIGRTMIN+3";
const NANOS: i64 = 1_000_000_000;

/// A machine to make.
#[derive(Debug)]
pub(crate) struct MachineSpec {
    pub(crate) name: String,
    pub(crate) hostname: String,
    pub(crate) image: String,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) network: String,
    pub(crate) address: Ipv4Addr,
    /// Folders that are not part of the image's layers, and go with the machine.
    pub(crate) volumes: Vec<String>,
    pub(crate) limits: MachineLimits,
}

/// What a machine may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MachineLimits {
    pub(crate) cpus: u32,
    pub(crate) memory_bytes: u64,
}

/// A container as a machine.
#[derive(Debug)]
pub(crate) struct Machine {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) state: MachineState,
    /// Of the run that ended last.
    pub(crate) exit_code: i64,
    /// Why the engine could not start it.
    pub(crate) error: String,
    /// Those that it has now, by network.
    pub(crate) addresses: BTreeMap<String, IpAddr>,
    pub(crate) limits: MachineLimits,
    pub(crate) created_at: Option<Timestamp>,
}

/// What a machine is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MachineState {
    /// Made, never started.
    Created,
    Running,
    /// Its init ended by itself, and the engine starts it again.
    Restarting,
    Exited,
    Removing,
    /// The engine could not remove it.
    Dead,
}

#[derive(Deserialize)]
struct Created {
    #[serde(rename = "Id")]
    id: String,
}

impl Docker {
    /// Makes a machine and gives its id; it is not started.
    ///
    /// # Errors
    /// `Conflict` when the name is taken; `NotFound` when the image is missing.
    pub(crate) async fn create_machine(&self, spec: &MachineSpec) -> Result<String> {
        checked_new(CREATE, &spec.name)?;
        checked_image(CREATE, &spec.image)?;
        let path = format!("/containers/create?name={}", spec.name);
        let answer = self.wire.post(CREATE, &path, &body(spec)).await;
        let answer = answer.map_err(|error| error.with_context("container", &spec.name))?;
        serde_json::from_slice::<Created>(&answer)
            .map(|made| made.id)
            .map_err(|error| error::internal(CREATE, "the engine's answer cannot be understood", error))
    }

    /// The container of that name or id, whatever it was made for.
    ///
    /// # Errors
    /// `NotFound`.
    pub(crate) async fn inspect_machine(&self, id: &str) -> Result<Machine> {
        machine(self.inspect("container.inspect", id).await?)
    }

    /// The machine that has a name which could not be taken.
    ///
    /// # Errors
    /// `conflict` when there is none.
    pub(crate) async fn machine_of_name(&self, name: &str, conflict: Error) -> Result<Machine> {
        machine(self.holder(name, conflict).await?)
    }

    /// Puts an archive into a machine, running or not. It may hold secrets, so it does not go through the client
    /// library, which writes what it sends to its log.
    ///
    /// # Errors
    /// `NotFound`.
    pub(crate) async fn unpack_into_machine(&self, id: &str, archive: Vec<u8>) -> Result<()> {
        let operation = "container.upload";
        let path = format!("/containers/{}/archive?path=/&noOverwriteDirNonDir=1", checked(operation, id)?);
        let request = Request::put(path)
            .header(hyper::header::CONTENT_TYPE, "application/x-tar")
            .body(bollard::body_full(archive.into()))
            .map_err(|error| error::internal(operation, "the request cannot be written", error))?;
        self.wire
            .open(operation, request)
            .await
            .map(drop)
            .map_err(|error| error.with_context("container", id))
    }

    /// Asks a machine's init to halt, without waiting for it. Not running: `Ok`.
    ///
    /// # Errors
    /// `NotFound`.
    pub(crate) async fn halt_machine(&self, id: &str) -> Result<()> {
        let operation = "container.stop";
        let id = checked(operation, id)?;
        let options = KillContainerOptionsBuilder::default().signal(HALT).build();
        match self.api.kill_container(id, Some(options)).await {
            Ok(()) => Ok(()),
            Err(failure) => match error::engine(operation, failure).with_context("container", id) {
                error if error.message().contains("is not running") => Ok(()),
                error => Err(error),
            },
        }
    }

    /// Sets what a machine may use.
    ///
    /// # Errors
    /// `NotFound`.
    pub(crate) async fn limit_machine(&self, id: &str, limits: MachineLimits) -> Result<()> {
        let operation = "container.update";
        let id = checked(operation, id)?;
        let memory = i64::try_from(limits.memory_bytes).ok();
        let wanted = ContainerUpdateBody {
            memory,
            // Equal to the memory: no swap.
            memory_swap: memory,
            nano_cpus: Some(i64::from(limits.cpus) * NANOS),
            ..Default::default()
        };
        self.api
            .update_container(id, wanted)
            .await
            .map_err(|failure| error::engine(operation, failure).with_context("container", id))
    }
}

/// What `--privileged` gives, spelled out: all of it, less the host's own devices and the one capability that hosts in
/// containers and sandboxes often lack themselves, with which the engine would refuse to start any of it.
fn body(spec: &MachineSpec) -> serde_json::Value {
    let volumes: BTreeMap<_, _> = spec.volumes.iter().map(|path| (path, json!({}))).collect();
    json!({
        "Image": spec.image,
        "Hostname": spec.hostname,
        "Labels": spec.labels,
        // The init writes to a console only if there is one.
        "Tty": true,
        "StopSignal": HALT,
        "Volumes": volumes,
        "HostConfig": {
            "CapAdd": ["ALL"],
            "CapDrop": ["SYS_RESOURCE"],
            "SecurityOpt": ["seccomp=unconfined", "apparmor=unconfined", "label=disable"],
            "MaskedPaths": [],
            "ReadonlyPaths": [],
            "DeviceCgroupRules": ["a *:* rwm"],
            "CgroupnsMode": "private",
            "Tmpfs": { "/run": "exec,mode=755", "/run/lock": "mode=1777", "/tmp": "exec,mode=1777" },
            "Memory": spec.limits.memory_bytes,
            "MemorySwap": spec.limits.memory_bytes,
            "NanoCpus": i64::from(spec.limits.cpus) * NANOS,
            "NetworkMode": spec.network,
            // A machine that was rebooted from inside comes up again, and so do all when their host does.
            "RestartPolicy": { "Name": "unless-stopped" },
            "LogConfig": { "Type": "json-file", "Config": { "max-size": "1m", "max-file": "2" } },
        },
        "NetworkingConfig": {
            "EndpointsConfig": {
                spec.network.as_str(): { "IPAMConfig": { "IPv4Address": spec.address.to_string() } },
            },
        },
    })
}

fn machine(found: ContainerInspectResponse) -> Result<Machine> {
    let created_at = found.created.as_deref().and_then(convert::timestamp);
    let id = found.id.filter(|id| !id.is_empty()).ok_or_else(|| {
        Error::new(ErrorKind::Internal, "container.inspect", "the engine's answer has no container id")
    })?;
    let state = found.state.unwrap_or_default();
    let config = found.config.unwrap_or_default();
    let host = found.host_config.unwrap_or_default();
    let networks = found.network_settings.and_then(|settings| settings.networks).unwrap_or_default();
    let addresses = networks
        .into_iter()
        .filter_map(|(name, endpoint)| Some((name, endpoint.ip_address?.parse().ok()?)))
        .collect();
    let positive = |number: Option<i64>| number.and_then(|number| u64::try_from(number).ok()).unwrap_or(0);
    Ok(Machine {
        id,
        name: found.name.unwrap_or_default().trim_start_matches('/').to_owned(),
        labels: convert::labels(config.labels),
        state: match state.status {
            Some(Status::RUNNING | Status::PAUSED | Status::STOPPING) => MachineState::Running,
            Some(Status::RESTARTING) => MachineState::Restarting,
            Some(Status::EXITED) => MachineState::Exited,
            Some(Status::REMOVING) => MachineState::Removing,
            Some(Status::DEAD) => MachineState::Dead,
            Some(Status::CREATED | Status::EMPTY) | None => MachineState::Created,
        },
        exit_code: state.exit_code.unwrap_or(0),
        error: state.error.unwrap_or_default(),
        addresses,
        limits: MachineLimits {
            cpus: u32::try_from(positive(host.nano_cpus) / NANOS.unsigned_abs()).unwrap_or(u32::MAX),
            memory_bytes: positive(host.memory),
        },
        created_at,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_has_limits_an_address_and_no_more_than_its_host() {
        let spec = MachineSpec {
            name: "a".into(),
            hostname: "web-1".into(),
            image: "i".into(),
            labels: BTreeMap::new(),
            network: "n".into(),
            address: Ipv4Addr::new(10, 0, 0, 7),
            volumes: vec!["/var/lib/docker".into()],
            limits: MachineLimits { cpus: 2, memory_bytes: 1 << 30 },
        };
        let body = body(&spec);
        let host = &body["HostConfig"];
        assert_eq!((&host["NanoCpus"], &host["MemorySwap"]), (&json!(2 * NANOS), &json!(1 << 30)));
        assert_eq!(host.get("Privileged"), None);
        let endpoint = &body["NetworkingConfig"]["EndpointsConfig"]["n"];
        assert_eq!(endpoint["IPAMConfig"]["IPv4Address"], "10.0.0.7");
        assert_eq!(body["Volumes"], json!({ "/var/lib/docker": {} }));
    }

    #[test]
    fn what_the_engine_says_of_a_machine_is_read() {
        let found: ContainerInspectResponse = serde_json::from_str(
            r#"{"Id":"1","Name":"/a","Created":"2026-11-21T01:34:23.437040272Z",
                "State":{"Status":"exited","ExitCode":255,"Error":""},
                "Config":{"Labels":null},"HostConfig":{"Memory":64,"NanoCpus":2000000000},
                "NetworkSettings":{"Networks":{"n":{"IPAddress":"10.0.0.7"},"off":{"IPAddress":""}}}}"#,
        )
        .unwrap();
        let machine = machine(found).unwrap();
        assert_eq!((machine.state, machine.exit_code), (MachineState::Exited, 255));
        assert_eq!(machine.limits, MachineLimits { cpus: 2, memory_bytes: 64 });
        assert_eq!(machine.addresses, BTreeMap::from([("n".to_owned(), "10.0.0.7".parse().unwrap())]));
        assert_eq!(machine.created_at, Some(Timestamp(1_795_224_863_437)));
    }
}
