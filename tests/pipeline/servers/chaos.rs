//! Many runs from seeds: calls go wrong in every way, and engines die at any of them.

use super::*;

/// The seeds: `BYOP_CLOUD_SEEDS=2000` chooses how many, `BYOP_SEED=7` one of them.
fn seeds() -> std::ops::RangeInclusive<u64> {
    let number = |name| std::env::var(name).ok().map(|text| text.parse().expect("a number"));
    match number("BYOP_SEED") {
        Some(seed) => seed..=seed,
        None => 1..=number("BYOP_CLOUD_SEEDS").unwrap_or(80),
    }
}

/// Numbers from a seed.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// Makes and removes some servers, with faults and deaths; then all is well again, and nothing may be left or missing.
async fn run(seed: u64) -> (usize, usize) {
    let mut numbers = Numbers(seed);
    let mut capabilities = CloudCapabilities::none().with_labels().with_list_lag(6);
    capabilities.keyed_create = numbers.below(3) == 0;
    let world = World::with_capabilities(capabilities);
    world.cloud.set_chaos(seed, 50 + u32::try_from(numbers.below(250)).unwrap());
    let mut deaths = 0;
    let mut jobs: Vec<JobId> = Vec::new();
    for round in 0..4 {
        let life = match numbers.below(2) {
            0 => Life::default(),
            _ => Life::until(1 + usize::try_from(numbers.below(60)).unwrap(), numbers.below(2) == 0),
        };
        let engine = world.mortal(&life);
        let work = async {
            engine.resume().await.unwrap();
            if round < 2 {
                for name in ["web-1", "web-2"] {
                    let request = if numbers.below(2) == 0 { plain(name) } else { full(name) };
                    if let Ok(job) = engine.create_server(request).await {
                        jobs.push(job);
                    }
                }
            } else if let Ok(job) = engine.destroy_server(&app("web-2")).await {
                jobs.push(job);
            }
            if let Some(job) = jobs.last().filter(|_| numbers.below(8) == 0) {
                engine.cancel(job).await.unwrap();
            }
            for job in &jobs {
                let _ = engine.wait(job).await;
            }
        };
        tokio::select! {
            () = work => {}
            () = life.died() => deaths += 1,
        }
    }
    let faults = world.cloud.faults();
    world.cloud.heal();
    let engine = world.engine();
    engine.resume().await.unwrap();
    // Also those of which an engine died before it said that it had written them.
    let unfinished = engine.list_jobs(&JobFilter::all().with_unfinished()).await.unwrap();
    for job in unfinished.iter().map(|job| &job.id).chain(&jobs) {
        let _ = tokio::time::timeout(LONG, engine.wait(job))
            .await
            .unwrap_or_else(|_| panic!("seed {seed}: a job hangs"));
    }
    for report in engine.list_servers().await.unwrap() {
        // What could not be taken back while the cloud was out of order can be removed now.
        if report.state == ProvisionState::Removing {
            destroy(&engine, report.name.as_str()).await;
        }
    }
    world.assert_census(&format!("seed {seed}")).await;
    for name in world.known().await {
        destroy(&engine, &name).await;
    }
    world.assert_census(&format!("seed {seed}, all removed")).await;
    assert_eq!(world.cloud.alive(), [], "seed {seed}");
    (faults, deaths)
}

#[tokio::test(start_paused = true)]
async fn nothing_is_lost_and_nothing_is_made_twice() {
    let (mut faults, mut deaths) = (0, 0);
    for seed in seeds() {
        let seen = run(seed).await;
        (faults, deaths) = (faults + seen.0, deaths + seen.1);
    }
    println!("seeds {:?}: {faults} faults, {deaths} deaths", seeds());
}
