//! Updates under load: no request fails.

use crate::load::Load;
use crate::support::{host, world};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_updates_under_load_fail_no_request() {
    let world = world!();
    // Longer than the slowest request, as a real owner would set it.
    let mut spec = world.behaves("zero").with_env("APP_VERSION", "0").unwrap();
    spec.routing.drain_seconds = 4;
    world.deploy(&spec).await.unwrap();
    let load = Load::start(world.port, host(spec.name.as_str()), 200, 100);
    for version in 1..=10 {
        let spec = spec.clone().with_env("APP_VERSION", version.to_string()).unwrap();
        world.deploy(&spec).await.unwrap();
    }
    let mut counts = load.stop().await;
    let (p50, p99) = (counts.percentile(50), counts.percentile(99));
    println!(
        "10 updates: {} requests ({} of 3 s) over {} connections, {} failed; p50 {p50:?}, p99 {p99:?}; {} versions seen",
        counts.requests,
        counts.slow_requests,
        counts.connections,
        counts.failed.values().sum::<u32>(),
        counts.answers.keys().filter(|body| body.starts_with('{')).count(),
    );
    assert_eq!(counts.failed.len(), 0, "{:?}", counts.failed);
    assert!(counts.requests > 5_000, "the load was too light: {counts:?}");
    let versions = counts.answers.keys().filter(|body| body.starts_with('{')).count();
    assert_eq!(versions, 11, "every version was served: {:?}", counts.answers);
    world.end().await;
}
