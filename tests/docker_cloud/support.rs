//! The cloud under test.

use std::sync::Arc;
use std::time::Duration;

use byop_core::cloud::{CloudProvider, DockerCloud};
use byop_core::docker::Docker;
use byop_core::model::{BuildEvent, BuildImageSpec, ContainerSpec, FileSet, ImageRef, ServerId};
use byop_core::runtime::ContainerRuntime;
use byop_core::source::{BuildContext, SourceTree};
use byop_core::testing::cloud_provider_suite::CloudEnv;
use byop_core::testing::require;
use futures_util::StreamExt;
use tokio::sync::OnceCell;

/// The image of the servers.
pub const IMAGE: &str = "debian-12";
/// The image of a container that is no server; `tests/images/make.sh` makes it.
const OTHER: &str = "busybox:1.37-musl";

/// The cloud on the engine that the environment names, with the image of its servers.
pub async fn cloud() -> Option<DockerCloud> {
    static PREPARED: OnceCell<Result<(), String>> = OnceCell::const_new();

    let cloud = require("docker", DockerCloud::from_env())?;
    let prepare = || async {
        // Its base is among the images that `tests/images/make.sh` makes.
        cloud.prepare_image(IMAGE).await.map(drop).map_err(|error| format!("{error:?}"))
    };
    let prepared = PREPARED.get_or_init(prepare).await.clone();
    require("docker", prepared.map_err(std::io::Error::other))?;
    Some(cloud)
}

/// The suite's environment on that cloud.
pub async fn make() -> Option<CloudEnv> {
    let cloud = cloud().await?;
    let env = CloudEnv::new(Arc::new(cloud), "local", "small", IMAGE).with_pause(Duration::from_millis(100));
    let sizes = env.provider.list_sizes(&env.region).await.unwrap();
    let has_larger = sizes.iter().any(|size| size.id == "medium");
    Some(if has_larger { env.with_larger_size("medium") } else { env })
}

/// A running container that is no server. It goes when this does.
#[derive(Debug)]
pub struct Other {
    engine: Docker,
    pub id: ServerId,
}

impl Other {
    pub async fn start() -> Self {
        let engine = Docker::from_env().unwrap();
        let name = format!("byop-test-dockercloud-{}", std::process::id());
        let mut spec = ContainerSpec::new(&name, OTHER);
        spec.command = Some(vec!["sleep".into(), "300".into()]);
        let id = engine.create_container(&spec).await.unwrap();
        engine.start_container(&id).await.unwrap();
        Self { engine, id: ServerId(id) }
    }

    pub async fn remove(self) {
        self.engine.remove_container(&self.id.0).await.unwrap();
    }
}

/// The name of an image whose init breaks.
pub const BROKEN: &str = "byop-test-dockercloud-broken";

/// Makes the image whose init breaks.
pub async fn broken_image() {
    let engine = Docker::from_env().unwrap();
    let dockerfile = format!(
        "FROM {OTHER}\nENTRYPOINT [\"sh\", \"-c\", \"printf '\\\\033[31mno such device\\\\033[0m\\\\n'; exit 7\"]\n"
    );
    let tree = SourceTree::from_files([("Dockerfile", dockerfile)]).unwrap();
    let context = BuildContext::new(&tree, &FileSet::new()).unwrap();
    let spec = BuildImageSpec::new(ImageRef::new(format!("byop/server:{BROKEN}")).unwrap());
    let events: Vec<_> = engine.build_image(&spec, context).await.unwrap().collect().await;
    assert!(matches!(events.last(), Some(Ok(BuildEvent::Done(_)))), "{events:?}");
}
