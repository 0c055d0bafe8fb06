//! Containers: create hardened, start, stop, remove, look.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use bollard::models::{
    ContainerCreateBody, ContainerCreateResponse, ContainerInspectResponse, EndpointSettings, HealthConfig,
    HostConfig, HostConfigLogConfig, Mount, MountType, NetworkingConfig, PortBinding as HostPort,
    RestartPolicy as EngineRestart, RestartPolicyNameEnum,
};
use bollard::query_parameters::{
    ListContainersOptionsBuilder, RemoveContainerOptionsBuilder, StopContainerOptionsBuilder,
};

use super::{Docker, checked, checked_image, checked_new, convert, error, label_filters};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{
    ContainerFilter, ContainerHealth, ContainerSpec, ContainerSummary, PortBinding, RestartPolicy,
};

const KEY: &str = "byop.key";
const CREATE: &str = "container.create";
/// The first API with a shorter check interval while a container starts.
const START_INTERVAL_SINCE: (u32, u32) = (1, 44);

impl Docker {
    pub(super) async fn inspect(
        &self,
        operation: &'static str,
        id: &str,
    ) -> Result<ContainerInspectResponse> {
        let id = checked(operation, id)?;
        // Not through the client library: it writes whole answers to its log, and this one has the environment.
        let answer = self.wire.get_whole(operation, &format!("/containers/{id}/json")).await;
        let answer = answer.map_err(|error| error.with_context("container", id))?;
        serde_json::from_slice(&answer)
            .map_err(|error| error::internal(operation, "the engine's answer cannot be understood", error))
    }

    pub(super) async fn create(&self, spec: &ContainerSpec) -> Result<String> {
        validate(spec)?;
        self.check_parts(spec).await?;
        let version = self.wire.version().await.map_err(|failure| error::engine(CREATE, failure))?;
        let body = body(spec, version >= Some(START_INTERVAL_SINCE));
        let id = match self.send_create(&spec.name, &body).await {
            Ok(id) => id,
            Err(error) => {
                let error = error.with_context("container", &spec.name);
                if error.kind() != ErrorKind::Conflict {
                    return Err(error);
                }
                self.same_container(spec, error).await?
            }
        };
        // Engines before 1.44 take only one network when a container is created.
        if spec.share_network_with.is_none() {
            for network in spec.networks.iter().skip(1) {
                self.join(network, &id, &spec.aliases).await.map_err(|error| error.with_operation(CREATE))?;
            }
        }
        Ok(id)
    }

    /// Not through the client library: it writes what it sends to its log, and this has the environment.
    async fn send_create(&self, name: &str, body: &ContainerCreateBody) -> Result<String> {
        let body = serde_json::to_value(body)
            .map_err(|error| error::internal(CREATE, "the request cannot be written", error))?;
        let answer = self.wire.post(CREATE, &format!("/containers/create?name={name}"), &body).await?;
        serde_json::from_slice::<ContainerCreateResponse>(&answer)
            .map(|made| made.id)
            .map_err(|error| error::internal(CREATE, "the engine's answer cannot be understood", error))
    }

    /// The id of the container that has the name, if it is the one that was asked for.
    async fn same_container(&self, spec: &ContainerSpec, conflict: Error) -> Result<String> {
        let found = self.holder(&spec.name, conflict).await?;
        let labels = found.config.and_then(|config| config.labels).unwrap_or_default();
        let same = spec.labels.get(KEY).is_some_and(|key| labels.get(KEY) == Some(key));
        match found.id {
            Some(id) if same => Ok(id),
            _ => Err(Error::new(ErrorKind::AlreadyExists, CREATE, "another container has this name")
                .with_context("container", &spec.name)
                .with_remedy("remove it, or choose another name")),
        }
    }

    /// The container that has a name. Another creation reserves the name a moment before its container can be seen.
    pub(super) async fn holder(&self, name: &str, conflict: Error) -> Result<ContainerInspectResponse> {
        for _ in 0..40 {
            match self.inspect(CREATE, name).await {
                Err(error) if error::is_missing(&error) => {
                    tokio::time::sleep(Duration::from_millis(50)).await
                }
                other => return other,
            }
        }
        Err(conflict)
    }

