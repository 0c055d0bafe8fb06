//! The behaviours of every cloud, and some of this one.

use byop_core::ErrorKind;
use byop_core::cloud::CloudProvider;
use byop_core::model::{PowerAction, Server, ServerFilter, ServerState};
use byop_core::testing::cloud_provider_suite::{self, CloudEnv};

use crate::support::{self, Other};

byop_core::cloud_provider_suite!(suite, crate::support::make);

#[tokio::test]
async fn a_container_of_somebody_else_is_left_alone() {
    let Some(env) = support::make().await else { return };
    let other = Other::start().await;
    let env = env.with_foreign_server(other.id.clone());
    cloud_provider_suite::run(env, cloud_provider_suite::what_was_not_made_by_byop_is_left_alone).await;
    other.remove().await;
}

/// When it was off, and when it was rebooted.
#[tokio::test]
async fn a_server_keeps_its_address() {
    let Some(env) = support::make().await else { return };
    cloud_provider_suite::run(env, keeps_its_address).await;
}

async fn keeps_its_address(env: &CloudEnv) {
    let one = env.running("a").await;
    env.provider.power(&one.id, PowerAction::Stop).await.unwrap();
    env.state(&one.id, ServerState::Stopped).await;
    let two = env.running("b").await;
    assert_ne!(one.addresses, two.addresses);
    env.provider.power(&one.id, PowerAction::Start).await.unwrap();
    assert_eq!(env.ready(&one.id).await.addresses, one.addresses);
    // Not before it listens.
    env.patiently("power to restart", || env.provider.power(&one.id, PowerAction::Restart)).await;
    assert_eq!(env.ready(&one.id).await.addresses, one.addresses);
}

/// And what it costs is known by nobody.
#[tokio::test]
async fn what_can_be_made_is_offered() {
    let Some(cloud) = support::cloud().await else { return };
    let region = cloud.list_regions().await.unwrap().remove(0).id;
    let sizes = cloud.list_sizes(&region).await.unwrap();
    assert!(sizes.iter().any(|size| size.id == "small" && size.price.is_none()), "{sizes:?}");
    assert_eq!(cloud.prepare_image("plan-9").await.unwrap_err().kind(), ErrorKind::NotFound);
    let image = cloud.find_image(&region, "debian-13").await.unwrap().unwrap();
    assert_eq!(image.user.as_deref(), Some("debian"));
    assert_eq!(cloud.find_image(&region, "plan-9").await.unwrap(), None);
}

/// With what the engine says; and it can be removed.
#[tokio::test]
async fn a_server_that_cannot_start_has_failed_and_says_why() {
    let Some(env) = support::make().await else { return };
    support::broken_image().await;
    cloud_provider_suite::run(env, cannot_start).await;
}

async fn cannot_start(env: &CloudEnv) {
    let mut spec = env.spec("a").await;
    spec.image = support::BROKEN.into();
    let id = env.provider.create_server(&spec).await.unwrap().id;
    let server: Server = env.state(&id, ServerState::Failed).await;
    let why = server.failure.unwrap();
    assert!(why.contains("exit code 7") && why.contains("no such device"), "{why}");
    let again = env.provider.create_server(&spec).await.unwrap();
    assert_eq!(again.id, id);
    env.delete(&id).await;
    env.gone(&id).await;
    assert_eq!(env.provider.list_servers(&ServerFilter::all().with_key(&spec.key)).await.unwrap(), []);
}
