//! How an image comes about, as read from the journal of its job.

use serde::{Deserialize, Serialize};

use super::name::{AppName, ClientId};
use crate::clock::Timestamp;
use crate::digest::Digest;
use crate::error::ErrorReport;
use crate::id::JobId;

/// A build: the part of a deployment that makes an image from a source. Its log is in the events of its job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct BuildReport {
    /// The job that it is part of.
    pub job: JobId,
    /// The app.
    pub app: AppName,
    /// The client that owns it; `None` when it is the platform's.
    pub client: Option<ClientId>,
    /// How far it is.
    pub state: BuildState,
    /// The image's name, once it is built.
    pub image: Option<String>,
    /// The image's id on the engine, once it is built.
    pub image_id: Option<String>,
    /// The digest of the source tree, once it is fetched.
    pub source_digest: Option<Digest>,
    /// The commit, for a source from Git that is fetched.
    pub revision: Option<String>,
    /// How often the build was begun; more than once after the engine was ended at it.
    pub attempt: u32,
    /// Why it failed or was cancelled.
    pub error: Option<ErrorReport>,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// When work on it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

/// How far a build is. A build passes through the first four in this order, perhaps not all of them, and ends in one of
/// the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum BuildState {
    /// Not begun.
    Pending,
    /// The source is being brought and understood.
    Fetching,
    /// The image is being built.
    Building,
    /// The image is being brought to where it will run.
    Pushing,
    /// The image is there.
    Success,
    /// It ended without an image.
    Failed,
    /// It ended because it was asked to.
    Cancelled,
}

impl BuildState {
    /// Whether nothing more will happen.
    #[must_use]
    pub fn is_finished(self) -> bool {
        self >= Self::Success
    }

    /// Whether a build in this state can later be in that one. Back to an earlier one only after the engine was ended:
    /// the work on it begins again.
    #[must_use]
    pub fn may_become(self, next: Self) -> bool {
        !self.is_finished() && next > self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_goes_forward_and_ends_once() {
        use BuildState::{Building, Cancelled, Failed, Fetching, Pending, Pushing, Success};
        let way = [Pending, Fetching, Building, Pushing];
        for (at, state) in way.iter().enumerate() {
            assert!(!state.is_finished());
            assert!(
                way[at + 1..].iter().chain(&[Success, Failed, Cancelled]).all(|next| state.may_become(*next))
            );
            assert!(way[..=at].iter().all(|next| !state.may_become(*next)));
        }
        for end in [Success, Failed, Cancelled] {
            assert!(end.is_finished());
            assert!(way.iter().chain(&[Success, Failed, Cancelled]).all(|next| !end.may_become(*next)));
        }
    }
}
