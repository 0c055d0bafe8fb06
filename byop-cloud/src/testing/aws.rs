//! Amazon Web Services in memory: EC2, the parameter store, the token service and Route 53.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use byop_core::clock::{Clock, SystemClock, Timestamp};
use byop_core::model::ResourceKind;
use byop_core::testing::{CloudEntry, CloudTimes};
use tokio::time::Instant;

use super::Simulator;
use crate::http::{Request, Response};
use crate::registry::ProviderOptions;

mod answer;
mod disks;
mod form;
mod images;
mod instances;
mod network;
mod plant;
mod route53;
mod signature;
mod state;

use answer::{Answer, Fault, error};
use form::Form;
use signature::Proof;
use state::State;

/// An account in memory with the regions `eu-west-3` and `us-east-2` and the zone `example.com`. Lists are late, things
/// are unknown right after they were made, as with the real one; signatures and every parameter are checked.
///
/// ```
/// use std::sync::Arc;
///
/// use byop_cloud::aws::Aws;
/// use byop_cloud::testing::Simulated;
/// use byop_cloud::testing::aws::AwsSimulator;
/// use byop_core::cloud::CloudProvider;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> byop_core::Result<()> {
/// let simulator = Arc::new(AwsSimulator::new());
/// let aws = Aws::from_options(&AwsSimulator::options())?.with_transport(Arc::new(Simulated::new(simulator)));
/// assert_eq!(aws.list_regions().await?.len(), 2);
/// # Ok(())
/// # }
/// ```
pub struct AwsSimulator {
    state: Mutex<State>,
    started: Instant,
    epoch: Timestamp,
}

impl fmt::Debug for AwsSimulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwsSimulator").finish_non_exhaustive()
    }
}

impl Default for AwsSimulator {
    fn default() -> Self {
        Self::new()
    }
}

/// The regions that the account has.
const REGIONS: [&str; 2] = ["eu-west-3", "us-east-2"];

impl AwsSimulator {
    /// An account in which nothing takes time, with pages of any length.
    #[must_use]
    pub fn new() -> Self {
        Self { state: Mutex::new(State::new()), started: Instant::now(), epoch: SystemClock.now() }
    }

    /// Settings of a provider that works with the account.
    #[must_use]
    pub fn options() -> ProviderOptions {
        ProviderOptions::new()
            .with_setting("AWS_ACCESS_KEY_ID", signature::ID.to_owned())
            .with_setting("AWS_SECRET_ACCESS_KEY", signature::SECRET.to_owned())
            .with_setting("AWS_SESSION_TOKEN", signature::TOKEN.to_owned())
            .with_setting("BYOP_AWS_REGIONS", REGIONS.join(","))
    }

    /// Sets the most that one page of a list has.
    #[must_use]
    pub fn with_page_size(self, items: usize) -> Self {
        self.state().page_size = items.max(1);
        self
    }

    /// Sets how long things take.
    #[must_use]
    pub fn with_times(self, times: CloudTimes) -> Self {
        self.state().times = times;
        self
    }

    /// Leaves no machine of this size in any region.
    pub fn sell_out(&self, size: &str) {
        self.state().sold_out.insert(size.to_owned());
    }

    /// The actions so far, such as `RunInstances`, in order.
    #[must_use]
    pub fn actions(&self) -> Vec<String> {
        self.state().actions.clone()
    }

    /// The parameters of the last call of an action, without the user data of servers.
    #[must_use]
    pub fn last_call(&self, action: &str) -> Option<std::collections::BTreeMap<String, String>> {
        self.state().last.get(action).cloned()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Timestamp {
        self.epoch.plus(self.started.elapsed())
    }

    fn serve(&self, request: &Request) -> Result<Response, Fault> {
        let now = self.now();
        let proof = Proof::check(request, now)?;
        let mut state = self.state();
        state.settle(now);
        match proof.service.as_str() {
            "route53" => state.route53(request),
            "ssm" => state.parameters(request, &proof.region),
            "sts" | "ec2" => {
                let form = Form::read(request)?;
                state.actions.push(form.action.clone());
                let mut shown = form.params.clone();
                shown.remove("UserData");
                state.last.insert(form.action.clone(), shown);
                form.check(&proof.service)?;
                // Every account has the oldest region, which tells what others there are.
                let is_asked_for_all = form.action == "DescribeRegions" && proof.region == "us-east-1";
                if !REGIONS.contains(&proof.region.as_str()) && !is_asked_for_all {
                    return Err(Fault::new(401, "AuthFailure", "the region is not enabled"));
                }
                let answer = if proof.service == "sts" {
                    Answer::Identity
                } else {
                    Answer::Ec2(state.ec2(&form, &proof.region, now)?)
                };
                Ok(answer.response(&form.action, state.next()))
            }
            other => Err(Fault::new(404, "UnknownService", other)),
        }
    }
}

impl Simulator for AwsSimulator {
    fn answer(&self, request: &Request) -> Response {
        self.serve(request).unwrap_or_else(|fault| {
            let mut state = self.state();
            if fault.is_complaint {
                let complaint = format!("{}: {} {}", request.operation, fault.code, fault.message);
                state.complaints.push(complaint);
            }
            let number = state.next();
            error(request, &fault, number)
        })
    }

    fn set_times(&self, times: CloudTimes) {
        self.state().times = times;
    }

    fn set_quota(&self, servers: usize) {
        self.state().quota = servers;
    }

    fn break_servers(&self, count: usize) {
        self.state().broken = count;
    }

    fn ledger(&self) -> Vec<CloudEntry> {
        let mut state = self.state();
        state.settle(self.now());
        state.ledger.clone()
    }

    fn plant(&self, kind: ResourceKind, name: &str) -> String {
        self.state().plant(kind, name, true, self.now())
    }

    fn plant_foreign(&self, kind: ResourceKind, name: &str) -> String {
        self.state().plant(kind, name, false, self.now())
    }

    fn foreign(&self) -> String {
        let mut state = self.state();
        state.settle(self.now());
        state.foreign()
    }

    fn kinds(&self) -> &'static [ResourceKind] {
        &[
            ResourceKind::Server,
            ResourceKind::SshKey,
            ResourceKind::Firewall,
            ResourceKind::ReservedIp,
            ResourceKind::Volume,
            ResourceKind::Snapshot,
        ]
    }

    fn complaints(&self) -> Vec<String> {
        self.state().complaints.clone()
    }

    fn refusal(&self, status: u16, _retry_after: Option<u64>) -> Response {
        // The vendor never says when to come back, and says "too many" with a status of its own.
        let (status, code) = match status {
            429 => (503, "RequestLimitExceeded"),
            500 => (500, "InternalError"),
            other => (other, "Unavailable"),
        };
        answer::refusal(status, code, self.state().next())
    }
}
