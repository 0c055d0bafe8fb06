//! PostgreSQL.

use std::sync::Arc;

use byop_core::Secret;
use byop_core::clock::ManualClock;
use byop_core::store::{PostgresOptions, PostgresStore};
use byop_core::testing::store_suite::Subject;

mod claims;
mod connecting;
mod crashes;
mod schema;
mod server;

use server::Server;

async fn make(clock: Arc<ManualClock>) -> Option<Subject> {
    let url = Server::shared()?.database();
    let options = options(&url).with_clock(clock.clone()).with_connections(4);
    Some(Subject::new(PostgresStore::open_with(options).await.unwrap(), clock))
}

byop_core::store_suite!(suite, super::make);

fn options(url: &str) -> PostgresOptions {
    PostgresOptions::new(&Secret::new(url)).unwrap()
}

async fn open(url: &str) -> PostgresStore {
    PostgresStore::open_with(options(url)).await.unwrap()
}

async fn refusal(url: &str) -> byop_core::Error {
    PostgresStore::open_with(options(url)).await.unwrap_err()
}
