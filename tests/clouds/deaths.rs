//! An engine dies at each request and at each write to the store; another one brings its job to an end.

use byop_core::model::{JobFilter, JobState};
use byop_core::testing::Life;

use crate::vendors::Vendor;
use crate::world::{LONG, World, app, done};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Create,
    Destroy,
}

/// Lets an engine die at one call, after its effect or before; whether it got there.
async fn dies(vendor: Vendor, verb: Verb, call: usize, effect: bool) -> bool {
    let world = World::new(vendor);
    if verb == Verb::Destroy {
        for name in ["web-1", "web-2"] {
            let engine = world.engine();
            done(&engine, engine.create_server(world.full(name)).await).await;
        }
    }
    let life = Life::until(call, effect);
    let engine = world.mortal(&life);
    let work = async {
        let id = match verb {
            Verb::Create => engine.create_server(world.full("web-1")).await.unwrap(),
            Verb::Destroy => engine.destroy_server(&app("web-1")).await.unwrap(),
        };
        let _ = engine.wait(&id).await;
    };
    let died = tokio::select! {
        () = work => false,
        () = life.died() => true,
    };
    let context = format!("{verb:?}, call {call}, with its effect: {effect}");
    let engine = world.engine();
    // An engine may die before it says that it has written a job.
    let newest = engine.list_jobs(&JobFilter::all().with_page(None, 1)).await.unwrap();
    let job = newest.into_iter().next().expect("the job is recorded before it is worked on").id;
    engine.resume().await.unwrap();
    let ended = tokio::time::timeout(LONG, engine.wait(&job)).await;
    assert!(ended.is_ok(), "{context}: the job hangs");
    let job = engine.get_job(&job).await.unwrap();
    assert_eq!(job.state, JobState::Succeeded, "{context}: {:?}\n{}", job.error, world.story());
    assert_eq!(world.servers(), 1, "{context}\n{}", world.story());
    world.assert_census(&context).await;
    died
}

async fn dies_everywhere(vendor: Vendor, verb: Verb) {
    let mut deaths = 0;
    for effect in [false, true] {
        for call in 1.. {
            if !dies(vendor, verb, call, effect).await {
                break;
            }
            deaths += 1;
        }
    }
    println!("the engine died in {deaths} places");
    assert!(deaths > 20);
}

pub(crate) async fn while_a_server_is_made(vendor: Vendor) {
    dies_everywhere(vendor, Verb::Create).await;
}

pub(crate) async fn while_a_server_is_given_back(vendor: Vendor) {
    dies_everywhere(vendor, Verb::Destroy).await;
}
