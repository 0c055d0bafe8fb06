use std::time::Duration;

use super::*;
use crate::clock::ManualClock;
use crate::error::ErrorKind;
use crate::model::ServerState;

#[derive(Debug, Clone, Default)]
struct Shared(Arc<ManualClock>);

impl Clock for Shared {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

fn spec(key: &str) -> ServerSpec {
    ServerSpec::new(key, "web-1", RegionId("here".into()), "small", "debian-12")
}

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

#[tokio::test]
async fn it_goes_by_its_clock() {
    let clock = Shared::default();
    let times =
        CloudTimes { boot: seconds(20), address: seconds(5), delete: seconds(3), ..CloudTimes::default() };
    let cloud = FakeCloud::new().with_clock(clock.clone()).with_times(times);
    let id = cloud.create_server(&spec("a")).await.unwrap().id;
    clock.0.advance(seconds(20));
    let server = cloud.get_server(&id).await.unwrap();
    assert_eq!((server.state, server.is_ready()), (ServerState::Running, false));
    clock.0.advance(seconds(5));
    assert!(cloud.get_server(&id).await.unwrap().is_ready());
    cloud.delete_server(&id).await.unwrap();
    assert_eq!(cloud.get_server(&id).await.unwrap().state, ServerState::Deleting);
    clock.0.advance(seconds(3));
    assert_eq!(cloud.get_server(&id).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(cloud.ledger()[0].gone_at, Some(clock.now()));
}

#[tokio::test]
async fn a_key_is_as_unique_as_its_lists_are_quick() {
    for (keyed, made) in [(false, 2), (true, 1)] {
        let mut capabilities = CloudCapabilities::none();
        capabilities.keyed_create = keyed;
        let clock = Shared::default();
        let times = CloudTimes { list_lag: seconds(9), read_lag: seconds(2), ..CloudTimes::default() };
        let cloud =
            FakeCloud::new().with_clock(clock.clone()).with_times(times).with_capabilities(capabilities);
        let first = cloud.create_server(&spec("a")).await.unwrap();
        assert_eq!(cloud.get_server(&first.id).await.unwrap_err().kind(), ErrorKind::NotFound);
        cloud.create_server(&spec("a")).await.unwrap();
        assert_eq!(cloud.ledger().len(), made);
        assert!(cloud.list_servers(&ServerFilter::all()).await.unwrap().is_empty());
        clock.0.advance(seconds(9));
        assert_eq!(cloud.create_server(&spec("a")).await.unwrap().id, first.id);
    }
}

#[tokio::test]
async fn a_lost_answer_leaves_a_server() {
    let cloud = FakeCloud::new();
    cloud.inject(Fault::new("server.create", Moment::After));
    assert_eq!(cloud.create_server(&spec("a")).await.unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(cloud.alive().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_gives_the_same_faults() {
    let run = async |seed| {
        let cloud = FakeCloud::new();
        cloud.set_chaos(seed, 400);
        let mut seen = Vec::new();
        for n in 0..40 {
            let made = cloud.create_server(&spec(&n.to_string())).await;
            seen.push(made.map(|server| server.id).map_err(|error| error.to_string()));
        }
        assert!(cloud.faults() > 5);
        seen
    };
    assert_eq!(run(1).await, run(1).await);
    assert_ne!(run(1).await, run(2).await);
}
