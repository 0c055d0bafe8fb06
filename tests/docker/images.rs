//! Images and registries.

use byop_core::ErrorKind;
use byop_core::model::ImageRef;
use byop_core::runtime::ContainerRuntime;
use futures_util::TryStreamExt;

use crate::support::engine;

#[tokio::test]
async fn a_registry_that_does_not_answer_is_unavailable() {
    let Some(engine) = engine().await else { return };
    // Nothing listens on port 1 of the engine's own loopback address.
    let image = ImageRef::new("127.0.0.1:1/shop:1").unwrap();
    let progress = engine.pull_image(&image).await.unwrap();
    let error = progress.try_collect::<Vec<_>>().await.unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Unavailable, "image.pull"), "{error:?}");
    assert_eq!(error.context("image"), Some("127.0.0.1:1/shop:1"));
}
