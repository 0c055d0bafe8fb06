//! The run: every boundary, then random moments.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use tokio::task::JoinSet;

use crate::lane::Lane;
use crate::life::Kills;
use crate::seeds::Seeds;
use crate::verb::{Kind, Op};
use crate::world::World;

/// Apps, each with a child at work.
const LANES: usize = 6;
/// A job is killed at so many boundaries at most, one in each life, so that later ones are met in first lives too.
const CHAIN: u32 = 8;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// How many random kills there are to be, and the seed that chooses them.
pub fn numbers() -> (u64, u64) {
    let seed = number("BYOP_SEED").unwrap_or_else(|| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        now.map_or(0, |now| u64::from(now.subsec_nanos()))
    });
    (number("BYOP_KILLS").unwrap_or(300), seed)
}

pub fn run() -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.map_err(|error| error.to_string())?.block_on(async {
        let Some(world) = World::new().await else { return Ok(()) };
        let world = Arc::new(world);
        let outcome = sweep(&world).await;
        let outcome = match world.clear(outcome.is_ok()).await {
            Ok(()) => outcome,
            Err(left) => outcome.and(Err(left)),
        };
        println!("{}", world.tally.with(|counts| counts.to_string()));
        outcome
    })
}

async fn sweep(world: &Arc<World>) -> Result<(), String> {
    let (kills, seed) = numbers();
    println!("kill sweep: {kills} random kills, seed {seed} (BYOP_KILLS, BYOP_SEED)");
    // It stays, so that the proxy does too: nothing that happens to the others may touch it.
    let mut bystander = Lane::new(world, 0, Seeds::new(seed, 0));
    bystander.perform(Op::Deploy, Kills::None).await?;
    let mut lanes: Vec<Lane> = (1..=LANES).map(|n| Lane::new(world, n, Seeds::new(seed, n as u64))).collect();

    let began = Instant::now();
    lanes = together(lanes, |lane| async move { boundaries(lane).await }).await?;
    let (done, places) = world.tally.with(|c| (c.boundary_kills(), c.places.clone()));
    println!("{done} boundaries in {:.1?}", began.elapsed());
    print_places(&places);

    world.agrees().await?;

    let began = Instant::now();
    let lanes = together(lanes, move |lane| async move { moments(lane, kills).await }).await?;
    println!("random moments in {:.1?}", began.elapsed());
    world.agrees().await?;

    let mut total = crate::load::Counts::default();
    for lane in lanes.iter().chain([&bystander]) {
        let counts = lane.load.counts();
        total.judged += counts.judged;
        total.replacing += counts.replacing;
        total.connections += counts.connections;
        total.failed.extend(counts.failed);
    }
    println!(
        "{} requests while apps were to answer, {} of them during updates, over {} connections: {} failed",
        total.judged,
        total.replacing,
        total.connections,
        total.failed.values().sum::<u32>(),
    );
    let failed = bystander.load.counts().failed;
    if !failed.is_empty() {
        return Err(format!("requests to an app that nobody touched failed: {failed:?}"));
    }
    for mut lane in lanes {
        if lane.exists {
            lane.perform(Op::Remove, Kills::None).await?;
        }
    }
    bystander.perform(Op::Remove, Kills::None).await?;
    world.agrees().await
}

/// How many places there were in each kind of job, and which, if asked.
pub fn print_places<K: Kind>(places: &BTreeMap<K, BTreeSet<String>>) {
    for (op, places) in places {
        println!("  {}: {}", op.name(), places.len());
        if std::env::var("BYOP_KILL_PLACES").is_ok() {
            places.iter().for_each(|place| println!("      {place}"));
        }
    }
}

/// Runs all lanes at the same time; the first complaint ends it.
pub async fn together<L, F>(lanes: Vec<L>, work: impl Fn(L) -> F) -> Result<Vec<L>, String>
where
    L: Send + 'static,
    F: Future<Output = Result<L, String>> + Send + 'static,
{
    let mut tasks = JoinSet::new();
    for (number, lane) in lanes.into_iter().enumerate() {
        let work = work(lane);
        tasks.spawn(async move { Ok::<_, String>((number, work.await?)) });
    }
    let mut lanes = BTreeMap::new();
    while let Some(done) = tasks.join_next().await {
        lanes.extend([done.map_err(|error| error.to_string())??]);
    }
    Ok(lanes.into_values().collect())
}

/// Every kind of job, until one of each came through without meeting a place that is new.
async fn boundaries(mut lane: Lane) -> Result<Lane, String> {
    let world = Arc::clone(&lane.world);
    for turn in lane.number.. {
        let open: Vec<Op> = Op::ALL.into_iter().filter(|op| !world.tally.is_swept(*op)).collect();
        if open.is_empty() {
            break;
        }
        let wanted = open[turn % open.len()];
        let op = if lane.can(wanted) { wanted } else { towards(&lane, wanted) };
        let kills = if world.tally.is_swept(op) { Kills::None } else { Kills::Boundaries(CHAIN) };
        let was_killed = lane.perform(op, kills).await?;
        if !was_killed {
            world.tally.with(|counts| counts.swept.insert(op));
        }
    }
    Ok(lane)
}

/// The job after which `wanted` makes sense, or that leads there.
fn towards(lane: &Lane, wanted: Op) -> Op {
    match wanted {
        Op::Deploy => Op::Remove,
        _ if !lane.exists => Op::Deploy,
        Op::Start => Op::Stop,
        Op::Rollback if lane.runs => Op::Update,
        _ => Op::Start,
    }
}

/// Jobs that the seed chooses, killed when it says, until there were enough kills.
async fn moments(mut lane: Lane, kills: u64) -> Result<Lane, String> {
    let world = Arc::clone(&lane.world);
    while u64::from(world.tally.with(|counts| counts.random_kills())) < kills {
        let op = loop {
            const OFTEN: [Op; 14] = [
                Op::Deploy,
                Op::Update,
                Op::Update,
                Op::Update,
                Op::Update,
                Op::Rebuild,
                Op::BadUpdate,
                Op::Rollback,
                Op::Rollback,
                Op::Restart,
                Op::Restart,
                Op::Stop,
                Op::Start,
                Op::Remove,
            ];
            let op = OFTEN[lane.seeds.below(OFTEN.len())];
            if lane.can(op) {
                break op;
            }
        };
        let mut shares = vec![lane.seeds.share()];
        while lane.seeds.below(2) == 0 {
            shares.push(lane.seeds.share());
        }
        lane.perform(op, Kills::Moments(shares)).await?;
    }
    Ok(lane)
}
