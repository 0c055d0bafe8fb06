//! Many runs from seeds.

use byop_core::id::JobId;
use byop_core::model::{JobFilter, ProvisionState};
use byop_core::testing::Life;
use byop_core::testing::simulation::Random;

use crate::vendors::Vendor;
use crate::world::{LONG, World, app, destroy};

/// The seeds: `BYOP_CLOUD_SEEDS=2000` chooses how many, `BYOP_SEED=7` one of them.
fn seeds() -> std::ops::RangeInclusive<u64> {
    let number = |name| std::env::var(name).ok().map(|text| text.parse().expect("a number"));
    match number("BYOP_SEED") {
        Some(seed) => seed..=seed,
        None => 1..=number("BYOP_CLOUD_SEEDS").unwrap_or(150),
    }
}

/// What happened in some runs.
#[derive(Debug, Default)]
struct Tally {
    requests: usize,
    faults: usize,
    deaths: usize,
    made: usize,
}

/// Makes and removes some servers, with faults and deaths; then all is well again, and nothing may be left or missing.
async fn run(vendor: Vendor, seed: u64, tally: &mut Tally) {
    let random = Random::new(seed);
    let count = |below: u64| usize::try_from(random.below(below)).unwrap();
    let mut world = World::new(vendor);
    world.set_list_lag(world.list_lag() * u32::try_from(random.below(3)).unwrap() / 2);
    world.plant();
    world.simulated.set_chaos(seed, 20 + u32::try_from(random.below(180)).unwrap());
    let mut jobs: Vec<JobId> = Vec::new();
    for round in 0..3 {
        let life = match random.below(2) {
            0 => Life::default(),
            _ => Life::until(1 + count(120), random.below(2) == 0),
        };
        let engine = world.mortal(&life);
        if random.below(3) == 0 {
            world.simulator.break_servers(count(4));
        }
        if random.below(6) == 0 {
            world.simulator.set_quota(count(6));
        }
        let work = async {
            engine.resume().await.unwrap();
            let name = *random.one_of(&["web-1", "web-2"]);
            if round < 2 {
                let request = if random.below(3) == 0 { world.plain(name) } else { world.full(name) };
                if let Ok(job) = engine.create_server(request).await {
                    jobs.push(job);
                }
            } else if let Ok(job) = engine.destroy_server(&app(name)).await {
                jobs.push(job);
            }
            if let Some(job) = jobs.last().filter(|_| random.below(8) == 0) {
                engine.cancel(job).await.unwrap();
            }
            for job in &jobs {
                let _ = engine.wait(job).await;
            }
        };
        tokio::select! {
            () = work => {}
            () = life.died() => tally.deaths += 1,
        }
    }
    tally.faults += world.simulated.faults();
    world.simulated.heal();
    world.simulator.set_quota(1000);
    let context = format!("seed {seed}");
    let engine = world.engine();
    engine.resume().await.unwrap();
    // Also those of which an engine died before it said that it had written them.
    let unfinished = engine.list_jobs(&JobFilter::all().with_unfinished()).await.unwrap();
    for job in unfinished.iter().map(|job| &job.id).chain(&jobs) {
        let ended = tokio::time::timeout(LONG, engine.wait(job)).await;
        assert!(ended.is_ok(), "{context}: a job hangs\n{}", world.story());
    }
    for record in world.records().await {
        // What could not be taken back while the vendor was out of order can be removed now.
        if record.state == ProvisionState::Removing {
            destroy(&engine, record.request.name.as_str()).await;
        }
    }
    world.assert_census(&context).await;
    world.sweep_away(&format!("{context}, swept")).await;
    for record in world.records().await {
        destroy(&engine, record.request.name.as_str()).await;
    }
    world.assert_census(&format!("{context}, all removed")).await;
    assert_eq!(world.alive(), [], "{context}");
    world.assert_discreet(&jobs).await;
    tally.requests += world.simulated.requests().len();
    tally.made += world.simulator.ledger().len();
}

/// Runs all seeds.
pub(crate) async fn all_seeds(vendor: Vendor) {
    some_seeds(vendor, seeds()).await;
}

/// Runs these seeds.
pub(crate) async fn some_seeds(vendor: Vendor, seeds: std::ops::RangeInclusive<u64>) {
    let mut tally = Tally::default();
    let start = std::time::Instant::now();
    for seed in seeds.clone() {
        run(vendor, seed, &mut tally).await;
    }
    println!("seeds {seeds:?} in {:?}: {tally:?}", start.elapsed());
}
