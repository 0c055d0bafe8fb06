//! What the tests of several stores need.

use std::time::Duration;

use byop_core::clock::Timestamp;
use byop_core::id::{JobId, SystemEntropy};
use byop_core::model::{AppName, EventBody, Job, JobKind};
use byop_core::store::{Lease, Scope, Store, WhenBusy};
use serde_json::json;

pub(crate) const PLATFORM: Scope = Scope::Platform;
pub(crate) const TTL: Duration = Duration::from_secs(30);

pub(crate) fn new_job(app: &str) -> Job {
    let app = AppName::new(app).unwrap();
    Job::new(JobId::random(&SystemEntropy), app, JobKind::Deploy, json!({}), Timestamp(1))
}

/// A job that waits its turn, if its app has others.
pub(crate) async fn create(store: &dyn Store, app: &str) -> Job {
    let job = new_job(app);
    store.create_job(&PLATFORM, &job, WhenBusy::Wait).await.unwrap();
    job
}

pub(crate) async fn claimed(store: &dyn Store, app: &str) -> (Job, Lease) {
    let job = create(store, app).await;
    let lease = store.claim_job(&job.id, "one", TTL).await.unwrap();
    (job, lease)
}

pub(crate) fn log(line: impl Into<String>) -> EventBody {
    EventBody::Log { stage: "build".into(), line: line.into() }
}

/// How many rounds a test makes: more when the environment says so.
pub(crate) fn number_of(variable: &str, ordinary: usize) -> usize {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(ordinary)
}

/// Numbers that a seed repeats (SplitMix64).
pub(crate) struct Random {
    pub(crate) seed: u64,
    state: u64,
}

impl Random {
    /// Another seed each time, unless the environment gives one.
    pub(crate) fn from_env(variable: &str) -> Self {
        let given = std::env::var(variable).ok().and_then(|text| text.parse().ok());
        let seed = given.unwrap_or_else(|| {
            let mut bytes = [0; 8];
            byop_core::id::Entropy::fill(&SystemEntropy, &mut bytes);
            u64::from_le_bytes(bytes)
        });
        println!("{variable}={seed}");
        Self { seed, state: seed }
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }
}
