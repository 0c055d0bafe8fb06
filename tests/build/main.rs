//! Small applications of every stack, from their folder to a container that answers, on the real engine.
//!
//! Each folder of `tests/apps` is one, and each of `examples/apps` (called `example-<name>` here). Beside a folder there
//! may be `<name>.Dockerfile`, the best that an expert would write by hand, which sizes are compared with, and
//! `<name>.json` with what the test cannot know by itself (see `fixture.rs`).
//!
//! A run has apps of every stack, and leaves out those that show nothing of their own (`full` in their JSON file);
//! `BYOP_ALL_APPS=1` runs all, `BYOP_APPS=a,b` only some. `BYOP_COLD=1` runs all and takes nothing from a cache, leaves
//! out what is by hand, and judges how long the second build takes: the figures of `benches/README.md`. It leaves as much in
//! BuildKit's cache as it builds. `BYOP_BUILD_LOG=1` prints what the builds say, with times.
//!
//! Base images come from `tests/images/make.sh`. Containers and images are removed at the end; BuildKit's own cache
//! stays: the names in it are the same in each run, so that only what a changed file needs is added to it.

mod fixture;
mod image;
mod report;
mod serving;
mod trial;
mod watch;

use byop_core::docker::Docker;
use byop_core::model::Builder;
use byop_core::runtime::ContainerRuntime;
use byop_core::testing::require;
use futures_util::{StreamExt, stream};

use fixture::{Fixture, fixtures, is_chosen, is_cold, is_set};
use report::{Row, table};
use trial::Bench;
use watch::Watch;

/// More at a time only take turns. What is measured has no neighbour.
fn at_a_time() -> usize {
    if is_cold() { 1 } else { 2 }
}

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
    let (count, watch) = (fixtures.len(), Watch::new(is_set("BYOP_BUILD_LOG")));
    let trials = fixtures.into_iter().map(|fixture| {
        let bench = Bench::new(docker.clone(), fixture, builder, watch.clone());
        async move {
            let row = bench.run().await;
            // One line as soon as it is known: a run takes minutes.
            println!("{title}: {}", row.line());
            row
        }
    });
    let trials = stream::iter(trials).buffer_unordered(at_a_time()).collect();
    let mut rows: Vec<Row> = tokio::select! {
        rows = trials => rows,
        () = watch.tell() => unreachable!("it tells without an end"),
    };
    rows.sort_by(|a, b| a.app.cmp(&b.app));
    println!("\n{title}: {count} apps, {} stacks\n{}", report::stacks(&rows), table(&rows));
    println!("{}", report::rebuilds(&rows));
    if is_cold() && !is_chosen() && builder == Builder::BuildKit {
        let (apps, stacks) = report::quick(&rows);
        assert!(apps >= 24 && stacks >= 14, "only {apps} apps of {stacks} stacks are quick after a change");
    }
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
