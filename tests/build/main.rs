//! Small applications of every stack, from their folder to a container that answers, on the real engine.
//!
//! Each folder of `tests/apps` is one, and each of `examples/apps` (called `example-<name>` here). Beside a folder there
//! may be `<name>.Dockerfile`, the best that an expert would write by hand, which sizes are compared with, and
//! `<name>.json` with what the test cannot know by itself (see `fixture.rs`). `BYOP_APPS=a,b` runs only some.
//!
//! Base images come from `tests/images/make.sh`. Containers and images are removed at the end; BuildKit's own cache
//! stays: the names in it are the same in each run, so that only what a changed file needs is added to it.

mod fixture;
mod image;
mod report;
mod serving;
mod trial;

use byop_core::docker::Docker;
use byop_core::model::Builder;
use byop_core::runtime::ContainerRuntime;
use byop_core::testing::require;
use futures_util::{StreamExt, stream};

use fixture::{Fixture, fixtures, is_chosen};
use report::{Row, table};
use trial::Bench;

/// More at a time only take turns.
const AT_A_TIME: usize = 2;
/// The tests wait for one another, for the same reason.
static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

async fn engine() -> Option<Docker> {
    let found = match Docker::from_env() {
        Ok(docker) => docker.info().await.map(|_| docker),
        Err(error) => Err(error),
    };
    require("docker", found)
}

/// Tries the fixtures, a few at a time, and fails with all that is wrong with any of them.
async fn try_all(title: &str, fixtures: Vec<Fixture>, builder: Builder) {
    let Some(docker) = engine().await else { return };
    let _turn = TURN.lock().await;
    let count = fixtures.len();
    let trials = fixtures.into_iter().map(|fixture| {
        let bench = Bench::new(docker.clone(), fixture, builder);
        async move {
            let row = bench.run().await;
            // One line as soon as it is known: a run takes minutes.
            println!("{title}: {}", row.line());
            row
        }
    });
    let mut rows: Vec<Row> = stream::iter(trials).buffer_unordered(AT_A_TIME).collect().await;
    rows.sort_by(|a, b| a.app.cmp(&b.app));
    println!("\n{title}: {count} apps, {} stacks\n{}", report::stacks(&rows), table(&rows));
    let problems: Vec<String> = rows.iter().flat_map(Row::complaints).collect();
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_app_is_built_answers_and_stops() {
    try_all("BuildKit", fixtures(), Builder::BuildKit).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn some_apps_are_built_by_the_classic_builder() {
    let chosen: Vec<Fixture> = fixtures().into_iter().filter(|fixture| fixture.is_classic).collect();
    assert!(chosen.len() >= 3 || is_chosen(), "only {} apps ask for the classic builder", chosen.len());
    try_all("classic builder", chosen, Builder::Classic).await;
}
