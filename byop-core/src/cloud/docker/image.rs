//! Images of servers: made on the engine from the distribution's own.

use futures_util::StreamExt;

use super::missing;
use crate::digest::Digest;
use crate::docker::Docker;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{BuildEvent, BuildImageSpec, FileSet, ImageInfo, ImageRef, ServerImage};
use crate::runtime::{ContainerRuntime, ContainerRuntimeExt};
use crate::source::{BuildContext, SourceTree};

const PREPARE: &str = "image.prepare";
const FIND: &str = "image.find";
/// The label of the images that are made here, with the digest of what they were made from.
const RECIPE: &str = "byop.server-image";
/// Names, what people call them, and what they are made from.
const KNOWN: [(&str, &str, &str); 2] =
    [("debian-12", "Debian 12", "debian:bookworm-slim"), ("debian-13", "Debian 13", "debian:trixie-slim")];
const FILES: [(&str, &str); 4] = [
    ("Dockerfile", include_str!("image/Dockerfile")),
    ("cloud.cfg", include_str!("image/cloud.cfg")),
    ("dns.service", include_str!("image/dns.service")),
    ("start.sh", include_str!("image/start.sh")),
];

/// The image on the engine.
pub(super) fn tag(name: &str) -> String {
    format!("byop/server:{name}")
}

/// What an image of this name is made from.
fn recipe(base: &str) -> [(&'static str, String); 4] {
    FILES.map(|(name, text)| match name {
        "Dockerfile" => (name, format!("FROM {base}\n{text}")),
        _ => (name, text.to_owned()),
    })
}

/// Makes the image of this name unless the engine has it.
pub(super) async fn prepare(engine: &Docker, name: &str) -> Result<ServerImage> {
    let Some((_, _, base)) = KNOWN.iter().find(|(known, ..)| *known == name) else {
        let known = KNOWN.map(|(name, ..)| name).join(", ");
        return Err(missing(PREPARE, "image", name).with_remedy(format!("use one of: {known}")));
    };
    let files = recipe(base);
    let digest = Digest::of_json(&files.iter().collect::<Vec<_>>());
    let failed = |error: Error| error.with_operation(PREPARE).with_context("image", name);
    let found = engine.find_image(&tag(name)).await.map_err(failed)?;
    if found.is_none_or(|image| image.labels.get(RECIPE).map(String::as_str) != Some(digest.short())) {
        let tree = SourceTree::from_files(files).map_err(failed)?;
        let context = BuildContext::new(&tree, &FileSet::new()).map_err(failed)?;
        let mut spec = BuildImageSpec::new(ImageRef::new(tag(name))?);
        spec.builder = engine.info().await.map_err(failed)?.builder;
        spec.labels.insert(RECIPE.into(), digest.short().to_owned());
        let mut events = engine.build_image(&spec, context).await.map_err(failed)?;
        while let Some(event) = events.next().await {
            if let BuildEvent::Log(line) = event.map_err(failed)? {
                tracing::debug!(image = name, "{line}");
            }
        }
    }
    find(engine, name).await?.ok_or_else(|| missing(PREPARE, "image", name))
}

/// The image of this name, if the engine has it.
pub(super) async fn find(engine: &Docker, name: &str) -> Result<Option<ServerImage>> {
    if name.contains(['/', ':', '@']) || look(engine, FIND, name).await?.is_none() {
        return Ok(None);
    }
    let host = engine.info().await.map_err(|error| error.with_operation(FIND))?;
    let shown = KNOWN.iter().find(|(known, ..)| *known == name).map_or(name, |(_, shown, _)| *shown);
    Ok(Some(ServerImage::new(name, shown).with_architecture(host.architecture).with_user("debian")))
}

/// The engine's image of this name. One that could be made, but was not, is an error that says how.
pub(super) async fn look(engine: &Docker, operation: &'static str, name: &str) -> Result<Option<ImageInfo>> {
    let found = engine.find_image(&tag(name)).await.map_err(|error| error.with_operation(operation))?;
    if found.is_none() && KNOWN.iter().any(|(known, ..)| *known == name) {
        return Err(Error::new(ErrorKind::NotFound, operation, "the engine does not have this image yet")
            .with_context("image", name)
            .with_remedy(format!(
                "make it once: DockerCloud::prepare_image(\"{name}\"), which takes a minute"
            )));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_image_is_made_from_files_that_the_context_sends() {
        let mut digests = Vec::new();
        for (_, _, base) in KNOWN {
            let files = recipe(base);
            assert!(files[0].1.starts_with(&format!("FROM {base}\n# ")), "{}", files[0].1);
            let tree = SourceTree::from_files(files).unwrap();
            let context = BuildContext::new(&tree, &FileSet::new()).unwrap();
            assert_eq!(
                context.paths().collect::<Vec<_>>(),
                ["Dockerfile", "cloud.cfg", "dns.service", "start.sh"]
            );
            digests.push(context.digest().unwrap());
        }
        assert_ne!(digests[0], digests[1]);
    }
}