    /// The engine would make missing volumes by itself, without labels, and find missing networks only at the start.
    async fn check_parts(&self, spec: &ContainerSpec) -> Result<()> {
        for mount in &spec.mounts {
            let name = checked(CREATE, &mount.volume)?;
            self.api
                .inspect_volume(name)
                .await
                .map_err(|failure| error::engine(CREATE, failure).with_context("volume", name))?;
        }
        if spec.share_network_with.is_none() {
            for network in &spec.networks {
                let name = checked(CREATE, network)?;
                self.api
                    .inspect_network(name, None)
                    .await
                    .map_err(|failure| error::engine(CREATE, failure).with_context("network", name))?;
            }
        }
        Ok(())
    }

    pub(super) async fn start(&self, id: &str) -> Result<()> {
        let operation = "container.start";
        let id = checked(operation, id)?;
        self.api
            .start_container(id, None)
            .await
            .map_err(|failure| error::engine(operation, failure).with_context("container", id))
    }

    pub(super) async fn stop(&self, id: &str, grace: Duration) -> Result<()> {
        let operation = "container.stop";
        let id = checked(operation, id)?;
        // Whole seconds, rounded up: a grace that was asked for is never cut to none.
        let seconds = grace.as_secs() + u64::from(grace.subsec_nanos() > 0);
        let seconds = i32::try_from(seconds).unwrap_or(i32::MAX);
        let options = StopContainerOptionsBuilder::default().t(seconds).build();
        self.patient(grace)
            .stop_container(id, Some(options))
            .await
            .map_err(|failure| error::engine(operation, failure).with_context("container", id))
    }

    pub(super) async fn remove(&self, id: &str) -> Result<()> {
        let operation = "container.remove";
        let id = checked(operation, id)?;
        let options = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
        match self.api.remove_container(id, Some(options)).await {
            Ok(()) => Ok(()),
            Err(failure) => {
                let error = error::engine(operation, failure).with_context("container", id);
                // Someone else is at it. Gone is what was asked for, so wait for that.
                if error.kind() == ErrorKind::Conflict && error.message().contains("already in progress") {
                    return self.wait_gone(id, error).await;
                }
                Err(error)
            }
        }
    }

    async fn wait_gone(&self, id: &str, error: Error) -> Result<()> {
        for _ in 0..100 {
            tokio::time::sleep(Duration::from_millis(50)).await;
            self.inspect("container.remove", id).await?;
        }
        Err(error)
    }

    pub(super) async fn containers(&self, filter: &ContainerFilter) -> Result<Vec<ContainerSummary>> {
        let options =
            ListContainersOptionsBuilder::default().all(true).filters(&label_filters(filter)).build();
        let found = self
            .api
            .list_containers(Some(options))
            .await
            .map_err(|failure| error::engine("container.list", failure))?;
        let mut found: Vec<_> = found.into_iter().map(convert::summary).collect();
        found.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }
}

fn validate(spec: &ContainerSpec) -> Result<()> {
    checked_new(CREATE, &spec.name)?;
    checked_image(CREATE, &spec.image)?;
    if let Some(other) = &spec.share_network_with {
        checked(CREATE, other)?;
    }
    let invalid = |message: &'static str, key: &'static str, value: &str| {
        Err(Error::invalid(CREATE, message)
            .with_context("container", &spec.name)
            .with_context(key, value.escape_default()))
    };
    for (name, value) in &spec.env {
        if name.is_empty() || name.contains(['=', '\0']) || value.expose().contains('\0') {
            return invalid("an environment variable cannot be passed on", "variable", name);
        }
    }
    let paths = spec.tmpfs.keys().chain(spec.mounts.iter().map(|mount| &mount.path));
    for path in paths {
        if !path.starts_with('/')
            || path.len() < 2
            || path.contains(['\0', ',', ':'])
            || path.contains("/../")
        {
            return invalid("a folder must be absolute", "path", path);
        }
    }
    for port in &spec.ports {
        if port.container_port == 0 || port.host_ip.parse::<std::net::IpAddr>().is_err() {
            return invalid("a published port needs an address and a port", "address", &port.host_ip);
        }
    }
    Ok(())
}

