//! What the tests share.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use byop_cloud::aws::Aws;
use byop_cloud::http::{Request, Response, RetryPolicy, Transport};
use byop_cloud::testing::Simulated;
use byop_cloud::testing::aws::AwsSimulator;
use byop_core::model::{RegionId, ServerSpec};
use byop_core::testing::CloudTimes;
use byop_core::{Error, Result};

pub(crate) const REGION: &str = "eu-west-3";
pub(crate) const IMAGE: &str = "ami-00000000000000d12";

pub(crate) fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// As the real one: things take time, and are not known everywhere at once.
pub(crate) fn real_times() -> CloudTimes {
    CloudTimes {
        answer: Duration::ZERO,
        boot: seconds(20),
        address: seconds(3),
        delete: seconds(8),
        list_lag: seconds(6),
        read_lag: seconds(2),
    }
}

pub(crate) fn on(simulator: &Arc<AwsSimulator>) -> Aws {
    let transport = Simulated::new(Arc::<AwsSimulator>::clone(simulator));
    Aws::from_options(&AwsSimulator::options()).unwrap().with_transport(Arc::new(transport))
}

pub(crate) fn simulated() -> (Aws, Arc<AwsSimulator>) {
    let simulator = Arc::new(AwsSimulator::new());
    (on(&simulator), simulator)
}

pub(crate) fn spec(key: &str) -> ServerSpec {
    ServerSpec::new(key, "web-1", RegionId(REGION.into()), "t3.micro", IMAGE)
}

/// Gives the answers of a list, and notes what was sent.
#[derive(Debug, Default)]
pub(crate) struct Script {
    answers: Mutex<VecDeque<Response>>,
    pub(crate) sent: Mutex<Vec<Request>>,
}

impl Script {
    pub(crate) fn new(answers: impl IntoIterator<Item = Response>) -> Arc<Self> {
        Arc::new(Self { answers: Mutex::new(answers.into_iter().collect()), sent: Mutex::default() })
    }

    pub(crate) fn sent(&self) -> Vec<Request> {
        self.sent.lock().unwrap().clone()
    }
}

#[async_trait]
impl Transport for Script {
    async fn send(&self, request: &Request) -> Result<Response> {
        self.sent.lock().unwrap().push(request.clone());
        let next = self.answers.lock().unwrap().pop_front();
        next.ok_or_else(|| Error::not_found(request.operation, "the script has come to its end"))
    }
}

pub(crate) fn response(status: u16, body: impl Into<Vec<u8>>) -> Response {
    let mut response = Response::new(status);
    response.body = body.into();
    response
}

/// One try only.
pub(crate) fn once() -> RetryPolicy {
    RetryPolicy { tries: 1, ..RetryPolicy::default() }
}

/// A provider whose requests are answered from a script.
pub(crate) fn scripted(script: &Arc<Script>) -> Aws {
    let transport = Arc::<Script>::clone(script);
    Aws::from_options(&AwsSimulator::options()).unwrap().with_transport(transport).with_policy(once())
}
