//! Stops the releases that no longer receive requests, after they had time to finish.

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Stage, StageContext, labels};
use crate::error::{ErrorKind, Result};
use crate::model::{ContainerState, StepPolicy};
use crate::runtime::ContainerRuntimeExt;

/// Stops and removes what is not the serving release.
#[derive(Debug)]
pub struct Retire;

/// The input of [`Retire`].
#[derive(Debug, Serialize)]
pub struct RetireInput {
    /// The container that stays.
    pub keep: String,
    /// Seconds for requests in flight.
    pub drain_seconds: u32,
    /// How many of the app's images stay, the newest first, for going back.
    pub keep_images: usize,
    /// How many bytes those may have together.
    pub keep_image_bytes: Option<u64>,
    /// The image that serves.
    pub image_id: String,
    /// The image of the release before, which stays in any case.
    pub needed_image_id: Option<String>,
}

/// What was removed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Retired {
    /// Containers, by name.
    pub containers: Vec<String>,
    /// Images, by id.
    pub images: Vec<String>,
}

/// Seconds between the stop signal and the end of an old release.
const GRACE: Duration = Duration::from_secs(10);

#[async_trait]
impl Stage for Retire {
    type Context = StageContext;
    type Input = RetireInput;
    type Output = Retired;
    const NAME: &'static str = "retire";

    /// Nobody comes back for what is left behind.
    fn policy(&self) -> StepPolicy {
        StepPolicy::default().with_attempts(20)
    }

    fn describe(&self, input: &RetireInput) -> String {
        format!("let the old release finish for {} s, then stop it", input.drain_seconds)
    }

    async fn run(&self, cx: &StageContext, input: &RetireInput) -> Result<Retired> {
        let all = cx.runtime.list_containers(&labels::containers(&cx.app)).await?;
        let old: Vec<_> = all.into_iter().filter(|container| container.name != input.keep).collect();
        if old.iter().any(|container| container.state == ContainerState::Running) {
            tokio::time::sleep(Duration::from_secs(input.drain_seconds.into())).await;
        }
        let mut retired = Retired { containers: Vec::new(), images: Vec::new() };
        for container in old {
            match cx.runtime.stop_container(&container.id, GRACE).await {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            cx.runtime.remove_container(&container.id).await?;
            retired.containers.push(container.name);
        }
        let images = cx.runtime.list_images(&labels::filter(&cx.app)).await?;
        let (mut kept, mut bytes) = (0, 0);
        for image in images.iter().filter(|image| image.id != input.image_id) {
            let is_needed = input.needed_image_id.as_ref() == Some(&image.id);
            let has_room = input.keep_image_bytes.is_none_or(|most| bytes + image.size_bytes <= most);
            if is_needed || (kept < input.keep_images && has_room) {
                kept += 1;
                bytes += image.size_bytes;
                continue;
            }
            match cx.runtime.remove_image_and_tags(image).await {
                Ok(()) => retired.images.push(image.id.clone()),
                // Something else uses it; it is tried again after the next deployment.
                Err(error) if error.kind() == ErrorKind::Conflict => {}
                Err(error) => return Err(error),
            }
        }
        Ok(retired)
    }
}
