//! The program of the README: `cargo run --example embed -- examples/apps/node`.

use byop_core::docker::Docker;
use byop_core::engine::Engine;
use byop_core::ingress::Traefik;
use byop_core::model::{AppSpec, Source};
use byop_core::store::SqliteStore;
use futures_util::StreamExt;

#[tokio::main]
async fn main() -> byop_core::Result<()> {
    let engine = Engine::builder()
        .with_store(SqliteStore::open("byop.db").await?)
        .with_runtime("local", Docker::connect()?)
        .with_ingress(Traefik::new().with_http_port(8080))
        .build()?;
    let folder = std::env::args().nth(1).unwrap_or_else(|| "./shop".into());
    let spec = AppSpec::new("shop", Source::Directory(folder.into()))?.with_domain("shop.localhost")?;
    let job = engine.deploy(spec).await?; // recorded before it returns
    let mut events = engine.events(&job, 0); // replayed, then followed
    while let Some(event) = events.next().await {
        println!("{:?}", event?.body);
    }
    engine.wait(&job).await?; // the error says why, with the last lines of the log
    Ok(())
}
