//! Removes everything of an app.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Stage, StageContext, labels};
use crate::error::Result;
use crate::model::StepPolicy;
use crate::runtime::ContainerRuntimeExt;

/// Removes everything of an app from the host.
#[derive(Debug)]
pub struct Remove;

/// What happens to an app's volumes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Data {
    /// They stay, and a later app of the same name finds them.
    Keep,
    /// They are removed with all that is in them.
    Delete,
}

/// The input of [`Remove`].
#[derive(Debug, Serialize)]
pub struct RemoveInput {
    /// What becomes of the volumes.
    pub data: Data,
}

#[async_trait]
impl Stage for Remove {
    type Context = StageContext;
    type Input = RemoveInput;
    type Output = ();
    const NAME: &'static str = "remove";

    /// Nobody comes back for what is left behind.
    fn policy(&self) -> StepPolicy {
        StepPolicy::default().with_attempts(20)
    }

    fn describe(&self, input: &RemoveInput) -> String {
        match input.data {
            Data::Keep => "remove the app, keep its data".into(),
            Data::Delete => "remove the app and its data".into(),
        }
    }

    async fn run(&self, cx: &StageContext, input: &RemoveInput) -> Result<()> {
        let (runtime, filter) = (cx.runtime.as_ref(), labels::filter(&cx.app));
        cx.ingress.delete_route(runtime, &cx.app).await?;
        for container in runtime.list_containers(&labels::containers(&cx.app)).await? {
            runtime.remove_container(&container.id).await?;
        }
        for network in runtime.list_networks(&filter).await? {
            cx.ingress.leave_network(runtime, &network.name).await?;
            runtime.remove_network(&network.name).await?;
        }
        if input.data == Data::Delete {
            for volume in runtime.list_volumes(&filter).await? {
                runtime.remove_volume(&volume.name).await?;
            }
        }
        for image in runtime.list_images(&filter).await? {
            runtime.remove_image_and_tags(&image).await?;
        }
        Ok(())
    }
}
