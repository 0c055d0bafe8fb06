//! The engine under test.

use std::sync::Arc;

use byop_core::Error;
use byop_core::docker::Docker;
use byop_core::runtime::ContainerRuntime;
use byop_core::testing::require;
use byop_core::testing::runtime_suite::RuntimeEnv;

/// An image with BusyBox, which `tests/images/make.sh` makes.
pub const IMAGE: &str = "busybox:1.37-musl";

/// The engine that the environment names, if it answers and has the image.
pub async fn engine() -> Option<Docker> {
    let found = async {
        let engine = Docker::from_env()?;
        engine
            .inspect_image(IMAGE)
            .await
            .map_err(|error| error.with_remedy("make the images of the tests with tests/images/make.sh"))?;
        Ok::<_, Error>(engine)
    };
    require("docker", found.await)
}

/// The suite's environment on that engine.
pub async fn make() -> Option<RuntimeEnv> {
    Some(RuntimeEnv::busybox(Arc::new(engine().await?), IMAGE))
}
