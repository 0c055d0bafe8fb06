//! An engine dies at each call to the cloud and each write to the store; another one brings its job to an end.

use super::*;

struct Scenario {
    /// The servers that there are before.
    before: fn() -> Vec<ServerRequest>,
    /// Servers that the cloud cannot start.
    broken: usize,
    quota: usize,
    job: Verb,
    wanted: JobState,
    /// Servers in the end.
    servers: usize,
    capabilities: fn() -> CloudCapabilities,
}

enum Verb {
    Create(fn() -> ServerRequest),
    Destroy,
}

fn late() -> CloudCapabilities {
    CloudCapabilities::none().with_labels().with_list_lag(6)
}

fn keyed() -> CloudCapabilities {
    late().with_keyed_create()
}

impl Scenario {
    fn create(request: fn() -> ServerRequest) -> Self {
        Self {
            before: Vec::new,
            broken: 0,
            quota: 99,
            job: Verb::Create(request),
            wanted: JobState::Succeeded,
            servers: 1,
            capabilities: late,
        }
    }
}

/// Runs a scenario with engines that die at these calls, one after the other; whether all of them got there.
async fn dies(scenario: &Scenario, deaths: &[(usize, bool)]) -> bool {
    let world = World::with_capabilities((scenario.capabilities)());
    for request in (scenario.before)() {
        create(&world.engine(), request).await;
    }
    world.cloud.break_servers(scenario.broken);
    world.cloud.set_quota(scenario.quota);
    let mut job = None;
    let mut died = 0;
    for (call, effect) in deaths {
        let life = Life::until(*call, *effect);
        let engine = world.mortal(&life);
        let work = async {
            let id = match &job {
                Some(id) => JobId::clone(id),
                None => match &scenario.job {
                    Verb::Create(request) => engine.create_server(request()).await.unwrap(),
                    Verb::Destroy => engine.destroy_server(&app("web-1")).await.unwrap(),
                },
            };
            engine.resume().await.unwrap();
            let _ = engine.wait(&id).await;
        };
        tokio::select! {
            () = work => {}
            () = life.died() => died += 1,
        }
        job = last_job(&world.engine()).await;
    }
    let engine = world.engine();
    let context = format!("{deaths:?}");
    let job = job.expect("the job is recorded before it is worked on");
    engine.resume().await.unwrap();
    let _ = tokio::time::timeout(LONG, engine.wait(&job)).await.expect("the job ends");
    let job = engine.get_job(&job).await.unwrap();
    assert_eq!(job.state, scenario.wanted, "{context}: {:?}\n{:#?}", job.error, world.cloud.calls());
    assert_eq!(world.alive(ResourceKind::Server).len(), scenario.servers, "{context}");
    world.assert_census(&context).await;
    assert_eq!(engine.resume().await.unwrap(), [], "{context}");
    died == deaths.len()
}

async fn dies_everywhere(scenario: &Scenario) -> usize {
    dies_at_every(1, scenario).await
}

/// Dies at every `stride`th place, where places repeat themselves.
async fn dies_at_every(stride: usize, scenario: &Scenario) -> usize {
    let mut deaths = 0;
    for effect in [false, true] {
        for call in (1 + usize::from(effect)..).step_by(stride) {
            if !dies(scenario, &[(call, effect)]).await {
                break;
            }
            deaths += 1;
        }
    }
    println!("the engine died in {deaths} places");
    deaths
}

#[tokio::test(start_paused = true)]
async fn while_a_server_is_made() {
    assert!(dies_everywhere(&Scenario::create(|| plain("web-1"))).await > 25);
}

#[tokio::test(start_paused = true)]
async fn while_a_server_with_everything_is_made() {
    assert!(dies_everywhere(&Scenario::create(|| full("web-1"))).await > 40);
}

#[tokio::test(start_paused = true)]
async fn while_a_server_is_made_where_keys_are_unique() {
    let scenario = Scenario { capabilities: keyed, ..Scenario::create(|| full("web-1")) };
    assert!(dies_at_every(2, &scenario).await > 20);
}

#[tokio::test(start_paused = true)]
async fn while_a_server_that_does_not_start_is_replaced() {
    let scenario = Scenario { broken: 1, ..Scenario::create(|| full("web-1")) };
    assert!(dies_at_every(2, &scenario).await > 40);
}

#[tokio::test(start_paused = true)]
async fn while_servers_that_do_not_start_are_taken_back() {
    let scenario =
        Scenario { broken: 9, wanted: JobState::Failed, servers: 0, ..Scenario::create(|| full("web-1")) };
    assert!(dies_at_every(4, &scenario).await > 30);
}

#[tokio::test(start_paused = true)]
async fn while_a_server_beyond_the_quota_is_taken_back() {
    let scenario = Scenario {
        before: || vec![plain("web-0")],
        quota: 2,
        wanted: JobState::Failed,
        ..Scenario::create(|| full("web-1"))
    };
    dies_everywhere(&scenario).await;
}

#[tokio::test(start_paused = true)]
async fn while_a_server_is_given_back() {
    let scenario = Scenario {
        before: || vec![full("web-1"), full("web-2")],
        job: Verb::Destroy,
        ..Scenario::create(|| plain("unused"))
    };
    assert!(dies_everywhere(&scenario).await > 20);
}

/// Dying again while another engine brings the job to its end.
#[tokio::test(start_paused = true)]
async fn twice() {
    let scenario = Scenario { broken: 1, ..Scenario::create(|| full("web-1")) };
    let mut deaths = 0;
    for first in (1..).step_by(6) {
        for second in (1..).step_by(13) {
            let both = [(first, first % 2 == 0), (second, second % 2 == 0)];
            if !dies(&scenario, &both).await {
                break;
            }
            deaths += 1;
        }
        if !dies(&scenario, &[(first + 6, false)]).await {
            break;
        }
    }
    println!("two engines died in {deaths} pairs of places");
    assert!(deaths > 20);
}

/// What the first engine had made was not in the record yet; the second one is told to stop before it looks.
#[tokio::test(start_paused = true)]
async fn and_the_job_is_cancelled_before_another_one_takes_over() {
    let mut deaths = 0;
    for (call, effect) in (1..).flat_map(|call| [(call, false), (call, true)]) {
        let world = World::new();
        let life = Life::until(call, effect);
        let engine = world.mortal(&life);
        let work = async {
            let id = engine.create_server(full("web-1")).await.unwrap();
            let _ = engine.wait(&id).await;
        };
        let died = tokio::select! {
            () = work => false,
            () = life.died() => true,
        };
        if !died {
            break;
        }
        deaths += 1;
        let engine = world.engine();
        let job = last_job(&engine).await.expect("the job is recorded before it is worked on");
        engine.cancel(&job).await.unwrap();
        engine.resume().await.unwrap();
        let _ = tokio::time::timeout(LONG, engine.wait(&job)).await.expect("the job ends");
        world.assert_census(&format!("cancelled after call {call}, with its effect: {effect}")).await;
    }
    assert!(deaths > 40, "{deaths}");
}
