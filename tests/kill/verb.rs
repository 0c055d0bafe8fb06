//! What a child is told to do, and the jobs that a lane knows.

use std::fmt::Debug;

use byop_core::Result;
use byop_core::engine::Engine;
use byop_core::id::JobId;
use byop_core::model::{AppSpec, ServerRequest, Subject};
use byop_core::stage::Data;
use serde::{Deserialize, Serialize};

/// A kind of job.
pub trait Kind: Copy + Ord + Debug + Send + Sync + 'static {
    fn name(self) -> String {
        format!("{self:?}").to_lowercase()
    }
}

impl Kind for Op {}

/// A kind of job, with what becomes of the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Op {
    /// The first release.
    Deploy,
    /// Another configuration of the same image.
    Update,
    /// Another source, which is built.
    Rebuild,
    /// A release that never becomes healthy: it is taken back.
    BadUpdate,
    /// The release that served before.
    Rollback,
    Restart,
    Stop,
    Start,
    Remove,
}

impl Op {
    pub const ALL: [Self; 9] = [
        Self::Deploy,
        Self::Update,
        Self::Rebuild,
        Self::BadUpdate,
        Self::Rollback,
        Self::Restart,
        Self::Stop,
        Self::Start,
        Self::Remove,
    ];

    /// Whether the app answers all the time.
    pub fn is_seamless(self) -> bool {
        matches!(self, Self::Update | Self::Rebuild | Self::BadUpdate | Self::Rollback)
    }
}

/// An order to an engine.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Verb {
    Deploy(Box<AppSpec>),
    Rollback,
    Restart,
    Stop,
    Start,
    Remove,
    CreateServer(Box<ServerRequest>),
    DestroyServer,
}

impl Verb {
    pub async fn submit(self, engine: &Engine, subject: &Subject) -> Result<JobId> {
        let (Subject::App(app) | Subject::Server(app)) = subject else { unreachable!("there are no others") };
        match self {
            Self::Deploy(spec) => engine.deploy(*spec).await,
            Self::Rollback => engine.rollback(app, None).await,
            Self::Restart => engine.restart(app).await,
            Self::Stop => engine.stop(app).await,
            Self::Start => engine.start(app).await,
            Self::Remove => engine.remove(app, Data::Delete).await,
            Self::CreateServer(request) => engine.create_server(*request).await,
            Self::DestroyServer => engine.destroy_server(app).await,
        }
    }
}
