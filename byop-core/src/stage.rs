//! The steps of the pipeline that have effects: each a function from one plain struct to the next.
//!
//! A stage knows ports and model, and no other stage. Running it twice with the same input is harmless, so the
//! engine may repeat one whose outcome it does not know.

use std::fmt::Debug;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::clock::Clock;
use crate::error::Result;
use crate::generator::Generator;
use crate::id::JobId;
use crate::ingress::Ingress;
use crate::model::{AppName, EventBody, Progress, SourceLimits, StepPolicy};
use crate::runtime::ContainerRuntime;
use crate::secret::SecretSource;

mod build;
mod container;
mod fetch;
mod gate;
mod labels;
mod prepare;
mod provision;
mod record;
mod remove;
mod retire;
mod start;
mod stop;
mod switch;
mod undo;
mod volumes;

pub use build::{Build, BuildInput, BuiltImage};
pub(crate) use container::{ReleaseContainer, environment};
pub use fetch::{Fetch, FetchInput};
pub use gate::{Gate, GateInput, GateReport, UnhealthyCause};
pub use labels::{container_name, network_name, volume_name};
pub use prepare::{Prepare, PrepareInput};
pub use provision::{
    AwaitServer, AwaitServerInput, ChooseServer, ChooseServerInput, CreateServer, CreateServerInput,
    Leftovers, PrepareServer, PrepareServerInput, PreparedServer, Removal, RemoveServer, RemoveServerInput,
    RemovedServer, ReserveAddress, ReserveAddressInput, ServerContext, ServerOutcome,
};
pub(crate) use record::{LABEL as RECORD_LABEL, read as read_record, write as write_record};
pub use remove::{Data, Remove, RemoveInput};
pub use retire::{Retire, RetireInput, Retired};
pub use start::{Start, StartInput};
pub use stop::{Stop, StopInput};
pub use switch::Switch;
pub use undo::{Undo, UndoInput};

/// One step of the pipeline.
#[async_trait]
pub trait Stage: Debug + Send + Sync {
    /// What it works with.
    type Context: Sync;
    /// What it works on. Its JSON form identifies the step.
    type Input: Serialize + Sync;
    /// What it gives; recorded, so that the step is not run again.
    type Output: Serialize + DeserializeOwned + Send;

    /// A short name, such as `build`.
    const NAME: &'static str;

    /// What it will do, for people.
    fn describe(&self, input: &Self::Input) -> String;

    /// Does it.
    ///
    /// # Errors
    /// As each stage says.
    async fn run(&self, cx: &Self::Context, input: &Self::Input) -> Result<Self::Output>;

    /// How long it may take, and how often it is tried.
    fn policy(&self) -> StepPolicy {
        StepPolicy::default()
    }
}

/// Takes what a stage has to say to the user.
#[async_trait]
pub trait EventSink: Debug + Send + Sync {
    /// Records an event. A failure to record is logged, never the stage's failure.
    async fn emit(&self, body: EventBody);
}

/// What the stages of an app work with.
#[derive(Debug, Clone)]
pub struct StageContext {
    /// The job.
    pub job: JobId,
    /// The app.
    pub app: AppName,
    /// The host's engine.
    pub runtime: Arc<dyn ContainerRuntime>,
    /// The host's proxy.
    pub ingress: Arc<dyn Ingress>,
    /// The stacks that are known, in the order in which they are asked.
    pub generators: Arc<[Arc<dyn Generator>]>,
    /// Where secrets come from.
    pub secrets: Arc<dyn SecretSource>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// A folder of this job's own on this machine.
    pub work: PathBuf,
    /// Bounds on sources.
    pub limits: SourceLimits,
    /// Where events go.
    pub events: Arc<dyn EventSink>,
}

impl StageContext {
    /// Tells the user a line of output.
    pub async fn log(&self, stage: &str, line: impl Into<String>) {
        self.events.emit(EventBody::Log { stage: stage.into(), line: line.into() }).await;
    }

    /// Tells the user that something may not be as wanted.
    pub async fn warn(&self, message: impl Into<String>) {
        self.events.emit(EventBody::Warning { message: message.into() }).await;
    }

    /// Tells the user how far a step is.
    pub async fn progress(&self, stage: &str, current: u64, total: u64, message: impl Into<String>) {
        let progress = Progress { stage: stage.into(), current, total, message: message.into() };
        self.events.emit(EventBody::Progress(progress)).await;
    }
}