pub(super) fn body(spec: &ContainerSpec, has_start_interval: bool) -> ContainerCreateBody {
    let networks: BTreeSet<_> = spec.networks.first().into_iter().collect();
    let shared = spec.share_network_with.is_some();
    let endpoints = networks.into_iter().filter(|_| !shared).map(|network| {
        let endpoint = EndpointSettings { aliases: Some(spec.aliases.clone()), ..Default::default() };
        (network.clone(), endpoint)
    });
    ContainerCreateBody {
        image: Some(spec.image.clone()),
        entrypoint: spec.entrypoint.clone(),
        cmd: spec.command.clone(),
        env: Some(spec.env.iter().map(|(name, value)| format!("{name}={}", value.expose())).collect()),
        labels: Some(spec.labels.clone().into_iter().collect()),
        user: spec.user.map(|user| format!("{}:{}", user.uid, user.gid)),
        exposed_ports: Some(spec.ports.iter().map(inside).collect()),
        stop_timeout: Some(i64::from(spec.stop_timeout_seconds)),
        healthcheck: spec.health.as_ref().map(|health| health_check(health, has_start_interval)),
        host_config: Some(host(spec)),
        networking_config: Some(NetworkingConfig { endpoints_config: Some(endpoints.collect()) }),
        ..Default::default()
    }
}

/// As the engine writes a port of a container.
fn inside(port: &PortBinding) -> String {
    format!("{}/{}", port.container_port, port.protocol)
}

fn host(spec: &ContainerSpec) -> HostConfig {
    let limits = spec.resources.as_ref();
    let memory = limits.and_then(|limits| i64::try_from(limits.memory_bytes).ok()).filter(|bytes| *bytes > 0);
    let mut ports: HashMap<String, Option<Vec<HostPort>>> = HashMap::new();
    for port in &spec.ports {
        let host =
            HostPort { host_ip: Some(port.host_ip.clone()), host_port: Some(port.host_port.to_string()) };
        ports.entry(inside(port)).or_default().get_or_insert_default().push(host);
    }
    let tmpfs = spec.tmpfs.iter().map(|(path, size)| {
        let size = if *size > 0 { format!(",size={size}") } else { String::new() };
        (path.clone(), format!("rw,nosuid,nodev,noexec,mode=1777{size}"))
    });
    let mounts = spec.mounts.iter().map(|mount| Mount {
        typ: Some(MountType::VOLUME),
        source: Some(mount.volume.clone()),
        target: Some(mount.path.clone()),
        read_only: Some(mount.read_only),
        ..Default::default()
    });
    HostConfig {
        memory,
        // Equal to the memory: no swap.
        memory_swap: memory,
        nano_cpus: limits.map(|limits| nano_cpus(limits.cpus)).filter(|cpus| *cpus > 0),
        pids_limit: limits.map(|limits| i64::from(limits.pids)).filter(|pids| *pids > 0),
        cap_drop: Some(vec!["ALL".into()]),
        cap_add: Some(spec.capabilities.clone()),
        security_opt: Some(vec!["no-new-privileges".into()]),
        readonly_rootfs: Some(!spec.writable_root),
        tmpfs: Some(tmpfs.collect()),
        mounts: Some(mounts.collect()),
        port_bindings: Some(ports),
        network_mode: match (&spec.share_network_with, spec.networks.first()) {
            (Some(container), _) => Some(format!("container:{container}")),
            (None, first) => first.cloned(),
        },
        restart_policy: Some(EngineRestart {
            name: Some(match spec.restart {
                RestartPolicy::No => RestartPolicyNameEnum::NO,
                RestartPolicy::UnlessStopped => RestartPolicyNameEnum::UNLESS_STOPPED,
            }),
            maximum_retry_count: None,
        }),
        init: Some(spec.init),
        log_config: Some(HostConfigLogConfig {
            typ: Some("json-file".into()),
            config: Some(HashMap::from([
                ("max-size".to_owned(), "10m".to_owned()),
                ("max-file".to_owned(), "3".to_owned()),
            ])),
        }),
        ..Default::default()
    }
}

