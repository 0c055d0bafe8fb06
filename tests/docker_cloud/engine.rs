//! The whole way: the engine rents a server, and gives it back.

use byop_core::cloud::CloudProvider;
use byop_core::engine::Engine;
use byop_core::model::{AppName, JobState, Server, ServerFilter, ServerReport, ServerRequest, SweepOptions};
use byop_core::secret::{MemorySecrets, SecretRef};
use byop_core::store::MemoryStore;

use crate::support;

const PUBLIC_KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHmhBMGm3JBnTSYzcEmQ6KG1kWYv8RmM8cE1Pvq1cXkZ";

#[tokio::test]
async fn the_engine_rents_a_server_and_leaves_nothing_behind() {
    let Some(cloud) = support::cloud().await else { return };
    let name = format!("byop-test-{}", std::process::id());
    let engine = Engine::builder()
        .with_store(MemoryStore::default())
        .with_secrets(MemorySecrets::new().with_secret("boot", "#cloud-config\n"))
        .with_cloud(cloud.clone())
        .build()
        .unwrap();
    let request = ServerRequest::new(&name, "local", "small")
        .unwrap()
        .with_ssh_key(format!("{PUBLIC_KEY} {name}"))
        .with_user_data(SecretRef("boot".into()))
        .with_label("role", "web");
    let plan = engine.plan_server(&request).await.unwrap();
    assert_eq!(
        (plan.provider.as_str(), plan.image.id.as_str(), plan.price),
        ("docker", support::IMAGE, None)
    );

    let id = engine.create_server(request).await.unwrap();
    let job = engine.wait(&id).await.unwrap();
    assert_eq!(job.state, JobState::Succeeded, "{job:#?}");
    let report: ServerReport = serde_json::from_value(job.output.unwrap()).unwrap();
    assert!(report.server.as_ref().is_some_and(Server::is_ready), "{report:#?}");
    let key = report.server.unwrap().key.unwrap();
    let mine = |found: &byop_core::model::Resource| found.key.as_ref() == Some(&key) || found.name == name;
    assert_eq!(cloud.list_resources().await.unwrap().iter().filter(|found| mine(found)).count(), 2);
    let sweep = engine.sweep(&SweepOptions::report()).await.unwrap();
    assert!(sweep.findings.iter().all(|found| !mine(&found.resource)), "{sweep:#?}");

    let id = engine.destroy_server(&AppName::new(&name).unwrap()).await.unwrap();
    assert_eq!(engine.wait(&id).await.unwrap().state, JobState::Succeeded);
    assert_eq!(cloud.list_servers(&ServerFilter::all().with_key(&key)).await.unwrap(), []);
    assert_eq!(cloud.list_resources().await.unwrap().iter().filter(|found| mine(found)).count(), 0);
    assert_eq!(engine.list_servers().await.unwrap(), []);
}
