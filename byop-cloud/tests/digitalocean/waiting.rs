//! Limits, lost answers and things that do not go as they should.

use async_trait::async_trait;
use byop_cloud::http::{Request, Response, Transport};
use byop_cloud::testing::{Fault, Mishap};
use byop_core::cloud::CloudProvider;
use byop_core::model::{PowerAction, RegionId, ServerFilter, ServerSpec, ServerState};
use byop_core::{ErrorKind, Result, Retry};
use tokio::time::Instant;

use super::*;

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn spec() -> ServerSpec {
    ServerSpec::new("k1", "web-1", RegionId("fra1".into()), "s-1vcpu-1gb", "141001")
}

/// A provider with its requests in the hands of the test.
fn shaky(simulator: &Arc<DigitalOceanSimulator>) -> (DigitalOcean, Simulated) {
    let simulated = Simulated::new(Arc::<DigitalOceanSimulator>::clone(simulator));
    (provider(simulator).with_transport(Arc::new(simulated.clone())), simulated)
}

#[tokio::test(start_paused = true)]
async fn the_limit_of_the_minute_is_waited_for() {
    let simulator = Arc::new(DigitalOceanSimulator::new().with_limits(3, 1000));
    let cloud = provider(&simulator);
    let start = Instant::now();
    for _ in 0..4 {
        cloud.list_regions().await.unwrap();
    }
    assert!((seconds(60)..seconds(62)).contains(&start.elapsed()), "{:?}", start.elapsed());
    assert_eq!(simulator.requests().len(), 5, "one was refused, and only one");
}

/// It comes without a time to wait: the moment at which it ends is told, and a call does not wait for an hour.
#[tokio::test(start_paused = true)]
async fn the_limit_of_the_hour_is_told() {
    let simulator = Arc::new(DigitalOceanSimulator::new().with_limits(1000, 3));
    let cloud = provider(&simulator);
    for _ in 0..3 {
        cloud.list_regions().await.unwrap();
    }
    tokio::time::advance(seconds(600)).await;
    let error = cloud.list_regions().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    let Retry::After(wait) = error.retry() else { panic!("{error:?}") };
    assert!((seconds(2995)..seconds(3005)).contains(&wait), "{wait:?}");
    // And nothing is sent meanwhile.
    let sent = simulator.requests().len();
    cloud.list_sizes(&RegionId("fra1".into())).await.unwrap_err();
    assert_eq!(simulator.requests().len(), sent);
    tokio::time::advance(wait).await;
    cloud.list_regions().await.unwrap();
}

/// They have a limit of ten a minute, and the refusal of one would hold up all other requests.
#[tokio::test(start_paused = true)]
async fn lists_of_keys_never_run_into_their_limit() {
    let simulator = Arc::new(DigitalOceanSimulator::new());
    let cloud = Arc::new(provider(&simulator));
    for _ in 0..25 {
        cloud.list_resources().await.unwrap();
    }
    let start = Instant::now();
    // Whoever waits for one shares it with all who wait, so that a hundred wait as long as two.
    let many = (0..100).map(|_| {
        let cloud = Arc::clone(&cloud);
        tokio::spawn(async move { cloud.list_resources().await })
    });
    for one in many.collect::<Vec<_>>() {
        one.await.unwrap().unwrap();
    }
    assert!(start.elapsed() < seconds(130), "{:?}", start.elapsed());
    let lists = simulator.requests().into_iter().filter(|call| call.line.contains("/account/keys?"));
    assert!(lists.count() < 30);
    // A list is never older than the question.
    let orphan = simulator.plant(ResourceKind::SshKey, "orphan");
    let found = cloud.list_resources().await.unwrap();
    assert!(found.iter().any(|found| found.id == orphan));
}

/// Each try was carried out but the first: one server is there, and is found.
#[tokio::test(start_paused = true)]
async fn a_lost_answer_leaves_one_server_that_is_found() {
    for mishap in [Mishap::TimeoutAfter, Mishap::ResetAfter, Mishap::OutOfOrderAfter, Mishap::HalfBody] {
        let simulator = Arc::new(DigitalOceanSimulator::new());
        let (cloud, simulated) = shaky(&simulator);
        simulated.inject(Fault::new("POST /v2/droplets", mishap));
        let error = cloud.create_server(&spec()).await.unwrap_err();
        assert_eq!(error.retry(), Retry::Now, "{mishap:?} {error:?}");
        assert!(matches!(error.kind(), ErrorKind::Timeout | ErrorKind::Unavailable), "{error:?}");
        let made = cloud.create_server(&spec()).await.unwrap();
        let listed = cloud.list_servers(&ServerFilter::all()).await.unwrap();
        assert_eq!(listed.iter().map(|server| &server.id).collect::<Vec<_>>(), [&made.id], "{mishap:?}");
        assert_eq!(simulator.ledger().len(), 1, "{mishap:?}");
    }
}

/// A second request can do no harm there: keys and firewalls are unique.
#[tokio::test(start_paused = true)]
async fn what_is_unique_is_asked_for_again_at_once() {
    let simulator = Arc::new(DigitalOceanSimulator::new());
    let (cloud, simulated) = shaky(&simulator);
    let region = RegionId("fra1".into());
    let key = format!("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA{:042}", 7);
    let firewall = byop_core::model::FirewallSpec::new("k1", "web-1", region.clone());
    for path in ["POST /v2/account/keys", "POST /v2/tags", "POST /v2/firewalls"] {
        simulated.inject(Fault::new(path, Mishap::ResetAfter));
    }
    cloud.ssh_keys().unwrap().apply_ssh_key(&region, &key).await.unwrap();
    cloud.firewalls().unwrap().apply_firewall(&firewall).await.unwrap();
    assert_eq!((simulated.faults(), simulator.ledger().len()), (3, 2));
}

