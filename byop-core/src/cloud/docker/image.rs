//! Images of servers: made on the engine from the distribution's own.

use futures_util::StreamExt;

use super::missing;
use crate::digest::Digest;
use crate::docker::Docker;
use crate::error::{Error, Result};
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
    make(engine, name).await?;
    find(engine, name).await?.ok_or_else(|| missing(PREPARE, "image", name))
}

async fn make(engine: &Docker, name: &str) -> Result<ImageInfo> {
    let Some((_, _, base)) = KNOWN.iter().find(|(known, ..)| *known == name) else {
        let known = KNOWN.map(|(name, ..)| name).join(", ");
        return Err(missing(PREPARE, "image", name).with_remedy(format!("use one of: {known}")));
    };
    let files = recipe(base);
    let digest = Digest::of_json(&files.iter().collect::<Vec<_>>());
    let failed = |error: Error| error.with_operation(PREPARE).with_context("image", name);
    let found = engine.find_image(&tag(name)).await.map_err(failed)?;
    let is_current = |image: &ImageInfo| image.labels.get(RECIPE).is_some_and(|made| made == digest.short());
    if let Some(image) = found.filter(is_current) {
        return Ok(image);
    }
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
    engine.find_image(&tag(name)).await.map_err(failed)?.ok_or_else(|| missing(PREPARE, "image", name))
}

/// The image of this name, if there is one or it can be made.
pub(super) async fn find(engine: &Docker, name: &str) -> Result<Option<ServerImage>> {
    let known = KNOWN.iter().find(|(known, ..)| *known == name).map(|(_, shown, _)| *shown);
    let failed = |error: Error| error.with_operation(FIND);
    let is_tag = !name.contains(['/', ':', '@']);
    if known.is_none() && !(is_tag && engine.find_image(&tag(name)).await.map_err(failed)?.is_some()) {
        return Ok(None);
    }
    let host = engine.info().await.map_err(failed)?;
    let shown = known.unwrap_or(name);
    Ok(Some(ServerImage::new(name, shown).with_architecture(host.architecture).with_user("debian")))
}

/// The engine's image of this name. One that can be made is made when it is needed first.
pub(super) async fn take(engine: &Docker, name: &str) -> Result<ImageInfo> {
    let found = engine.find_image(&tag(name)).await?;
    if found.is_none() && KNOWN.iter().any(|(known, ..)| *known == name) {
        return make(engine, name).await;
    }
    found.ok_or_else(|| missing(FIND, "image", name))
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
