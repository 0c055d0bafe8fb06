//! Instances that are looked for at the same time are asked for together: limits count calls, not instances.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use byop_core::{Error, ErrorKind, ErrorReport, Result};
use tokio::sync::OnceCell;

use super::Aws;
use super::client::Form;
use super::error::has_code;
use super::wire::Instance;

/// The most that are asked for in one call.
const MOST: usize = 200;

/// What is asked for next in each region. While a call is on its way, those who come wait for the one after it.
#[derive(Debug, Default)]
pub(super) struct Lookups(Mutex<BTreeMap<String, Lane>>);

#[derive(Debug, Default)]
struct Lane {
    /// Held by who asks.
    turn: Arc<tokio::sync::Mutex<()>>,
    next: Arc<Round>,
}

/// What is asked for in one call, and what came.
#[derive(Debug, Default)]
struct Round {
    ids: Mutex<BTreeSet<String>>,
    found: OnceCell<Found>,
}

/// The instances by their ids, or why there is no answer.
type Found = std::result::Result<BTreeMap<String, Instance>, ErrorReport>;

impl Lookups {
    /// The round that an instance is in, and the right to ask for it.
    fn join(&self, region: &str, id: &str) -> (Arc<tokio::sync::Mutex<()>>, Arc<Round>) {
        let mut lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lane = lanes.entry(region.to_owned()).or_default();
        let is_full = {
            let mut ids = lane.next.ids.lock().unwrap_or_else(PoisonError::into_inner);
            ids.insert(id.to_owned());
            ids.len() >= MOST
        };
        let round = if is_full { mem::take(&mut lane.next) } else { Arc::clone(&lane.next) };
        (Arc::clone(&lane.turn), round)
    }

    /// Lets nobody join any more, and gives what is asked for.
    fn close(&self, region: &str, round: &Arc<Round>) -> Vec<String> {
        let mut lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lane) = lanes.get_mut(region).filter(|lane| Arc::ptr_eq(&lane.next, round)) {
            lane.next = Arc::default();
        }
        round.ids.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

impl Aws {
    /// An instance as the vendor shows it, gone or not, ours or not.
    pub(super) async fn instance(
        &self,
        operation: &'static str,
        region: &str,
        id: &str,
    ) -> Result<Option<Instance>> {
        let (turn, round) = self.lookups.join(region, id);
        let together = {
            let _turn = turn.lock().await;
            // Who gives up while it asks leaves the question to the next in this round.
            let ask = || self.ask_for(operation, region, self.lookups.close(region, &round));
            round.found.get_or_init(ask).await
        };
        let alone;
        let found = match together {
            // Another one of the round may be what is not there.
            Err(report) if is_unknown(&Error::from(report.clone())) => {
                alone = self.ask_for(operation, region, vec![id.to_owned()]).await;
                &alone
            }
            found => found,
        };
        match found {
            Ok(found) => Ok(found.get(id).cloned()),
            Err(report) => Err(ErrorReport { operation: operation.into(), ..report.clone() }.into()),
        }
    }

    async fn ask_for(&self, operation: &'static str, region: &str, ids: Vec<String>) -> Found {
        let form = Form::new("DescribeInstances").with_list("InstanceId", &ids);
        match self.api.ec2(operation, region, form, Instance::list).await {
            Ok(found) => Ok(found.into_iter().map(|instance| (instance.id.clone(), instance)).collect()),
            Err(error) if ids.len() == 1 && is_unknown(&error) => Ok(BTreeMap::new()),
            Err(error) => Err(error.report()),
        }
    }
}

/// One id that the vendor does not know is all that it answers to any number of them.
fn is_unknown(error: &Error) -> bool {
    error.kind() == ErrorKind::NotFound || has_code(error, "InvalidInstanceID.Malformed")
}
