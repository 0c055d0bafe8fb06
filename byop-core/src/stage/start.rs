//! Starts the container of a release beside the one that serves.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::Serialize;

use super::container::ReleaseContainer;
use super::{Stage, StageContext, labels, record, volumes};
use crate::error::Result;
use crate::model::{
    AppName, Backend, ContainerSpec, ImageInfo, NetworkSpec, PublishedPort, ReleaseConfig, Route, UserSpec,
};

/// Starts the container of a release.
#[derive(Debug)]
pub struct Start;

/// The input of [`Start`].
#[derive(Debug, Serialize)]
pub struct StartInput {
    /// The app.
    pub app: AppName,
    /// The route with the new release as its candidate.
    pub route: Route,
    /// The new release.
    pub backend: Backend,
    /// The image.
    pub image: ImageInfo,
    /// What the container is made from beside it.
    pub config: ReleaseConfig,
    /// Ports of the host that lead into it, beside HTTP.
    pub ports: Vec<PublishedPort>,
    /// What the container carries so that the store can be rebuilt, as JSON.
    pub record: String,
}

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
        let app = &input.app;
        let network = labels::network_name(app);
        let lasting = |name: &str| labels::of_lasting(app, &cx.job, input.backend.release, name);
        runtime
            .create_network(&NetworkSpec {
                name: network.clone(),
                labels: lasting(&network),
                internal: false,
            })
            .await?;
        for volume in &input.config.volumes {
            let name = labels::volume_name(app, &volume.name);
            runtime.create_volume(&name, &lasting(&name)).await?;
        }
        cx.ingress.join_network(runtime, &network).await?;
        let spec = container_spec(cx, input).await?;
        let start = async {
            let user = input.config.user.or_else(|| numeric_user(&input.image.user));
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
    let mut secrets = BTreeMap::new();
    for (name, reference) in &input.config.secrets {
        secrets.insert(name.clone(), cx.secrets.get_secret(reference).await?);
    }
    let container = ReleaseContainer {
        app: &input.app,
        job: &cx.job,
        backend: &input.backend,
        image_id: &input.image.id,
        config: &input.config,
        ports: &input.ports,
    };
    let mut spec = container.spec(&secrets);
    spec.labels.insert(record::LABEL.into(), input.record.clone());
    if spec.user.is_none() && runs_as_root(&input.image.user) {
        cx.warn("the image runs as root; set `user` in the app's spec, or USER in its Dockerfile").await;
    }
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
