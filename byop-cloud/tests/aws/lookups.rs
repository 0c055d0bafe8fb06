//! What is looked for at the same time is one call.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use byop_cloud::aws::Aws;
use byop_cloud::http::{Request, Response, Transport};
use byop_cloud::testing::Simulated;
use byop_cloud::testing::aws::AwsSimulator;
use byop_core::cloud::CloudProvider;
use byop_core::model::ServerId;
use byop_core::{ErrorKind, Result};
use futures_util::future::{join, join_all};
use tokio::time::{sleep, timeout};

use crate::support::{REGION, Script, once, response, simulated, spec};

/// Answers take a while, so that others come meanwhile.
#[derive(Debug)]
struct Slow(Arc<dyn Transport>);

const WHILE: Duration = Duration::from_millis(30);

#[async_trait]
impl Transport for Slow {
    async fn send(&self, request: &Request) -> Result<Response> {
        sleep(WHILE).await;
        self.0.send(request).await
    }
}

fn slow(transport: Arc<dyn Transport>) -> Aws {
    let aws = Aws::from_options(&AwsSimulator::options()).unwrap();
    aws.with_transport(Arc::new(Slow(transport))).with_policy(once())
}

fn slow_simulated(simulator: &Arc<AwsSimulator>) -> Aws {
    slow(Arc::new(Simulated::new(Arc::<AwsSimulator>::clone(simulator) as _)))
}

#[tokio::test(start_paused = true)]
async fn servers_that_are_looked_for_at_the_same_time_are_one_call_or_two() {
    let (aws, simulator) = simulated();
    let specs: Vec<_> = (0..50).map(|number| spec(&format!("key{number}"))).collect();
    let made = join_all(specs.iter().map(|spec| aws.create_server(spec))).await;
    let ids: Vec<_> = made.into_iter().map(|server| server.unwrap().id).collect();
    let aws = slow_simulated(&simulator);
    let before = simulator.actions().len();
    let found = join_all(ids.iter().map(|id| aws.get_server(id))).await;
    for (id, server) in ids.iter().zip(found) {
        assert_eq!(server.unwrap().id, *id);
    }
    // The first goes alone; whoever came meanwhile goes together.
    assert_eq!(simulator.actions()[before..], ["DescribeInstances"; 2]);
}

#[tokio::test(start_paused = true)]
async fn one_that_is_gone_does_not_hide_the_others() {
    let (aws, simulator) = simulated();
    let mut ids = Vec::new();
    for key in ["a", "b", "c"] {
        ids.push(aws.create_server(&spec(key)).await.unwrap().id);
    }
    ids.insert(1, ServerId(format!("{REGION}/i-0123456789abcdef0")));
    ids.insert(2, ServerId(format!("{REGION}/i-nonsense")));
    let aws = slow_simulated(&simulator);
    let found = join_all(ids.iter().map(|id| aws.get_server(id))).await;
    let kinds: Vec<_> = found.iter().map(|found| found.as_ref().err().map(byop_core::Error::kind)).collect();
    let gone = Some(ErrorKind::NotFound);
    assert_eq!(kinds, [None, gone, gone, None, None]);
}

#[tokio::test(start_paused = true)]
async fn one_who_does_not_wait_any_more_leaves_nobody_behind() {
    let (aws, simulator) = simulated();
    let id = aws.create_server(&spec("a")).await.unwrap().id;
    let aws = slow_simulated(&simulator);
    let gives_up = timeout(WHILE / 3, aws.get_server(&id));
    let (gave_up, found) = join(gives_up, aws.get_server(&id)).await;
    assert!(gave_up.is_err());
    assert_eq!(found.unwrap().id, id);
    assert_eq!(aws.get_server(&id).await.unwrap().id, id);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_does_not_come_is_an_error_for_all() {
    let script = Script::new([response(503, ""), response(503, "")]);
    let aws = slow(Arc::<Script>::clone(&script));
    let ids = ["a", "b", "c"].map(|id| ServerId(format!("{REGION}/i-0123456789abcde{id}0")));
    for found in join_all(ids.iter().map(|id| aws.get_server(id))).await {
        assert_eq!(found.unwrap_err().kind(), ErrorKind::Unavailable);
    }
    assert_eq!(script.sent().len(), 2);
}
