//! Instances that are looked for at the same time are asked for together: limits count calls, not instances.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use byop_core::{Error, ErrorKind, ErrorReport, Result};
use tokio::sync::OnceCell;

use super::Aws;
use super::client::Form;
use super::wire::Instance;

const GET: &str = "server.get";
/// The most that are asked for in one call; the vendor takes up to a thousand ids.
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
    found: OnceCell<std::result::Result<BTreeMap<String, Instance>, ErrorReport>>,
}

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
    /// As [`instance`](Self::instance), together with whatever else is looked for at the same time.
    pub(super) async fn instance_among_others(&self, region: &str, id: &str) -> Result<Option<Instance>> {
        let (turn, round) = self.lookups.join(region, id);
        let found = {
            let _turn = turn.lock().await;
            round.found.get_or_init(|| self.ask_for(region, &round)).await
        };
        match found {
            Ok(found) => Ok(found.get(id).cloned()),
            // One that is not there spoils the answer for all.
            Err(error) if matches!(error.kind, ErrorKind::NotFound | ErrorKind::InvalidInput) => {
                self.instance(GET, region, id).await
            }
            Err(error) => Err(Error::from(error.clone())),
        }
    }

    async fn ask_for(
        &self,
        region: &str,
        round: &Arc<Round>,
    ) -> std::result::Result<BTreeMap<String, Instance>, ErrorReport> {
        let form = Form::new("DescribeInstances").with_list("InstanceId", self.lookups.close(region, round));
        match self.api.ec2(GET, region, form, Instance::list).await {
            Ok(found) => Ok(found.into_iter().map(|instance| (instance.id.clone(), instance)).collect()),
            Err(error) => Err(error.report()),
        }
    }
}
