//! Finds out what a server is made from, once for all tries.

use async_trait::async_trait;
use serde::Serialize;

use super::ServerContext;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{ServerPlan, ServerRequest, StepPolicy};
use crate::stage::Stage;

/// Finds the size and the image of a server. Recorded, so that all tries ask for the same one, even when the provider
/// brings a newer image meanwhile.
#[derive(Debug)]
pub struct ChooseServer;

/// The input of [`ChooseServer`].
#[derive(Debug, Serialize)]
pub struct ChooseServerInput {
    /// What is wanted.
    pub request: ServerRequest,
}

const CHOOSE: &str = "server.choose";

#[async_trait]
impl Stage for ChooseServer {
    type Context = ServerContext;
    type Input = ChooseServerInput;
    type Output = ServerPlan;
    const NAME: &'static str = "choose_server";

    fn describe(&self, input: &ChooseServerInput) -> String {
        let request = &input.request;
        format!("find the size {} and the image {} in {}", request.size, request.image, request.region)
    }

    fn policy(&self) -> StepPolicy {
        StepPolicy::default().with_attempts(8)
    }

    async fn run(&self, cx: &ServerContext, input: &ChooseServerInput) -> Result<ServerPlan> {
        let (request, provider) = (&input.request, &cx.provider);
        let missing = |what: &'static str, value: &str, known: Option<String>| {
            let error = Error::invalid(CHOOSE, format!("the provider does not have this {what}"))
                .with_context(what, value)
                .with_context("provider", provider.name());
            match known {
                Some(known) => error.with_remedy(format!("use one of: {known}")),
                None => error.with_remedy("use the provider's id of an image, or an alias such as debian-12"),
            }
        };
        if request.reserved_ip && provider.reserved_ips().is_none() {
            return Err(unsupported("reserved addresses", provider.name()));
        }
        if !request.firewall.is_empty() && provider.firewalls().is_none() {
            return Err(unsupported("firewalls", provider.name()));
        }
        if !request.ssh_keys.is_empty() && provider.ssh_keys().is_none() {
            return Err(unsupported("SSH keys of its own", provider.name()));
        }
        let size = match provider.find_size(&request.region, &request.size).await {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let regions = provider.list_regions().await?;
                let known: Vec<_> = regions.iter().map(|region| region.id.0.as_str()).collect();
                return Err(missing("region", &request.region.0, Some(known.join(", "))).with_source(error));
            }
            other => other?,
        };
        let Some(size) = size else {
            let sizes = provider.list_sizes(&request.region).await?;
            let known: Vec<_> = sizes.iter().take(40).map(|size| size.id.as_str()).collect();
            return Err(missing("size", &request.size, Some(known.join(", "))));
        };
        let image = provider.find_image(&request.region, &request.image).await?;
        let image = image.ok_or_else(|| missing("image", &request.image, None))?;
        if image.architecture != size.architecture {
            return Err(Error::invalid(CHOOSE, "the image is for another architecture than the size")
                .with_context("image", format!("{} ({})", image.name, image.architecture))
                .with_context("size", format!("{} ({})", size.id, size.architecture))
                .with_remedy("choose an image or a size of the same architecture"));
        }
        if image.min_disk_bytes > size.disk_bytes {
            return Err(Error::invalid(CHOOSE, "the image does not fit on the size's disk")
                .with_context("image", &image.name)
                .with_context("needs", image.min_disk_bytes)
                .with_context("has", size.disk_bytes)
                .with_remedy("choose a size with a larger disk"));
        }
        Ok(ServerPlan::new(provider.name(), request.region.clone(), size, image))
    }
}

fn unsupported(what: &str, provider: &str) -> Error {
    Error::new(ErrorKind::Unsupported, CHOOSE, format!("the provider has no {what}"))
        .with_context("provider", provider)
        .with_remedy("leave it out of the request, or let the server's user data do it")
}
