//! Ports that go wrong by a seed, under a clock that a test moves.
//!
//! A [`Simulation`] holds the seed, the time and the faults; a [`Process`] of it stands for one running engine, which
//! can be killed or frozen between any two calls. It wraps the ports that the engine is given. One seed on one thread
//! with tokio's paused time is one course of events, so a failing seed can be looked at again.
//!
//! ```
//! use byop_core::model::JobFilter;
//! use byop_core::store::{MemoryStore, Scope, Store};
//! use byop_core::testing::simulation::{FaultRates, Simulation};
//! use std::sync::Arc;
//!
//! # tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(async {
//! let simulation = Simulation::new(7);
//! let store: Arc<dyn Store> = Arc::new(MemoryStore::new(Arc::new(simulation.clock())));
//! let process = simulation.new_process();
//! let faulty = process.store(&store);
//! simulation.set_rates(FaultRates::none().with_before(10_000));
//! assert!(faulty.list_jobs(&Scope::Platform, &JobFilter::all()).await.is_err());
//! # });
//! ```

mod clock;
mod faults;
mod flaw;
mod ingress;
mod process;
mod random;
mod runtime;
mod store;
mod watch;

pub use clock::SimulatedClock;
pub use faults::{CallFault, FaultRates, Simulation};
pub use flaw::Flaw;
pub use ingress::FaultyIngress;
pub use process::Process;
pub use random::Random;
pub use runtime::FaultyRuntime;
pub use store::{CANARY, FaultyStore};
pub use watch::{Seen, Watch};
