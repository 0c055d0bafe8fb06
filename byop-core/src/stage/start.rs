//! Starts the container of a release beside the one that serves.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::Serialize;

use super::{Stage, StageContext, labels, volumes};
use crate::digest::Digest;
use crate::error::Result;
use crate::model::{
    AppSpec, Backend, ContainerSpec, ImageInfo, MountSpec, NetworkSpec, PortBinding, PublishedPort,
    RestartPolicy, Route, UserSpec, VolumeSpec,
};
use crate::secret::Secret;

/// Starts the container of a release.
#[derive(Debug)]
pub struct Start;

/// The input of [`Start`].
#[derive(Debug, Serialize)]
pub struct StartInput {
    /// What its owner wants.
    pub spec: AppSpec,
    /// The route with the new release as its candidate.
    pub route: Route,
    /// The new release.
    pub backend: Backend,
    /// The image.
    pub image: ImageInfo,
    /// Environment from the plan; the spec's wins.
    pub env: BTreeMap<String, String>,
    /// The command in place of the image's.
    pub command: Option<Vec<String>>,
    /// Folders that outlive a release.
    pub volumes: Vec<VolumeSpec>,
    /// Folders that the app writes to besides `/tmp`.
    pub writable: Vec<String>,
    /// Ports of the host that lead into it, beside HTTP.
    pub ports: Vec<PublishedPort>,
}

/// A folder in memory.
const TMPFS_BYTES: u64 = 64 << 20;

#[async_trait]
impl Stage for Start {
    type Context = StageContext;
    type Input = StartInput;
    type Output = ();
    const NAME: &'static str = "start";

    fn describe(&self, input: &StartInput) -> String {
        format!("start release {}", input.backend.release)
    }

    async fn run(&self, cx: &StageContext, input: &StartInput) -> Result<()> {
        let runtime = cx.runtime.as_ref();
        let app = &input.spec.name;
        let network = labels::network_name(app);
        let object_labels = labels::of_app(app, &cx.job);
        runtime
            .create_network(&NetworkSpec {
                name: network.clone(),
                labels: object_labels.clone(),
                internal: false,
            })
            .await?;
        for volume in &input.volumes {
            runtime.create_volume(&labels::volume_name(app, &volume.name), &object_labels).await?;
        }
        cx.ingress.join_network(runtime, &network).await?;
        let spec = container_spec(cx, input).await?;
        let start = async {
            let user = input.spec.user.or_else(|| numeric_user(&input.image.user));
            volumes::give_to(runtime, user, &spec).await?;
            runtime.create_container(&spec).await?;
            runtime.start_container(&spec.name).await
        };
        // The proxy can learn of the candidate while its container is being made: only probes go there.
        tokio::try_join!(start, cx.ingress.apply_route(runtime, &input.route))?;
        Ok(())
    }
}

async fn container_spec(cx: &StageContext, input: &StartInput) -> Result<ContainerSpec> {
    let app = &input.spec.name;
    let mut spec = ContainerSpec::new(&input.backend.container, &input.image.id);
    for (name, value) in &input.env {
        spec.env.insert(name.clone(), Secret::new(value.clone()));
    }
    spec.env.insert("PORT".into(), Secret::new(input.backend.port.to_string()));
    for port in &input.ports {
        spec.env.insert(port.variable(), Secret::new(port.host_port.to_string()));
        spec.ports.push(PortBinding {
            host_ip: "0.0.0.0".into(),
            host_port: port.host_port,
            container_port: port.container_port,
            protocol: port.protocol,
        });
    }
    for (name, value) in &input.spec.env {
        spec.env.insert(name.to_string(), Secret::new(value.clone()));
    }
    for (name, reference) in &input.spec.secrets {
        spec.env.insert(name.to_string(), cx.secrets.get_secret(reference).await?);
    }
    spec.labels = labels::of_app(app, &cx.job);
    spec.labels.insert("byop.release".into(), input.backend.release.to_string());
    spec.labels.insert("byop.port".into(), input.backend.port.to_string());
    let domains: Vec<&str> = input.spec.domains.iter().map(|domain| domain.as_str()).collect();
    spec.labels.insert("byop.domains".into(), domains.join(","));
    let key = Digest::of_json(&(&cx.job, input)).to_string();
    // The labels by which Compose's own program finds the containers of a project.
    for (name, value) in [
        ("project", app.as_str()),
        ("service", "web"),
        ("oneoff", "False"),
        ("container-number", "1"),
        ("config-hash", &key),
    ] {
        spec.labels.insert(format!("com.docker.compose.{name}"), value.into());
    }
    spec.labels.insert("byop.key".into(), key);
    spec.user = input.spec.user;
    if spec.user.is_none() && runs_as_root(&input.image.user) {
        cx.warn("the image runs as root; set `user` in the app's spec, or USER in its Dockerfile").await;
    }
    spec.command.clone_from(&input.command);
    spec.networks = vec![labels::network_name(app)];
    spec.aliases = vec![app.to_string()];
    spec.mounts = input
        .volumes
        .iter()
        .map(|volume| MountSpec {
            volume: labels::volume_name(app, &volume.name),
            path: volume.path.clone(),
            read_only: false,
        })
        .collect();
    let is_mounted = |path: &str| input.volumes.iter().any(|volume| volume.path == path);
    let in_memory = ["/tmp", "/run"].into_iter().chain(input.writable.iter().map(String::as_str));
    spec.tmpfs =
        in_memory.filter(|path| !is_mounted(path)).map(|path| (path.to_owned(), TMPFS_BYTES)).collect();
    spec.resources = Some(input.spec.resources.clone());
    spec.restart = RestartPolicy::UnlessStopped;
    spec.init = true;
    Ok(spec)
}

fn runs_as_root(user: &str) -> bool {
    matches!(user.split(':').next().unwrap_or_default(), "" | "0" | "root")
}

fn numeric_user(user: &str) -> Option<UserSpec> {
    let (uid, gid) = user.split_once(':').unwrap_or((user, user));
    Some(UserSpec { uid: uid.parse().ok()?, gid: gid.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_is_recognised_in_every_spelling() {
        for root in ["", "0", "root", "0:0", "root:app"] {
            assert!(runs_as_root(root), "{root}");
        }
        assert!(!runs_as_root("10001:10001"));
        assert_eq!(numeric_user("10001"), Some(UserSpec { uid: 10_001, gid: 10_001 }));
        assert_eq!(numeric_user("node"), None);
    }
}
