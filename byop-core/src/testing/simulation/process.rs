//! A running engine, as the world sees it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use super::faults::{CallFault, Port, Simulation, error};
use super::{FaultyIngress, FaultyRuntime, FaultyStore};
use crate::error::{ErrorKind, Result};
use crate::ingress::Ingress;
use crate::runtime::ContainerRuntime;
use crate::store::Store;

/// One engine's process. All that it does to the world goes through the ports that it is given here, so a dead one does
/// nothing any more: its calls never return, as the instructions of a killed program never run.
#[derive(Debug, Clone)]
pub struct Process {
    pub(super) simulation: Simulation,
    number: usize,
    life: Arc<Life>,
}

#[derive(Debug, Default)]
struct Life {
    is_dead: AtomicBool,
    /// Until when it stands still, and until when it cannot renew leases.
    frozen: Mutex<Option<Instant>>,
    deaf: Mutex<Option<Instant>>,
}

impl Process {
    pub(super) fn new(simulation: Simulation, number: usize) -> Self {
        Self { simulation, number, life: Arc::default() }
    }

    /// Kills it.
    pub fn kill(&self) {
        self.life.is_dead.store(true, Ordering::Relaxed);
        self.simulation.note(&format!("{} is dead", self.number));
    }

    /// Whether it has not been killed.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        !self.life.is_dead.load(Ordering::Relaxed)
    }

    /// Lets it stand still for so long.
    pub fn freeze(&self, time: Duration) {
        set(&self.life.frozen, time);
    }

    /// Whether it stands still now.
    #[must_use]
    pub fn is_frozen(&self) -> bool {
        until(&self.life.frozen).is_some()
    }

    /// The store as this process reaches it.
    #[must_use]
    pub fn store(&self, store: &Arc<dyn Store>) -> FaultyStore {
        FaultyStore::new(self.clone(), Arc::clone(store))
    }

    /// A host as this process reaches it.
    #[must_use]
    pub fn runtime(&self, runtime: &Arc<dyn ContainerRuntime>) -> FaultyRuntime {
        FaultyRuntime::new(self.clone(), Arc::clone(runtime))
    }

    /// The proxy of the hosts as this process reaches it.
    #[must_use]
    pub fn ingress(&self, ingress: &Arc<dyn Ingress>) -> FaultyIngress {
        FaultyIngress::new(self.clone(), Arc::clone(ingress))
    }

    /// Goes on only while the process lives and does not stand still.
    pub(super) async fn pass(&self) {
        loop {
            if !self.is_alive() {
                return std::future::pending().await;
            }
            match until(&self.life.frozen) {
                Some(time) => sleep_until(time).await,
                None => return,
            }
        }
    }

    pub(super) fn is_deaf(&self) -> bool {
        until(&self.life.deaf).is_some()
    }

    /// One call of the process, with what goes wrong about it.
    pub(super) async fn call<T, F>(
        &self,
        port: Port,
        operation: &'static str,
        subject: &str,
        mut effect: impl FnMut() -> Option<F> + Send,
    ) -> Result<T>
    where
        T: Send,
        F: Future<Output = Result<T>> + Send,
    {
        self.pass().await;
        let fault = self.simulation.decide(port, operation, subject);
        match fault {
            Some(CallFault::Before(kind)) => {
                self.note(operation, subject, fault, "failed");
                return Err(error(kind, operation));
            }
            Some(CallFault::Death) => {
                self.note(operation, subject, fault, "unheard");
                self.kill();
            }
            Some(CallFault::Delay(time)) => sleep(time).await,
            Some(CallFault::Deafness(time)) => set(&self.life.deaf, time),
            _ => {}
        }
        self.pass().await;
        let mut result = match effect() {
            Some(effect) => effect.await,
            None => Err(error(ErrorKind::Internal, operation)),
        };
        if fault == Some(CallFault::Twice)
            && let Some(effect) = effect()
        {
            result = effect.await;
        }
        let outcome = result.as_ref().map_or_else(|error| format!("{:?}", error.kind()), |_| "ok".into());
        self.note(operation, subject, fault, &outcome);
        match fault {
            Some(CallFault::After(kind)) => return Err(error(kind, operation)),
            Some(CallFault::LateDeath) => self.kill(),
            Some(CallFault::Slow(time)) => sleep(time).await,
            Some(CallFault::Freeze(time)) => self.freeze(time),
            _ => {}
        }
        self.pass().await;
        result
    }

    fn note(&self, operation: &str, subject: &str, fault: Option<CallFault>, outcome: &str) {
        let fault = fault.map_or_else(String::new, |fault| format!(" [{fault:?}]"));
        self.simulation.note(&format!("{} {operation} {subject}: {outcome}{fault}", self.number));
    }
}

fn set(slot: &Mutex<Option<Instant>>, time: Duration) {
    *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + time);
}

fn until(slot: &Mutex<Option<Instant>>) -> Option<Instant> {
    slot.lock().unwrap_or_else(PoisonError::into_inner).filter(|time| *time > Instant::now())
}