#[allow(clippy::cast_possible_truncation)]
fn nano_cpus(cpus: f64) -> i64 {
    (cpus.clamp(0.0, 1e6) * 1e9).round() as i64
}

fn health_check(health: &ContainerHealth, has_start_interval: bool) -> HealthConfig {
    if health.command.is_empty() {
        return HealthConfig { test: Some(vec!["NONE".into()]), ..Default::default() };
    }
    let nanos = |seconds: u32| Some(i64::from(seconds) * 1_000_000_000);
    let test = std::iter::once("CMD".to_owned()).chain(health.command.iter().cloned());
    HealthConfig {
        test: Some(test.collect()),
        interval: nanos(health.interval_seconds),
        timeout: nanos(health.timeout_seconds),
        retries: Some(i64::from(health.retries)),
        start_period: nanos(health.start_period_seconds),
        start_interval: nanos(1).filter(|_| has_start_interval && health.start_period_seconds > 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{MountSpec, Protocol, ResourceLimits, UserSpec};
    use crate::secret::Secret;

    #[test]
    fn a_container_is_hardened_by_default() {
        let host = host(&ContainerSpec::new("a", "b"));
        assert_eq!(host.cap_drop, Some(vec!["ALL".to_owned()]));
        assert_eq!(host.security_opt, Some(vec!["no-new-privileges".to_owned()]));
        assert_eq!(host.readonly_rootfs, Some(true));
        assert_eq!(host.privileged, None);
    }

    #[test]
    fn limits_leave_no_swap() {
        let mut spec = ContainerSpec::new("a", "b");
        spec.resources = Some(ResourceLimits { memory_bytes: 64 << 20, cpus: 0.25, pids: 9 });
        let host = host(&spec);
        assert_eq!((host.memory, host.memory_swap), (Some(64 << 20), Some(64 << 20)));
        assert_eq!((host.nano_cpus, host.pids_limit), (Some(250_000_000), Some(9)));
    }

    #[test]
    fn values_are_shown_to_the_engine_only() {
        let mut spec = ContainerSpec::new("a", "b");
        spec.env.insert("TOKEN".into(), Secret::new("s3cret"));
        spec.user = Some(UserSpec { uid: 1, gid: 2 });
        let body = body(&spec, true);
        assert_eq!(body.env, Some(vec!["TOKEN=s3cret".to_owned()]));
        assert_eq!(body.user.as_deref(), Some("1:2"));
        assert!(!format!("{spec:?}").contains("s3cret"));
    }

    #[test]
    fn values_that_the_engine_would_misread_are_refused() {
        let refused = |change: fn(&mut ContainerSpec)| {
            let mut spec = ContainerSpec::new("a", "b");
            change(&mut spec);
            validate(&spec).unwrap_err().kind()
        };
        let kinds = [
            refused(|spec| spec.env = [("A=B".into(), Secret::new(""))].into()),
            refused(|spec| spec.tmpfs = [("tmp".into(), 1)].into()),
            refused(|spec| {
                spec.mounts.push(MountSpec { volume: "v".into(), path: "/a/../b".into(), read_only: false });
            }),
            refused(|spec| {
                spec.ports.push(PortBinding {
                    host_ip: "localhost".into(),
                    host_port: 1,
                    container_port: 1,
                    protocol: Protocol::Tcp,
                });
            }),
            refused(|spec| spec.name = "a/b".into()),
        ];
        assert!(kinds.iter().all(|kind| *kind == ErrorKind::InvalidInput), "{kinds:?}");
    }

    #[test]
    fn an_empty_check_switches_the_images_own_off() {
        let health = ContainerHealth {
            command: vec![],
            interval_seconds: 1,
            timeout_seconds: 1,
            retries: 1,
            start_period_seconds: 1,
        };
        assert_eq!(health_check(&health, true).test, Some(vec!["NONE".to_owned()]));
        assert_eq!(
            health_check(&ContainerHealth { command: vec!["a".into()], ..health }, false).start_interval,
            None
        );
    }
}