/// An address whose reservation was not answered leads to its server, and that is how it is found.
#[tokio::test(start_paused = true)]
async fn a_lost_answer_leaves_one_address_that_is_found() {
    let simulator = Arc::new(DigitalOceanSimulator::new());
    simulator.set_times(CloudTimes { address: seconds(6), ..CloudTimes::default() });
    let (cloud, simulated) = shaky(&simulator);
    let server = ServerId(simulator.plant(ResourceKind::Server, "web-1"));
    let ips = cloud.reserved_ips().unwrap();
    simulated.inject(Fault::new("POST /v2/reserved_ips", Mishap::TimeoutAfter));
    assert_eq!(ips.reserve_ip("k1", &server).await.unwrap_err().retry(), Retry::Now);
    // While it is led there, nothing else can be.
    assert_eq!(ips.reserve_ip("k1", &server).await.unwrap_err().kind(), ErrorKind::Conflict);
    tokio::time::advance(seconds(6)).await;
    let ip = ips.reserve_ip("k1", &server).await.unwrap();
    assert_eq!(ip.server, Some(server));
    let made = simulator.ledger().into_iter().filter(|entry| entry.kind == ResourceKind::ReservedIp);
    assert_eq!(made.count(), 1);
}

/// What cannot be marked is given back at once.
#[tokio::test(start_paused = true)]
async fn an_address_that_cannot_be_marked_is_given_back() {
    #[derive(Debug)]
    struct NoTags(Simulated);
    #[async_trait]
    impl Transport for NoTags {
        async fn send(&self, request: &Request) -> Result<Response> {
            if request.url.ends_with("/v2/tags") {
                return Ok(self.0.simulator().refusal(403, None));
            }
            self.0.send(request).await
        }
    }
    let simulator = Arc::new(DigitalOceanSimulator::new());
    let server = ServerId(simulator.plant(ResourceKind::Server, "web-1"));
    let simulated = Simulated::new(Arc::<DigitalOceanSimulator>::clone(&simulator));
    let cloud = provider(&simulator).with_transport(Arc::new(NoTags(simulated)));
    let error = cloud.reserved_ips().unwrap().reserve_ip("k1", &server).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    let left = simulator.ledger().into_iter().find(|entry| entry.kind == ResourceKind::ReservedIp);
    assert!(left.is_some_and(|entry| entry.gone_at.is_some()));
}

/// Its action ends as an error, and the droplet stays new for ever.
#[tokio::test(start_paused = true)]
async fn a_droplet_that_cannot_be_made_is_told_as_failed_and_can_be_removed() {
    let simulator = Arc::new(DigitalOceanSimulator::new());
    simulator.set_times(CloudTimes { boot: seconds(20), ..CloudTimes::default() });
    simulator.break_servers(1);
    let cloud = provider(&simulator);
    let id = cloud.create_server(&spec()).await.unwrap().id;
    assert_eq!(cloud.get_server(&id).await.unwrap().state, ServerState::Starting);
    tokio::time::advance(seconds(20)).await;
    let server = cloud.get_server(&id).await.unwrap();
    assert_eq!(server.state, ServerState::Failed);
    assert!(server.failure.unwrap().contains("errored"));
    cloud.delete_server(&id).await.unwrap();
    assert_eq!(cloud.get_server(&id).await.unwrap_err().kind(), ErrorKind::NotFound);
}

/// A guest that does not listen is switched off the next time.
#[tokio::test(start_paused = true)]
async fn a_stop_that_the_guest_ignores_is_followed_by_one_that_it_cannot() {
    let simulator = Arc::new(DigitalOceanSimulator::new());
    simulator.ignore_shutdowns(1);
    let cloud = provider(&simulator);
    let id = ServerId(simulator.plant(ResourceKind::Server, "web-1"));
    cloud.power(&id, PowerAction::Stop).await.unwrap();
    assert_eq!(cloud.get_server(&id).await.unwrap().state, ServerState::Running);
    cloud.power(&id, PowerAction::Stop).await.unwrap();
    assert_eq!(cloud.get_server(&id).await.unwrap().state, ServerState::Stopped);
    let asked = simulator.requests().into_iter().filter(|call| call.line.starts_with("POST"));
    let asked: Vec<_> = asked.map(|call| call.body["type"].as_str().unwrap().to_owned()).collect();
    assert_eq!(asked, ["shutdown", "power_off"]);
}

/// The links of pages have the public host; the token stays with the one that was configured.
#[tokio::test(start_paused = true)]
async fn a_link_in_an_answer_never_gets_the_token() {
    #[derive(Debug)]
    struct OneHost(Simulated);
    #[async_trait]
    impl Transport for OneHost {
        async fn send(&self, request: &Request) -> Result<Response> {
            assert!(request.url.starts_with("https://do.example/v2/"), "{}", request.shown_url());
            self.0.send(request).await
        }
    }
    let simulator = Arc::new(DigitalOceanSimulator::new().with_page_size(1));
    let options = simulator.options().with_setting("DIGITALOCEAN_API_URL", "https://do.example/".to_owned());
    let transport = OneHost(Simulated::new(Arc::<DigitalOceanSimulator>::clone(&simulator)));
    let cloud = DigitalOcean::from_options(&options).unwrap().with_transport(Arc::new(transport));
    let regions = cloud.list_regions().await.unwrap();
    assert_eq!((regions.len(), simulator.requests().len()), (2, 3));
}
